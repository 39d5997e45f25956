//! What is refused before any operation looks: an answer the client does not take, query keys where there are none.

use actix_web::ResponseError;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::Next;

use crate::domain::invalid::FieldError;
use crate::http::openapi;
use crate::http::problem::Failure;
use crate::services::Error;

/// Middleware below the envelope, which gives its refusals their form.
pub async fn strict(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match refusal(&request) {
        Some(failure) => Ok(request.into_response(failure.error_response())),
        None => Ok(next.call(request).await?.map_into_boxed_body()),
    }
}

fn refusal(request: &ServiceRequest) -> Option<Failure> {
    let path = request
        .path()
        .strip_prefix("/v1")
        .filter(|path| path.starts_with('/'))?;
    let files = openapi::gives_files(path, request.method().as_str());
    if !files && !accepts_json(request.headers()) {
        return Some(Failure::NotAcceptable);
    }
    if request.query_string().is_empty() || openapi::takes_query(path, request.method().as_str()) {
        return None;
    }
    let keys = request.query_string().split('&').take(20);
    let faults = keys.map(|pair| {
        let key = pair.split('=').next().unwrap_or_default();
        FieldError::new(key.chars().take(100).collect::<String>(), "unknown_field")
    });
    Some(Error::InvalidQuery(faults.collect()).into())
}

/// Whether the client takes JSON at all; one that says nothing does.
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut ranges = headers
        .get_all(header::ACCEPT)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .peekable();
    ranges.peek().is_none()
        || ranges.any(|range| {
            let media = range.split(';').next().unwrap_or_default().trim();
            matches!(
                media.to_ascii_lowercase().as_str(),
                "*/*" | "application/*" | "application/json" | "application/problem+json"
            )
        })
}
