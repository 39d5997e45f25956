//! Organisations (organisaties).

use actix_web::{HttpRequest, HttpResponse, get, patch, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::actor::OrganisationKind;
use crate::domain::id::OrganisationId;
use crate::domain::organisation::Organisation;
use crate::http::auth::{Administer, Auth, Granted};
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
use crate::store::organisations::Filter;

/// An organisation (Dutch: organisatie) that sends reports or owns rules.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "kind": "ministry",
    "name": "Ministerie van Onderwijs, Cultuur en Wetenschap", "abbreviation": "OCW", "tooi": "mnre1109",
    "municipalityCode": null, "provinceCode": null, "ownsRules": true, "operator": false,
    "validFrom": null, "validUntil": null, "successor": null,
    "createdAt": "2026-11-24T08:00:00Z", "updatedAt": "2026-11-24T08:00:00Z", "version": 1
}))]
pub struct OrganisationView {
    /// Id (kenmerk).
    id: Uuid,
    /// What it is (soort).
    kind: OrganisationKind,
    /// Official name in Dutch (naam).
    name: String,
    /// What people call it (afkorting).
    abbreviation: Option<String>,
    /// TOOI code (TOOI-code).
    tooi: Option<String>,
    /// CBS code, of a municipality (gemeentecode).
    municipality_code: Option<String>,
    /// Code of the province it is or lies in (provinciecode).
    province_code: Option<String>,
    /// It can be the authority on a report (eigenaar van regels).
    owns_rules: bool,
    /// It runs the reporting point (beheerder van het meldpunt).
    operator: bool,
    /// First day it existed; null when not known (geldig vanaf).
    valid_from: Option<NaiveDate>,
    /// First day it no longer exists (geldig tot).
    valid_until: Option<NaiveDate>,
    /// Id of the organisation that took its place (opvolger).
    successor: Option<Uuid>,
    /// When it was entered (aangemaakt).
    created_at: DateTime<Utc>,
    /// When it was last changed (gewijzigd).
    updated_at: DateTime<Utc>,
    /// Version, for If-Match (versie).
    version: i32,
}

/// An organisation to add (Dutch: nieuwe organisatie).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "kind": "water_board", "name": "Waterschap Scheldestromen", "provinceCode": "PV29", "ownsRules": true
}))]
pub struct OrganisationRequest {
    /// What it is (soort).
    kind: OrganisationKind,
    /// Official name in Dutch (naam).
    #[schema(min_length = 1, max_length = 200, pattern = r"^\S([^\r\n\t]*\S)?$")]
    name: String,
    /// What people call it (afkorting).
    #[schema(min_length = 1, max_length = 20, pattern = r"^\S([^\r\n\t]*\S)?$")]
    abbreviation: Option<String>,
    /// TOOI code or address; that of a municipality or province follows from its code (TOOI-code).
    #[schema(min_length = 1, max_length = 100)]
    tooi: Option<String>,
    /// CBS code, for a municipality, as GM1714 or 1714 (gemeentecode).
    #[schema(pattern = "^(GM|gm)?[0-9]{4}$")]
    municipality_code: Option<String>,
    /// Code of the province it is or lies in; that of a municipality follows (provinciecode).
    #[schema(pattern = "^PV[0-9]{2}$")]
    province_code: Option<String>,
    /// It can be the authority on a report (eigenaar van regels).
    #[serde(default)]
    #[schema(default = false)]
    owns_rules: bool,
    /// First day it exists (geldig vanaf).
    valid_from: Option<NaiveDate>,
    /// First day it no longer exists (geldig tot).
    valid_until: Option<NaiveDate>,
    /// Id of the organisation that takes its place (opvolger).
    successor: Option<Uuid>,
}

/// Changes to an organisation (Dutch: wijziging). What is left out stays; null empties what may be empty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"validUntil": "2027-01-01", "successor": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"}))]
pub struct OrganisationChange {
    /// Official name in Dutch; a renamed organisation is ended and gets a successor, this mends mistakes (naam).
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^\S([^\r\n\t]*\S)?$",
        nullable = false
    )]
    name: Option<String>,
    /// What people call it (afkorting).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 20, pattern = r"^\S([^\r\n\t]*\S)?$")]
    abbreviation: Option<Option<String>>,
    /// TOOI code or address (TOOI-code).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    tooi: Option<Option<String>>,
    /// Code of the province it lies in (provinciecode).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, pattern = "^PV[0-9]{2}$")]
    province_code: Option<Option<String>>,
    /// It can be the authority on a report (eigenaar van regels).
    #[schema(nullable = false)]
    owns_rules: Option<bool>,
    /// First day it exists (geldig vanaf).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_from: Option<Option<NaiveDate>>,
    /// First day it no longer exists (geldig tot).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_until: Option<Option<NaiveDate>>,
    /// Id of the organisation that takes its place (opvolger).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    successor: Option<Option<Uuid>>,
}

/// Filters of the list; different keys narrow, one key repeated widens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct OrganisationFilters {
    /// What it is; may repeat (soort).
    #[param(inline)]
    #[serde(default)]
    kind: Vec<OrganisationKind>,
    /// Whether it can be the authority on a report (eigenaar van regels).
    #[param(nullable = false)]
    owns_rules: Option<bool>,
    /// Code of the province it is or lies in, as PV29; may repeat (provincie).
    #[serde(default)]
    province: Vec<String>,
}

