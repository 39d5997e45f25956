//! What every response has, errors too: request id, version, security headers, the problem form.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, web};
use tracing_actix_web::RequestId;

use crate::domain::actor::Language;
use crate::http::problem;
use crate::services::Context;

/// Version of the API (semver); that of the OpenAPI document.
pub const API_VERSION: &str = "1.0.0";

const PAGES: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What pages of every origin may read, without sign-in.
pub fn is_public(path: &str) -> bool {
    matches!(path, "/v1/openapi.json" | "/.well-known/jwks.json")
}

/// Middleware around everything.
pub async fn envelope(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let request_id = request
        .extensions()
        .get::<RequestId>()
        .map(ToString::to_string)
        .unwrap_or_default();
    let language = language(request.headers());
    let base = request
        .app_data::<web::Data<Context>>()
        .map(|ctx| ctx.settings.public_url.clone())
        .unwrap_or_default();
    let page = request.path().starts_with("/docs");
    // HEAD is GET without the body; the server leaves the body out by itself.
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let response = next.call(request).await?.map_into_boxed_body();
    let (request, mut response) = response.into_parts();
    let status = response.status();
    // By now the change is kept, so the mail it queued can leave.
    if !request.method().is_safe()
        && status.is_success()
        && let Some(context) = request.app_data::<web::Data<Context>>()
    {
        context.bell.ring();
    }
    let written = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|media| media == problem::PROBLEM_JSON);
    if (status.is_client_error() || status.is_server_error()) && !written {
        let text = problem::write(&mut response, language, &request_id, &base);
        response = response.set_body(BoxBody::new(text));
        response.headers_mut().insert(
            header::CONTENT_LANGUAGE,
            HeaderValue::from_static(match language {
                Language::Nl => "nl",
                Language::En => "en",
            }),
        );
    }
    put_headers(response.headers_mut(), status, &request_id, page);
    if is_public(request.path()) {
        // `*`, also where the allow-list of origins wrote the caller's own.
        response.headers_mut().insert(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        );
    }
    Ok(ServiceResponse::new(request, response))
}

fn put_headers(headers: &mut HeaderMap, status: StatusCode, request_id: &str, page: bool) {
    let mut put = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    put(HeaderName::from_static("api-version"), API_VERSION);
    put(header::CACHE_CONTROL, "no-store");
    put(
        header::CONTENT_SECURITY_POLICY,
        if page {
            PAGES
        } else {
            "default-src 'none'; frame-ancestors 'none'"
        },
    );
    put(
        header::STRICT_TRANSPORT_SECURITY,
        "max-age=31536000; includeSubDomains",
    );
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::X_FRAME_OPTIONS, "DENY");
    put(header::REFERRER_POLICY, "no-referrer");
    if status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED {
        put(header::CONTENT_TYPE, "application/json");
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
}

/// Dutch unless English is preferred.
pub fn language(headers: &HeaderMap) -> Language {
    let wanted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let quality = |language: &str| {
        wanted
            .split(',')
            .filter_map(|range| {
                let (tag, rest) = range.trim().split_once(';').unwrap_or((range.trim(), ""));
                let primary = tag.split('-').next().unwrap_or_default();
                let weight = rest
                    .trim()
                    .strip_prefix("q=")
                    .and_then(|q| q.parse::<f32>().ok())
                    .unwrap_or(1.0);
                primary.eq_ignore_ascii_case(language).then_some(weight)
            })
            .fold(0.0_f32, f32::max)
    };
    if quality("en") > quality("nl") {
        Language::En
    } else {
        Language::Nl
    }
}
