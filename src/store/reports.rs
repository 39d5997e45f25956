//! Reports: their rows, with those beside them that lists filter on.

mod bare;
mod beside;
mod deadlines;
mod filter;
mod list;
mod narrow;
mod order;
mod query;
mod row;

pub use bare::{find_bare, list_bare};
pub(super) use beside::{AssigneeRow, assignees, facets, parties};
pub use filter::{AssigneeFilter, DeadlineFilter, Filter, Visible};
pub use list::{ids, list, newest_ids};
pub(super) use narrow::{about, few_about, narrowest};
pub use order::{After, Sort, key};
pub use row::NOTHING_DUE;
pub(super) use row::Row;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::code::{Code, code_list};
use crate::domain::id::{OrganisationId, PrincipalId, ReportId};
use crate::domain::report::{Confidentiality, Report, Verdict};
use crate::domain::status::Status;
use crate::store::any_of::any_of;
use crate::store::bulk::insert_all;
use crate::store::db::Conn;
use crate::store::numbers::next_number;
use crate::store::schema::{report_assignees, report_facets, report_parties, reports};
use crate::store::types::Coded;
use crate::store::{counts, search, shared_versions as released};

code_list! {
    /// What an organisation is to a report.
    pub enum Party {
        Reporter = "reporter",
        Lead = "lead",
        Contributor = "contributor",
        Follower = "follower",
    }
}

code_list! {
    /// What a report is about, as lists filter on it.
    pub enum Facet {
        Domain = "domain",
        Municipality = "municipality",
        Province = "province",
        Region = "region",
        Regulation = "regulation",
        /// How pressing it is, where that is more than of any other.
        Priority = "priority",
    }
}

/// One report.
pub fn find(conn: &mut Conn, id: ReportId) -> QueryResult<Option<Report>> {
    reports::table
        .find(id)
        .first::<Row>(conn)
        .optional()
        .map(|row| row.map(Report::from))
}

/// The reports merged into one, the earliest submitted first.
pub fn merged_into(conn: &mut Conn, target: ReportId) -> QueryResult<Vec<Report>> {
    let merged = reports::merged_into
        .eq(target)
        .and(reports::status.eq(Coded(Status::Merged)));
    let rows = reports::table
        .filter(merged)
        .order((reports::filed_at, reports::id))
        .load::<Row>(conn)?;
    Ok(rows.into_iter().map(Report::from).collect())
}

/// One report, held until the transaction ends: for changes that name no version.
pub fn find_locked(conn: &mut Conn, id: ReportId) -> QueryResult<Option<Report>> {
    // SQLite has one writer.
    if let Conn::Postgres(conn) = conn {
        reports::table
            .find(id)
            .select(reports::id)
            .for_update()
            .first::<ReportId>(conn)
            .optional()?;
    }
    find(conn, id)
}

/// The report that an organisation has under a case number of its own.
pub fn by_external_reference(
    conn: &mut Conn,
    submitter: OrganisationId,
    reference: &str,
) -> QueryResult<Option<Report>> {
    reports::table
        .filter(reports::submitter_id.eq(submitter))
        .filter(reports::external_reference.eq(reference))
        .first::<Row>(conn)
        .optional()
        .map(|row| row.map(Report::from))
}

/// The reports that were merged into one, also those settled with it since; the earliest submitted first.
pub fn joined_to(conn: &mut Conn, target: ReportId) -> QueryResult<Vec<Report>> {
    joined_to_any(conn, &[target])
}

/// The reports that joined any of these, as `joined_to`.
pub fn joined_to_any(conn: &mut Conn, targets: &[ReportId]) -> QueryResult<Vec<Report>> {
    let rows = reports::table
        .filter(any_of(reports::merged_into, targets))
        .order((reports::filed_at, reports::id))
        .load::<Row>(conn)?;
    Ok(rows.into_iter().map(Report::from).collect())
}

/// The next number of a year, as `MKR-2026-000123`: ascending, never given twice; one that is rolled back leaves a gap.
pub fn next_reference(conn: &mut Conn, year: i32) -> QueryResult<String> {
    let number = next_number(conn, "reference_numbers", year)?;
    Ok(format!("MKR-{year}-{number:06}"))
}

