//! Regulations (regelingen).

use actix_web::{HttpRequest, HttpResponse, get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::citation::Register;
use crate::domain::id::OrganisationId;
use crate::domain::regulation::{Regulation, RegulationKind, RegulationLevel};
use crate::http::auth::{Auth, Granted, WriteReference};
use crate::http::body::Body;
use crate::http::conditional::{IfMatch, IfMatchHeader};
use crate::http::idempotency::{IdempotencyKey, IdempotencyKeyHeader};
use crate::http::organisation_ref::{OrganisationRef, reference as organisation};
use crate::http::paging::Page;
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::reference::{self, Search, Shown};
use crate::http::regulation_input::{RegulationChange, RegulationRequest, citation};
use crate::services::reports::load_organisations;
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::regulations::Filter;

/// A regulation (Dutch: regeling) with a known identifier.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "identifier": "BWBR0003420", "register": "bwb", "title": "Wet op het primair onderwijs", "shortTitle": "WPO", "aliases": [],
    "kind": "act", "level": "national",
    "owner": {"id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "abbreviation": "OCW", "name": "Ministerie van Onderwijs, Cultuur en Wetenschap"},
    "domains": ["onderwijs-po"], "validFrom": null, "validUntil": null, "successor": null, "verified": true, "note": null,
    "url": "https://wetten.overheid.nl/BWBR0003420", "version": 1
}))]
pub struct RegulationView {
    /// Identifier in its register (kenmerk).
    identifier: String,
    /// The register the identifier is from (register).
    register: Register,
    /// Official title (titel).
    title: String,
    /// What people call it (citeertitel).
    short_title: Option<String>,
    /// Other and former names (andere namen).
    aliases: Vec<String>,
    /// What it is (soort).
    kind: RegulationKind,
    /// Level of government that made it (bestuurslaag).
    level: RegulationLevel,
    /// Who owns it; null for a rule of the European Union, and where it is not known (eigenaar).
    owner: Option<OrganisationRef>,
    /// Codes of its policy domains (beleidsterreinen).
    domains: Vec<String>,
    /// First day it applied; null when not known (geldig vanaf).
    valid_from: Option<NaiveDate>,
    /// First day it no longer applies (geldig tot).
    valid_until: Option<NaiveDate>,
    /// Identifier of the regulation that takes its place (opvolger).
    successor: Option<String>,
    /// False: the identifier is not confirmed (bevestigd).
    verified: bool,
    /// What to know before relying on it (opmerking).
    note: Option<String>,
    /// Where it can be read; null while the identifier is not confirmed (adres).
    #[schema(format = "uri")]
    url: Option<String>,
    /// Version, for If-Match (versie).
    version: i32,
}

/// Filters of the list; different keys narrow, one key repeated widens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct RegulationFilters {
    /// The register the identifier is from; may repeat (register).
    #[param(inline)]
    #[serde(default)]
    register: Vec<Register>,
    /// What it is; may repeat (soort).
    #[param(inline)]
    #[serde(default)]
    kind: Vec<RegulationKind>,
    /// Level of government that made it; may repeat (bestuurslaag).
    #[param(inline)]
    #[serde(default)]
    level: Vec<RegulationLevel>,
    /// Id of who owns it; may repeat (eigenaar).
    #[serde(default)]
    owner: Vec<Uuid>,
    /// Code of a policy domain; may repeat (beleidsterrein).
    #[serde(default)]
    domain: Vec<String>,
}

impl From<RegulationFilters> for Filter {
    fn from(filters: RegulationFilters) -> Self {
        Self {
            registers: filters.register,
            kinds: filters.kind,
            levels: filters.level,
            owners: filters
                .owner
                .into_iter()
                .map(OrganisationId::from_uuid)
                .collect(),
            domains: filters.domain,
        }
    }
}

impl Shown for Regulation {
    type Filters = RegulationFilters;
    type View = RegulationView;
    const PATH: &'static str = "regulations";

    fn parse_key(text: &str) -> Option<String> {
        citation(text)?.regulation()
    }

