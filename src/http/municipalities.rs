//! Municipalities (gemeenten).

use actix_web::{HttpRequest, HttpResponse, get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::identifier::parse_municipality_code;
use crate::domain::place::Municipality;
use crate::http::auth::{Auth, Granted, WriteReference};
use crate::http::body::Body;
use crate::http::conditional::{IfMatch, IfMatchHeader};
use crate::http::idempotency::{IdempotencyKey, IdempotencyKeyHeader};
use crate::http::paging::Page;
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::reference::{self, Search, Shown, put};
use crate::http::report_input::given;
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::places::Filter;

/// A municipality (Dutch: gemeente), existing or ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "code": "GM1714", "name": "Sluis", "provinceCode": "PV29", "validFrom": null, "validUntil": null, "successors": [], "version": 1
}))]
pub struct MunicipalityView {
    /// CBS code (gemeentecode).
    code: String,
    /// Name as Statistics Netherlands has it (naam).
    name: String,
    /// Code of the province it lies in (provinciecode).
    province_code: String,
    /// First day it existed; null when not known (geldig vanaf).
    valid_from: Option<NaiveDate>,
    /// First day it no longer exists (geldig tot).
    valid_until: Option<NaiveDate>,
    /// Codes of the municipalities it went into (opvolgers).
    successors: Vec<String>,
    /// Version, for If-Match (versie).
    version: i32,
}

/// A municipality to add (Dutch: nieuwe gemeente).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"code": "GM9901", "name": "Nieuw-Scheldeland", "provinceCode": "PV29", "validFrom": "2027-01-01"}))]
pub struct MunicipalityRequest {
    /// CBS code, as GM1714 or 1714 (gemeentecode).
    #[schema(pattern = "^(GM|gm)?[0-9]{4}$")]
    code: String,
    /// Name as Statistics Netherlands has it (naam).
    #[schema(min_length = 1, max_length = 200, pattern = r"^\S([^\r\n\t]*\S)?$")]
    name: String,
    /// Code of the province it lies in (provinciecode).
    #[schema(pattern = "^PV[0-9]{2}$")]
    province_code: String,
    /// First day it exists (geldig vanaf).
    valid_from: Option<NaiveDate>,
    /// First day it no longer exists (geldig tot).
    valid_until: Option<NaiveDate>,
    /// Codes of the municipalities it went into (opvolgers).
    #[serde(default)]
    #[schema(max_items = 20)]
    successors: Vec<String>,
}

/// Changes to a municipality (Dutch: wijziging). What is left out stays; null empties what may be empty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"validUntil": "2027-01-01", "successors": ["GM1714"]}))]
pub struct MunicipalityChange {
    /// Name as Statistics Netherlands has it (naam).
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^\S([^\r\n\t]*\S)?$",
        nullable = false
    )]
    name: Option<String>,
    /// Code of the province it lies in (provinciecode).
    #[schema(pattern = "^PV[0-9]{2}$", nullable = false)]
    province_code: Option<String>,
    /// First day it exists (geldig vanaf).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_from: Option<Option<NaiveDate>>,
    /// First day it no longer exists (geldig tot).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_until: Option<Option<NaiveDate>>,
    /// Codes of the municipalities it went into, all of them (opvolgers).
    #[schema(max_items = 20, nullable = false)]
    successors: Option<Vec<String>>,
}

/// Filters of the list; different keys narrow, one key repeated widens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct MunicipalityFilters {
    /// Code of a province, as PV29; may repeat (provincie).
    #[serde(default)]
    province: Vec<String>,
    /// Code of a region; may repeat (regio).
    #[serde(default)]
    region: Vec<String>,
}

impl From<MunicipalityFilters> for Filter {
    fn from(filters: MunicipalityFilters) -> Self {
        Self {
            provinces: filters.province,
            regions: filters.region,
        }
    }
}

impl From<MunicipalityRequest> for Municipality {
    fn from(request: MunicipalityRequest) -> Self {
        Self {
            code: request.code,
            name: request.name,
            province_code: request.province_code,
            valid_from: request.valid_from,
            valid_until: request.valid_until,
            successors: request.successors,
            version: 1,
        }
    }
}

