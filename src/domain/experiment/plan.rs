//! The plan of an experiment: frozen when it starts; each later change is a version of its own.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::actor::Language;
use crate::domain::code::code_list;
use crate::domain::event::Correction;
use crate::domain::id::{IndicatorId, MilestoneId, OrganisationId};
use crate::domain::report::Cited;

code_list! {
    /// What an experiment rests on beside the clause (Dutch: soort regeling). Deviating from an act takes at least an order
    /// in council (Aanwijzingen voor de regelgeving, 2.41).
    pub enum InstrumentKind {
        Act = "act",
        /// AMvB.
        OrderInCouncil = "order_in_council",
        MinisterialRegulation = "ministerial_regulation",
        ByLaw = "by_law",
        /// A decision in a single case (beschikking).
        Decision = "decision",
    }
}

code_list! {
    /// Which values are the better ones (Dutch: richting).
    pub enum Direction {
        Higher = "higher",
        Lower = "lower",
    }
}

code_list! {
    /// How often an indicator is observed (Dutch: frequentie).
    pub enum Frequency {
        Once = "once",
        Month = "month",
        Quarter = "quarter",
        HalfYear = "half_year",
        Year = "year",
    }
}

impl InstrumentKind {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            InstrumentKind::Act => ("wet", "act"),
            InstrumentKind::OrderInCouncil => {
                ("algemene maatregel van bestuur", "order in council")
            }
            InstrumentKind::MinisterialRegulation => {
                ("ministeriële regeling", "ministerial regulation")
            }
            InstrumentKind::ByLaw => ("verordening", "by-law"),
            InstrumentKind::Decision => ("beschikking", "decision"),
        };
        language.pick(nl, en)
    }
}

impl Direction {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        match self {
            Direction::Higher => language.pick("hoger is beter", "higher is better"),
            Direction::Lower => language.pick("lager is beter", "lower is better"),
        }
    }
}

impl Frequency {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            Frequency::Once => ("eenmaal", "once"),
            Frequency::Month => ("elke maand", "every month"),
            Frequency::Quarter => ("elk kwartaal", "every quarter"),
            Frequency::HalfYear => ("elk half jaar", "every half year"),
            Frequency::Year => ("elk jaar", "every year"),
        };
        language.pick(nl, en)
    }

    /// Months between two rounds; none for what is observed once.
    pub fn months(self) -> Option<u32> {
        match self {
            Frequency::Once => None,
            Frequency::Month => Some(1),
            Frequency::Quarter => Some(3),
            Frequency::HalfYear => Some(6),
            Frequency::Year => Some(12),
        }
    }
}

/// On what an experiment rests: the experimentation clause, and the instrument under it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LegalBasis {
    /// The article that allows to experiment (experimenteerbepaling).
    pub clause: Cited,
    pub instrument: InstrumentKind,
    /// What the instrument is called.
    pub instrument_title: Option<String>,
    /// Where it was made known, as `stb-2026-123`.
    pub publication: Option<String>,
    /// Months that it may last, as the clause has it.
    pub maximum_months: u32,
    /// Months by which it may be extended; 0 when it may not.
    pub extension_months: u32,
}

/// A value before the experiment (Dutch: nulmeting).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Whose it is; none for all together.
    pub participant: Option<OrganisationId>,
    pub value: f64,
    pub measured_on: NaiveDate,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Indicator {
    pub id: IndicatorId,
    pub name: String,
    pub definition: String,
    pub unit: String,
    pub direction: Direction,
    pub source: Option<String>,
    pub frequency: Frequency,
    /// The one that decides whether it works.
    pub primary: bool,
    pub baselines: Vec<Baseline>,
    pub target: Option<f64>,
}

impl Indicator {
    /// The baseline of a participant: its own, else that of all together.
    pub fn baseline_of(&self, participant: Option<OrganisationId>) -> Option<&Baseline> {
        let of = |whose| self.baselines.iter().find(|one| one.participant == whose);
        participant.and_then(|id| of(Some(id))).or_else(|| of(None))
    }
}

/// Something that is to be done by a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    pub id: MilestoneId,
    pub title: String,
    /// Post or unit that does it.
    pub owner: String,
    pub due_on: NaiveDate,
}

