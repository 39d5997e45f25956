//! Who hears what: one table from event to audience and text. Mail is its only channel so far.

use crate::domain::clocks::Alert;
use crate::domain::code::code_list;
use crate::domain::deadline_profile::ClockKind;
use crate::domain::event::{Event, EventKind};
use crate::domain::message::MessageAudience;

code_list! {
    /// The text of a notice (Dutch: kennisgeving); each has a template per language.
    pub enum NoticeKind {
        Acknowledgement = "acknowledgement",
        NewReport = "new_report",
        ForYou = "for_you",
        Forwarded = "forwarded",
        Rerouted = "rerouted",
        Succeeded = "succeeded",
        Returned = "returned",
        Question = "question",
        Answer = "answer",
        Continued = "continued",
        Position = "position",
        Reconsidered = "reconsidered",
        Implementation = "implementation",
        /// How far the implementation is.
        Progress = "progress",
        Settled = "settled",
        ReopeningRequested = "reopening_requested",
        Reopened = "reopened",
        ReopeningDenied = "reopening_denied",
        Withdrawn = "withdrawn",
        Merged = "merged",
        MergedIn = "merged_in",
        Unmerged = "unmerged",
        UnmergedFrom = "unmerged_from",
        Endorsed = "endorsed",
        Published = "published",
        Unpublished = "unpublished",
        Split = "split",
        TookOver = "took_over",
        Corrected = "corrected",
        Message = "message",
        Watched = "watched",
        Assigned = "assigned",
        Unassigned = "unassigned",
        Advice = "advice",
        Extended = "extended",
        Escalated = "escalated",
        EscalationResolved = "escalation_resolved",
        DeadlinesMoved = "deadlines_moved",
        ConfidentialityChanged = "confidentiality_changed",
        Feedback = "feedback",
        /// The answer to a question is due soon.
        Reminder = "reminder",
        /// Terms of several reports that are nearly or already over.
        Deadlines = "deadlines",
        /// Routing rules that name an organisation that has ended.
        RuleLapsed = "rule_lapsed",
        /// Something happened to an experiment, or is due of it.
        Experiment = "experiment",
        Invitation = "invitation",
        PasswordReset = "password_reset",
    }
}

code_list! {
    /// Where a notice stands (Dutch: verzendstatus).
    pub enum NoticeState {
        /// Waits to be sent, for the first time or again.
        Queued = "queued",
        Sent = "sent",
        /// Given up; an administrator may have it sent again (onbestelbaar).
        Dead = "dead",
        /// Not sent on purpose, when the outbox was taken up again (vervallen).
        Discarded = "discarded",
    }
}

impl NoticeKind {
    /// Mail about an account: it holds a secret link, and no report.
    pub fn is_account(self) -> bool {
        matches!(self, NoticeKind::Invitation | NoticeKind::PasswordReset)
    }
}

/// For whom a notice is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The contact person when an API client or the desk sent the report in, else the person who did.
    Reporter,
    /// The liaisons of the lead authority.
    Lead,
    /// The liaisons of the contributing authorities.
    Contributors,
    /// The liaisons of contributing authorities that were not on it before.
    NewContributors,
    /// The liaisons of the authority that was the lead before.
    FormerLead,
    Desk,
    /// The desk while no authority has the report.
    DeskWithoutLead,
    /// Whoever asked the question: the desk or the lead.
    Asker,
    /// The reporters of the reports merged into this one, and the organisations that endorsed it or one of those.
    Followers,
    /// The liaisons of the authority whose message it is.
    OwnAuthority,
    /// The people who watch the report and see it still.
    Watchers,
    Coordinators,
    /// Who was given the report to work on.
    Assignee,
    /// Who had it until then.
    FormerAssignee,
}

/// What whoever watches a report is told of an event, besides what the parties are told: of a change of status that they
/// hear of, of that of a report that was settled through another too.
pub fn told_watchers(event: &Event) -> Option<(Audience, NoticeKind)> {
    let moved = event.from.is_some_and(|from| from != event.to);
    let heard = !notices(event.kind).is_empty() || event.kind == EventKind::SettledThrough;
    (moved && heard).then_some((Audience::Watchers, NoticeKind::Watched))
}