/// Writes a new report with what lists filter on.
pub fn insert(conn: &mut Conn, report: &Report) -> QueryResult<()> {
    diesel::insert_into(reports::table)
        .values(Row::from(report))
        .execute(conn)?;
    beside::insert(conn, report)?;
    released::insert(conn, std::slice::from_ref(report))?;
    counts::note(conn, report)?;
    search::insert(conn, std::slice::from_ref(report))
}

/// Writes new reports in bulk, with what lists filter on.
pub fn insert_many(conn: &mut Conn, new: &[Report]) -> QueryResult<()> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    insert_all!(conn, reports::table, 27, &rows)?;
    beside::insert_many(conn, new)?;
    released::insert(conn, new)?;
    counts::note_many(conn, new)?;
    search::insert(conn, new)
}

/// Writes a report that was `before`; false when another has changed it since. What lists filter on is rewritten only
/// where it changed.
pub fn update(conn: &mut Conn, before: &Report, after: &Report) -> QueryResult<bool> {
    let same = reports::id
        .eq(after.id)
        .and(reports::version.eq(before.version));
    if diesel::update(reports::table.filter(same))
        .set(Row::from(after))
        .execute(conn)?
        == 0
    {
        return Ok(false);
    }
    beside::update(conn, before, after)?;
    released::update(conn, before, after)?;
    counts::note(conn, after)?;
    search::update(conn, before, after)?;
    Ok(true)
}

/// Reports of which an alert is due on a day, the longest due first.
pub fn alerts_due(conn: &mut Conn, today: NaiveDate, limit: i64) -> QueryResult<Vec<Report>> {
    let rows = reports::table
        .filter(reports::alert_on.le(today))
        .order((reports::alert_on, reports::id))
        .limit(limit)
        .load::<Row>(conn)?;
    Ok(rows.into_iter().map(Report::from).collect())
}

/// How many reports were sent in.
pub fn count_sent(conn: &mut Conn) -> QueryResult<i64> {
    reports::table
        .filter(reports::status.ne(Coded(Status::Draft)))
        .count()
        .get_result(conn)
}

/// The reports that were sent in, in the order in which they were begun: those after one.
pub fn sent_after(
    conn: &mut Conn,
    after: Option<ReportId>,
    limit: i64,
) -> QueryResult<Vec<Report>> {
    let mut query = reports::table
        .filter(reports::status.ne(Coded(Status::Draft)))
        .order(reports::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(reports::id.gt(after));
    }
    let rows: Vec<Row> = query.load(conn)?;
    Ok(rows.into_iter().map(Report::from).collect())
}

/// The reports of which an organisation is the reporter, the lead or a contributor.
macro_rules! takes_part {
    ($organisation:expr) => {
        report_parties::table
            .filter(report_parties::organisation_id.eq($organisation))
            .filter(report_parties::party.ne(Coded(Party::Follower)))
            .select(report_parties::report_id)
    };
}

/// Those that are open and in which an organisation has a part; with policy domains only those about one of them.
macro_rules! open_with {
    ($organisation:expr, $domains:expr) => {{
        let open: Vec<_> = Status::ALL
            .iter()
            .copied()
            .filter(|status| status.is_open())
            .map(Coded)
            .collect();
        let mut query = reports::table
            .filter(reports::id.eq_any(takes_part!($organisation)))
            .filter(any_of(reports::status, &open))
            .into_boxed();
        if !$domains.is_empty() {
            let about = report_facets::table
                .filter(report_facets::facet.eq(Facet::Domain.as_str()))
                .filter(any_of(report_facets::value, $domains))
                .select(report_facets::report_id);
            query = query.filter(reports::id.eq_any(about));
        }
        query
    }};
}

/// Some reports that are open and in which an organisation has a part, the oldest first; with policy domains only those
/// about one of them.
pub fn open_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    domains: &[String],
    limit: i64,
) -> QueryResult<Vec<Report>> {
    let rows: Vec<Row> = open_with!(organisation, domains)
        .order(reports::id)
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(Report::from).collect())
}

