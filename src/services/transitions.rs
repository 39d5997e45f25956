//! Making a transition, and what it does to the reports tied to this one.

use chrono::{DateTime, Utc};

use crate::domain::actor::{Actor, Scope};
use crate::domain::deadline::local_date;
use crate::domain::event::{Details, EventKind};
use crate::domain::id::{OrganisationId, ReportId};
use crate::domain::invalid::FieldError;
use crate::domain::policy::{self, View};
use crate::domain::release;
use crate::domain::report::Report;
use crate::domain::status::{Action, Capacity, Status};
use crate::domain::workflow::{self, Input, Places};
use crate::services::idempotency::{self, Answer, Key};
use crate::services::recording::{self, Step};
use crate::services::reports::content::{self, CitationEntry};
use crate::services::reports::{Shown, change, show, submit};
use crate::services::{Context, Error, routing};
use crate::store::db::Conn;
use crate::store::{organisations, reports};

/// What was asked: the values of `domain::workflow::Input`, those that need looking up as they were sent.
#[derive(Debug, Clone)]
pub struct Request {
    pub action: Action,
    pub input: Input,
    pub citations: Option<Vec<CitationEntry>>,
    pub municipalities: Option<Vec<String>>,
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
    context
        .db
        .write(move |conn| {
            let now = ctx.clock.now();
            let answer = idempotency::once(conn, actor.id, key.as_ref(), now, |conn| {
                let report = transition(conn, &ctx, &actor, id, version, request, now)?;
                Ok(render(&show(conn, &ctx, &actor, report)?))
            })?;
            if !answer.replayed {
                return Ok(answer);
            }
            // Who has lost sight of the report since does not see it by asking again.
            let report = reports::find(conn, id)?.ok_or(Error::NotFound)?;
            let shown = show(conn, &ctx, &actor, report)?;
            match shown.view {
                View::Full { contact: true } => Ok(answer),
                _ => Ok(Answer {
                    replayed: true,
                    ..render(&shown)
                }),
            }
        })
        .await
}

fn transition(
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
                .map(|row| row.action)
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
        let routing = routing::evaluate(conn, &before.content, local_date(now))?;
        let (after, steps) = submit::submitted(conn, actor, &before, routing, now)?;
        change::update(conn, &before, &after)?;
        recording::record(conn, context, &steps)?;
        return Ok(after);
    }
    let input = look_up(conn, &before, request, now)?;
    let mut after = workflow::apply(&before, row, capacity, &input, now)?;
    let mut steps = vec![
        Step::by(actor, capacity, &before, &after, action.into(), now)
            .with(details(action, &before, &after, &input)),
    ];
    tie(
        conn, actor, capacity, &before, &mut after, &input, &mut steps, now,
    )?;
    steps[0].after = after.clone();
    change::update(conn, &before, &after)?;
    recording::record(conn, context, &steps)?;
    Ok(after)
}

/// Finds what the values name; every one that is not there is told.
fn look_up(
    conn: &mut Conn,
    report: &Report,
    request: Request,
    now: DateTime<Utc>,
) -> Result<Input, Error> {
    let today = local_date(now);
    let mut input = request.input;
    let mut errors = authorities(conn, &input, now)?;
    if let Some(entries) = &request.citations {
        match content::cite(conn, entries, today)? {
            Ok(citations) => input.citations = Some(citations),
            Err(faults) => errors.extend(faults),
        }
    }
    if let Some(domains) = &input.domains {
        errors.extend(content::unknown_domains(conn, domains)?);
    }
    if let Some(codes) = &request.municipalities {
        let named = &report.content.named_provinces;
        match content::locate(conn, codes, named, today)? {
            Ok(places) if places == Places::default() => {
                errors.push(FieldError::new("/municipalities", "place_required"));
            }
            Ok(places) => input.places = Some(places),
            Err(faults) => errors.extend(faults),
        }
    }
    if let Some(measure) = &input.measure
        && measure.id.is_none()
        && measure.target_date < today
    {
        errors.push(FieldError::new("/measure/targetDate", "date_in_past"));
    }
    if errors.is_empty() {
        Ok(input)
    } else {
        Err(Error::Invalid(errors))
    }
}

