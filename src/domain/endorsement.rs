//! "We too" (Dutch: medemelding): another organisation has the same obstacle as a shared report.

use chrono::{DateTime, Utc};

use crate::domain::id::{EndorsementId, OrganisationId, ReportId};
use crate::domain::report::{Contact, Sender};

/// An organisation's endorsement of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endorsement {
    pub id: EndorsementId,
    pub report: ReportId,
    pub organisation: OrganisationId,
    /// What the obstacle does to this organisation, in a sentence.
    pub effect: String,
    /// Whom to tell, when a machine endorsed or another person is to hear of it.
    pub contact: Option<Contact>,
    pub sender: Sender,
    pub endorsed_at: DateTime<Utc>,
    pub withdrawn_at: Option<DateTime<Utc>>,
}
