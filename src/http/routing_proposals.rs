//! Rules that corrections speak for (voorgestelde regels).

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::id::{Id, ProposalId};
use crate::domain::routing::learning::ProposalState;
use crate::http::auth::{Granted, ReadReports, WriteReference};
use crate::http::body::Body;
use crate::http::organisation_ref::{OrganisationRef, reference};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::routing_rules::{self, RoutingRuleView};
use crate::services::reports::load_organisations;
use crate::services::{Context, Error, routing_proposals};
use crate::store::db::Conn;
use crate::store::routing_proposals::Proposal;

/// A rule that corrections speak for (Dutch: voorgestelde regel).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "state": "open", "regulation": "BWBR0003420", "article": "153",
    "lead": {"id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1c", "abbreviation": "OCW", "name": "Ministerie van Onderwijs, Cultuur en Wetenschap"},
    "times": 4, "ofAll": 4, "rule": null, "madeAt": "2026-11-24T09:00:00Z", "decidedAt": null, "decidedBy": null, "reason": null
}))]
pub struct RoutingProposal {
    /// Id of the proposal (voorstel).
    id: Uuid,
    /// Where it stands (stand).
    state: ProposalState,
    /// Identifier of the regulation (regeling).
    regulation: String,
    /// The article of it; null for citations without one (artikel).
    article: Option<String>,
    /// Where people sent the reports about it (eerstverantwoordelijke).
    lead: OrganisationRef,
    /// How many reports they sent there (keren).
    times: i32,
    /// Of how many about it that were routed (van alle).
    of_all: i32,
    /// Number of the rule that was made of it (regel).
    rule: Option<i32>,
    /// When it was first made (gemaakt op).
    made_at: DateTime<Utc>,
    /// When it was decided about (besloten op).
    decided_at: Option<DateTime<Utc>>,
    /// Who decided (besloten door).
    decided_by: Option<String>,
    /// Why it was dismissed (reden).
    reason: Option<String>,
}

/// Which proposals.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ProposalsPage {
    /// Where they stand; may repeat (stand).
    #[param(inline)]
    #[serde(default)]
    state: Vec<ProposalState>,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

/// Why a proposal is dismissed (Dutch: afwijzing).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"reason": "Het ging om een tijdelijke afspraak."}))]
pub struct DismissalRequest {
    /// Why (reden).
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

fn views(conn: &mut Conn, proposals: Vec<Proposal>) -> Result<Vec<RoutingProposal>, Error> {
    let leads = proposals.iter().map(|proposal| proposal.counted.lead);
    let organisations = load_organisations(conn, leads)?;
    let view = |proposal: Proposal| RoutingProposal {
        id: proposal.id.uuid(),
        state: proposal.state,
        lead: reference(&organisations, proposal.counted.lead),
        regulation: proposal.counted.regulation,
        article: proposal.counted.article,
        times: proposal.counted.times,
        of_all: proposal.counted.of_all,
        rule: proposal.rule,
        made_at: proposal.made_at,
        decided_at: proposal.decided_at,
        decided_by: proposal.decided_by,
        reason: proposal.reason,
    };
    Ok(proposals.into_iter().map(view).collect())
}

fn proposal_id(path: &str) -> Result<ProposalId, Error> {
    path.parse().map_err(|_| Error::NotFound)
}

/// List proposed rules
///
/// Rules that corrections speak for (voorgestelde regels), the newest first: where people sent reports about an article at
/// least three times, and three in four of all. Nothing changes until a coordinator accepts one.
#[utoipa::path(
    tag = "routing",
    params(ProposalsPage),
    responses((status = 200, description = "A page (pagina)", body = Page<RoutingProposal>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/routing/proposals")]
pub async fn list_routing_proposals(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    Query(query): Query<ProposalsPage>,
) -> Result<HttpResponse, Failure> {
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let before: Option<Uuid> = paging::decode(query.cursor.as_deref())?;
    let read = move |conn: &mut Conn| {
        let before = before.map(Id::from_uuid);
        let rows = routing_proposals::list(conn, &actor, &query.state, before, limit + 1)?;
        let (rows, next_cursor) = paging::cut(rows, limit, |row| row.id.uuid());
        let items = views(conn, rows)?;
        Ok::<_, Error>(Page { items, next_cursor })
    };
    let page = ctx.db.read(read).await?;
    Ok(paging::respond(&request, &page))
}

/// Accept a proposed rule
///
/// Makes a rule of a proposal (voorstel overnemen), for coordinators: a proposed version, to be tried and put in force as any
/// other.
#[utoipa::path(
    tag = "routing",
    params(("id" = Uuid, Path, description = "Id of the proposal (voorstel)")),
    responses((status = 201, description = "The rule that was made of it (regel)", body = RoutingRuleView, headers(
        ("Location" = String, description = "Address of the rule (adres)"),
        ("ETag" = String, description = "Version of the rule (versie)"),
    ))),
    security(("oauth2" = ["reference:write"])),
)]
#[post("/routing/proposals/{id}/acceptance")]
pub async fn accept_routing_proposal(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = proposal_id(&id)?;
    let inner = ctx.clone();
    let (number, tag, view) = ctx
        .db
        .write(move |conn| {
            let rule = routing_proposals::accept(conn, &inner, &actor, id)?;
            let number = rule.number;
            let (tag, view) = routing_rules::shown(conn, &inner, rule)?;
            Ok::<_, Error>((number, tag, view))
        })
        .await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/v1/routing/rules/{number}")))
        .insert_header((ETAG, tag))
        .json(view))
}

/// Dismiss a proposed rule
///
/// Puts a proposal aside (voorstel afwijzen), for coordinators; it does not come back.
#[utoipa::path(
    tag = "routing",
    params(("id" = Uuid, Path, description = "Id of the proposal (voorstel)")),
    request_body(content = DismissalRequest, description = "Why (reden)"),
    responses((status = 200, description = "Dismissed (afgewezen)", body = RoutingProposal)),
    security(("oauth2" = ["reference:write"])),
)]
#[post("/routing/proposals/{id}/dismissal")]
pub async fn dismiss_routing_proposal(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    id: web::Path<String>,
    body: Body<DismissalRequest>,
) -> Result<HttpResponse, Failure> {
    let id = proposal_id(&id)?;
    let reason = body.value.reason.trim().to_owned();
    let inner = ctx.clone();
    let view = ctx
        .db
        .write(move |conn| {
            let dismissed = routing_proposals::dismiss(conn, &inner, &actor, id, reason)?;
            views(conn, vec![dismissed])?.pop().ok_or(Error::NotFound)
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}
