//! Attachments of a report (bijlagen): add, list, fetch, delete.

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::body::SizedStream;
use actix_web::http::header::{
    CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, Charset,
    ContentDisposition, DispositionParam, DispositionType, ETAG, ExtendedValue, LOCATION,
};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, rt, web};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::attachment::{Attachment, FileKind};
use crate::domain::code::{Code, codes};
use crate::domain::id::{AttachmentId, Id, ReportId};
use crate::domain::invalid::FieldError;
use crate::domain::message::MessageAudience;
use crate::domain::status::Capacity;
use crate::http::auth::{Granted, ReadReports, WorkOnReports};
use crate::http::body::check_media;
use crate::http::conditional::{self, IfMatch, IfMatchHeader, etag};
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::report_messages::NamedOrganisation;
use crate::http::reports::report_id;
use crate::services::attachments::receive::{self, Incoming, Received};
use crate::services::attachments::{self, object_name, tidy};
use crate::services::idempotency::Answer;
use crate::services::{Context, Error};

/// How long a piece of an upload may take to come, and all of it.
const PIECE_WITHIN: Duration = Duration::from_secs(30);
const ALL_WITHIN: Duration = Duration::from_secs(900);

/// What a form holds beside the file itself.
const FORM: u64 = 64 * 1024;

/// A file to be added (Dutch: bijlage), as a form. It is told from its content what it is: PDF, documents, sheets and
/// presentations of Office and OpenDocument, PNG, JPEG, GIF, CSV or plain text; anything else is refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read as a stream by `receive`")]
pub struct AttachmentRequest {
    /// The file, with its name (bestand).
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// For whom it is; the reporter unless said (bestemd voor).
    #[schema(nullable = false, default = "reporter")]
    audience: Option<MessageAudience>,
}

/// An attachment of a report (Dutch: bijlage).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "audience": "reporter", "name": "raadsbesluit.pdf",
    "mediaType": "application/pdf", "bytes": 182044, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "organisation": {"id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1c", "name": "Gemeente Sluis"}, "capacity": "reporter",
    "uploadedBy": "Jan de Vries", "createdAt": "2026-11-24T09:12:00Z", "deletedBy": "Vera Smit", "deletedAt": "2026-11-25T08:30:00Z", "version": 2
}))]
pub struct AttachmentView {
    /// Id of the attachment (bijlage).
    id: Uuid,
    /// For whom it is (bestemd voor).
    audience: MessageAudience,
    /// Name of the file (bestandsnaam).
    name: String,
    /// What the file is (soort bestand).
    media_type: FileKind,
    /// How large it is, in bytes (omvang).
    bytes: i64,
    /// SHA-256 of its bytes, in hexadecimals; the ETag of its content (controlegetal).
    sha256: String,
    /// Whose attachment it is (organisatie).
    organisation: NamedOrganisation,
    /// As whom it was added (hoedanigheid).
    capacity: Capacity,
    /// Who added it (toegevoegd door).
    uploaded_by: String,
    /// When it was added (toegevoegd op).
    created_at: DateTime<Utc>,
    /// Who deleted it; null while it is there (verwijderd door).
    deleted_by: Option<String>,
    /// When it was deleted; null while it is there (verwijderd op).
    deleted_at: Option<DateTime<Utc>>,
    /// Version of the attachment (versie).
    version: i32,
}

impl From<&Attachment> for AttachmentView {
    fn from(attachment: &Attachment) -> Self {
        let attachment = attachment.clone();
        Self {
            id: attachment.id.uuid(),
            audience: attachment.audience,
            name: attachment.name,
            media_type: attachment.kind,
            bytes: attachment.bytes,
            sha256: attachment.digest,
            organisation: NamedOrganisation {
                id: attachment.organisation.uuid(),
                name: attachment.organisation_name,
            },
            capacity: attachment.capacity,
            uploaded_by: attachment.uploaded_by.name,
            created_at: attachment.created_at,
            deleted_by: attachment.deleted_by.map(|writer| writer.name),
            deleted_at: attachment.deleted_at,
            version: attachment.version,
        }
    }
}

