//! The chain (keten): report, experiment, evaluation, decision, publication in one call.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::experiment::{Experiment, ExperimentStatus};
use crate::domain::measure::{MeasureRecord, MeasureState};
use crate::domain::policy::{self, View};
use crate::domain::report::{Measure, MeasureKind, Outcome, Report};
use crate::domain::status::Status;
use crate::http::auth::{Granted, ReadReports};
use crate::http::experiment_views::{ExperimentDecision, ExperimentEvaluation, LegislationView};
use crate::http::experiments::experiment_id;
use crate::http::problem::Failure;
use crate::http::reports::report_id;
use crate::services::Context;
use crate::services::chain::{self, Chain};

/// Reports and experiments that hang together, and where the change was made known (Dutch: keten). Each the earliest first, as
/// far as you see them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Chain)]
pub struct ChainView {
    /// The reports (meldingen).
    reports: Vec<ChainReport>,
    /// The experiments that came from them (experimenten).
    experiments: Vec<ChainExperiment>,
    /// The other measures of the reports that you see whole (maatregelen).
    measures: Vec<ChainMeasure>,
    /// Official publications of what came of it (vindplaatsen).
    publications: Vec<String>,
}

/// A report in a chain (Dutch: melding).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChainReport {
    /// Id of the report (melding).
    id: Uuid,
    /// Number (kenmerk).
    reference: Option<String>,
    /// Title, as you may see it (titel).
    title: String,
    /// Where it stands (status).
    status: Status,
    /// Id of the report that it joined (samengevoegd met).
    merged_into: Option<Uuid>,
    /// What came of it (uitkomst).
    outcome: Option<Outcome>,
    /// When it was settled (afgehandeld op).
    settled_at: Option<DateTime<Utc>>,
    /// What takes the obstacle away; for who sees the whole report (maatregelen).
    measures: Vec<Measure>,
}

/// An experiment in a chain (Dutch: experiment).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChainExperiment {
    /// Id of the experiment (experiment).
    id: Uuid,
    /// Number (kenmerk).
    #[schema(example = "EXP-2026-0001")]
    reference: String,
    /// What it is called (titel).
    title: String,
    /// Where it stands (status).
    status: ExperimentStatus,
    /// Ids of the reports that led to it, as far as you see these (meldingen).
    reports: Vec<Uuid>,
    /// First day (begindatum).
    starts_on: Option<NaiveDate>,
    /// Last day (einddatum).
    ends_on: Option<NaiveDate>,
    /// What the evaluation found (evaluatie).
    evaluation: Option<ExperimentEvaluation>,
    /// What was decided (besluit).
    decision: Option<ExperimentDecision>,
    /// How far the change of the law is (wetgevingsdossier).
    legislation: Option<LegislationView>,
}

/// A measure in a chain (Dutch: maatregel).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChainMeasure {
    /// Id of the measure (maatregel).
    id: Uuid,
    /// How the obstacle is taken away (soort maatregel).
    kind: MeasureKind,
    /// What it is called (titel).
    title: String,
    /// Where it stands (stand).
    state: MeasureState,
    /// Ids of the reports that it serves, as far as you see these (meldingen).
    reports: Vec<Uuid>,
    /// When it is to be done (streefdatum).
    target_date: NaiveDate,
    /// Of an amendment: how far it is (wetgevingsdossier).
    legislation: Option<LegislationView>,
}

impl ChainMeasure {
    fn new(of: &MeasureRecord, seen: &[(Report, View)]) -> Self {
        let reports = of.reports.iter();
        let reports = reports.filter(|id| seen.iter().any(|(report, _)| report.id == **id));
        Self {
            id: of.id.uuid(),
            kind: of.kind,
            title: of.title.clone(),
            state: of.state,
            reports: reports.map(|id| id.uuid()).collect(),
            target_date: of.target_date,
            legislation: of.course.legislation.as_ref().map(LegislationView::from),
        }
    }
}

