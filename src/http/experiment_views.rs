//! An experiment as it is shown.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::actor::Language;
use crate::domain::event::Correction;
use crate::domain::experiment::clocks::{Due, ExperimentClock};
use crate::domain::experiment::event::{ExperimentEvent, ExperimentEventKind, tell};
use crate::domain::experiment::plan::{
    Direction, Frequency, Indicator, InstrumentKind, LegalBasis, Plan,
};
use crate::domain::experiment::stage::Row;
use crate::domain::experiment::workflow;
use crate::domain::experiment::{
    Decision, DecisionKind, Evaluation, ExperimentAction, ExperimentCapacity, ExperimentField,
    ExperimentStatus, Participant, ParticipantState,
};
use crate::domain::id::OrganisationId;
use crate::domain::invalid::FieldError;
use crate::domain::legislation::{LegislativeFile, LegislativeStage};
use crate::domain::policy;
use crate::http::messages;
use crate::http::organisation_ref::{OrganisationRef, reference};
use crate::http::problem::ProblemField;
use crate::http::report_parts::CitationView;
use crate::http::settlement::SettlementOffer;
use crate::services::experiments::Shown;
use crate::services::reports::Organisations;
use crate::store::experiments::PlanVersion;

/// An experiment with its plan and its course (Dutch: experiment).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentView {
    /// Id of the experiment (experiment).
    id: Uuid,
    /// Number (kenmerk).
    #[schema(example = "EXP-2026-0001")]
    reference: String,
    /// Where it stands (status).
    status: ExperimentStatus,
    /// What it is called (titel).
    title: String,
    /// What would be tried (wat er beproefd wordt).
    idea: String,
    /// Who proposed it (indiener).
    proposer: OrganisationRef,
    /// Who owns the rule (eigenaar van de regel).
    authority: Option<OrganisationRef>,
    /// The reports that led to it, as far as you see these (meldingen).
    reports: Vec<ExperimentReport>,
    /// Who takes part, asked to, or took part (deelnemers).
    participants: Vec<ParticipantView>,
    /// How it is set up (plan).
    plan: PlanView,
    /// Number of the plan's latest version; 0 until it starts, when it is frozen (planversie).
    plan_version: i32,
    /// First day in the register, from which on everybody signed in sees it (geregistreerd op).
    registered_on: Option<NaiveDate>,
    /// The day it began (begonnen op).
    started_on: Option<NaiveDate>,
    /// The end as it was planned at the start; an end beyond it is an extension (eerste einddatum).
    first_end: Option<NaiveDate>,
    /// The milestones that were reached (bereikte mijlpalen).
    milestones_done: Vec<MilestoneDone>,
    /// What the evaluation found (evaluatie).
    evaluation: Option<ExperimentEvaluation>,
    /// What was decided (besluit).
    decision: Option<ExperimentDecision>,
    /// How far the change of the law is (wetgevingsdossier).
    legislation: Option<LegislationView>,
    /// Why it ended before its time (beëindigd).
    stopped: Option<ExperimentStop>,
    /// What is due, the earliest first (termijnen).
    due: Vec<DueView>,
    /// What settles the reports together, when it is done and you may settle (voorstel tot afhandeling).
    settlement: Option<SettlementOffer>,
    /// What you may do now, with what it still takes (volgende stappen).
    next_steps: Vec<NextStep>,
    /// When it was proposed (voorgesteld op).
    created_at: DateTime<Utc>,
    /// When it last changed (gewijzigd op).
    updated_at: DateTime<Utc>,
    /// Version, as the ETag names it (versie).
    version: i32,
}

/// A report that led to an experiment (Dutch: melding).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentReport {
    /// Id of the report (melding).
    id: Uuid,
    /// Number (kenmerk).
    reference: Option<String>,
    /// Title (titel).
    title: String,
}

/// Somebody who takes part (Dutch: deelnemer).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParticipantView {
    /// The organisation (organisatie).
    organisation: OrganisationRef,
    /// Where it stands (stand).
    state: ParticipantState,
    /// Id of its report that it joins from; for itself and for who decides (melding).
    report: Option<Uuid>,
    /// First day it takes part (vanaf).
    from: Option<NaiveDate>,
    /// First day it no longer takes part (tot).
    until: Option<NaiveDate>,
    /// Why it asked, was declined or left; for itself and for who decides (reden).
    reason: Option<String>,
}

