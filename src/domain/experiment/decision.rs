//! What is decided after an experiment.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::actor::Language;
use crate::domain::code::code_list;

code_list! {
    /// What is decided after an experiment (Dutch: besluit).
    pub enum DecisionKind {
        /// The rule is changed (regel wijzigen).
        ChangeLaw = "change_law",
        /// The rule stays, its practice changes (werkwijze wijzigen).
        ChangePractice = "change_practice",
        /// More take part (opschalen).
        ScaleUp = "scale_up",
        /// It goes on for longer (verlengen).
        Extend = "extend",
        /// It does not work (stoppen).
        Stop = "stop",
        /// The results do not tell (geen uitsluitsel).
        Inconclusive = "inconclusive",
    }
}

impl DecisionKind {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            DecisionKind::ChangeLaw => ("de regel wijzigen", "change the rule"),
            DecisionKind::ChangePractice => ("de werkwijze wijzigen", "change the practice"),
            DecisionKind::ScaleUp => ("opschalen", "scale up"),
            DecisionKind::Extend => ("verlengen", "extend"),
            DecisionKind::Stop => ("stoppen", "stop"),
            DecisionKind::Inconclusive => ("geen uitsluitsel", "inconclusive"),
        };
        language.pick(nl, en)
    }
}

/// What was decided after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub kind: DecisionKind,
    pub reason: String,
    /// Post or body that decided.
    pub decider: String,
    pub decided_on: NaiveDate,
}
