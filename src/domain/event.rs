//! The timeline of a report: one event a change, written in the same transaction, never altered.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::actor::Actor;
use crate::domain::message::MessageAudience;
use crate::domain::policy::{self, View};

use crate::domain::clocks::Ledger;
use crate::domain::deadline_profile::{ClockKind, ProfileRef};
pub use crate::domain::event_kind::EventKind;
use crate::domain::experiment::event_kind::StepOfExperiment;
use crate::domain::id::{AttachmentId, EventId, MessageId, OrganisationId, PrincipalId, ReportId};
use crate::domain::link::LinkRef;
use crate::domain::report::{Assignee, Confidentiality, Measure, Outcome, Report, Verdict};
use crate::domain::status::{Capacity, Status};

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
    /// Reference of the other report of a merge or a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_report: Option<String>,
    /// References of the reports that were split from it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_reports: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidentiality: Option<Confidentiality>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
    /// For whom the event is, beyond what a view of the report shows: those a message or an attachment is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<MessageAudience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// Who works on it from then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<PersonRef>,
    /// Who worked on it until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_assignee: Option<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// How the reporter agreed to its report travelling further.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// The term that an alert or an extension is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockKind>,
    /// The day by which that term's promise is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_on: Option<NaiveDate>,
    /// The profile of the clocks that it started or moved; see `clock_proof`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_profile: Option<ProfileRef>,
    /// The clocks of the case that goes on under this report; see `clock_proof`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clocks: Option<Ledger>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachment: Option<AttachmentId>,
    /// The name of the attachment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experiment: Option<StepOfExperiment>,
}

/// Somebody, by the name it had then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRef {
    pub id: PrincipalId,
    pub name: String,
}

impl From<&Assignee> for PersonRef {
    fn from(assignee: &Assignee) -> Self {
        Self {
            id: assignee.id,
            name: assignee.name.clone(),
        }
    }
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
    /// Whether it is for somebody: what tells of a message or an attachment, for those that is for.
    pub fn is_for(&self, actor: &Actor, report: &Report) -> bool {
        match (self.details.audience, self.author.organisation) {
            (Some(audience), Some(by)) => policy::reads(actor, report, audience, by),
            _ => true,
        }
    }

    /// The event as this reader may see it; none when it is not for its eyes. Contact data is taken out where the report
    /// hides it. The progress view shows changes of status with what is public about them, no person's name, and not who
    /// the reporter is. `internal`: the reader sees what is internal to government.
    pub fn seen_with(mut self, view: View, internal: bool) -> Option<Event> {
        match view {
            View::Full { contact } => {
                if !internal {
                    match self.kind {
                        EventKind::Advise => return None,
                        EventKind::Escalate if self.author.capacity != Capacity::Reporter => {
                            self.details.reason = None;
                        }
                        EventKind::ResolveEscalation => self.details.explanation = None,
                        _ => {}
                    }
                }
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
