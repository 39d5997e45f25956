//! What a transition changes in the report itself.

use chrono::{DateTime, Utc};

use crate::domain::clocks::{Alert, Moment};
use crate::domain::deadline_profile::{ClockKind, DeadlineProfile, STANDARD};
use crate::domain::event::EventKind;
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
        }
        Action::Route | Action::Reroute => {
            route(next, input.lead, input.contributors.clone());
            next.handling.routed_by_hand = true;
        }
        Action::CloseWithoutRouting | Action::Settle => settle(next, input, now),
        Action::Return => {
            point_elsewhere(next, input.suggested_authority);
            follow(next, next.lead);
            next.lead = None;
            next.handling.returns += 1;
            next.contested = next.handling.returns >= 2;
        }
        Action::RequestInformation => {
            next.resume_status = Some(before);
            next.handling.question = input.question.clone().map(|text| Question {
                text,
                asked_as: capacity,
                asked_at: now,
                answer: None,
            });
        }
        Action::ProvideInformation | Action::ContinueWithoutAnswer => {
            if let Some(question) = &mut next.handling.question {
                question.answer.clone_from(&input.answer);
            }
        }
        Action::TakePosition => {
            next.handling.position = input.outcome.zip(input.public_explanation.clone()).map(
                |(outcome, explanation)| Position {
                    outcome,
                    explanation,
                    taken_at: now,
                },
            );
        }
        Action::Reconsider => {
            next.handling.position = None;
        }
        Action::StartImplementation | Action::UpdateImplementation => {
            put_measure(next, input);
        }
        Action::RequestReopening => next.handling.reopening_asked = true,
        Action::GrantReopening => {
            next.settled_at = None;
            next.merged_into = None;
            next.handling.merged_into_reference = None;
            next.handling.before_merge = None;
            // What it came to stands in the timeline; now it is open again.
            next.handling.settlement = None;
            next.handling.position = None;
            next.handling.feedback = None;
        }
        Action::Accept
        | Action::CancelReopening
        | Action::DenyReopening
        | Action::Unmerge
        | Action::Withdraw
        // What these change are the clocks alone.
        | Action::Extend => {}
        Action::Merge => {
            next.handling.before_merge = Some(BeforeMerge {
                status: before,
                resume_status: next.resume_status,
                lead: next.lead,
                lead_joined: false,
            });
            next.merged_into = input.merge_into;
        }
        Action::Publish => {
            let given = input.audience.zip(input.title.clone());
            if let Some(((audience, title), summary)) = given.zip(input.summary.clone()) {
                next.handling.sharing.release(audience, title, summary, now);
            }
        }
        Action::Unpublish => next.handling.sharing.end(now),
        Action::Correct => correct(next, input),
        Action::ChangeContributors => {
            next.handling.contributors = input.contributors.clone().unwrap_or_default();
        }
        Action::ChangeConfidentiality => {
            next.confidentiality = input.confidentiality.unwrap_or(next.confidentiality);
        }
        Action::Assign | Action::Unassign => {
            next.handling
                .assignees
                .retain(|known| Some(known.organisation) != input.organisation);
            next.handling.assignees.extend(input.assignee.clone());
        }
        Action::Advise => next.handling.advice.extend(input.advice.clone()),
        Action::Escalate => {
            next.handling.escalation = Some(Escalation {
                by: capacity,
                clock: None,
                reason: input.reason.clone(),
                since: now,
            });
        }
        Action::ResolveEscalation => next.handling.escalation = None,
        Action::ChangeDeadlineProfile => {
            next.handling.deadline_profile = input
                .deadline_profile
                .clone()
                .filter(|code| code != STANDARD);
        }
        Action::GiveFeedback => {
            next.handling.feedback = input.verdict.map(|verdict| Feedback {
                verdict,
                remark: input.remark.clone(),
                given_at: now,
            });
        }
    }
}

/// Lets the clocks of a report that has changed follow what happened, and what hangs on the clocks and on its authorities.
pub fn keep_time(
    next: &mut Report,
    kind: EventKind,
    capacity: Capacity,
    profile: &DeadlineProfile,
    now: DateTime<Utc>,
) {
    next.handling.ledger.follow(&Moment {
        kind,
        capacity,
        to: next.status,
        at: now,
        profile,
        clock: None,
    });
    let (runs, open): (Vec<ClockKind>, bool) = (
        next.running_clocks().map(|clock| clock.kind).collect(),
        next.status.is_open(),
    );
    next.handling.escalation.take_if(|escalation| {
        !open || escalation.clock.is_some_and(|clock| !runs.contains(&clock))
    });
    let authorities: Vec<OrganisationId> = next.authorities().collect();
    next.handling
        .assignees
        .retain(|one| one.desk || authorities.contains(&one.organisation));
}

/// Raises an alert about a clock: the report as it then is.
pub fn raise(report: &Report, clock: ClockKind, alert: Alert, now: DateTime<Utc>) -> Report {
    let mut next = report.clone();
    for running in &mut next.handling.ledger.clocks {
        if running.kind == clock && running.runs() {
            running.raised = running.raised.max(Some(alert));
        }
    }
    if alert == Alert::Escalated {
        next.handling.escalation.get_or_insert(Escalation {
            by: Capacity::Service,
            clock: Some(clock),
            reason: None,
            since: now,
        });
    }
    next.updated_at = now;
    next.version += 1;
    next
}

/// Gives the report to the authority that a rule names; who contributes already stays.
pub fn route_by_rule(
    next: &mut Report,
    lead: OrganisationId,
    routing: &Routing,
    profile: &DeadlineProfile,
    now: DateTime<Utc>,
) {
    let mut contributors = next.handling.contributors.clone();
    contributors.extend(
        routing
            .contributors
            .iter()
            .filter(|one| !next.handling.contributors.contains(one)),
    );
    route(next, Some(lead), Some(contributors));
    routing
        .watchers
        .iter()
        .for_each(|watcher| follow(next, Some(*watcher)));
    next.handling.priority = routing.priority.or(next.handling.priority);
    if let Some(code) = &routing.deadline_profile {
        next.handling.deadline_profile = Some(code.clone());
    }
    keep_time(
        next,
        EventKind::RoutedByRule,
        Capacity::Service,
        profile,
        now,
    );
}

/// Gives the report to an authority: by a person, or by a rule that says so.
fn route(
    next: &mut Report,
    lead: Option<OrganisationId>,
    contributors: Option<Vec<OrganisationId>>,
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
            .insert(0, Suggestion::new(authority, because));
    }
    routing.decision = if routing.suggestions.is_empty() {
        Decision::None
    } else {
        Decision::Suggested
    };
    next.handling.routing = Some(routing);
}
