//! The rows by which lists find what the desk has released of reports: they follow from the reports' own, and are written
//! with them.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::id::{OrganisationId, ReportId};
use crate::domain::report::Report;
use crate::domain::sharing::ShareAudience;
use crate::domain::status::{Phase, Status};
use crate::store::bulk::insert_all;
use crate::store::db::Conn;
use crate::store::schema::shared_versions;
use crate::store::types::{Coded, Instant};

#[derive(Queryable, Selectable, Insertable, AsChangeset, Debug, PartialEq, Eq)]
#[diesel(table_name = shared_versions, primary_key(report_id), treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct SharedRow {
    report_id: ReportId,
    audience: Coded<ShareAudience>,
    shared_at: Instant,
    endorsement_count: i32,
    status: Coded<Status>,
    phase: Coded<Phase>,
    lead_id: Option<OrganisationId>,
    updated_at: Instant,
}

fn row(report: &Report) -> Option<SharedRow> {
    let version = report.handling.sharing.version.as_ref()?;
    Some(SharedRow {
        report_id: report.id,
        audience: Coded(version.audience),
        shared_at: Instant(version.shared_at),
        endorsement_count: i32::try_from(report.endorsement_count()).unwrap_or(i32::MAX),
        status: Coded(report.status),
        phase: Coded(report.phase()),
        lead_id: report.lead,
        updated_at: Instant(report.updated_at),
    })
}

/// Writes what is released of new reports.
pub(super) fn insert(conn: &mut Conn, new: &[Report]) -> QueryResult<()> {
    let rows: Vec<SharedRow> = new.iter().filter_map(row).collect();
    insert_all!(conn, shared_versions::table, 8, &rows)
}

/// Writes what is released of a report that was `before`, where that changed.
pub(super) fn update(conn: &mut Conn, before: &Report, after: &Report) -> QueryResult<()> {
    let (was, is) = (row(before), row(after));
    if was == is {
        return Ok(());
    }
    let of_it = || shared_versions::table.find(after.id);
    match (was, is) {
        (Some(_), Some(is)) => diesel::update(of_it()).set(is).execute(conn)?,
        (None, Some(is)) => diesel::insert_into(shared_versions::table)
            .values(is)
            .execute(conn)?,
        (_, None) => diesel::delete(of_it()).execute(conn)?,
    };
    Ok(())
}

/// The rows of the reports from one to another, by id.
pub(super) fn between(
    conn: &mut Conn,
    first: ReportId,
    last: ReportId,
) -> QueryResult<HashMap<ReportId, SharedRow>> {
    let rows: Vec<SharedRow> = shared_versions::table
        .filter(shared_versions::report_id.between(first, last))
        .select(SharedRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.report_id, row)).collect())
}

/// Whether the row of a report, if it has one, is what follows from it.
pub(super) fn agrees(report: &Report, stored: Option<&SharedRow>) -> bool {
    row(report).as_ref() == stored
}
