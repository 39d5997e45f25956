//! Experiments (experimenten): the register, their plans, what is done with them.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, patch, post, web};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::audit;
use crate::domain::actor::Language;
use crate::domain::code::Code;
use crate::domain::deadline::local_date;
use crate::domain::experiment::ExperimentStatus;
use crate::domain::id::{ExperimentId, Id};
use crate::domain::search::SearchQuery;
use crate::http::auth::{Granted, ReadReports, WorkOnReports};
use crate::http::body::Body;
use crate::http::conditional::{IfMatch, IfMatchHeader, etag, tagged_body, with_etag};
use crate::http::envelope::language;
use crate::http::experiment_input::{
    ExperimentChange, ExperimentRequest, ExperimentTransitionRequest,
};
use crate::http::experiment_views::{
    ExperimentEventView, ExperimentSummary, ExperimentView, PlanVersionView,
};
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::services::experiments::{self, Shown};
use crate::services::idempotency::{Answer, once};
use crate::services::{Context, Error};
use crate::store::experiments::Filter;

/// Which experiments.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ExperimentFilter {
    /// Where they stand; may repeat (status).
    #[param(inline)]
    #[serde(default)]
    status: Vec<ExperimentStatus>,
    /// Id of the authority that owns the rule (eigenaar van de regel).
    #[param(nullable = false)]
    authority: Option<Uuid>,
    /// Id of an organisation that proposed it, owns the rule or takes part (organisatie).
    #[param(nullable = false)]
    organisation: Option<Uuid>,
    /// Id of a report that led to it (melding).
    #[param(nullable = false)]
    report: Option<Uuid>,
    /// Only those of which something is late (te laat).
    #[serde(default)]
    #[param(default = false)]
    late: bool,
    /// Words to look for in title, idea, rules and number, in any of their forms (zoekwoorden).
    #[param(
        min_length = 1,
        max_length = 500,
        nullable = false,
        example = "kleine scholen"
    )]
    q: Option<String>,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

/// Which page of what belongs to an experiment.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ExperimentPage {
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

pub fn experiment_id(text: &str) -> Result<ExperimentId, Failure> {
    text.parse::<Id<_>>().map_err(|_| Error::NotFound.into())
}

/// The experiment as JSON, with its tag.
fn written(shown: &Shown, language: Language) -> Result<(String, String), Error> {
    let body = serde_json::to_string(&ExperimentView::new(shown, language))
        .map_err(|e| Error::Internal(e.to_string()))?;
    Ok((etag(shown.experiment.version, &body), body))
}

fn answer(shown: &Shown, language: Language, status: u16) -> Result<Answer, Error> {
    let (tag, body) = written(shown, language)?;
    let mut headers = vec![(ETAG.to_string(), tag)];
    if status == 201 {
        let location = format!("/v1/experiments/{}", shown.experiment.id);
        headers.push((LOCATION.to_string(), location));
    }
    Ok(Answer {
        status,
        headers,
        body,
        replayed: false,
    })
}

/// Propose an experiment
///
/// A title, a report and what would be tried (experiment voorstellen): by who handles the report, or whose it is. What else
/// it takes is told by `nextSteps`.
#[utoipa::path(
    tag = "experiments",
    params(IdempotencyKeyHeader),
    request_body(content = ExperimentRequest, description = "The proposal (voorstel)"),
    responses((status = 201, description = "Proposed (voorgesteld)", body = ExperimentView, headers(
        ("Location" = String, description = "Address of the experiment (adres)"),
        ("ETag" = String, description = "Version of the experiment (versie)"),
    ))),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[post("/experiments")]
