//! The timeline of a report: one event a change, written in the same transaction, never altered.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::actor::Actor;
use crate::domain::code::{Code, code_list};
use crate::domain::id::{EventId, MessageId, OrganisationId, PrincipalId, ReportId};
use crate::domain::message::MessageAudience;
use crate::domain::policy::{self, View};
use crate::domain::report::{Confidentiality, Measure, Outcome, Report};
use crate::domain::status::{Action, Capacity, Status};

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
        /// The report it had been merged into was withdrawn; the case goes on under this one.
        TookOver = "took_over",
        Correct = "correct",
        ChangeContributors = "change_contributors",
        ChangeConfidentiality = "change_confidentiality",
        /// A message was sent; seen by its audience alone.
        MessageSent = "message_sent",
    }
}

impl From<Action> for EventKind {
    fn from(action: Action) -> Self {
        // Every action's text is an event's text as well; the test below holds it so.
        EventKind::parse(action.as_str()).unwrap_or(EventKind::Changed)
    }
}

/// Who did it, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// None when the service itself did it.
    pub principal: Option<PrincipalId>,
    pub name: String,
    pub organisation: Option<OrganisationId>,
    pub organisation_name: Option<String>,
    pub capacity: Capacity,
}

impl Author {
    /// The service, by a rule or through another report.
    pub fn service() -> Self {
        Self {
            principal: None,
            name: "Meldpunt".into(),
            organisation: None,
            organisation_name: None,
            capacity: Capacity::Service,
        }
    }
}

/// What was changed from what to what (Dutch: correctie).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Correction {
    /// The property that changed.
    pub field: String,
    /// What stood there.
    pub old: Vec<String>,
    /// What stands there now.
    pub new: Vec<String>,
}

/// What an event says beyond who, when and what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<OrganisationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_lead: Option<OrganisationId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contributors: Vec<OrganisationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggested_authority: Option<OrganisationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_explanation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publication: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_reference: Option<String>,
    /// Reference of the other report of a merge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_report: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidentiality: Option<Confidentiality>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
    /// For whom the event is, beyond what a view of the report shows: those a message is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<MessageAudience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
}

/// One entry of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub report: ReportId,
    pub at: DateTime<Utc>,
    pub kind: EventKind,
    /// The status before; none at the beginning.
    pub from: Option<Status>,
    pub to: Status,
    /// The version of the report that this event made.
    pub version: i32,
    pub author: Author,
    pub details: Details,
}

impl Event {
    /// Whether it is for somebody: what tells of a message, for those the message is for.
    pub fn is_for(&self, actor: &Actor, report: &Report) -> bool {
        match (self.details.audience, self.author.organisation) {
            (Some(audience), Some(by)) => policy::reads(actor, report, audience, by),
            _ => true,
        }
    }

    /// The event as this reader may see it; none when it is not for its eyes. Contact data is taken out where the report
    /// hides it. The progress view shows changes of status with what is public about them, no person's name, and not who
    /// the reporter is.
    pub fn seen_with(mut self, view: View) -> Option<Event> {
        match view {
            View::Full { contact } => {
                if !contact {
                    self.details
                        .corrections
                        .retain(|correction| correction.field != "contact");
                }
                Some(self)
            }
            View::Progress => {
                let changed = self.from != Some(self.to) && self.kind != EventKind::Created;
                let reporter = self.author.capacity == Capacity::Reporter;
                changed.then(|| Event {
                    author: Author {
                        principal: None,
                        name: String::new(),
                        organisation: self.author.organisation.filter(|_| !reporter),
                        organisation_name: self.author.organisation_name.filter(|_| !reporter),
                        capacity: self.author.capacity,
                    },
                    details: Details {
                        lead: self.details.lead,
                        outcome: self.details.outcome,
                        public_explanation: self.details.public_explanation,
                        ..Details::default()
                    },
                    ..self
                })
            }
        }
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
