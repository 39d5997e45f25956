//! Lists read from an index that is narrower than all reports: it says which come next, in portions, and each portion is held
//! against the rest of the filter. A page is read no further than it takes, however few reports it is of, and neither
//! database is left to choose between all that fits and all there is.

use diesel::prelude::*;

use crate::domain::id::ReportId;
use crate::domain::report::Report;
use crate::store::db::Conn;
use crate::store::types::Instant;

/// The first portion, in pages, of what is still held against a filter.
pub(super) const SOME: i64 = 3;
/// No portion is larger.
const LARGEST: i64 = 5_000;

/// Of no more than so many all are held against the filter and sorted. Of more, a page is met soon in whatever order all
/// reports are read.
const FEW: i64 = 3_000;

/// A moment and the report of it: what such an index is ordered by.
pub(super) type Key = (Instant, ReportId);

/// A page; the first portion is so many pages long. `next` reads so many keys from after one, `page` those of some reports
/// that fit, in the same order and no more than so many.
pub(super) fn in_portions(
    conn: &mut Conn,
    mut after: Option<Key>,
    (limit, pages): (i64, i64),
    next: impl Fn(&mut Conn, Option<Key>, i64) -> QueryResult<Vec<Key>>,
    page: impl Fn(&mut Conn, Vec<ReportId>, i64) -> QueryResult<Vec<Report>>,
) -> QueryResult<Vec<Report>> {
    let (mut rows, mut portion, mut left) = (Vec::new(), limit * pages, limit);
    loop {
        let keys = next(conn, after, portion)?;
        let ids = keys.iter().map(|(_, id)| *id).collect();
        let some = page(conn, ids, left)?;
        left -= i64::try_from(some.len()).unwrap_or(left);
        rows.extend(some);
        let ended = usize::try_from(portion).is_ok_and(|portion| keys.len() < portion);
        if ended || left <= 0 {
            return Ok(rows);
        }
        after = keys.last().copied();
        portion = LARGEST.min(portion * 4);
    }
}

/// All of them, where they are few: for a list in another order than that of the index.
pub(super) fn few(
    conn: &mut Conn,
    next: impl Fn(&mut Conn, Option<Key>, i64) -> QueryResult<Vec<Key>>,
) -> QueryResult<Option<Vec<ReportId>>> {
    let keys = next(conn, None, FEW + 1)?;
    let few = usize::try_from(FEW).is_ok_and(|few| keys.len() <= few);
    Ok(few.then(|| keys.into_iter().map(|(_, id)| id).collect()))
}