/// What an event tells to whom; of a message those it is for, of a question that nears its end whoever was asked.
pub fn told_of(event: &Event) -> &'static [(Audience, NoticeKind)] {
    match event.details.audience {
        Some(audience) if event.kind == EventKind::MessageSent => of_message(audience),
        _ if event.kind == EventKind::DeadlineNearing
            && event.details.clock == Some(ClockKind::Answer) =>
        {
            &[(Audience::Reporter, NoticeKind::Reminder)]
        }
        _ => notices(event.kind),
    }
}

/// Whom an alert about a term goes to, in one mail about all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertAudience {
    /// Who works on it at the desk, else the desk.
    DeskAssignee,
    Desk,
    /// Who works on it at the lead authority, else its liaisons.
    LeadAssignee,
    Lead,
    Coordinators,
    Nobody,
}

/// Who is told that a term nears its end, is over, or is long over: the assignee, then the authority, then the coordinator.
pub fn alert_audience(clock: ClockKind, alert: Alert, asked_by_lead: bool) -> AlertAudience {
    use AlertAudience::*;
    let of_desk = match clock {
        ClockKind::DeskReply | ClockKind::Routing => true,
        ClockKind::Answer => !asked_by_lead,
        ClockKind::Acceptance | ClockKind::Position | ClockKind::ImplementationUpdate => false,
        ClockKind::Feedback => return Nobody,
    };
    match (clock, alert, of_desk) {
        // The reporter is reminded of a question, by a notice of its own.
        (ClockKind::Answer, Alert::Nearing, _) => Nobody,
        (ClockKind::Answer, _, true) => DeskAssignee,
        (ClockKind::Answer, _, false) => LeadAssignee,
        (_, Alert::Nearing, true) => DeskAssignee,
        (_, Alert::Nearing, false) => LeadAssignee,
        (_, Alert::Overdue, true) => Desk,
        (_, Alert::Overdue, false) => Lead,
        (_, Alert::Escalated, _) => Coordinators,
    }
}

fn of_message(audience: MessageAudience) -> &'static [(Audience, NoticeKind)] {
    use Audience::*;
    use NoticeKind::Message;
    match audience {
        MessageAudience::Reporter => &[(Reporter, Message), (Lead, Message), (Desk, Message)],
        MessageAudience::Government => &[(Lead, Message), (Contributors, Message), (Desk, Message)],
        MessageAudience::Authority => &[(OwnAuthority, Message)],
    }
}

/// Whether those who follow a report from a distance hear of it.
pub fn tells_followers(event: EventKind) -> bool {
    notices(event)
        .iter()
        .any(|(audience, _)| *audience == Audience::Followers)
}