    fn views(conn: &mut Conn, facts: Vec<Self>) -> Result<Vec<RegulationView>, Error> {
        let owners = load_organisations(conn, facts.iter().filter_map(|it| it.owner))?;
        let view = |regulation: Self| RegulationView {
            url: citation(&regulation.identifier)
                .filter(|_| regulation.verified)
                .and_then(|citation| citation.url()),
            identifier: regulation.identifier,
            register: regulation.register,
            title: regulation.title,
            short_title: regulation.short_title,
            aliases: regulation.aliases,
            kind: regulation.kind,
            level: regulation.level,
            owner: regulation.owner.map(|id| organisation(&owners, id)),
            domains: regulation.domains,
            valid_from: regulation.valid_from,
            valid_until: regulation.valid_until,
            successor: regulation.successor,
            verified: regulation.verified,
            note: regulation.note,
            version: regulation.version,
        };
        Ok(facts.into_iter().map(view).collect())
    }
}

/// List regulations
///
/// Regulations (regelingen) by title: those that reports cite most, with who owns them.
#[utoipa::path(
    tag = "reference",
    params(Search<RegulationFilters>),
    responses((status = 200, description = "A page (pagina)", body = Page<RegulationView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = [])),
)]
#[get("/regulations")]
pub async fn list_regulations(
    ctx: web::Data<Context>,
    _: Auth,
    request: HttpRequest,
    Query(search): Query<Search<RegulationFilters>>,
) -> Result<HttpResponse, Failure> {
    reference::list::<Regulation>(&ctx, &request, search).await
}

/// Read a regulation
///
/// One regulation (regeling), in force or not.
#[utoipa::path(
    tag = "reference",
    params(("identifier" = String, Path, description = "BWB, CVDR or CELEX identifier (kenmerk)", example = "BWBR0003420")),
    responses(
        (status = 200, description = "The regulation (regeling)", body = RegulationView, headers(("ETag" = String, description = "Version of the regulation (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = [])),
)]
#[get("/regulations/{identifier}")]
pub async fn get_regulation(
    ctx: web::Data<Context>,
    _: Auth,
    request: HttpRequest,
    identifier: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    reference::read::<Regulation>(&ctx, &request, &identifier).await
}

/// Add a regulation
///
/// Enters a regulation (regeling toevoegen), for coordinators and administrators.
#[utoipa::path(
    tag = "reference",
    params(IdempotencyKeyHeader),
    request_body(content = RegulationRequest, description = "The regulation (regeling)"),
    responses((status = 201, description = "Added (toegevoegd)", body = RegulationView, headers(
        ("Location" = String, description = "Address of the regulation (adres)"),
        ("ETag" = String, description = "Version of the regulation (versie)"),
    ))),
    security(("oauth2" = ["reference:write"])),
)]
#[post("/regulations")]
pub async fn add_regulation(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    key: IdempotencyKey,
    body: Body<RegulationRequest>,
) -> Result<HttpResponse, Failure> {
    let key = key.with(&body.raw);
    reference::create(&ctx, actor, key, move |_| Regulation::from(body.value)).await
}

/// Change a regulation
///
/// Mends or ends a regulation (regeling wijzigen), for coordinators and administrators. A new owner does not move reports
/// that were routed already.
#[utoipa::path(
    tag = "reference",
    params(("identifier" = String, Path, description = "BWB, CVDR or CELEX identifier (kenmerk)", example = "BWBR0003420"), IfMatchHeader),
    request_body(content = RegulationChange, description = "What changes (wijziging)"),
    responses((status = 200, description = "The regulation as it now is (regeling)", body = RegulationView, headers(("ETag" = String, description = "Version of the regulation (versie)")))),
    security(("oauth2" = ["reference:write"])),
)]
#[patch("/regulations/{identifier}")]
pub async fn change_regulation(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    seen: IfMatch,
    identifier: web::Path<String>,
    body: Body<RegulationChange>,
) -> Result<HttpResponse, Failure> {
    reference::change::<Regulation>(&ctx, actor, &identifier, seen, move |it| {
        body.value.apply(it)
    })
    .await
}