impl From<OrganisationFilters> for Filter {
    fn from(filters: OrganisationFilters) -> Self {
        Self {
            kinds: filters.kind,
            owns_rules: filters.owns_rules,
            provinces: filters.province,
        }
    }
}

impl OrganisationRequest {
    fn make(self, now: DateTime<Utc>) -> Organisation {
        Organisation {
            id: OrganisationId::new(),
            kind: self.kind,
            name: self.name,
            abbreviation: self.abbreviation,
            tooi: self.tooi,
            municipality_code: self.municipality_code,
            province_code: self.province_code,
            owns_rules: self.owns_rules,
            operator: false,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            successor: self.successor.map(OrganisationId::from_uuid),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }
}

impl OrganisationChange {
    fn apply(self, organisation: &mut Organisation) {
        put(&mut organisation.name, self.name);
        put(&mut organisation.abbreviation, self.abbreviation);
        put(&mut organisation.tooi, self.tooi);
        put(&mut organisation.province_code, self.province_code);
        put(&mut organisation.owns_rules, self.owns_rules);
        put(&mut organisation.valid_from, self.valid_from);
        put(&mut organisation.valid_until, self.valid_until);
        let successor = self.successor.map(|id| id.map(OrganisationId::from_uuid));
        put(&mut organisation.successor, successor);
    }
}

impl From<Organisation> for OrganisationView {
    fn from(organisation: Organisation) -> Self {
        Self {
            id: organisation.id.uuid(),
            kind: organisation.kind,
            name: organisation.name,
            abbreviation: organisation.abbreviation,
            tooi: organisation.tooi,
            municipality_code: organisation.municipality_code,
            province_code: organisation.province_code,
            owns_rules: organisation.owns_rules,
            operator: organisation.operator,
            valid_from: organisation.valid_from,
            valid_until: organisation.valid_until,
            successor: organisation.successor.map(OrganisationId::uuid),
            created_at: organisation.created_at,
            updated_at: organisation.updated_at,
            version: organisation.version,
        }
    }
}

impl Shown for Organisation {
    type Filters = OrganisationFilters;
    type View = OrganisationView;
    const PATH: &'static str = "organisations";

    fn parse_key(text: &str) -> Option<OrganisationId> {
        text.parse().ok()
    }

    fn views(_: &mut Conn, facts: Vec<Self>) -> Result<Vec<OrganisationView>, Error> {
        Ok(facts.into_iter().map(Into::into).collect())
    }
}

/// List organisations
///
/// Organisations (organisaties) by name: who may send reports, and with `ownsRules` who can be the authority on one.
#[utoipa::path(
    tag = "organisations",
    params(Search<OrganisationFilters>),
    responses((status = 200, description = "A page (pagina)", body = Page<OrganisationView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = [])),
)]
#[get("/organisations")]
pub async fn list_organisations(
    ctx: web::Data<Context>,
    _: Auth,
    request: HttpRequest,
    Query(search): Query<Search<OrganisationFilters>>,
) -> Result<HttpResponse, Failure> {
    reference::list::<Organisation>(&ctx, &request, search).await
}

/// Read an organisation
///
/// One organisation (organisatie), existing or ended.
#[utoipa::path(
    tag = "organisations",
    params(("id" = Uuid, Path, description = "Id of the organisation (organisatie)")),
    responses(
        (status = 200, description = "The organisation (organisatie)", body = OrganisationView, headers(("ETag" = String, description = "Version of the organisation (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = [])),
)]
#[get("/organisations/{id}")]
pub async fn get_organisation(
    ctx: web::Data<Context>,
    _: Auth,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    reference::read::<Organisation>(&ctx, &request, &id).await
}

/// Add an organisation
///
/// Enters an organisation (organisatie toevoegen), for administrators of the service.
#[utoipa::path(
    tag = "organisations",
    params(IdempotencyKeyHeader),
    request_body(content = OrganisationRequest, description = "The organisation (organisatie)"),
    responses((status = 201, description = "Added (toegevoegd)", body = OrganisationView, headers(
        ("Location" = String, description = "Address of the organisation (adres)"),
        ("ETag" = String, description = "Version of the organisation (versie)"),
    ))),
    security(("oauth2" = ["admin"])),
)]
#[post("/organisations")]
pub async fn add_organisation(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<Administer>,
    key: IdempotencyKey,
    body: Body<OrganisationRequest>,
) -> Result<HttpResponse, Failure> {
    let key = key.with(&body.raw);
    reference::create(&ctx, actor, key, move |now| body.value.make(now)).await
}

/// Change an organisation
///
/// Mends or ends an organisation (organisatie wijzigen), for administrators of the service. Nothing is deleted: end it with
/// `validUntil` and name its `successor`.
#[utoipa::path(
    tag = "organisations",
    params(("id" = Uuid, Path, description = "Id of the organisation (organisatie)"), IfMatchHeader),
    request_body(content = OrganisationChange, description = "What changes (wijziging)"),
    responses((status = 200, description = "The organisation as it now is (organisatie)", body = OrganisationView, headers(("ETag" = String, description = "Version of the organisation (versie)")))),
    security(("oauth2" = ["admin"])),
)]
#[patch("/organisations/{id}")]
pub async fn change_organisation(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<Administer>,
    seen: IfMatch,
    id: web::Path<String>,
    body: Body<OrganisationChange>,
) -> Result<HttpResponse, Failure> {
    reference::change::<Organisation>(&ctx, actor, &id, seen, move |it| body.value.apply(it)).await
}
