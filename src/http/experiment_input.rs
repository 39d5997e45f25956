//! An experiment as it is proposed, planned and acted upon: the request types, and what becomes of them.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::experiment::plan::{Baseline, Direction, Frequency, InstrumentKind, Risk};
use crate::domain::experiment::workflow::Input;
use crate::domain::experiment::{DecisionKind, ExperimentAction};
use crate::domain::id::{Id, OrganisationId};
use crate::domain::legislation::LegislativeStage;
use crate::http::report_input::{CitationRequest, given};
use crate::http::said::Said;
use crate::services::Error;
use crate::services::experiments::{
    BasisChange, Change, IndicatorChange, MilestoneChange, NewExperiment, PlanChange,
};
use crate::services::reports::content::CitationEntry;

/// An experiment to propose (Dutch: voorstel voor een experiment). All else is asked for by the step that needs it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "title": "Kleine school als nevenvestiging", "report": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b",
    "idea": "De dorpsschool blijft vier jaar open als nevenvestiging, met de norm van de hoofdvestiging."
}))]
pub struct ExperimentRequest {
    /// What it is called (titel).
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\r\n\t]*$")]
    title: String,
    /// What would be tried (wat er beproefd wordt).
    #[schema(min_length = 1, max_length = 5000)]
    idea: String,
    /// Id of the report that it comes from (melding).
    report: Uuid,
}

/// What changes about an experiment (Dutch: wijziging). Once it has started, a change of the plan is a new version of it and
/// needs a reason.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"plan": {"purpose": "Nagaan of een kleinere school met samenwerking goed onderwijs geeft."}}))]
pub struct ExperimentChange {
    /// What it is called (titel).
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\r\n\t]*$",
        nullable = false
    )]
    title: Option<String>,
    /// What would be tried (wat er beproefd wordt).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    idea: Option<String>,
    /// Ids of the reports that led to it, all of them; those that you do not see stay (meldingen).
    #[schema(min_items = 1, max_items = 100, nullable = false)]
    reports: Option<Vec<Uuid>>,
    /// What changes about the plan (plan).
    #[schema(nullable = false)]
    plan: Option<PlanRequest>,
    /// Why the plan changes (reden).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    reason: Option<String>,
}

/// What changes about the plan (Dutch: plan). What is left out stays; null empties it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"scope": "Basisscholen in kernen zonder een tweede school", "startsOn": "2027-08-01", "endsOn": "2031-07-31"}))]
pub struct PlanRequest {
    /// What it is to find out (doel).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000, required = false)]
    purpose: Option<Option<String>>,
    /// Whom and what it covers (reikwijdte).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000, required = false)]
    scope: Option<Option<String>>,
    /// The provisions deviated from, all of them (afwijkingen).
    #[schema(max_items = 20, nullable = false)]
    deviations: Option<Vec<CitationRequest>>,
    /// What it rests on (wettelijke grondslag).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<LegalBasisRequest>, required = false)]
    legal_basis: Option<Option<LegalBasisRequest>>,
    /// First day (begindatum).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>, required = false)]
    starts_on: Option<Option<NaiveDate>>,
    /// Last day (einddatum).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>, required = false)]
    ends_on: Option<Option<NaiveDate>>,
    /// What is expected (hypothese).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000, required = false)]
    hypothesis: Option<Option<String>>,
    /// What it is compared with (vergelijkingsgroep).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000, required = false)]
    comparison_group: Option<Option<String>>,
    /// What protects those concerned (waarborgen).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000, required = false)]
    safeguards: Option<Option<String>>,
    /// When it is stopped (stopcriteria).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000, required = false)]
    stop_criteria: Option<Option<String>>,
    /// Who evaluates it (evaluator).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, pattern = r"^[^\r\n\t]*$", required = false)]
    evaluator: Option<Option<String>>,
    /// How it is evaluated (evaluatieplan).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 20000, required = false)]
    evaluation_plan: Option<Option<String>>,
    /// What it costs and who pays (begroting).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000, required = false)]
    budget: Option<Option<String>>,
    /// What is measured, all of it (indicatoren).
    #[schema(max_items = 50, nullable = false)]
    indicators: Option<Vec<IndicatorRequest>>,
    /// What is done by when, all of it (mijlpalen).
    #[schema(max_items = 50, nullable = false)]
    milestones: Option<Vec<MilestoneRequest>>,
    /// What may go wrong, all of it (risico's).
    #[schema(max_items = 50, nullable = false)]
    risks: Option<Vec<RiskRequest>>,
}