/// Pages of attachments.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AttachmentPage {
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

/// List the attachments of a report
///
/// The files of the report (bijlagen) that are for you, in the order they were added; not those that were deleted.
#[utoipa::path(
    tag = "attachments",
    params(("id" = Uuid, Path, description = "Id of the report (melding)"), AttachmentPage),
    responses((status = 200, description = "A page (pagina)", body = Page<AttachmentView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}/attachments")]
pub async fn list_attachments(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
    Query(query): Query<AttachmentPage>,
) -> Result<HttpResponse, Failure> {
    let report = report_id(&id)?;
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let after: Option<AttachmentId> = paging::decode(query.cursor.as_deref())?;
    let rows = ctx
        .db
        .read(move |conn| attachments::list(conn, &actor, report, after, limit + 1))
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |row| row.id);
    let page = Page {
        items: rows.iter().map(AttachmentView::from).collect(),
        next_cursor,
    };
    Ok(paging::respond(&request, &page))
}

/// Add an attachment
///
/// Adds a file (bijlage toevoegen), sent as a form of the type `multipart/form-data`. What it is, is told from its content;
/// its name is kept as far as a file may be named so.
#[utoipa::path(
    tag = "attachments",
    params(("id" = Uuid, Path, description = "Id of the report (melding)"), IdempotencyKeyHeader),
    request_body(content = AttachmentRequest, content_type = "multipart/form-data", description = "The file (bestand)"),
    responses((status = 201, description = "Added (toegevoegd)", body = AttachmentView, headers(
        ("Location" = String, description = "Address of the attachment (adres)"),
        ("ETag" = String, description = "Version of the attachment (versie)"),
    ))),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[post("/reports/{id}/attachments")]
pub async fn add_attachment(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    key: IdempotencyKey,
    id: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Failure> {
    let report = report_id(&id)?;
    check_media(&request, "multipart/form-data")?;
    receive::may_add(&ctx, actor.clone(), report).await?;
    let limit = ctx.settings.attachment_limit;
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit + FORM) {
        return Err(receive::too_large(limit).into());
    }
    let form = Multipart::new(request.headers(), payload);
    // A task of its own: when the caller goes away this handler ends where it is, and the task cleans up.
    let task = async move {
        let (received, audience) = receive(&ctx, report, form).await?;
        let key = key.with(received.fingerprint(audience).as_bytes());
        let render = |attachment: &Attachment| answer(attachment, 201);
        Ok::<_, Failure>(receive::keep(&ctx, actor, received, audience, key, render).await?)
    };
    let answer = rt::spawn(task.in_current_span())
        .await
        .map_err(|e| Error::Internal(e.to_string()))??;
    Ok(idempotency::respond(answer))
}

/// Read what is known of an attachment
///
/// Name, kind, size and who added it (bijlage), also of one that was deleted.
#[utoipa::path(
    tag = "attachments",
    params(
        ("id" = Uuid, Path, description = "Id of the report (melding)"),
        ("attachmentId" = Uuid, Path, description = "Id of the attachment (bijlage)"),
    ),
    responses((status = 200, description = "The attachment (bijlage)", body = AttachmentView, headers(("ETag" = String, description = "Version of the attachment (versie)")))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}/attachments/{attachmentId}")]
pub async fn get_attachment(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let (report, id) = ids(&path)?;
    let attachment = ctx
        .db
        .read(move |conn| attachments::one(conn, &actor, report, id))
        .await?;
    let view = AttachmentView::from(&attachment);
    Ok(conditional::tagged(
        &request,
        &etag(attachment.version, ()),
        &view,
    ))
}

