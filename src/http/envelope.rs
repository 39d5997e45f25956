//! What every response has, errors too: request id, version, security headers, the problem form.

use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, ResponseError, web};
use futures_util::FutureExt;
use tracing_actix_web::RequestId;

use crate::domain::actor::Language;
use crate::http::problem;
use crate::http::problem::Failure;
use crate::services::{Context, Error};

/// Version of the API (semver); that of the OpenAPI document.
pub const API_VERSION: &str = "1.0.0";

const PAGES: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What pages of every origin may read, without sign-in.
pub fn is_public(path: &str) -> bool {
    path.starts_with("/v1/public/") || matches!(path, "/v1/openapi.json" | "/.well-known/jwks.json")
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
    // By now nothing of the request is left to answer with, so what is left of it stands in the error.
    let answered = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    let Ok(response) = answered else {
        return Err(Broken {
            request_id,
            language,
            base,
        }
        .into());
    };
    let response = response?.map_into_boxed_body();
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
        response = tell(response, language, &request_id, &base);
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

/// Gives an error its text.
fn tell(
    mut response: HttpResponse,
    language: Language,
    request_id: &str,
    base: &str,
) -> HttpResponse {
    let text = problem::write(&mut response, language, request_id, base);
    let mut response = response.set_body(BoxBody::new(text));
    response.headers_mut().insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(match language {
            Language::Nl => "nl",
            Language::En => "en",
        }),
    );
    response
}

/// A handler that panicked: a fault of ours, answered like any other. What it said stands in the log.
#[derive(Debug)]
struct Broken {
    request_id: String,
    language: Language,
    base: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a handler panicked")
    }
}

impl ResponseError for Broken {
    fn error_response(&self) -> HttpResponse {
        let broken = Failure::from(Error::Internal("a handler panicked".into()));
        let mut response = tell(
            broken.error_response(),
            self.language,
            &self.request_id,
            &self.base,
        );
        let status = response.status();
        put_headers(response.headers_mut(), status, &self.request_id, false);
        response
    }
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

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::{App, HttpServer};

    use super::*;

    async fn falls() -> HttpResponse {
        #[expect(clippy::panic, reason = "what this test is about")]
        {
            panic!("on purpose")
        }
    }

    #[actix_web::test]
    async fn a_handler_that_panics_is_answered_as_a_problem_and_the_service_goes_on() {
        let server = HttpServer::new(|| {
            App::new()
                .route("/falls", web::get().to(falls))
                .wrap(from_fn(envelope))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let url = format!("http://{}/falls", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        for _ in 0..3 {
            let reply = reqwest::get(&url).await.unwrap();
            assert_eq!(reply.status(), 500);
            assert_eq!(reply.headers()["content-type"], problem::PROBLEM_JSON);
            assert_eq!(reply.headers()["x-content-type-options"], "nosniff");
            let body: serde_json::Value = reply.json().await.unwrap();
            assert_eq!(body["code"], "internal_error");
            assert!(!body.to_string().contains("on purpose"));
        }
        handle.stop(false).await;
    }
}
