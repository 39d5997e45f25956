//! Reports, with the two tables that lists filter on: what a report is about (facets) and who has it (parties).

mod filter;
mod list;
mod narrow;
mod nearing;
mod order;

pub use filter::{AssigneeFilter, DeadlineFilter, Filter, Visible};
pub use list::{find_bare, ids, list, list_bare, newest_ids};
pub(super) use narrow::{about, few_about, narrowest};
pub use order::{After, Sort, key};

use chrono::{Months, NaiveDate};
use diesel::prelude::*;

use crate::domain::code::{Code, code_list};
use crate::domain::id::{OrganisationId, PrincipalId, ReportId};
use crate::domain::report::{Confidentiality, Content, Handling, Report, Sender, Verdict};
use crate::domain::routing::Priority;
use crate::domain::status::{Phase, Status};
use crate::store::any_of::any_of;
use crate::store::bulk::insert_all;
use crate::store::db::Conn;
use crate::store::numbers::next_number;
use crate::store::schema::{report_assignees, report_facets, report_parties, reports};
use crate::store::types::{Coded, Instant, Json};
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

/// Sorts after every day: a report with nothing due.
pub const NOTHING_DUE: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();

#[derive(Queryable, Selectable, Insertable, AsChangeset, Debug)]
#[diesel(table_name = reports, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct Row {
    id: ReportId,
    reference: Option<String>,
    external_reference: Option<String>,
    submitter_id: OrganisationId,
    sender: Json<Sender>,
    on_behalf: bool,
    content: Json<Content>,
    confidentiality: Coded<Confidentiality>,
    status: Coded<Status>,
    resume_status: Option<Coded<Status>>,
    phase: Coded<Phase>,
    lead_id: Option<OrganisationId>,
    contested: bool,
    merged_into: Option<ReportId>,
    handling: Json<Handling>,
    created_at: Instant,
    submitted_at: Option<Instant>,
    settled_at: Option<Instant>,
    updated_at: Instant,
    filed_at: Instant,
    due_key: NaiveDate,
    version: i32,
    nearing_on: NaiveDate,
    alert_on: NaiveDate,
    urgency: NaiveDate,
    escalated: bool,
    feedback: Option<Coded<Verdict>>,
}

impl Row {
    pub(super) fn id(&self) -> ReportId {
        self.id
    }
}

impl From<&Report> for Row {
    fn from(report: &Report) -> Self {
        Self {
            id: report.id,
            reference: report.reference.clone(),
            external_reference: report.external_reference.clone(),
            submitter_id: report.submitter,
            sender: Json(report.sender.clone()),
            on_behalf: report.on_behalf,
            content: Json(report.content.clone()),
            confidentiality: Coded(report.confidentiality),
            status: Coded(report.status),
            resume_status: report.resume_status.map(Coded),
            phase: Coded(report.phase()),
            lead_id: report.lead,
            contested: report.contested,
            merged_into: report.merged_into,
            handling: Json(report.handling.clone()),
            created_at: Instant(report.created_at),
            submitted_at: report.submitted_at.map(Instant),
            settled_at: report.settled_at.map(Instant),
            updated_at: Instant(report.updated_at),
            filed_at: filed_at(report),
            due_key: due_key(report),
            version: report.version,
            nearing_on: nearing_on(report),
            alert_on: report.next_alert_on().unwrap_or(NOTHING_DUE),
            urgency: urgency(report),
            escalated: report.handling.escalation.is_some(),
            feedback: report
                .handling
                .feedback
                .as_ref()
                .map(|feedback| Coded(feedback.verdict)),
        }
    }
}

/// The day from which what is due next nears its end; none of what had passed when the report was last changed, as it does
/// not near its end again before the next change.
fn nearing_on(report: &Report) -> NaiveDate {
    let day = report.updated_at.date_naive();
    let next = report.next_clock().filter(|clock| clock.due_on >= day);
    next.map_or(NOTHING_DUE, |clock| clock.nearing_on)
}

/// What sorts reports by urgency: the day the next thing is due; a thousand years earlier for what is escalated, half that
/// for what has a high priority.
fn urgency(report: &Report) -> NaiveDate {
    let due = due_key(report);
    let escalated = if report.handling.escalation.is_some() {
        12_000
    } else {
        0
    };
    let pressing = match report.priority() {
        Priority::High => 6_000,
        Priority::Normal => 0,
    };
    let earlier = Months::new(escalated + pressing);
    due.checked_sub_months(earlier).unwrap_or(due)
}