/// Fetch an attachment
///
/// The file itself (bijlage ophalen), to be kept as a file: a browser shows nothing of it.
#[utoipa::path(
    tag = "attachments",
    params(
        ("id" = Uuid, Path, description = "Id of the report (melding)"),
        ("attachmentId" = Uuid, Path, description = "Id of the attachment (bijlage)"),
    ),
    responses((status = 200, description = "The file; what kind it is the attachment says (bestand)", content_type = "application/octet-stream", body = String, headers(
        ("Content-Disposition" = String, description = "Its name (bestandsnaam)"),
        ("ETag" = String, description = "SHA-256 of its bytes (controlegetal)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}/attachments/{attachmentId}/content")]
pub async fn fetch_attachment(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let (report, id) = ids(&path)?;
    let attachment = ctx
        .db
        .read(move |conn| attachments::one(conn, &actor, report, id))
        .await?;
    if attachment.deleted_at.is_some() {
        return Err(Error::NotFound.into());
    }
    let tag = format!("\"{}\"", attachment.digest);
    if conditional::is_known(&request, &tag) {
        return Ok(conditional::not_modified(&tag));
    }
    let name = object_name(report, id);
    let bytes = ctx.objects.read(&name).await.map_err(Error::from)?;
    let length = u64::try_from(attachment.bytes).unwrap_or_default();
    Ok(HttpResponse::Ok()
        // As bytes, whatever it is: nothing opens it by itself.
        .insert_header((CONTENT_TYPE, "application/octet-stream"))
        .insert_header((CONTENT_DISPOSITION, disposition(&attachment.name)))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; sandbox",
        ))
        .insert_header((ETAG, tag))
        .body(SizedStream::new(length, bytes)))
}

/// Delete an attachment
///
/// Takes the file away (bijlage verwijderen); that it was there stays in the timeline. By the organisation that added it, and
/// by the desk.
#[utoipa::path(
    tag = "attachments",
    params(
        ("id" = Uuid, Path, description = "Id of the report (melding)"),
        ("attachmentId" = Uuid, Path, description = "Id of the attachment (bijlage)"),
        IfMatchHeader,
    ),
    responses((status = 204, description = "Deleted (verwijderd)")),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[delete("/reports/{id}/attachments/{attachmentId}")]
pub async fn delete_attachment(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    IfMatch(version): IfMatch,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let (report, id) = ids(&path)?;
    let inner = ctx.clone();
    ctx.db
        .write(move |conn| attachments::delete(conn, &inner, &actor, (report, id), version))
        .await?;
    tidy::remove(&ctx, &[(report, id)]).await;
    Ok(HttpResponse::NoContent().finish())
}

/// Reads the form. When it is not kept, nothing of it is left.
async fn receive(
    ctx: &Context,
    report: ReportId,
    mut form: Multipart,
) -> Result<(Received, MessageAudience), Failure> {
    let deadline = Instant::now() + ALL_WITHIN;
    let mut file = None;
    match fields(ctx, report, &mut form, &mut file, deadline).await {
        Ok(audience) => match file {
            Some(file) => Ok((file, audience.unwrap_or(MessageAudience::Reporter))),
            None => Err(Error::field("/file", "required").into()),
        },
        Err(failure) => {
            if let Some(file) = file {
                file.discard(ctx).await;
            }
            Err(failure)
        }
    }
}

async fn fields(
    ctx: &Context,
    report: ReportId,
    form: &mut Multipart,
    file: &mut Option<Received>,
    deadline: Instant,
) -> Result<Option<MessageAudience>, Failure> {
    let mut audience = None;
    while let Some(mut field) = next(form, deadline).await? {
        match field.name().unwrap_or_default() {
            "file" if file.is_none() => {
                *file = Some(one_file(ctx, report, &mut field, deadline).await?);
            }
            "audience" if audience.is_none() => {
                audience = Some(one_audience(&mut field, deadline).await?);
            }
            "file" => return Err(Error::field("/file", "repeated").into()),
            "audience" => return Err(Error::field("/audience", "repeated").into()),
            _ => return Err(Error::field("/", "unknown_field").into()),
        }
    }
    Ok(audience)
}

