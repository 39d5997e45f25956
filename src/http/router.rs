//! Every route. What is in `api` stands in the OpenAPI document by that alone.

use std::sync::Arc;

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_TYPE, HeaderName};
use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::http::problem::Failure;
use crate::http::{
    clients, demo_mail, envelope, events, health, me, municipalities, notices, openapi,
    organisations, password_page, people, policy_domains, problems_page, provinces, regions,
    regulations, reports, routing, routing_rules, sessions, tokens, transitions,
};
use crate::services::Context;

/// The operations of version 1, below `/v1`.
pub fn api(config: &mut ServiceConfig) {
    config
        .service(reports::submit_report)
        .service(reports::list_reports)
        .service(reports::get_report)
        .service(reports::change_report)
        .service(reports::delete_draft);
    config
        .service(transitions::list_transitions)
        .service(transitions::make_transition)
        .service(events::list_events);
    config
        .service(sessions::create_session)
        .service(sessions::end_session)
        .service(sessions::ask_password_reset)
        .service(sessions::set_password)
        .service(tokens::request_token)
        .service(me::get_me)
        .service(me::change_me);
    config
        .service(people::list_people)
        .service(people::invite_person)
        .service(people::get_person)
        .service(people::change_person)
        .service(people::remove_person)
        .service(people::resend_invitation);
    config
        .service(clients::list_clients)
        .service(clients::create_client)
        .service(clients::get_client)
        .service(clients::change_client)
        .service(clients::remove_client)
        .service(clients::renew_client_secret);
    config
        .service(notices::list_notices)
        .service(notices::get_notice)
        .service(notices::resend_notice);
    config
        .service(routing::preview_routing)
        .service(routing_rules::list_routing_rules)
        .service(routing_rules::get_routing_rule);
    config
        .service(organisations::list_organisations)
        .service(organisations::get_organisation)
        .service(organisations::add_organisation)
        .service(organisations::change_organisation);
    config
        .service(municipalities::list_municipalities)
        .service(municipalities::get_municipality)
        .service(municipalities::add_municipality)
        .service(municipalities::change_municipality);
    config
        .service(regions::list_regions)
        .service(regions::get_region)
        .service(regions::add_region)
        .service(regions::change_region);
    config
        .service(regulations::list_regulations)
        .service(regulations::get_regulation)
        .service(regulations::add_regulation)
        .service(regulations::change_regulation);
    config
        .service(policy_domains::list_domains)
        .service(policy_domains::get_domain)
        .service(policy_domains::add_domain)
        .service(policy_domains::change_domain);
    config
        .service(provinces::list_provinces)
        .service(provinces::get_province);
}

/// All that the service answers to. The order counts: the first that fits takes the request.
pub fn routes(context: &Context) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let context = context.clone();
    move |config| {
        let limit = context.settings.body_limit;
        // Everybody's mail for whoever asks: the demo's alone.
        if let Some(folder) = &context.demo_mail {
            config.configure(demo_mail::configure(folder.clone()));
        }
        config
            .app_data(web::Data::new(context))
            .app_data(web::PayloadConfig::new(limit))
            .service(health::live)
            .service(health::ready)
            .service(tokens::jwks)
            .service(password_page::page)
            .service(
                web::scope("/v1")
                    .service(openapi_json)
                    .configure(|config| api(&mut ServiceConfig::new(config)))
                    .default_service(web::to(unknown)),
            )
            .service(docs_openapi)
            .service(problems_page::show)
            .service(web::resource("/docs").route(web::get().to(docs_index)))
            .service(
                SwaggerUi::new("/docs/{_:.*}")
                    .config(Config::from("/docs/openapi.json").validator_url("none")),
            )
            .default_service(web::to(unknown));
    }
}

/// The allow-list of origins; the public parts are open to all.
pub fn cors(context: &Context) -> Cors {
    let origins = Arc::new(context.settings.cors_origins.clone());
    Cors::default()
        .allowed_origin_fn(move |origin, request| {
            envelope::is_public(request.uri.path())
                || origin
                    .to_str()
                    .is_ok_and(|origin| origins.iter().any(|allowed| allowed == origin))
        })
        .allowed_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_any_header()
        .expose_headers(
            [
                "etag",
                "link",
                "location",
                "api-version",
                "x-request-id",
                "retry-after",
                "idempotent-replayed",
            ]
            .map(HeaderName::from_static),
        )
        .max_age(3600)
}

/// The server that the document names: this one when it is reached over https.
fn api_url(context: &Context) -> String {
    let own = context.settings.link("/v1");
    if own.starts_with("https://") {
        own
    } else {
        context.settings.api_url.clone()
    }
}

#[get("/openapi.json")]
async fn openapi_json(context: web::Data<Context>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header(("cache-control", "public, max-age=300"))
        .body(openapi::text(&api_url(&context)))
}

/// For the page of this server: calls go to where the page came from.
#[get("/docs/openapi.json")]
async fn docs_openapi() -> HttpResponse {
    HttpResponse::Ok().json(openapi::document("/v1"))
}

async fn docs_index() -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header(("location", "/docs/index.html"))
        .finish()
}

/// No such path, or not by this method.
async fn unknown(request: HttpRequest) -> Result<HttpResponse, Failure> {
    let allowed = request
        .path()
        .strip_prefix("/v1")
        .and_then(openapi::methods);
    Err(allowed.map_or(Failure::UnknownPath, Failure::MethodNotAllowed))
}
