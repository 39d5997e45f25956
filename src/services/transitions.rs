//! Making a transition, and what it does to the reports tied to this one.

use chrono::{DateTime, Utc};

use crate::domain::actor::{Actor, PrincipalKind, Role, Scope};
use crate::domain::deadline::local_date;
use crate::domain::deadline_profile::DeadlineProfile;
use crate::domain::event::{Details, EventKind, PersonRef};
use crate::domain::id::{OrganisationId, PrincipalId, ReportId};
use crate::domain::invalid::FieldError;
use crate::domain::policy::{self, View};
use crate::domain::release;
use crate::domain::report::{Advice, Assignee, Report};
use crate::domain::status::{Action, Capacity, Status};
use crate::domain::workflow::{self, Input, Places};
use crate::services::bulk::{self, Results};
use crate::services::idempotency::{self, Answer, Key};
use crate::services::recording::{self, Step};
use crate::services::reports::content::{self, CitationEntry};
use crate::services::reports::{Shown, change, show, submit};
use crate::services::{Context, Error, backing, deadline_profiles, routing};
use crate::store::db::Conn;
use crate::store::{self, endorsements, organisations, principals, reports};

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
    Ok(after)
}

/// Who does it, as whom, when, and by which terms clocks start.
struct Deed<'a> {
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

/// Who is to work on it: somebody of the actor's own organisation that may, itself unless said.
fn assignee(
    conn: &mut Conn,
    actor: &Actor,
    capacity: Capacity,
    wanted: Option<PrincipalId>,
    now: DateTime<Utc>,
) -> Result<Result<Assignee, FieldError>, Error> {
    let fault = |code| Ok(Err(FieldError::new("/assignee", code)));
    let desk = matches!(capacity, Capacity::Desk | Capacity::Coordinator);
    let (id, name) = match wanted {
        // A machine does not work on a report; somebody has to be named.
        None if actor.kind == PrincipalKind::Client => return fault("required"),
        None => (actor.id, actor.name.clone()),
        Some(id) => {
            let found = principals::find(conn, id)?.filter(|person| {
                person.organisation == actor.home.id
                    && person.kind == PrincipalKind::Person
                    && person.ended_at.is_none()
            });
            let Some(person) = found else {
                return fault("unknown_person");
            };
            let may = |role| person.roles.contains(&role);
            let able = if desk {
                may(Role::Desk) || may(Role::Coordinator)
            } else {
                may(Role::Liaison)
            };
            if !able {
                return fault("person_without_role");
            }
            (person.id, person.name)
        }
    };
    Ok(Ok(Assignee {
        id,
        name,
        organisation: actor.home.id,
        desk,
        since: now,
    }))
}

