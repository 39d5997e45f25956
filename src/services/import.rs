//! Taking in the history that a municipality or the desk already has. Nobody is mailed; what was closed comes in closed, with
//! its dates, and what is open is submitted as today.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};

use crate::domain::actor::PrincipalKind;
use crate::domain::citation::CitationInput;
use crate::domain::deadline::local_date;
use crate::domain::event::{Details, Event, EventKind};
use crate::domain::id::{OrganisationId, PrincipalId, ReportId};
use crate::domain::invalid::FieldError;
use crate::domain::report::{
    Confidentiality, Contact, Content, Handling, Outcome, Report, Sender, Settlement,
};
use crate::domain::status::{Capacity, Status};
use crate::domain::workflow;
use crate::services::recording::Step;
use crate::services::reports::content::{self, Changes, CitationEntry};
use crate::services::{Context, Error, deadline_profiles, routing};
use crate::store::db::Conn;
use crate::store::{events, reports};

/// A report as it is in the history.
#[derive(Debug, Clone)]
pub struct Record {
    pub submitter: OrganisationId,
    pub external_reference: String,
    pub submitted_on: NaiveDate,
    pub title: String,
    pub description: String,
    pub effect: String,
    pub citations: Vec<String>,
    pub domains: Vec<String>,
    pub municipalities: Vec<String>,
    pub provinces: Vec<String>,
    pub confidentiality: Confidentiality,
    pub contact: Option<Contact>,
    /// How it ended; none for one that is open.
    pub ending: Option<Ending>,
}

/// How a report ended.
#[derive(Debug, Clone)]
pub struct Ending {
    pub outcome: Outcome,
    pub explanation: String,
    pub settled_on: NaiveDate,
    pub lead: Option<OrganisationId>,
}

/// What was done with a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    pub imported: usize,
    /// There already, by organisation and external reference.
    pub skipped: usize,
}

/// What is wrong with a record, beyond its form.
///
/// # Errors
/// When the database fails.
pub fn check(context: &Context, record: &Record) -> Result<Vec<FieldError>, Error> {
    let today = local_date(context.clock.now());
    let mut faults = Vec::new();
    let mut day = |pointer: &str, day: NaiveDate| {
        if day > today {
            faults.push(FieldError::new(pointer, "date_in_future"));
        }
    };
    day("/submittedOn", record.submitted_on);
    if let Some(ending) = &record.ending {
        day("/settledOn", ending.settled_on);
        if ending.settled_on < record.submitted_on {
            faults.push(FieldError::new("/settledOn", "settled_before_submitted"));
        }
    }
    let found = context
        .db
        .read_blocking(|conn| match content(conn, record) {
            Ok(content) if content.municipalities.is_empty() && content.provinces.is_empty() => {
                Ok(vec![FieldError::new("/municipalities", "place_required")])
            }
            Ok(_) => Ok(Vec::new()),
            Err(Error::Invalid(found)) => Ok(found),
            Err(other) => Err(other),
        })?;
    faults.extend(found);
    Ok(faults)
}

/// Takes in records that were found to be right, in one transaction; those that are there already are left as they are.
///
/// # Errors
/// When the database fails: nothing of the batch is kept then.
pub fn take_in(context: &Context, batch: Vec<Record>) -> Result<Done, Error> {
    let ctx = context.clone();
    context.db.write_blocking(move |conn| {
        let now = ctx.clock.now();
        let mut done = Done::default();
        for record in batch {
            let known =
                reports::by_external_reference(conn, record.submitter, &record.external_reference)?;
            if known.is_some() {
                done.skipped += 1;
                continue;
            }
            one(conn, &ctx, &record, now)?;
            done.imported += 1;
        }
        Ok(done)
    })
}

fn one(
    conn: &mut Conn,
    context: &Context,
    record: &Record,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let content = content(conn, record)?;
    let submitted_at = noon(record.submitted_on);
    let settled_at = record.ending.as_ref().map(|ending| noon(ending.settled_on));
    let year = record.submitted_on.year();
    let mut report = Report {
        id: ReportId::new(),
        reference: Some(reports::next_reference(conn, year)?),
        external_reference: Some(record.external_reference.clone()),
        submitter: record.submitter,
        sender: Sender {
            id: PrincipalId::new(),
            kind: PrincipalKind::Client,
            name: "meldpunt import".into(),
        },
        on_behalf: true,
        content,
        confidentiality: record.confidentiality,
        status: if record.ending.is_some() {
            Status::Settled
        } else {
            Status::Submitted
        },
        resume_status: None,
        lead: record.ending.as_ref().and_then(|ending| ending.lead),
        contested: false,
        merged_into: None,
        handling: Handling::default(),
        created_at: submitted_at,
        submitted_at: Some(submitted_at),
        settled_at,
        updated_at: now,
        version: 1,
    };
    let mut details = Details::default();
    let mut steps = Vec::new();
    if let (Some(ending), Some(settled_at)) = (&record.ending, settled_at) {
        report.handling.taken_up = true;
        report.handling.settlement = Some(Settlement {
            outcome: ending.outcome,
            explanation: ending.explanation.clone(),
            deviation_reason: None,
            publication: None,
            room: None,
            decision_reference: None,
            settled_at,
            through: None,
        });
        details.outcome = Some(ending.outcome);
        details.public_explanation = Some(ending.explanation.clone());
        details.lead = ending.lead;
    }
    // The terms of one that is open begin with its coming in here: what came before nobody here could have kept.
    let at = if report.status == Status::Submitted {
        now
    } else {
        submitted_at
    };
    let profile = deadline_profiles::of_report(conn, &report)?;
    workflow::keep_time(
        &mut report,
        EventKind::Imported,
        Capacity::Service,
        &profile,
        at,
    );
    let mut imported = Step::by_service(&report, &report, EventKind::Imported, at).with(details);
    imported.event.from = None;
    steps.push(imported);
    if report.status == Status::Submitted {
        let routing = routing::evaluate(
            conn,
            context,
            &report.content,
            report.submitter,
            local_date(now),
        )?;
        steps.extend(routing::follow_rules(&mut report, routing, &profile, now));
        report.version = 1;
    }
    reports::insert(conn, &report)?;
    let written: Vec<Event> = steps.iter().map(Step::written).collect();
    Ok(events::insert(conn, &written)?)
}

/// What it says, checked against the facts of the day it was submitted.
fn content(conn: &mut Conn, record: &Record) -> Result<Content, Error> {
    let changes = Changes {
        title: Some(record.title.clone()),
        description: Some(record.description.clone()),
        effect: Some(record.effect.clone()),
        citations: Some(record.citations.iter().map(|text| cited(text)).collect()),
        domains: Some(record.domains.clone()),
        municipalities: Some(record.municipalities.clone()),
        provinces: Some(record.provinces.clone()),
        contact: Some(record.contact.clone()),
        ..Changes::default()
    };
    content::apply(conn, &Content::default(), &changes, record.submitted_on)
}

/// `BWBR0003420` or `BWBR0003420 153`: the rule, and an article after a space.
fn cited(text: &str) -> CitationEntry {
    let (citation, article) = match text.trim().rsplit_once(' ') {
        Some((rule, article)) if rule.starts_with("BWB") || rule.starts_with("CVDR") => {
            (rule.trim().to_owned(), Some(article.to_owned()))
        }
        _ => (text.trim().to_owned(), None),
    };
    CitationEntry {
        citation: CitationInput {
            citation,
            article,
            ..CitationInput::default()
        },
        primary: None,
    }
}

fn noon(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() + chrono::TimeDelta::hours(12)
}
