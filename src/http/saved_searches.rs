//! Searches that somebody keeps (opgeslagen zoekopdrachten).

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::actor::Actor;
use crate::domain::id::{Id, SavedSearchId};
use crate::domain::invalid::FieldError;
use crate::domain::policy;
use crate::domain::saved_search::SavedSearch;
use crate::http::auth::{Granted, ReadReports};
use crate::http::body::Body;
use crate::http::conditional::{IfMatch, IfMatchHeader, etag, tagged, with_etag};
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::report_views::ReportSummary;
use crate::http::reports::{ReportFilter, page_of};
use crate::services::idempotency::{Answer, once};
use crate::services::saved_searches::{self, NewSearch, SearchChange};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::saved_searches::Filter;

/// A search that somebody keeps (Dutch: opgeslagen zoekopdracht).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SavedSearch, example = json!({
    "id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "name": "Kleine scholen in behandeling",
    "query": "status=in_review&domain=onderwijs-po&sort=urgency", "shared": true, "mine": true, "editable": true, "owner": "Loket",
    "createdAt": "2026-11-24T09:00:00Z", "updatedAt": "2026-11-24T09:00:00Z", "version": 1
}))]
pub struct SavedSearchView {
    /// Id of the search (zoekopdracht).
    id: Uuid,
    /// What its owner calls it (naam).
    name: String,
    /// The keys of `GET /v1/reports` with their values, as in an address (zoekvraag).
    query: String,
    /// Whether all of the organisation see it (gedeeld).
    shared: bool,
    /// Whether it is yours (van u).
    mine: bool,
    /// Whether you may change it (te wijzigen).
    editable: bool,
    /// Who keeps it (eigenaar).
    owner: String,
    /// When it was made (gemaakt op).
    created_at: DateTime<Utc>,
    /// When it last changed (gewijzigd op).
    updated_at: DateTime<Utc>,
    /// Version, as the ETag names it (versie).
    version: i32,
}

impl SavedSearchView {
    fn new(actor: &Actor, search: SavedSearch) -> Self {
        Self {
            id: search.id.uuid(),
            mine: search.owner == actor.id,
            editable: policy::may_keep_search(actor, &search),
            name: search.name,
            query: search.query,
            shared: search.shared,
            owner: search.owner_name,
            created_at: search.created_at,
            updated_at: search.updated_at,
            version: search.version,
        }
    }
}

/// A search to keep (Dutch: zoekopdracht).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "Kleine scholen in behandeling", "query": "status=in_review&domain=onderwijs-po&sort=urgency", "shared": true}))]
pub struct SavedSearchRequest {
    /// What to call it (naam).
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// The keys of `GET /v1/reports` with their values, as in an address; without `limit` and `cursor`. A fault in it stands
    /// at `/query/` and the key (zoekvraag).
    #[schema(max_length = 2000)]
    query: String,
    /// Whether all of your organisation see it (gedeeld).
    #[serde(default)]
    shared: bool,
}

/// What changes about a search (Dutch: wijziging).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"shared": false}))]
pub struct SavedSearchChange {
    /// What to call it (naam).
    #[schema(nullable = false, min_length = 1, max_length = 120)]
    name: Option<String>,
    /// The keys of `GET /v1/reports` with their values, as when it is made (zoekvraag).
    #[schema(nullable = false, max_length = 2000)]
    query: Option<String>,
    /// Whether all of your organisation see it (gedeeld).
    #[schema(nullable = false)]
    shared: Option<bool>,
}

/// Which searches.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct SavedSearchesPage {
    /// Yours alone, or those of others alone (van u).
    #[param(nullable = false)]
    mine: Option<bool>,
    /// Those that are shared, or those that are not (gedeeld).
    #[param(nullable = false)]
    shared: Option<bool>,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

/// Which page of what it finds.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct FoundPage {
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

/// A query that the list of reports takes; what is wrong with it stands below `/query`.
fn checked(query: &str) -> Result<(), Failure> {
    let below = |fault: FieldError| FieldError {
        pointer: format!("/query/{}", fault.pointer),
        ..fault
    };
    match ReportFilter::faults_to_keep(query) {
        Err(Failure::Service(Error::InvalidQuery(faults))) => {
            Err(Error::Invalid(faults.into_iter().map(below).collect()).into())
        }
        Err(_) => Err(Error::field("/query", "wrong_format_of_query").into()),
        Ok(()) => Ok(()),
    }
}

fn search_id(path: &str) -> Result<SavedSearchId, Error> {
    path.parse().map_err(|_| Error::NotFound)
}

fn shown(actor: &Actor, search: SavedSearch) -> Result<(String, SavedSearchView), Error> {
    let version = search.version;
    let view = SavedSearchView::new(actor, search);
    Ok((etag(version, json(&view)?), view))
}

fn json(view: &SavedSearchView) -> Result<String, Error> {
    serde_json::to_string(view).map_err(|e| Error::Internal(e.to_string()))
}

