//! The one table of what may be done with an experiment: from which status, to which, by whom, with what.

use crate::domain::actor::Language;
use crate::domain::code::code_list;

code_list! {
    /// Where an experiment stands (Dutch: status).
    pub enum ExperimentStatus {
        /// Voorstel.
        Proposal = "proposal",
        /// Juridische toets.
        LegalCheck = "legal_check",
        /// Geregistreerd.
        Registered = "registered",
        /// Loopt.
        Running = "running",
        /// In evaluatie.
        Evaluating = "evaluating",
        /// Besloten.
        Decided = "decided",
        /// Afgesloten.
        Closed = "closed",
        /// Voortijdig beëindigd; its results are due all the same.
        Stopped = "stopped",
    }
}

code_list! {
    /// What is done with an experiment (Dutch: handeling).
    pub enum ExperimentAction {
        SubmitForCheck = "submit_for_check",
        /// The legal check sends it back (terug naar de indiener).
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
    }
}

code_list! {
    /// As whom somebody does it (Dutch: hoedanigheid).
    pub enum ExperimentCapacity {
        /// Of the organisation that proposed it (indiener).
        Proposer = "proposer",
        /// Of the reporting point (loket).
        Desk = "desk",
        /// Of the authority that owns the rule (eigenaar van de regel).
        Authority = "authority",
        /// Of an organisation that takes part or asked to (deelnemer).
        Participant = "participant",
        /// Of an organisation that may come to take part (belangstellende).
        Interested = "interested",
        /// The service itself (systeem).
        Service = "service",
    }
}

code_list! {
    /// A field of an action (Dutch: veld).
    pub enum ExperimentField {
        Reason = "reason",
        Authority = "authority",
        Organisation = "organisation",
        Report = "report",
        Date = "date",
        Findings = "findings",
        Url = "url",
        Decision = "decision",
        Decider = "decider",
        Stage = "stage",
        Dossier = "dossier",
        Publication = "publication",
        Milestone = "milestone",
    }
}

impl ExperimentStatus {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        use ExperimentStatus::*;
        let (nl, en) = match self {
            Proposal => ("Voorstel", "Proposal"),
            LegalCheck => ("Juridische toets", "Legal check"),
            Registered => ("Geregistreerd", "Registered"),
            Running => ("Loopt", "Running"),
            Evaluating => ("In evaluatie", "Evaluating"),
            Decided => ("Besloten", "Decided"),
            Closed => ("Afgesloten", "Closed"),
            Stopped => ("Voortijdig beëindigd", "Stopped"),
        };
        language.pick(nl, en)
    }
}

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    pub action: ExperimentAction,
    pub from: &'static [ExperimentStatus],
    /// None when the status stays.
    pub to: Option<ExperimentStatus>,
    pub by: &'static [ExperimentCapacity],
    pub required: &'static [ExperimentField],
    pub optional: &'static [ExperimentField],
}

/// The table.
pub const ROWS: &[Row] = {
    use ExperimentAction::*;
    use ExperimentCapacity::*;
    use ExperimentField as F;
    use ExperimentStatus::*;
    const fn row(
        action: ExperimentAction,
        from: &'static [ExperimentStatus],
        to: Option<ExperimentStatus>,
        by: &'static [ExperimentCapacity],
        required: &'static [ExperimentField],
        optional: &'static [ExperimentField],
    ) -> Row {
        Row {
            action,
            from,
            to,
            by,
            required,
            optional,
        }
    }
    const OPEN: &[ExperimentStatus] = &[Proposal, LegalCheck, Registered, Running];
    &[
        row(
            SubmitForCheck,
            &[Proposal],
            Some(LegalCheck),
            &[Proposer, Desk],
            &[F::Authority],
            &[],
        ),
        row(
            ReturnProposal,
            &[LegalCheck],
            Some(Proposal),
            &[Authority, Desk],
            &[F::Reason],
            &[],
        ),
        row(
            Register,
            &[LegalCheck],
            Some(Registered),
            &[Authority],
            &[],
            &[],
        ),
        row(
            Start,
            &[Registered],
            Some(Running),
            &[Authority, Desk],
            &[],
            &[],
        ),
        row(
            Extend,
            &[Running],
            None,
            &[Authority, Desk],
            &[F::Date, F::Reason],
            &[],
        ),
        row(
            BeginEvaluation,
            &[Running],
            Some(Evaluating),
            &[Authority, Desk],
            &[],
            &[],
        ),
        row(
            DeliverEvaluation,
            &[Evaluating, Stopped],
            None,
            &[Authority, Desk],
            &[F::Findings],
            &[F::Url],
        ),
        row(
            Decide,
            &[Evaluating],
            Some(Decided),
            &[Authority],
            &[F::Decision, F::Reason, F::Decider, F::Date],
            &[],
        ),
        row(
            UpdateLegislation,
            &[Decided],
            None,
            &[Authority, Desk],
            &[F::Stage],
            &[F::Dossier, F::Publication],
        ),
        row(
            Close,
            &[Decided],
            Some(Closed),
            &[Authority, Desk],
            &[],
            &[],
        ),
        row(
            Stop,
            &[Proposal, LegalCheck, Registered, Running, Evaluating],
            Some(Stopped),
            &[Authority, Desk],
            &[F::Reason],
            &[],
        ),
        row(
            AskToJoin,
            OPEN,
            None,
            &[Interested],
            &[F::Report],
            &[F::Reason],
        ),
        row(
            Admit,
            OPEN,
            None,
            &[Authority, Desk],
            &[F::Organisation, F::Date],
            &[],
        ),
        row(
            DeclineRequest,
            OPEN,
            None,
            &[Authority, Desk],
            &[F::Organisation, F::Reason],
            &[],
        ),
        row(AskToLeave, OPEN, None, &[Participant], &[F::Reason], &[]),
        row(
            Release,
            OPEN,
            None,
            &[Authority, Desk],
            &[F::Organisation, F::Date, F::Reason],
            &[],
        ),
        row(
            CompleteMilestone,
            &[Registered, Running, Evaluating],
            None,
            &[Authority, Desk],
            &[F::Milestone, F::Date],
            &[],
        ),
    ]
};

/// The rows for a status and the capacities somebody has.
pub fn legal<'a>(
    status: ExperimentStatus,
    capacities: &'a [ExperimentCapacity],
) -> impl Iterator<Item = &'static Row> + 'a {
    ROWS.iter().filter(move |row| {
        row.from.contains(&status) && row.by.iter().any(|by| capacities.contains(by))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::Code;

    #[test]
    fn every_action_has_one_row_and_every_status_but_the_first_is_reached() {
        for action in ExperimentAction::ALL {
            let rows = ROWS.iter().filter(|row| row.action == *action).count();
            assert_eq!(rows, 1, "{action}");
        }
        for status in ExperimentStatus::ALL {
            let first = *status == ExperimentStatus::Proposal;
            assert!(
                first || ROWS.iter().any(|row| row.to == Some(*status)),
                "{status}"
            );
        }
    }
}