/// Finds what the values name; every one that is not there is told.
fn look_up(
    conn: &mut Conn,
    actor: &Actor,
    capacity: Capacity,
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
    input.organisation = Some(actor.home.id);
    match request.action {
        Action::Assign => match assignee(conn, actor, capacity, request.assignee, now)? {
            Ok(found) => input.assignee = Some(found),
            Err(fault) => errors.push(fault),
        },
        Action::Unassign if report.assignee_at(actor.home.id).is_none() => {
            return Err(Error::Conflict("not_assigned"));
        }
        // A field that is not for this action is told by the workflow.
        _ if request.assignee.is_some() => input.assignee_given = true,
        _ => {}
    }
    input.advice = request.advice.map(|text| Advice {
        organisation: actor.home.id,
        name: actor.name.clone(),
        text,
        outcome: input.outcome,
        given_at: now,
    });
    if let Some(code) = &input.deadline_profile
        && store::deadline_profiles::current(conn, code)?.is_none()
    {
        errors.push(FieldError::new("/deadlineProfile", "unknown_profile"));
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

/// What a transition does to the reports tied to this one: those merged into it, and the one it is merged into.
fn tie(
    conn: &mut Conn,
    at: &Deed<'_>,
    before: &Report,
    after: &mut Report,
    input: &Input,
    steps: &mut Vec<Step>,
) -> Result<(), Error> {
    let now = at.now;
    match steps[0].event.kind {
        EventKind::Merge => merge(conn, at, before, after, input, steps),
        EventKind::Unmerge => unmerge(conn, at, before, steps),
        EventKind::Settle | EventKind::CloseWithoutRouting => {
            let merged = reports::merged_into(conn, before.id)?;
            for joined in &merged {
                let settled = workflow::settle_through(joined, after, at.profile, now);
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
            Ok(())
        }
        EventKind::GrantReopening => {
            // What was settled with it is taken up with it.
            let joined = reports::joined_to(conn, before.id)?;
            for settled in joined.iter().filter(|one| one.status == Status::Settled) {
                let merged = workflow::reopen_through(settled, at.profile, now);
                change::update(conn, settled, &merged)?;
                let said = Details {
                    other_report: before.reference.clone(),
                    ..Details::default()
                };
                steps.push(
                    Step::by_service(settled, &merged, EventKind::ReopenedThrough, now).with(said),
                );
            }
            Ok(())
        }
        EventKind::ProvideInformation | EventKind::ContinueWithoutAnswer
            if after.status == Status::Submitted && after.lead.is_none() =>
        {
            // What the reporter added may be what the rules needed.
            let routing = routing::evaluate(conn, &after.content, local_date(now))?;
            steps.extend(routing::follow_rules(after, routing, at.profile, now));
            Ok(())
        }
        EventKind::Withdraw => hand_over(conn, before, steps, now),
        // Who joined it agreed to no more than it had.
        EventKind::ChangeConfidentiality if after.confidentiality < before.confidentiality => {
            let merged = reports::merged_into(conn, before.id)?;
            if merged
                .iter()
                .any(|joined| joined.confidentiality > after.confidentiality)
            {
                return Err(Error::Conflict("merged_reports_narrower"));
            }
            Ok(())
        }
        EventKind::Correct if after.lead.is_none() => {
            // The desk has it in hand; what the rules now say stands beside it.
            let routing = routing::evaluate(conn, &after.content, local_date(now))?;
            after.handling.routing = Some(routing.as_suggestion());
            Ok(())
        }
        _ => Ok(()),
    }
}

fn merge(
    conn: &mut Conn,
    at: &Deed<'_>,
    before: &Report,
    after: &mut Report,
    input: &Input,
    steps: &mut Vec<Step>,
) -> Result<(), Error> {
    let &Deed {
        actor,
        capacity,
        profile,
        now,
    } = at;
    let unknown = || Error::field("/mergeInto", "unknown_report");
    let target = reports::find(conn, input.merge_into.ok_or_else(unknown)?)?.ok_or_else(unknown)?;
    policy::view(actor, &target).ok_or_else(unknown)?;
    let has_merged = !reports::merged_into(conn, before.id)?.is_empty();
    let mut joined = workflow::merge_into(before, &target, has_merged, capacity, profile, now)?;
    let mut merged = reports::joined_to(conn, target.id)?;
    merged.push(before.clone());
    backing::count(conn, &mut joined, &merged)?;
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
    at: &Deed<'_>,
    before: &Report,
    steps: &mut Vec<Step>,
) -> Result<(), Error> {
    let &Deed {
        actor,
        capacity,
        profile,
        now,
    } = at;
    let Some(target) = before
        .merged_into
        .map(|id| reports::find(conn, id))
        .transpose()?
        .flatten()
    else {
        return Ok(());
    };
    let others: Vec<Report> = reports::joined_to(conn, target.id)?
        .into_iter()
        .filter(|other| other.id != before.id)
        .collect();
    let mut left = workflow::unmerge_from(before, &target, &others, capacity, profile, now);
    backing::count(conn, &mut left, &others)?;
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
    let mut leading = workflow::take_over(&heir, withdrawn, &merged, now);
    hand_over_endorsements(conn, withdrawn, &heir)?;
    backing::count(conn, &mut leading, &merged)?;
    change::update(conn, &heir, &leading)?;
    // Nobody is told that it is over: it goes on, and that is what they hear.
    steps[0].quiet = true;
    let said = Details {
        other_report: withdrawn.reference.clone(),
        lead: leading.lead,
        clocks: Some(leading.handling.ledger.clone()),
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
        let mut step = Step::by_service(other, &moved, EventKind::Merge, now).with(said);
        // Its reporter follows the heir, and hears from there.
        step.quiet = true;
        steps.push(step);
    }
    Ok(())
}

/// Whoever endorsed a report that is withdrawn stands behind the one the case goes on under; its reporter does so already.
fn hand_over_endorsements(conn: &mut Conn, withdrawn: &Report, heir: &Report) -> Result<(), Error> {
    if withdrawn.handling.sharing.endorsers.is_empty() {
        return Ok(());
    }
    let there = endorsements::standing(conn, &[heir.id])?;
    let moving: Vec<_> = endorsements::standing(conn, &[withdrawn.id])?
        .into_iter()
        .filter(|one| {
            one.organisation != heir.submitter
                && there
                    .iter()
                    .all(|known| known.organisation != one.organisation)
        })
        .map(|one| one.id)
        .collect();
    Ok(endorsements::move_to(conn, &moving, heir.id)?)
}
