//! What the operations on reference data share: lists, reading one, adding, changing. The files of the resources say what
//! each looks like.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::domain::actor::Actor;
use crate::domain::deadline::local_date;
use crate::http::conditional::{IfMatch, etag, tagged, with_etag};
use crate::http::idempotency::respond;
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::services::idempotency::{Answer, Key, once};
use crate::services::reference::{self, Fact};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::listing::Listing;

/// A kind of reference data as the API shows it.
pub trait Shown: Fact {
    /// The query keys of its list, beside those that all lists have.
    type Filters: Into<Self::Filter>;
    type View: Serialize + Send + 'static;

    /// Where it stands, below `/v1`.
    const PATH: &'static str;

    /// Reads the key in a path, in any form that is taken.
    fn parse_key(text: &str) -> Option<Self::Key>;

    /// Makes records ready to be shown, with at most one statement for whatever they name.
    fn views(conn: &mut Conn, facts: Vec<Self>) -> Result<Vec<Self::View>, Error>;
}

/// The query keys of a list: those that all lists of reference data have, and its own.
#[derive(Debug, Deserialize)]
pub struct Search<F> {
    #[serde(flatten)]
    common: Common,
    #[serde(flatten)]
    pub filters: F,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Common {
    /// Words that the name, an abbreviation or the code contains (zoekwoorden).
    #[param(min_length = 1, max_length = 100, nullable = false, example = "wet")]
    q: Option<String>,
    /// Only what holds on this day; today unless said (geldig op).
    #[param(nullable = false, example = "2026-11-24")]
    valid_on: Option<NaiveDate>,
    /// True: also what has ended or is still to begin; `validOn` then says nothing (alles).
    #[serde(default)]
    #[param(default = false)]
    all: bool,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 3000, nullable = false)]
    cursor: Option<String>,
}

impl<F: IntoParams> IntoParams for Search<F> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = F::into_params(&place);
        parameters.extend(Common::into_params(&place));
        parameters
    }
}

impl<F> Search<F> {
    /// Rows on a page.
    pub fn limit(&self) -> i64 {
        self.common.limit.unwrap_or(paging::DEFAULT_LIMIT)
    }

    pub fn cursor(&self) -> Option<&str> {
        self.common.cursor.as_deref()
    }

    /// What the store is asked for: one row more than the page, to see whether another page follows.
    pub fn listing(&self, now: DateTime<Utc>) -> Listing {
        let today = || local_date(now);
        Listing {
            words: self.common.q.clone(),
            valid_on: (!self.common.all).then(|| self.common.valid_on.unwrap_or_else(today)),
            limit: self.limit() + 1,
        }
    }
}

/// A page of a list.
pub async fn list<F: Shown>(
    ctx: &Context,
    request: &HttpRequest,
    search: Search<F::Filters>,
) -> Result<HttpResponse, Failure> {
    let limit = search.limit();
    let listing = search.listing(ctx.clock.now());
    let after: Option<(String, F::Key)> = paging::decode(search.cursor())?;
    let filter = search.filters.into();
    let read = move |conn: &mut Conn| {
        let rows = F::list(conn, &listing, &filter, after.as_ref())?;
        let (rows, next_cursor) =
            paging::cut(rows, limit, |row| (row.label().to_owned(), row.key()));
        let items = F::views(conn, rows)?;
        Ok::<_, Error>(Page { items, next_cursor })
    };
    let page = ctx.db.read(read).await?;
    Ok(paging::respond(request, &page))
}

/// One record, or 304.
pub async fn read<F: Shown>(
    ctx: &Context,
    request: &HttpRequest,
    path: &str,
) -> Result<HttpResponse, Failure> {
    let key = F::parse_key(path).ok_or(Error::NotFound)?;
    let read = move |conn: &mut Conn| {
        let fact = F::find(conn, &key)?.ok_or(Error::NotFound)?;
        view(conn, fact)
    };
    let (view, tag) = ctx.db.read(read).await?;
    Ok(tagged(request, &tag, &view))
}

/// Adds a record: 201 with its address, once per Idempotency-Key.
pub async fn create<F: Shown>(
    ctx: &Context,
    actor: Actor,
    key: Option<Key>,
    make: impl FnOnce(DateTime<Utc>) -> F + Send + 'static,
) -> Result<HttpResponse, Failure> {
    let now = ctx.clock.now();
    let actor_id = actor.id;
    let add = move |conn: &mut Conn| {
        let fact = reference::create(conn, &actor, make(now), now)?;
        let location = format!("/v1/{}/{}", F::PATH, fact.key());
        let (view, tag) = view(conn, fact)?;
        Ok(Answer {
            status: 201,
            headers: vec![(LOCATION.to_string(), location), (ETAG.to_string(), tag)],
            body: json(&view)?,
            replayed: false,
        })
    };
    let answer = ctx
        .db
        .write(move |conn| once(conn, actor_id, key.as_ref(), now, add))
        .await?;
    Ok(respond(answer))
}

/// Changes a record that was seen in the version of If-Match.
pub async fn change<F: Shown>(
    ctx: &Context,
    actor: Actor,
    path: &str,
    IfMatch(seen): IfMatch,
    apply: impl FnOnce(&mut F) + Send + 'static,
) -> Result<HttpResponse, Failure> {
    let key = F::parse_key(path).ok_or(Error::NotFound)?;
    let now = ctx.clock.now();
    let write = move |conn: &mut Conn| {
        let fact = reference::change(conn, &actor, &key, seen, now, apply)?;
        view(conn, fact)
    };
    let (view, tag) = ctx.db.write(write).await?;
    Ok(with_etag(HttpResponse::Ok(), &tag).json(view))
}

/// A record as it is shown, and its tag: the version, and the names it shows of others.
fn view<F: Shown>(conn: &mut Conn, fact: F) -> Result<(F::View, String), Error> {
    let version = fact.version();
    let shown = F::views(conn, vec![fact])?.pop();
    let shown = shown.ok_or_else(|| Error::Internal("a record has no view".into()))?;
    let tag = etag(version, json(&shown)?);
    Ok((shown, tag))
}

fn json(view: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(view).map_err(|e| Error::Internal(e.to_string()))
}

/// Takes over a value that was given.
pub fn put<T>(slot: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *slot = given;
    }
}

/// Whether a path can hold a code: letters, digits and hyphens.
pub fn is_code(text: &str) -> bool {
    (1..=60).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
