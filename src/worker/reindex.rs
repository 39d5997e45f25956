//! Puts into the search index, once after a start, what an earlier version left out of it.

use std::time::Duration;

use crate::domain::id::ReportId;
use crate::services::{Context, Error};
use crate::store::reindex;

/// Reports, or experiments, indexed in one transaction.
const BATCH: usize = 100;
/// Reports that are looked at in one go.
const LOOKED_AT: i64 = 1_000;
/// Between two batches others read and write.
const BREATH: Duration = Duration::from_millis(50);
const AGAIN: Duration = Duration::from_secs(60);

/// Goes on until everything is indexed, or it is dropped. Several nodes may do it at once.
pub async fn run(context: Context) {
    loop {
        match round(&context).await {
            Ok(indexed) => {
                if indexed > 0 {
                    tracing::info!(indexed, "indexed reports and experiments for the search");
                }
                return;
            }
            Err(error) => {
                tracing::warn!(
                    ?error,
                    "indexing for the search failed; it goes on in a minute"
                );
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// Looks at all, and indexes what is not indexed; how many that was.
///
/// # Errors
/// When the database fails.
pub async fn round(context: &Context) -> Result<usize, Error> {
    let mut indexed = experiments(context).await?;
    let mut after: Option<ReportId> = None;
    loop {
        let next = move |conn: &mut _| Ok::<_, Error>(reindex::next(conn, after, LOOKED_AT)?);
        let Some((last, missing)) = context.db.read(next).await? else {
            return Ok(indexed);
        };
        for some in missing.chunks(BATCH) {
            let some = some.to_vec();
            context
                .db
                .write(move |conn| Ok::<_, Error>(reindex::index(conn, &some)?))
                .await?;
            tokio::time::sleep(BREATH).await;
        }
        indexed += missing.len();
        after = Some(last);
        tokio::time::sleep(BREATH).await;
    }
}

async fn experiments(context: &Context) -> Result<usize, Error> {
    let mut indexed = 0;
    loop {
        let some = context
            .db
            .write(|conn| Ok::<_, Error>(reindex::experiments(conn, BATCH)?))
            .await?;
        indexed += some;
        if some < BATCH {
            return Ok(indexed);
        }
    }
}
