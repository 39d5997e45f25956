//! The register of changes to who may what: one event a change, written in the same transaction, never altered.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::actor::PrincipalKind;
use crate::domain::code::code_list;
use crate::domain::id::{AuditEventId, OrganisationId, PrincipalId};

code_list! {
    /// What was done (Dutch: handeling).
    pub enum AuditKind {
        PersonInvited = "person_invited",
        PersonChanged = "person_changed",
        PersonRemoved = "person_removed",
        InvitationResent = "invitation_resent",
        SessionsEnded = "sessions_ended",
        PasswordSet = "password_set",
        ClientCreated = "client_created",
        ClientChanged = "client_changed",
        ClientSecretRenewed = "client_secret_renewed",
        ClientRemoved = "client_removed",
        OrganisationAdded = "organisation_added",
        OrganisationChanged = "organisation_changed",
    }
}

code_list! {
    /// What it was done to (Dutch: soort onderwerp).
    pub enum SubjectKind {
        Person = "person",
        Client = "client",
        Organisation = "organisation",
    }
}

impl From<PrincipalKind> for SubjectKind {
    fn from(kind: PrincipalKind) -> Self {
        match kind {
            PrincipalKind::Person => Self::Person,
            PrincipalKind::Client => Self::Client,
        }
    }
}

/// Who or what it was done to, and whose organisation that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub kind: SubjectKind,
    pub id: Uuid,
    pub name: String,
    pub organisation: OrganisationId,
}

/// A field that changed, with what it was and what it became. Of a name or a language only that it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub field: String,
    #[serde(default)]
    pub old: Value,
    #[serde(default)]
    pub new: Value,
}

/// The change of a field, when it is one.
pub fn change(field: &str, old: impl Serialize, new: impl Serialize) -> Option<Change> {
    let (old, new) = (json!(old), json!(new));
    (old != new).then(|| Change {
        field: field.to_owned(),
        old,
        new,
    })
}

/// That a field changed, when it did.
pub fn changed<T: PartialEq>(field: &str, old: &T, new: &T) -> Option<Change> {
    (old != new).then(|| Change {
        field: field.to_owned(),
        old: Value::Null,
        new: Value::Null,
    })
}

/// Who did it; none is the operator, from the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doer {
    pub id: PrincipalId,
    pub name: String,
    pub organisation: OrganisationId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    pub id: AuditEventId,
    pub at: DateTime<Utc>,
    pub kind: AuditKind,
    pub actor: Option<Doer>,
    pub subject: Subject,
    pub changes: Vec<Change>,
}
