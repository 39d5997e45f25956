//! Every route: the operations of `api`, and what stands beside them.

use std::sync::Arc;

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_TYPE, HeaderName};
use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::http::problem::Failure;
use crate::http::{
    api, demo_mail, envelope, health, openapi, password_page, problems_page, security_txt, tokens,
};
use crate::services::Context;

/// All that the service answers to. The order counts: the first that fits takes the request.
pub fn routes(context: &Context) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let context = context.clone();
    move |config| {
        // Everybody's mail for whoever asks: the demo's alone.
        if let Some(folder) = &context.demo_mail {
            config.configure(demo_mail::configure(folder.clone()));
        }
        config
            .app_data(web::Data::new(context))
            .service(health::live)
            .service(health::ready)
            .service(tokens::jwks)
            .service(security_txt::security_txt)
            .service(password_page::page)
            .service(
                web::scope("/v1")
                    .service(openapi_json)
                    .configure(|config| api::operations(&mut ServiceConfig::new(config)))
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

/// What a node without an API answers to: whether it is alive and ready.
pub fn health_alone(context: &Context) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let context = context.clone();
    move |config| {
        config
            .app_data(web::Data::new(context))
            .service(health::live)
            .service(health::ready)
            .default_service(web::to(HttpResponse::NotFound));
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
                "content-disposition",
                "api-version",
                "x-request-id",
                "traceparent",
                "retry-after",
                "ratelimit",
                "ratelimit-policy",
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
