//! What stands in the way of a transition: fields that are missing or do not belong, values that do not fit, guards.

use chrono::{DateTime, Days, Utc};

use crate::domain::actor::PrincipalKind;
use crate::domain::code::Code;
use crate::domain::deadline::local_date;
use crate::domain::deadline_profile::ClockKind;
use crate::domain::invalid::FieldError;
use crate::domain::publication::PublicationKind;
use crate::domain::report::{Confidentiality, Outcome, Report, Verdict};
use crate::domain::status::{Action, Capacity, Field, Status, TRANSITIONS, Transition};
use crate::domain::workflow::{Input, Refusal};

/// How long after its settlement a reporter may ask to reopen a report.
const REOPENING_WEEKS: u64 = 8;

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

/// Guards that hold whatever is sent.
pub(super) fn guard(row: &Transition, report: &Report, now: DateTime<Utc>) -> Result<(), Refusal> {
    let handling = &report.handling;
    match row.action {
        Action::ContinueWithoutAnswer => {
            let answer = handling
                .ledger
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
        Action::RequestReopening if reopening_term_passed(report, now) => {
            Err(Refusal::Guard("reopening_term_passed"))
        }
        Action::GiveFeedback if reopening_term_passed(report, now) => {
            Err(Refusal::Guard("feedback_term_passed"))
        }
        Action::Unassign if handling.assignees.is_empty() => Err(Refusal::Guard("not_assigned")),
        Action::Extend => {
            let position = report
                .running_clocks()
                .find(|clock| clock.kind == ClockKind::Position);
            match position {
                Some(clock) if clock.extended => Err(Refusal::Guard("extended_before")),
                // What is late already is not extended any more (cf. Awb art. 4:14).
                Some(clock) if clock.due_on >= local_date(now) => Ok(()),
                _ => Err(Refusal::Guard("deadline_passed")),
            }
        }
        Action::Escalate if handling.escalation.is_some() => {
            Err(Refusal::Guard("escalated_before"))
        }
        Action::Escalate if row.by == [Capacity::Reporter] => {
            let late = report.due_on().is_some_and(|due| due < local_date(now));
            let asked = report.status == Status::InformationRequested;
            if late && !asked {
                Ok(())
            } else {
                Err(Refusal::Guard("nobody_late"))
            }
        }
        Action::ResolveEscalation if handling.escalation.is_none() => {
            Err(Refusal::Guard("not_escalated"))
        }
        Action::Publish if report.confidentiality == Confidentiality::Confidential => {
            Err(Refusal::Guard("confidential_not_published"))
        }
        Action::Unpublish if handling.sharing.version.is_none() => {
            Err(Refusal::Guard("not_published"))
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

/// What ended can be asked about again for some weeks.
fn reopening_term_passed(report: &Report, now: DateTime<Utc>) -> bool {
    report
        .settled_at
        .and_then(|at| local_date(at).checked_add_days(Days::new(7 * REOPENING_WEEKS)))
        .is_some_and(|last| local_date(now) > last)
}

/// Outcomes for which something has to be carried out first.
fn implements(outcome: Outcome) -> bool {
    use Outcome::*;
    matches!(
        outcome,
        PracticeChanged | ExemptionGranted | Experiment | RegulationAmended | ActAmended
    )
}

/// Errors in values that depend on the action or on the report.
pub(super) fn check_values(
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
        Action::Publish
            if report.confidentiality != Confidentiality::Confidential
                && input
                    .audience
                    .is_some_and(|audience| !audience.fits(report.confidentiality)) =>
        {
            errors.push(FieldError::new("/audience", "wider_than_confidentiality"));
        }
        Action::StartImplementation | Action::UpdateImplementation => {
            let named = input.measure.as_ref().filter(|measure| !measure.registered);
            let known = |id| report.handling.measures.iter().any(|one| one.id == id);
            if named
                .and_then(|measure| measure.id)
                .is_some_and(|id| !known(id))
            {
                errors.push(FieldError::new("/measure/id", "unknown_measure"));
            }
        }
        Action::ChangeConfidentiality => {
            let wanted = input.confidentiality.unwrap_or(report.confidentiality);
            if wanted == report.confidentiality && input.confidentiality.is_some() {
                errors.push(FieldError::new("/confidentiality", "unchanged"));
            }
            // The reporter's own word is its consent.
            let widens = wanted < report.confidentiality;
            if widens && capacity != Capacity::Reporter && input.consent.is_none() {
                errors.push(FieldError::new("/consent", "required"));
            }
            if !widens && input.consent.is_some() {
                errors.push(FieldError::new("/consent", "consent_not_needed"));
            }
        }
        Action::Assign
            if input.assignee.as_ref().is_some_and(|wanted| {
                report
                    .assignee_at(wanted.organisation)
                    .is_some_and(|known| known.id == wanted.id)
            }) =>
        {
            errors.push(FieldError::new("/assignee", "already_assigned"));
        }
        Action::GiveFeedback => {
            let not = input.verdict == Some(Verdict::Not);
            if input.request_reopening && !not && input.verdict.is_some() {
                errors.push(FieldError::new("/requestReopening", "reopening_needs_not"));
            }
            if input.request_reopening && input.remark.is_none() {
                errors.push(FieldError::new("/remark", "required"));
            }
        }
        Action::Correct
            if input.citations.is_none() && input.domains.is_none() && input.places.is_none() =>
        {
            errors.push(FieldError::new("", "nothing_to_correct"));
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
    let machine = report.sender.kind == PrincipalKind::Client;
    if content.contact.is_none() && (machine || report.on_behalf) {
        errors.push(FieldError::new("/contact", "contact_required"));
    }
    errors
}