impl From<Row> for Report {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            external_reference: row.external_reference,
            submitter: row.submitter_id,
            sender: row.sender.0,
            on_behalf: row.on_behalf,
            content: row.content.0,
            confidentiality: row.confidentiality.0,
            status: row.status.0,
            resume_status: row.resume_status.map(|status| status.0),
            lead: row.lead_id,
            contested: row.contested,
            merged_into: row.merged_into,
            handling: row.handling.0,
            created_at: row.created_at.0,
            submitted_at: row.submitted_at.map(|at| at.0),
            settled_at: row.settled_at.map(|at| at.0),
            updated_at: row.updated_at.0,
            version: row.version,
        }
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
    insert_facets(conn, &facets(report))?;
    insert_parties(conn, &parties(report))?;
    insert_assignees(conn, &assignees(report))?;
    released::insert(conn, std::slice::from_ref(report))?;
    counts::note(conn, report)?;
    search::insert(conn, std::slice::from_ref(report))
}

/// Writes new reports in bulk, with what lists filter on.
pub fn insert_many(conn: &mut Conn, new: &[Report]) -> QueryResult<()> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    insert_all!(conn, reports::table, 27, &rows)?;
    let rows: Vec<FacetRow> = new.iter().flat_map(facets).collect();
    insert_all!(conn, report_facets::table, 7, &rows)?;
    let rows: Vec<PartyRow> = new.iter().flat_map(parties).collect();
    insert_all!(conn, report_parties::table, 6, &rows)?;
    let of_assignee = |(report_id, organisation_id, principal_id)| NewAssignee {
        report_id,
        organisation_id,
        principal_id,
    };
    let rows: Vec<NewAssignee> = new.iter().flat_map(assignees).map(of_assignee).collect();
    insert_all!(conn, report_assignees::table, 3, &rows)?;
    released::insert(conn, new)?;
    counts::note_many(conn, new)?;
    search::insert(conn, new)
}

