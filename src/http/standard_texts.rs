//! Standard texts (standaardteksten): what is written often, and what it reads like for one report.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::actor::Language;
use crate::domain::id::{Id, StandardTextId};
use crate::domain::policy;
use crate::domain::report::Outcome;
use crate::domain::standard_text::{Placeholder, StandardText};
use crate::domain::status::Action;
use crate::http::auth::{Granted, ReadReports, Triage};
use crate::http::body::Body;
use crate::http::conditional::{IfMatch, IfMatchHeader, etag, tagged};
use crate::http::envelope::language;
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::reports::report_id;
use crate::services::idempotency::{Answer, once};
use crate::services::standard_texts::{self, Filled, NewText, TextChange};
use crate::services::{Context, Error};
use crate::store::standard_texts::Filter;

/// A standard text to be written (Dutch: nieuwe standaardtekst). Its gaps stand between braces: `{reference}`, `{title}`,
/// `{reporter}`, `{lead}`, `{rule}`, `{status}`, `{outcome}`, `{dueOn}`, `{today}`; any other brace is refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "Vraag om een besluit", "action": "request_information", "language": "nl", "text": "Kunt u voor {dueOn} het besluit sturen waarop melding {reference} gaat?"}))]
pub struct StandardTextRequest {
    /// What people choose it by (naam).
    #[schema(min_length = 1, max_length = 200, pattern = r"^\S([^\r\n\t]*\S)?$")]
    name: String,
    /// What it is said with (handeling).
    action: Action,
    /// The outcome it goes with; left out for any (uitkomst).
    #[schema(nullable = false)]
    outcome: Option<Outcome>,
    /// Its language (taal).
    language: Language,
    /// What it says (tekst).
    #[schema(min_length = 1, max_length = 5000, pattern = r"\S")]
    text: String,
    /// For all, which a coordinator may write; else for one's own authority. What your role allows, unless said (voor iedereen).
    #[schema(nullable = false)]
    for_all: Option<bool>,
}

/// What changes of a standard text (Dutch: wijziging): it makes a new version. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"text": "Kunt u uiterlijk {dueOn} het besluit sturen waarop melding {reference} gaat?"}))]
pub struct StandardTextChange {
    /// What people choose it by (naam).
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^\S([^\r\n\t]*\S)?$",
        nullable = false
    )]
    name: Option<String>,
    /// What it is said with (handeling).
    #[schema(nullable = false)]
    action: Option<Action>,
    /// The outcome it goes with; null for any (uitkomst).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Outcome>)]
    outcome: Option<Option<Outcome>>,
    /// What it says (tekst).
    #[schema(min_length = 1, max_length = 5000, pattern = r"\S", nullable = false)]
    text: Option<String>,
    /// No longer offered; false takes it back (vervallen).
    #[schema(nullable = false)]
    retired: Option<bool>,
}

/// Null is a value, other than nothing at all.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<Outcome>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// A standard text (Dutch: standaardtekst).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StandardTextView {
    /// Id of the text (standaardtekst).
    id: Uuid,
    /// Version; a change makes a new one (versie).
    version: i32,
    /// What people choose it by (naam).
    name: String,
    /// What it is said with (handeling).
    action: Action,
    /// The outcome it goes with; null for any (uitkomst).
    outcome: Option<Outcome>,
    /// Its language (taal).
    language: Language,
    /// What it says, with its gaps (tekst).
    text: String,
    /// Id of the authority that has it for itself; null when it is for all (organisatie).
    organisation_id: Option<Uuid>,
    /// No longer offered (vervallen).
    retired: bool,
    /// When this version was made (gemaakt op).
    made_at: DateTime<Utc>,
    /// Who made it; null for those the service comes with (gemaakt door).
    made_by: Option<String>,
}

impl From<StandardText> for StandardTextView {
    fn from(text: StandardText) -> Self {
        Self {
            id: text.id.uuid(),
            version: text.version,
            name: text.name,
            action: text.action,
            outcome: text.outcome,
            language: text.language,
            text: text.text,
            organisation_id: text.organisation.map(Id::uuid),
            retired: text.retired,
            made_at: text.made_at,
            made_by: text.made_by.map(|writer| writer.name),
        }
    }
}

