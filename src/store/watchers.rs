//! Who watches which report.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::id::{OrganisationId, PrincipalId, ReportId};
use crate::store::any_of::any_of;
use crate::store::db::Conn;
use crate::store::schema::{organisations, principals, report_watchers as t};
use crate::store::types::Instant;

/// Somebody who watches a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watcher {
    pub name: String,
    pub organisation: OrganisationId,
    pub organisation_name: String,
    pub since: DateTime<Utc>,
}

/// Begins to watch; whoever does so already goes on.
pub fn add(
    conn: &mut Conn,
    report: ReportId,
    principal: PrincipalId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let row = (
        t::report_id.eq(report),
        t::principal_id.eq(principal),
        t::since.eq(Instant(now)),
    );
    // ON CONFLICT has no common form.
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(t::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(t::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn),
    }
    .map(drop)
}

/// Watches no longer.
pub fn remove(conn: &mut Conn, report: ReportId, principal: PrincipalId) -> QueryResult<()> {
    diesel::delete(t::table.find((report, principal)))
        .execute(conn)
        .map(drop)
}

/// Who watches a report and is still there, the first to begin first.
pub fn of(conn: &mut Conn, report: ReportId) -> QueryResult<Vec<Watcher>> {
    let rows: Vec<(String, OrganisationId, String, Instant)> = t::table
        .inner_join(principals::table.on(principals::id.eq(t::principal_id)))
        .inner_join(organisations::table.on(organisations::id.eq(principals::organisation_id)))
        .filter(t::report_id.eq(report))
        .filter(principals::ended_at.is_null())
        .order((t::since, t::principal_id))
        .select((
            principals::name,
            organisations::id,
            organisations::name,
            t::since,
        ))
        .load(conn)?;
    let watcher = |(name, organisation, organisation_name, since): (_, _, _, Instant)| Watcher {
        name,
        organisation,
        organisation_name,
        since: since.0,
    };
    Ok(rows.into_iter().map(watcher).collect())
}

/// Who watches these reports.
pub fn of_reports(
    conn: &mut Conn,
    reports: &[ReportId],
) -> QueryResult<Vec<(ReportId, PrincipalId)>> {
    t::table
        .filter(any_of(t::report_id, reports))
        .select((t::report_id, t::principal_id))
        .order((t::report_id, t::principal_id))
        .load(conn)
}
