//! What a transition changes in the report itself.

use chrono::{DateTime, Utc};

use crate::domain::clocks;
use crate::domain::id::OrganisationId;
use crate::domain::report::*;
use crate::domain::routing::{Because, Decision, Routing, Suggestion};
use crate::domain::status::{Action, Capacity, Status, Target, Transition};
use crate::domain::workflow::Input;

pub(super) fn change(
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
            point_elsewhere(next, input.suggested_authority);
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
            // What it came to stands in the timeline; now it is open again.
            next.handling.settlement = None;
            next.handling.position = None;
            if next.lead.is_none() {
                clocks::resume_routing(next);
            }
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
                lead_joined: false,
            });
            next.merged_into = input.merge_into;
            clocks::stop_all(next, now);
        }
        Action::Publish => {
            let given = input.audience.zip(input.title.clone());
            if let Some(((audience, title), summary)) = given.zip(input.summary.clone()) {
                next.handling.sharing.release(audience, title, summary, now);
            }
        }
        Action::Unpublish => next.handling.sharing.version = None,
        Action::Correct => correct(next, input),
        Action::ChangeContributors => {
            next.handling.contributors = input.contributors.clone().unwrap_or_default();
        }
        Action::ChangeConfidentiality => {
            next.confidentiality = input.confidentiality.unwrap_or(next.confidentiality);
        }
    }
}

/// Gives the report to the authority that a rule names; who contributes already stays.
pub fn route_by_rule(
    next: &mut Report,
    lead: OrganisationId,
    routing: &Routing,
    now: DateTime<Utc>,
) {
    let mut contributors = next.handling.contributors.clone();
    contributors.extend(
        routing
            .contributors
            .iter()
            .filter(|one| !next.handling.contributors.contains(one)),
    );
    route(next, Some(lead), Some(contributors), now);
}

/// Gives the report to an authority: by a person, or by a rule that says so.
fn route(
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
pub(super) fn follow(report: &mut Report, organisation: Option<OrganisationId>) {
    if let Some(organisation) = organisation
        && !report.handling.followers.contains(&organisation)
    {
        report.handling.followers.push(organisation);
    }
}

fn settle(next: &mut Report, input: &Input, now: DateTime<Utc>) {
    let intended = next
        .handling
        .position
        .as_ref()
        .map(|position| position.outcome);
    next.handling.settlement =
        input
            .outcome
            .zip(input.public_explanation.clone())
            .map(|(outcome, explanation)| Settlement {
                outcome,
                explanation,
                deviation_reason: input
                    .reason
                    .clone()
                    .filter(|_| intended.is_some_and(|intended| intended != outcome)),
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

/// After a return the desk decides: what a rule said is a suggestion now, the authority that was named goes first, and the
/// one that returned it is none.
fn point_elsewhere(next: &mut Report, named: Option<OrganisationId>) {
    let returned_by = next.lead;
    let Some(mut routing) = next.handling.routing.take().map(Routing::as_suggestion) else {
        return;
    };
    routing
        .suggestions
        .retain(|one| Some(one.authority) != returned_by && Some(one.authority) != named);
    if let Some(authority) = named {
        let because = Because {
            nl: "genoemd bij de retour".into(),
            en: "named in the return".into(),
        };
        routing
            .suggestions
            .insert(0, Suggestion { authority, because });
    }
    routing.decision = if routing.suggestions.is_empty() {
        Decision::None
    } else {
        Decision::Suggested
    };
    next.handling.routing = Some(routing);
}
