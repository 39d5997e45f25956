//! The routing rules (routeringsregels) themselves.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::id::OrganisationId;
use crate::domain::routing::{
    Actions, Because, Condition, Priority, Rule, RuleMode, RuleState, RuleWarning,
};
use crate::http::auth::{Granted, ReadReports, WriteReference};
use crate::http::body::Body;
use crate::http::conditional::{IfMatch, IfMatchHeader, etag, tagged, with_etag};
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::organisation_ref::{OrganisationRef, reference};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::reference::Search;
use crate::http::rule_version::RuleVersion;
use crate::services::idempotency::{Answer, once};
use crate::services::reports::load_organisations;
use crate::services::routing_rules::{Looked, NewRule, VersionRef};
use crate::services::{Context, Error, routing_rules};
use crate::store::db::Conn;
use crate::store::routing_rules::Filter;

/// A page of versions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct VersionsPage {
    /// How many at most (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where the next page begins, as `nextCursor` has it (vervolg).
    #[param(nullable = false, max_length = 500)]
    cursor: Option<String>,
}

/// A version of a routing rule (Dutch: routeringsregel).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "number": 34, "version": 2, "state": "active", "activeVersion": 2, "order": 34,
    "condition": {"regulation": {"id": "BWBR0003420", "articles": ["153-157"]}},
    "lead": {"id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "abbreviation": "OCW", "name": "Ministerie van Onderwijs, Cultuur en Wetenschap"},
    "contributors": [], "watchers": [], "priority": null, "deadlineProfile": null, "mode": "auto",
    "explanation": {"nl": "OCW, eigenaar van de regeling", "en": "OCW, owner of the regulation"},
    "validFrom": "2024-07-02", "validUntil": null, "reason": "De artikelen over opheffing apart.", "author": "Coördinator",
    "createdAt": "2026-11-24T09:00:00Z", "record": {"routed": 12, "corrected": 1, "oftenOverruled": false}, "warnings": []
}))]
pub struct RoutingRuleView {
    /// What people call it: rule 34 (nummer).
    number: i32,
    /// Version; a change makes a new one (versie).
    version: i32,
    /// Where this version stands (stand).
    state: RuleState,
    /// The version in force; null when none is (versie in werking).
    active_version: Option<i32>,
    /// Lower goes first among equally specific rules (volgorde).
    order: i32,
    /// What must hold (voorwaarde).
    condition: Condition,
    /// Who becomes the lead authority; null for a rule that only adds (eerstverantwoordelijke).
    lead: Option<OrganisationRef>,
    /// Who works on it too (meebehandelaars).
    contributors: Vec<OrganisationRef>,
    /// Who follows how it goes (volgers).
    watchers: Vec<OrganisationRef>,
    /// How pressing the report becomes; null leaves that (prioriteit).
    priority: Option<Priority>,
    /// Code of the deadline profile it runs by; null leaves that (termijnprofiel).
    deadline_profile: Option<String>,
    /// Whether it routes by itself or suggests (soort).
    mode: RuleMode,
    /// Why, for people (toelichting).
    explanation: RoutingExplanation,
    /// First day it holds (geldig vanaf).
    valid_from: NaiveDate,
    /// First day it no longer holds (geldig tot).
    valid_until: Option<NaiveDate>,
    /// Why this version was made; null for what came with the service (reden).
    reason: Option<String>,
    /// Who made it; null for what came with the service (auteur).
    author: Option<String>,
    /// When it was made (gemaakt op).
    created_at: DateTime<Utc>,
    /// How it did, in all its versions (staat van dienst).
    record: RoutingRuleRecord,
    /// What a coordinator should look at (waarschuwingen).
    warnings: Vec<RuleWarning>,
}

/// How a rule did (Dutch: staat van dienst).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoutingRuleRecord {
    /// Reports that it routed by itself (gerouteerd).
    routed: i64,
    /// Of those the reports that were returned or went elsewhere (gecorrigeerd).
    corrected: i64,
    /// It is corrected so often that it wants another look (vaak gecorrigeerd).
    often_overruled: bool,
}

/// Why a rule routes as it does, in both languages (Dutch: toelichting).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"nl": "OCW, eigenaar van de regeling", "en": "OCW, owner of the regulation"}))]
pub struct RoutingExplanation {
    /// In Dutch (Nederlands).
    #[schema(min_length = 1, max_length = 500)]
    nl: String,
    /// In English (Engels).
    #[schema(min_length = 1, max_length = 500)]
    en: String,
}

