//! Succession of an organisation by another (opvolging).

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::id::OrganisationId;
use crate::http::auth::{Granted, WriteReference};
use crate::http::body::Body;
use crate::http::problem::Failure;
use crate::services::succession::{self, Moved, Wanted};
use crate::services::{Context, Error};

/// Who takes the place of an organisation (Dutch: opvolging).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"successor": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "reason": "De ministeries zijn samengevoegd."}))]
pub struct SuccessionRequest {
    /// Id of the organisation that takes its place (opvolger).
    successor: Uuid,
    /// Codes of policy domains: only what is about one of these moves, for an organisation that is split (beleidsterreinen).
    #[serde(default)]
    #[schema(max_items = 100)]
    domains: Vec<String>,
    /// Why, as everybody concerned reads it (reden).
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Who would take the place of an organisation (Dutch: opvolging).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"successor": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"}))]
pub struct SuccessionPreviewRequest {
    /// Id of the organisation that would take its place (opvolger).
    successor: Uuid,
    /// Codes of policy domains: only what is about one of these would move (beleidsterreinen).
    #[serde(default)]
    #[schema(max_items = 100)]
    domains: Vec<String>,
}

/// What moves with a succession (Dutch: wat overgaat).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"rules": [34, 98], "domains": ["onderwijs-po"], "regulations": ["BWBR0003420"], "reports": 12, "experiments": ["EXP-2026-0001"], "measures": 2}))]
pub struct Succession {
    /// Numbers of the routing rules in force that name it: each gets a new version (regels).
    rules: Vec<i32>,
    /// Codes of the policy domains it leads (beleidsterreinen).
    domains: Vec<String>,
    /// Identifiers of the regulations it owns (regelingen).
    regulations: Vec<String>,
    /// Open reports of which it is the reporter, the lead or a contributor (open meldingen).
    reports: usize,
    /// Numbers of the experiments that are not closed and in which it has a part (experimenten).
    experiments: Vec<String>,
    /// Measures of it that are under way (maatregelen).
    measures: usize,
}

impl From<Moved> for Succession {
    fn from(moved: Moved) -> Self {
        Self {
            rules: moved.rules,
            domains: moved.domains,
            regulations: moved.regulations,
            reports: moved.reports,
            experiments: moved.experiments,
            measures: moved.measures,
        }
    }
}

fn organisation(path: &str) -> Result<OrganisationId, Error> {
    path.parse().map_err(|_| Error::NotFound)
}

/// Preview a succession
///
/// What would move if another organisation took the place of this one (opvolging bekijken), for coordinators; nothing is
/// stored.
#[utoipa::path(
    tag = "routing",
    params(("id" = Uuid, Path, description = "Id of the organisation that is succeeded (organisatie)")),
    request_body(content = SuccessionPreviewRequest, description = "The successor (opvolger)"),
    responses((status = 200, description = "What would move (wat overgaat)", body = Succession)),
    security(("oauth2" = ["reference:write"])),
)]
#[post("/organisations/{id}/succession-previews")]
pub async fn preview_succession(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    id: web::Path<String>,
    body: Body<SuccessionPreviewRequest>,
) -> Result<HttpResponse, Failure> {
    let wanted = Wanted {
        old: organisation(&id)?,
        new: OrganisationId::from_uuid(body.value.successor),
        domains: body.value.domains,
    };
    let moved = succession::preview(&ctx, actor, wanted).await?;
    Ok(HttpResponse::Ok().json(Succession::from(moved)))
}

/// Have an organisation succeeded
///
/// Puts another organisation in the place of this one (opvolging), for coordinators: in the rules in force, in what it owns,
/// and in its open reports, whose timelines tell of it and whose parties are told. Closed reports keep the name of their
/// time. It is safe to ask again: what has moved does not move twice. That the organisation has ended is said apart, by an
/// administrator.
#[utoipa::path(
    tag = "routing",
    params(("id" = Uuid, Path, description = "Id of the organisation that is succeeded (organisatie)")),
    request_body(content = SuccessionRequest, description = "The successor, and why (opvolger)"),
    responses((status = 200, description = "What moved (wat overging)", body = Succession)),
    security(("oauth2" = ["reference:write"])),
)]
#[post("/organisations/{id}/successions")]
pub async fn succeed_organisation(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    id: web::Path<String>,
    body: Body<SuccessionRequest>,
) -> Result<HttpResponse, Failure> {
    let wanted = Wanted {
        old: organisation(&id)?,
        new: OrganisationId::from_uuid(body.value.successor),
        domains: body.value.domains,
    };
    let reason = body.value.reason.trim().to_owned();
    let moved = succession::succeed(&ctx, actor, wanted, reason).await?;
    ctx.bell.ring();
    Ok(HttpResponse::Ok().json(Succession::from(moved)))
}
