//! What a transition changes in the reports tied to it: those merged into it, and the one it is merged into.

use chrono::{DateTime, Utc};

use crate::domain::invalid::FieldError;
use crate::domain::report::{Handling, Report, Settlement};
use crate::domain::status::Status;
use crate::domain::workflow::Refusal;
use crate::domain::workflow::change::follow;

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
