//! A report as it lies in its row, and the columns that lists are read in the order of.

use chrono::{Months, NaiveDate};
use diesel::prelude::*;

use crate::domain::id::{OrganisationId, ReportId};
use crate::domain::report::{Confidentiality, Content, Handling, Report, Sender, Verdict};
use crate::domain::routing::Priority;
use crate::domain::status::{Phase, Status};
use crate::store::schema::reports;
use crate::store::types::{Coded, Instant, Json};

/// Sorts after every day: a report with nothing due.
pub const NOTHING_DUE: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();

#[derive(Queryable, Selectable, Insertable, AsChangeset, Debug)]
#[diesel(table_name = reports, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(in crate::store) struct Row {
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
    pub(in crate::store) fn id(&self) -> ReportId {
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
pub(super) fn urgency(report: &Report) -> NaiveDate {
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

/// When it was sent in; a draft, when it was begun.
pub(super) fn filed_at(report: &Report) -> Instant {
    Instant(report.submitted_at.unwrap_or(report.created_at))
}

/// The day its next deadline ends.
pub(super) fn due_key(report: &Report) -> NaiveDate {
    report.due_on().unwrap_or(NOTHING_DUE)
}