/// Faults of organisations that cannot be an authority; one statement.
fn authorities(
    conn: &mut Conn,
    input: &Input,
    now: DateTime<Utc>,
) -> Result<Vec<FieldError>, Error> {
    let contributors = input.contributors.iter().flatten().enumerate();
    let named: Vec<(String, OrganisationId)> = input
        .lead
        .map(|lead| ("/lead".to_owned(), lead))
        .into_iter()
        .chain(
            input
                .suggested_authority
                .map(|suggested| ("/suggestedAuthority".to_owned(), suggested)),
        )
        .chain(contributors.map(|(at, contributor)| (format!("/contributors/{at}"), *contributor)))
        .collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<OrganisationId> = named.iter().map(|(_, id)| *id).collect();
    let found = organisations::by_ids(conn, &ids)?;
    let today = local_date(now);
    let fault = |(pointer, id): (String, OrganisationId)| {
        let code = match found.iter().find(|organisation| organisation.id == id) {
            None => "unknown_organisation",
            Some(organisation) if !organisation.owns_rules => "no_authority",
            Some(organisation) if !organisation.exists_on(today) => "ended_organisation",
            Some(_) => return None,
        };
        Some(FieldError::new(pointer, code))
    };
    Ok(named.into_iter().filter_map(fault).collect())
}

/// What the event says.
fn details(action: Action, before: &Report, after: &Report, input: &Input) -> Details {
    let moved = before.lead != after.lead;
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
        } else if input.citations.is_some() || input.domains.is_some() || input.places.is_some() {
            change::differences(before, after)
        } else {
            Vec::new()
        },
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

/// What a transition does to the reports tied to this one: those merged into it, and the one it is merged into.
#[expect(
    clippy::too_many_arguments,
    reason = "one step of `transition`, with all that it knows"
)]
fn tie(
    conn: &mut Conn,
    actor: &Actor,
    capacity: Capacity,
    before: &Report,
    after: &mut Report,
    input: &Input,
    steps: &mut Vec<Step>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    match steps[0].event.kind {
        EventKind::Merge => merge(conn, actor, capacity, before, after, input, steps, now),
        EventKind::Unmerge => unmerge(conn, actor, capacity, before, steps, now),
        EventKind::Settle | EventKind::CloseWithoutRouting => {
            let merged = reports::merged_into(conn, before.id)?;
            for joined in &merged {
                let settled = workflow::settle_through(joined, after, now);
                change::update(conn, joined, &settled)?;
                let said = Details {
                    outcome: input.outcome,
                    public_explanation: input.public_explanation.clone(),
                    other_report: before.reference.clone(),
                    ..Details::default()
                };
                steps.push(
                    Step::by_service(joined, &settled, EventKind::SettledThrough, now).with(said),
                );
            }
            steps[0].merged_in = merged;
            Ok(())
        }
        EventKind::Route
        | EventKind::Reroute
        | EventKind::Return
        | EventKind::TakePosition
        | EventKind::StartImplementation
        | EventKind::Reconsider => {
            steps[0].merged_in = reports::merged_into(conn, before.id)?;
            Ok(())
        }
        EventKind::ProvideInformation | EventKind::ContinueWithoutAnswer
            if after.status == Status::Submitted && after.lead.is_none() =>
        {
            // What the reporter added may be what the rules needed.
            let routing = routing::evaluate(conn, &after.content, local_date(now))?;
            steps.extend(routing::follow_rules(after, routing, now));
            Ok(())
        }
        EventKind::Withdraw => hand_over(conn, before, steps, now),
        EventKind::Correct if after.lead.is_none() => {
            // The desk has it in hand; what the rules now say stands beside it.
            let routing = routing::evaluate(conn, &after.content, local_date(now))?;
            after.handling.routing = Some(routing.as_suggestion());
            Ok(())
        }
        _ => Ok(()),
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "one step of `transition`, with all that it knows"
)]
fn merge(
    conn: &mut Conn,
    actor: &Actor,
    capacity: Capacity,
    before: &Report,
    after: &mut Report,
    input: &Input,
    steps: &mut Vec<Step>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let unknown = || Error::field("/mergeInto", "unknown_report");
    let target = reports::find(conn, input.merge_into.ok_or_else(unknown)?)?.ok_or_else(unknown)?;
    policy::view(actor, &target).ok_or_else(unknown)?;
    let has_merged = !reports::merged_into(conn, before.id)?.is_empty();
    let joined = workflow::merge_into(before, &target, has_merged, now)?;
    after
        .handling
        .merged_into_reference
        .clone_from(&target.reference);
    let contributes = |report: &Report| {
        before
            .lead
            .is_some_and(|lead| report.handling.contributors.contains(&lead))
    };
    if let Some(undo) = &mut after.handling.before_merge {
        undo.lead_joined = contributes(&joined) && !contributes(&target);
    }
    change::update(conn, &target, &joined)?;
    steps[0]
        .event
        .details
        .other_report
        .clone_from(&target.reference);
    let said = Details {
        other_report: before.reference.clone(),
        ..Details::default()
    };
    steps.push(Step::by(actor, capacity, &target, &joined, EventKind::MergedIn, now).with(said));
    Ok(())
}

