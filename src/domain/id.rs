//! Identifiers: UUIDv7, typed by what they name so that a report's id never passes for an organisation's.

use std::{fmt, hash::Hash, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The id of a `T`: a UUID of version 7 (time-ordered), written in its hyphenated form.
pub struct Id<T>(Uuid, PhantomData<fn() -> T>);

/// What ids may name.
pub mod kind {
    #[derive(Debug)]
    pub struct Organisation;
    #[derive(Debug)]
    pub struct Principal;
    #[derive(Debug)]
    pub struct Report;
    #[derive(Debug)]
    pub struct Event;
    #[derive(Debug)]
    pub struct Notice;
    #[derive(Debug)]
    pub struct Session;
    #[derive(Debug)]
    pub struct AuditEvent;
    /// Whatever an audit event is about.
    #[derive(Debug)]
    pub struct Subject;
    #[derive(Debug)]
    pub struct Rule;
    #[derive(Debug)]
    pub struct Endorsement;
    #[derive(Debug)]
    pub struct Measure;
    #[derive(Debug)]
    pub struct Message;
    #[derive(Debug)]
    pub struct Attachment;
    #[derive(Debug)]
    pub struct StandardText;
    /// A search that somebody keeps.
    #[derive(Debug)]
    pub struct SavedSearch;
    /// What became of the routing of a report.
    #[derive(Debug)]
    pub struct Outcome;
    /// A rule that corrections speak for.
    #[derive(Debug)]
    pub struct Proposal;
    /// A link between two reports.
    #[derive(Debug)]
    pub struct Link;
    #[derive(Debug)]
    pub struct Experiment;
    /// What an experiment measures.
    #[derive(Debug)]
    pub struct Indicator;
    /// A value that was measured.
    #[derive(Debug)]
    pub struct Observation;
    #[derive(Debug)]
    pub struct Milestone;
}

pub type OrganisationId = Id<kind::Organisation>;
/// A person or an API client: whoever can act.
pub type PrincipalId = Id<kind::Principal>;
pub type ReportId = Id<kind::Report>;
pub type EventId = Id<kind::Event>;
pub type NoticeId = Id<kind::Notice>;
pub type SessionId = Id<kind::Session>;
pub type AuditEventId = Id<kind::AuditEvent>;
pub type RuleId = Id<kind::Rule>;
pub type EndorsementId = Id<kind::Endorsement>;
pub type MeasureId = Id<kind::Measure>;
pub type MessageId = Id<kind::Message>;
pub type AttachmentId = Id<kind::Attachment>;
pub type OutcomeId = Id<kind::Outcome>;
pub type ProposalId = Id<kind::Proposal>;
pub type SavedSearchId = Id<kind::SavedSearch>;
pub type StandardTextId = Id<kind::StandardText>;
pub type LinkId = Id<kind::Link>;
pub type ExperimentId = Id<kind::Experiment>;
pub type IndicatorId = Id<kind::Indicator>;
pub type ObservationId = Id<kind::Observation>;
pub type MilestoneId = Id<kind::Milestone>;

impl<T> Id<T> {
    /// A new id; ids made later sort later.
    pub fn new() -> Self {
        Self::from_uuid(Uuid::now_v7())
    }

    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl<T> Default for Id<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<T> FromStr for Id<T> {
    type Err = uuid::Error;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Uuid::from_str(s).map(Self::from_uuid)
    }
}
impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self::from_uuid)
    }
}
