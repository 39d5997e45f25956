//! Reports, with the two tables that lists filter on: what a report is about (facets) and who has it (parties).

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use diesel::prelude::*;

use crate::domain::code::{Code, code_list};
use crate::domain::id::{OrganisationId, PrincipalId, ReportId};
use crate::domain::report::{Confidentiality, Content, Handling, Report, Sender, Verdict};
use crate::domain::status::{Phase, Status};
use crate::store::any_of::any_of;
use crate::store::bulk::insert_all;
use crate::store::db::{Conn, MultiBackend};
use crate::store::schema::{
    report_assignees, report_facets, report_parties, report_watchers, reports,
};
use crate::store::types::{Coded, Instant, Json, RawJson};
use crate::store::{search, shared_versions as released};

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
            filed_at: Instant(report.submitted_at.unwrap_or(report.created_at)),
            due_key: report.due_on().unwrap_or(NOTHING_DUE),
            version: report.version,
            nearing_on: report
                .next_clock()
                .map_or(NOTHING_DUE, |clock| clock.nearing_on),
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

/// What sorts reports by urgency: the day the next thing is due, a thousand years earlier for what is escalated.
fn urgency(report: &Report) -> NaiveDate {
    let due = report.due_on().unwrap_or(NOTHING_DUE);
    match report.handling.escalation {
        Some(_) => due.checked_sub_months(Months::new(12_000)).unwrap_or(due),
        None => due,
    }
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
    let rows = reports::table
        .filter(reports::merged_into.eq(target))
        .order((reports::filed_at, reports::id))
        .load::<Row>(conn)?;
    Ok(rows.into_iter().map(Report::from).collect())
}

/// The next number of a year: ascending, never given twice; one that is rolled back leaves a gap.
pub fn next_reference(conn: &mut Conn, year: i32) -> QueryResult<String> {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        last: i32,
    }
    // The year is a number of ours; the two databases write placeholders differently.
    let sql = format!(
        "INSERT INTO reference_numbers (year, last) VALUES ({year}, 1) \
         ON CONFLICT (year) DO UPDATE SET last = reference_numbers.last + 1 RETURNING last"
    );
    let number = match conn {
        Conn::Sqlite(conn) => diesel::sql_query(sql).get_result::<Number>(conn)?,
        Conn::Postgres(conn) => diesel::sql_query(sql).get_result::<Number>(conn)?,
    };
    Ok(format!("MKR-{year}-{:06}", number.last))
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
    search::insert(conn, std::slice::from_ref(report))
}

/// Writes new reports in bulk, with what lists filter on.
pub fn insert_many(conn: &mut Conn, new: &[Report]) -> QueryResult<()> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    insert_all!(conn, reports::table, 27, &rows)?;
    let of_facet = |(facet, value, report_id)| NewFacet {
        facet,
        value,
        report_id,
    };
    let rows: Vec<NewFacet> = new.iter().flat_map(facets).map(of_facet).collect();
    insert_all!(conn, report_facets::table, 3, &rows)?;
    let of_party = |(organisation_id, report_id, party)| NewParty {
        organisation_id,
        report_id,
        party,
    };
    let rows: Vec<NewParty> = new.iter().flat_map(parties).map(of_party).collect();
    insert_all!(conn, report_parties::table, 3, &rows)?;
    let of_assignee = |(report_id, organisation_id, principal_id)| NewAssignee {
        report_id,
        organisation_id,
        principal_id,
    };
    let rows: Vec<NewAssignee> = new.iter().flat_map(assignees).map(of_assignee).collect();
    insert_all!(conn, report_assignees::table, 3, &rows)?;
    released::insert(conn, new)?;
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
    let facets_after = facets(after);
    if facets(before) != facets_after {
        diesel::delete(report_facets::table.filter(report_facets::report_id.eq(after.id)))
            .execute(conn)?;
        insert_facets(conn, &facets_after)?;
    }
    let parties_after = parties(after);
    if parties(before) != parties_after {
        diesel::delete(report_parties::table.filter(report_parties::report_id.eq(after.id)))
            .execute(conn)?;
        insert_parties(conn, &parties_after)?;
    }
    released::update(conn, before, after)?;
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
    diesel::update(reports::table.filter(same))
        .set(Row::from(report))
        .execute(conn)
        .map(drop)
}

