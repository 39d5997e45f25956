//! Messages about a report (berichten): for whom they are, and what one holds. Who reads and writes which is `policy`'s.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::code::code_list;
use crate::domain::id::{MessageId, OrganisationId, PrincipalId, ReportId};
use crate::domain::status::Capacity;

code_list! {
    /// For whom a message or an attachment is (Dutch: bestemd voor).
    pub enum MessageAudience {
        /// The reporter's organisation, the desk and whoever handles the report (melder).
        Reporter = "reporter",
        /// The desk, the lead and the contributing authorities (overheid).
        Government = "government",
        /// One authority, among itself (eigen organisatie).
        Authority = "authority",
    }
}

code_list! {
    /// Where a message stands (Dutch: stand van het bericht).
    pub enum MessageState {
        /// Seen by the organisation that writes it (concept).
        Draft = "draft",
        /// Seen by its audience, and never changed again (verzonden).
        Sent = "sent",
    }
}

/// A person or API client that wrote or sent something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writer {
    pub id: PrincipalId,
    pub name: String,
}

/// A message. Drafted by one, sent by the same or by another of its organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub report: ReportId,
    pub audience: MessageAudience,
    /// Whose message it is: of those who drafted and sent it.
    pub organisation: OrganisationId,
    /// Its name at the time.
    pub organisation_name: String,
    /// As whom it was drafted, and once sent, sent.
    pub capacity: Capacity,
    pub text: String,
    pub drafted_by: Writer,
    pub sent_by: Option<Writer>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    pub version: i32,
}

impl Message {
    pub fn state(&self) -> MessageState {
        match self.sent_at {
            Some(_) => MessageState::Sent,
            None => MessageState::Draft,
        }
    }

    /// Where it stands in a list: a message counts from when it was sent.
    pub fn filed_at(&self) -> DateTime<Utc> {
        self.sent_at.unwrap_or(self.created_at)
    }

    /// The message as it leaves.
    pub fn sent(self, by: Writer, capacity: Capacity, now: DateTime<Utc>) -> Self {
        Self {
            capacity,
            sent_by: Some(by),
            sent_at: Some(now),
            updated_at: now,
            ..self
        }
    }
}
