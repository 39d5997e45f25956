//! An experiment: a temporary, lawful deviation, to find out whether a rule can do without, or differently. A register
//! entry with a frozen plan, as in a trial register, tied to the reports that caused it.

pub mod clocks;
pub mod decision;
pub mod event;
pub mod event_kind;
pub mod plan;
pub mod progress;
pub mod stage;
pub mod workflow;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::actor::Language;
use crate::domain::code::code_list;
pub use crate::domain::experiment::decision::{Decision, DecisionKind};
use crate::domain::experiment::plan::Plan;
pub use crate::domain::experiment::stage::{
    ExperimentAction, ExperimentCapacity, ExperimentField, ExperimentStatus,
};
use crate::domain::id::{ExperimentId, MilestoneId, OrganisationId, PrincipalId, ReportId};
use crate::domain::legislation::LegislativeFile;

code_list! {
    /// Where a participant stands (Dutch: deelname).
    pub enum ParticipantState {
        /// Asked to take part (aangevraagd).
        Asked = "asked",
        /// Takes part, or will from its first day (neemt deel).
        Participating = "participating",
        /// Asked to leave; takes part until then (wil stoppen).
        Leaving = "leaving",
        /// Takes part no longer (gestopt).
        Left = "left",
        /// Was not admitted (afgewezen).
        Declined = "declined",
    }
}

impl ParticipantState {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            ParticipantState::Asked => ("heeft gevraagd mee te doen", "asked to take part"),
            ParticipantState::Participating => ("doet mee", "takes part"),
            ParticipantState::Leaving => ("wil stoppen", "wants to leave"),
            ParticipantState::Left => ("gestopt", "left"),
            ParticipantState::Declined => ("afgewezen", "declined"),
        };
        language.pick(nl, en)
    }
}

/// An organisation that takes part, or asked to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    pub organisation: OrganisationId,
    pub state: ParticipantState,
    /// Its own report that it joins from.
    pub report: Option<ReportId>,
    /// First day it takes part; none while it only asked.
    pub from: Option<NaiveDate>,
    /// First day it no longer takes part.
    pub until: Option<NaiveDate>,
    /// Why it asked, or why it was declined or left.
    pub reason: Option<String>,
}

impl Participant {
    /// Whether it takes part on a day.
    pub fn takes_part_on(&self, day: NaiveDate) -> bool {
        let admitted = matches!(
            self.state,
            ParticipantState::Participating | ParticipantState::Leaving | ParticipantState::Left
        );
        admitted
            && self.from.is_some_and(|from| from <= day)
            && self.until.is_none_or(|until| day < until)
    }
}

/// What the evaluation found. Due also when the result is negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    pub findings: String,
    /// Where the report can be read.
    pub url: Option<String>,
    pub delivered_on: NaiveDate,
}

/// Why it ended before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    pub reason: String,
    pub on: NaiveDate,
    pub from: ExperimentStatus,
}

/// What has come of it so far.
// A column that later versions add to: what an older one left out has its default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Course {
    /// First day in the register; from then on everybody signed in sees it.
    pub registered_on: Option<NaiveDate>,
    pub started_on: Option<NaiveDate>,
    /// The end as the plan had it at the start; what lies beyond is an extension.
    pub first_end: Option<NaiveDate>,
    pub milestones_done: Vec<(MilestoneId, NaiveDate)>,
    pub evaluation: Option<Evaluation>,
    pub decision: Option<Decision>,
    pub legislation: Option<LegislativeFile>,
    pub stopped: Option<Stopped>,
    /// What was told of its dates; see `clocks`.
    pub alerted: Vec<clocks::Alerted>,
}

/// Who proposed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposer {
    pub organisation: OrganisationId,
    pub principal: PrincipalId,
}

/// An experiment with its plan and its course.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    pub id: ExperimentId,
    /// `EXP-2026-0001`.
    pub reference: String,
    pub status: ExperimentStatus,
    pub title: String,
    /// What would be tried, in a few sentences: all that a proposal needs.
    pub idea: String,
    pub proposer: Proposer,
    /// Who owns the rule.
    pub authority: Option<OrganisationId>,
    /// The reports that caused it, the first one first.
    pub reports: Vec<ReportId>,
    pub participants: Vec<Participant>,
    pub plan: Plan,
    /// Number of the plan's latest frozen version; 0 until it starts.
    pub plan_version: i32,
    pub course: Course,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

impl Experiment {
    pub fn participant(&self, organisation: OrganisationId) -> Option<&Participant> {
        self.participants
            .iter()
            .find(|one| one.organisation == organisation)
    }

    /// It is over: nothing of it is due but its results.
    pub fn has_ended(&self) -> bool {
        matches!(
            self.status,
            ExperimentStatus::Decided | ExperimentStatus::Closed | ExperimentStatus::Stopped
        )
    }

    /// Who proposed it, who owns the rule, who takes part, took part or asked to.
    pub fn concerned(&self) -> impl Iterator<Item = OrganisationId> + '_ {
        let takes_part =
            |one: &&Participant| one.from.is_some() || one.state == ParticipantState::Asked;
        let participants = self.participants.iter().filter(takes_part);
        std::iter::once(self.proposer.organisation)
            .chain(self.authority)
            .chain(participants.map(|one| one.organisation))
    }

    /// The organisations that it names.
    pub fn organisations(&self) -> impl Iterator<Item = OrganisationId> + '_ {
        std::iter::once(self.proposer.organisation)
            .chain(self.authority)
            .chain(self.participants.iter().map(|one| one.organisation))
    }
}