/// Deletes a report of this version with all that hangs on it; false when it was changed since.
pub fn delete(conn: &mut Conn, report: &Report) -> QueryResult<bool> {
    let same = reports::id
        .eq(report.id)
        .and(reports::version.eq(report.version));
    Ok(diesel::delete(reports::table.filter(same)).execute(conn)? == 1)
}

#[derive(Insertable)]
#[diesel(table_name = report_facets, treat_none_as_default_value = false)]
struct NewFacet {
    facet: &'static str,
    value: String,
    report_id: ReportId,
}

#[derive(Insertable)]
#[diesel(table_name = report_parties, treat_none_as_default_value = false)]
struct NewParty {
    organisation_id: OrganisationId,
    report_id: ReportId,
    party: &'static str,
}

#[derive(Insertable)]
#[diesel(table_name = report_assignees, treat_none_as_default_value = false)]
struct NewAssignee {
    report_id: ReportId,
    organisation_id: OrganisationId,
    principal_id: PrincipalId,
}

pub(super) type AssigneeRow = (ReportId, OrganisationId, PrincipalId);
pub(super) type FacetRow = (&'static str, String, ReportId);
pub(super) type PartyRow = (OrganisationId, ReportId, &'static str);

pub(super) fn facets(report: &Report) -> Vec<FacetRow> {
    let content = &report.content;
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
    .flat_map(|(facet, values)| {
        values
            .iter()
            .map(move |value| (facet.as_str(), value.clone(), report.id))
    })
    .collect();
    rows.sort();
    rows.dedup();
    rows
}

pub(super) fn parties(report: &Report) -> Vec<PartyRow> {
    let mut rows = vec![(report.submitter, report.id, Party::Reporter.as_str())];
    rows.extend(
        report
            .lead
            .map(|lead| (lead, report.id, Party::Lead.as_str())),
    );
    let with = |party: Party| move |id: &OrganisationId| (*id, report.id, party.as_str());
    rows.extend(
        report
            .handling
            .contributors
            .iter()
            .map(with(Party::Contributor)),
    );
    rows.extend(report.handling.followers.iter().map(with(Party::Follower)));
    let endorsers = &report.handling.sharing.endorsers;
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
    use report_facets::{facet, report_id, table, value};
    if rows.is_empty() {
        return Ok(());
    }
    let values: Vec<_> = rows
        .iter()
        .map(|(kind, text, report)| (facet.eq(*kind), value.eq(text), report_id.eq(*report)))
        .collect();
    // Several rows in one statement have no common form.
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(table).values(values).execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(table).values(values).execute(conn),
    }
    .map(drop)
}

fn insert_parties(conn: &mut Conn, rows: &[PartyRow]) -> QueryResult<()> {
    use report_parties::{organisation_id, party, report_id, table};
    let values: Vec<_> = rows
        .iter()
        .map(|(organisation, report, kind)| {
            (
                organisation_id.eq(*organisation),
                report_id.eq(*report),
                party.eq(*kind),
            )
        })
        .collect();
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(table).values(values).execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(table).values(values).execute(conn),
    }
    .map(drop)
}

/// Whose reports a list may show.
#[derive(Debug, Clone, Default)]
pub struct Visible {
    /// Everything but others' drafts.
    pub desk: bool,
    /// Everything that is neither a draft nor confidential.
    pub unpublished: bool,
    /// What this organisation has as one of these.
    pub organisation: Option<OrganisationId>,
    pub parties: Vec<Party>,
}

