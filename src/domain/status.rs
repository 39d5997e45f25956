//! The status workflow: one table of transitions. Permissions, the OpenAPI enum, "what can I do now" and the documents
//! read this table; what a transition changes is in `workflow`.

use crate::domain::actor::Language;
use crate::domain::code::code_list;

code_list! {
    /// What a report is in (Dutch: status). The outcome is what came of it; overdue and contested are flags.
    pub enum Status {
        /// Concept
        Draft = "draft",
        /// Ingediend
        Submitted = "submitted",
        /// Doorgezet
        Routed = "routed",
        /// Aanvulling gevraagd
        InformationRequested = "information_requested",
        /// In beoordeling
        InReview = "in_review",
        /// Standpunt ingenomen
        PositionTaken = "position_taken",
        /// In uitvoering
        InImplementation = "in_implementation",
        /// Afgehandeld
        Settled = "settled",
        /// Heropening gevraagd
        ReopeningRequested = "reopening_requested",
        /// Ingetrokken
        Withdrawn = "withdrawn",
        /// Samengevoegd
        Merged = "merged",
    }
}

code_list! {
    /// Stage of the handling that a status belongs to (Dutch: fase).
    pub enum Phase {
        Intake = "intake",
        Assessment = "assessment",
        Implementation = "implementation",
        Closed = "closed",
    }
}

code_list! {
    /// As whom somebody acts on a report: a role together with its tie to the report (Dutch: hoedanigheid).
    pub enum Capacity {
        Reporter = "reporter",
        Desk = "desk",
        Coordinator = "coordinator",
        /// Liaison of the lead authority.
        Lead = "lead",
        /// Liaison of a contributing authority.
        Contributor = "contributor",
        /// Reporter of an organisation that said "we too" (medemelder).
        Endorser = "endorser",
        /// The service itself, by a rule or through another report.
        Service = "service",
    }
}

code_list! {
    /// What can be done with a report (Dutch: handeling).
    pub enum Action {
        Submit = "submit",
        Route = "route",
        CloseWithoutRouting = "close_without_routing",
        Reroute = "reroute",
        Return = "return",
        Accept = "accept",
        RequestInformation = "request_information",
        ProvideInformation = "provide_information",
        ContinueWithoutAnswer = "continue_without_answer",
        TakePosition = "take_position",
        Reconsider = "reconsider",
        StartImplementation = "start_implementation",
        UpdateImplementation = "update_implementation",
        Settle = "settle",
        RequestReopening = "request_reopening",
        CancelReopening = "cancel_reopening",
        GrantReopening = "grant_reopening",
        DenyReopening = "deny_reopening",
        Withdraw = "withdraw",
        Merge = "merge",
        Unmerge = "unmerge",
        Publish = "publish",
        Unpublish = "unpublish",
        Correct = "correct",
        ChangeContributors = "change_contributors",
        ChangeConfidentiality = "change_confidentiality",
        Assign = "assign",
        Unassign = "unassign",
        Advise = "advise",
        Extend = "extend",
        Escalate = "escalate",
        ResolveEscalation = "resolve_escalation",
        ChangeDeadlineProfile = "change_deadline_profile",
        GiveFeedback = "give_feedback",
    }
}

code_list! {
    /// A value that a transition asks for; its text is the property of the request body
    /// (Dutch: veld).
    pub enum Field {
        Lead = "lead",
        Contributors = "contributors",
        Explanation = "explanation",
        Outcome = "outcome",
        PublicExplanation = "publicExplanation",
        Reason = "reason",
        SuggestedAuthority = "suggestedAuthority",
        Question = "question",
        Answer = "answer",
        Measure = "measure",
        MergeInto = "mergeInto",
        Audience = "audience",
        Title = "title",
        Summary = "summary",
        Publication = "publication",
        Room = "room",
        DecisionReference = "decisionReference",
        Confidentiality = "confidentiality",
        Regulations = "regulations",
        Domains = "domains",
        Municipalities = "municipalities",
        Assignee = "assignee",
        Advice = "advice",
        DeadlineProfile = "deadlineProfile",
        Consent = "consent",
        Verdict = "verdict",
        Remark = "remark",
        RequestReopening = "requestReopening",
    }
}