/// Writes anew, beside what a report is about or whose it is, what changes with its handling.
macro_rules! move_rows {
    ($table:ident, $conn:expr, $report:expr) => {
        diesel::update($table::table.filter($table::report_id.eq($report.id)))
            .set((
                $table::due_key.eq(due_key($report)),
                $table::status.eq($report.status.as_str()),
            ))
            .execute($conn)
    };
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
    // Each step changes these; what a report is about and whose it is changes seldom.
    let moved = (due_key(before), before.status) != (due_key(after), after.status);
    let facets_after = facets(after);
    if !facets(before)
        .iter()
        .map(FacetRow::what)
        .eq(facets_after.iter().map(FacetRow::what))
    {
        diesel::delete(report_facets::table.filter(report_facets::report_id.eq(after.id)))
            .execute(conn)?;
        insert_facets(conn, &facets_after)?;
    } else if moved && !facets_after.is_empty() {
        move_rows!(report_facets, conn, after)?;
    }
    let parties_after = parties(after);
    if !parties(before)
        .iter()
        .map(PartyRow::who)
        .eq(parties_after.iter().map(PartyRow::who))
    {
        diesel::delete(report_parties::table.filter(report_parties::report_id.eq(after.id)))
            .execute(conn)?;
        insert_parties(conn, &parties_after)?;
    } else if moved {
        move_rows!(report_parties, conn, after)?;
    }
    released::update(conn, before, after)?;
    counts::note(conn, after)?;
    search::update(conn, before, after)?;
    let assignees_after = assignees(after);
    if assignees(before) != assignees_after {
        diesel::delete(report_assignees::table.filter(report_assignees::report_id.eq(after.id)))
            .execute(conn)?;
        insert_assignees(conn, &assignees_after)?;
    }
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
        move_rows!(report_facets, conn, report)?;
        move_rows!(report_parties, conn, report)?;
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

/// When it was sent in; a draft, when it was begun.
fn filed_at(report: &Report) -> Instant {
    Instant(report.submitted_at.unwrap_or(report.created_at))
}

/// The day its next deadline ends.
fn due_key(report: &Report) -> NaiveDate {
    report.due_on().unwrap_or(NOTHING_DUE)
}

/// One thing that a report is about.
#[derive(Insertable, Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[diesel(table_name = report_facets, treat_none_as_default_value = false)]
pub(super) struct FacetRow {
    pub(super) facet: &'static str,
    pub(super) value: String,
    report_id: ReportId,
    /// When the report was released, so that lists of what is released are read in that order.
    pub(super) shared_at: Option<Instant>,
    /// When the report was filed, for lists of all.
    pub(super) filed_at: Instant,
    /// The day it is due, likewise.
    pub(super) due_key: NaiveDate,
    /// What it is in, so that such a list meets no others.
    pub(super) status: &'static str,
}

impl FacetRow {
    /// All but what changes with the handling.
    fn what(&self) -> (&str, &str, Option<Instant>, Instant) {
        (self.facet, &self.value, self.shared_at, self.filed_at)
    }
}

/// Whose a report is.
#[derive(Insertable, Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[diesel(table_name = report_parties, treat_none_as_default_value = false)]
pub(super) struct PartyRow {
    pub(super) organisation_id: OrganisationId,
    report_id: ReportId,
    pub(super) party: &'static str,
    /// When the report was filed, so that lists of one's own are read in that order.
    pub(super) filed_at: Instant,
    /// The day it is due, likewise.
    pub(super) due_key: NaiveDate,
    /// What it is in, so that such a list meets no others.
    pub(super) status: &'static str,
}

impl PartyRow {
    /// All but what changes with the handling.
    fn who(&self) -> (OrganisationId, &str, Instant) {
        (self.organisation_id, self.party, self.filed_at)
    }
}

#[derive(Insertable)]
#[diesel(table_name = report_assignees, treat_none_as_default_value = false)]
struct NewAssignee {
    report_id: ReportId,
    organisation_id: OrganisationId,
    principal_id: PrincipalId,
}

pub(super) type AssigneeRow = (ReportId, OrganisationId, PrincipalId);

pub(super) fn facets(report: &Report) -> Vec<FacetRow> {
    let content = &report.content;
    let version = report.handling.sharing.version.as_ref();
    let row = |facet: Facet, value| FacetRow {
        facet: facet.as_str(),
        value,
        report_id: report.id,
        shared_at: version.map(|version| Instant(version.shared_at)),
        filed_at: filed_at(report),
        due_key: due_key(report),
        status: report.status.as_str(),
    };
    let regulations: Vec<String> = content
        .citations
        .iter()
        .filter_map(|cited| cited.citation.regulation())
        .collect();
    let mut rows: Vec<FacetRow> = [
        (Facet::Domain, &content.domains),
        (Facet::Municipality, &content.municipalities),
        (Facet::Province, &content.provinces),
        (Facet::Region, &content.regions),
        (Facet::Regulation, &regulations),
    ]
    .into_iter()
    .flat_map(|(facet, values)| values.iter().map(move |value| row(facet, value.clone())))
    .collect();
    if report.priority() != Priority::Normal {
        rows.push(row(Facet::Priority, report.priority().as_str().to_owned()));
    }
    rows.sort();
    rows.dedup();
    rows
}

pub(super) fn parties(report: &Report) -> Vec<PartyRow> {
    let with = |party: Party| {
        move |id: &OrganisationId| PartyRow {
            organisation_id: *id,
            report_id: report.id,
            party: party.as_str(),
            filed_at: filed_at(report),
            due_key: due_key(report),
            status: report.status.as_str(),
        }
    };
    let handling = &report.handling;
    let mut rows = vec![with(Party::Reporter)(&report.submitter)];
    rows.extend(report.lead.iter().map(with(Party::Lead)));
    rows.extend(handling.contributors.iter().map(with(Party::Contributor)));
    rows.extend(handling.followers.iter().map(with(Party::Follower)));
    let endorsers = &handling.sharing.endorsers;
    rows.extend(endorsers.iter().map(with(Party::Follower)));
    rows.sort();
    rows.dedup();
    rows
}

pub(super) fn assignees(report: &Report) -> Vec<AssigneeRow> {
    let mut rows: Vec<AssigneeRow> = report
        .handling
        .assignees
        .iter()
        .map(|assignee| (report.id, assignee.organisation, assignee.id))
        .collect();
    rows.sort();
    rows
}

fn insert_assignees(conn: &mut Conn, rows: &[AssigneeRow]) -> QueryResult<()> {
    use report_assignees::{organisation_id, principal_id, report_id, table};
    // One an organisation: there are seldom two.
    for (report, organisation, principal) in rows {
        diesel::insert_into(table)
            .values((
                report_id.eq(*report),
                organisation_id.eq(*organisation),
                principal_id.eq(*principal),
            ))
            .execute(conn)?;
    }
    Ok(())
}

fn insert_facets(conn: &mut Conn, rows: &[FacetRow]) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    // Several rows in one statement have no common form.
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(report_facets::table)
            .values(rows)
            .execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(report_facets::table)
            .values(rows)
            .execute(conn),
    }
    .map(drop)
}

fn insert_parties(conn: &mut Conn, rows: &[PartyRow]) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(report_parties::table)
            .values(rows)
            .execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(report_parties::table)
            .values(rows)
            .execute(conn),
    }
    .map(drop)
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