/// What a list is limited to; empty lists limit nothing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub status: Vec<Status>,
    pub phase: Vec<Phase>,
    pub authority: Vec<OrganisationId>,
    pub submitter: Vec<OrganisationId>,
    pub external_reference: Option<String>,
    pub reference: Option<String>,
    pub updated_since: Option<DateTime<Utc>>,
    /// Those that somebody watches, or does not.
    pub watching: Option<(PrincipalId, bool)>,
    pub facets: Vec<(Facet, Vec<String>)>,
    pub deadline: DeadlineFilter,
    /// Whether the coordinator was called in.
    pub escalated: Option<bool>,
    pub assignee: Option<AssigneeFilter>,
    pub feedback: Vec<Verdict>,
    /// One of these; none for any.
    pub among: Option<Vec<ReportId>>,
}

/// Where the next deadline stands on a day.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeadlineFilter {
    pub today: NaiveDate,
    /// The day on which it nears its end has come, and the last day has not passed.
    pub nearing: Option<bool>,
    /// The last day has passed.
    pub overdue: Option<bool>,
}

/// Who works on it.
#[derive(Debug, Clone, Copy)]
pub enum AssigneeFilter {
    /// This person.
    Is(PrincipalId),
    /// Nobody of this organisation.
    NobodyOf(OrganisationId),
}

impl Filter {
    /// Whether it filters on what the progress view of a report does not show.
    pub fn asks_beyond_progress(&self) -> bool {
        !self.submitter.is_empty()
            || self.external_reference.is_some()
            || self.deadline.nearing.is_some()
            || self.deadline.overdue.is_some()
            || self.escalated.is_some()
            || self.assignee.is_some()
            || !self.feedback.is_empty()
            || self.among.is_some()
            || self.facets.iter().any(|(_, values)| !values.is_empty())
    }
}

code_list! {
    /// Order of the list; a minus turns it round (Dutch: sortering).
    pub enum Sort {
        Submitted = "submitted",
        SubmittedDescending = "-submitted",
        Updated = "updated",
        UpdatedDescending = "-updated",
        Due = "due",
        DueDescending = "-due",
        /// What is escalated first, then what is due first.
        Urgency = "urgency",
        /// What fits the words of `q` best first.
        Relevance = "relevance",
    }
}

impl Sort {
    /// Whether the order shows what is due.
    pub fn by_due(self) -> bool {
        matches!(self, Sort::Due | Sort::DueDescending | Sort::Urgency)
    }
}

/// The key of the last row of a page.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub enum After {
    At(DateTime<Utc>, ReportId),
    On(NaiveDate, ReportId),
    /// How well it fits.
    Fit(f64, ReportId),
}

impl After {
    /// Whether the key is one of this order's.
    pub fn fits(&self, sort: Sort) -> bool {
        // Years that both databases hold: a cursor of ours has no other.
        let years = 1..=9999;
        match self {
            After::At(at, _) => {
                !sort.by_due() && sort != Sort::Relevance && years.contains(&at.year())
            }
            After::On(day, _) => sort.by_due() && years.contains(&day.year()),
            After::Fit(fit, _) => sort == Sort::Relevance && fit.is_finite(),
        }
    }
}

/// The key of a report in this order.
pub fn key(sort: Sort, report: &Report) -> After {
    match sort {
        Sort::Submitted | Sort::SubmittedDescending => {
            After::At(report.submitted_at.unwrap_or(report.created_at), report.id)
        }
        Sort::Updated | Sort::UpdatedDescending => After::At(report.updated_at, report.id),
        Sort::Due | Sort::DueDescending => {
            After::On(report.due_on().unwrap_or(NOTHING_DUE), report.id)
        }
        Sort::Urgency => After::On(urgency(report), report.id),
        // How well it fits is known to who searched.
        Sort::Relevance => After::Fit(0.0, report.id),
    }
}