/// How an experiment is set up (Dutch: plan).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanView {
    /// What it is to find out (doel).
    purpose: Option<String>,
    /// Whom and what it covers (reikwijdte).
    scope: Option<String>,
    /// The provisions deviated from (afwijkingen).
    deviations: Vec<CitationView>,
    /// What it rests on (wettelijke grondslag).
    legal_basis: Option<LegalBasisView>,
    /// First day (begindatum).
    starts_on: Option<NaiveDate>,
    /// Last day (einddatum).
    ends_on: Option<NaiveDate>,
    /// What is expected (hypothese).
    hypothesis: Option<String>,
    /// What it is compared with (vergelijkingsgroep).
    comparison_group: Option<String>,
    /// What protects those concerned (waarborgen).
    safeguards: Option<String>,
    /// When it is stopped (stopcriteria).
    stop_criteria: Option<String>,
    /// Who evaluates it (evaluator).
    evaluator: Option<String>,
    /// How it is evaluated (evaluatieplan).
    evaluation_plan: Option<String>,
    /// What it costs and who pays (begroting).
    budget: Option<String>,
    /// What is measured (indicatoren).
    indicators: Vec<IndicatorView>,
    /// What is done by when (mijlpalen).
    milestones: Vec<MilestoneView>,
    /// What may go wrong (risico's).
    risks: Vec<RiskView>,
}

/// What an experiment rests on (Dutch: wettelijke grondslag).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LegalBasisView {
    /// The article that allows to experiment (experimenteerbepaling).
    clause: CitationView,
    /// The kind of instrument under it (soort regeling).
    instrument: InstrumentKind,
    /// What the instrument is called (titel van de regeling).
    instrument_title: Option<String>,
    /// Where the instrument was made known (vindplaats).
    publication: Option<String>,
    /// Months that it may last (langste duur in maanden).
    maximum_months: u32,
    /// Months by which it may be extended (verlenging in maanden).
    extension_months: u32,
}

/// Something that is measured (Dutch: indicator).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IndicatorView {
    /// Id of the indicator (indicator).
    id: Uuid,
    /// What it is called (naam).
    name: String,
    /// What exactly is measured (definitie).
    definition: String,
    /// Unit of its values (eenheid).
    unit: String,
    /// Which values are better (richting).
    direction: Direction,
    /// Where the values come from (bron).
    source: Option<String>,
    /// How often each participant is observed (frequentie).
    frequency: Frequency,
    /// The one that decides whether it works (belangrijkste).
    primary: bool,
    /// Values before the experiment (nulmeting).
    baselines: Vec<BaselineView>,
    /// What it should become (streefwaarde).
    target: Option<f64>,
}

/// A value before the experiment (Dutch: nulmeting).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BaselineView {
    /// Id of the organisation that it is of; null for all together (deelnemer).
    participant: Option<Uuid>,
    /// The value (waarde).
    value: f64,
    /// When it was measured (gemeten op).
    measured_on: NaiveDate,
}

/// Something that is done by a day (Dutch: mijlpaal).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MilestoneView {
    /// Id of the milestone (mijlpaal).
    id: Uuid,
    /// What is done (titel).
    title: String,
    /// Post or unit that does it (uitvoerder).
    owner: String,
    /// By when (uiterlijk op).
    due_on: NaiveDate,
}

/// A milestone that was reached (Dutch: bereikte mijlpaal).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MilestoneDone {
    /// Id of the milestone (mijlpaal).
    milestone: Uuid,
    /// When (bereikt op).
    done_on: NaiveDate,
}

/// Something that may go wrong (Dutch: risico).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskView {
    /// What may go wrong (titel).
    title: String,
    /// What is done about it (maatregel).
    response: String,
    /// Post or unit that looks after it (eigenaar).
    owner: String,
    /// When it is looked at again (opnieuw bezien op).
    review_on: NaiveDate,
}

/// What the evaluation found (Dutch: evaluatie).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentEvaluation {
    /// What it found (bevindingen).
    findings: String,
    /// Where it can be read (vindplaats).
    url: Option<String>,
    /// When it was there (opgeleverd op).
    delivered_on: NaiveDate,
}

/// What was decided (Dutch: besluit).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentDecision {
    /// What (besluit).
    kind: DecisionKind,
    /// Why (reden).
    reason: String,
    /// Post or body that decided (beslisser).
    decider: String,
    /// When (besloten op).
    decided_on: NaiveDate,
}