/// The standard texts for something to do with a report (Dutch: standaardteksten voor een melding).
#[derive(Debug, Serialize, ToSchema)]
pub struct FilledTexts {
    /// The texts (standaardteksten).
    items: Vec<FilledText>,
}

/// A standard text as it reads for a report (Dutch: ingevulde standaardtekst).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "version": 1, "name": "Vraag om een besluit", "outcome": null,
    "text": "Kunt u voor 9 december 2026 het besluit sturen waarop melding MKR-2026-000123 gaat?", "missing": []
}))]
pub struct FilledText {
    /// Id of the standard text (standaardtekst).
    id: Uuid,
    /// Its version (versie).
    version: i32,
    /// What people choose it by (naam).
    name: String,
    /// The outcome it goes with; null for any (uitkomst).
    outcome: Option<Outcome>,
    /// What it says of this report (tekst).
    text: String,
    /// Gaps that are left: the report has nothing for them, or nothing that you see (niet ingevuld).
    missing: Vec<Placeholder>,
}

impl From<Filled> for FilledText {
    fn from(filled: Filled) -> Self {
        Self {
            id: filled.source.id.uuid(),
            version: filled.source.version,
            name: filled.source.name,
            outcome: filled.source.outcome,
            text: filled.text,
            missing: filled.missing,
        }
    }
}

/// Which standard texts a list holds.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StandardTextFilter {
    /// What they are said with; may repeat (handeling).
    #[param(inline)]
    #[serde(default)]
    action: Vec<Action>,
    /// The outcome they go with; may repeat (uitkomst).
    #[param(inline)]
    #[serde(default)]
    outcome: Vec<Outcome>,
    /// Their language; may repeat (taal).
    #[param(inline)]
    #[serde(default)]
    language: Vec<Language>,
    /// Those that are no longer offered, in place of the others (vervallen).
    #[param(nullable = false)]
    retired: Option<bool>,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

/// Which version to read.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StandardTextVersion {
    /// An earlier version; the latest, unless said (versie).
    #[param(minimum = 1, nullable = false)]
    version: Option<i32>,
}

/// For what the texts of a report are.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReportTextFilter {
    /// What is to be done (handeling).
    #[param(inline)]
    action: Action,
    /// The outcome that goes with it (uitkomst).
    #[param(inline, nullable = false)]
    outcome: Option<Outcome>,
    /// Language of the texts; that of `Accept-Language` unless said (taal).
    #[param(inline, nullable = false)]
    language: Option<Language>,
}

