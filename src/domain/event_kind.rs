//! What can happen to a report.

use crate::domain::code::{Code, code_list};
use crate::domain::status::Action;

code_list! {
    /// What happened to a report (Dutch: gebeurtenis). Every action is one; the others have no action of their own.
    pub enum EventKind {
        /// A draft was begun.
        Created = "created",
        /// The reporter changed what it had written.
        Changed = "changed",
        Submit = "submit",
        /// A routing rule gave it to an authority.
        RoutedByRule = "routed_by_rule",
        Route = "route",
        CloseWithoutRouting = "close_without_routing",
        Reroute = "reroute",
        Return = "return",
        Accept = "accept",
        RequestInformation = "request_information",
        ProvideInformation = "provide_information",
        ContinueWithoutAnswer = "continue_without_answer",
        TakePosition = "take_position",
        Reconsider = "reconsider",
        StartImplementation = "start_implementation",
        UpdateImplementation = "update_implementation",
        Settle = "settle",
        /// The report it had been merged into was settled.
        SettledThrough = "settled_through",
        RequestReopening = "request_reopening",
        CancelReopening = "cancel_reopening",
        GrantReopening = "grant_reopening",
        DenyReopening = "deny_reopening",
        Withdraw = "withdraw",
        Merge = "merge",
        /// Another report was merged into this one.
        MergedIn = "merged_in",
        Unmerge = "unmerge",
        /// The merge of another report into this one was undone.
        UnmergedFrom = "unmerged_from",
        /// The desk released a reviewed version to others.
        Publish = "publish",
        /// What was released is no longer; by the service when the report became narrower or was withdrawn.
        Unpublish = "unpublish",
        /// It came in with the history that others had.
        Imported = "imported",
        /// Obstacles were taken out of it, each as a report of its own.
        Split = "split",
        /// It was taken out of another report.
        SplitFrom = "split_from",
        /// Another organisation has the same obstacle.
        Endorse = "endorse",
        WithdrawEndorsement = "withdraw_endorsement",
        /// The report it had been settled through was taken up again, and this one with it.
        ReopenedThrough = "reopened_through",
        /// The report it had been merged into was withdrawn; the case goes on under this one.
        TookOver = "took_over",
        Correct = "correct",
        ChangeContributors = "change_contributors",
        ChangeConfidentiality = "change_confidentiality",
        /// A message was sent; seen by its audience alone.
        MessageSent = "message_sent",
        /// A file was added; seen by those it is for.
        AttachmentAdded = "attachment_added",
        /// Its bytes are gone; that it was there stays.
        AttachmentDeleted = "attachment_deleted",
        /// It was linked with another report; seen by who may see that one.
        Linked = "linked",
        Unlinked = "unlinked",
        /// An experiment that it led to took a step.
        Experiment = "experiment",
        /// An organisation in it was succeeded by another.
        Succession = "succession",
        Assign = "assign",
        Unassign = "unassign",
        Advise = "advise",
        Extend = "extend",
        Escalate = "escalate",
        ResolveEscalation = "resolve_escalation",
        ChangeDeadlineProfile = "change_deadline_profile",
        GiveFeedback = "give_feedback",
        /// Most of a term has passed.
        DeadlineNearing = "deadline_nearing",
        /// The last day of a term has passed.
        DeadlinePassed = "deadline_passed",
        /// A term was long over: the service called the coordinator in.
        DeadlineEscalated = "deadline_escalated",
    }
}

impl EventKind {
    /// Those that change what a report says, with what stood there and what stands there now.
    pub const EDITS: &[EventKind] = &[
        EventKind::Changed,
        EventKind::Correct,
        EventKind::ChangeConfidentiality,
        EventKind::Publish,
        EventKind::Unpublish,
    ];
}

impl From<Action> for EventKind {
    fn from(action: Action) -> Self {
        // Every action's text is an event's text as well; the test below holds it so.
        EventKind::parse(action.as_str()).unwrap_or(EventKind::Changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_an_event() {
        for action in Action::ALL {
            assert_eq!(EventKind::from(*action).as_str(), action.as_str());
        }
    }
}