impl MunicipalityChange {
    fn apply(self, municipality: &mut Municipality) {
        put(&mut municipality.name, self.name);
        put(&mut municipality.province_code, self.province_code);
        put(&mut municipality.valid_from, self.valid_from);
        put(&mut municipality.valid_until, self.valid_until);
        put(&mut municipality.successors, self.successors);
    }
}

impl From<Municipality> for MunicipalityView {
    fn from(municipality: Municipality) -> Self {
        Self {
            code: municipality.code,
            name: municipality.name,
            province_code: municipality.province_code,
            valid_from: municipality.valid_from,
            valid_until: municipality.valid_until,
            successors: municipality.successors,
            version: municipality.version,
        }
    }
}

impl Shown for Municipality {
    type Filters = MunicipalityFilters;
    type View = MunicipalityView;
    const PATH: &'static str = "municipalities";

    fn parse_key(text: &str) -> Option<String> {
        parse_municipality_code(text)
    }

    fn views(_: &mut Conn, facts: Vec<Self>) -> Result<Vec<MunicipalityView>, Error> {
        Ok(facts.into_iter().map(Into::into).collect())
    }
}

/// List municipalities
///
/// Municipalities (gemeenten) by name.
#[utoipa::path(
    tag = "reference",
    params(Search<MunicipalityFilters>),
    responses((status = 200, description = "A page (pagina)", body = Page<MunicipalityView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = [])),
)]
#[get("/municipalities")]
pub async fn list_municipalities(
    ctx: web::Data<Context>,
    _: Auth,
    request: HttpRequest,
    Query(search): Query<Search<MunicipalityFilters>>,
) -> Result<HttpResponse, Failure> {
    reference::list::<Municipality>(&ctx, &request, search).await
}

/// Read a municipality
///
/// One municipality (gemeente), existing or ended, by its CBS code.
#[utoipa::path(
    tag = "reference",
    params(("code" = String, Path, description = "CBS code, as GM1714, gm1714 or 1714 (gemeentecode)", example = "GM1714")),
    responses(
        (status = 200, description = "The municipality (gemeente)", body = MunicipalityView, headers(("ETag" = String, description = "Version of the municipality (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = [])),
)]
#[get("/municipalities/{code}")]
pub async fn get_municipality(
    ctx: web::Data<Context>,
    _: Auth,
    request: HttpRequest,
    code: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    reference::read::<Municipality>(&ctx, &request, &code).await
}

/// Add a municipality
///
/// Enters a municipality (gemeente toevoegen), for coordinators and administrators.
#[utoipa::path(
    tag = "reference",
    params(IdempotencyKeyHeader),
    request_body(content = MunicipalityRequest, description = "The municipality (gemeente)"),
    responses((status = 201, description = "Added (toegevoegd)", body = MunicipalityView, headers(
        ("Location" = String, description = "Address of the municipality (adres)"),
        ("ETag" = String, description = "Version of the municipality (versie)"),
    ))),
    security(("oauth2" = ["reference:write"])),
)]
#[post("/municipalities")]
pub async fn add_municipality(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    key: IdempotencyKey,
    body: Body<MunicipalityRequest>,
) -> Result<HttpResponse, Failure> {
    let key = key.with(&body.raw);
    reference::create(&ctx, actor, key, move |_| Municipality::from(body.value)).await
}

/// Change a municipality
///
/// Mends or ends a municipality (gemeente wijzigen), for coordinators and administrators. Nothing is deleted: end it with
/// `validUntil` and name its `successors`.
#[utoipa::path(
    tag = "reference",
    params(("code" = String, Path, description = "CBS code, as GM1714, gm1714 or 1714 (gemeentecode)", example = "GM1714"), IfMatchHeader),
    request_body(content = MunicipalityChange, description = "What changes (wijziging)"),
    responses((status = 200, description = "The municipality as it now is (gemeente)", body = MunicipalityView, headers(("ETag" = String, description = "Version of the municipality (versie)")))),
    security(("oauth2" = ["reference:write"])),
)]
#[patch("/municipalities/{code}")]
pub async fn change_municipality(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    seen: IfMatch,
    code: web::Path<String>,
    body: Body<MunicipalityChange>,
) -> Result<HttpResponse, Failure> {
    reference::change::<Municipality>(&ctx, actor, &code, seen, move |it| body.value.apply(it))
        .await
}
