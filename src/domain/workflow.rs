//! What a transition does to a report: its guards, the new state and the clocks. The rows stand in `status`; here is the rest.

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::domain::actor::Actor;
use crate::domain::clocks;
use crate::domain::code::Code;
use crate::domain::deadline::local_date;
use crate::domain::id::{MeasureId, OrganisationId, ReportId};
use crate::domain::invalid::FieldError;
use crate::domain::policy;
use crate::domain::publication::{Publication, PublicationKind};
use crate::domain::report::*;
use crate::domain::status::{
    Action, Capacity, Field, Status, TRANSITIONS, Target, Transition, legal,
};

/// Terms of the workflow that are not clocks.
const REOPENING_WEEKS: u64 = 8;

/// The values of a transition, already parsed and known to exist.
#[derive(Debug, Clone, Default)]
pub struct Input {
    pub lead: Option<OrganisationId>,
    pub contributors: Option<Vec<OrganisationId>>,
    pub explanation: Option<String>,
    pub outcome: Option<Outcome>,
    pub public_explanation: Option<String>,
    pub reason: Option<String>,
    pub suggested_authority: Option<OrganisationId>,
    pub question: Option<String>,
    pub answer: Option<String>,
    pub measure: Option<MeasureInput>,
    pub merge_into: Option<ReportId>,
    pub publication: Option<Publication>,
    pub room: Option<String>,
    pub decision_reference: Option<String>,
    pub confidentiality: Option<Confidentiality>,
    pub citations: Option<Vec<Cited>>,
    pub domains: Option<Vec<String>>,
    /// The affected places with what is derived from them.
    pub places: Option<Places>,
}

/// A new measure, or with an `id` the change of one.
#[derive(Debug, Clone)]
pub struct MeasureInput {
    pub id: Option<MeasureId>,
    pub kind: MeasureKind,
    pub owner: String,
    pub target_date: NaiveDate,
    pub result: Option<String>,
}

/// Affected municipalities and what follows from them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    pub municipalities: Vec<String>,
    pub provinces: Vec<String>,
    pub regions: Vec<String>,
}

/// Why a transition is not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The action is not open to this actor in this status; the legal ones are told.
    Illegal,
    /// A guard stands in the way; the code says which.
    Guard(&'static str),
    Invalid(Vec<FieldError>),
}

impl Input {
    /// The fields that were given.
    pub fn given(&self) -> Vec<Field> {
        let given = [
            (Field::Lead, self.lead.is_some()),
            (Field::Contributors, self.contributors.is_some()),
            (Field::Explanation, self.explanation.is_some()),
            (Field::Outcome, self.outcome.is_some()),
            (Field::PublicExplanation, self.public_explanation.is_some()),
            (Field::Reason, self.reason.is_some()),
            (
                Field::SuggestedAuthority,
                self.suggested_authority.is_some(),
            ),
            (Field::Question, self.question.is_some()),
            (Field::Answer, self.answer.is_some()),
            (Field::Measure, self.measure.is_some()),
            (Field::MergeInto, self.merge_into.is_some()),
            (Field::Publication, self.publication.is_some()),
            (Field::Room, self.room.is_some()),
            (Field::DecisionReference, self.decision_reference.is_some()),
            (Field::Confidentiality, self.confidentiality.is_some()),
            (Field::Regulations, self.citations.is_some()),
            (Field::Domains, self.domains.is_some()),
            (Field::Municipalities, self.places.is_some()),
        ];
        given
            .into_iter()
            .filter_map(|(field, given)| given.then_some(field))
            .collect()
    }
}