/// How far the change of the law is (Dutch: wetgevingsdossier).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LegislationView {
    /// How far (stadium).
    stage: LegislativeStage,
    /// Number of the parliamentary file (kamerstukdossier).
    dossier: Option<String>,
    /// Official publications (vindplaatsen).
    publications: Vec<String>,
    /// When that was last told (bijgewerkt op).
    updated_on: NaiveDate,
}

/// Why it ended before its time (Dutch: voortijdige beëindiging).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentStop {
    /// Why (reden).
    reason: String,
    /// When (op).
    on: NaiveDate,
    /// Where it stood then (status).
    from: ExperimentStatus,
}

/// Something that is due (Dutch: termijn).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DueView {
    /// What (soort termijn).
    clock: ExperimentClock,
    /// The milestone, when it is one (mijlpaal).
    milestone: Option<Uuid>,
    /// Last day for it (uiterlijk op).
    due_on: NaiveDate,
    /// That day is over (te laat).
    late: bool,
}

/// Something you may do now (Dutch: volgende stap).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NextStep {
    /// What can be done (handeling).
    action: ExperimentAction,
    /// The status it leads to (naar status).
    to: ExperimentStatus,
    /// The fields it needs (verplicht).
    required: Vec<ExperimentField>,
    /// The fields it may have (mogelijk).
    optional: Vec<ExperimentField>,
    /// Nothing is missing for it (kan nu).
    ready: bool,
    /// What the experiment still lacks for it (ontbreekt).
    missing: Vec<ProblemField>,
}

/// An experiment in a list (Dutch: experiment).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentSummary {
    /// Id of the experiment (experiment).
    id: Uuid,
    /// Number (kenmerk).
    #[schema(example = "EXP-2026-0001")]
    reference: String,
    /// Where it stands (status).
    status: ExperimentStatus,
    /// What it is called (titel).
    title: String,
    /// Who proposed it (indiener).
    proposer: OrganisationRef,
    /// Who owns the rule (eigenaar van de regel).
    authority: Option<OrganisationRef>,
    /// Who takes part (deelnemers).
    participants: Vec<OrganisationRef>,
    /// First day (begindatum).
    starts_on: Option<NaiveDate>,
    /// Last day (einddatum).
    ends_on: Option<NaiveDate>,
    /// What was decided (besluit).
    decision: Option<DecisionKind>,
    /// What is due first (eerste termijn).
    next_due: Option<DueView>,
    /// Version, as the ETag names it (versie).
    version: i32,
}

/// An entry of an experiment's timeline (Dutch: gebeurtenis).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentEventView {
    /// Id of the entry (gebeurtenis).
    id: Uuid,
    /// When (op).
    at: DateTime<Utc>,
    /// What happened (gebeurtenis).
    kind: ExperimentEventKind,
    /// The same in a sentence, in the language you ask for (in woorden).
    text: String,
    /// The status before; null at the beginning (van status).
    from: Option<ExperimentStatus>,
    /// The status after (naar status).
    to: ExperimentStatus,
    /// The version of the experiment it made (versie).
    version: i32,
    /// Name of the organisation that did it; null for the service itself (organisatie).
    organisation: Option<String>,
    /// As whom (hoedanigheid).
    capacity: ExperimentCapacity,
    /// Why (reden).
    reason: Option<String>,
    /// What changed about the plan, from old to new (wijzigingen).
    changes: Vec<Correction>,
    /// Number of the plan version it made (planversie).
    plan_version: Option<i32>,
}

/// A version of a plan (Dutch: planversie).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanVersionView {
    /// Number; 1 is the plan as it was at the start (nummer).
    number: i32,
    /// When it was made (gemaakt op).
    made_at: DateTime<Utc>,
    /// Name of the organisation that made it (gemaakt door).
    made_by: String,
    /// Why it was changed; null for the first (reden).
    reason: Option<String>,
    /// What differs from the version before; empty for the first (verschillen).
    changes: Vec<Correction>,
    /// The plan as it then was (plan).
    plan: PlanView,
}

impl From<&Evaluation> for ExperimentEvaluation {
    fn from(evaluation: &Evaluation) -> Self {
        Self {
            findings: evaluation.findings.clone(),
            url: evaluation.url.clone(),
            delivered_on: evaluation.delivered_on,
        }
    }
}

impl From<&Decision> for ExperimentDecision {
    fn from(decision: &Decision) -> Self {
        Self {
            kind: decision.kind,
            reason: decision.reason.clone(),
            decider: decision.decider.clone(),
            decided_on: decision.decided_on,
        }
    }
}

