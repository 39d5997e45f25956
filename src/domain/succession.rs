//! Succession (opvolging): an organisation was renamed, split or merged, and another takes its place on what is open. What is
//! closed keeps the name of its time.

use chrono::{DateTime, Utc};

use crate::domain::deadline::local_date;
use crate::domain::experiment::{Experiment, ExperimentStatus, ParticipantState};
use crate::domain::id::OrganisationId;
use crate::domain::report::Report;
use crate::domain::routing::Rule;

/// Puts one organisation in the place of another in a list: each once, and the lead not at all.
fn replace_in(
    list: &mut Vec<OrganisationId>,
    old: OrganisationId,
    new: OrganisationId,
    lead: Option<OrganisationId>,
) {
    let mut all = Vec::new();
    for id in list.drain(..) {
        let id = if id == old { new } else { id };
        if Some(id) != lead && !all.contains(&id) {
            all.push(id);
        }
    }
    *list = all;
}

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
    replace_in(&mut handling.contributors, old, new, after.lead);
    replace_in(&mut handling.followers, old, new, None);
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
    let lead = actions.lead;
    replace_in(&mut actions.contributors, old, new, lead);
    replace_in(&mut actions.watchers, old, new, lead);
    (actions != rule.actions).then(|| Rule {
        actions,
        ..rule.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_list_the_successor_stands_once_and_the_lead_never() {
        let [old, new, other, lead] = [(); 4].map(|()| OrganisationId::new());
        for (before, after) in [
            (vec![old, other], vec![new, other]),
            (vec![new, other, old], vec![new, other]),
            (vec![lead, old, other, other], vec![new, other]),
            (Vec::new(), Vec::new()),
        ] {
            let mut list = before;
            replace_in(&mut list, old, new, Some(lead));
            assert_eq!(list, after);
        }
        // Where the successor leads it contributes no more.
        let mut list = vec![old, other];
        replace_in(&mut list, old, new, Some(new));
        assert_eq!(list, [other]);
    }
}
