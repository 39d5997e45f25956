//! What the text of a notice is made of: a snapshot, kept with the notice, so that a mail sent later says how things
//! stood when it was queued. Codes and days are kept as they are; the reader's language makes words of them.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::clocks::Alert;
use crate::domain::code::code_list;
use crate::domain::deadline_profile::ClockKind;
use crate::domain::message::MessageAudience;
use crate::domain::report::{Confidentiality, Measure, Outcome, Verdict};
use crate::domain::sharing::ShareAudience;
use crate::domain::status::Status;

code_list! {
    /// As whom somebody gets a notice: it decides on the text and on why it comes.
    pub enum Reader {
        Reporter = "reporter",
        /// Reporter of a report that was merged into the one it is about.
        Follower = "follower",
        /// Somebody whose organisation endorsed the report.
        Endorser = "endorser",
        Lead = "lead",
        Contributor = "contributor",
        FormerLead = "former_lead",
        /// Somebody who watches the report.
        Watcher = "watcher",
        Desk = "desk",
        /// A liaison of the authority that owns the rule an experiment deviates from.
        Authority = "authority",
        /// Somebody whose organisation takes part in an experiment, or whose report led to it.
        Participant = "participant",
        /// Holder of an account; the notice is about no report.
        Account = "account",
    }
}

/// The facts. What is none is left out of the text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Facts {
    pub reader: Option<Reader>,
    /// The page that the mail is about; for an account a link with a secret.
    pub link: Option<String>,
    pub reference: Option<String>,
    pub title: Option<String>,
    /// The title stays out of the subject line, which lock screens and logs show.
    pub confidential: bool,
    /// Whose report it is; for an account the organisation it is at.
    pub organisation: Option<String>,
    /// The rule that hinders, in words.
    pub rule: Option<String>,
    pub status: Option<Status>,
    pub lead: Option<String>,
    /// Organisation of whoever did it.
    pub actor: Option<String>,
    /// Authorities without a liaison, in whose place the desk gets the notice.
    pub stands_in_for: Option<String>,
    /// What is due next, and when.
    pub clock: Option<ClockKind>,
    pub due_on: Option<NaiveDate>,
    pub explanation: Option<String>,
    pub public_explanation: Option<String>,
    pub outcome: Option<Outcome>,
    /// For whom a reviewed version was released.
    pub shared_with: Option<ShareAudience>,
    pub publication: Option<String>,
    pub room: Option<String>,
    pub decision_reference: Option<String>,
    pub reason: Option<String>,
    pub suggested_authority: Option<String>,
    pub question: Option<String>,
    pub answer: Option<String>,
    pub message: Option<String>,
    /// What happened, in the language of the reader.
    pub sentence: Option<String>,
    /// For whom the message is.
    pub audience: Option<MessageAudience>,
    pub measure: Option<Measure>,
    /// The other report of a merge, or the one a merged report goes on through.
    pub other_reference: Option<String>,
    /// Names of the properties the desk corrected.
    pub corrected: Vec<String>,
    /// When the link stops working.
    pub expires_at: Option<DateTime<Utc>>,
    pub advice: Option<String>,
    pub confidentiality: Option<Confidentiality>,
    pub consent: Option<String>,
    pub verdict: Option<Verdict>,
    pub remark: Option<String>,
    /// The terms that ask for attention, of several reports.
    pub deadlines: Vec<DeadlineFact>,
    /// How many more there are than are named.
    pub more: usize,
}

/// A term that asks for attention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadlineFact {
    pub reference: String,
    /// None for what is confidential.
    pub title: Option<String>,
    pub clock: ClockKind,
    pub due_on: NaiveDate,
    pub alert: Alert,
}