/// The table: what is told to whom when something happens. Nobody is told what they did themselves, the acknowledgement
/// excepted.
pub fn notices(event: EventKind) -> &'static [(Audience, NoticeKind)] {
    use Audience::*;
    use EventKind as E;
    use NoticeKind as N;
    match event {
        E::Submit => &[
            (Reporter, N::Acknowledgement),
            (DeskWithoutLead, N::NewReport),
        ],
        E::RoutedByRule => &[(Lead, N::ForYou), (Contributors, N::ForYou)],
        E::Route => &[
            (Lead, N::ForYou),
            (Contributors, N::ForYou),
            (Reporter, N::Forwarded),
            (Followers, N::Forwarded),
        ],
        E::Reroute => &[
            (Lead, N::ForYou),
            (NewContributors, N::ForYou),
            (FormerLead, N::Rerouted),
            (Reporter, N::Rerouted),
            (Followers, N::Rerouted),
        ],
        E::Succession => &[
            (Lead, N::Succeeded),
            (Contributors, N::Succeeded),
            (Reporter, N::Succeeded),
        ],
        E::Return => &[
            (Desk, N::Returned),
            (Reporter, N::Returned),
            (Followers, N::Returned),
        ],
        E::RequestInformation => &[(Reporter, N::Question)],
        E::ProvideInformation => &[(Asker, N::Answer)],
        E::ContinueWithoutAnswer => &[(Reporter, N::Continued)],
        E::TakePosition => &[
            (Reporter, N::Position),
            (Followers, N::Position),
            (Contributors, N::Position),
        ],
        E::Reconsider => &[
            (Reporter, N::Reconsidered),
            (Followers, N::Reconsidered),
            (Lead, N::Reconsidered),
        ],
        E::StartImplementation => &[
            (Reporter, N::Implementation),
            (Followers, N::Implementation),
        ],
        E::Settle | E::CloseWithoutRouting => &[
            (Reporter, N::Settled),
            (Followers, N::Settled),
            (Lead, N::Settled),
            (Contributors, N::Settled),
        ],
        E::UpdateImplementation => &[(Reporter, N::Progress), (Followers, N::Progress)],
        E::RequestReopening => &[(Desk, N::ReopeningRequested)],
        E::GrantReopening => &[
            (Reporter, N::Reopened),
            (Followers, N::Reopened),
            (Lead, N::Reopened),
        ],
        E::DenyReopening => &[(Reporter, N::ReopeningDenied)],
        E::Withdraw => &[
            (Reporter, N::Withdrawn),
            (Followers, N::Withdrawn),
            (Lead, N::Withdrawn),
            (Contributors, N::Withdrawn),
            (DeskWithoutLead, N::Withdrawn),
        ],
        E::Merge => &[(Reporter, N::Merged), (Followers, N::Merged)],
        E::Split => &[(Reporter, N::Split)],
        E::SplitFrom => &[
            (Lead, N::ForYou),
            (Contributors, N::ForYou),
            (DeskWithoutLead, N::NewReport),
        ],
        E::Endorse => &[(Reporter, N::Endorsed)],
        // The lead of the report that joined is a contributor here, if it was another.
        E::MergedIn => &[(Lead, N::MergedIn), (Contributors, N::MergedIn)],
        E::Unmerge => &[
            (Reporter, N::Unmerged),
            (Followers, N::Unmerged),
            (Lead, N::Unmerged),
        ],
        E::UnmergedFrom => &[(Lead, N::UnmergedFrom), (Contributors, N::UnmergedFrom)],
        E::Publish => &[(Reporter, N::Published)],
        E::Unpublish => &[(Reporter, N::Unpublished)],
        E::TookOver => &[
            (Reporter, N::TookOver),
            (Followers, N::TookOver),
            (Lead, N::TookOver),
            (Contributors, N::TookOver),
            (DeskWithoutLead, N::TookOver),
        ],
        E::Correct => &[(Reporter, N::Corrected)],
        E::ChangeContributors => &[(NewContributors, N::ForYou)],
        E::Assign => &[(Assignee, N::Assigned), (FormerAssignee, N::Unassigned)],
        E::Unassign => &[(FormerAssignee, N::Unassigned)],
        E::Advise => &[(Lead, N::Advice)],
        E::Extend => &[
            (Reporter, N::Extended),
            (Followers, N::Extended),
            (Contributors, N::Extended),
        ],
        E::Escalate => &[(Coordinators, N::Escalated)],
        E::ResolveEscalation => &[(Lead, N::EscalationResolved)],
        E::ChangeDeadlineProfile => &[
            (Reporter, N::DeadlinesMoved),
            (Lead, N::DeadlinesMoved),
            (Followers, N::DeadlinesMoved),
        ],
        E::ChangeConfidentiality => &[
            (Reporter, N::ConfidentialityChanged),
            (Lead, N::ConfidentialityChanged),
            (Contributors, N::ConfidentialityChanged),
        ],
        E::GiveFeedback => &[(Lead, N::Feedback), (DeskWithoutLead, N::Feedback)],
        E::Created
        | E::Changed
        | E::Accept
        | E::SettledThrough
        | E::CancelReopening
        | E::WithdrawEndorsement
        | E::Imported
        | E::ReopenedThrough
        // Those it is for differ by message; see `of_message`.
        | E::MessageSent
        | E::AttachmentAdded
        | E::AttachmentDeleted
        // What happens to an experiment is told as such.
        | E::Experiment
        | E::Linked
        | E::Unlinked
        // Whom alerts go to is decided by the clock; who has many gets one mail.
        | E::DeadlineNearing
        | E::DeadlinePassed
        | E::DeadlineEscalated => &[],
    }
}