async fn one_file(
    ctx: &Context,
    report: ReportId,
    field: &mut Field,
    deadline: Instant,
) -> Result<Received, Failure> {
    let given = field.content_disposition().map(given_name);
    let mut incoming = Incoming::begin(ctx, report, given.unwrap_or_default()).await?;
    loop {
        let taken = match next(field, deadline).await {
            Ok(Some(piece)) => incoming.put(piece).await.map_err(Failure::from),
            Ok(None) => return Ok(incoming.finish().await?),
            Err(cut) => Err(cut),
        };
        if let Err(failure) = taken {
            incoming.give_up().await;
            return Err(failure);
        }
    }
}

async fn one_audience(field: &mut Field, deadline: Instant) -> Result<MessageAudience, Failure> {
    let mut text = Vec::new();
    while let Some(piece) = next(field, deadline).await? {
        text.extend_from_slice(&piece);
        if text.len() > 100 {
            break;
        }
    }
    let named = std::str::from_utf8(&text)
        .ok()
        .and_then(MessageAudience::parse);
    named.ok_or_else(|| {
        let options = codes(MessageAudience::ALL).join(", ");
        let fault = FieldError::new("/audience", "not_in_list");
        Error::Invalid(vec![fault.with("options", options)]).into()
    })
}

/// The next part of a form, or the next piece of a part.
async fn next<S, T>(from: &mut S, deadline: Instant) -> Result<Option<T>, Failure>
where
    S: StreamExt<Item = Result<T, actix_multipart::MultipartError>> + Unpin,
{
    let soon = deadline.min(Instant::now() + PIECE_WITHIN);
    match timeout_at(soon, from.next()).await {
        Err(_) => Err(Failure::Timeout),
        Ok(None) => Ok(None),
        Ok(Some(Ok(part))) => Ok(Some(part)),
        Ok(Some(Err(error))) => {
            tracing::debug!(%error, "a form that cannot be read");
            Err(Error::field("", "form_malformed").into())
        }
    }
}

/// The name that a form gives its file, in the newer form of it when both are there.
fn given_name(given: &ContentDisposition) -> String {
    let extended = given
        .get_filename_ext()
        .and_then(|name| String::from_utf8(name.value.clone()).ok());
    let plain = given.get_filename().map(str::to_owned);
    extended.or(plain).unwrap_or_default()
}

/// To be kept as a file of this name, whatever a browser can show.
fn disposition(name: &str) -> ContentDisposition {
    let ascii: String = name
        .chars()
        .map(|letter| if letter.is_ascii() { letter } else { '_' })
        .collect();
    let mut parameters = vec![DispositionParam::Filename(ascii)];
    if !name.is_ascii() {
        parameters.push(DispositionParam::FilenameExt(ExtendedValue {
            charset: Charset::Ext("UTF-8".into()),
            language_tag: None,
            value: name.as_bytes().to_vec(),
        }));
    }
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters,
    }
}

/// The ids in a path; one that is no id names nothing.
fn ids(path: &(String, String)) -> Result<(ReportId, AttachmentId), Failure> {
    let attachment = path.1.parse::<Id<_>>().map_err(|_| Error::NotFound)?;
    Ok((report_id(&path.0)?, attachment))
}

fn answer(attachment: &Attachment, status: u16) -> Result<Answer, Error> {
    let address = format!(
        "/v1/reports/{}/attachments/{}",
        attachment.report, attachment.id
    );
    let body = serde_json::to_string(&AttachmentView::from(attachment))
        .map_err(|e| Error::Internal(e.to_string()))?;
    Ok(Answer {
        status,
        headers: vec![
            (ETAG.to_string(), etag(attachment.version, ())),
            (LOCATION.to_string(), address),
        ],
        body,
        replayed: false,
    })
}
