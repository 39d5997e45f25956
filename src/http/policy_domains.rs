//! Policy domains (beleidsterreinen).

use actix_web::{HttpRequest, HttpResponse, get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::id::OrganisationId;
use crate::domain::regulation::PolicyDomain;
use crate::http::auth::{Auth, Granted, WriteReference};
use crate::http::body::Body;
use crate::http::conditional::{IfMatch, IfMatchHeader};
use crate::http::idempotency::{IdempotencyKey, IdempotencyKeyHeader};
use crate::http::organisation_ref::{OrganisationRef, reference as organisation};
use crate::http::paging::Page;
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::reference::{self, Search, Shown, is_code, put};
use crate::http::report_input::given;
use crate::services::reports::load_organisations;
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::policy_domains::Filter;

/// A policy domain (Dutch: beleidsterrein) and the ministry that leads it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "code": "onderwijs-po", "label": "Primair onderwijs", "labelEn": "Primary education",
    "lead": {"id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "abbreviation": "OCW", "name": "Ministerie van Onderwijs, Cultuur en Wetenschap"},
    "validFrom": null, "validUntil": null, "version": 1
}))]
pub struct PolicyDomainView {
    /// Code (code).
    code: String,
    /// Name in Dutch (naam).
    label: String,
    /// Name in English (Engelse naam).
    label_en: String,
    /// The ministry that leads it (eerstverantwoordelijke).
    lead: Option<OrganisationRef>,
    /// First day it held; null when not known (geldig vanaf).
    valid_from: Option<NaiveDate>,
    /// First day it no longer holds (geldig tot).
    valid_until: Option<NaiveDate>,
    /// Version, for If-Match (versie).
    version: i32,
}

/// A policy domain to add (Dutch: nieuw beleidsterrein).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "code": "dorpshuizen", "label": "Dorpshuizen", "labelEn": "Village halls", "lead": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"
}))]
pub struct PolicyDomainRequest {
    /// Code (code).
    #[schema(min_length = 2, max_length = 60, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    code: String,
    /// Name in Dutch (naam).
    #[schema(min_length = 1, max_length = 200, pattern = r"^\S([^\r\n\t]*\S)?$")]
    label: String,
    /// Name in English (Engelse naam).
    #[schema(min_length = 1, max_length = 200, pattern = r"^\S([^\r\n\t]*\S)?$")]
    label_en: String,
    /// Id of the ministry that leads it (eerstverantwoordelijke).
    lead: Option<Uuid>,
    /// First day it holds (geldig vanaf).
    valid_from: Option<NaiveDate>,
    /// First day it no longer holds (geldig tot).
    valid_until: Option<NaiveDate>,
}

/// Changes to a policy domain (Dutch: wijziging). What is left out stays; null empties what may be empty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"lead": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"}))]
pub struct PolicyDomainChange {
    /// Name in Dutch (naam).
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^\S([^\r\n\t]*\S)?$",
        nullable = false
    )]
    label: Option<String>,
    /// Name in English (Engelse naam).
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^\S([^\r\n\t]*\S)?$",
        nullable = false
    )]
    label_en: Option<String>,
    /// Id of the ministry that leads it (eerstverantwoordelijke).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    lead: Option<Option<Uuid>>,
    /// First day it holds (geldig vanaf).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_from: Option<Option<NaiveDate>>,
    /// First day it no longer holds (geldig tot).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_until: Option<Option<NaiveDate>>,
}

/// Filters of the list; different keys narrow, one key repeated widens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct PolicyDomainFilters {
    /// Id of the ministry that leads it; may repeat (eerstverantwoordelijke).
    #[serde(default)]
    lead: Vec<Uuid>,
}

impl From<PolicyDomainFilters> for Filter {
    fn from(filters: PolicyDomainFilters) -> Self {
        Self {
            leads: filters
                .lead
                .into_iter()
                .map(OrganisationId::from_uuid)
                .collect(),
        }
    }
}

impl From<PolicyDomainRequest> for PolicyDomain {
    fn from(request: PolicyDomainRequest) -> Self {
        Self {
            code: request.code,
            label: request.label,
            label_en: request.label_en,
            lead: request.lead.map(OrganisationId::from_uuid),
            valid_from: request.valid_from,
            valid_until: request.valid_until,
            version: 1,
        }
    }
}

