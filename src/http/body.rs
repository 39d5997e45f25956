//! Request bodies in JSON.

use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::http::problem::Failure;
use crate::http::schema;
use crate::services::Error;

/// A JSON body that fits its schema. Unknown fields are refused by name; all faults are told at once.
pub struct Body<T> {
    pub value: T,
    /// What arrived, for the fingerprint of an idempotent request.
    pub raw: web::Bytes,
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Body<T> {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = check_media(request, "application/json");
        // actix-web refuses a body beyond the limit set in its `PayloadConfig` before it is read whole.
        let bytes = Raw::from_request(request, payload);
        Box::pin(async move {
            media?;
            let Raw(raw) = bytes.await?;
            let value = parse::<T>(&raw)?;
            Ok(Self { value, raw })
        })
    }
}

/// How long a body may take to arrive: a slow sender holds a connection no longer.
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);

/// A body as it came, in time and within its limit.
pub struct Raw(pub web::Bytes);

impl FromRequest for Raw {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            match timeout(ARRIVES_WITHIN, bytes).await {
                Ok(bytes) => bytes.map(Self).map_err(too_large),
                Err(_) => Err(Failure::Timeout),
            }
        })
    }
}

/// Refuses a body of another media type, or compressed: the service unpacks nothing.
pub fn check_media(request: &HttpRequest, expected: &str) -> Result<(), Failure> {
    let header = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let given = header(CONTENT_TYPE)
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    let plain =
        header(CONTENT_ENCODING).is_none_or(|encoding| encoding.eq_ignore_ascii_case("identity"));
    if given.eq_ignore_ascii_case(expected) && plain {
        Ok(())
    } else {
        Err(Failure::UnsupportedMediaType)
    }
}

/// Maps a body that could not be read.
fn too_large(error: actix_web::Error) -> Failure {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => Failure::TooLarge,
        _ if error.as_response_error().status_code()
            == actix_web::http::StatusCode::PAYLOAD_TOO_LARGE =>
        {
            Failure::TooLarge
        }
        _ => Failure::Malformed,
    }
}

fn parse<T: DeserializeOwned + ToSchema + 'static>(raw: &[u8]) -> Result<T, Failure> {
    let value: Value = serde_json::from_slice(raw).map_err(|_| Failure::Malformed)?;
    let validator = schema::validator::<T>(schema::document::<T>)?;
    let faults = schema::faults(&validator, &value);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults).into());
    }
    // The schema and the type are one declaration; where they still differ the body is not understood.
    serde_json::from_value(value).map_err(|e| {
        tracing::warn!(error = %e, "a body fits its schema and not its type");
        Failure::Malformed
    })
}
