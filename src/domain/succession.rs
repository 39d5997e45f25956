//! Succession (opvolging): an organisation was renamed, split or merged, and another takes its place on what is open. What is
//! closed keeps the name of its time.

use chrono::{DateTime, Utc};

use crate::domain::deadline::local_date;
use crate::domain::experiment::{Experiment, ExperimentStatus, ParticipantState};
use crate::domain::id::OrganisationId;
use crate::domain::report::Report;
use crate::domain::routing::Rule;

/// A report as it is with the successor in the place of the organisation that was; none when that has no part in it. Who
/// worked on it there is no longer: its new organisation takes it up anew.
pub fn report(
    before: &Report,
    old: OrganisationId,
    new: OrganisationId,
    now: DateTime<Utc>,
) -> Option<Report> {
    if !before.status.is_open() {
        return None;
    }
    let mut after = before.clone();
    let replace = |id: &mut OrganisationId| {
        if *id == old {
            *id = new;
        }
    };
    replace(&mut after.submitter);
    after.lead.iter_mut().for_each(replace);
    let handling = &mut after.handling;
    for list in [&mut handling.contributors, &mut handling.followers] {
        list.iter_mut().for_each(replace);
        let mut seen = Vec::new();
        list.retain(|id| {
            let first = !seen.contains(id);
            seen.push(*id);
            first
        });
    }
    handling.contributors.retain(|id| Some(*id) != after.lead);
    handling
        .assignees
        .retain(|assignee| assignee.organisation != old);
    if after == *before {
        return None;
    }
    after.updated_at = now;
    after.version += 1;
    Some(after)
}

/// An experiment that is not closed, with the successor in the place of the organisation that was; none when that has no part
/// in it. Where the successor takes part itself, the other's participation ends.
pub fn experiment(
    before: &Experiment,
    old: OrganisationId,
    new: OrganisationId,
    now: DateTime<Utc>,
) -> Option<Experiment> {
    if before.status == ExperimentStatus::Closed {
        return None;
    }
    let mut after = before.clone();
    let replace = |id: &mut OrganisationId| {
        if *id == old {
            *id = new;
        }
    };
    replace(&mut after.proposer.organisation);
    after.authority.iter_mut().for_each(replace);
    let both = after.participant(new).is_some();
    for one in after
        .participants
        .iter_mut()
        .filter(|one| one.organisation == old)
    {
        if !both {
            one.organisation = new;
        } else if matches!(
            one.state,
            ParticipantState::Asked | ParticipantState::Participating | ParticipantState::Leaving
        ) {
            one.state = ParticipantState::Left;
            one.until = one.from.map(|_| local_date(now));
        }
    }
    if !both {
        let baselines = after.plan.indicators.iter_mut();
        for base in baselines.flat_map(|indicator| &mut indicator.baselines) {
            base.participant.iter_mut().for_each(replace);
        }
    }
    if after == *before {
        return None;
    }
    after.updated_at = now;
    after.version += 1;
    Some(after)
}

/// The actions of a rule with the successor in the place of the organisation that was; none when it does not name that.
pub fn rule(rule: &Rule, old: OrganisationId, new: OrganisationId) -> Option<Rule> {
    let mut actions = rule.actions.clone();
    let replace = |id: &mut OrganisationId| {
        if *id == old {
            *id = new;
        }
    };
    actions.lead.iter_mut().for_each(replace);
    actions.contributors.iter_mut().for_each(replace);
    actions.watchers.iter_mut().for_each(replace);
    actions.contributors.dedup();
    let lead = actions.lead;
    actions.contributors.retain(|id| Some(*id) != lead);
    actions.watchers.retain(|id| Some(*id) != lead);
    (actions != rule.actions).then(|| Rule {
        actions,
        ..rule.clone()
    })
}
