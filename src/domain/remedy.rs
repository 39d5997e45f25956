//! What a reporter asks for.

use crate::domain::actor::Language;
use crate::domain::code::code_list;

code_list! {
    /// What the reporter asks for (Dutch: gevraagd).
    pub enum Remedy {
        /// The rule changed (wijziging).
        Change = "change",
        /// A way out for this case (ontheffing).
        Exemption = "exemption",
        /// A trial without the rule (experiment).
        Experiment = "experiment",
        /// What the rule means (uitleg).
        Clarification = "clarification",
    }
}

impl Remedy {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            Remedy::Change => ("wijziging van de regel", "change of the rule"),
            Remedy::Exemption => ("ontheffing", "exemption"),
            Remedy::Experiment => ("experiment", "experiment"),
            Remedy::Clarification => ("uitleg", "clarification"),
        };
        language.pick(nl, en)
    }
}