impl Status {
    /// Work is still to be done on it.
    pub fn is_open(self) -> bool {
        use Status::*;
        matches!(
            self,
            Submitted | Routed | InformationRequested | InReview | PositionTaken | InImplementation
        )
    }

    /// The phase; `resume` is where a report whose reporter was asked something goes back to.
    pub fn phase(self, resume: Option<Status>) -> Phase {
        use Status::*;
        match self {
            Draft | Submitted | Routed => Phase::Intake,
            InformationRequested => resume.map_or(Phase::Intake, |status| status.phase(None)),
            InReview | PositionTaken => Phase::Assessment,
            InImplementation => Phase::Implementation,
            Settled | ReopeningRequested | Withdrawn | Merged => Phase::Closed,
        }
    }

    /// The Dutch word that people read.
    pub fn label(self) -> &'static str {
        use Status::*;
        match self {
            Draft => "Concept",
            Submitted => "Ingediend",
            Routed => "Doorgezet",
            InformationRequested => "Aanvulling gevraagd",
            InReview => "In beoordeling",
            PositionTaken => "Standpunt ingenomen",
            InImplementation => "In uitvoering",
            Settled => "Afgehandeld",
            ReopeningRequested => "Heropening gevraagd",
            Withdrawn => "Ingetrokken",
            Merged => "Samengevoegd",
        }
    }

    /// The English word for it.
    pub fn label_en(self) -> &'static str {
        use Status::*;
        match self {
            Draft => "Draft",
            Submitted => "Submitted",
            Routed => "Forwarded",
            InformationRequested => "Information requested",
            InReview => "In review",
            PositionTaken => "Position taken",
            InImplementation => "In implementation",
            Settled => "Settled",
            ReopeningRequested => "Reopening requested",
            Withdrawn => "Withdrawn",
            Merged => "Merged",
        }
    }
}

impl Phase {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            Phase::Intake => ("Intake", "Intake"),
            Phase::Assessment => ("Beoordeling", "Assessment"),
            Phase::Implementation => ("Uitvoering", "Implementation"),
            Phase::Closed => ("Afgesloten", "Closed"),
        };
        language.pick(nl, en)
    }
}

/// Where a transition leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    To(Status),
    /// Back to the status the report had before: before the question, or before the merge.
    Before,
    /// In review when it ever had a lead, else submitted.
    Reopened,
    /// The status stays.
    Same,
}

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Transition {
    pub action: Action,
    pub from: &'static [Status],
    pub to: Target,
    pub by: &'static [Capacity],
    pub required: &'static [Field],
    /// Asked for in some cases, by the guards of `workflow`.
    pub optional: &'static [Field],
}

const OPEN: &[Status] = {
    use Status::*;
    &[
        Submitted,
        Routed,
        InformationRequested,
        InReview,
        PositionTaken,
        InImplementation,
    ]
};

const fn row(
    action: Action,
    from: &'static [Status],
    to: Target,
    by: &'static [Capacity],
    required: &'static [Field],
    optional: &'static [Field],
) -> Transition {
    Transition {
        action,
        from,
        to,
        by,
        required,
        optional,
    }
}

