//! Splitting (splitsen): several obstacles in one report become reports of their own.

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::actor::Language;
use crate::domain::id::OrganisationId;
use crate::http::auth::{Granted, Triage};
use crate::http::body::Body;
use crate::http::conditional::{IfMatch, IfMatchHeader, etag};
use crate::http::envelope::language;
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::problem::Failure;
use crate::http::report_input::CitationRequest;
use crate::http::report_views::ReportView;
use crate::http::reports::report_id;
use crate::services::Context;
use crate::services::idempotency::Answer;
use crate::services::reports::content::Changes;
use crate::services::reports::split::{self, NewPart, Split};

/// The parts that a report is split into (Dutch: delen); the original stays with what is left.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"parts": [
    {"title": "Opheffingsnorm", "description": "De norm sluit de school.", "regulations": [{"citation": "BWBR0003420", "article": "153"}], "domains": ["onderwijs-po"]},
    {"title": "Bekostiging van vervoer", "description": "Het vervoer wordt niet vergoed.", "domains": ["onderwijs-po"]}
]}))]
pub struct SplitRequest {
    /// What becomes a report of its own (delen).
    #[schema(min_items = 2, max_items = 10)]
    parts: Vec<PartRequest>,
}

/// An obstacle that becomes a report of its own (Dutch: deel). What is left out is as in the original.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartRequest {
    /// What it is about, in one line (titel).
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\r\n\t]*$")]
    title: String,
    /// What the rule hinders, and how (omschrijving).
    #[schema(min_length = 1, max_length = 20000)]
    description: String,
    /// Who is hit, how often, and what it costs if known (gevolg).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    effect: Option<String>,
    /// The rules that hinder (regels).
    #[schema(max_items = 20, nullable = false)]
    regulations: Option<Vec<CitationRequest>>,
    /// Codes of policy domains (beleidsterreinen).
    #[schema(max_items = 10, nullable = false)]
    domains: Option<Vec<String>>,
    /// The authority the desk gives it to; the rules decide otherwise (eerstverantwoordelijke).
    #[schema(nullable = false)]
    lead: Option<Uuid>,
}

impl From<PartRequest> for NewPart {
    fn from(part: PartRequest) -> Self {
        Self {
            changes: Changes {
                title: Some(part.title),
                description: Some(part.description),
                effect: part.effect,
                citations: part
                    .regulations
                    .map(|all| all.into_iter().map(Into::into).collect()),
                domains: part.domains,
                ..Changes::default()
            },
            lead: part.lead.map(OrganisationId::from_uuid),
        }
    }
}

/// A report and what was taken out of it (Dutch: gesplitste melding).
#[derive(Debug, Serialize, ToSchema)]
pub struct SplitView {
    /// The report as it now is (melding).
    report: ReportView,
    /// The reports that were made of its parts, as far as you may see them (afgesplitste meldingen).
    parts: Vec<ReportView>,
}

/// Split a report
///
/// Takes obstacles out of a report that holds several (melding splitsen). Each part becomes a report of the same reporter,
/// with its own number, contact, places and confidentiality as in the original, and goes where the rules send it, or where
/// the desk says. The reporter is told once, with all numbers.
#[utoipa::path(
    tag = "workflow",
    params(("id" = Uuid, Path, description = "Id of the report (melding)"), IfMatchHeader, IdempotencyKeyHeader),
    request_body(content = SplitRequest, description = "The parts (delen)"),
    responses((status = 200, description = "Split (gesplitst)", body = SplitView, headers(("ETag" = String, description = "Version of the report (versie)")))),
    security(("oauth2" = ["triage"])),
)]
#[post("/reports/{id}/split")]
pub async fn split_report(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<Triage>,
    IfMatch(version): IfMatch,
    key: IdempotencyKey,
    request: HttpRequest,
    id: web::Path<String>,
    body: Body<SplitRequest>,
) -> Result<HttpResponse, Failure> {
    let language = language(request.headers());
    let key = key.with(&body.raw);
    let parts = body.value.parts.into_iter().map(Into::into).collect();
    let render = move |split: &Split| answer(split, language);
    let id = report_id(&id)?;
    let answer = split::split(&ctx, actor, id, version, parts, key, render).await?;
    Ok(idempotency::respond(answer))
}

fn answer(split: &Split, language: Language) -> Answer {
    let view = |shown| ReportView::new(shown, language);
    let body = SplitView {
        report: view(&split.original),
        parts: split.parts.iter().map(view).collect(),
    };
    let body = serde_json::to_string(&body).unwrap_or_default();
    let tag = etag(split.original.report.version, &body);
    Answer {
        status: 200,
        headers: vec![(ETAG.to_string(), tag)],
        body,
        replayed: false,
    }
}
