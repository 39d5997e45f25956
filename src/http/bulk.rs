//! Many at once (meldingen en handelingen tegelijk): up to a hundred in one call, with an answer for each.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing_actix_web::RequestId;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::audit;
use crate::domain::actor::Language;
use crate::domain::code::Code;
use crate::domain::id::Id;
use crate::domain::status::Action;
use crate::http::auth::{Granted, WorkOnReports, WriteReports};
use crate::http::body::{self, Body};
use crate::http::envelope::language;
use crate::http::idempotency::{IdempotencyKey, IdempotencyKeyHeader};
use crate::http::problem::{self, Failure, Problem};
use crate::http::report_input::ReportRequest;
use crate::http::report_views::ReportView;
use crate::http::reports::answer;
use crate::http::transitions::TransitionRequest;
use crate::services::bulk::Results;
use crate::services::idempotency::Answer;
use crate::services::reports::Shown;
use crate::services::reports::many::{self, Item};
use crate::services::transitions::{self, Wanted};
use crate::services::{Context, Error};

/// Reports to hand in (Dutch: meldingen).
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"items": [{"report": {"title": "Norm", "description": "De norm knelt.", "effect": "De school sluit.", "municipalities": ["GM1714"], "externalReference": "Z2026-0815"}}]}))]
#[expect(
    dead_code,
    reason = "the document's form of `Items`: each item is checked by itself"
)]
pub struct BulkReportsRequest {
    /// The reports, each by itself (onderdelen).
    #[schema(min_items = 1, max_items = 100)]
    items: Vec<BulkReport>,
}

/// One of the reports (Dutch: onderdeel).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BulkReport {
    /// The report (melding).
    report: ReportRequest,
    /// The same key and report give the first answer again for 24 hours (herhaalsleutel).
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[!-~]+$",
        nullable = false
    )]
    idempotency_key: Option<String>,
}

/// Things to do with reports (Dutch: handelingen).
#[derive(Debug, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"items": [{"id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "version": 3, "transition": {"action": "accept"}}], "allOrNothing": false}))]
#[expect(
    dead_code,
    reason = "the document's form of `Transitions`: each item is checked by itself"
)]
pub struct BulkTransitionsRequest {
    /// What to do, each by itself (onderdelen).
    #[schema(min_items = 1, max_items = 100)]
    items: Vec<BulkTransition>,
    /// All of it in one transaction, or nothing when one of them cannot be done (alles of niets).
    #[schema(required = false, default = false)]
    all_or_nothing: bool,
}

/// One of the things to do (Dutch: onderdeel).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BulkTransition {
    /// Id of the report (melding).
    id: Uuid,
    /// The version of the report that you saw, as `If-Match` has it elsewhere (versie).
    version: i32,
    /// What to do (handeling).
    transition: TransitionRequest,
    /// The same key and transition give the first answer again for 24 hours (herhaalsleutel).
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[!-~]+$",
        nullable = false
    )]
    idempotency_key: Option<String>,
}

/// The items as they came.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Items {
    #[schema(min_items = 1, max_items = 100)]
    items: Vec<Value>,
}

/// The items as they came, and whether it is all or nothing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Transitions {
    #[schema(min_items = 1, max_items = 100)]
    items: Vec<Value>,
    #[serde(default)]
    all_or_nothing: bool,
}

/// What became of each (Dutch: antwoord per onderdeel).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BulkAnswer {
    /// How many were done (gelukt).
    succeeded: usize,
    /// How many were not (mislukt).
    failed: usize,
    /// An answer for each item, in the order they were sent (antwoorden).
    items: Vec<BulkItemAnswer>,
}

/// What became of one (Dutch: antwoord).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BulkItemAnswer {
    /// The status that the item by itself would have been answered with; 200 for a report that was there already (statuscode).
    #[schema(minimum = 200, maximum = 599)]
    status: u16,
    /// The report as it now is; null when it failed (melding).
    #[schema(value_type = Option<ReportView>)]
    report: Option<Value>,
    /// What went wrong; pointers are into the item; null when nothing did (foutmelding).
    problem: Option<Problem>,
}