/// What may go wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    pub title: String,
    /// What is done about it.
    pub response: String,
    pub owner: String,
    /// When it is looked at again.
    pub review_on: NaiveDate,
}

/// The plan. A proposal may leave it empty: the transition that needs something asks for it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    pub purpose: Option<String>,
    pub scope: Option<String>,
    /// The provisions deviated from.
    pub deviations: Vec<Cited>,
    /// One of them stands in an act, as far as is known.
    pub deviates_from_act: bool,
    pub legal_basis: Option<LegalBasis>,
    pub starts_on: Option<NaiveDate>,
    /// Last day.
    pub ends_on: Option<NaiveDate>,
    pub hypothesis: Option<String>,
    pub comparison_group: Option<String>,
    pub safeguards: Option<String>,
    pub stop_criteria: Option<String>,
    pub evaluator: Option<String>,
    pub evaluation_plan: Option<String>,
    pub budget: Option<String>,
    pub indicators: Vec<Indicator>,
    pub milestones: Vec<Milestone>,
    pub risks: Vec<Risk>,
}

/// A number as people write it: no trailing zeros.
pub fn number(value: f64) -> String {
    value.to_string()
}

fn cited(cited: &Cited) -> String {
    cited.label()
}

fn basis(basis: &LegalBasis) -> Vec<String> {
    let mut lines = vec![
        cited(&basis.clause),
        basis.instrument.to_string(),
        format!(
            "{} + {} months",
            basis.maximum_months, basis.extension_months
        ),
    ];
    lines.extend(basis.instrument_title.clone());
    lines.extend(basis.publication.clone());
    lines
}

fn indicator(one: &Indicator) -> String {
    let mark = if one.primary { "*" } else { "" };
    let mut line = format!(
        "{}{mark} ({}, {}, {}): {}",
        one.name, one.unit, one.direction, one.frequency, one.definition
    );
    for baseline in &one.baselines {
        let whose = baseline
            .participant
            .map(|id| format!(" {id}"))
            .unwrap_or_default();
        line += &format!(
            "; baseline{whose} {} ({})",
            number(baseline.value),
            baseline.measured_on
        );
    }
    if let Some(target) = one.target {
        line += &format!("; target {}", number(target));
    }
    line
}

impl Plan {
    /// What each property says, as lines of text: what two versions are compared by.
    fn told(&self) -> Vec<(&'static str, Vec<String>)> {
        let text = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
        let day =
            |value: Option<NaiveDate>| value.iter().map(NaiveDate::to_string).collect::<Vec<_>>();
        vec![
            ("purpose", text(&self.purpose)),
            ("scope", text(&self.scope)),
            ("deviations", self.deviations.iter().map(cited).collect()),
            (
                "legalBasis",
                self.legal_basis.as_ref().map(basis).unwrap_or_default(),
            ),
            ("startsOn", day(self.starts_on)),
            ("endsOn", day(self.ends_on)),
            ("hypothesis", text(&self.hypothesis)),
            ("comparisonGroup", text(&self.comparison_group)),
            ("safeguards", text(&self.safeguards)),
            ("stopCriteria", text(&self.stop_criteria)),
            ("evaluator", text(&self.evaluator)),
            ("evaluationPlan", text(&self.evaluation_plan)),
            ("budget", text(&self.budget)),
            (
                "indicators",
                self.indicators.iter().map(indicator).collect(),
            ),
            (
                "milestones",
                self.milestones
                    .iter()
                    .map(|one| format!("{} ({}, {})", one.title, one.owner, one.due_on))
                    .collect(),
            ),
            (
                "risks",
                self.risks
                    .iter()
                    .map(|one| {
                        format!(
                            "{}: {} ({}, {})",
                            one.title, one.response, one.owner, one.review_on
                        )
                    })
                    .collect(),
            ),
        ]
    }

    /// What another version says differently, property by property.
    pub fn differences(&self, after: &Plan) -> Vec<Correction> {
        self.told()
            .into_iter()
            .zip(after.told())
            .filter(|((_, old), (_, new))| old != new)
            .map(|((field, old), (_, new))| Correction {
                field: field.to_owned(),
                old,
                new,
            })
            .collect()
    }
}
