//! Splitting: one report that holds several obstacles becomes several. The original stays with what is left; each part
//! becomes a report of the same reporter.

use chrono::{DateTime, Datelike, Utc};

use crate::domain::actor::{Actor, Scope};
use crate::domain::deadline::local_date;
use crate::domain::deadline_profile::DeadlineProfile;
use crate::domain::event::{Details, EventKind};
use crate::domain::id::{OrganisationId, ReportId};
use crate::domain::invalid::FieldError;
use crate::domain::policy;
use crate::domain::report::{Handling, Report, ReportRef};
use crate::domain::routing::Routing;
use crate::domain::status::{Action, Capacity, Status, TRANSITIONS};
use crate::domain::workflow::{self, Input, Refusal};
use crate::services::idempotency::{self, Answer, Key};
use crate::services::recording::{self, Step};
use crate::services::reports::content::{self, Changes};
use crate::services::reports::{Shown, change, show};
use crate::services::{Context, Error, deadline_profiles, routing};
use crate::store::db::Conn;
use crate::store::{organisations, reports};

/// One obstacle of several.
#[derive(Debug, Clone)]
pub struct NewPart {
    /// Title, description, effect, citations and domains; the rest is the original's.
    pub changes: Changes,
    /// The authority the desk gives it to; the rules decide otherwise.
    pub lead: Option<OrganisationId>,
}

/// A report, and the parts that were taken out of it.
#[derive(Debug)]
pub struct Split {
    pub original: Shown,
    pub parts: Vec<Shown>,
}

/// Takes parts out of a report: all of it in one transaction. The reporter is told once, with all numbers.
///
/// # Errors
/// `NotFound`, `Stale`, `Forbidden` for who neither is the desk nor leads, `Conflict` when the report is not open, `Invalid`
/// for faulty parts.
pub async fn split<F>(
    context: &Context,
    actor: Actor,
    id: ReportId,
    version: i32,
    parts: Vec<NewPart>,
    key: Option<Key>,
    render: F,
) -> Result<Answer, Error>
where
    F: Fn(&Split) -> Answer + Send + 'static,
{
    let ctx = context.clone();
    context
        .db
        .write(move |conn| {
            let now = ctx.clock.now();
            idempotency::once(conn, actor.id, key.as_ref(), now, |conn| {
                let (original, made) = take_out(conn, &ctx, &actor, id, version, &parts, now)?;
                let parts: Result<Vec<Shown>, Error> = made
                    .into_iter()
                    // A lead sees what it took out where it leads that as well.
                    .filter(|part| policy::view(&actor, part).is_some())
                    .map(|part| show(conn, &ctx, &actor, part))
                    .collect();
                let split = Split {
                    parts: parts?,
                    original: show(conn, &ctx, &actor, original)?,
                };
                Ok(render(&split))
            })
        })
        .await
}

fn take_out(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    id: ReportId,
    version: i32,
    parts: &[NewPart],
    now: DateTime<Utc>,
) -> Result<(Report, Vec<Report>), Error> {
    let before = reports::find(conn, id)?.ok_or(Error::NotFound)?;
    policy::view(actor, &before).ok_or(Error::NotFound)?;
    let capacity = policy::splits_as(actor, &before).ok_or(Error::Forbidden("not_allowed"))?;
    if !actor.may(Scope::Triage) {
        return Err(Error::Forbidden("insufficient_scope"));
    }
    if before.version != version {
        return Err(Error::Stale);
    }
    if !before.status.is_open() || before.status == Status::InformationRequested {
        return Err(Error::Conflict("not_splittable"));
    }
    let profile = deadline_profiles::of_report(conn, &before)?;
    let mut faults = Vec::new();
    let mut contents = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let place = |fault: FieldError| FieldError {
            pointer: format!("/parts/{at}{}", fault.pointer),
            ..fault
        };
        match content::apply(conn, &before.content, &part.changes, local_date(now)) {
            Ok(content) => contents.push(content),
            Err(Error::Invalid(found)) => faults.extend(found.into_iter().map(place)),
            Err(other) => return Err(other),
        }
        if let Some(lead) = part.lead {
            faults.extend(authority(conn, capacity, lead, now)?.map(place));
        }
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let mut steps = Vec::new();
    let mut made = Vec::new();
    for (content, part) in contents.into_iter().zip(parts) {
        let draft = Report {
            id: ReportId::new(),
            reference: None,
            external_reference: None,
            content,
            status: Status::Draft,
            resume_status: None,
            lead: None,
            contested: false,
            merged_into: None,
            handling: Handling {
                part_of: Some(ReportRef::from(&before)),
                deadline_profile: before.handling.deadline_profile.clone(),
                ..Handling::default()
            },
            created_at: now,
            submitted_at: None,
            settled_at: None,
            updated_at: now,
            version: 0,
            ..before.clone()
        };
        let today = local_date(now);
        let way = Way {
            lead: part.lead,
            routing: routing::evaluate(conn, context, &draft.content, draft.submitter, today)?,
        };
        let (report, found) = begin(conn, actor, capacity, draft, way, &profile, now)?;
        steps.extend(found);
        reports::insert(conn, &report)?;
        made.push(report);
    }
    let mut after = before.clone();
    after
        .handling
        .parts
        .extend(made.iter().map(ReportRef::from));
    after.handling.taken_up = true;
    after.updated_at = now;
    after.version += 1;
    workflow::keep_time(&mut after, EventKind::Split, capacity, &profile, now);
    let said = Details {
        other_reports: made
            .iter()
            .filter_map(|part| part.reference.clone())
            .collect(),
        ..Details::default()
    };
    steps.insert(
        0,
        Step::by(actor, capacity, &before, &after, EventKind::Split, now).with(said),
    );
    change::update(conn, &before, &after)?;
    recording::record(conn, context, &steps)?;
    Ok((after, made))
}