impl ExperimentEvaluation {
    /// What it found.
    pub fn findings(&self) -> &str {
        &self.findings
    }
}

impl LegislationView {
    /// How far it is.
    pub fn stage(&self) -> LegislativeStage {
        self.stage
    }

    /// Ids of official publications.
    pub fn publications(&self) -> &[String] {
        &self.publications
    }
}

impl From<&LegislativeFile> for LegislationView {
    fn from(file: &LegislativeFile) -> Self {
        Self {
            stage: file.stage,
            dossier: file.dossier.clone(),
            publications: file.publications.clone(),
            updated_on: file.updated_on,
        }
    }
}

impl From<&LegalBasis> for LegalBasisView {
    fn from(basis: &LegalBasis) -> Self {
        Self {
            clause: CitationView::from(&basis.clause),
            instrument: basis.instrument,
            instrument_title: basis.instrument_title.clone(),
            publication: basis.publication.clone(),
            maximum_months: basis.maximum_months,
            extension_months: basis.extension_months,
        }
    }
}

impl From<&Indicator> for IndicatorView {
    fn from(indicator: &Indicator) -> Self {
        let baselines = indicator.baselines.iter().map(|one| BaselineView {
            participant: one.participant.map(OrganisationId::uuid),
            value: one.value,
            measured_on: one.measured_on,
        });
        Self {
            id: indicator.id.uuid(),
            name: indicator.name.clone(),
            definition: indicator.definition.clone(),
            unit: indicator.unit.clone(),
            direction: indicator.direction,
            source: indicator.source.clone(),
            frequency: indicator.frequency,
            primary: indicator.primary,
            baselines: baselines.collect(),
            target: indicator.target,
        }
    }
}

impl From<&Plan> for PlanView {
    fn from(plan: &Plan) -> Self {
        let milestones = plan.milestones.iter().map(|one| MilestoneView {
            id: one.id.uuid(),
            title: one.title.clone(),
            owner: one.owner.clone(),
            due_on: one.due_on,
        });
        let risks = plan.risks.iter().map(|one| RiskView {
            title: one.title.clone(),
            response: one.response.clone(),
            owner: one.owner.clone(),
            review_on: one.review_on,
        });
        Self {
            purpose: plan.purpose.clone(),
            scope: plan.scope.clone(),
            deviations: plan.deviations.iter().map(CitationView::from).collect(),
            legal_basis: plan.legal_basis.as_ref().map(LegalBasisView::from),
            starts_on: plan.starts_on,
            ends_on: plan.ends_on,
            hypothesis: plan.hypothesis.clone(),
            comparison_group: plan.comparison_group.clone(),
            safeguards: plan.safeguards.clone(),
            stop_criteria: plan.stop_criteria.clone(),
            evaluator: plan.evaluator.clone(),
            evaluation_plan: plan.evaluation_plan.clone(),
            budget: plan.budget.clone(),
            indicators: plan.indicators.iter().map(IndicatorView::from).collect(),
            milestones: milestones.collect(),
            risks: risks.collect(),
        }
    }
}

impl ParticipantView {
    fn new(shown: &Shown, participant: &Participant) -> Self {
        use ExperimentCapacity::{Authority, Desk};
        let decides = shown
            .capacities
            .iter()
            .any(|one| matches!(one, Authority | Desk));
        let all = decides || shown.reader == participant.organisation;
        Self {
            organisation: reference(&shown.organisations, participant.organisation),
            state: participant.state,
            report: participant.report.filter(|_| all).map(|id| id.uuid()),
            from: participant.from,
            until: participant.until,
            reason: participant.reason.clone().filter(|_| all),
        }
    }
}

impl DueView {
    pub fn new(due: &Due, today: NaiveDate) -> Self {
        Self {
            clock: due.clock,
            milestone: due.milestone.map(|id| id.uuid()),
            due_on: due.on,
            late: due.on < today,
        }
    }
}

impl NextStep {
    fn new(
        row: &Row,
        status: ExperimentStatus,
        missing: &[FieldError],
        language: Language,
    ) -> Self {
        let missing: Vec<ProblemField> = missing
            .iter()
            .map(|fault| ProblemField {
                pointer: fault.pointer.clone(),
                code: fault.code,
                detail: messages::field(fault.code, &fault.params, language),
            })
            .collect();
        Self {
            action: row.action,
            to: row.to.unwrap_or(status),
            required: row.required.to_vec(),
            optional: row.optional.to_vec(),
            ready: missing.is_empty(),
            missing,
        }
    }
}

