//! Routing (doorzetten): which authority owns the rule that hinders. Pure and deterministic: the same rules and the same
//! report give the same answer on every node.

pub mod condition;
mod evaluation;
pub mod learning;
pub mod ranking;
mod rule_set;
mod shadow;

pub use condition::{CitedCondition, Condition, TextField, WordsCondition};
pub use evaluation::evaluate;
pub use rule_set::{Knowledge, RuleSet};
pub use shadow::Shadow;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::actor::OrganisationKind;
use crate::domain::citation::Register;
use crate::domain::code::code_list;
use crate::domain::deadline_profile::DeadlineProfile;
use crate::domain::id::{OrganisationId, ReportId, RuleId};
use crate::domain::place::RegionKind;
use crate::domain::regulation::RegulationLevel;
use crate::domain::remedy::Remedy;

code_list! {
    /// What a rule does when it decides: route by itself, or suggest to the desk (Dutch: soort regel).
    pub enum RuleMode {
        Auto = "auto",
        Suggest = "suggest",
    }
}

code_list! {
    /// What routing came to (Dutch: routeringsbesluit).
    pub enum Decision {
        /// Routed by a rule.
        Auto = "auto",
        /// To the desk, with suggestions.
        Suggested = "suggested",
        /// To the desk, with nothing to go by.
        None = "none",
    }
}

code_list! {
    /// Where a version of a rule stands (Dutch: stand van de regel).
    pub enum RuleState {
        /// Written and checked, not in force (voorstel).
        Proposed = "proposed",
        /// In force, within its period of validity (in werking).
        Active = "active",
        /// A later version took its place (vervangen).
        Replaced = "replaced",
        /// Taken out of force (ingetrokken).
        Retired = "retired",
    }
}

code_list! {
    /// What a coordinator should look at (Dutch: waarschuwing).
    pub enum RuleWarning {
        /// An authority that it names no longer exists: it decides nothing (instantie bestaat niet meer).
        AuthorityEnded = "authority_ended",
        /// A rule before it keeps it from ever deciding (onbereikbaar).
        NeverReached = "never_reached",
        /// Of what it routed much was returned or went elsewhere (vaak gecorrigeerd).
        OftenOverruled = "often_overruled",
    }
}

code_list! {
    /// How pressing a report is (Dutch: prioriteit).
    pub enum Priority {
        /// As any other (gewoon).
        Normal = "normal",
        /// Goes before others (hoog).
        High = "high",
    }
}

/// A version of a routing rule (routeringsregel).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub id: RuleId,
    /// What people call it: "rule 12".
    pub number: i32,
    pub version: i32,
    pub state: RuleState,
    /// Lower goes first among equally specific rules.
    pub order: i32,
    pub condition: Condition,
    pub actions: Actions,
    pub mode: RuleMode,
    pub valid_from: NaiveDate,
    /// First day on which it no longer holds.
    pub valid_until: Option<NaiveDate>,
    /// Reads on after what matched: "WPO artikel 153 → OCW, eigenaar van de regeling".
    pub explanation: Because,
    /// Why this version was made.
    pub reason: Option<String>,
    /// Who made it; none for the rules that come with the service.
    pub author: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// What a rule does with a report it fits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actions {
    /// Who becomes the lead; none for a rule that only adds.
    pub lead: Option<OrganisationId>,
    pub contributors: Vec<OrganisationId>,
    /// Organisations that follow how it goes.
    pub watchers: Vec<OrganisationId>,
    pub priority: Option<Priority>,
    /// Code of the deadline profile whose terms it runs by.
    pub deadline_profile: Option<String>,
}

impl Actions {
    /// Every organisation it names, the lead first.
    pub fn organisations(&self) -> impl Iterator<Item = OrganisationId> + '_ {
        self.lead
            .into_iter()
            .chain(self.contributors.iter().copied())
            .chain(self.watchers.iter().copied())
    }
}

/// A citation as routing sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitedRule {
    pub register: Register,
    pub identifier: Option<String>,
    pub article: Option<String>,
    /// What people call it, as "WPO artikel 153".
    pub label: String,
    /// Who made it, as far as it is known.
    pub level: Option<RegulationLevel>,
    /// Who owns it, where another than the State made it.
    pub owner: Option<OrganisationId>,
}

/// What routing looks at. The primary citation stands first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    pub citations: Vec<CitedRule>,
    pub domains: Vec<String>,
    pub region_kinds: Vec<RegionKind>,
    pub provinces: Vec<String>,
    pub reporter_kind: Option<OrganisationKind>,
    pub requested: Vec<Remedy>,
    pub text: Text,
}

/// The words of a report, as conditions look for them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    pub title: Vec<String>,
    pub description: Vec<String>,
    pub effect: Vec<String>,
}

impl Text {
    pub fn of(&self, field: TextField) -> &[String] {
        match field {
            TextField::Title => &self.title,
            TextField::Description => &self.description,
            TextField::Effect => &self.effect,
        }
    }
}

/// Why a rule is mentioned: enough to say it in words, in each language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    pub nl: String,
    pub en: String,
}

/// An authority that may be the right one, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    pub authority: OrganisationId,
    pub because: Because,
    /// Reports like it that this authority settled: for those who may know of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub neighbours: Vec<Neighbour>,
}

impl Suggestion {
    pub fn new(authority: OrganisationId, because: Because) -> Self {
        Self {
            authority,
            because,
            neighbours: Vec::new(),
        }
    }
}

/// An earlier report that is like one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbour {
    pub id: ReportId,
    pub reference: Option<String>,
    /// Percent.
    pub alike: u32,
}

/// A rule that fitted and did not decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    /// Its number and version.
    pub rule: (i32, i32),
    pub lead: Option<OrganisationId>,
    /// What it fitted by, and why it lost.
    pub because: Because,
}

/// What routing came to; stored with the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    pub decision: Decision,
    /// The lead of an automatic decision.
    pub lead: Option<OrganisationId>,
    pub contributors: Vec<OrganisationId>,
    pub explanation: Because,
    /// Ranked, the likeliest first.
    pub suggestions: Vec<Suggestion>,
    /// The rule that decided and its version.
    pub rule: Option<(i32, i32)>,
    /// The other rules that fitted, those that came nearest first.
    #[serde(default)]
    pub considered: Vec<Considered>,
    #[serde(default)]
    pub watchers: Vec<OrganisationId>,
    #[serde(default)]
    pub priority: Option<Priority>,
    #[serde(default)]
    pub deadline_profile: Option<String>,
    /// The terms of that profile as they are now, for the clock that routing starts.
    #[serde(skip)]
    pub terms: Option<Box<DeadlineProfile>>,
    /// Its citations belong to different authorities: it may hold several obstacles.
    #[serde(default)]
    pub may_be_split: bool,
}

impl Routing {
    /// The same, left to a person: the lead that a rule gave comes first among the suggestions.
    pub fn as_suggestion(mut self) -> Self {
        if let Some(lead) = self.lead.take() {
            let because = self.explanation.clone();
            let contributors = std::mem::take(&mut self.contributors);
            let others = std::mem::take(&mut self.suggestions);
            self.suggestions = std::iter::once(lead)
                .chain(contributors)
                .map(|authority| Suggestion::new(authority, because.clone()))
                .chain(others)
                .collect();
            self.decision = Decision::Suggested;
            self.rule = None;
        }
        self
    }
}

#[cfg(test)]
mod tests;