/// List standard texts
///
/// Those for all, and those of your own organisation (standaardteksten); a coordinator sees those of every organisation.
#[utoipa::path(
    tag = "standard-texts",
    params(StandardTextFilter),
    responses((status = 200, description = "A page (pagina)", body = Page<StandardTextView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/standard-texts")]
pub async fn list_standard_texts(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    Query(query): Query<StandardTextFilter>,
) -> Result<HttpResponse, Failure> {
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let after: Option<StandardTextId> = paging::decode(query.cursor.as_deref())?;
    let filter = Filter {
        actions: query.action,
        outcomes: query.outcome,
        any_outcome: false,
        languages: query.language,
        retired: query.retired.unwrap_or(false),
        organisation: None,
    };
    let rows = ctx
        .db
        .read(move |conn| standard_texts::list(conn, &actor, filter, after, limit + 1))
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |row| row.id);
    let items = rows.into_iter().map(StandardTextView::from).collect();
    Ok(paging::respond(&request, &Page { items, next_cursor }))
}

/// Write a standard text
///
/// By a coordinator for all, by a liaison for its own authority (standaardtekst toevoegen).
#[utoipa::path(
    tag = "standard-texts",
    params(IdempotencyKeyHeader),
    request_body(content = StandardTextRequest, description = "The text (standaardtekst)"),
    responses((status = 201, description = "Added (toegevoegd)", body = StandardTextView, headers(
        ("Location" = String, description = "Address of the text (adres)"),
        ("ETag" = String, description = "Version of the text (versie)"),
    ))),
    security(("oauth2" = ["triage"])),
)]
#[post("/standard-texts")]
pub async fn add_standard_text(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<Triage>,
    key: IdempotencyKey,
    body: Body<StandardTextRequest>,
) -> Result<HttpResponse, Failure> {
    let key = key.with(&body.raw);
    let now = ctx.clock.now();
    let wanted = body.value;
    let new = NewText {
        for_all: wanted
            .for_all
            .unwrap_or_else(|| policy::may_keep_texts_for_all(&actor)),
        name: wanted.name,
        action: wanted.action,
        outcome: wanted.outcome,
        language: wanted.language,
        text: wanted.text,
    };
    let answer = ctx
        .db
        .write(move |conn| {
            once(conn, actor.id, key.as_ref(), now, |conn| {
                answer(standard_texts::create(conn, &actor, new, now)?, 201)
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// Read a standard text
///
/// One standard text (standaardtekst): the latest version, or an earlier one.
#[utoipa::path(
    tag = "standard-texts",
    params(("id" = Uuid, Path, description = "Id of the text (standaardtekst)"), StandardTextVersion),
    responses((status = 200, description = "The text (standaardtekst)", body = StandardTextView, headers(("ETag" = String, description = "Version of the text (versie)")))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/standard-texts/{id}")]
pub async fn get_standard_text(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
    Query(query): Query<StandardTextVersion>,
) -> Result<HttpResponse, Failure> {
    let id = text_id(&id)?;
    let text = ctx
        .db
        .read(move |conn| standard_texts::get(conn, &actor, id, query.version))
        .await?;
    let tag = etag(text.version, ());
    Ok(tagged(&request, &tag, &StandardTextView::from(text)))
}

/// Change a standard text
///
/// Makes a new version (standaardtekst wijzigen); the versions before stay readable. A text is retired, never deleted.
#[utoipa::path(
    tag = "standard-texts",
    params(("id" = Uuid, Path, description = "Id of the text (standaardtekst)"), IfMatchHeader),
    request_body(content = StandardTextChange, description = "What changes (wijziging)"),
    responses((status = 200, description = "The text as it now is (standaardtekst)", body = StandardTextView, headers(("ETag" = String, description = "Version of the text (versie)")))),
    security(("oauth2" = ["triage"])),
)]
#[patch("/standard-texts/{id}")]
pub async fn change_standard_text(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<Triage>,
    IfMatch(version): IfMatch,
    id: web::Path<String>,
    body: Body<StandardTextChange>,
) -> Result<HttpResponse, Failure> {
    let id = text_id(&id)?;
    let now = ctx.clock.now();
    let change = TextChange {
        name: body.value.name,
        action: body.value.action,
        outcome: body.value.outcome,
        text: body.value.text,
        retired: body.value.retired,
    };
    let changed = ctx
        .db
        .write(move |conn| standard_texts::change(conn, &actor, id, version, change, now))
        .await?;
    Ok(idempotency::respond(answer(changed, 200)?))
}

/// Get standard texts for a report
///
/// What is usually said with an action (standaardteksten voor een melding), filled in with what you see of the report.
#[utoipa::path(
    tag = "standard-texts",
    params(("id" = Uuid, Path, description = "Id of the report (melding)"), ReportTextFilter),
    responses((status = 200, description = "The texts (standaardteksten)", body = FilledTexts)),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}/standard-texts")]
pub async fn list_texts_for_report(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
    Query(query): Query<ReportTextFilter>,
) -> Result<HttpResponse, Failure> {
    let report = report_id(&id)?;
    let language = query
        .language
        .unwrap_or_else(|| language(request.headers()));
    let inner = ctx.clone();
    let (action, outcome) = (query.action, query.outcome);
    let filled = ctx
        .db
        .read(move |conn| {
            standard_texts::for_report(conn, &inner, &actor, report, action, outcome, language)
        })
        .await?;
    let items = filled.into_iter().map(FilledText::from).collect();
    Ok(HttpResponse::Ok().json(FilledTexts { items }))
}

/// The id in a path; one that is no id names nothing.
fn text_id(text: &str) -> Result<StandardTextId, Failure> {
    text.parse::<Id<_>>().map_err(|_| Error::NotFound.into())
}

fn answer(text: StandardText, status: u16) -> Result<Answer, Error> {
    let mut headers = vec![(ETAG.to_string(), etag(text.version, ()))];
    if status == 201 {
        headers.push((
            LOCATION.to_string(),
            format!("/v1/standard-texts/{}", text.id),
        ));
    }
    let body = serde_json::to_string(&StandardTextView::from(text))
        .map_err(|e| Error::Internal(e.to_string()))?;
    Ok(Answer {
        status,
        headers,
        body,
        replayed: false,
    })
}