pub async fn propose_experiment(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    key: IdempotencyKey,
    request: HttpRequest,
    body: Body<ExperimentRequest>,
) -> Result<HttpResponse, Failure> {
    let language = language(request.headers());
    let key = key.with(&body.raw);
    let new = body.value.into_new()?;
    let now = ctx.clock.now();
    let context = ctx.get_ref().clone();
    let answer = ctx
        .db
        .write(move |conn| {
            once(conn, actor.id, key.as_ref(), now, |conn| {
                let shown = experiments::propose(conn, &context, &actor, new)?;
                answer(&shown, language, 201)
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// List experiments
///
/// The register (register van experimenten) and what is not in it yet and concerns you, the newest first.
#[utoipa::path(
    tag = "experiments",
    params(ExperimentFilter),
    responses((status = 200, description = "A page (pagina)", body = Page<ExperimentSummary>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/experiments")]
pub async fn list_experiments(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    Query(query): Query<ExperimentFilter>,
) -> Result<HttpResponse, Failure> {
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let before: Option<Uuid> = paging::decode(query.cursor.as_deref())?;
    let now = ctx.clock.now();
    let filter = Filter {
        statuses: query.status,
        authority: query.authority.map(Id::from_uuid),
        organisation: query.organisation.map(Id::from_uuid),
        report: query.report.map(Id::from_uuid),
        late_on: query.late.then(|| local_date(now)),
        words: query.q.as_deref().map(SearchQuery::parse),
        ..Filter::default()
    };
    let rows = ctx
        .db
        .read(move |conn| {
            let before = before.map(Id::from_uuid);
            experiments::list(conn, &actor, &filter, before, limit + 1, now)
        })
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |row| row.experiment.id.uuid());
    let items = rows.iter().map(ExperimentSummary::from).collect();
    Ok(paging::respond(&request, &Page { items, next_cursor }))
}

/// Read an experiment
///
/// Its plan, its course, what is due, and what you may do next with what that still takes (experiment).
#[utoipa::path(
    tag = "experiments",
    params(("id" = Uuid, Path, description = "Id of the experiment (experiment)")),
    responses(
        (status = 200, description = "The experiment (experiment)", body = ExperimentView, headers(("ETag" = String, description = "Version of the experiment (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/experiments/{id}")]
pub async fn get_experiment(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = experiment_id(&id)?;
    let now = ctx.clock.now();
    let shown = ctx
        .db
        .read(move |conn| experiments::get(conn, &actor, id, now))
        .await?;
    let (tag, body) = written(&shown, language(request.headers()))?;
    Ok(tagged_body(&request, &tag, body))
}

/// Change an experiment
///
/// What it is called and how it is planned (experiment wijzigen): by the proposer and the desk until the legal check, then
/// by the authority and the desk. Once it has started, a change of the plan is a new version of it, with a reason.
#[utoipa::path(
    tag = "experiments",
    params(("id" = Uuid, Path, description = "Id of the experiment (experiment)"), IfMatchHeader),
    request_body(content = ExperimentChange, description = "What changes (wijziging)"),
    responses((status = 200, description = "The experiment as it now is (experiment)", body = ExperimentView, headers(("ETag" = String, description = "Version of the experiment (versie)")))),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[patch("/experiments/{id}")]
pub async fn change_experiment(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    IfMatch(version): IfMatch,
    request: HttpRequest,
    id: web::Path<String>,
    body: Body<ExperimentChange>,
) -> Result<HttpResponse, Failure> {
    let language = language(request.headers());
    let id = experiment_id(&id)?;
    let change = body.value.into_change()?;
    let context = ctx.get_ref().clone();
    let (tag, body) = ctx
        .db
        .write(move |conn| {
            let shown = experiments::change(conn, &context, &actor, id, version, change)?;
            written(&shown, language)
        })
        .await?;
    Ok(with_etag(HttpResponse::Ok(), &tag)
        .content_type("application/json")
        .body(body))
}

/// Do something with an experiment
///
/// Makes a transition (handeling verrichten). An action that is not legal now answers 409 with those that are; one that the
/// experiment is not ready for answers 409 `not_ready` with all that it lacks.
#[utoipa::path(
    tag = "experiments",
    params(("id" = Uuid, Path, description = "Id of the experiment (experiment)"), IfMatchHeader, IdempotencyKeyHeader),
    request_body(content = ExperimentTransitionRequest, description = "What to do (handeling)"),
    responses((status = 200, description = "The experiment as it now is (experiment)", body = ExperimentView, headers(("ETag" = String, description = "Version of the experiment (versie)")))),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[post("/experiments/{id}/transitions")]
pub async fn make_experiment_transition(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    IfMatch(version): IfMatch,
    key: IdempotencyKey,
    request: HttpRequest,
    id: web::Path<String>,
    body: Body<ExperimentTransitionRequest>,
) -> Result<HttpResponse, Failure> {
    let language = language(request.headers());
    let id = experiment_id(&id)?;
    let key = key.with(&body.raw);
    let wanted = body.value.into_request()?;
    audit::note("transition", wanted.0.as_str());
    let now = ctx.clock.now();
    let context = ctx.get_ref().clone();
    let answer = ctx
        .db
        .write(move |conn| {
            once(conn, actor.id, key.as_ref(), now, |conn| {
                let shown = experiments::act(conn, &context, &actor, id, version, wanted)?;
                answer(&shown, language, 200)
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// Read an experiment's timeline
///
/// What happened to it (tijdlijn), the earliest first.
#[utoipa::path(
    tag = "experiments",
    params(("id" = Uuid, Path, description = "Id of the experiment (experiment)"), ExperimentPage),
    responses((status = 200, description = "A page (pagina)", body = Page<ExperimentEventView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/experiments/{id}/events")]
pub async fn list_experiment_events(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
    Query(query): Query<ExperimentPage>,
) -> Result<HttpResponse, Failure> {
    let id = experiment_id(&id)?;
    let language = language(request.headers());
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let after: Option<Uuid> = paging::decode(query.cursor.as_deref())?;
    let (rows, organisations) = ctx
        .db
        .read(move |conn| {
            experiments::events(conn, &actor, id, after.map(Id::from_uuid), limit + 1)
        })
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |row| row.id.uuid());
    let items = rows
        .into_iter()
        .map(|event| ExperimentEventView::new(event, &organisations, language))
        .collect();
    Ok(paging::respond(&request, &Page { items, next_cursor }))
}

/// List the versions of a plan
///
/// The plan as it was at the start and after each change (planversies), with what changed and why, the newest first.
#[utoipa::path(
    tag = "experiments",
    params(("id" = Uuid, Path, description = "Id of the experiment (experiment)"), ExperimentPage),
    responses((status = 200, description = "A page (pagina)", body = Page<PlanVersionView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/experiments/{id}/plan-versions")]
pub async fn list_plan_versions(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
    Query(query): Query<ExperimentPage>,
) -> Result<HttpResponse, Failure> {
    let id = experiment_id(&id)?;
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let before: Option<i32> = paging::decode(query.cursor.as_deref())?;
    let versions = ctx
        .db
        .read(move |conn| experiments::plan_versions(conn, &actor, id, before, limit + 1))
        .await?;
    // Each is compared with the one before it, which the next page begins with.
    let pairs: Vec<_> = (0..versions.len())
        .map(|at| PlanVersionView::new(&versions[at], versions.get(at + 1)))
        .zip(versions.iter().map(|version| version.number))
        .collect();
    let (rows, next_cursor) = paging::cut(pairs, limit, |(_, number)| *number);
    let items = rows.into_iter().map(|(view, _)| view).collect();
    Ok(paging::respond(&request, &Page { items, next_cursor }))
}
