//! Handing in a report: a draft, or submitted and routed at once.

use crate::domain::actor::{Actor, Role};
use crate::domain::deadline::local_date;
use crate::domain::deadline_profile::DeadlineProfile;
use crate::domain::id::{OrganisationId, ReportId};
use crate::domain::policy;
use crate::domain::report::{Confidentiality, Content, Handling, Report, Sender};
use crate::domain::routing::Routing;
use crate::domain::status::{Action, Status};
use crate::domain::workflow;
use crate::services::idempotency::{self, Answer, Key};
use crate::services::recording::{self, Step};
use crate::services::reports::content::{self, Changes};
use crate::services::reports::{Shown, show};
use crate::services::{Context, Error, deadline_profiles, routing};
use crate::store::db::{Conn, is_unique_violation};
use crate::store::{organisations, reports};

/// A report as it is sent in.
#[derive(Debug, Clone)]
pub struct NewReport {
    pub changes: Changes,
    pub draft: bool,
    /// The organisation the desk enters it for.
    pub on_behalf_of: Option<OrganisationId>,
}

/// What comes of looking before the transaction.
pub(super) enum Prepared {
    Answered(Answer),
    Report(Box<(Report, Option<Course>)>),
}

/// How a report that is sent in goes on.
pub(super) struct Course {
    routing: Routing,
    profile: DeadlineProfile,
}

/// Takes a report in. What takes looking up happens before the transaction; the transaction writes all: report, number,
/// events, notices, saved answer.
///
/// # Errors
/// Every fault of the body; `Conflict` when the sender's case number is taken.
pub async fn submit<F>(
    context: &Context,
    actor: Actor,
    new: NewReport,
    key: Option<Key>,
    render: F,
) -> Result<Answer, Error>
where
    F: FnOnce(&Shown) -> Answer + Send + 'static,
{
    let ctx = context.clone();
    let reader = actor.clone();
    let asked = key.clone();
    let prepared = context
        .db
        .read(move |conn| look_up(conn, &ctx, &reader, &new, asked.as_ref()))
        .await?;
    let (report, course) = match prepared {
        Prepared::Answered(answer) => return Ok(answer),
        Prepared::Report(prepared) => *prepared,
    };
    let ctx = context.clone();
    context
        .db
        .write(move |conn| {
            let now = ctx.clock.now();
            idempotency::once(conn, actor.id, key.as_ref(), now, |conn| {
                let report = take_in(conn, &ctx, &actor, report, course)?;
                Ok(render(&show(conn, &ctx, &actor, report)?))
            })
        })
        .await
}

/// Takes a report in, all of it in the caller's transaction.
///
/// # Errors
/// As `submit`.
pub fn at_once(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    new: &NewReport,
) -> Result<Report, Error> {
    let (report, course) = prepare(conn, context, actor, new)?;
    take_in(conn, context, actor, report, course)
}

/// Looks up all that a report names; nothing is written yet.
pub(super) fn look_up(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    new: &NewReport,
    key: Option<&Key>,
) -> Result<Prepared, Error> {
    // What was answered is answered so again, though the facts it was checked against have changed.
    if let Some(key) = key
        && let Some(answer) = idempotency::saved(conn, actor.id, key, context.clock.now())?
    {
        return Ok(Prepared::Answered(answer));
    }
    let prepared = prepare(conn, context, actor, new)?;
    Ok(Prepared::Report(Box::new(prepared)))
}

