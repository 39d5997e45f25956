//! Messages about a report (berichten).

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::id::{Id, MessageId, ReportId};
use crate::domain::message::{Message, MessageAudience, MessageState, Writer};
use crate::domain::status::Capacity;
use crate::http::auth::{Granted, ReadReports, WorkOnReports};
use crate::http::body::Body;
use crate::http::conditional::{self, IfMatch, IfMatchHeader, etag};
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::reports::report_id;
use crate::services::idempotency::{Answer, once};
use crate::services::messages::{self, Asked, MessageChange, NewMessage};
use crate::services::{Context, Error};
use crate::store::messages::{After, Filter, MessageSort};

/// A message to be written (Dutch: bericht).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"audience": "reporter", "text": "Kunt u het besluit van de raad meesturen?"}))]
pub struct MessageRequest {
    /// For whom it is (bestemd voor).
    audience: MessageAudience,
    /// What it says (tekst).
    #[schema(min_length = 1, max_length = 20000)]
    text: String,
    /// Keep it as a draft, for a colleague to look at or send (concept).
    #[serde(default)]
    #[schema(default = false)]
    draft: bool,
}

/// What changes of a draft (Dutch: wijziging van een conceptbericht); what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"text": "Kunt u het besluit van de raad en de kaart meesturen?"}))]
pub struct MessageChangeRequest {
    /// For whom it is (bestemd voor).
    #[schema(nullable = false)]
    audience: Option<MessageAudience>,
    /// What it says (tekst).
    #[schema(min_length = 1, max_length = 20000, nullable = false)]
    text: Option<String>,
}

/// A message about a report (Dutch: bericht).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "audience": "reporter", "state": "sent",
    "text": "Kunt u het besluit van de raad meesturen?",
    "organisation": {"id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1c", "name": "Ministerie van Onderwijs, Cultuur en Wetenschap"},
    "capacity": "lead", "draftedBy": "Otto Bakker", "sentBy": "Vera Smit", "createdAt": "2026-11-24T09:12:00Z",
    "updatedAt": "2026-11-24T10:40:00Z", "sentAt": "2026-11-24T10:40:00Z", "version": 2
}))]
pub struct MessageView {
    /// Id of the message (bericht).
    id: Uuid,
    /// For whom it is (bestemd voor).
    audience: MessageAudience,
    /// Draft or sent; a draft that you see is yours to change, send and delete (stand).
    state: MessageState,
    /// What it says (tekst).
    text: String,
    /// Whose message it is (organisatie).
    organisation: NamedOrganisation,
    /// As whom it was written (hoedanigheid).
    capacity: Capacity,
    /// Who drafted it (opgesteld door).
    drafted_by: String,
    /// Who sent it; null for a draft (verzonden door).
    sent_by: Option<String>,
    /// When it was begun (begonnen op).
    created_at: DateTime<Utc>,
    /// When it was last changed (gewijzigd op).
    updated_at: DateTime<Utc>,
    /// When it was sent; null for a draft (verzonden op).
    sent_at: Option<DateTime<Utc>>,
    /// Version of the message (versie).
    version: i32,
}

/// An organisation as it was named at the time (Dutch: organisatie).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamedOrganisation {
    /// Id of the organisation (organisatie).
    pub id: Uuid,
    /// Its name at the time (naam).
    pub name: String,
}

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        let name = |writer: Writer| writer.name;
        Self {
            id: message.id.uuid(),
            audience: message.audience,
            state: message.state(),
            organisation: NamedOrganisation {
                id: message.organisation.uuid(),
                name: message.organisation_name,
            },
            capacity: message.capacity,
            text: message.text,
            drafted_by: name(message.drafted_by),
            sent_by: message.sent_by.map(name),
            created_at: message.created_at,
            updated_at: message.updated_at,
            sent_at: message.sent_at,
            version: message.version,
        }
    }
}

/// Which messages a list holds.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MessageFilter {
    /// For whom they are; may repeat (bestemd voor).
    #[param(inline)]
    #[serde(default)]
    audience: Vec<MessageAudience>,
    /// Drafts or what was sent; both unless said (stand).
    #[param(inline, nullable = false)]
    state: Option<MessageState>,
    /// Order, by when it was sent; a draft counts from when it was begun. Oldest first unless said (sortering).
    #[param(inline, nullable = false)]
    sort: Option<MessageSort>,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

/// List the messages of a report
///
/// What was written about the report (berichten) that you may see: what is for you, and the drafts of your organisation
/// to those you may write to.
#[utoipa::path(
    tag = "messages",
    params(("id" = Uuid, Path, description = "Id of the report (melding)"), MessageFilter),
    responses((status = 200, description = "A page (pagina)", body = Page<MessageView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}/messages")]
pub async fn list_messages(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
    Query(query): Query<MessageFilter>,
) -> Result<HttpResponse, Failure> {
    let report = report_id(&id)?;
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let asked = Asked {
        after: paging::decode::<After>(query.cursor.as_deref())?,
        filter: Filter {
            audiences: query.audience,
            state: query.state,
        },
        sort: query.sort.unwrap_or(MessageSort::Oldest),
        limit: limit + 1,
    };
    let rows = ctx
        .db
        .read(move |conn| messages::list(conn, &actor, report, &asked))
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |row| (row.filed_at(), row.id));
    let page = Page {
        items: rows.into_iter().map(MessageView::from).collect(),
        next_cursor,
    };
    Ok(paging::respond(&request, &page))
}

