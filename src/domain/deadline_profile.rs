//! Deadline profiles (termijnprofielen): the terms that the service promises, as data. A change is a new version; a clock
//! keeps the version it started with.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::actor::Language;
use crate::domain::code::code_list;
use crate::domain::deadline::Term;
use crate::domain::id::PrincipalId;
use crate::domain::invalid::FieldError;

code_list! {
    /// The promises whose terms run on a report (Dutch: termijn).
    pub enum ClockKind {
        DeskReply = "desk_reply",
        Routing = "routing",
        Acceptance = "acceptance",
        Position = "position",
        Answer = "answer",
        ImplementationUpdate = "implementation_update",
        Feedback = "feedback",
    }
}

impl ClockKind {
    /// What is due, in the words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            ClockKind::DeskReply => ("Reactie van het loket", "Reply by the desk"),
            ClockKind::Routing => ("Doorzetten", "Forwarding"),
            ClockKind::Acceptance => ("In behandeling nemen", "Acceptance"),
            ClockKind::Position => ("Standpunt", "Position"),
            ClockKind::Answer => ("Antwoord op de vraag", "Answer to the question"),
            ClockKind::ImplementationUpdate => ("Bericht over de voortgang", "Progress update"),
            ClockKind::Feedback => ("Terugkoppeling van de melder", "Feedback by the reporter"),
        };
        language.pick(nl, en)
    }
}

/// The profile of every report for which none was chosen.
pub const STANDARD: &str = "standard";

/// The longest promise there may be, in days: two years.
const LONGEST: u32 = 731;

/// Which version of which profile.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProfileRef {
    pub code: String,
    pub version: i32,
}

/// One version of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadlineProfile {
    pub code: String,
    pub version: i32,
    pub label: String,
    pub label_en: String,
    pub terms: Terms,
    /// Why it is so, or why it was changed.
    pub reason: String,
    pub made_at: DateTime<Utc>,
    /// None for what the service came with.
    pub made_by: Option<PrincipalId>,
}

/// What a profile promises. The defaults are modelled on SOLVIT and, by analogy, on the Awb and the Atw; they are not
/// statutory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    pub desk_reply: Term,
    pub routing: Term,
    pub acceptance: Term,
    pub position: Term,
    /// The whole term of a position that was extended once (cf. Awb art. 4:14 and 7:10).
    pub extended_position: Term,
    pub answer: Term,
    pub implementation_update: Term,
    pub feedback: Term,
    /// How much of a term has passed when it nears its end.
    pub nearing_percent: u32,
    /// Days after the due date at which the coordinator is called in.
    pub escalate_after_days: u32,
    /// Days equated with holidays by decree (Atw art. 3, third paragraph).
    pub equated_days: Vec<NaiveDate>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            desk_reply: Term::Days(7),
            routing: Term::Days(30),
            acceptance: Term::Days(7),
            position: Term::Weeks(8),
            extended_position: Term::Weeks(10),
            answer: Term::Days(14),
            implementation_update: Term::Weeks(26),
            feedback: Term::Days(14),
            nearing_percent: 80,
            escalate_after_days: 7,
            equated_days: Vec::new(),
        }
    }
}

impl Terms {
    /// The term of a promise.
    pub fn of(&self, kind: ClockKind) -> Term {
        match kind {
            ClockKind::DeskReply => self.desk_reply,
            ClockKind::Routing => self.routing,
            ClockKind::Acceptance => self.acceptance,
            ClockKind::Position => self.position,
            ClockKind::Answer => self.answer,
            ClockKind::ImplementationUpdate => self.implementation_update,
            ClockKind::Feedback => self.feedback,
        }
    }

    /// What is wrong with it; pointers are those of a request body.
    pub fn faults(&self) -> Vec<FieldError> {
        let terms = [
            ("deskReply", self.desk_reply),
            ("routing", self.routing),
            ("acceptance", self.acceptance),
            ("position", self.position),
            ("extendedPosition", self.extended_position),
            ("answer", self.answer),
            ("implementationUpdate", self.implementation_update),
            ("feedback", self.feedback),
        ];
        let mut faults: Vec<FieldError> = terms
            .into_iter()
            .filter(|(_, term)| !(1..=LONGEST).contains(&term.about_days()))
            .map(|(field, _)| {
                FieldError::new(format!("/terms/{field}"), "term_out_of_range")
                    .with("limit", LONGEST)
            })
            .collect();
        if self.extended_position.about_days() <= self.position.about_days() {
            faults.push(FieldError::new(
                "/terms/extendedPosition",
                "extension_not_longer",
            ));
        }
        faults
    }
}

impl DeadlineProfile {
    /// The profile that the service comes with.
    pub fn standard(made_at: DateTime<Utc>) -> Self {
        Self {
            code: STANDARD.into(),
            version: 1,
            label: "Standaard".into(),
            label_en: "Standard".into(),
            terms: Terms::default(),
            reason: "Servicetermijnen naar het voorbeeld van SOLVIT en, naar analogie, van de Awb en de Atw.".into(),
            made_at,
            made_by: None,
        }
    }

    pub fn reference(&self) -> ProfileRef {
        ProfileRef {
            code: self.code.clone(),
            version: self.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_comes_with_is_faultless() {
        assert_eq!(Terms::default().faults(), []);
    }

    #[test]
    fn every_faulty_term_is_named() {
        let terms = Terms {
            desk_reply: Term::Days(0),
            position: Term::Weeks(10),
            feedback: Term::Months(25),
            ..Terms::default()
        };
        let pointers: Vec<String> = terms.faults().into_iter().map(|f| f.pointer).collect();
        assert_eq!(
            pointers,
            [
                "/terms/deskReply",
                "/terms/feedback",
                "/terms/extendedPosition"
            ]
        );
    }
}