/// Checks which fields a transition needs and which it does not take.
pub fn check_fields(action: Action, given: &[Field]) -> Vec<FieldError> {
    let rows: Vec<&Transition> = TRANSITIONS
        .iter()
        .filter(|row| row.action == action)
        .collect();
    let pointer = |field: &Field| format!("/{}", field.as_str());
    let missing = rows
        .iter()
        .flat_map(|row| row.required)
        .filter(|field| !given.contains(field))
        .map(|field| FieldError::new(pointer(field), "required"));
    let unknown = given
        .iter()
        .filter(|field| !rows.iter().any(|row| row.takes(**field)))
        .map(|field| FieldError::new(pointer(field), "not_for_this_action").with("action", action));
    let mut errors: Vec<FieldError> = missing.chain(unknown).collect();
    errors.dedup();
    errors
}

/// What the actor may do with the report now: the rows of the table whose guards do not depend on what is sent.
pub fn available(actor: &Actor, report: &Report, now: DateTime<Utc>) -> Vec<&'static Transition> {
    let capacities = policy::capacities(actor, report);
    legal(report.status, &capacities)
        .filter(|row| {
            acting_as(row, &capacities, report).is_some() && guard(row, report, now).is_ok()
        })
        .collect()
}

/// The row of an action for this actor, and as whom it acts.
pub fn find(
    actor: &Actor,
    report: &Report,
    action: Action,
) -> Result<(&'static Transition, Capacity), Refusal> {
    let capacities = policy::capacities(actor, report);
    legal(report.status, &capacities)
        .filter(|row| row.action == action)
        .find_map(|row| Some((row, acting_as(row, &capacities, report)?)))
        .ok_or(Refusal::Illegal)
}

/// The first capacity of the row that the actor has and that fits the report.
fn acting_as(row: &Transition, capacities: &[Capacity], report: &Report) -> Option<Capacity> {
    let contested = row.action == Action::Route && report.contested;
    let asked_as = report
        .handling
        .question
        .as_ref()
        .map(|question| question.asked_as);
    row.by
        .iter()
        .copied()
        .filter(|by| capacities.contains(by))
        .find(|by| match row.action {
            // A contested report is routed by a coordinator alone.
            Action::Route if contested => *by == Capacity::Coordinator,
            Action::Submit => {
                (*by == Capacity::Reporter) != report.on_behalf || *by == Capacity::Reporter
            }
            // Whoever asked goes on: the desk where the desk asked, the lead where the lead did.
            Action::ContinueWithoutAnswer => {
                asked_as.is_some_and(|asked| (asked == Capacity::Lead) == (*by == Capacity::Lead))
            }
            _ => true,
        })
}

