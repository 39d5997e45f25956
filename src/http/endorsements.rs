//! Endorsements (medemeldingen): another organisation has the same obstacle as a shared report.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, delete, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::actor::OrganisationKind;
use crate::domain::endorsement::Endorsement;
use crate::http::auth::{Granted, ReadReports, WriteReports};
use crate::http::body::Body;
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::organisation_ref::{OrganisationRef, reference};
use crate::http::problem::Failure;
use crate::http::report_input::ContactRequest;
use crate::http::report_parts::ContactView;
use crate::http::reports::report_id;
use crate::services::endorsements::{self, Endorsed, NewEndorsement};
use crate::services::idempotency::Answer;
use crate::services::reports::Organisations;
use crate::services::{Context, Error};

/// "We too" (Dutch: medemelding).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"effect": "Ook bij ons sluit de laatste school van een kern: 38 leerlingen."}))]
pub struct EndorsementRequest {
    /// What the obstacle does to your organisation, in a sentence (gevolg).
    #[schema(min_length = 1, max_length = 1000)]
    effect: String,
    /// Whom to tell how it goes; needed when an API client endorses (contactpersoon).
    #[schema(nullable = false)]
    contact: Option<ContactRequest>,
}

/// An endorsement (Dutch: medemelding).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Endorsement)]
pub struct EndorsementView {
    /// Id of the endorsement (medemelding).
    id: Uuid,
    /// Id of the report that it was given to (melding).
    report: Uuid,
    /// Whose endorsement it is (medemelder).
    organisation: OrganisationRef,
    /// What the obstacle does to it (gevolg).
    effect: String,
    /// When it was given (op).
    endorsed_at: DateTime<Utc>,
    /// Whom to reach; for the desk, the lead and the reporter's organisation (contactpersoon).
    contact: Option<ContactView>,
}

impl EndorsementView {
    fn new(endorsement: &Endorsement, organisations: &Organisations, contact: bool) -> Self {
        Self {
            id: endorsement.id.uuid(),
            report: endorsement.report.uuid(),
            organisation: reference(organisations, endorsement.organisation),
            effect: endorsement.effect.clone(),
            endorsed_at: endorsement.endorsed_at,
            contact: endorsement
                .contact
                .as_ref()
                .filter(|_| contact)
                .map(ContactView::from),
        }
    }
}

/// The endorsements of a report (Dutch: medemeldingen).
#[derive(Debug, Serialize, ToSchema)]
pub struct Endorsements {
    /// The endorsements that stand, the earliest first; an organisation whose own report was merged in is not among them
    /// (medemeldingen).
    items: Vec<EndorsementView>,
}

/// How many organisations of each kind stand behind a report (Dutch: medemelders naar soort).
#[derive(Debug, Serialize, ToSchema)]
pub struct EndorsementCounts {
    /// A count for each kind that is there (aantallen).
    items: Vec<EndorsementCount>,
}

/// How many organisations of a kind (Dutch: aantal).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"kind": "municipality", "count": 12}))]
pub struct EndorsementCount {
    /// Kind of organisation (soort organisatie).
    kind: OrganisationKind,
    /// How many (aantal).
    count: usize,
}

/// Endorse a shared report
///
/// Your organisation has the same obstacle (medemelden). It follows the report from then on and is told how it goes. Once an
/// organisation: what it said before is given again.
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the report (melding)"), IdempotencyKeyHeader),
    request_body(content = EndorsementRequest, description = "The endorsement (medemelding)"),
    responses(
        (status = 201, description = "Endorsed (medegemeld)", body = EndorsementView, headers(("Location" = String, description = "Address of the report, as you see it from now (adres)"))),
        (status = 200, description = "Endorsed before (eerder medegemeld)", body = EndorsementView),
    ),
    security(("oauth2" = ["reports:write"])),
)]
#[post("/shared-reports/{id}/endorsements")]
pub async fn endorse_report(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReports>,
    key: IdempotencyKey,
    id: web::Path<String>,
    body: Body<EndorsementRequest>,
) -> Result<HttpResponse, Failure> {
    let key = key.with(&body.raw);
    let effect = body.value.effect.trim().to_owned();
    if effect.is_empty() {
        return Err(Error::field("/effect", "required").into());
    }
    let new = NewEndorsement {
        effect,
        contact: body.value.contact.map(Into::into),
    };
    let answer = endorsements::endorse(&ctx, actor, report_id(&id)?, new, key, answer).await?;
    Ok(idempotency::respond(answer))
}

fn answer(endorsed: &Endorsed) -> Answer {
    let view = EndorsementView::new(&endorsed.endorsement, &endorsed.organisations, true);
    let address = format!("/v1/reports/{}", endorsed.endorsement.report);
    Answer {
        status: if endorsed.before { 200 } else { 201 },
        headers: if endorsed.before {
            Vec::new()
        } else {
            vec![(LOCATION.to_string(), address)]
        },
        body: serde_json::to_string(&view).unwrap_or_default(),
        replayed: false,
    }
}

/// Withdraw an endorsement
///
/// Your organisation takes back that it endorsed a report (medemelding intrekken); it is told no more, and may endorse it
/// again later.
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the report (melding)")),
    responses((status = 204, description = "Withdrawn (ingetrokken)")),
    security(("oauth2" = ["reports:write"])),
)]
#[delete("/shared-reports/{id}/endorsements")]
pub async fn withdraw_endorsement(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReports>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    endorsements::withdraw(&ctx, actor, report_id(&id)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Count the endorsements of a shared report
///
/// How many organisations of each kind stand behind it beside its reporter (medemelders naar soort): those that endorsed it
/// and those whose own report was merged into it, each counted once.
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the report (melding)")),
    responses((status = 200, description = "The counts (aantallen)", body = EndorsementCounts)),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/shared-reports/{id}/endorsements")]
pub async fn count_endorsements(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let counts = endorsements::by_kind(&ctx, actor, report_id(&id)?).await?;
    let items = counts
        .into_iter()
        .map(|(kind, count)| EndorsementCount { kind, count });
    Ok(HttpResponse::Ok().json(EndorsementCounts {
        items: items.collect(),
    }))
}

/// List the endorsements of a report
///
/// Which organisations endorsed the report and what it does to them (medemeldingen), for who sees the whole report.
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the report (melding)")),
    responses((status = 200, description = "The endorsements (medemeldingen)", body = Endorsements)),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}/endorsements")]
pub async fn list_endorsements(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let (found, organisations, contact) = endorsements::list(&ctx, actor, report_id(&id)?).await?;
    let items = found
        .iter()
        .map(|one| EndorsementView::new(one, &organisations, contact));
    Ok(HttpResponse::Ok().json(Endorsements {
        items: items.collect(),
    }))
}
