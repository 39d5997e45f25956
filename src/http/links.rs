//! Links between reports (koppelingen).

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, delete, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::id::{Id, LinkId};
use crate::domain::link::{LinkDirection, LinkKind};
use crate::domain::policy;
use crate::domain::report::Outcome;
use crate::domain::status::Status;
use crate::http::auth::{Granted, ReadReports, WorkOnReports};
use crate::http::body::Body;
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::problem::Failure;
use crate::http::reports::report_id;
use crate::services::idempotency::{Answer, once};
use crate::services::report_links::{self, Linked};
use crate::services::{Context, Error};

/// What the report is to another (Dutch: koppeling).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"kind": "related", "report": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"}))]
pub struct LinkRequest {
    /// What the report in the path is to the other (soort koppeling).
    kind: LinkKind,
    /// Id of the other report (andere melding).
    report: Uuid,
}

/// A link, seen from one of its reports (Dutch: koppeling).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Link)]
pub struct LinkView {
    /// Id of the link (koppeling).
    id: Uuid,
    /// What the one is to the other (soort koppeling).
    kind: LinkKind,
    /// Outgoing when it says something of the report in the path (richting).
    direction: LinkDirection,
    /// The report at the other end (andere melding).
    report: LinkedReport,
    /// When it was made (op).
    linked_at: DateTime<Utc>,
}

/// The report at the other end of a link (Dutch: gekoppelde melding).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkedReport {
    /// Id of the report (melding).
    id: Uuid,
    /// Number people say aloud (kenmerk).
    reference: Option<String>,
    /// Short title, as far as you may see it (titel).
    title: String,
    /// What it is in (status).
    status: Status,
    /// What came of it (uitkomst).
    outcome: Option<Outcome>,
}

impl From<&Linked> for LinkView {
    fn from(linked: &Linked) -> Self {
        let other = &linked.other;
        let title = policy::title(other, linked.view);
        let settlement = other.handling.settlement.as_ref();
        Self {
            id: linked.link.id.uuid(),
            kind: linked.seen.kind,
            direction: linked.seen.direction,
            report: LinkedReport {
                id: other.id.uuid(),
                reference: other.reference.clone(),
                title: title.to_owned(),
                status: other.status,
                outcome: settlement.map(|settlement| settlement.outcome),
            },
            linked_at: linked.link.linked_at,
        }
    }
}

/// The links of a report (Dutch: koppelingen).
#[derive(Debug, Serialize, ToSchema)]
pub struct Links {
    /// The links whose other end you may see, the earliest first; a report has at most a hundred (koppelingen).
    items: Vec<LinkView>,
}

/// List the links of a report
///
/// The reports it has to do with (koppelingen), for who sees the whole report and as far as it may see the others.
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the report (melding)")),
    responses((status = 200, description = "The links (koppelingen)", body = Links)),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}/links")]
pub async fn list_links(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = report_id(&id)?;
    let found = ctx
        .db
        .read(move |conn| report_links::list(conn, &actor, id))
        .await?;
    Ok(HttpResponse::Ok().json(Links {
        items: found.iter().map(LinkView::from).collect(),
    }))
}

/// Link two reports
///
/// Says what the report is to another (koppelen): the desk, the lead of one that sees both, or the reporter of both. Neither
/// goes on under the other; that is what merging does.
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the report (melding)"), IdempotencyKeyHeader),
    request_body(content = LinkRequest, description = "The link (koppeling)"),
    responses((status = 201, description = "Linked (gekoppeld)", body = LinkView, headers(
        ("Location" = String, description = "Where the links are (adres)"),
    ))),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[post("/reports/{id}/links")]
pub async fn add_link(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    key: IdempotencyKey,
    id: web::Path<String>,
    body: Body<LinkRequest>,
) -> Result<HttpResponse, Failure> {
    let id = report_id(&id)?;
    let key = key.with(&body.raw);
    let LinkRequest { kind, report } = body.value;
    let other = Id::from_uuid(report);
    let inner = ctx.clone();
    let answer = ctx
        .db
        .write(move |conn| {
            let now = inner.clock.now();
            once(conn, actor.id, key.as_ref(), now, |conn| {
                let linked = report_links::add(conn, &inner, &actor, id, kind, other)?;
                let view = LinkView::from(&linked);
                Ok(Answer {
                    status: 201,
                    headers: vec![(LOCATION.to_string(), format!("/v1/reports/{id}/links"))],
                    body: serde_json::to_string(&view).unwrap_or_default(),
                    replayed: false,
                })
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// Remove a link
///
/// Takes a link away (ontkoppelen), from either of its reports. That it was there stays in both timelines.
#[utoipa::path(
    tag = "reports",
    params(
        ("id" = Uuid, Path, description = "Id of the report (melding)"),
        ("linkId" = Uuid, Path, description = "Id of the link (koppeling)"),
    ),
    responses((status = 204, description = "Removed (ontkoppeld)")),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[delete("/reports/{id}/links/{linkId}")]
pub async fn remove_link(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let id = report_id(&path.0)?;
    let link: LinkId = path.1.parse().map_err(|_| Error::NotFound)?;
    let inner = ctx.clone();
    ctx.db
        .write(move |conn| report_links::remove(conn, &inner, &actor, id, link))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
