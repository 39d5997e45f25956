//! Rows as they come, for the bench: what reading reports costs at the least.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::id::{OrganisationId, ReportId};
use crate::store::db::Conn;
use crate::store::reports::filter::{Filter, Visible};
use crate::store::reports::order::Sort;
use crate::store::reports::query::listed;
use crate::store::schema::reports;
use crate::store::types::{Instant, RawJson};

/// The rows of `list` as they come, their JSON unread: what the list costs at the least. Returns how many.
pub fn list_bare(
    conn: &mut Conn,
    visible: &Visible,
    filter: &Filter,
    sort: Sort,
    limit: i64,
) -> QueryResult<usize> {
    let rows = listed(visible, filter, sort, None, limit).load::<Bare>(conn)?;
    Ok(rows.len())
}

/// The row of `find` as it comes, its JSON unread; whether it is there.
pub fn find_bare(conn: &mut Conn, id: ReportId) -> QueryResult<bool> {
    let row = reports::table.find(id).first::<Bare>(conn).optional()?;
    Ok(row.is_some())
}

type Bare = (
    ReportId,
    Option<String>,
    Option<String>,
    OrganisationId,
    RawJson,
    bool,
    RawJson,
    String,
    String,
    Option<String>,
    String,
    Option<OrganisationId>,
    bool,
    Option<ReportId>,
    RawJson,
    Instant,
    Option<Instant>,
    Option<Instant>,
    Instant,
    Instant,
    NaiveDate,
    i32,
    NaiveDate,
    NaiveDate,
    NaiveDate,
    bool,
    Option<String>,
);
