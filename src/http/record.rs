//! The record of an authority (staat van dienst): what reporters say of the reports it led.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::id::{Id, OrganisationId};
use crate::domain::report::Verdict;
use crate::http::auth::{Granted, ReadReports};
use crate::http::problem::Failure;
use crate::services::{Context, Error, record};

/// What became of the reports that an authority led (Dutch: staat van dienst).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"organisation": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "settled": 41, "feedback": {"solved": 18, "partly": 6, "not": 3}}))]
pub struct AuthorityRecord {
    /// Id of the authority (organisatie).
    organisation: Uuid,
    /// Reports it led that are settled now (afgehandeld).
    settled: i64,
    /// What their reporters said, of those who said something (terugkoppeling).
    feedback: FeedbackCounts,
}

/// How often the obstacle was gone (Dutch: oordelen).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackCounts {
    /// It is gone (opgelost).
    solved: i64,
    /// Some of it is left (deels opgelost).
    partly: i64,
    /// It is as it was (niet opgelost).
    not: i64,
}

/// Read the record of an authority
///
/// How many reports an authority led to their end, and whether their reporters say that the obstacle is gone (staat van
/// dienst). Confidential reports count for the desk and for the authority itself alone.
#[utoipa::path(
    tag = "organisations",
    params(("id" = Uuid, Path, description = "Id of the authority (organisatie)")),
    responses((status = 200, description = "The record (staat van dienst)", body = AuthorityRecord)),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/organisations/{id}/record")]
pub async fn get_authority_record(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id: OrganisationId = id.parse::<Id<_>>().map_err(|_| Error::NotFound)?;
    let found = record::of(&ctx, actor, id).await?;
    let count = |verdict| {
        let counted = found.feedback.iter().find(|(known, _)| *known == verdict);
        counted.map_or(0, |(_, count)| *count)
    };
    Ok(HttpResponse::Ok().json(AuthorityRecord {
        organisation: id.uuid(),
        settled: found.settled,
        feedback: FeedbackCounts {
            solved: count(Verdict::Solved),
            partly: count(Verdict::Partly),
            not: count(Verdict::Not),
        },
    }))
}