/// What an experiment rests on (Dutch: wettelijke grondslag).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LegalBasisRequest {
    /// The article that allows to experiment (experimenteerbepaling).
    clause: CitationRequest,
    /// The kind of instrument under it; deviating from an act takes an order in council or an act (soort regeling).
    instrument: InstrumentKind,
    /// What the instrument is called (titel van de regeling).
    #[schema(min_length = 1, max_length = 500)]
    instrument_title: Option<String>,
    /// Where the instrument was made known, as stb-2026-123 (vindplaats).
    #[schema(min_length = 1, max_length = 100)]
    publication: Option<String>,
    /// Months that it may last, as the clause has it (langste duur in maanden).
    #[schema(minimum = 1, maximum = 240)]
    maximum_months: u32,
    /// Months by which it may be extended; 0 when it may not (verlenging in maanden).
    #[schema(minimum = 0, maximum = 240)]
    #[serde(default)]
    extension_months: u32,
}

/// Something that is measured (Dutch: indicator); with an id the change of one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IndicatorRequest {
    /// Id of the indicator that changes; left out for a new one (indicator).
    id: Option<Uuid>,
    /// What it is called; once in a plan (naam).
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\r\n\t]*$")]
    name: String,
    /// What exactly is measured (definitie).
    #[schema(min_length = 1, max_length = 2000)]
    definition: String,
    /// Unit of its values (eenheid).
    #[schema(min_length = 1, max_length = 60, pattern = r"^[^\r\n\t]*$")]
    unit: String,
    /// Which values are better (richting).
    direction: Direction,
    /// Where the values come from (bron).
    #[schema(min_length = 1, max_length = 500)]
    source: Option<String>,
    /// How often each participant is observed (frequentie).
    frequency: Frequency,
    /// The one that decides whether it works; one at most (belangrijkste).
    #[serde(default)]
    primary: bool,
    /// Values before the experiment, one for each participant or one for all (nulmeting).
    #[schema(max_items = 400, required = false)]
    #[serde(default)]
    baselines: Vec<BaselineRequest>,
    /// What it should become (streefwaarde).
    #[schema(minimum = -1000000000000.0, maximum = 1000000000000.0)]
    target: Option<f64>,
}

/// A value before the experiment (Dutch: nulmeting).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaselineRequest {
    /// Id of the organisation that it is of; left out for all together (deelnemer).
    participant: Option<Uuid>,
    /// The value (waarde).
    #[schema(minimum = -1000000000000.0, maximum = 1000000000000.0)]
    value: f64,
    /// When it was measured (gemeten op).
    measured_on: NaiveDate,
}

/// Something that is done by a day (Dutch: mijlpaal); with an id the change of one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MilestoneRequest {
    /// Id of the milestone that changes; left out for a new one (mijlpaal).
    id: Option<Uuid>,
    /// What is done (titel).
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\r\n\t]*$")]
    title: String,
    /// Post or unit that does it (uitvoerder).
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\r\n\t]*$")]
    owner: String,
    /// By when (uiterlijk op).
    due_on: NaiveDate,
}

