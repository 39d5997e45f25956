//! Puts into the search index, once after a start, what an earlier version left out of it.

use std::time::Duration;

use crate::services::{Context, Error};
use crate::store::reindex;

/// Reports, and experiments, indexed in one transaction.
const BATCH: i64 = 100;
/// Between two batches others write.
const BREATH: Duration = Duration::from_millis(50);
const AGAIN: Duration = Duration::from_secs(60);

/// Goes on until everything is indexed, or it is dropped. Several nodes may do it at once.
pub async fn run(context: Context) {
    loop {
        match round(&context).await {
            Ok(0) => return,
            Ok(indexed) => {
                tracing::info!(indexed, "indexed reports and experiments for the search");
                tokio::time::sleep(BREATH).await;
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

/// One batch; how many.
pub async fn round(context: &Context) -> Result<usize, Error> {
    context
        .db
        .write(|conn| Ok(reindex::some(conn, BATCH)?))
        .await
}