/// A version of a rule as it is to be (Dutch: routeringsregel).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "condition": {"all": [{"regulation": {"id": "BWBR0003420", "articles": ["153-157"]}}, {"not": {"requested": "clarification"}}]},
    "lead": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "mode": "auto",
    "explanation": {"nl": "OCW, eigenaar van de regeling", "en": "OCW, owner of the regulation"},
    "reason": "De artikelen over opheffing apart."
}))]
pub struct RoutingRuleRequest {
    /// Lower goes first among equally specific rules; after all others unless said, or as it was (volgorde).
    #[schema(nullable = false, minimum = 0, maximum = 1_000_000)]
    order: Option<i32>,
    /// What must hold (voorwaarde).
    condition: Condition,
    /// Id of the authority that becomes the lead; left out for a rule that only adds (eerstverantwoordelijke).
    lead: Option<Uuid>,
    /// Ids of the authorities that work on it too (meebehandelaars).
    #[serde(default)]
    #[schema(max_items = 50)]
    contributors: Vec<Uuid>,
    /// Ids of the organisations that follow how it goes (volgers).
    #[serde(default)]
    #[schema(max_items = 50)]
    watchers: Vec<Uuid>,
    /// How pressing the report becomes (prioriteit).
    priority: Option<Priority>,
    /// Code of the deadline profile the report runs by (termijnprofiel).
    #[schema(max_length = 60)]
    deadline_profile: Option<String>,
    /// Whether it routes by itself or suggests (soort).
    mode: RuleMode,
    /// Why, for people (toelichting).
    explanation: RoutingExplanation,
    /// First day it holds; today unless said, or as it was (geldig vanaf).
    #[schema(nullable = false)]
    valid_from: Option<NaiveDate>,
    /// First day it no longer holds; left out for no end (geldig tot).
    valid_until: Option<NaiveDate>,
    /// Why it is made (reden).
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

impl RoutingRuleRequest {
    fn rule(self) -> NewRule {
        let ids = |all: Vec<Uuid>| all.into_iter().map(OrganisationId::from_uuid).collect();
        NewRule {
            order: self.order,
            condition: self.condition,
            actions: Actions {
                lead: self.lead.map(OrganisationId::from_uuid),
                contributors: ids(self.contributors),
                watchers: ids(self.watchers),
                priority: self.priority,
                deadline_profile: self.deadline_profile,
            },
            mode: self.mode,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            explanation: Because {
                nl: self.explanation.nl.trim().to_owned(),
                en: self.explanation.en.trim().to_owned(),
            },
            reason: self.reason.trim().to_owned(),
        }
    }
}

/// Which versions to put in force (Dutch: in werking te stellen versies).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"rules": [{"number": 34, "version": 2}]}))]
pub struct ActivationRequest {
    /// The versions, all or none (versies).
    #[schema(min_items = 1, max_items = 100)]
    rules: Vec<RuleVersion>,
}

/// The rules that were put in force (Dutch: in werking gestelde regels).
#[derive(Debug, Serialize, ToSchema)]
pub struct Activation {
    /// The rules as they now are (regels).
    items: Vec<RoutingRuleView>,
}

/// Why a rule is retired (Dutch: intrekking).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"reason": "De regeling is vervallen."}))]
pub struct RetirementRequest {
    /// Why (reden).
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
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
    /// Where the latest version stands; may repeat (stand).
    #[param(inline)]
    #[serde(default)]
    state: Vec<RuleState>,
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
            states: filters.state,
        }
    }
}

/// Makes rules ready to be shown: a statement for the organisations they name, one for the versions in force and one for
/// how they did, however many rules there are.
fn views(
    conn: &mut Conn,
    context: &Context,
    rules: Vec<Rule>,
) -> Result<Vec<RoutingRuleView>, Error> {
    let named = rules.iter().flat_map(|rule| rule.actions.organisations());
    let organisations = load_organisations(conn, named)?;
    let looked = routing_rules::look_at(conn, context, &rules)?;
    let all = |ids: &[OrganisationId]| {
        ids.iter()
            .map(|id| reference(&organisations, *id))
            .collect()
    };
    let view = |(rule, looked): (Rule, Looked)| RoutingRuleView {
        number: rule.number,
        version: rule.version,
        state: rule.state,
        active_version: looked.active_version,
        order: rule.order,
        lead: rule.actions.lead.map(|id| reference(&organisations, id)),
        contributors: all(&rule.actions.contributors),
        watchers: all(&rule.actions.watchers),
        priority: rule.actions.priority,
        deadline_profile: rule.actions.deadline_profile,
        condition: rule.condition,
        mode: rule.mode,
        explanation: RoutingExplanation {
            nl: rule.explanation.nl,
            en: rule.explanation.en,
        },
        valid_from: rule.valid_from,
        valid_until: rule.valid_until,
        reason: rule.reason,
        author: rule.author,
        created_at: rule.created_at,
        record: RoutingRuleRecord {
            routed: looked.routed,
            corrected: looked.corrected,
            often_overruled: looked.warnings.contains(&RuleWarning::OftenOverruled),
        },
        warnings: looked.warnings,
    };
    Ok(rules.into_iter().zip(looked).map(view).collect())
}

