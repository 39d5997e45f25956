//! Regions (regio's): labels of policy, never a legal fact.

use actix_web::{HttpRequest, HttpResponse, get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::place::{Confidence, Region, RegionKind};
use crate::http::auth::{Auth, Granted, WriteReference};
use crate::http::body::Body;
use crate::http::conditional::{IfMatch, IfMatchHeader};
use crate::http::idempotency::{IdempotencyKey, IdempotencyKeyHeader};
use crate::http::paging::Page;
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::reference::{self, Search, Shown, is_code, put};
use crate::http::report_input::given;
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::regions::Filter;

/// A decline or anticipating region (Dutch: krimp- of anticipeerregio).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "code": "KR-ZEEUWS-VLAANDEREN", "kind": "decline", "name": "Zeeuws-Vlaanderen",
    "municipalities": ["GM0677", "GM0715", "GM1714"], "provinces": ["PV29"], "validFrom": "2019-01-01", "validUntil": null,
    "source": "Indeling krimpregio's en anticipeerregio's per 1 januari 2019", "confidence": "high", "version": 1
}))]
pub struct RegionView {
    /// Code (code).
    code: String,
    /// What it is called after (soort).
    kind: RegionKind,
    /// Name (naam).
    name: String,
    /// Codes of its municipalities (gemeenten).
    municipalities: Vec<String>,
    /// Codes of the provinces those lie in (provincies).
    provinces: Vec<String>,
    /// First day it held; null when not known (geldig vanaf).
    valid_from: Option<NaiveDate>,
    /// First day it no longer holds (geldig tot).
    valid_until: Option<NaiveDate>,
    /// Where the list of municipalities comes from (bron).
    source: String,
    /// How sure that list is (zekerheid).
    confidence: Confidence,
    /// Version, for If-Match (versie).
    version: i32,
}

/// A region to add (Dutch: nieuwe regio).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "code": "AR-SCHELDEMOND", "kind": "anticipating", "name": "Scheldemond", "municipalities": ["GM0715", "GM1714"],
    "validFrom": "2027-01-01", "source": "Besluit van 1 oktober 2026", "confidence": "high"
}))]
pub struct RegionRequest {
    /// Code (code).
    #[schema(min_length = 4, max_length = 60, pattern = "^[A-Z]{2}(-[A-Z0-9]+)+$")]
    code: String,
    /// What it is called after (soort).
    kind: RegionKind,
    /// Name (naam).
    #[schema(min_length = 1, max_length = 200, pattern = r"^\S([^\r\n\t]*\S)?$")]
    name: String,
    /// CBS codes of its municipalities, as GM1714 or 1714 (gemeenten).
    #[schema(min_items = 1, max_items = 100)]
    municipalities: Vec<String>,
    /// First day it holds (geldig vanaf).
    valid_from: Option<NaiveDate>,
    /// First day it no longer holds (geldig tot).
    valid_until: Option<NaiveDate>,
    /// Where the list of municipalities comes from (bron).
    #[schema(min_length = 1, max_length = 2000)]
    source: String,
    /// How sure that list is (zekerheid).
    confidence: Confidence,
}

/// Changes to a region (Dutch: wijziging). What is left out stays; null empties what may be empty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"municipalities": ["GM0677", "GM0715", "GM1714"], "confidence": "high"}))]
pub struct RegionChange {
    /// Name (naam).
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^\S([^\r\n\t]*\S)?$",
        nullable = false
    )]
    name: Option<String>,
    /// CBS codes of its municipalities, all of them (gemeenten).
    #[schema(min_items = 1, max_items = 100, nullable = false)]
    municipalities: Option<Vec<String>>,
    /// First day it holds (geldig vanaf).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_from: Option<Option<NaiveDate>>,
    /// First day it no longer holds (geldig tot).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_until: Option<Option<NaiveDate>>,
    /// Where the list of municipalities comes from (bron).
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    source: Option<String>,
    /// How sure that list is (zekerheid).
    #[schema(nullable = false)]
    confidence: Option<Confidence>,
}

/// Filters of the list; different keys narrow, one key repeated widens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct RegionFilters {
    /// What it is called after; may repeat (soort).
    #[param(inline)]
    #[serde(default)]
    kind: Vec<RegionKind>,
    /// Code of a province that it lies in, as PV29; may repeat (provincie).
    #[serde(default)]
    province: Vec<String>,
}

impl From<RegionFilters> for Filter {
    fn from(filters: RegionFilters) -> Self {
        Self {
            kinds: filters.kind,
            provinces: filters.province,
        }
    }
}

