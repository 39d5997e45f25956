//! Trying the routing (proefroutering).

use actix_web::{HttpRequest, HttpResponse, post, web};

use crate::http::auth::{Granted, WriteReports};
use crate::http::body::Body;
use crate::http::envelope::language;
use crate::http::problem::Failure;
use crate::http::report_input::ReportRequest;
use crate::http::report_parts::RoutingView;
use crate::services::{Context, routing};

/// Try the routing
///
/// Says to which authority a report would go and why (proefroutering), and stores nothing.
#[utoipa::path(
    tag = "routing",
    request_body(content = ReportRequest, description = "The report, as far as it is written (melding)"),
    responses((status = 200, description = "How it would be routed (routering)", body = RoutingView)),
    security(("oauth2" = ["reports:write"])),
)]
#[post("/routing/previews")]
pub async fn preview_routing(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReports>,
    request: HttpRequest,
    body: Body<ReportRequest>,
) -> Result<HttpResponse, Failure> {
    let desk = actor.is_desk();
    let (routing, organisations) = routing::preview(&ctx, actor, body.value.changes()).await?;
    Ok(HttpResponse::Ok().json(RoutingView::new(
        &routing,
        &organisations,
        language(request.headers()),
        desk,
    )))
}