fn one(conn: &mut Conn, context: &Context, rule: Rule) -> Result<RoutingRuleView, Error> {
    views(conn, context, vec![rule])?
        .pop()
        .ok_or(Error::NotFound)
}

/// A rule as it is shown, with its tag.
pub fn shown(
    conn: &mut Conn,
    context: &Context,
    rule: Rule,
) -> Result<(String, RoutingRuleView), Error> {
    let view = one(conn, context, rule)?;
    Ok((tag(&view)?, view))
}

/// The tag of a rule: its version, and whatever else of it is shown.
fn tag(view: &RoutingRuleView) -> Result<String, Error> {
    Ok(etag(view.version, json(view)?))
}

fn json(view: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(view).map_err(|e| Error::Internal(e.to_string()))
}

fn rule_number(path: &str) -> Result<i32, Error> {
    path.parse().map_err(|_| Error::NotFound)
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
    let inner = ctx.clone();
    let read = move |conn: &mut Conn| {
        let rows = routing_rules::list(conn, &actor, &listing, &filter, after)?;
        let (rows, next_cursor) = paging::cut(rows, limit, |rule| rule.number);
        let items = views(conn, &inner, rows)?;
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
    let number = rule_number(&number)?;
    let inner = ctx.clone();
    let read = move |conn: &mut Conn| {
        let rule = routing_rules::get(conn, &actor, number)?;
        one(conn, &inner, rule)
    };
    let view = ctx.db.read(read).await?;
    Ok(tagged(&request, &tag(&view)?, &view))
}

/// List the versions of a routing rule
///
/// Every version of a rule (versies van een regel), the latest first, with who made it and why.
#[utoipa::path(
    tag = "routing",
    params(("number" = i32, Path, description = "Number of the rule (nummer)", minimum = 1, example = 34), VersionsPage),
    responses((status = 200, description = "A page (pagina)", body = Page<RoutingRuleView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/routing/rules/{number}/versions")]
pub async fn list_routing_rule_versions(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    number: web::Path<String>,
    Query(query): Query<VersionsPage>,
) -> Result<HttpResponse, Failure> {
    let number = rule_number(&number)?;
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let before: Option<i32> = paging::decode(query.cursor.as_deref())?;
    let inner = ctx.clone();
    let read = move |conn: &mut Conn| {
        let rows = routing_rules::versions(conn, &actor, number, before, limit + 1)?;
        let (rows, next_cursor) = paging::cut(rows, limit, |rule| rule.version);
        let items = views(conn, &inner, rows)?;
        Ok::<_, Error>(Page { items, next_cursor })
    };
    let page = ctx.db.read(read).await?;
    Ok(paging::respond(&request, &page))
}

/// Add a routing rule
///
/// Writes a rule (routeringsregel toevoegen), for coordinators: a proposal, checked now and in force once it is activated.
/// What it names must be there, its condition must be able to hold, and no rule before it may keep it from ever deciding.
#[utoipa::path(
    tag = "routing",
    params(IdempotencyKeyHeader),
    request_body(content = RoutingRuleRequest, description = "The rule (routeringsregel)"),
    responses((status = 201, description = "Proposed (voorgesteld)", body = RoutingRuleView, headers(
        ("Location" = String, description = "Address of the rule (adres)"),
        ("ETag" = String, description = "Version of the rule (versie)"),
    ))),
    security(("oauth2" = ["reference:write"])),
)]
#[post("/routing/rules")]
pub async fn add_routing_rule(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    key: IdempotencyKey,
    body: Body<RoutingRuleRequest>,
) -> Result<HttpResponse, Failure> {
    let key = key.with(&body.raw);
    let new = body.value.rule();
    let now = ctx.clock.now();
    let inner = ctx.clone();
    let answer = ctx
        .db
        .write(move |conn| {
            once(conn, actor.id, key.as_ref(), now, |conn| {
                let rule = routing_rules::create(conn, &inner, &actor, new)?;
                let location = format!("/v1/routing/rules/{}", rule.number);
                let view = one(conn, &inner, rule)?;
                Ok(Answer {
                    status: 201,
                    headers: vec![
                        (LOCATION.to_string(), location),
                        (ETAG.to_string(), tag(&view)?),
                    ],
                    body: json(&view)?,
                    replayed: false,
                })
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// Change a routing rule
///
/// Writes a new version of a rule as a whole (regel wijzigen), for coordinators: a proposal. The version in force stays so
/// until the new one is activated.
#[utoipa::path(
    tag = "routing",
    params(("number" = i32, Path, description = "Number of the rule (nummer)", minimum = 1, example = 34), IfMatchHeader),
    request_body(content = RoutingRuleRequest, description = "The rule as it is to be (routeringsregel)"),
    responses((status = 200, description = "The new version (nieuwe versie)", body = RoutingRuleView, headers(("ETag" = String, description = "Version of the rule (versie)")))),
    security(("oauth2" = ["reference:write"])),
)]
#[put("/routing/rules/{number}")]
pub async fn change_routing_rule(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    IfMatch(seen): IfMatch,
    number: web::Path<String>,
    body: Body<RoutingRuleRequest>,
) -> Result<HttpResponse, Failure> {
    let number = rule_number(&number)?;
    let new = body.value.rule();
    let inner = ctx.clone();
    let view = ctx
        .db
        .write(move |conn| {
            let rule = routing_rules::change(conn, &inner, &actor, number, seen, new)?;
            one(conn, &inner, rule)
        })
        .await?;
    Ok(with_etag(HttpResponse::Ok(), &tag(&view)?).json(view))
}

/// Put routing rules in force
///
/// Puts proposed versions in force (in werking stellen), for coordinators: all or none, and on every node at once. Each takes
/// the place of the version that was.
#[utoipa::path(
    tag = "routing",
    params(IdempotencyKeyHeader),
    request_body(content = ActivationRequest, description = "The versions (versies)"),
    responses((status = 200, description = "In force (in werking)", body = Activation)),
    security(("oauth2" = ["reference:write"])),
)]
#[post("/routing/activations")]
pub async fn activate_routing_rules(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    key: IdempotencyKey,
    body: Body<ActivationRequest>,
) -> Result<HttpResponse, Failure> {
    let key = key.with(&body.raw);
    let wanted: Vec<VersionRef> = body.value.rules.into_iter().map(VersionRef::from).collect();
    let now = ctx.clock.now();
    let inner = ctx.clone();
    let answer = ctx
        .db
        .write(move |conn| {
            once(conn, actor.id, key.as_ref(), now, |conn| {
                let rules = routing_rules::activate(conn, &inner, &actor, &wanted)?;
                let items = views(conn, &inner, rules)?;
                Ok(Answer {
                    status: 200,
                    headers: Vec::new(),
                    body: json(&Activation { items })?,
                    replayed: false,
                })
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// Retire a routing rule
///
/// Takes a rule out of force (regel intrekken), for coordinators, with whatever is proposed for it. Why stands with a last
/// version; a later change can bring it back.
#[utoipa::path(
    tag = "routing",
    params(("number" = i32, Path, description = "Number of the rule (nummer)", minimum = 1, example = 34), IfMatchHeader),
    request_body(content = RetirementRequest, description = "Why (reden)"),
    responses((status = 200, description = "Retired (ingetrokken)", body = RoutingRuleView, headers(("ETag" = String, description = "Version of the rule (versie)")))),
    security(("oauth2" = ["reference:write"])),
)]
#[post("/routing/rules/{number}/retirement")]
pub async fn retire_routing_rule(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    IfMatch(seen): IfMatch,
    number: web::Path<String>,
    body: Body<RetirementRequest>,
) -> Result<HttpResponse, Failure> {
    let number = rule_number(&number)?;
    let reason = body.value.reason.trim().to_owned();
    let inner = ctx.clone();
    let view = ctx
        .db
        .write(move |conn| {
            let rule = routing_rules::retire(conn, &inner, &actor, number, seen, reason)?;
            one(conn, &inner, rule)
        })
        .await?;
    Ok(with_etag(HttpResponse::Ok(), &tag(&view)?).json(view))
}
