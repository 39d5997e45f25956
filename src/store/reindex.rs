//! Puts into the search index what is not there: reports and experiments from before there was one, or indexed by an
//! earlier version.

use diesel::prelude::*;

use crate::domain::id::ReportId;
use crate::domain::terms::VERSION;
use crate::store::db::Conn;
use crate::store::schema::{reports as r, search_entries as t};
use crate::store::search::{self, SearchScope};
use crate::store::types::Coded;
use crate::store::{experiments, messages, reports};

/// Indexes some reports, with their messages, and some experiments; how many.
pub fn some(conn: &mut Conn, limit: i64) -> QueryResult<usize> {
    let current = t::table
        .filter(t::report_id.eq(r::id))
        .filter(t::scope.eq(Coded(SearchScope::Report)))
        .filter(t::version.ge(VERSION));
    let missing: Vec<ReportId> = r::table
        .filter(diesel::dsl::not(diesel::dsl::exists(current)))
        .select(r::id)
        .limit(limit)
        .load(conn)?;
    let tried = experiments::reindex(conn, limit)?;
    if missing.is_empty() {
        return Ok(tried);
    }
    search::forget(conn, &missing)?;
    let found = reports::by_ids(conn, &missing)?;
    search::insert(conn, &found)?;
    let sent = messages::sent_about(conn, &missing)?;
    search::insert_messages(conn, &sent)?;
    Ok(missing.len() + tried)
}