/// Hand in many reports
///
/// Takes in up to a hundred reports (meldingen tegelijk indienen), each by itself: a fault of one does not harm the others.
/// A report whose `externalReference` is there already is not taken in again but answered with 200, as it is; an
/// `idempotencyKey` gives the first answer again. With an Idempotency-Key each item without a key of its own has one from it.
#[utoipa::path(
    tag = "reports",
    params(IdempotencyKeyHeader),
    request_body(content = BulkReportsRequest, description = "The reports (meldingen)"),
    responses((status = 200, description = "An answer for each (antwoord per melding)", body = BulkAnswer)),
    security(("oauth2" = ["reports:write"])),
)]
#[post("/bulk-reports")]
pub async fn submit_reports(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReports>,
    key: IdempotencyKey,
    request: HttpRequest,
    body: Body<Items>,
) -> Result<HttpResponse, Failure> {
    let language = language(request.headers());
    let items = body.value.items.into_iter().enumerate();
    let items = items.map(|(number, item)| {
        let raw = item.to_string();
        let item: BulkReport = checked(item)?;
        Ok(Item {
            new: item.report.into(),
            key: key.of_item(item.idempotency_key, number, raw.as_bytes()),
        })
    });
    let render =
        move |shown: &Shown, there: bool| answer(shown, language, if there { 200 } else { 201 });
    let results = many::submit(&ctx, actor, items.collect(), render).await?;
    for made in results
        .iter()
        .flatten()
        .filter(|one| one.status == 201 && !one.replayed)
    {
        if !made.body.contains("\"status\":\"draft\"") {
            ctx.metrics.transition(Action::Submit.as_str());
        }
    }
    Ok(respond(&ctx, &request, language, results))
}

/// Do something with many reports
///
/// Makes up to a hundred transitions (handelingen tegelijk verrichten), assignments among them: each by itself, or with
/// `allOrNothing` all in one transaction or none. Notices are those of the single ones.
#[utoipa::path(
    tag = "workflow",
    params(IdempotencyKeyHeader),
    request_body(content = BulkTransitionsRequest, description = "What to do (handelingen)"),
    responses((status = 200, description = "An answer for each (antwoord per handeling)", body = BulkAnswer)),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[post("/bulk-transitions")]
pub async fn make_transitions(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    key: IdempotencyKey,
    request: HttpRequest,
    body: Body<Transitions>,
) -> Result<HttpResponse, Failure> {
    let language = language(request.headers());
    let Transitions {
        items,
        all_or_nothing,
    } = body.value;
    let mut actions = Vec::with_capacity(items.len());
    let mut wanted = Vec::with_capacity(items.len());
    for (number, item) in items.into_iter().enumerate() {
        let raw = item.to_string();
        let item = checked::<BulkTransition>(item).and_then(|item| {
            Ok(Wanted {
                id: Id::from_uuid(item.id),
                version: item.version,
                request: item.transition.into_request()?,
                key: key.of_item(item.idempotency_key, number, raw.as_bytes()),
            })
        });
        actions.push(item.as_ref().ok().map(|item| item.request.action.as_str()));
        wanted.push(item);
    }
    let render = move |shown: &Shown| answer(shown, language, 200);
    let results = transitions::make_many(&ctx, actor, wanted, all_or_nothing, render).await;
    for (action, result) in actions.into_iter().zip(&results) {
        if let (Some(action), Ok(answer)) = (action, result)
            && !answer.replayed
        {
            ctx.metrics.transition(action);
        }
    }
    Ok(respond(&ctx, &request, language, results))
}

/// An item that fits its schema.
fn checked<T: serde::de::DeserializeOwned + ToSchema + 'static>(item: Value) -> Result<T, Error> {
    body::check(item).map_err(|failure| match failure {
        Failure::Service(error) => error,
        _ => Error::field("", "wrong_type"),
    })
}

fn respond(
    ctx: &Context,
    request: &HttpRequest,
    language: Language,
    results: Results<Answer>,
) -> HttpResponse {
    let request_id = request
        .extensions()
        .get::<RequestId>()
        .map(ToString::to_string)
        .unwrap_or_default();
    let failed = results.iter().filter(|result| result.is_err()).count();
    let succeeded = results.len() - failed;
    audit::note("succeeded", succeeded.to_string());
    audit::note("failed", failed.to_string());
    let items = results.into_iter().map(|result| match result {
        Ok(answer) => BulkItemAnswer {
            status: answer.status,
            report: serde_json::from_str(&answer.body).ok(),
            problem: None,
        },
        Err(error) => {
            let failure = Failure::from(error);
            let base = &ctx.settings.public_url;
            let problem = problem::of_item(&failure, language, &request_id, base);
            BulkItemAnswer {
                status: problem.status,
                report: None,
                problem: Some(problem),
            }
        }
    });
    HttpResponse::Ok().json(BulkAnswer {
        succeeded,
        failed,
        items: items.collect(),
    })
}