/// The whole workflow. The coordinator has every right of the desk.
pub static TRANSITIONS: &[Transition] = {
    use self::Field as F;
    use Action::*;
    use Capacity::{Contributor, Coordinator, Desk, Lead, Reporter};
    use Status::{
        Draft, InImplementation, InReview, InformationRequested, Merged, PositionTaken,
        ReopeningRequested, Routed, Settled, Submitted, Withdrawn,
    };
    use Target::{Before, Reopened, Same, To};
    const DESK: &[Capacity] = &[Desk, Coordinator];
    const RELEASABLE: &[Status] = &[
        Submitted,
        Routed,
        InformationRequested,
        InReview,
        PositionTaken,
        InImplementation,
        Settled,
        ReopeningRequested,
    ];
    const WITH_AN_AUTHORITY: &[Status] = &[
        Routed,
        InReview,
        InformationRequested,
        PositionTaken,
        InImplementation,
    ];
    &[
        row(
            Submit,
            &[Draft],
            To(Submitted),
            &[Reporter, Desk, Coordinator],
            &[],
            &[],
        ),
        row(
            Route,
            &[Submitted],
            To(Routed),
            DESK,
            &[F::Lead, F::Explanation],
            &[F::Contributors],
        ),
        row(
            CloseWithoutRouting,
            &[Submitted],
            To(Settled),
            DESK,
            &[F::Outcome, F::PublicExplanation],
            &[F::Room],
        ),
        row(
            Reroute,
            &[Routed, InReview],
            To(Routed),
            DESK,
            &[F::Lead, F::Reason],
            &[F::Contributors],
        ),
        row(
            Return,
            &[Routed, InReview],
            To(Submitted),
            &[Lead],
            &[F::Reason],
            &[F::SuggestedAuthority],
        ),
        row(Accept, &[Routed], To(InReview), &[Lead], &[], &[]),
        row(
            RequestInformation,
            &[Submitted],
            To(InformationRequested),
            DESK,
            &[F::Question],
            &[],
        ),
        row(
            RequestInformation,
            &[Routed, InReview],
            To(InformationRequested),
            &[Lead],
            &[F::Question],
            &[],
        ),
        row(
            ProvideInformation,
            &[InformationRequested],
            Before,
            &[Reporter],
            &[F::Answer],
            &[],
        ),
        row(
            ContinueWithoutAnswer,
            &[InformationRequested],
            Before,
            &[Desk, Coordinator, Lead],
            &[],
            &[],
        ),
        row(
            TakePosition,
            &[InReview],
            To(PositionTaken),
            &[Lead],
            &[F::Outcome, F::PublicExplanation],
            &[],
        ),
        row(
            Reconsider,
            &[PositionTaken, InImplementation],
            To(InReview),
            &[Lead, Desk, Coordinator],
            &[F::Reason],
            &[],
        ),
        row(
            StartImplementation,
            &[PositionTaken],
            To(InImplementation),
            &[Lead],
            &[F::Measure],
            &[],
        ),
        row(
            UpdateImplementation,
            &[InImplementation],
            Same,
            &[Lead],
            &[F::Measure],
            &[F::Explanation],
        ),
        row(
            Settle,
            &[PositionTaken, InImplementation],
            To(Settled),
            DESK,
            &[F::Outcome, F::PublicExplanation],
            &[F::Reason, F::Publication, F::Room, F::DecisionReference],
        ),
        row(
            Settle,
            &[PositionTaken],
            To(Settled),
            &[Lead],
            &[F::Outcome, F::PublicExplanation],
            &[F::Reason, F::Room],
        ),
        row(
            RequestReopening,
            &[Settled],
            To(ReopeningRequested),
            &[Reporter],
            &[F::Reason],
            &[],
        ),
        row(
            CancelReopening,
            &[ReopeningRequested],
            To(Settled),
            &[Reporter],
            &[],
            &[],
        ),
        row(
            GrantReopening,
            &[ReopeningRequested],
            Reopened,
            DESK,
            &[F::Reason],
            &[],
        ),
        row(
            DenyReopening,
            &[ReopeningRequested],
            To(Settled),
            DESK,
            &[F::Reason],
            &[],
        ),
        row(
            Withdraw,
            OPEN,
            To(Withdrawn),
            &[Reporter],
            &[F::Reason],
            &[],
        ),
        row(Merge, OPEN, To(Merged), DESK, &[F::MergeInto], &[F::Reason]),
        row(Unmerge, &[Merged], Before, DESK, &[], &[F::Reason]),
        // Neither what its reporter took back nor what goes on under another is released anew.
        row(
            Publish,
            RELEASABLE,
            Same,
            DESK,
            &[F::Audience, F::Title, F::Summary],
            &[],
        ),
        row(
            Unpublish,
            &[
                Submitted,
                Routed,
                InformationRequested,
                InReview,
                PositionTaken,
                InImplementation,
                Settled,
                ReopeningRequested,
                Merged,
            ],
            Same,
            DESK,
            &[F::Reason],
            &[],
        ),
        row(
            Correct,
            OPEN,
            Same,
            DESK,
            &[F::Reason],
            &[F::Regulations, F::Domains, F::Municipalities],
        ),
        row(
            ChangeContributors,
            WITH_AN_AUTHORITY,
            Same,
            DESK,
            &[F::Contributors],
            &[F::Reason],
        ),
        row(
            ChangeConfidentiality,
            OPEN,
            Same,
            &[Reporter],
            &[F::Confidentiality],
            &[],
        ),
        row(
            ChangeConfidentiality,
            OPEN,
            Same,
            DESK,
            &[F::Confidentiality, F::Reason],
            &[F::Consent],
        ),
        row(
            Assign,
            OPEN,
            Same,
            &[Lead, Contributor, Desk, Coordinator],
            &[],
            &[F::Assignee, F::Reason],
        ),
        row(
            Unassign,
            OPEN,
            Same,
            &[Lead, Contributor, Desk, Coordinator],
            &[],
            &[F::Reason],
        ),
        row(
            Advise,
            WITH_AN_AUTHORITY,
            Same,
            &[Contributor],
            &[F::Advice],
            &[F::Outcome],
        ),
        row(Extend, &[InReview], Same, &[Lead], &[F::Reason], &[]),
        row(
            Escalate,
            OPEN,
            Same,
            &[Lead, Contributor, Desk],
            &[F::Reason],
            &[],
        ),
        // A reporter calls the coordinator in when somebody is late.
        row(Escalate, OPEN, Same, &[Reporter], &[F::Reason], &[]),
        row(
            ResolveEscalation,
            OPEN,
            Same,
            &[Coordinator],
            &[F::Explanation],
            &[],
        ),
        row(
            ChangeDeadlineProfile,
            OPEN,
            Same,
            &[Coordinator],
            &[F::DeadlineProfile, F::Reason],
            &[],
        ),
        row(
            GiveFeedback,
            &[Settled],
            Same,
            &[Reporter],
            &[F::Verdict],
            &[F::Remark, F::RequestReopening],
        ),
    ]
};