/// The report as a draft, and how it is to be routed when it is not to stay one.
fn prepare(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    new: &NewReport,
) -> Result<(Report, Option<Course>), Error> {
    let now = context.clock.now();
    let today = local_date(now);
    let submitter = new.on_behalf_of.unwrap_or(actor.home.id);
    if !policy::may_submit_for(actor, submitter) {
        return Err(Error::Forbidden("not_allowed"));
    }
    if new.on_behalf_of.is_some() {
        match organisations::find(conn, submitter)? {
            None => return Err(Error::field("/onBehalfOf", "unknown_organisation")),
            Some(ended) if !ended.exists_on(today) => {
                return Err(Error::field("/onBehalfOf", "ended_organisation"));
            }
            Some(_) => {}
        }
    }
    let as_reporter = actor.has(Role::Reporter) && actor.home.id == submitter;
    let content = content::apply(conn, &Content::default(), &new.changes, today);
    let mut report = Report {
        id: ReportId::new(),
        reference: None,
        external_reference: new.changes.external_reference.clone().flatten(),
        submitter,
        sender: Sender {
            id: actor.id,
            kind: actor.kind,
            name: actor.name.clone(),
        },
        on_behalf: !as_reporter,
        content: Content::default(),
        confidentiality: new
            .changes
            .confidentiality
            .unwrap_or(Confidentiality::PublicAfterReview),
        status: Status::Draft,
        resume_status: None,
        lead: None,
        contested: false,
        merged_into: None,
        handling: Handling::default(),
        created_at: now,
        submitted_at: None,
        settled_at: None,
        updated_at: now,
        version: 1,
    };
    // What is missing and what is unknown are told together.
    let faults = match content {
        Ok(content) => {
            report.content = content;
            Vec::new()
        }
        Err(Error::Invalid(faults)) => {
            report.content = as_sent(&new.changes);
            faults
        }
        Err(other) => return Err(other),
    };
    let missing = if new.draft {
        Vec::new()
    } else {
        workflow::missing_for_submission(&report)
    };
    if !(faults.is_empty() && missing.is_empty()) {
        return Err(Error::Invalid(faults.into_iter().chain(missing).collect()));
    }
    let course = if new.draft {
        None
    } else {
        Some(Course {
            routing: routing::evaluate(conn, context, &report.content, report.submitter, today)?,
            profile: deadline_profiles::of_report(conn, &report)?,
        })
    };
    Ok((report, course))
}

/// The content unchecked, to tell what is missing beside what is wrong.
fn as_sent(changes: &Changes) -> Content {
    Content {
        title: changes.title.clone().unwrap_or_default(),
        description: changes.description.clone().unwrap_or_default(),
        effect: changes.effect.clone().unwrap_or_default(),
        municipalities: changes.municipalities.clone().unwrap_or_default(),
        provinces: changes.provinces.clone().unwrap_or_default(),
        contact: changes.contact.clone().flatten(),
        ..Content::default()
    }
}

/// Writes a new report, and submits it when it was routed.
pub(super) fn take_in(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    draft: Report,
    course: Option<Course>,
) -> Result<Report, Error> {
    let now = context.clock.now();
    let Some(Course { routing, profile }) = course else {
        insert(conn, &draft)?;
        let step = Step::created(&draft, actor, now);
        recording::record(conn, context, &[step])?;
        return Ok(draft);
    };
    let (mut report, mut steps) = submitted(conn, actor, &draft, routing, &profile, now)?;
    // A report that is sent in at once is new, not the second version of a draft nobody saw.
    report.version = 1;
    for step in &mut steps {
        step.event.version = 1;
        step.after.version = 1;
    }
    insert(conn, &report)?;
    recording::record(conn, context, &steps)?;
    Ok(report)
}

/// Submits a draft: gives it its number and routes it. The steps are to be recorded once it is written.
pub fn submitted(
    conn: &mut Conn,
    actor: &Actor,
    draft: &Report,
    routing: Routing,
    profile: &DeadlineProfile,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(Report, Vec<Step>), Error> {
    use chrono::Datelike;
    let (row, capacity) = workflow::find(actor, draft, Action::Submit)?;
    let input = workflow::Input::default();
    let mut report = workflow::apply(draft, row, capacity, &input, profile, now)?;
    report.reference = Some(reports::next_reference(conn, local_date(now).year())?);
    let mut steps = vec![Step::by(
        actor,
        capacity,
        draft,
        &report,
        row.action.into(),
        now,
    )];
    steps.extend(routing::follow_rules(&mut report, routing, profile, now));
    // The acknowledgement says by whom it is handled, and the desk is not called for what is routed already.
    steps[0].after = report.clone();
    Ok((report, steps))
}

fn insert(conn: &mut Conn, report: &Report) -> Result<(), Error> {
    reports::insert(conn, report).map_err(|error| {
        if is_unique_violation(&error) && report.external_reference.is_some() {
            return Error::Conflict("external_reference_taken");
        }
        error.into()
    })
}