/// Guards that hold whatever is sent.
fn guard(row: &Transition, report: &Report, now: DateTime<Utc>) -> Result<(), Refusal> {
    let handling = &report.handling;
    match row.action {
        Action::ContinueWithoutAnswer => {
            let answer = handling
                .clocks
                .iter()
                .rev()
                .find(|clock| clock.kind == ClockKind::Answer);
            match answer {
                Some(clock) if local_date(now) <= clock.due_on => {
                    Err(Refusal::Guard("answer_term_running"))
                }
                _ => Ok(()),
            }
        }
        Action::RequestReopening if handling.reopening_asked => {
            Err(Refusal::Guard("reopening_asked_before"))
        }
        Action::RequestReopening => {
            let last = report
                .settled_at
                .and_then(|at| local_date(at).checked_add_days(Days::new(7 * REOPENING_WEEKS)));
            match last {
                Some(last) if local_date(now) > last => {
                    Err(Refusal::Guard("reopening_term_passed"))
                }
                _ => Ok(()),
            }
        }
        Action::ChangeConfidentiality
            if report.confidentiality == Confidentiality::Confidential =>
        {
            Err(Refusal::Guard("already_confidential"))
        }
        Action::Settle if row.by == [Capacity::Lead] => match &handling.position {
            Some(position) if implements(position.outcome) => {
                Err(Refusal::Guard("implementation_pending"))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Outcomes for which something has to be carried out first.
fn implements(outcome: Outcome) -> bool {
    use Outcome::*;
    matches!(
        outcome,
        PracticeChanged | ExemptionGranted | Experiment | RegulationAmended | ActAmended
    )
}

/// Makes a transition: checks fields and guards and returns the report as it then is. `merge_into` and what it asks of the
/// other report is checked by `check_merge`.
pub fn apply(
    report: &Report,
    row: &'static Transition,
    capacity: Capacity,
    input: &Input,
    now: DateTime<Utc>,
) -> Result<Report, Refusal> {
    let mut errors = check_fields(row.action, &input.given());
    errors.retain(|error| {
        error.code != "required"
            || row
                .required
                .iter()
                .any(|f| error.pointer[1..] == *f.as_str())
    });
    errors.extend(check_values(report, row, capacity, input));
    if !errors.is_empty() {
        return Err(Refusal::Invalid(errors));
    }
    guard(row, report, now)?;
    let mut next = report.clone();
    if matches!(capacity, Capacity::Desk | Capacity::Coordinator) && row.action != Action::Submit {
        next.handling.taken_up = true;
        clocks::stop(&mut next, &[ClockKind::DeskReply], now);
    }
    change(&mut next, row, capacity, input, now);
    next.updated_at = now;
    next.version += 1;
    Ok(next)
}

/// Errors in values that depend on the action or on the report.
fn check_values(
    report: &Report,
    row: &Transition,
    capacity: Capacity,
    input: &Input,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    match row.action {
        Action::Submit => errors.extend(missing_for_submission(report)),
        Action::CloseWithoutRouting => {
            use Outcome::*;
            let closing = [
                OutOfScope,
                Explanation,
                ExistingRoom,
                BoundByEuLaw,
                DeclinedWithReasons,
            ];
            if input
                .outcome
                .is_some_and(|outcome| !closing.contains(&outcome))
            {
                errors.push(FieldError::new("/outcome", "outcome_needs_authority"));
            }
            errors.extend(check_outcome(input));
        }
        Action::Reroute if input.lead == report.lead => {
            errors.push(FieldError::new("/lead", "already_lead"));
        }
        Action::Settle => {
            errors.extend(check_outcome(input));
            let intended = report
                .handling
                .position
                .as_ref()
                .map(|position| position.outcome);
            if input.reason.is_none()
                && input.outcome.is_some()
                && intended.is_some()
                && input.outcome != intended
            {
                errors.push(FieldError::new("/reason", "deviation_needs_reason"));
            }
            if capacity == Capacity::Lead && input.outcome.is_some_and(implements) {
                errors.push(FieldError::new("/outcome", "outcome_needs_desk"));
            }
        }
        Action::UpdateImplementation => {
            let id = input.measure.as_ref().and_then(|measure| measure.id);
            if id.is_some_and(|id| {
                report
                    .handling
                    .measures
                    .iter()
                    .all(|measure| measure.id != id)
            }) {
                errors.push(FieldError::new("/measure/id", "unknown_measure"));
            }
        }
        Action::StartImplementation => {
            if input
                .measure
                .as_ref()
                .is_some_and(|measure| measure.id.is_some())
            {
                errors.push(FieldError::new("/measure/id", "unknown_measure"));
            }
        }
        Action::ChangeConfidentiality => {
            if input
                .confidentiality
                .is_some_and(|wanted| wanted <= report.confidentiality)
            {
                errors.push(FieldError::new("/confidentiality", "not_narrower"));
            }
        }
        Action::Correct => {
            if input.citations.is_none() && input.domains.is_none() && input.places.is_none() {
                errors.push(FieldError::new("", "nothing_to_correct"));
            }
        }
        _ => {}
    }
    if let (Some(contributors), Some(lead)) = (&input.contributors, input.lead.or(report.lead))
        && let Some(at) = contributors
            .iter()
            .position(|contributor| *contributor == lead)
    {
        errors.push(FieldError::new(
            format!("/contributors/{at}"),
            "lead_is_no_contributor",
        ));
    }
    errors
}

/// What a settled outcome must be able to show.
fn check_outcome(input: &Input) -> Vec<FieldError> {
    use PublicationKind::*;
    let Some(outcome) = input.outcome else {
        return Vec::new();
    };
    let allowed: &[PublicationKind] = match outcome {
        Outcome::ActAmended => &[Staatsblad],
        Outcome::RegulationAmended => &[Staatsblad, Staatscourant, DecentralGazette],
        _ => &[],
    };
    let mut errors = Vec::new();
    match &input.publication {
        None if !allowed.is_empty() => errors.push(FieldError::new("/publication", "required")),
        Some(publication) if !allowed.contains(&publication.kind) => {
            errors.push(
                FieldError::new("/publication", "publication_does_not_fit")
                    .with("outcome", outcome),
            );
        }
        _ => {}
    }
    if outcome == Outcome::ExistingRoom && input.room.is_none() {
        errors.push(FieldError::new("/room", "required"));
    }
    if matches!(outcome, Outcome::Experiment | Outcome::ExemptionGranted)
        && input.decision_reference.is_none()
    {
        errors.push(FieldError::new("/decisionReference", "required"));
    }
    errors
}

/// What a report lacks to be submitted: a draft may be incomplete, a report may not.
pub fn missing_for_submission(report: &Report) -> Vec<FieldError> {
    let content = &report.content;
    let mut errors = Vec::new();
    for (pointer, text) in [
        ("/title", &content.title),
        ("/description", &content.description),
        ("/effect", &content.effect),
    ] {
        if text.trim().is_empty() {
            errors.push(FieldError::new(pointer, "required"));
        }
    }
    if content.municipalities.is_empty() && content.provinces.is_empty() {
        errors.push(FieldError::new("/municipalities", "place_required"));
    }
    // A machine reads no mail: somebody must hear what becomes of the report.
    let machine = report.sender.kind == crate::domain::actor::PrincipalKind::Client;
    if content.contact.is_none() && (machine || report.on_behalf) {
        errors.push(FieldError::new("/contact", "contact_required"));
    }
    errors
}

fn change(
    next: &mut Report,
    row: &Transition,
    capacity: Capacity,
    input: &Input,
    now: DateTime<Utc>,
) {
    let before = next.status;
    match row.to {
        Target::To(status) => next.status = status,
        Target::Before if row.action == Action::Unmerge => restore(next),
        Target::Before => next.status = next.resume_status.take().unwrap_or(Status::Submitted),
        Target::Reopened => {
            next.status = if next.lead.is_some() {
                Status::InReview
            } else {
                Status::Submitted
            };
        }
        Target::Same => {}
    }
    match row.action {
        Action::Submit => {
            next.submitted_at = Some(now);
            clocks::start(next, ClockKind::DeskReply, now);
            clocks::start(next, ClockKind::Routing, now);
        }
        Action::Route | Action::Reroute => {
            route(next, input.lead, input.contributors.clone(), now);
            next.handling.routed_by_hand = true;
        }
        Action::CloseWithoutRouting | Action::Settle => settle(next, input, now),
        Action::Return => {
            follow(next, next.lead);
            next.lead = None;
            next.handling.returns += 1;
            next.contested = next.handling.returns >= 2;
            clocks::stop(next, &[ClockKind::Acceptance, ClockKind::Position], now);
            clocks::start(next, ClockKind::DeskReply, now);
            clocks::resume_routing(next);
        }
        Action::Accept => {
            clocks::stop(next, &[ClockKind::Acceptance], now);
            clocks::start(next, ClockKind::Position, now);
        }
        Action::RequestInformation => {
            next.resume_status = Some(before);
            next.handling.question = input.question.clone().map(|text| Question {
                text,
                asked_as: capacity,
                asked_at: now,
                answer: None,
            });
            clocks::start(next, ClockKind::Answer, now);
        }
        Action::ProvideInformation | Action::ContinueWithoutAnswer => {
            if let Some(question) = &mut next.handling.question {
                question.answer.clone_from(&input.answer);
            }
            clocks::end_suspension(next, now);
        }
        Action::TakePosition => {
            next.handling.position = input.outcome.zip(input.public_explanation.clone()).map(
                |(outcome, explanation)| Position {
                    outcome,
                    explanation,
                    taken_at: now,
                },
            );
            clocks::stop(next, &[ClockKind::Position], now);
        }
        Action::Reconsider => {
            next.handling.position = None;
            clocks::stop(next, &[ClockKind::ImplementationUpdate], now);
            clocks::start(next, ClockKind::Position, now);
        }
        Action::StartImplementation | Action::UpdateImplementation => {
            put_measure(next, input);
            clocks::stop(next, &[ClockKind::ImplementationUpdate], now);
            clocks::start(next, ClockKind::ImplementationUpdate, now);
        }
        Action::RequestReopening => next.handling.reopening_asked = true,
        Action::GrantReopening => {
            next.settled_at = None;
            next.merged_into = None;
            next.handling.merged_into_reference = None;
            let clock = if next.lead.is_some() {
                ClockKind::Position
            } else {
                ClockKind::DeskReply
            };
            clocks::start(next, clock, now);
        }
        Action::CancelReopening | Action::DenyReopening | Action::Unmerge => {}
        Action::Withdraw => clocks::stop_all(next, now),
        Action::Merge => {
            next.handling.before_merge = Some(BeforeMerge {
                status: before,
                resume_status: next.resume_status,
                lead: next.lead,
                clocks: next.handling.clocks.clone(),
            });
            next.merged_into = input.merge_into;
            clocks::stop_all(next, now);
        }
        Action::Correct => correct(next, input),
        Action::ChangeContributors => {
            next.handling.contributors = input.contributors.clone().unwrap_or_default();
        }
        Action::ChangeConfidentiality => {
            next.confidentiality = input.confidentiality.unwrap_or(next.confidentiality);
        }
    }
}

/// Gives the report to an authority: by a person, or by a rule that says so.
pub fn route(
    next: &mut Report,
    lead: Option<OrganisationId>,
    contributors: Option<Vec<OrganisationId>>,
    now: DateTime<Utc>,
) {
    if next.lead != lead {
        follow(next, next.lead);
    }
    next.status = Status::Routed;
    next.lead = lead;
    if let Some(contributors) = contributors {
        next.handling.contributors = contributors;
    }
    next.handling
        .contributors
        .retain(|contributor| Some(*contributor) != lead);
    next.handling
        .followers
        .retain(|follower| Some(*follower) != lead);
    next.handling.had_lead = true;
    clocks::stop(
        next,
        &[
            ClockKind::DeskReply,
            ClockKind::Routing,
            ClockKind::Acceptance,
            ClockKind::Position,
        ],
        now,
    );
    clocks::start(next, ClockKind::Acceptance, now);
}

/// Keeps the progress view for an organisation that no longer has the report.
fn follow(report: &mut Report, organisation: Option<OrganisationId>) {
    if let Some(organisation) = organisation
        && !report.handling.followers.contains(&organisation)
    {
        report.handling.followers.push(organisation);
    }
}

fn settle(next: &mut Report, input: &Input, now: DateTime<Utc>) {
    next.handling.settlement =
        input
            .outcome
            .zip(input.public_explanation.clone())
            .map(|(outcome, explanation)| Settlement {
                outcome,
                explanation,
                deviation_reason: input.reason.clone(),
                publication: input
                    .publication
                    .as_ref()
                    .map(|publication| publication.id.clone()),
                room: input.room.clone(),
                decision_reference: input.decision_reference.clone(),
                settled_at: now,
                through: None,
            });
    next.settled_at = Some(now);
    clocks::stop_all(next, now);
}

fn put_measure(next: &mut Report, input: &Input) {
    let Some(given) = input.measure.clone() else {
        return;
    };
    let id = given.id.unwrap_or_default();
    let measure = Measure {
        id,
        kind: given.kind,
        owner: given.owner,
        target_date: given.target_date,
        result: given.result,
    };
    match next
        .handling
        .measures
        .iter_mut()
        .find(|known| known.id == id)
    {
        Some(known) => *known = measure,
        None => next.handling.measures.push(measure),
    }
}

fn correct(next: &mut Report, input: &Input) {
    if let Some(citations) = &input.citations {
        next.content.citations.clone_from(citations);
    }
    if let Some(domains) = &input.domains {
        next.content.domains.clone_from(domains);
    }
    if let Some(places) = &input.places {
        next.content
            .municipalities
            .clone_from(&places.municipalities);
        next.content.provinces.clone_from(&places.provinces);
        next.content.regions.clone_from(&places.regions);
    }
}

fn restore(next: &mut Report) {
    next.merged_into = None;
    next.handling.merged_into_reference = None;
    if let Some(before) = next.handling.before_merge.take() {
        next.status = before.status;
        next.resume_status = before.resume_status;
        next.lead = before.lead;
        next.handling.clocks = before.clocks;
    }
}

/// Whether `source` may join `target`, and what that changes in the target. The caller knows whether reports were merged
/// into the source.
pub fn merge_into(
    source: &Report,
    target: &Report,
    source_has_merged: bool,
    now: DateTime<Utc>,
) -> Result<Report, Refusal> {
    let refuse = |code| Err(Refusal::Invalid(vec![FieldError::new("/mergeInto", code)]));
    if source.id == target.id {
        return refuse("merge_into_itself");
    }
    if !target.status.is_open() {
        return refuse("merge_target_closed");
    }
    if target.confidentiality < source.confidentiality {
        return refuse("merge_target_less_confidential");
    }
    if source_has_merged {
        return refuse("merge_chain");
    }
    let mut next = target.clone();
    if let Some(lead) = source.lead
        && Some(lead) != next.lead
        && !next.handling.contributors.contains(&lead)
    {
        next.handling.contributors.push(lead);
    }
    follow(
        &mut next,
        (source.submitter != target.submitter).then_some(source.submitter),
    );
    next.updated_at = now;
    next.version += 1;
    Ok(next)
}

/// The target after a merge into it is undone: the source's reporter no longer follows it.
pub fn unmerge_from(
    source: &Report,
    target: &Report,
    others: &[Report],
    now: DateTime<Utc>,
) -> Report {
    let mut next = target.clone();
    let still = others
        .iter()
        .any(|other| other.submitter == source.submitter);
    if !still {
        next.handling
            .followers
            .retain(|follower| *follower != source.submitter);
    }
    next.updated_at = now;
    next.version += 1;
    next
}

/// A report merged into another is settled with it.
pub fn settle_through(merged: &Report, settled: &Report, now: DateTime<Utc>) -> Report {
    let mut next = merged.clone();
    next.status = Status::Settled;
    next.settled_at = Some(now);
    next.handling.settlement = settled
        .handling
        .settlement
        .clone()
        .map(|settlement| Settlement {
            through: Some(settled.id),
            ..settlement
        });
    next.updated_at = now;
    next.version += 1;
    next
}

/// When the reporter of a report that others joined withdraws, the case goes on under the earliest of those.
pub fn take_over(
    heir: &Report,
    withdrawn: &Report,
    others: &[Report],
    now: DateTime<Utc>,
) -> Report {
    let mut next = heir.clone();
    next.status = withdrawn.status;
    next.resume_status = withdrawn.resume_status;
    next.lead = withdrawn.lead;
    next.contested = withdrawn.contested;
    next.merged_into = None;
    next.handling = Handling {
        followers: others
            .iter()
            .map(|other| other.submitter)
            .filter(|other| *other != heir.submitter)
            .collect(),
        before_merge: None,
        reopening_asked: heir.handling.reopening_asked,
        ..withdrawn.handling.clone()
    };
    next.updated_at = now;
    next.version += 1;
    next
}
