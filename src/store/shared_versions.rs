//! The rows of what the desk has released of reports: they follow from the reports' own, and are written with them.

use diesel::prelude::*;

use crate::domain::id::ReportId;
use crate::domain::report::Report;
use crate::domain::sharing::ShareAudience;
use crate::store::bulk::insert_all;
use crate::store::db::Conn;
use crate::store::schema::shared_versions;
use crate::store::types::{Coded, Instant};

#[derive(Insertable, Debug, PartialEq, Eq)]
#[diesel(table_name = shared_versions, treat_none_as_default_value = false)]
struct SharedRow {
    report_id: ReportId,
    audience: Coded<ShareAudience>,
    title: String,
    summary: String,
    shared_at: Instant,
    endorsement_count: i32,
}

fn row(report: &Report) -> Option<SharedRow> {
    let version = report.handling.sharing.version.as_ref()?;
    Some(SharedRow {
        report_id: report.id,
        audience: Coded(version.audience),
        title: version.title.clone(),
        summary: version.summary.clone(),
        shared_at: Instant(version.shared_at),
        endorsement_count: i32::try_from(report.endorsement_count()).unwrap_or(i32::MAX),
    })
}

/// Writes what is released of new reports.
pub(super) fn insert(conn: &mut Conn, new: &[Report]) -> QueryResult<()> {
    let rows: Vec<SharedRow> = new.iter().filter_map(row).collect();
    insert_all!(conn, shared_versions::table, 6, &rows)
}

/// Writes what is released of a report that was `before`, where that changed.
pub(super) fn update(conn: &mut Conn, before: &Report, after: &Report) -> QueryResult<()> {
    let (was, is) = (row(before), row(after));
    if was == is {
        return Ok(());
    }
    if was.is_some() {
        diesel::delete(shared_versions::table.find(after.id)).execute(conn)?;
    }
    if let Some(is) = is {
        diesel::insert_into(shared_versions::table)
            .values(is)
            .execute(conn)?;
    }
    Ok(())
}
