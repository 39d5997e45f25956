//! Making a transition, and what it does to the reports tied to this one.

mod tied;
mod values;

use chrono::{DateTime, Utc};

use crate::domain::actor::{Actor, Scope};
use crate::domain::code::Code;
use crate::domain::deadline::local_date;
use crate::domain::deadline_profile::DeadlineProfile;
use crate::domain::event::{Details, PersonRef};
use crate::domain::id::{PrincipalId, ReportId};
use crate::domain::policy::{self, View};
use crate::domain::release;
use crate::domain::report::Report;
use crate::domain::status::{Action, Capacity};
use crate::domain::workflow::{self, Input};
use crate::services::bulk::{self, Results};
use crate::services::idempotency::{self, Answer, Key};
use crate::services::recording::{self, Step};
use crate::services::reports::content::CitationEntry;
use crate::services::reports::{Shown, change, show, submit};
use crate::services::transitions::tied::tie;
use crate::services::transitions::values::look_up;
use crate::services::{Context, Error, deadline_profiles, measures, routing};
use crate::store::db::Conn;
use crate::store::reports;

/// What was asked: the values of `domain::workflow::Input`, those that need looking up as they were sent.
#[derive(Debug, Clone)]
pub struct Request {
    pub action: Action,
    pub input: Input,
    pub citations: Option<Vec<CitationEntry>>,
    pub municipalities: Option<Vec<String>>,
    pub assignee: Option<PrincipalId>,
    pub advice: Option<String>,
}

/// What the actor may do with a report now.
///
/// # Errors
/// `NotFound` when the report is not there for this actor.
pub async fn available(context: &Context, actor: Actor, id: ReportId) -> Result<Shown, Error> {
    crate::services::reports::read::one(context, actor, id).await
}

/// Makes a transition: the report, what it does to others, events and notices in one transaction.
///
/// # Errors
/// `NotFound`, `Stale`, `Illegal` with what is legal, `Conflict` with the guard in the way, `Invalid` for faulty values.
pub async fn make<F>(
    context: &Context,
    actor: Actor,
    id: ReportId,
    version: i32,
    request: Request,
    key: Option<Key>,
    render: F,
) -> Result<Answer, Error>
where
    F: Fn(&Shown) -> Answer + Send + 'static,
{
    let ctx = context.clone();
    let wanted = Wanted {
        id,
        version,
        request,
        key,
    };
    context
        .db
        .write(move |conn| answered(conn, &ctx, &actor, wanted, &render))
        .await
}

/// A transition that somebody asks for.
#[derive(Debug)]
pub struct Wanted {
    pub id: ReportId,
    pub version: i32,
    pub request: Request,
    pub key: Option<Key>,
}

/// Makes many transitions: each by itself, or all or none. What is wrong with one stands in its place.
pub async fn make_many<F>(
    context: &Context,
    actor: Actor,
    wanted: Vec<Result<Wanted, Error>>,
    all_or_nothing: bool,
    render: F,
) -> Results<Answer>
where
    F: Fn(&Shown) -> Answer + Clone + Send + 'static,
{
    let ctx = context.clone();
    let act = move |conn: &mut Conn, wanted: Result<Wanted, Error>| {
        answered(conn, &ctx, &actor, wanted?, &render)
    };
    if all_or_nothing {
        bulk::all_or_nothing(context, wanted, act).await
    } else {
        bulk::each(context, wanted, act).await
    }
}

fn answered(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    wanted: Wanted,
    render: impl Fn(&Shown) -> Answer,
) -> Result<Answer, Error> {
    let Wanted {
        id,
        version,
        request,
        key,
    } = wanted;
    let now = context.clock.now();
    let answer = idempotency::once(conn, actor.id, key.as_ref(), now, |conn| {
        let report = transition(conn, context, actor, id, version, request, now)?;
        Ok(render(&show(conn, context, actor, report)?))
    })?;
    if !answer.replayed {
        return Ok(answer);
    }
    // Who has lost sight of the report since does not see it by asking again.
    let report = reports::find(conn, id)?.ok_or(Error::NotFound)?;
    let shown = show(conn, context, actor, report)?;
    match shown.view {
        View::Full { contact: true } => Ok(answer),
        _ => Ok(Answer {
            replayed: true,
            ..render(&shown)
        }),
    }
}

