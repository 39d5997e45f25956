//! The register of changes to who may what.

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::id::{AuditEventId, OrganisationId};
use crate::domain::register::{AuditEvent, AuditKind, Doer, SubjectKind};
use crate::http::auth::{Granted, ManageOrganisation};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::services::{Context, register};
use crate::store::register::Filter;

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct AuditParams {
    /// Of this organisation (organisatie).
    #[param(nullable = false)]
    pub organisation: Option<Uuid>,
    /// About this person, API client or organisation (onderwerp).
    #[param(nullable = false)]
    pub subject: Option<Uuid>,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    pub limit: Option<i64>,
    /// `nextCursor` of the page before (cursor).
    #[param(nullable = false, max_length = 2000)]
    pub cursor: Option<String>,
}

/// A change to who may what (Dutch: auditgebeurtenis).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "at": "2026-11-24T09:00:00Z", "kind": "person_changed",
    "actor": {"id": "0193a1b2-7c3d-7e4f-8a5b-000000000003", "name": "Anna Bakker", "organisationId": "0193a1b2-7c3d-7e4f-8a5b-000000000001"},
    "organisationId": "0193a1b2-7c3d-7e4f-8a5b-000000000001",
    "subject": {"kind": "person", "id": "0193a1b2-7c3d-7e4f-8a5b-000000000004", "name": "Jan de Vries"},
    "changes": [{"field": "roles", "old": ["reporter"], "new": ["reporter", "analyst"]}]
}))]
pub struct AuditEventView {
    /// Identifier (kenmerk).
    id: Uuid,
    /// When (tijdstip).
    at: DateTime<Utc>,
    /// What was done (handeling).
    kind: AuditKind,
    /// Who did it; null for the operator, from the command line (door wie).
    actor: Option<AuditActor>,
    /// The organisation it concerns (organisatie).
    organisation_id: Uuid,
    /// Who or what it was done to (onderwerp).
    subject: AuditSubject,
    /// The fields that changed (wijzigingen).
    changes: Vec<AuditChange>,
}

/// Who did something (Dutch: uitvoerder).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditActor {
    /// The person or API client (kenmerk).
    id: Uuid,
    /// Its name at the time (naam).
    name: String,
    /// Its organisation (organisatie).
    organisation_id: Uuid,
}

impl From<Doer> for AuditActor {
    fn from(doer: Doer) -> Self {
        Self {
            id: doer.id.uuid(),
            name: doer.name,
            organisation_id: doer.organisation.uuid(),
        }
    }
}

/// Who or what something was done to (Dutch: onderwerp).
#[derive(Serialize, ToSchema)]
pub struct AuditSubject {
    /// Person, API client or organisation (soort).
    kind: SubjectKind,
    /// Identifier (kenmerk).
    id: Uuid,
    /// Its name at the time (naam).
    name: String,
}

/// A field that changed (Dutch: wijziging). Of a name or a language only that it changed.
#[derive(Serialize, ToSchema)]
pub struct AuditChange {
    /// The field, as the API names it (veld).
    field: String,
    /// What it was (oude waarde).
    #[schema(value_type = Value)]
    old: Value,
    /// What it became (nieuwe waarde).
    #[schema(value_type = Value)]
    new: Value,
}

impl From<AuditEvent> for AuditEventView {
    fn from(event: AuditEvent) -> Self {
        let changes = event.changes.into_iter().map(|change| AuditChange {
            field: change.field,
            old: change.old,
            new: change.new,
        });
        Self {
            id: event.id.uuid(),
            at: event.at,
            kind: event.kind,
            actor: event.actor.map(AuditActor::from),
            organisation_id: event.subject.organisation.uuid(),
            subject: AuditSubject {
                kind: event.subject.kind,
                id: event.subject.id,
                name: event.subject.name,
            },
            changes: changes.collect(),
        }
    }
}

/// List audit events
///
/// Who changed whose roles, scopes, secret or organisation, newest first (auditregister). An administrator of an organisation
/// reads its own, one of the service all.
#[utoipa::path(
    tag = "organisations",
    params(AuditParams),
    responses((status = 200, description = "A page of events (auditgebeurtenissen)", body = Page<AuditEventView>, headers(("Link" = String, description = "The first and the next page (RFC 8288)")))),
    security(("oauth2" = ["organisation:manage"])),
)]
#[get("/audit-events")]
pub async fn list_audit_events(
    ctx: web::Data<Context>,
    request: HttpRequest,
    auth: Granted<ManageOrganisation>,
    query: Query<AuditParams>,
) -> Result<HttpResponse, Failure> {
    let AuditParams {
        organisation,
        subject,
        limit,
        cursor,
    } = query.0;
    let limit = limit.unwrap_or(paging::DEFAULT_LIMIT);
    let before: Option<AuditEventId> = paging::decode(cursor.as_deref())?;
    let filter = Filter {
        organisation: organisation.map(OrganisationId::from_uuid),
        subject,
    };
    let rows = ctx
        .db
        .read(move |conn| register::list(conn, &auth.actor, &filter, before, limit))
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |row| row.id);
    let items: Vec<AuditEventView> = rows.into_iter().map(Into::into).collect();
    Ok(paging::respond(&request, &Page { items, next_cursor }))
}