/// How many reports `open_of` would find.
pub fn count_open_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    domains: &[String],
) -> QueryResult<i64> {
    open_with!(organisation, domains).count().get_result(conn)
}

/// Every report that somebody works on, whatever its status.
pub fn assigned_to(conn: &mut Conn, person: PrincipalId) -> QueryResult<Vec<Report>> {
    let theirs = report_assignees::table
        .filter(report_assignees::principal_id.eq(person))
        .select(report_assignees::report_id);
    let rows = reports::table
        .filter(reports::id.eq_any(theirs))
        .order(reports::id)
        .load::<Row>(conn)?;
    Ok(rows.into_iter().map(Report::from).collect())
}

/// What became of the reports that an authority led.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub settled: i64,
    pub feedback: Vec<(Verdict, i64)>,
}

/// Counts by index; `confidential`: those too that are so.
pub fn record(conn: &mut Conn, lead: OrganisationId, confidential: bool) -> QueryResult<Record> {
    let counted = || {
        let mut query = reports::table
            .filter(reports::lead_id.eq(lead))
            .into_boxed();
        if !confidential {
            let open = reports::confidentiality.ne(Coded(Confidentiality::Confidential));
            query = query.filter(open);
        }
        query
    };
    let settled = counted()
        .filter(reports::status.eq(Coded(Status::Settled)))
        .count()
        .get_result(conn)?;
    let mut feedback = Vec::new();
    for verdict in Verdict::ALL {
        let said: i64 = counted()
            .filter(reports::feedback.eq(Coded(*verdict)))
            .count()
            .get_result(conn)?;
        feedback.push((*verdict, said));
    }
    Ok(Record { settled, feedback })
}

/// Writes anew what follows from a report in its own row, unless it was changed since.
pub fn refresh(conn: &mut Conn, report: &Report) -> QueryResult<()> {
    let same = reports::id
        .eq(report.id)
        .and(reports::version.eq(report.version));
    let written = diesel::update(reports::table.filter(same))
        .set(Row::from(report))
        .execute(conn)?;
    if written > 0 {
        beside::refresh(conn, report)?;
    }
    Ok(())
}

/// Deletes a report of this version with all that hangs on it; false when it was changed since.
pub fn delete(conn: &mut Conn, report: &Report) -> QueryResult<bool> {
    let same = reports::id
        .eq(report.id)
        .and(reports::version.eq(report.version));
    Ok(diesel::delete(reports::table.filter(same)).execute(conn)? == 1)
}

/// Reports by id, in no order.
pub fn by_ids(conn: &mut Conn, ids: &[ReportId]) -> QueryResult<Vec<Report>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = reports::table
        .filter(any_of(reports::id, ids))
        .load::<Row>(conn)?;
    Ok(rows.into_iter().map(Report::from).collect())
}

/// Reports by id, in the order of these ids.
pub fn in_order(conn: &mut Conn, ids: &[ReportId]) -> QueryResult<Vec<Report>> {
    let mut found = by_ids(conn, ids)?;
    found.sort_by_key(|report| ids.iter().position(|id| *id == report.id));
    Ok(found)
}

/// Reports in the order of their ids, from after one.
pub fn after(conn: &mut Conn, after: Option<ReportId>, limit: i64) -> QueryResult<Vec<Report>> {
    let mut page = reports::table.order(reports::id).limit(limit).into_boxed();
    if let Some(after) = after {
        page = page.filter(reports::id.gt(after));
    }
    let rows = page.load::<Row>(conn)?;
    Ok(rows.into_iter().map(Report::from).collect())
}

/// What an organisation is to some reports.
pub fn parties_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    ids: &[ReportId],
) -> QueryResult<Vec<(ReportId, Party)>> {
    let rows: Vec<(ReportId, Coded<Party>)> = report_parties::table
        .filter(report_parties::organisation_id.eq(organisation))
        .filter(any_of(report_parties::report_id, ids))
        .select((report_parties::report_id, report_parties::party))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, party)| (id, party.0)).collect())
}