/// Where a part goes: to the authority that the desk gives it to, or where the rules say.
struct Way {
    lead: Option<OrganisationId>,
    routing: Routing,
}

/// Submits a part, with its own number, and has it go its way.
fn begin(
    conn: &mut Conn,
    actor: &Actor,
    capacity: Capacity,
    draft: Report,
    way: Way,
    profile: &DeadlineProfile,
    now: DateTime<Utc>,
) -> Result<(Report, Vec<Step>), Error> {
    let row = |action: Action| {
        let found = TRANSITIONS.iter().find(|row| row.action == action);
        found.ok_or(Refusal::Illegal)
    };
    let mut report = workflow::apply(
        &draft,
        row(Action::Submit)?,
        capacity,
        &Input::default(),
        profile,
        now,
    )?;
    report.reference = Some(reports::next_reference(conn, local_date(now).year())?);
    let mut split_from = Step::by(actor, capacity, &draft, &report, EventKind::SplitFrom, now);
    split_from.before = None;
    split_from.event.from = None;
    split_from.event.details.other_report = draft
        .handling
        .part_of
        .as_ref()
        .and_then(|part_of| part_of.reference.clone());
    let origin = split_from.event.details.other_report.as_deref();
    let because = format!("Afgesplitst van {}.", origin.unwrap_or_default());
    let routed = match way.lead {
        Some(lead) => {
            report.handling.routing = Some(way.routing.as_suggestion());
            let input = Input {
                lead: Some(lead),
                explanation: Some(because.clone()),
                ..Input::default()
            };
            let before = report.clone();
            report = workflow::apply(&before, row(Action::Route)?, capacity, &input, profile, now)?;
            report.version = before.version;
            let step = Step::by(actor, capacity, &before, &report, EventKind::Route, now);
            Some(step.with(Details {
                lead: report.lead,
                explanation: Some(because),
                ..Details::default()
            }))
        }
        None => routing::follow_rules(&mut report, way.routing, profile, now),
    };
    // The authority hears of it by the event that made it; the reporter by that of the original, once for all parts.
    split_from.after = report.clone();
    let routed = routed.map(|mut step| {
        step.quiet = true;
        step.event.version = report.version;
        step
    });
    Ok((report, std::iter::once(split_from).chain(routed).collect()))
}

/// What is wrong with an authority that a part is to go to.
fn authority(
    conn: &mut Conn,
    capacity: Capacity,
    lead: OrganisationId,
    now: DateTime<Utc>,
) -> Result<Option<FieldError>, Error> {
    let code = match organisations::find(conn, lead)? {
        _ if capacity == Capacity::Lead => "only_desk_routes",
        None => "unknown_organisation",
        Some(organisation) if !organisation.owns_rules => "no_authority",
        Some(organisation) if !organisation.exists_on(local_date(now)) => "ended_organisation",
        Some(_) => return Ok(None),
    };
    Ok(Some(FieldError::new("/lead", code)))
}
