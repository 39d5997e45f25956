//! Lists read from an index that is narrower than all reports: it says which come next, in portions, and each portion is held
//! against the rest of the filter. A page is read no further than it takes, however few reports it is of, and neither
//! database is left to choose between all that fits and all there is.

use diesel::prelude::*;

use crate::domain::id::ReportId;
use crate::domain::report::Report;
use crate::store::db::Conn;

/// No portion is larger.
const LARGEST: i64 = 5_000;
/// Of no more than so many all are held against the filter and sorted. Of more, a page is met soon in whatever order all
/// reports are read. Tests have few reports, and read them both ways.
pub(super) const FEW: i64 = if cfg!(test) { 20 } else { 3_000 };

/// A list of no more than so many things of a kind is read from each of them.
pub(super) const EACH: usize = 5;
/// No more than so many indexes are merged.
const MERGED: usize = 10;

/// What such an index is ordered by, a moment or a day, and the report.
pub(super) type Key<V> = (V, ReportId);

/// The first portion for a page, of what fits `mostly`, or else is still held against a filter.
pub(super) fn first_portion(limit: i64, mostly: bool) -> i64 {
    if mostly { limit + limit / 5 } else { limit * 3 }
}

/// A page; the first portion is so large. `next` reads so many keys from after one, `page` those of some reports that fit, in
/// the same order and no more than so many.
pub(super) fn in_portions<V: Copy>(
    conn: &mut Conn,
    mut after: Option<Key<V>>,
    (limit, first): (i64, i64),
    next: impl Fn(&mut Conn, Option<Key<V>>, i64) -> QueryResult<Vec<Key<V>>>,
    page: impl Fn(&mut Conn, Vec<ReportId>, i64) -> QueryResult<Vec<Report>>,
) -> QueryResult<Vec<Report>> {
    let (mut rows, mut portion, mut left) = (Vec::new(), first, limit);
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
        portion = LARGEST.min(portion * 2);
    }
}

/// Each value with each status, where what is of one status `lies` together in the order of the list and they are few: it is
/// then looked up. Else each value with all the statuses, of which those that do not fit are passed.
pub(super) fn crossed<'a, S>(
    values: &'a [String],
    statuses: &'a [S],
    lies: bool,
) -> Vec<(&'a str, &'a [S])> {
    let many = values.len() * statuses.len() > MERGED;
    let each: Vec<&[S]> = if !lies || many || statuses.is_empty() {
        vec![statuses]
    } else {
        statuses.chunks(1).collect()
    };
    let crossed = values
        .iter()
        .flat_map(|value| each.iter().map(|statuses| (value.as_str(), *statuses)));
    crossed.collect()
}

/// The first of what was found in some such indexes, in their order, each report once.
pub(super) fn merged<V: Ord>(mut keys: Vec<Key<V>>, descending: bool, limit: i64) -> Vec<Key<V>> {
    keys.sort_unstable();
    keys.dedup();
    if descending {
        keys.reverse();
    }
    keys.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    keys
}

/// All that a query finds of `$id`, where it is few: for a list in another order than that of its index. Whether there are
/// more is asked first, so that they are not sent to be counted.
macro_rules! few_of {
    ($conn:expr, $id:expr, $query:expr) => {{
        let more: Option<ReportId> = $query
            .select($id)
            .offset(FEW)
            .limit(1)
            .first($conn)
            .optional()?;
        match more {
            Some(_) => None,
            None => Some($query.select($id).limit(FEW).load::<ReportId>($conn)?),
        }
    }};
}
pub(super) use few_of;
