//! What was mailed and what could not be: for administrators, without content.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::id::NoticeId;
use crate::domain::notice::{NoticeKind, NoticeState};
use crate::http::auth::{Administer, Granted};
use crate::http::conditional::{etag, tagged};
use crate::http::idempotency::{self, IdempotencyKey};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::services::idempotency::{Answer, once};
use crate::services::{Context, Error, dead_letters};
use crate::store::outbox;

/// Which notices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct NoticeParams {
    /// Where its sending stands; may be repeated (verzendstatus).
    #[param(inline, nullable = false)]
    #[serde(default)]
    pub state: Vec<NoticeState>,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    pub limit: Option<i64>,
    /// `nextCursor` of the page before (cursor).
    #[param(nullable = false, max_length = 2000)]
    pub cursor: Option<String>,
}

/// A notice (Dutch: kennisgeving): where its sending stands, not what it says.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "kind": "question", "state": "dead",
    "reportId": "0193a1b2-7c3d-7e4f-8a5b-000000000002", "reference": "MKR-2026-000123", "recipient": "j…@delft.example",
    "language": "nl", "attempts": 1, "lastError": "permanent error (550): 5.1.1 No such mailbox",
    "createdAt": "2026-11-24T09:00:00Z", "nextAttemptAt": null, "sentAt": null, "version": 2
}))]
pub struct Notice {
    /// Identifier (kenmerk).
    id: Uuid,
    /// What it tells (soort).
    kind: NoticeKind,
    /// Where its sending stands (verzendstatus).
    state: NoticeState,
    /// The report it is about; null for mail about an account (melding).
    report_id: Option<Uuid>,
    /// Reference of that report (meldingsnummer).
    reference: Option<String>,
    /// To whom, most of the address left out (ontvanger).
    recipient: String,
    /// Language of the text (taal).
    language: crate::domain::actor::Language,
    /// How often it was tried (pogingen).
    attempts: u32,
    /// What the mail server said the last time, without addresses (laatste fout).
    last_error: Option<String>,
    /// When it was queued (in de wachtrij gezet op).
    created_at: DateTime<Utc>,
    /// When it is tried next; null when it is not any more (volgende poging).
    next_attempt_at: Option<DateTime<Utc>>,
    /// When the mail server took it (verzonden op).
    sent_at: Option<DateTime<Utc>>,
    /// Version, as in the ETag (versie).
    version: i32,
}

impl From<outbox::Notice> for Notice {
    fn from(notice: outbox::Notice) -> Self {
        let reference = notice.data.get("reference").and_then(|text| text.as_str());
        Self {
            id: notice.id.uuid(),
            kind: notice.kind,
            state: notice.state,
            report_id: notice.report.map(|report| report.uuid()),
            reference: reference.map(str::to_owned),
            recipient: masked(&notice.to_email),
            language: notice.language,
            attempts: notice.attempts,
            last_error: notice.last_error,
            created_at: notice.created_at,
            next_attempt_at: (notice.state == NoticeState::Queued)
                .then_some(notice.next_attempt_at),
            sent_at: notice.sent_at,
            version: notice.version,
        }
    }
}

/// `j…@delft.example`: enough to see which mail server it went to.
fn masked(email: &str) -> String {
    match email.rsplit_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}…@{domain}")
        }
        None => "…".into(),
    }
}

/// List notices
///
/// Newest first (kennisgevingen). `state=dead` gives those that could not be delivered.
#[utoipa::path(
    tag = "notices",
    params(NoticeParams),
    responses((status = 200, description = "A page of notices (kennisgevingen)", body = Page<Notice>, headers(("Link" = String, description = "The first and the next page (RFC 8288)")))),
    security(("oauth2" = ["admin"])),
)]
#[get("/notices")]
pub async fn list_notices(
    ctx: web::Data<Context>,
    request: HttpRequest,
    auth: Granted<Administer>,
    query: Query<NoticeParams>,
) -> Result<HttpResponse, Failure> {
    let limit = query.0.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let before: Option<NoticeId> = paging::decode(query.0.cursor.as_deref())?;
    let rows = ctx
        .db
        .read(move |conn| dead_letters::list(conn, &auth.actor, &query.0.state, before, limit))
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |row| row.id);
    let items: Vec<Notice> = rows.into_iter().map(Notice::from).collect();
    Ok(paging::respond(&request, &Page { items, next_cursor }))
}

/// Read a notice
///
/// Where its sending stands (kennisgeving lezen).
#[utoipa::path(
    tag = "notices",
    params(("id" = Uuid, Path, description = "The notice (kennisgeving)")),
    responses((status = 200, description = "The notice (kennisgeving)", body = Notice, headers(("ETag" = String, description = "Version (versie)")))),
    security(("oauth2" = ["admin"])),
)]
#[get("/notices/{id}")]
pub async fn get_notice(
    ctx: web::Data<Context>,
    request: HttpRequest,
    auth: Granted<Administer>,
    id: web::Path<NoticeId>,
) -> Result<HttpResponse, Failure> {
    let notice = ctx
        .db
        .read(move |conn| dead_letters::find(conn, &auth.actor, *id))
        .await?;
    // While it waits, tries change what is shown without making a version.
    let tag = etag(notice.version, (notice.attempts, notice.next_attempt_at));
    Ok(tagged(&request, &tag, &Notice::from(notice)))
}

/// Send a notice again
///
/// For one that could not be delivered: it is queued anew, with the Message-ID it had (opnieuw verzenden).
#[utoipa::path(
    tag = "notices",
    params(
        ("id" = Uuid, Path, description = "The notice (kennisgeving)"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes repeating safe (sleutel tegen dubbel verzenden)"),
    ),
    responses((status = 202, description = "The notice is queued (wordt verzonden)", body = Notice)),
    security(("oauth2" = ["admin"])),
)]
#[post("/notices/{id}/resends")]
pub async fn resend_notice(
    ctx: web::Data<Context>,
    auth: Granted<Administer>,
    id: web::Path<NoticeId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Failure> {
    let key = key.with(&[]);
    let inner = ctx.clone();
    let answer = ctx
        .db
        .write(move |conn| {
            let (actor, now) = (&auth.actor, inner.clock.now());
            once(conn, actor.id, key.as_ref(), now, |conn| {
                let notice = Notice::from(dead_letters::resend(conn, &inner, actor, *id)?);
                Ok::<_, Error>(Answer {
                    status: 202,
                    body: serde_json::to_string(&notice)
                        .map_err(|e| Error::Internal(e.to_string()))?,
                    ..Answer::default()
                })
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_masked() {
        assert_eq!(masked("jan@delft.example"), "j…@delft.example");
        assert_eq!(masked("élan@x"), "é…@x");
        assert_eq!(masked("niets"), "…");
    }
}