/// Something that may go wrong (Dutch: risico).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RiskRequest {
    /// What may go wrong (titel).
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\r\n\t]*$")]
    title: String,
    /// What is done about it (maatregel).
    #[schema(min_length = 1, max_length = 2000)]
    response: String,
    /// Post or unit that looks after it (eigenaar).
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\r\n\t]*$")]
    owner: String,
    /// When it is looked at again (opnieuw bezien op).
    review_on: NaiveDate,
}

/// Something to do with an experiment (Dutch: handeling). Which fields an action needs stands at `nextSteps`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"action": "submit_for_check", "authority": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"}))]
pub struct ExperimentTransitionRequest {
    /// What to do (handeling).
    action: ExperimentAction,
    /// Why (reden).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    reason: Option<String>,
    /// The authority that owns the rule (eigenaar van de regel).
    #[schema(nullable = false)]
    authority: Option<Uuid>,
    /// The organisation that takes part, asked to, or leaves (deelnemer).
    #[schema(nullable = false)]
    organisation: Option<Uuid>,
    /// Id of the report of yours that you join from (melding).
    #[schema(nullable = false)]
    report: Option<Uuid>,
    /// The day that it is about: new end, first day, first day no longer, decided on, done on (datum).
    #[schema(nullable = false)]
    date: Option<NaiveDate>,
    /// What the evaluation found (bevindingen).
    #[schema(min_length = 1, max_length = 20000, nullable = false)]
    findings: Option<String>,
    /// Where the evaluation can be read (vindplaats van de evaluatie).
    #[schema(
        min_length = 1,
        max_length = 500,
        pattern = r"^https://[!-~]+$",
        nullable = false
    )]
    url: Option<String>,
    /// What was decided (besluit).
    #[schema(nullable = false)]
    decision: Option<DecisionKind>,
    /// Post or body that decided (beslisser).
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\r\n\t]*$",
        nullable = false
    )]
    decider: Option<String>,
    /// How far the change of the law is (stadium).
    #[schema(nullable = false)]
    stage: Option<LegislativeStage>,
    /// Number of the parliamentary file, as 36410 (kamerstukdossier).
    #[schema(pattern = r"^[0-9]{5}(-[A-Z0-9()]{1,12})?$", nullable = false)]
    dossier: Option<String>,
    /// Official publication, as stb-2027-12 or kst-36410-3 (vindplaats).
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    publication: Option<String>,
    /// Id of the milestone that was reached (mijlpaal).
    #[schema(nullable = false)]
    milestone: Option<Uuid>,
}

impl ExperimentRequest {
    pub fn into_new(self) -> Result<NewExperiment, Error> {
        let mut said = Said::default();
        let new = NewExperiment {
            title: said.text(self.title, "/title"),
            idea: said.text(self.idea, "/idea"),
            report: Id::from_uuid(self.report),
        };
        said.checked(new)
    }
}

impl ExperimentChange {
    pub fn into_change(self) -> Result<Change, Error> {
        let mut said = Said::default();
        let change = Change {
            title: said.maybe(self.title, "/title"),
            idea: said.maybe(self.idea, "/idea"),
            reports: self
                .reports
                .map(|all| all.into_iter().map(Id::from_uuid).collect()),
            plan: self.plan.unwrap_or_default().into_change(&mut said),
            reason: said.maybe(self.reason, "/reason"),
        };
        said.checked(change)
    }
}