impl From<RegionRequest> for Region {
    fn from(request: RegionRequest) -> Self {
        Self {
            code: request.code,
            kind: request.kind,
            name: request.name,
            municipalities: request.municipalities,
            // They follow from the municipalities.
            provinces: Vec::new(),
            valid_from: request.valid_from,
            valid_until: request.valid_until,
            source: request.source,
            confidence: request.confidence,
            version: 1,
        }
    }
}

impl RegionChange {
    fn apply(self, region: &mut Region) {
        put(&mut region.name, self.name);
        put(&mut region.municipalities, self.municipalities);
        put(&mut region.valid_from, self.valid_from);
        put(&mut region.valid_until, self.valid_until);
        put(&mut region.source, self.source);
        put(&mut region.confidence, self.confidence);
    }
}

impl From<Region> for RegionView {
    fn from(region: Region) -> Self {
        Self {
            code: region.code,
            kind: region.kind,
            name: region.name,
            municipalities: region.municipalities,
            provinces: region.provinces,
            valid_from: region.valid_from,
            valid_until: region.valid_until,
            source: region.source,
            confidence: region.confidence,
            version: region.version,
        }
    }
}

impl Shown for Region {
    type Filters = RegionFilters;
    type View = RegionView;
    const PATH: &'static str = "regions";

    fn parse_key(text: &str) -> Option<String> {
        is_code(text).then(|| text.to_uppercase())
    }

    fn views(_: &mut Conn, facts: Vec<Self>) -> Result<Vec<RegionView>, Error> {
        Ok(facts.into_iter().map(Into::into).collect())
    }
}

/// List regions
///
/// Decline and anticipating regions (krimp- en anticipeerregio's) by name, with their municipalities.
#[utoipa::path(
    tag = "reference",
    params(Search<RegionFilters>),
    responses((status = 200, description = "A page (pagina)", body = Page<RegionView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = [])),
)]
#[get("/regions")]
pub async fn list_regions(
    ctx: web::Data<Context>,
    _: Auth,
    request: HttpRequest,
    Query(search): Query<Search<RegionFilters>>,
) -> Result<HttpResponse, Failure> {
    reference::list::<Region>(&ctx, &request, search).await
}

/// Read a region
///
/// One region (regio) with its municipalities.
#[utoipa::path(
    tag = "reference",
    params(("code" = String, Path, description = "Code of the region (regio)", example = "KR-ZEEUWS-VLAANDEREN")),
    responses(
        (status = 200, description = "The region (regio)", body = RegionView, headers(("ETag" = String, description = "Version of the region (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = [])),
)]
#[get("/regions/{code}")]
pub async fn get_region(
    ctx: web::Data<Context>,
    _: Auth,
    request: HttpRequest,
    code: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    reference::read::<Region>(&ctx, &request, &code).await
}

/// Add a region
///
/// Enters a region (regio toevoegen), for coordinators and administrators.
#[utoipa::path(
    tag = "reference",
    params(IdempotencyKeyHeader),
    request_body(content = RegionRequest, description = "The region (regio)"),
    responses((status = 201, description = "Added (toegevoegd)", body = RegionView, headers(
        ("Location" = String, description = "Address of the region (adres)"),
        ("ETag" = String, description = "Version of the region (versie)"),
    ))),
    security(("oauth2" = ["reference:write"])),
)]
#[post("/regions")]
pub async fn add_region(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    key: IdempotencyKey,
    body: Body<RegionRequest>,
) -> Result<HttpResponse, Failure> {
    let key = key.with(&body.raw);
    reference::create(&ctx, actor, key, move |_| Region::from(body.value)).await
}

/// Change a region
///
/// Mends or ends a region (regio wijzigen), for coordinators and administrators. Reports keep the regions they had when
/// they were written.
#[utoipa::path(
    tag = "reference",
    params(("code" = String, Path, description = "Code of the region (regio)", example = "KR-ZEEUWS-VLAANDEREN"), IfMatchHeader),
    request_body(content = RegionChange, description = "What changes (wijziging)"),
    responses((status = 200, description = "The region as it now is (regio)", body = RegionView, headers(("ETag" = String, description = "Version of the region (versie)")))),
    security(("oauth2" = ["reference:write"])),
)]
#[patch("/regions/{code}")]
pub async fn change_region(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    seen: IfMatch,
    code: web::Path<String>,
    body: Body<RegionChange>,
) -> Result<HttpResponse, Failure> {
    reference::change::<Region>(&ctx, actor, &code, seen, move |it| body.value.apply(it)).await
}
