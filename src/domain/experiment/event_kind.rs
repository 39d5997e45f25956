//! What can happen to an experiment.

use serde::{Deserialize, Serialize};

use crate::domain::code::{Code, code_list};
use crate::domain::experiment::decision::DecisionKind;
use crate::domain::experiment::stage::ExperimentAction;
use crate::domain::id::ExperimentId;

code_list! {
    /// What happened to an experiment (Dutch: gebeurtenis). Every action is one; the others have no action of their own.
    pub enum ExperimentEventKind {
        Proposed = "proposed",
        /// Its plan was changed; once it runs, that is a new version (plan gewijzigd).
        PlanChanged = "plan_changed",
        SubmitForCheck = "submit_for_check",
        ReturnProposal = "return_proposal",
        Register = "register",
        Start = "start",
        Extend = "extend",
        BeginEvaluation = "begin_evaluation",
        DeliverEvaluation = "deliver_evaluation",
        Decide = "decide",
        UpdateLegislation = "update_legislation",
        Close = "close",
        Stop = "stop",
        AskToJoin = "ask_to_join",
        Admit = "admit",
        DeclineRequest = "decline_request",
        AskToLeave = "ask_to_leave",
        Release = "release",
        CompleteMilestone = "complete_milestone",
        /// Values were entered (waarnemingen ingevoerd).
        Observed = "observed",
        /// A value was corrected; the old one stays (waarneming gecorrigeerd).
        ObservationCorrected = "observation_corrected",
        /// An organisation in it was succeeded by another (opgevolgd).
        Succession = "succession",
        /// Something is due soon (termijn nadert).
        DueSoon = "due_soon",
        /// Something is over its day (te laat).
        Late = "late",
    }
}

impl From<ExperimentAction> for ExperimentEventKind {
    fn from(action: ExperimentAction) -> Self {
        // Every action's text is an event's text as well; a test holds it so.
        Self::parse(action.as_str()).unwrap_or(Self::PlanChanged)
    }
}

/// A step of an experiment, as the reports that led to it tell of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepOfExperiment {
    pub id: ExperimentId,
    /// `EXP-2026-0001`.
    pub reference: String,
    pub step: ExperimentEventKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionKind>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_an_event() {
        for action in ExperimentAction::ALL {
            assert_eq!(ExperimentEventKind::from(*action).as_str(), action.as_str());
        }
    }
}