/// A page of what is visible and fits the filter; one statement whatever the filters.
pub fn list(
    conn: &mut Conn,
    visible: &Visible,
    filter: &Filter,
    sort: Sort,
    after: Option<&After>,
    limit: i64,
) -> QueryResult<Vec<Report>> {
    let rows = listed(visible, filter, sort, after, limit).load::<Row>(conn)?;
    Ok(rows.into_iter().map(Report::from).collect())
}

/// Those of some reports that are visible and fit the filter; one statement.
pub fn ids(conn: &mut Conn, visible: &Visible, filter: &Filter) -> QueryResult<Vec<ReportId>> {
    listed(visible, filter, Sort::Relevance, None, i64::MAX)
        .select(reports::id)
        .load(conn)
}

/// The newest of what is visible and fits the filter.
pub fn newest_ids(
    conn: &mut Conn,
    visible: &Visible,
    filter: &Filter,
    limit: i64,
) -> QueryResult<Vec<ReportId>> {
    listed(visible, filter, Sort::SubmittedDescending, None, limit)
        .select(reports::id)
        .load(conn)
}

/// Reports by id, in no order.
pub fn by_ids(conn: &mut Conn, ids: &[ReportId]) -> QueryResult<Vec<Report>> {
    let rows = reports::table
        .filter(any_of(reports::id, ids))
        .load::<Row>(conn)?;
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

fn listed(
    visible: &Visible,
    filter: &Filter,
    sort: Sort,
    after: Option<&After>,
    limit: i64,
) -> reports::BoxedQuery<'static, MultiBackend> {
    let mut query = reports::table.into_boxed().filter(visibility(visible));
    if !filter.status.is_empty() {
        let wanted: Vec<_> = filter.status.iter().copied().map(Coded).collect();
        query = query.filter(any_of(reports::status, &wanted));
    }
    if !filter.phase.is_empty() {
        let wanted: Vec<_> = filter.phase.iter().copied().map(Coded).collect();
        query = query.filter(any_of(reports::phase, &wanted));
    }
    if !filter.authority.is_empty() {
        query = query.filter(any_of(reports::lead_id, &filter.authority));
    }
    if !filter.submitter.is_empty() {
        query = query.filter(any_of(reports::submitter_id, &filter.submitter));
    }
    if let Some(reference) = &filter.external_reference {
        query = query.filter(reports::external_reference.eq(reference.clone()));
    }
    if let Some(reference) = &filter.reference {
        query = query.filter(reports::reference.eq(reference.clone()));
    }
    if let Some((watcher, watches)) = filter.watching {
        use report_watchers as w;
        let watched = w::table
            .filter(w::report_id.eq(reports::id))
            .filter(w::principal_id.eq(watcher));
        query = if watches {
            query.filter(diesel::dsl::exists(watched))
        } else {
            query.filter(diesel::dsl::not(diesel::dsl::exists(watched)))
        };
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(reports::updated_at.ge(Instant(since)));
    }
    for (facet, values) in filter
        .facets
        .iter()
        .filter(|(_, values)| !values.is_empty())
    {
        use report_facets as f;
        let found = f::table
            .filter(f::report_id.eq(reports::id))
            .filter(f::facet.eq(facet.as_str()))
            .filter(any_of(f::value, values));
        query = query.filter(diesel::dsl::exists(found));
    }
    let DeadlineFilter {
        today,
        nearing,
        overdue,
    } = filter.deadline;
    query = match nearing {
        Some(true) => query.filter(
            reports::nearing_on
                .le(today)
                .and(reports::due_key.ge(today)),
        ),
        Some(false) => query.filter(reports::nearing_on.gt(today).or(reports::due_key.lt(today))),
        None => query,
    };
    query = match overdue {
        Some(true) => query.filter(reports::due_key.lt(today)),
        Some(false) => query.filter(reports::due_key.ge(today)),
        None => query,
    };
    if let Some(escalated) = filter.escalated {
        query = query.filter(reports::escalated.eq(escalated));
    }
    if let Some(among) = &filter.among {
        query = query.filter(any_of(reports::id, among));
    }
    if !filter.feedback.is_empty() {
        let wanted: Vec<_> = filter.feedback.iter().copied().map(Coded).collect();
        query = query.filter(any_of(reports::feedback, &wanted));
    }
    if let Some(assignee) = filter.assignee {
        use report_assignees as a;
        let here = a::table.filter(a::report_id.eq(reports::id));
        query = match assignee {
            AssigneeFilter::Is(person) => {
                query.filter(diesel::dsl::exists(here.filter(a::principal_id.eq(person))))
            }
            AssigneeFilter::NobodyOf(organisation) => query.filter(diesel::dsl::not(
                diesel::dsl::exists(here.filter(a::organisation_id.eq(organisation))),
            )),
        };
    }
    // Keyset: strictly beyond the last row seen, by the sort column and then by id. The first condition follows from the
    // second and is what an index can begin at.
    macro_rules! ordered {
        ($column:expr, $after:pat => $value:expr, $id:expr, ascending) => {{
            if let Some($after) = after {
                query = query.filter(
                    $column.ge($value).and(
                        $column
                            .gt($value)
                            .or($column.eq($value).and(reports::id.gt(*$id))),
                    ),
                );
            }
            query.order(($column.asc(), reports::id.asc()))
        }};
        ($column:expr, $after:pat => $value:expr, $id:expr, descending) => {{
            if let Some($after) = after {
                query = query.filter(
                    $column.le($value).and(
                        $column
                            .lt($value)
                            .or($column.eq($value).and(reports::id.lt(*$id))),
                    ),
                );
            }
            query.order(($column.desc(), reports::id.desc()))
        }};
    }
    let query = match sort {
        Sort::Submitted => {
            ordered!(reports::filed_at, After::At(at, id) => Instant(*at), id, ascending)
        }
        Sort::SubmittedDescending => {
            ordered!(reports::filed_at, After::At(at, id) => Instant(*at), id, descending)
        }
        Sort::Updated => {
            ordered!(reports::updated_at, After::At(at, id) => Instant(*at), id, ascending)
        }
        Sort::UpdatedDescending => {
            ordered!(reports::updated_at, After::At(at, id) => Instant(*at), id, descending)
        }
        // In an order of its own, whoever asks for ids alone.
        Sort::Relevance => query,
        Sort::Urgency => ordered!(reports::urgency, After::On(day, id) => *day, id, ascending),
        Sort::Due => ordered!(reports::due_key, After::On(day, id) => *day, id, ascending),
        Sort::DueDescending => {
            ordered!(reports::due_key, After::On(day, id) => *day, id, descending)
        }
    };
    query.limit(limit)
}

type Predicate =
    Box<dyn BoxableExpression<reports::table, MultiBackend, SqlType = diesel::sql_types::Bool>>;

/// The rule of `policy::view` as a condition; a test holds the two together.
fn visibility(visible: &Visible) -> Predicate {
    let submitted = || reports::status.ne(Coded(Status::Draft));
    let mut seen: Predicate = Box::new(false.into_sql::<diesel::sql_types::Bool>());
    if visible.desk {
        seen = Box::new(seen.or(submitted()).or(reports::on_behalf));
    }
    if visible.unpublished {
        let open =
            submitted().and(reports::confidentiality.ne(Coded(Confidentiality::Confidential)));
        seen = Box::new(seen.or(open));
    }
    if let Some(organisation) = visible.organisation.filter(|_| !visible.parties.is_empty()) {
        use report_parties as p;
        let kinds: Vec<_> = visible.parties.iter().copied().map(Coded).collect();
        let mine = p::table
            .filter(p::organisation_id.eq(organisation))
            .filter(p::report_id.eq(reports::id))
            .filter(any_of(p::party, &kinds))
            .select(p::report_id);
        seen = Box::new(seen.or(diesel::dsl::exists(mine)));
    }
    seen
}