fn unmerge(
    conn: &mut Conn,
    actor: &Actor,
    capacity: Capacity,
    before: &Report,
    steps: &mut Vec<Step>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(target) = before
        .merged_into
        .map(|id| reports::find(conn, id))
        .transpose()?
        .flatten()
    else {
        return Ok(());
    };
    let others: Vec<Report> = reports::merged_into(conn, target.id)?
        .into_iter()
        .filter(|other| other.id != before.id)
        .collect();
    let left = workflow::unmerge_from(before, &target, &others, now);
    change::update(conn, &target, &left)?;
    steps[0]
        .event
        .details
        .other_report
        .clone_from(&target.reference);
    let said = Details {
        other_report: before.reference.clone(),
        ..Details::default()
    };
    steps.push(
        Step::by(
            actor,
            capacity,
            &target,
            &left,
            EventKind::UnmergedFrom,
            now,
        )
        .with(said),
    );
    Ok(())
}

/// The case of a withdrawn report goes on under the earliest report merged into it.
fn hand_over(
    conn: &mut Conn,
    withdrawn: &Report,
    steps: &mut Vec<Step>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut merged = reports::merged_into(conn, withdrawn.id)?;
    if merged.is_empty() {
        return Ok(());
    }
    let heir = merged.remove(0);
    let leading = workflow::take_over(&heir, withdrawn, &merged, now);
    change::update(conn, &heir, &leading)?;
    // Nobody is told that it is over: it goes on, and that is what they hear.
    steps[0].quiet = true;
    let said = Details {
        other_report: withdrawn.reference.clone(),
        lead: leading.lead,
        ..Details::default()
    };
    steps.push(Step::by_service(&heir, &leading, EventKind::TookOver, now).with(said));
    for other in &merged {
        let mut moved = other.clone();
        moved.merged_into = Some(heir.id);
        moved
            .handling
            .merged_into_reference
            .clone_from(&heir.reference);
        moved.updated_at = now;
        moved.version += 1;
        change::update(conn, other, &moved)?;
        let said = Details {
            other_report: heir.reference.clone(),
            ..Details::default()
        };
        steps.push(Step::by_service(other, &moved, EventKind::Merge, now).with(said));
    }
    Ok(())
}
