//! What a transition changes in the reports tied to it: those merged into it, and the one it is merged into.

use chrono::{DateTime, Utc};

use crate::domain::deadline::local_date;
use crate::domain::deadline_profile::DeadlineProfile;
use crate::domain::event::EventKind;
use crate::domain::id::OrganisationId;
use crate::domain::invalid::FieldError;
use crate::domain::release;
use crate::domain::report::{Handling, Report, Settlement};
use crate::domain::status::{Capacity, Status};
use crate::domain::workflow::Refusal;
use crate::domain::workflow::change::{follow, keep_time};

/// Whether `source` may join `target`, and what that changes in the target. The caller knows whether reports were merged
/// into the source.
pub fn merge_into(
    source: &Report,
    target: &Report,
    source_has_merged: bool,
    capacity: Capacity,
    profile: &DeadlineProfile,
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
    // The desk has judged the target: its reporter no longer changes what others have joined.
    next.handling.taken_up = true;
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
    keep_time(&mut next, EventKind::MergedIn, capacity, profile, now);
    next.updated_at = now;
    next.version += 1;
    Ok(next)
}

/// The target after a merge into it is undone: the source's reporter no longer follows it, and the source's lead no longer
/// contributes where the merge alone had made it do so.
pub fn unmerge_from(
    source: &Report,
    target: &Report,
    others: &[Report],
    capacity: Capacity,
    profile: &DeadlineProfile,
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
    let joined = source
        .handling
        .before_merge
        .as_ref()
        .filter(|before| before.lead_joined);
    if let Some(lead) = joined.and_then(|before| before.lead)
        && others.iter().all(|other| other.lead != Some(lead))
    {
        next.handling
            .contributors
            .retain(|contributor| *contributor != lead);
    }
    keep_time(&mut next, EventKind::UnmergedFrom, capacity, profile, now);
    next.updated_at = now;
    next.version += 1;
    next
}

/// A report merged into another is settled with it.
pub fn settle_through(
    merged: &Report,
    settled: &Report,
    profile: &DeadlineProfile,
    now: DateTime<Utc>,
) -> Report {
    let mut next = merged.clone();
    next.status = Status::Settled;
    next.settled_at = Some(now);
    next.handling.settlement = settled
        .handling
        .settlement
        .clone()
        .map(|settlement| Settlement {
            through: Some(settled.id),
            // Why it is another outcome than was intended is between the parties of that report.
            deviation_reason: None,
            ..settlement
        });
    keep_time(
        &mut next,
        EventKind::SettledThrough,
        Capacity::Service,
        profile,
        now,
    );
    next.updated_at = now;
    next.version += 1;
    next
}

/// A report that was settled through another goes on as part of it when that one is taken up again.
pub fn reopen_through(settled: &Report, profile: &DeadlineProfile, now: DateTime<Utc>) -> Report {
    let mut next = settled.clone();
    next.status = Status::Merged;
    next.settled_at = None;
    next.handling.settlement = None;
    keep_time(
        &mut next,
        EventKind::ReopenedThrough,
        Capacity::Service,
        profile,
        now,
    );
    next.updated_at = now;
    next.version += 1;
    next
}

/// When the reporter of a report that others joined withdraws, the case goes on under the earliest of those. What was
/// between the withdrawn report's reporter and the authorities, a question and its answer, does not go along.
pub fn take_over(
    heir: &Report,
    withdrawn: &Report,
    others: &[Report],
    now: DateTime<Utc>,
) -> Report {
    let mut case = withdrawn.clone();
    if case.status == Status::InformationRequested {
        case.status = case.resume_status.take().unwrap_or(Status::Submitted);
        let ended = EventKind::Withdraw;
        case.handling.ledger.end_suspension(local_date(now), ended);
    }
    let mut followers: Vec<OrganisationId> = heir.handling.followers.clone();
    followers.extend(&withdrawn.handling.followers);
    followers.extend(others.iter().map(|other| other.submitter));
    followers.retain(|one| {
        *one != heir.submitter && *one != withdrawn.submitter && Some(*one) != case.lead
    });
    followers.sort_unstable();
    followers.dedup();
    // As confidential as any report it now stands for.
    let confidentiality = others
        .iter()
        .chain([withdrawn])
        .map(|other| other.confidentiality)
        .fold(heir.confidentiality, Ord::max);
    let mut leading = Report {
        status: case.status,
        resume_status: None,
        lead: case.lead,
        contested: case.contested,
        confidentiality,
        merged_into: None,
        handling: Handling {
            followers,
            question: None,
            before_merge: None,
            merged_into_reference: None,
            reopening_asked: heir.handling.reopening_asked,
            // What was released were the words of the report that is gone.
            sharing: heir.handling.sharing.clone(),
            ..case.handling
        },
        updated_at: now,
        version: heir.version + 1,
        ..heir.clone()
    };
    release::limit(&mut leading, now);
    leading
}