/// Write a message
///
/// Writes to the reporter, to all who handle the report, or within one's own authority (bericht schrijven). It is sent at
/// once and mailed to those it is for; with `draft` it is kept for a colleague to look at or send.
#[utoipa::path(
    tag = "messages",
    params(("id" = Uuid, Path, description = "Id of the report (melding)"), IdempotencyKeyHeader),
    request_body(content = MessageRequest, description = "The message (bericht)"),
    responses((status = 201, description = "Written (geschreven)", body = MessageView, headers(
        ("Location" = String, description = "Address of the message (adres)"),
        ("ETag" = String, description = "Version of the message (versie)"),
    ))),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[post("/reports/{id}/messages")]
pub async fn write_message(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    key: IdempotencyKey,
    id: web::Path<String>,
    body: Body<MessageRequest>,
) -> Result<HttpResponse, Failure> {
    let report = report_id(&id)?;
    let key = key.with(&body.raw);
    let new = NewMessage {
        audience: body.value.audience,
        text: said(body.value.text)?,
        draft: body.value.draft,
    };
    let inner = ctx.clone();
    let answer = ctx
        .db
        .write(move |conn| {
            let now = inner.clock.now();
            once(conn, actor.id, key.as_ref(), now, |conn| {
                let written = messages::write(conn, &inner, &actor, report, new)?;
                answer(written, 201)
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// Read a message
///
/// One message (bericht), if it is for you.
#[utoipa::path(
    tag = "messages",
    params(
        ("id" = Uuid, Path, description = "Id of the report (melding)"),
        ("messageId" = Uuid, Path, description = "Id of the message (bericht)"),
    ),
    responses((status = 200, description = "The message (bericht)", body = MessageView, headers(("ETag" = String, description = "Version of the message (versie)")))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}/messages/{messageId}")]
pub async fn get_message(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let (report, id) = ids(&path)?;
    let message = ctx
        .db
        .read(move |conn| messages::one(conn, &actor, report, id))
        .await?;
    let tag = etag(message.version, ());
    Ok(conditional::tagged(
        &request,
        &tag,
        &MessageView::from(message),
    ))
}

/// Change a draft
///
/// Changes what was not sent yet (conceptbericht wijzigen), whoever of your organisation wrote it.
#[utoipa::path(
    tag = "messages",
    params(
        ("id" = Uuid, Path, description = "Id of the report (melding)"),
        ("messageId" = Uuid, Path, description = "Id of the message (bericht)"),
        IfMatchHeader,
    ),
    request_body(content = MessageChangeRequest, description = "What changes (wijziging)"),
    responses((status = 200, description = "The draft as it now is (concept)", body = MessageView, headers(("ETag" = String, description = "Version of the message (versie)")))),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[patch("/reports/{id}/messages/{messageId}")]
pub async fn change_message(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    IfMatch(version): IfMatch,
    path: web::Path<(String, String)>,
    body: Body<MessageChangeRequest>,
) -> Result<HttpResponse, Failure> {
    let ids = ids(&path)?;
    let change = MessageChange {
        audience: body.value.audience,
        text: body.value.text.map(said).transpose()?,
    };
    let inner = ctx.clone();
    let changed = ctx
        .db
        .write(move |conn| messages::change(conn, &inner, &actor, ids, version, change))
        .await?;
    Ok(idempotency::respond(answer(changed, 200)?))
}

/// Delete a draft message
///
/// Throws away what was not sent yet (conceptbericht verwijderen).
#[utoipa::path(
    tag = "messages",
    params(
        ("id" = Uuid, Path, description = "Id of the report (melding)"),
        ("messageId" = Uuid, Path, description = "Id of the message (bericht)"),
        IfMatchHeader,
    ),
    responses((status = 204, description = "Deleted (verwijderd)")),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[delete("/reports/{id}/messages/{messageId}")]
pub async fn delete_message(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    IfMatch(version): IfMatch,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let ids = ids(&path)?;
    ctx.db
        .write(move |conn| messages::delete(conn, &actor, ids, version))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Send a draft
///
/// Sends what you or a colleague wrote (bericht verzenden), and mails it to those it is for. It never changes after.
#[utoipa::path(
    tag = "messages",
    params(
        ("id" = Uuid, Path, description = "Id of the report (melding)"),
        ("messageId" = Uuid, Path, description = "Id of the message (bericht)"),
        IfMatchHeader,
        IdempotencyKeyHeader,
    ),
    responses((status = 200, description = "The message as it was sent (bericht)", body = MessageView, headers(("ETag" = String, description = "Version of the message (versie)")))),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[post("/reports/{id}/messages/{messageId}/send")]
pub async fn send_message(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    IfMatch(version): IfMatch,
    key: IdempotencyKey,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let ids = ids(&path)?;
    let key = key.with(&[]);
    let inner = ctx.clone();
    let answer = ctx
        .db
        .write(move |conn| {
            let now = inner.clock.now();
            once(conn, actor.id, key.as_ref(), now, |conn| {
                answer(messages::send(conn, &inner, &actor, ids, version)?, 200)
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// The ids in a path; one that is no id names nothing.
fn ids(path: &(String, String)) -> Result<(ReportId, MessageId), Failure> {
    let message = path.1.parse::<Id<_>>().map_err(|_| Error::NotFound)?;
    Ok((report_id(&path.0)?, message))
}

/// Blanks alone say nothing.
fn said(text: String) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::field("/text", "required"));
    }
    Ok(text.to_owned())
}

fn answer(message: Message, status: u16) -> Result<Answer, Error> {
    let mut headers = vec![(ETAG.to_string(), etag(message.version, ()))];
    if status == 201 {
        let address = format!("/v1/reports/{}/messages/{}", message.report, message.id);
        headers.push((LOCATION.to_string(), address));
    }
    let body = serde_json::to_string(&MessageView::from(message))
        .map_err(|e| Error::Internal(e.to_string()))?;
    Ok(Answer {
        status,
        headers,
        body,
        replayed: false,
    })
}
