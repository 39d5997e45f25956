//! What a transition does to the reports that are tied to this one: merging, taking that back, and handing a case over.

use chrono::{DateTime, Utc};

use crate::domain::deadline::local_date;
use crate::domain::event::{Details, EventKind};
use crate::domain::policy;
use crate::domain::report::Report;
use crate::domain::status::Status;
use crate::domain::workflow::{self, Input};
use crate::services::recording::Step;
use crate::services::reports::change;
use crate::services::transitions::Deed;
use crate::services::{Error, backing, routing};
use crate::store::db::Conn;
use crate::store::{endorsements, reports};

/// What a transition does to the reports tied to this one: those merged into it, and the one it is merged into.
pub(super) fn tie(
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
            let routing = routing::evaluate(
                conn,
                at.context,
                &after.content,
                after.submitter,
                local_date(now),
            )?;
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
            let routing = routing::evaluate(
                conn,
                at.context,
                &after.content,
                after.submitter,
                local_date(now),
            )?;
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
        ..
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
        ..
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