impl PolicyDomainChange {
    fn apply(self, domain: &mut PolicyDomain) {
        put(&mut domain.label, self.label);
        put(&mut domain.label_en, self.label_en);
        let lead = self.lead.map(|id| id.map(OrganisationId::from_uuid));
        put(&mut domain.lead, lead);
        put(&mut domain.valid_from, self.valid_from);
        put(&mut domain.valid_until, self.valid_until);
    }
}

impl Shown for PolicyDomain {
    type Filters = PolicyDomainFilters;
    type View = PolicyDomainView;
    const PATH: &'static str = "domains";

    fn parse_key(text: &str) -> Option<String> {
        is_code(text).then(|| text.to_lowercase())
    }

    fn views(conn: &mut Conn, facts: Vec<Self>) -> Result<Vec<PolicyDomainView>, Error> {
        let leads = load_organisations(conn, facts.iter().filter_map(|domain| domain.lead))?;
        let view = |domain: Self| PolicyDomainView {
            code: domain.code,
            label: domain.label,
            label_en: domain.label_en,
            lead: domain.lead.map(|id| organisation(&leads, id)),
            valid_from: domain.valid_from,
            valid_until: domain.valid_until,
            version: domain.version,
        };
        Ok(facts.into_iter().map(view).collect())
    }
}

/// List policy domains
///
/// Policy domains (beleidsterreinen) by Dutch name, each with the ministry that leads it.
#[utoipa::path(
    tag = "reference",
    params(Search<PolicyDomainFilters>),
    responses((status = 200, description = "A page (pagina)", body = Page<PolicyDomainView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = [])),
)]
#[get("/domains")]
pub async fn list_domains(
    ctx: web::Data<Context>,
    _: Auth,
    request: HttpRequest,
    Query(search): Query<Search<PolicyDomainFilters>>,
) -> Result<HttpResponse, Failure> {
    reference::list::<PolicyDomain>(&ctx, &request, search).await
}

/// Read a policy domain
///
/// One policy domain (beleidsterrein).
#[utoipa::path(
    tag = "reference",
    params(("code" = String, Path, description = "Code of the policy domain (beleidsterrein)", example = "onderwijs-po")),
    responses(
        (status = 200, description = "The policy domain (beleidsterrein)", body = PolicyDomainView, headers(("ETag" = String, description = "Version of the policy domain (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = [])),
)]
#[get("/domains/{code}")]
pub async fn get_domain(
    ctx: web::Data<Context>,
    _: Auth,
    request: HttpRequest,
    code: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    reference::read::<PolicyDomain>(&ctx, &request, &code).await
}

/// Add a policy domain
///
/// Enters a policy domain (beleidsterrein toevoegen), for coordinators and administrators.
#[utoipa::path(
    tag = "reference",
    params(IdempotencyKeyHeader),
    request_body(content = PolicyDomainRequest, description = "The policy domain (beleidsterrein)"),
    responses((status = 201, description = "Added (toegevoegd)", body = PolicyDomainView, headers(
        ("Location" = String, description = "Address of the policy domain (adres)"),
        ("ETag" = String, description = "Version of the policy domain (versie)"),
    ))),
    security(("oauth2" = ["reference:write"])),
)]
#[post("/domains")]
pub async fn add_domain(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    key: IdempotencyKey,
    body: Body<PolicyDomainRequest>,
) -> Result<HttpResponse, Failure> {
    let key = key.with(&body.raw);
    reference::create(&ctx, actor, key, move |_| PolicyDomain::from(body.value)).await
}

/// Change a policy domain
///
/// Mends or ends a policy domain (beleidsterrein wijzigen), for coordinators and administrators.
#[utoipa::path(
    tag = "reference",
    params(("code" = String, Path, description = "Code of the policy domain (beleidsterrein)", example = "onderwijs-po"), IfMatchHeader),
    request_body(content = PolicyDomainChange, description = "What changes (wijziging)"),
    responses((status = 200, description = "The policy domain as it now is (beleidsterrein)", body = PolicyDomainView, headers(("ETag" = String, description = "Version of the policy domain (versie)")))),
    security(("oauth2" = ["reference:write"])),
)]
#[patch("/domains/{code}")]
pub async fn change_domain(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    seen: IfMatch,
    code: web::Path<String>,
    body: Body<PolicyDomainChange>,
) -> Result<HttpResponse, Failure> {
    reference::change::<PolicyDomain>(&ctx, actor, &code, seen, move |it| body.value.apply(it))
        .await
}
