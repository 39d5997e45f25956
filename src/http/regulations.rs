//! Regulations (regelingen).

use actix_web::{HttpRequest, HttpResponse, get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::citation::{Citation, CitationInput, Register};
use crate::domain::id::OrganisationId;
use crate::domain::regulation::{Regulation, RegulationKind, RegulationLevel};
use crate::http::auth::{Auth, Granted, WriteReference};
use crate::http::body::Body;
use crate::http::conditional::{IfMatch, IfMatchHeader};
use crate::http::idempotency::{IdempotencyKey, IdempotencyKeyHeader};
use crate::http::paging::Page;
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::reference::{self, Search, Shown, put};
use crate::http::report_input::given;
use crate::http::report_views::{OrganisationRef, reference as organisation};
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

/// A regulation to add (Dutch: nieuwe regeling).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "identifier": "CVDR641839", "title": "Verordening leerlingenvervoer", "shortTitle": "Verordening leerlingenvervoer",
    "kind": "by_law", "level": "municipal", "domains": ["onderwijs-po"], "verified": true
}))]
pub struct RegulationRequest {
    /// BWB, CVDR or CELEX identifier, without a version (kenmerk).
    #[schema(
        max_length = 40,
        pattern = r"^(BWB[RVW][0-9]{7}|CVDR[0-9]{1,7}|[0-9CE][0-9]{4}[A-Z]{1,2}[0-9]{4}(\([0-9]{2}\))?)$"
    )]
    identifier: String,
    /// Official title (titel).
    #[schema(min_length = 1, max_length = 1000, pattern = r"^[^\r\n\t]*$")]
    title: String,
    /// What people call it (citeertitel).
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\r\n\t]*$")]
    short_title: Option<String>,
    /// Other and former names (andere namen).
    #[serde(default)]
    #[schema(max_items = 20)]
    aliases: Vec<Alias>,
    /// What it is (soort).
    kind: RegulationKind,
    /// Level of government that made it (bestuurslaag).
    level: RegulationLevel,
    /// Id of who owns it (eigenaar).
    owner: Option<Uuid>,
    /// Codes of its policy domains (beleidsterreinen).
    #[serde(default)]
    #[schema(max_items = 10)]
    domains: Vec<String>,
    /// First day it applies (geldig vanaf).
    valid_from: Option<NaiveDate>,
    /// First day it no longer applies (geldig tot).
    valid_until: Option<NaiveDate>,
    /// Identifier of the regulation that takes its place (opvolger).
    #[schema(min_length = 1, max_length = 40)]
    successor: Option<String>,
    /// False: the identifier is not confirmed (bevestigd).
    #[serde(default)]
    #[schema(default = false)]
    verified: bool,
    /// What to know before relying on it (opmerking).
    #[schema(min_length = 1, max_length = 2000)]
    note: Option<String>,
}

/// Another name of a regulation (Dutch: andere naam).
#[derive(Debug, Deserialize, ToSchema)]
#[schema(
    min_length = 1,
    max_length = 200,
    pattern = r"^[^\r\n\t]*$",
    example = "Wpo"
)]
pub struct Alias(String);

/// Changes to a regulation (Dutch: wijziging). What is left out stays; null empties what may be empty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"owner": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "verified": true, "note": null}))]
pub struct RegulationChange {
    /// Official title (titel).
    #[schema(
        min_length = 1,
        max_length = 1000,
        pattern = r"^[^\r\n\t]*$",
        nullable = false
    )]
    title: Option<String>,
    /// What people call it (citeertitel).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, pattern = r"^[^\r\n\t]*$")]
    short_title: Option<Option<String>>,
    /// Other and former names, all of them (andere namen).
    #[schema(max_items = 20, nullable = false)]
    aliases: Option<Vec<Alias>>,
    /// What it is (soort).
    #[schema(nullable = false)]
    kind: Option<RegulationKind>,
    /// Level of government that made it (bestuurslaag).
    #[schema(nullable = false)]
    level: Option<RegulationLevel>,
    /// Id of who owns it (eigenaar).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    owner: Option<Option<Uuid>>,
    /// Codes of its policy domains, all of them (beleidsterreinen).
    #[schema(max_items = 10, nullable = false)]
    domains: Option<Vec<String>>,
    /// First day it applies (geldig vanaf).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_from: Option<Option<NaiveDate>>,
    /// First day it no longer applies (geldig tot).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_until: Option<Option<NaiveDate>>,
    /// Identifier of the regulation that takes its place (opvolger).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 40)]
    successor: Option<Option<String>>,
    /// False: the identifier is not confirmed (bevestigd).
    #[schema(nullable = false)]
    verified: Option<bool>,
    /// What to know before relying on it (opmerking).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Option<String>>,
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

/// An identifier as a citation, which knows its register and its address.
fn citation(identifier: &str) -> Option<Citation> {
    let input = CitationInput {
        citation: identifier.to_owned(),
        ..CitationInput::default()
    };
    // The day matters only to dates, of which there are none.
    Citation::parse(input, "", NaiveDate::MAX).ok()
}

fn names(aliases: Vec<Alias>) -> Vec<String> {
    aliases.into_iter().map(|alias| alias.0).collect()
}

impl From<RegulationRequest> for Regulation {
    fn from(request: RegulationRequest) -> Self {
        Self {
            register: citation(&request.identifier)
                .map_or(Register::Unknown, |citation| citation.register),
            identifier: request.identifier,
            title: request.title,
            short_title: request.short_title,
            aliases: names(request.aliases),
            kind: request.kind,
            level: request.level,
            owner: request.owner.map(OrganisationId::from_uuid),
            domains: request.domains,
            valid_from: request.valid_from,
            valid_until: request.valid_until,
            successor: request.successor,
            verified: request.verified,
            note: request.note,
            version: 1,
        }
    }
}

impl RegulationChange {
    fn apply(self, regulation: &mut Regulation) {
        put(&mut regulation.title, self.title);
        put(&mut regulation.short_title, self.short_title);
        put(&mut regulation.aliases, self.aliases.map(names));
        put(&mut regulation.kind, self.kind);
        put(&mut regulation.level, self.level);
        let owner = self.owner.map(|id| id.map(OrganisationId::from_uuid));
        put(&mut regulation.owner, owner);
        put(&mut regulation.domains, self.domains);
        put(&mut regulation.valid_from, self.valid_from);
        put(&mut regulation.valid_until, self.valid_until);
        put(&mut regulation.successor, self.successor);
        put(&mut regulation.verified, self.verified);
        put(&mut regulation.note, self.note);
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