impl PlanRequest {
    fn into_change(self, said: &mut Said) -> PlanChange {
        let entries =
            |all: Vec<CitationRequest>| all.into_iter().map(CitationEntry::from).collect();
        let indicators = self.indicators.map(|all| {
            let made = (0..).zip(all).map(|(at, one)| one.into_change(at, said));
            made.collect::<Vec<_>>()
        });
        let milestones = self.milestones.map(|all| {
            let made = (0..).zip(all).map(|(at, one)| one.into_change(at, said));
            made.collect::<Vec<_>>()
        });
        let risks = self.risks.map(|all| {
            let made = (0..).zip(all).map(|(at, one)| one.into_risk(at, said));
            made.collect::<Vec<_>>()
        });
        PlanChange {
            purpose: said.new_value(self.purpose, "/plan/purpose"),
            scope: said.new_value(self.scope, "/plan/scope"),
            deviations: self.deviations.map(entries),
            legal_basis: self
                .legal_basis
                .map(|basis| basis.map(|basis| basis.into_change(said))),
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            hypothesis: said.new_value(self.hypothesis, "/plan/hypothesis"),
            comparison_group: said.new_value(self.comparison_group, "/plan/comparisonGroup"),
            safeguards: said.new_value(self.safeguards, "/plan/safeguards"),
            stop_criteria: said.new_value(self.stop_criteria, "/plan/stopCriteria"),
            evaluator: said.new_value(self.evaluator, "/plan/evaluator"),
            evaluation_plan: said.new_value(self.evaluation_plan, "/plan/evaluationPlan"),
            budget: said.new_value(self.budget, "/plan/budget"),
            indicators,
            milestones,
            risks,
        }
    }
}

impl LegalBasisRequest {
    fn into_change(self, said: &mut Said) -> BasisChange {
        BasisChange {
            clause: self.clause.into(),
            instrument: self.instrument,
            instrument_title: said.maybe(self.instrument_title, "/plan/legalBasis/instrumentTitle"),
            publication: self.publication,
            maximum_months: self.maximum_months,
            extension_months: self.extension_months,
        }
    }
}

impl IndicatorRequest {
    fn into_change(self, at: usize, said: &mut Said) -> IndicatorChange {
        let here = |field: &str| format!("/plan/indicators/{at}/{field}");
        let baselines = self.baselines.into_iter().map(|one| Baseline {
            participant: one.participant.map(OrganisationId::from_uuid),
            value: one.value,
            measured_on: one.measured_on,
        });
        IndicatorChange {
            id: self.id.map(Id::from_uuid),
            name: said.text(self.name, here("name")),
            definition: said.text(self.definition, here("definition")),
            unit: said.text(self.unit, here("unit")),
            direction: self.direction,
            source: said.maybe(self.source, &here("source")),
            frequency: self.frequency,
            primary: self.primary,
            baselines: baselines.collect(),
            target: self.target,
        }
    }
}

impl MilestoneRequest {
    fn into_change(self, at: usize, said: &mut Said) -> MilestoneChange {
        let here = |field: &str| format!("/plan/milestones/{at}/{field}");
        MilestoneChange {
            id: self.id.map(Id::from_uuid),
            title: said.text(self.title, here("title")),
            owner: said.text(self.owner, here("owner")),
            due_on: self.due_on,
        }
    }
}

impl RiskRequest {
    fn into_risk(self, at: usize, said: &mut Said) -> Risk {
        let here = |field: &str| format!("/plan/risks/{at}/{field}");
        Risk {
            title: said.text(self.title, here("title")),
            response: said.text(self.response, here("response")),
            owner: said.text(self.owner, here("owner")),
            review_on: self.review_on,
        }
    }
}

impl ExperimentTransitionRequest {
    pub fn into_request(self) -> Result<(ExperimentAction, Input), Error> {
        let mut said = Said::default();
        let publication = said.publication(self.publication.as_deref());
        let input = Input {
            reason: said.maybe(self.reason, "/reason"),
            authority: self.authority.map(Id::from_uuid),
            organisation: self.organisation.map(Id::from_uuid),
            report: self.report.map(Id::from_uuid),
            date: self.date,
            findings: said.maybe(self.findings, "/findings"),
            url: self.url,
            decision: self.decision,
            decider: said.maybe(self.decider, "/decider"),
            stage: self.stage,
            dossier: self.dossier,
            publication,
            milestone: self.milestone.map(Id::from_uuid),
        };
        said.checked((self.action, input))
    }
}
