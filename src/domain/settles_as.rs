//! What settles the reports behind an experiment or a measure, once that is done: offered to whoever settles, who has the last
//! word.

use crate::domain::experiment::{DecisionKind, Experiment, ExperimentStatus};
use crate::domain::legislation::LegislativeFile;
use crate::domain::report::Outcome;

/// A settlement that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlesAs {
    pub outcome: Outcome,
    /// Where the change was made known.
    pub publication: Option<String>,
    /// Where the decision stands.
    pub decision_reference: Option<String>,
}

impl SettlesAs {
    pub(crate) fn plain(outcome: Outcome) -> Self {
        Self {
            outcome,
            publication: None,
            decision_reference: None,
        }
    }

    /// A rule that was changed; none before that was made known.
    pub(crate) fn amended(file: Option<&LegislativeFile>, act: bool) -> Option<Self> {
        let file = file.filter(|file| file.is_published())?;
        let gazette = file.gazette()?;
        // An act is changed in the Staatsblad; what stands in another gazette is no act.
        let outcome = if act && gazette.starts_with("stb-") {
            Outcome::ActAmended
        } else {
            Outcome::RegulationAmended
        };
        Some(Self {
            publication: Some(gazette.to_owned()),
            ..Self::plain(outcome)
        })
    }
}

impl Experiment {
    /// What would settle the reports that led to it; none while something is to come of it.
    pub fn settles_as(&self) -> Option<SettlesAs> {
        if self.status == ExperimentStatus::Stopped {
            return Some(SettlesAs::plain(Outcome::DeclinedWithReasons));
        }
        let course = &self.course;
        match course.decision.as_ref()?.kind {
            DecisionKind::ChangeLaw => {
                SettlesAs::amended(course.legislation.as_ref(), self.plan.deviates_from_act)
            }
            DecisionKind::ChangePractice => Some(SettlesAs::plain(Outcome::PracticeChanged)),
            DecisionKind::ScaleUp
            | DecisionKind::Extend
            | DecisionKind::Stop
            | DecisionKind::Inconclusive => Some(SettlesAs {
                decision_reference: Some(self.reference.clone()),
                ..SettlesAs::plain(Outcome::Experiment)
            }),
        }
    }
}
