//! ETag, If-None-Match and If-Match. The tag names the version, and whatever else changes the bytes for this reader;
//! If-Match compares the version alone.

use std::future::{Ready, ready};
use std::hash::{DefaultHasher, Hash, Hasher};

use actix_web::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder, dev::Payload};
use serde::Serialize;

use crate::http::problem::Failure;
use crate::services::Error;

/// The header, for the OpenAPI document.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by `IfMatch`")]
pub struct IfMatchHeader {
    /// The ETag of what you saw; 412 when it has changed since (gelezen versie).
    #[param(rename = "If-Match", example = "\"3.9f2c41d7\"")]
    if_match: String,
}

/// The version that the caller saw.
pub struct IfMatch(pub i32);

impl FromRequest for IfMatch {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request
            .headers()
            .get(IF_MATCH)
            .and_then(|value| value.to_str().ok());
        ready(match header {
            None => Err(Error::PreconditionRequired.into()),
            // A tag that no version of ours could have is a stale one.
            Some(tag) => version(tag).map(Self).ok_or_else(|| Error::Stale.into()),
        })
    }
}

fn version(tag: &str) -> Option<i32> {
    tag.trim()
        .strip_prefix('"')?
        .strip_suffix('"')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// The tag of a version for one reader: `"3.9f2c"`. `seen_as` is what, beside the version, decides on the bytes.
pub fn etag(version: i32, seen_as: impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    seen_as.hash(&mut hasher);
    format!("\"{version}.{:x}\"", hasher.finish() & 0xffff_ffff)
}

/// A resource with its tag: 304 when the caller has these bytes already.
pub fn tagged<T: Serialize>(request: &HttpRequest, etag: &str, body: &T) -> HttpResponse {
    if is_known(request, etag) {
        return not_modified(etag);
    }
    with_etag(HttpResponse::Ok(), etag).json(body)
}

/// As `tagged`, for JSON that is written already.
pub fn tagged_body(request: &HttpRequest, etag: &str, body: String) -> HttpResponse {
    if is_known(request, etag) {
        return not_modified(etag);
    }
    with_etag(HttpResponse::Ok(), etag)
        .content_type("application/json")
        .body(body)
}

/// Whether the caller says it has this already.
pub fn is_known(request: &HttpRequest, etag: &str) -> bool {
    let known = request
        .headers()
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    known.is_some_and(|known| {
        known
            .split(',')
            .any(|one| one.trim().trim_start_matches("W/") == etag || one.trim() == "*")
    })
}

/// 304: it has it already.
pub fn not_modified(etag: &str) -> HttpResponse {
    HttpResponse::NotModified()
        .insert_header((ETAG, etag))
        .finish()
}

pub fn with_etag(mut builder: HttpResponseBuilder, etag: &str) -> HttpResponseBuilder {
    builder.insert_header((ETAG, etag));
    builder
}
