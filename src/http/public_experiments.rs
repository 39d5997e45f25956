//! The public register of experiments (openbaar register van experimenten): what everybody may read, without a token. A form
//! of its own, so that nothing gets here that was not put here.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::deadline::local_date;
use crate::domain::experiment::{
    DecisionKind, Experiment, ExperimentStatus, Participant, ParticipantState,
};
use crate::domain::id::{Id, OrganisationId};
use crate::http::conditional::{etag, tagged_body};
use crate::http::experiment_views::{DueView, ExperimentEvaluation, LegislationView};
use crate::http::experiments::experiment_id;
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::services::reports::Organisations;
use crate::services::{Context, Error, experiments};

/// How long anybody may keep it.
const KEPT: &str = "public, max-age=60";

/// An experiment as everybody may read of it (Dutch: experiment in het openbaar register).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicExperiment {
    /// Id of the experiment (experiment).
    id: Uuid,
    /// Number (kenmerk).
    #[schema(example = "EXP-2026-0001")]
    reference: String,
    /// Where it stands (status).
    status: ExperimentStatus,
    /// What it is called (titel).
    title: String,
    /// What is tried (wat er beproefd wordt).
    idea: String,
    /// Name of the authority that owns the rule (eigenaar van de regel).
    authority: Option<String>,
    /// Names of those that take part or took part (deelnemers).
    participants: Vec<String>,
    /// The rules deviated from (afwijkingen).
    deviations: Vec<String>,
    /// First day (begindatum).
    starts_on: Option<NaiveDate>,
    /// Last day (einddatum).
    ends_on: Option<NaiveDate>,
    /// What is due, the earliest first (termijnen).
    due: Vec<DueView>,
    /// What the evaluation found (evaluatie).
    evaluation: Option<ExperimentEvaluation>,
    /// What was decided (besluit).
    decision: Option<DecisionKind>,
    /// When that was decided (besloten op).
    decided_on: Option<NaiveDate>,
    /// How far the change of the rule is (wetgevingsdossier).
    legislation: Option<LegislationView>,
}

/// Which experiments.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct PublicExperimentFilter {
    /// Only those of which an evaluation, a milestone, the end or results are over their day (te laat).
    #[serde(default)]
    #[param(default = false)]
    late: bool,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

impl PublicExperiment {
    fn new(of: &Experiment, names: &Organisations, today: NaiveDate) -> Self {
        let name = |id: OrganisationId| names.get(&id).map(|one| one.name.clone());
        let course = &of.course;
        let took_part =
            |one: &&Participant| one.from.is_some() && one.state != ParticipantState::Asked;
        let participants = of.participants.iter().filter(took_part);
        Self {
            id: of.id.uuid(),
            reference: of.reference.clone(),
            status: of.status,
            title: of.title.clone(),
            idea: of.idea.clone(),
            authority: of.authority.and_then(name),
            participants: participants
                .filter_map(|one| name(one.organisation))
                .collect(),
            deviations: of.plan.deviations.iter().map(|rule| rule.label()).collect(),
            starts_on: course.started_on.or(of.plan.starts_on),
            ends_on: of.plan.ends_on,
            due: of
                .dues()
                .iter()
                .map(|due| DueView::new(due, today))
                .collect(),
            evaluation: course.evaluation.as_ref().map(ExperimentEvaluation::from),
            decision: course.decision.as_ref().map(|one| one.kind),
            decided_on: course.decision.as_ref().map(|one| one.decided_on),
            legislation: course.legislation.as_ref().map(LegislationView::from),
        }
    }
}

/// An answer that anybody may keep for a while.
pub fn kept(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(KEPT));
    response
}

/// List the register of experiments
///
/// Every experiment since it was registered (openbaar register), the newest first, for everybody; `late` lists who is late.
#[utoipa::path(
    tag = "public",
    params(PublicExperimentFilter),
    responses((status = 200, description = "A page (pagina)", body = Page<PublicExperiment>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
)]
#[get("/public/experiments")]
pub async fn list_public_experiments(
    ctx: web::Data<Context>,
    request: HttpRequest,
    Query(query): Query<PublicExperimentFilter>,
) -> Result<HttpResponse, Failure> {
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let before: Option<Uuid> = paging::decode(query.cursor.as_deref())?;
    let today = local_date(ctx.clock.now());
    let late = query.late;
    let (rows, names) = ctx
        .db
        .read(move |conn| {
            experiments::registered(
                conn,
                late.then_some(today),
                before.map(Id::from_uuid),
                limit + 1,
            )
        })
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |row| row.id.uuid());
    let items = rows
        .iter()
        .map(|one| PublicExperiment::new(one, &names, today))
        .collect();
    Ok(kept(paging::respond(
        &request,
        &Page { items, next_cursor },
    )))
}

/// Read an experiment of the register
///
/// What everybody may read of it (openbaar register).
#[utoipa::path(
    tag = "public",
    params(("id" = Uuid, Path, description = "Id of the experiment (experiment)")),
    responses(
        (status = 200, description = "The experiment (experiment)", body = PublicExperiment, headers(("ETag" = String, description = "Version of what you see (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
)]
#[get("/public/experiments/{id}")]
pub async fn get_public_experiment(
    ctx: web::Data<Context>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = experiment_id(&id)?;
    let today = local_date(ctx.clock.now());
    let (found, names) = ctx
        .db
        .read(move |conn| experiments::registered_one(conn, id))
        .await?;
    let body = serde_json::to_string(&PublicExperiment::new(&found, &names, today))
        .map_err(|e| Error::Internal(e.to_string()))?;
    let tag = etag(found.version, &body);
    Ok(kept(tagged_body(&request, &tag, body)))
}
