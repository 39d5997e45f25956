//! Reports that may be about the same (vergelijkbare meldingen).

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::actor::Language;
use crate::domain::report::Outcome;
use crate::domain::similarity::Likeness;
use crate::domain::status::Status;
use crate::http::auth::{Granted, ReadReports, WriteReports};
use crate::http::body::Body;
use crate::http::envelope::language;
use crate::http::organisation_ref::{OrganisationRef, reference};
use crate::http::problem::Failure;
use crate::http::report_input::ReportRequest;
use crate::http::reports::report_id;
use crate::services::Context;
use crate::services::reports::Organisations;
use crate::services::reports::similar::{self, Similar};

/// Reports that may be about the same, those most alike first (Dutch: vergelijkbare meldingen).
#[derive(Debug, Serialize, ToSchema)]
pub struct SimilarReports {
    /// At most ten (meldingen).
    items: Vec<SimilarReport>,
}

/// A report that may be about the same (Dutch: vergelijkbare melding).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "reference": "MKR-2026-000123", "title": "Opheffingsnorm dwingt laatste dorpsschool tot sluiting",
    "shared": false, "status": "in_review", "outcome": null, "leadAuthority": null, "submittedAt": "2026-11-24T09:00:00Z",
    "score": 78, "words": 41, "reasons": ["same_article", "same_domain", "same_words"], "because": "zelfde artikel, zelfde beleidsterrein, 78 % gelijk"
}))]
pub struct SimilarReport {
    /// Id of the report (melding).
    id: Uuid,
    /// The number people say aloud (kenmerk).
    reference: Option<String>,
    /// What it is about; as reviewed, when only that is for you (titel).
    title: String,
    /// Only its reviewed version is for you: read it at /v1/shared-reports (gedeeld).
    shared: bool,
    /// What it is in (status).
    status: Status,
    /// What came of it, once settled: perhaps it is solved already (uitkomst).
    outcome: Option<Outcome>,
    /// The authority that owns the rule (eerstverantwoordelijke).
    lead_authority: Option<OrganisationRef>,
    /// When it was submitted (ingediend op).
    submitted_at: Option<DateTime<Utc>>,
    /// How alike they are, in percent (gelijkenis).
    score: u32,
    /// How alike their words are alone, in percent (gelijke woorden).
    words: u32,
    /// Why (redenen).
    reasons: Vec<Likeness>,
    /// Why, in words (omdat).
    because: String,
}

fn views(found: &[Similar], organisations: &Organisations, language: Language) -> SimilarReports {
    let view = |one: &Similar| {
        let report = &one.report;
        let handling = &report.handling;
        let reviewed = handling.sharing.version.as_ref().filter(|_| one.shared);
        SimilarReport {
            id: report.id.uuid(),
            reference: report.reference.clone(),
            title: reviewed.map_or_else(|| report.content.title.clone(), |v| v.title.clone()),
            shared: one.shared,
            status: report.status,
            outcome: handling.settlement.as_ref().map(|settled| settled.outcome),
            lead_authority: report.lead.map(|lead| reference(organisations, lead)),
            submitted_at: report.submitted_at,
            score: one.alike.score,
            words: one.alike.words,
            reasons: one.alike.because.clone(),
            because: one.alike.label(language),
        }
    };
    SimilarReports {
        items: found.iter().map(view).collect(),
    }
}

/// Look for the same before handing in
///
/// Reports that may be about the same as what you are writing (vergelijkbare meldingen): your organisation's own and what is
/// shared with you; for the desk all. Stores nothing.
#[utoipa::path(
    tag = "reports",
    request_body(content = ReportRequest, description = "The report, as far as it is written (melding)"),
    responses((status = 200, description = "What is alike (vergelijkbare meldingen)", body = SimilarReports)),
    security(("oauth2" = ["reports:write"])),
)]
#[post("/similar-reports")]
pub async fn find_similar_reports(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReports>,
    request: HttpRequest,
    body: Body<ReportRequest>,
) -> Result<HttpResponse, Failure> {
    let (found, organisations) = similar::to_content(&ctx, actor, body.value.changes()).await?;
    let language = language(request.headers());
    Ok(HttpResponse::Ok().json(views(&found, &organisations, language)))
}

/// Look for the same as a report
///
/// Reports that may be about the same as this one (vergelijkbare meldingen), from what you may see: to merge, to link, or to
/// see how it ended. For whoever sees the whole report.
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the report (melding)")),
    responses((status = 200, description = "What is alike (vergelijkbare meldingen)", body = SimilarReports)),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}/similar")]
pub async fn list_similar_reports(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let (found, organisations) = similar::to_report(&ctx, actor, report_id(&id)?).await?;
    let language = language(request.headers());
    Ok(HttpResponse::Ok().json(views(&found, &organisations, language)))
}
