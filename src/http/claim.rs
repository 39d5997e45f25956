//! Taking up the next report (de volgende melding oppakken).

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, post, web};

use crate::domain::code::Code;
use crate::domain::status::Action;
use crate::http::auth::{Granted, Triage};
use crate::http::envelope::language;
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::problem::Failure;
use crate::http::report_views::ReportView;
use crate::http::reports::answer;
use crate::services::idempotency::Answer;
use crate::services::{Context, claim};

/// Take up the next report
///
/// Assigns you the most urgent report that nobody of your organisation works on (volgende melding oppakken): of those your
/// authority leads, then, for the desk, of those that wait to be routed. What is escalated goes first, then what is due
/// first. Two who ask at once get two reports.
#[utoipa::path(
    tag = "workflow",
    params(IdempotencyKeyHeader),
    responses(
        (status = 200, description = "The report, assigned to you (melding)", body = ReportView, headers(
            ("ETag" = String, description = "Version of the report (versie)"),
            ("Location" = String, description = "Address of the report (adres)"),
        )),
        (status = 204, description = "Nothing waits (niets te doen)"),
    ),
    security(("oauth2" = ["triage"])),
)]
#[post("/claims")]
pub async fn claim_next(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<Triage>,
    key: IdempotencyKey,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let language = language(request.headers());
    let key = key.with(b"");
    let answer = claim::next(&ctx, actor, key, move |shown| match shown {
        Some(shown) => {
            let mut answer = answer(shown, language, 200);
            let address = format!("/v1/reports/{}", shown.report.id);
            answer.headers.push((LOCATION.to_string(), address));
            answer
        }
        None => Answer {
            status: 204,
            headers: Vec::new(),
            body: String::new(),
            replayed: false,
        },
    })
    .await?;
    if !answer.replayed && answer.status == 200 {
        ctx.metrics.transition(Action::Assign.as_str());
    }
    Ok(idempotency::respond(answer))
}
