//! Puts into the search index what is not there: reports and experiments from before there was one, or indexed by an
//! earlier version.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::domain::id::ReportId;
use crate::domain::terms::VERSION;
use crate::store::db::Conn;
use crate::store::schema::{reports as r, search_entries as t};
use crate::store::search::{self, SearchScope};
use crate::store::types::Coded;
use crate::store::{experiments as stored, messages, reports};

/// Of the next so many reports by id, from after one: the last, and those that are not indexed, or were by an earlier version.
/// None when there are no more. Two statements.
pub fn next(
    conn: &mut Conn,
    after: Option<ReportId>,
    limit: i64,
) -> QueryResult<Option<(ReportId, Vec<ReportId>)>> {
    let mut query = r::table
        .select(r::id)
        .order(r::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(r::id.gt(after));
    }
    let mut ids: Vec<ReportId> = query.load(conn)?;
    let (Some(first), Some(last)) = (ids.first().copied(), ids.last().copied()) else {
        return Ok(None);
    };
    let indexed: Vec<ReportId> = t::table
        .filter(t::report_id.between(first, last))
        .filter(t::scope.eq(Coded(SearchScope::Report)))
        .filter(t::version.ge(VERSION))
        .select(t::report_id)
        .load(conn)?;
    let indexed: HashSet<ReportId> = indexed.into_iter().collect();
    ids.retain(|id| !indexed.contains(id));
    Ok(Some((last, ids)))
}

/// Indexes some reports anew, with their messages.
pub fn index(conn: &mut Conn, some: &[ReportId]) -> QueryResult<()> {
    search::forget(conn, some)?;
    let found = reports::by_ids(conn, some)?;
    search::insert(conn, &found)?;
    let sent = messages::sent_about(conn, some)?;
    search::insert_messages(conn, &sent)
}

/// Indexes some experiments of an earlier version; how many.
pub fn experiments(conn: &mut Conn, limit: usize) -> QueryResult<usize> {
    stored::reindex(conn, i64::try_from(limit).unwrap_or(i64::MAX))
}
