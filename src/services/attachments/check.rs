//! Whether the bytes of every attachment are there.

use std::collections::HashMap;

use futures_util::TryStreamExt;

use crate::services::attachments::object_name;
use crate::services::{Context, Error};
use crate::store::attachments;

/// Rows held against the store at once.
const PAGE: i64 = 1000;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    pub attachments: usize,
    pub bytes: u64,
    /// Not there, or not as large as their rows say.
    pub missing: Vec<String>,
    /// What no attachment names; tidying takes it away once it is old.
    pub others: usize,
}

/// Holds every row against the store of bytes: one list of each, however many there are.
///
/// # Errors
/// When the database or the store does not answer.
pub async fn all(context: &Context) -> Result<Checked, Error> {
    let objects = context.objects.list().await?;
    let mut there: HashMap<String, u64> = objects
        .map_ok(|found| (found.name, found.bytes))
        .try_collect()
        .await?;
    let (mut checked, mut after) = (Checked::default(), None);
    loop {
        let page = context
            .db
            .read(move |conn| Ok::<_, Error>(attachments::expected(conn, after, PAGE)?))
            .await?;
        let Some((last, _, _)) = page.last() else {
            break;
        };
        after = Some(*last);
        for (id, report, bytes) in page {
            let name = object_name(report, id);
            checked.attachments += 1;
            match there.remove(&name) {
                Some(found) if i64::try_from(found).is_ok_and(|found| found == bytes) => {
                    checked.bytes += found;
                }
                _ => checked.missing.push(name),
            }
        }
    }
    checked.others = there.len();
    Ok(checked)
}
