//! Provinces (provincies). Their number has not changed since 1986; they are read only.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::place::Province;
use crate::http::auth::Auth;
use crate::http::conditional::{etag, tagged};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::reference::is_code;
use crate::services::{Context, Error};
use crate::store::listing::Listing;
use crate::store::places;

/// A province (Dutch: provincie).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"code": "PV29", "name": "Zeeland", "tooi": "pv29"}))]
pub struct ProvinceView {
    /// CBS code (provinciecode).
    code: String,
    /// Name (naam).
    name: String,
    /// TOOI code (TOOI-code).
    tooi: String,
}

impl From<Province> for ProvinceView {
    fn from(province: Province) -> Self {
        Self {
            code: province.code,
            name: province.name,
            tooi: province.tooi,
        }
    }
}

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ProvinceSearch {
    /// Words that the name or the code contains (zoekwoorden).
    #[param(min_length = 1, max_length = 100, nullable = false, example = "zee")]
    q: Option<String>,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 3000, nullable = false)]
    cursor: Option<String>,
}

/// List provinces
///
/// Provinces (provincies) by name.
#[utoipa::path(
    tag = "reference",
    params(ProvinceSearch),
    responses((status = 200, description = "A page (pagina)", body = Page<ProvinceView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = [])),
)]
#[get("/provinces")]
pub async fn list_provinces(
    ctx: web::Data<Context>,
    _: Auth,
    request: HttpRequest,
    Query(search): Query<ProvinceSearch>,
) -> Result<HttpResponse, Failure> {
    let limit = search.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let after: Option<(String, String)> = paging::decode(search.cursor.as_deref())?;
    let listing = Listing {
        words: search.q,
        valid_on: None,
        limit: limit + 1,
    };
    let rows = ctx
        .db
        .read(move |conn| {
            places::list_provinces(conn, &listing, after.as_ref()).map_err(Error::from)
        })
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |row| (row.name.clone(), row.code.clone()));
    let items = rows.into_iter().map(ProvinceView::from).collect();
    Ok(paging::respond(&request, &Page { items, next_cursor }))
}

/// Read a province
///
/// One province (provincie).
#[utoipa::path(
    tag = "reference",
    params(("code" = String, Path, description = "CBS code (provinciecode)", example = "PV29")),
    responses(
        (status = 200, description = "The province (provincie)", body = ProvinceView, headers(("ETag" = String, description = "Version of the province (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = [])),
)]
#[get("/provinces/{code}")]
pub async fn get_province(
    ctx: web::Data<Context>,
    _: Auth,
    request: HttpRequest,
    code: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    if !is_code(&code) {
        return Err(Error::NotFound.into());
    }
    let code = code.to_uppercase();
    let found = ctx
        .db
        .read(move |conn| places::find_province(conn, &code).map_err(Error::from))
        .await?;
    let province = found.ok_or(Error::NotFound)?;
    let tag = etag(1, (&province.name, &province.tooi));
    Ok(tagged(&request, &tag, &ProvinceView::from(province)))
}
