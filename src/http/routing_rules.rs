//! The routing rules (routeringsregels) themselves.

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::id::OrganisationId;
use crate::domain::routing::{Rule, RuleMode};
use crate::http::auth::{Granted, ReadReports};
use crate::http::conditional::{etag, tagged};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::reference::Search;
use crate::http::report_views::{OrganisationRef, reference};
use crate::services::reports::load_organisations;
use crate::services::{Context, Error, routing_rules};
use crate::store::db::Conn;
use crate::store::routing_rules::Filter;

/// A routing rule (Dutch: routeringsregel) in its latest version. All conditions that are given must hold.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "number": 34, "version": 1, "order": 34, "conditions": {"regulation": "BWBR0003420", "article": null, "domain": null},
    "lead": {"id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "abbreviation": "OCW", "name": "Ministerie van Onderwijs, Cultuur en Wetenschap"},
    "contributors": [], "mode": "auto",
    "explanation": {"nl": "OCW, eigenaar van de regeling", "en": "OCW, owner of the regulation"},
    "validFrom": "2024-07-02", "validUntil": null
}))]
pub struct RoutingRuleView {
    /// What people call it: rule 34 (nummer).
    number: i32,
    /// Version; a change makes a new one (versie).
    version: i32,
    /// Lower goes first among equally specific rules (volgorde).
    order: i32,
    /// What must hold (voorwaarden).
    conditions: RoutingConditionsView,
    /// Who becomes the lead authority (eerstverantwoordelijke).
    lead: OrganisationRef,
    /// Who works on it too (meebehandelaars).
    contributors: Vec<OrganisationRef>,
    /// Whether it routes by itself or suggests (soort).
    mode: RuleMode,
    /// Why, for people (toelichting).
    explanation: RoutingExplanationView,
    /// First day it holds (geldig vanaf).
    valid_from: NaiveDate,
    /// First day it no longer holds (geldig tot).
    valid_until: Option<NaiveDate>,
}

/// What must hold for a routing rule (Dutch: voorwaarden); null is no condition.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"regulation": "BWBR0003420", "article": "153", "domain": null}))]
pub struct RoutingConditionsView {
    /// Identifier of the regulation that is cited (regeling).
    regulation: Option<String>,
    /// The article of it (artikel).
    article: Option<String>,
    /// Code of a policy domain of the report (beleidsterrein).
    domain: Option<String>,
}

/// Why a rule routes as it does, in both languages (Dutch: toelichting).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"nl": "OCW, eigenaar van de regeling", "en": "OCW, owner of the regulation"}))]
pub struct RoutingExplanationView {
    /// In Dutch (Nederlands).
    nl: String,
    /// In English (Engels).
    en: String,
}

/// Filters of the list; different keys narrow, one key repeated widens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct RoutingRuleFilters {
    /// Identifier of the regulation it is about, as BWBR0003420; may repeat (regeling).
    #[serde(default)]
    regulation: Vec<String>,
    /// Code of the policy domain it is about; may repeat (beleidsterrein).
    #[serde(default)]
    domain: Vec<String>,
    /// Id of the lead it gives; may repeat (eerstverantwoordelijke).
    #[serde(default)]
    lead: Vec<Uuid>,
    /// Whether it routes by itself or suggests; may repeat (soort).
    #[param(inline)]
    #[serde(default)]
    mode: Vec<RuleMode>,
}

impl From<RoutingRuleFilters> for Filter {
    fn from(filters: RoutingRuleFilters) -> Self {
        Self {
            regulations: filters.regulation,
            domains: filters.domain,
            leads: filters
                .lead
                .into_iter()
                .map(OrganisationId::from_uuid)
                .collect(),
            modes: filters.mode,
        }
    }
}

/// Makes rules ready to be shown, with one statement for the organisations they name.
fn views(conn: &mut Conn, rules: Vec<Rule>) -> Result<Vec<RoutingRuleView>, Error> {
    let named = rules
        .iter()
        .flat_map(|rule| std::iter::once(rule.lead).chain(rule.contributors.iter().copied()));
    let organisations = load_organisations(conn, named)?;
    let view = |rule: Rule| RoutingRuleView {
        number: rule.number,
        version: rule.version,
        order: rule.order,
        conditions: RoutingConditionsView {
            regulation: rule.regulation,
            article: rule.article,
            domain: rule.domain,
        },
        lead: reference(&organisations, rule.lead),
        contributors: rule
            .contributors
            .iter()
            .map(|id| reference(&organisations, *id))
            .collect(),
        mode: rule.mode,
        explanation: RoutingExplanationView {
            nl: rule.explanation_nl,
            en: rule.explanation_en,
        },
        valid_from: rule.valid_from,
        valid_until: rule.valid_until,
    };
    Ok(rules.into_iter().map(view).collect())
}

/// List routing rules
///
/// The rules (routeringsregels) by number, for whoever handles reports: desk, ministries and analysts.
#[utoipa::path(
    tag = "routing",
    params(Search<RoutingRuleFilters>),
    responses((status = 200, description = "A page (pagina)", body = Page<RoutingRuleView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/routing/rules")]
pub async fn list_routing_rules(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    Query(search): Query<Search<RoutingRuleFilters>>,
) -> Result<HttpResponse, Failure> {
    let limit = search.limit();
    let after: Option<i32> = paging::decode(search.cursor())?;
    let listing = search.listing(ctx.clock.now());
    let filter = search.filters.into();
    let read = move |conn: &mut Conn| {
        let rows = routing_rules::list(conn, &actor, &listing, &filter, after)?;
        let (rows, next_cursor) = paging::cut(rows, limit, |rule| rule.number);
        let items = views(conn, rows)?;
        Ok::<_, Error>(Page { items, next_cursor })
    };
    let page = ctx.db.read(read).await?;
    Ok(paging::respond(&request, &page))
}

/// Read a routing rule
///
/// One rule (routeringsregel) in its latest version, for whoever handles reports.
#[utoipa::path(
    tag = "routing",
    params(("number" = i32, Path, description = "Number of the rule (nummer)", minimum = 1, example = 34)),
    responses(
        (status = 200, description = "The rule (routeringsregel)", body = RoutingRuleView, headers(("ETag" = String, description = "Version of the rule (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/routing/rules/{number}")]
pub async fn get_routing_rule(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    number: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let number: i32 = number.parse().map_err(|_| Error::NotFound)?;
    let read = move |conn: &mut Conn| {
        let rule = routing_rules::get(conn, &actor, number)?;
        views(conn, vec![rule])?.pop().ok_or(Error::NotFound)
    };
    let view = ctx.db.read(read).await?;
    let names: Vec<_> = std::iter::once(&view.lead)
        .chain(&view.contributors)
        .map(|organisation| (&organisation.abbreviation, &organisation.name))
        .collect();
    let tag = etag(view.version, names);
    Ok(tagged(&request, &tag, &view))
}