impl ExperimentView {
    pub fn new(shown: &Shown, language: Language) -> Self {
        let experiment = &shown.experiment;
        let (course, names) = (&experiment.course, &shown.organisations);
        let reports = shown.reports.iter().map(|(report, view)| ExperimentReport {
            id: report.id.uuid(),
            reference: report.reference.clone(),
            title: policy::title(report, *view).to_owned(),
        });
        let participants = experiment.participants.iter();
        let steps = workflow::next_steps(experiment, &shown.capacities, shown.today);
        Self {
            id: experiment.id.uuid(),
            reference: experiment.reference.clone(),
            status: experiment.status,
            title: experiment.title.clone(),
            idea: experiment.idea.clone(),
            proposer: reference(names, experiment.proposer.organisation),
            authority: experiment.authority.map(|id| reference(names, id)),
            reports: reports.collect(),
            participants: participants
                .map(|one| ParticipantView::new(shown, one))
                .collect(),
            plan: PlanView::from(&experiment.plan),
            plan_version: experiment.plan_version,
            registered_on: course.registered_on,
            started_on: course.started_on,
            first_end: course.first_end,
            milestones_done: course
                .milestones_done
                .iter()
                .map(|(id, done_on)| MilestoneDone {
                    milestone: id.uuid(),
                    done_on: *done_on,
                })
                .collect(),
            evaluation: course.evaluation.as_ref().map(ExperimentEvaluation::from),
            decision: course.decision.as_ref().map(ExperimentDecision::from),
            legislation: course.legislation.as_ref().map(LegislationView::from),
            stopped: course.stopped.as_ref().map(|one| ExperimentStop {
                reason: one.reason.clone(),
                on: one.on,
                from: one.from,
            }),
            due: experiment
                .calendar(shown.today)
                .iter()
                .map(|due| DueView::new(due, shown.today))
                .collect(),
            settlement: shown.offer.as_ref().map(SettlementOffer::from),
            next_steps: steps
                .iter()
                .map(|(row, missing)| NextStep::new(row, experiment.status, missing, language))
                .collect(),
            created_at: experiment.created_at,
            updated_at: experiment.updated_at,
            version: experiment.version,
        }
    }
}

impl From<&Shown> for ExperimentSummary {
    fn from(shown: &Shown) -> Self {
        let experiment = &shown.experiment;
        let names = &shown.organisations;
        let takes_part = |one: &&Participant| {
            matches!(
                one.state,
                ParticipantState::Participating | ParticipantState::Leaving
            )
        };
        let dues = experiment.dues();
        Self {
            id: experiment.id.uuid(),
            reference: experiment.reference.clone(),
            status: experiment.status,
            title: experiment.title.clone(),
            proposer: reference(names, experiment.proposer.organisation),
            authority: experiment.authority.map(|id| reference(names, id)),
            participants: experiment
                .participants
                .iter()
                .filter(takes_part)
                .map(|one| reference(names, one.organisation))
                .collect(),
            starts_on: experiment.course.started_on.or(experiment.plan.starts_on),
            ends_on: experiment.plan.ends_on,
            decision: experiment.course.decision.as_ref().map(|one| one.kind),
            next_due: dues.first().map(|due| DueView::new(due, shown.today)),
            version: experiment.version,
        }
    }
}

impl ExperimentEventView {
    pub fn new(event: ExperimentEvent, organisations: &Organisations, language: Language) -> Self {
        let name = |id| organisations.get(&id).map(|found| found.name.clone());
        Self {
            id: event.id.uuid(),
            at: event.at,
            text: tell(&event, name, language),
            kind: event.kind,
            from: event.from,
            to: event.to,
            version: event.version,
            organisation: event.organisation_name,
            capacity: event.capacity,
            reason: event.details.reason,
            changes: event.details.changes,
            plan_version: event.details.plan_version,
        }
    }
}

impl PlanVersionView {
    /// A version, and the one before it when there is one.
    pub fn new(version: &PlanVersion, before: Option<&PlanVersion>) -> Self {
        Self {
            number: version.number,
            made_at: version.made_at,
            made_by: version.made_by.clone(),
            reason: version.reason.clone(),
            changes: before
                .map(|before| before.plan.differences(&version.plan))
                .unwrap_or_default(),
            plan: PlanView::from(&version.plan),
        }
    }
}
