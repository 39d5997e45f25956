//! The history of a report's fields (wijzigingsgeschiedenis): what stood there, what stands there now, who changed it.

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::event::Event;
use crate::domain::id::EventId;
use crate::http::auth::{Granted, ReadReports};
use crate::http::events::AuthorView;
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::reports::report_id;
use crate::services::Context;
use crate::services::reports::read;

/// Pages of the history.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryPage {
    /// Only this property, as title or regulations; may repeat (veld).
    #[serde(default)]
    field: Vec<String>,
    /// Edits on a page; one edit may have changed several fields (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

/// A field that was changed (Dutch: wijziging).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "field": "domains", "old": ["onderwijs-po"], "new": ["jeugd"], "at": "2026-11-25T10:00:00Z",
    "by": {"name": "Vera Smit", "organisation": "Ministerie van Binnenlandse Zaken en Koninkrijksrelaties", "capacity": "desk"},
    "event": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "version": 3
}))]
pub struct FieldChange {
    /// The property that changed (veld).
    field: String,
    /// What stood there (oud).
    old: Vec<String>,
    /// What stands there since (nieuw).
    new: Vec<String>,
    /// When (op).
    at: DateTime<Utc>,
    /// Who (door).
    by: AuthorView,
    /// Id of the entry of the timeline (gebeurtenis).
    event: Uuid,
    /// The version of the report it made (versie).
    version: i32,
}

fn changes(event: Event, wanted: &[String]) -> Vec<FieldChange> {
    let is_wanted = |field: &String| wanted.is_empty() || wanted.contains(field);
    let corrections = event.details.corrections.clone();
    corrections
        .into_iter()
        .filter(|correction| is_wanted(&correction.field))
        .map(|correction| FieldChange {
            field: correction.field,
            old: correction.old,
            new: correction.new,
            at: event.at,
            by: AuthorView::from(&event.author),
            event: event.id.uuid(),
            version: event.version,
        })
        .collect()
}

/// Read the history of the fields
///
/// What was changed in the report after it was handed in (wijzigingsgeschiedenis), oldest first: by its reporter, or
/// corrected by the desk. For whoever sees the whole report.
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the report (melding)"), HistoryPage),
    responses((status = 200, description = "A page (pagina)", body = Page<FieldChange>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}/history")]
pub async fn list_field_changes(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
    Query(query): Query<HistoryPage>,
) -> Result<HttpResponse, Failure> {
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let after: Option<EventId> = paging::decode(query.cursor.as_deref())?;
    let (events, next, _) = read::edits(&ctx, actor, report_id(&id)?, after, limit).await?;
    let page = Page {
        items: events
            .into_iter()
            .flat_map(|event| changes(event, &query.field))
            .collect(),
        next_cursor: next.map(|id| paging::encode(&id)),
    };
    Ok(paging::respond(&request, &page))
}