/// Makes a transition in the caller's transaction.
pub fn transition(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    id: ReportId,
    version: i32,
    request: Request,
    now: DateTime<Utc>,
) -> Result<Report, Error> {
    let before = reports::find(conn, id)?.ok_or(Error::NotFound)?;
    policy::view(actor, &before).ok_or(Error::NotFound)?;
    if before.version != version {
        return Err(Error::Stale);
    }
    let action = request.action;
    let legal = |refusal: workflow::Refusal| match refusal {
        workflow::Refusal::Illegal => Error::Illegal(
            workflow::available(actor, &before, now)
                .iter()
                .map(|row| row.action.as_str())
                .collect(),
        ),
        other => other.into(),
    };
    let (row, capacity) = workflow::find(actor, &before, action).map_err(legal)?;
    let needed = if action == Action::Submit {
        Scope::ReportsWrite
    } else {
        policy::scope_of(capacity)
    };
    if !actor.may(needed) {
        return Err(Error::Forbidden("insufficient_scope"));
    }
    if action == Action::Submit {
        let faults = workflow::check_fields(action, &request.input.given());
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let routing = routing::evaluate(
            conn,
            context,
            &before.content,
            before.submitter,
            local_date(now),
        )?;
        let profile = deadline_profiles::of_report(conn, &before)?;
        let (after, steps) = submit::submitted(conn, actor, &before, routing, &profile, now)?;
        change::update(conn, &before, &after)?;
        recording::record(conn, context, &steps)?;
        return Ok(after);
    }
    let input = look_up(conn, actor, capacity, &before, request, now)?;
    let profile = match &input.deadline_profile {
        Some(code) => deadline_profiles::get(conn, code, None)?,
        None => deadline_profiles::of_report(conn, &before)?,
    };
    let mut after = workflow::apply(&before, row, capacity, &input, &profile, now)?;
    let mut steps = vec![
        Step::by(actor, capacity, &before, &after, action.into(), now)
            .with(details(actor, action, &before, &after, &input)),
    ];
    if action == Action::ChangeDeadlineProfile {
        // Said also when no clock runs by another version.
        steps[0].event.details.deadline_profile = Some(profile.reference());
    }
    let at = Deed {
        context,
        actor,
        capacity,
        profile: &profile,
        now,
    };
    tie(conn, &at, &before, &mut after, &input, &mut steps)?;
    steps[0].after = after.clone();
    if input.request_reopening {
        let reason = input.remark.clone();
        let asked = reopen(&at, &after, reason).map_err(legal)?;
        after = asked.after.clone();
        steps.push(asked);
    }
    change::update(conn, &before, &after)?;
    recording::record(conn, context, &steps)?;
    if let Some(measure) = &steps[0].event.details.measure {
        let note = input.explanation.as_deref();
        measures::keep(conn, actor, &after, measure, note, now)?;
    }
    Ok(after)
}

/// Who does it, as whom, when, and by which terms clocks start.
struct Deed<'a> {
    context: &'a Context,
    actor: &'a Actor,
    capacity: Capacity,
    profile: &'a DeadlineProfile,
    now: DateTime<Utc>,
}

/// Feedback that asks for reopening: the next step, in the same transaction.
fn reopen(
    at: &Deed<'_>,
    settled: &Report,
    reason: Option<String>,
) -> Result<Step, workflow::Refusal> {
    let (row, capacity) = workflow::find(at.actor, settled, Action::RequestReopening)?;
    let input = Input {
        reason,
        ..Input::default()
    };
    let after = workflow::apply(settled, row, capacity, &input, at.profile, at.now)?;
    let kind = row.action.into();
    let said = details(at.actor, row.action, settled, &after, &input);
    Ok(Step::by(at.actor, capacity, settled, &after, kind, at.now).with(said))
}

/// What the event says.
fn details(
    actor: &Actor,
    action: Action,
    before: &Report,
    after: &Report,
    input: &Input,
) -> Details {
    let moved = before.lead != after.lead;
    let assignee = |report: &Report| report.assignee_at(actor.home.id).map(PersonRef::from);
    let (former_assignee, assignee) = (assignee(before), assignee(after));
    let reassigned = former_assignee != assignee;
    let before_it = &before.handling.ledger.clocks;
    let extended = after
        .running_clocks()
        .find(|clock| clock.extended && !before_it.contains(clock));
    Details {
        lead: after.lead.filter(|_| moved),
        former_lead: before.lead.filter(|_| moved),
        contributors: input.contributors.clone().unwrap_or_default(),
        suggested_authority: input.suggested_authority,
        explanation: input.explanation.clone(),
        public_explanation: input.public_explanation.clone(),
        outcome: input.outcome,
        reason: input.reason.clone(),
        question: input.question.clone(),
        answer: input.answer.clone(),
        measure: input
            .measure
            .as_ref()
            .and_then(|_| changed_measure(before, after)),
        publication: input
            .publication
            .as_ref()
            .map(|publication| publication.id.clone()),
        room: input.room.clone(),
        decision_reference: input.decision_reference.clone(),
        confidentiality: input.confidentiality,
        corrections: if matches!(action, Action::Publish | Action::Unpublish) {
            release::differences(before, after)
        } else if input.citations.is_some()
            || input.domains.is_some()
            || input.places.is_some()
            || input.confidentiality.is_some()
        {
            change::differences(before, after)
        } else {
            Vec::new()
        },
        assignee: assignee.filter(|_| reassigned),
        former_assignee: former_assignee.filter(|_| reassigned),
        advice: input.advice.as_ref().map(|advice| advice.text.clone()),
        consent: input.consent.clone(),
        verdict: input.verdict,
        remark: input.remark.clone(),
        clock: extended.map(|clock| clock.kind),
        due_on: extended.map(|clock| clock.due_on),
        ..Details::default()
    }
}

fn changed_measure(before: &Report, after: &Report) -> Option<crate::domain::report::Measure> {
    after
        .handling
        .measures
        .iter()
        .find(|measure| !before.handling.measures.contains(measure))
        .cloned()
}
