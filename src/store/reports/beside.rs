//! The rows beside that of a report: what it is about (facets), who has it (parties) and who works on it (assignees). All
//! follow from the report.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::code::Code;
use crate::domain::id::{OrganisationId, PrincipalId, ReportId};
use crate::domain::report::Report;
use crate::domain::routing::Priority;
use crate::store::bulk::insert_all;
use crate::store::db::Conn;
use crate::store::reports::row::{due_key, filed_at};
use crate::store::reports::{Facet, Party};
use crate::store::schema::{report_assignees, report_facets, report_parties};
use crate::store::types::Instant;

/// One thing that a report is about.
#[derive(Insertable, Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[diesel(table_name = report_facets, treat_none_as_default_value = false)]
pub(in crate::store) struct FacetRow {
    pub(in crate::store) facet: &'static str,
    pub(in crate::store) value: String,
    report_id: ReportId,
    /// When the report was released, so that lists of what is released are read in that order.
    pub(in crate::store) shared_at: Option<Instant>,
    /// When the report was filed, for lists of all.
    pub(in crate::store) filed_at: Instant,
    /// The day it is due, likewise.
    pub(in crate::store) due_key: NaiveDate,
    /// What it is in, so that such a list meets no others.
    pub(in crate::store) status: &'static str,
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
pub(in crate::store) struct PartyRow {
    pub(in crate::store) organisation_id: OrganisationId,
    report_id: ReportId,
    pub(in crate::store) party: &'static str,
    /// When the report was filed, so that lists of one's own are read in that order.
    pub(in crate::store) filed_at: Instant,
    /// The day it is due, likewise.
    pub(in crate::store) due_key: NaiveDate,
    /// What it is in, so that such a list meets no others.
    pub(in crate::store) status: &'static str,
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

pub(in crate::store) type AssigneeRow = (ReportId, OrganisationId, PrincipalId);

pub(in crate::store) fn facets(report: &Report) -> Vec<FacetRow> {
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

pub(in crate::store) fn parties(report: &Report) -> Vec<PartyRow> {
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

pub(in crate::store) fn assignees(report: &Report) -> Vec<AssigneeRow> {
    let mut rows: Vec<AssigneeRow> = report
        .handling
        .assignees
        .iter()
        .map(|assignee| (report.id, assignee.organisation, assignee.id))
        .collect();
    rows.sort();
    rows
}

/// Writes those of a new report.
pub(super) fn insert(conn: &mut Conn, report: &Report) -> QueryResult<()> {
    insert_facets(conn, &facets(report))?;
    insert_parties(conn, &parties(report))?;
    insert_assignees(conn, &assignees(report))
}

/// Writes those of new reports in bulk.
pub(super) fn insert_many(conn: &mut Conn, new: &[Report]) -> QueryResult<()> {
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
    insert_all!(conn, report_assignees::table, 3, &rows)
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

/// Writes anew what changes with the handling.
pub(super) fn refresh(conn: &mut Conn, report: &Report) -> QueryResult<()> {
    move_rows!(report_facets, conn, report)?;
    move_rows!(report_parties, conn, report)?;
    Ok(())
}

/// Writes those of a report that was `before` anew, where they changed.
pub(super) fn update(conn: &mut Conn, before: &Report, after: &Report) -> QueryResult<()> {
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
    let assignees_after = assignees(after);
    if assignees(before) != assignees_after {
        diesel::delete(report_assignees::table.filter(report_assignees::report_id.eq(after.id)))
            .execute(conn)?;
        insert_assignees(conn, &assignees_after)?;
    }
    Ok(())
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