impl From<&(Report, View)> for ChainReport {
    fn from((report, view): &(Report, View)) -> Self {
        let full = view.is_full();
        Self {
            id: report.id.uuid(),
            reference: report.reference.clone(),
            title: policy::title(report, *view).to_owned(),
            status: report.status,
            merged_into: report.merged_into.filter(|_| full).map(|id| id.uuid()),
            outcome: report.handling.settlement.as_ref().map(|one| one.outcome),
            settled_at: report.settled_at,
            measures: if full {
                report.handling.measures.clone()
            } else {
                Vec::new()
            },
        }
    }
}

impl ChainExperiment {
    fn new(experiment: &Experiment, seen: &[(Report, View)]) -> Self {
        let course = &experiment.course;
        let reports = experiment.reports.iter();
        let reports = reports.filter(|id| seen.iter().any(|(report, _)| report.id == **id));
        Self {
            id: experiment.id.uuid(),
            reference: experiment.reference.clone(),
            title: experiment.title.clone(),
            status: experiment.status,
            reports: reports.map(|id| id.uuid()).collect(),
            starts_on: course.started_on.or(experiment.plan.starts_on),
            ends_on: experiment.plan.ends_on,
            evaluation: course.evaluation.as_ref().map(ExperimentEvaluation::from),
            decision: course.decision.as_ref().map(ExperimentDecision::from),
            legislation: course.legislation.as_ref().map(LegislationView::from),
        }
    }
}

impl From<&Chain> for ChainView {
    fn from(chain: &Chain) -> Self {
        let of_experiments = chain.experiments.iter();
        let of_experiments = of_experiments.filter_map(|one| one.course.legislation.as_ref());
        let of_measures = chain.measures.iter();
        let of_measures = of_measures.filter_map(|one| one.course.legislation.as_ref());
        let of_files = of_experiments
            .chain(of_measures)
            .flat_map(|file| file.publications.iter());
        let of_reports = chain
            .reports
            .iter()
            .filter_map(|(report, _)| report.handling.settlement.as_ref()?.publication.as_ref());
        let mut publications: Vec<String> = Vec::new();
        for publication in of_files.chain(of_reports) {
            if !publications.contains(publication) {
                publications.push(publication.clone());
            }
        }
        Self {
            reports: chain.reports.iter().map(ChainReport::from).collect(),
            experiments: chain
                .experiments
                .iter()
                .map(|one| ChainExperiment::new(one, &chain.reports))
                .collect(),
            measures: chain
                .measures
                .iter()
                .map(|one| ChainMeasure::new(one, &chain.reports))
                .collect(),
            publications,
        }
    }
}

/// See what came of a report
///
/// The report with those that joined it, the experiments that came from them, their evaluation, decision and publication
/// (keten).
#[utoipa::path(
    tag = "experiments",
    params(("id" = Uuid, Path, description = "Id of the report (melding)")),
    responses((status = 200, description = "The chain (keten)", body = ChainView)),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}/chain")]
pub async fn get_chain_of_report(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = report_id(&id)?;
    let chain = ctx
        .db
        .read(move |conn| chain::of_report(conn, &actor, id))
        .await?;
    Ok(HttpResponse::Ok().json(ChainView::from(&chain)))
}

/// See what an experiment came from, and what came of it
///
/// The reports that led to it, its evaluation, decision and publication (keten).
#[utoipa::path(
    tag = "experiments",
    params(("id" = Uuid, Path, description = "Id of the experiment (experiment)")),
    responses((status = 200, description = "The chain (keten)", body = ChainView)),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/experiments/{id}/chain")]
pub async fn get_chain_of_experiment(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = experiment_id(&id)?;
    let chain = ctx
        .db
        .read(move |conn| chain::of_experiment(conn, &actor, id))
        .await?;
    Ok(HttpResponse::Ok().json(ChainView::from(&chain)))
}