/// List saved searches
///
/// The searches you keep (opgeslagen zoekopdrachten) and those that colleagues share, the newest first.
#[utoipa::path(
    tag = "reports",
    params(SavedSearchesPage),
    responses((status = 200, description = "A page (pagina)", body = Page<SavedSearchView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/saved-searches")]
pub async fn list_saved_searches(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    Query(query): Query<SavedSearchesPage>,
) -> Result<HttpResponse, Failure> {
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let before: Option<Uuid> = paging::decode(query.cursor.as_deref())?;
    let filter = Filter {
        mine: query.mine,
        shared: query.shared,
    };
    let reader = actor.clone();
    let read = move |conn: &mut Conn| {
        saved_searches::list(conn, &reader, filter, before.map(Id::from_uuid), limit + 1)
    };
    let rows = ctx.db.read(read).await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |row| row.id.uuid());
    let items = rows
        .into_iter()
        .map(|search| SavedSearchView::new(&actor, search))
        .collect();
    Ok(paging::respond(&request, &Page { items, next_cursor }))
}

/// Save a search
///
/// Keeps a search of the list of reports under a name (zoekopdracht opslaan), for yourself or shared with your organisation.
#[utoipa::path(
    tag = "reports",
    params(IdempotencyKeyHeader),
    request_body(content = SavedSearchRequest, description = "The search (zoekopdracht)"),
    responses((status = 201, description = "Saved (opgeslagen)", body = SavedSearchView, headers(
        ("Location" = String, description = "Address of the search (adres)"),
        ("ETag" = String, description = "Version of the search (versie)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[post("/saved-searches")]
pub async fn save_search(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    key: IdempotencyKey,
    body: Body<SavedSearchRequest>,
) -> Result<HttpResponse, Failure> {
    let key = key.with(&body.raw);
    let wanted = body.value;
    checked(&wanted.query)?;
    let now = ctx.clock.now();
    let new = NewSearch {
        name: wanted.name.trim().to_owned(),
        query: wanted.query,
        shared: wanted.shared,
    };
    let answer = ctx
        .db
        .write(move |conn| {
            once(conn, actor.id, key.as_ref(), now, |conn| {
                let search = saved_searches::create(conn, &actor, new, now)?;
                let location = format!("/v1/saved-searches/{}", search.id);
                let (tag, view) = shown(&actor, search)?;
                Ok(Answer {
                    status: 201,
                    headers: vec![(LOCATION.to_string(), location), (ETAG.to_string(), tag)],
                    body: json(&view)?,
                    replayed: false,
                })
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// Read a saved search
///
/// One search (zoekopdracht) that you keep or that a colleague shares.
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the search (zoekopdracht)")),
    responses(
        (status = 200, description = "The search (zoekopdracht)", body = SavedSearchView, headers(("ETag" = String, description = "Version of the search (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/saved-searches/{id}")]
pub async fn get_saved_search(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = search_id(&id)?;
    let reader = actor.clone();
    let search = ctx
        .db
        .read(move |conn| saved_searches::get(conn, &reader, id))
        .await?;
    let (tag, view) = shown(&actor, search)?;
    Ok(tagged(&request, &tag, &view))
}

/// Run a saved search
///
/// The reports that a search finds for you now (zoekopdracht uitvoeren): what you may see, whoever keeps the search; `me` in
/// it is you.
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the search (zoekopdracht)"), FoundPage),
    responses((status = 200, description = "A page (pagina)", body = Page<ReportSummary>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/saved-searches/{id}/reports")]
pub async fn run_saved_search(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
    Query(query): Query<FoundPage>,
) -> Result<HttpResponse, Failure> {
    let id = search_id(&id)?;
    let reader = actor.clone();
    let search = ctx
        .db
        .read(move |conn| saved_searches::get(conn, &reader, id))
        .await?;
    let kept = ReportFilter::kept(&search.query, query.limit, query.cursor)?;
    let page = page_of(&ctx, actor, kept).await?;
    Ok(paging::respond(&request, &page))
}

/// Change a saved search
///
/// Names it otherwise, changes what it looks for or who sees it (zoekopdracht wijzigen): by who keeps it, and by any
/// colleague once that is gone.
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the search (zoekopdracht)"), IfMatchHeader),
    request_body(content = SavedSearchChange, description = "What changes (wijziging)"),
    responses((status = 200, description = "The search as it now is (zoekopdracht)", body = SavedSearchView, headers(("ETag" = String, description = "Version of the search (versie)")))),
    security(("oauth2" = ["reports:read"])),
)]
#[patch("/saved-searches/{id}")]
pub async fn change_saved_search(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    IfMatch(seen): IfMatch,
    id: web::Path<String>,
    body: Body<SavedSearchChange>,
) -> Result<HttpResponse, Failure> {
    let id = search_id(&id)?;
    let wanted = body.value;
    if let Some(query) = &wanted.query {
        checked(query)?;
    }
    let now = ctx.clock.now();
    let change = SearchChange {
        name: wanted.name.map(|name| name.trim().to_owned()),
        query: wanted.query,
        shared: wanted.shared,
    };
    let (tag, view) = ctx
        .db
        .write(move |conn| {
            let search = saved_searches::change(conn, &actor, id, seen, change, now)?;
            shown(&actor, search)
        })
        .await?;
    Ok(with_etag(HttpResponse::Ok(), &tag).json(view))
}

/// Delete a saved search
///
/// Keeps it no longer (zoekopdracht verwijderen).
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the search (zoekopdracht)"), IfMatchHeader),
    responses((status = 204, description = "Deleted (verwijderd)")),
    security(("oauth2" = ["reports:read"])),
)]
#[delete("/saved-searches/{id}")]
pub async fn delete_saved_search(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    IfMatch(seen): IfMatch,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = search_id(&id)?;
    ctx.db
        .write(move |conn| saved_searches::delete(conn, &actor, id, seen))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
