//! Figures for dashboards (cijfers): the same forms for government, of all reports that are not confidential, and for
//! everybody, of what is published. As JSON, or with `Accept: text/csv` as a sheet.

pub mod counts;
pub mod handling;
pub mod hot_spots;
pub mod portfolio;
pub mod scorecards;
pub mod times;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LINK, VARY};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::code::code_list;
use crate::domain::counting::Basis;
use crate::http::conditional::{etag, is_known, not_modified, tagged_body, with_etag};
use crate::http::paging;
use crate::http::problem::Failure;
use crate::http::public_experiments::kept;
use crate::http::sheet::{self, asks_for_csv};
use crate::services::Error;
use crate::services::statistics::{Authority, Figure, Span};

/// Figures of one kind (Dutch: cijfers).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Figures<T> {
    /// From which reports they are made; figures of two bases are never to be put together (grondslag).
    basis: Basis,
    /// Reports that changed and are not counted yet: 0, unless the service is very busy (nog niet geteld).
    uncounted: i64,
    /// The figures (cijfers).
    items: Vec<T>,
    /// Give this as `cursor` for the next page; null on the last (volgende pagina).
    next_cursor: Option<String>,
}

/// A figure as a row of a sheet.
trait Row<const N: usize> {
    const COLUMNS: [&'static str; N];
    fn cells(&self) -> [String; N];
}

/// What may be empty.
fn text<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Figures as JSON or as a sheet; those for everybody may be kept for a while.
fn respond<T: Row<N>, const N: usize>(
    request: &HttpRequest,
    basis: Basis,
    body: &impl Serialize,
    items: &[T],
    links: Vec<String>,
) -> Result<HttpResponse, Failure> {
    let mut response = if asks_for_csv(request) {
        let sheet = sheet::written(Some(&T::COLUMNS), items.iter().map(Row::cells))?;
        let tag = etag(0, &sheet);
        if is_known(request, &tag) {
            not_modified(&tag)
        } else {
            with_etag(HttpResponse::Ok(), &tag)
                .content_type(sheet::MEDIA)
                .body(sheet)
        }
    } else {
        let body = serde_json::to_string(body).map_err(|e| Error::Internal(e.to_string()))?;
        let tag = etag(0, &body);
        tagged_body(request, &tag, body)
    };
    response
        .headers_mut()
        .append(VARY, HeaderValue::from_static("Accept, Accept-Language"));
    // A 304 says nothing but that it is known.
    let links = if response.status() == StatusCode::OK {
        links
    } else {
        Vec::new()
    };
    let headers = response.headers_mut();
    for link in links {
        if let Ok(link) = link.parse() {
            headers.append(LINK, link);
        }
    }
    Ok(match basis {
        Basis::Public => kept(response),
        Basis::Government => response,
    })
}

/// A page of figures of one kind.
fn page<T: Row<N> + Serialize, U, const N: usize>(
    request: &HttpRequest,
    of: &Figure<U>,
    items: Vec<T>,
    next_cursor: Option<String>,
) -> Result<HttpResponse, Failure> {
    let links = paging::links(request, next_cursor.as_deref());
    let body = Figures {
        basis: of.basis,
        uncounted: of.uncounted,
        items,
        next_cursor,
    };
    respond(request, of.basis, &body, &body.items, links)
}

code_list! {
    /// By what figures of the handling are told apart (Dutch: uitgesplitst naar).
    pub enum SplitBy {
        /// By authority (eerstverantwoordelijke).
        Authority = "authority",
    }
}

/// Of which authorities and when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct SpanFilter {
    /// By authority, a page in the order of their names; all together unless said (uitgesplitst naar).
    #[param(inline, nullable = false)]
    by: Option<SplitBy>,
    /// Only what ended in this year or month, in Amsterdam (periode).
    #[param(
        pattern = "^[0-9]{4}(-(0[1-9]|1[0-2]))?$",
        nullable = false,
        example = "2026-11"
    )]
    period: Option<String>,
    /// Authorities on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

impl SpanFilter {
    fn span(self) -> Result<Span, Failure> {
        let skip: Option<usize> = paging::decode(self.cursor.as_deref())?;
        let limit = self.limit.unwrap_or(paging::DEFAULT_LIMIT);
        let page = (skip.unwrap_or(0), usize::try_from(limit).unwrap_or(0));
        Ok(Span {
            authorities: self.by.map(|SplitBy::Authority| page),
            period: self.period.unwrap_or_default(),
        })
    }
}

/// An authority, by its name (Dutch: eerstverantwoordelijke).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FigureAuthority {
    /// Id of the organisation (organisatie).
    id: Uuid,
    /// Official name (naam).
    #[schema(example = "Ministerie van Onderwijs, Cultuur en Wetenschap")]
    name: String,
}

impl From<&Authority> for FigureAuthority {
    fn from(of: &Authority) -> Self {
        Self {
            id: of.id.uuid(),
            name: of.name.clone(),
        }
    }
}

/// A number with what it is of (Dutch: aantal).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Code of what is counted (code).
    #[schema(example = "regulation_amended")]
    code: String,
    /// The words for it (omschrijving).
    #[schema(example = "Regeling aangepast")]
    label: String,
    /// How many reports (aantal meldingen).
    reports: i64,
}

/// Numbers in one cell of a sheet, as `settled 12; routed 3`.
fn tallied(all: &[Tally]) -> String {
    let told: Vec<String> = all
        .iter()
        .map(|one| format!("{} {}", one.code, one.reports))
        .collect();
    told.join("; ")
}