impl Transition {
    /// Whether a body may hold this field.
    pub fn takes(&self, field: Field) -> bool {
        self.required.contains(&field) || self.optional.contains(&field)
    }
}

/// The rows for a status and the capacities somebody has.
pub fn legal<'a>(
    status: Status,
    capacities: &'a [Capacity],
) -> impl Iterator<Item = &'static Transition> + 'a {
    TRANSITIONS.iter().filter(move |row| {
        row.from.contains(&status) && row.by.iter().any(|by| capacities.contains(by))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::Code;

    #[test]
    fn every_action_stands_in_the_table() {
        for action in Action::ALL {
            assert!(
                TRANSITIONS.iter().any(|row| row.action == *action),
                "{action} has no row"
            );
        }
    }

    #[test]
    fn no_action_has_two_rows_for_one_status_and_capacity() {
        for (i, a) in TRANSITIONS.iter().enumerate() {
            for b in &TRANSITIONS[i + 1..] {
                let clash = a.action == b.action
                    && a.from.iter().any(|s| b.from.contains(s))
                    && a.by.iter().any(|c| b.by.contains(c));
                assert!(!clash, "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn every_status_but_draft_is_reached() {
        for status in Status::ALL.iter().filter(|s| **s != Status::Draft) {
            assert!(TRANSITIONS.iter().any(|row| row.to == Target::To(*status)
                || (row.to == Target::Reopened
                    && matches!(status, Status::InReview | Status::Submitted))));
        }
    }

    #[test]
    fn a_question_keeps_the_phase() {
        assert_eq!(
            Status::InformationRequested.phase(Some(Status::InReview)),
            Phase::Assessment
        );
        assert_eq!(
            Status::InformationRequested.phase(Some(Status::Submitted)),
            Phase::Intake
        );
    }
}
