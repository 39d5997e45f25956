//! Request bodies in JSON.

use std::sync::Arc;
use std::time::Duration;

use actix_multipart::{Multipart, MultipartError};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use futures_util::future::LocalBoxFuture;
use futures_util::{StreamExt, stream};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::domain::actor::Actor;
use crate::http::problem::Failure;
use crate::http::{json, schema};
use crate::services::{Context, Error};

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
        let bytes = Raw::from_request(request, payload);
        Box::pin(async move {
            media?;
            let Raw(raw) = bytes.await?;
            let value = parse::<T>(&raw)?;
            Ok(Self { value, raw })
        })
    }
}

/// A sheet in CSV, sent as the one file of a form.
pub struct Sheet {
    pub text: String,
}

impl FromRequest for Sheet {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = check_media(request, "multipart/form-data");
        let headers = request.headers().clone();
        let bytes = Raw::from_request(request, payload);
        Box::pin(async move {
            media?;
            let Raw(raw) = bytes.await?;
            let whole = stream::iter([Ok::<_, PayloadError>(raw)]);
            let mut form = Multipart::new(&headers, whole);
            let mut file = None;
            while let Some(mut field) = form.next().await.transpose().map_err(unreadable)? {
                match field.name() {
                    Some("file") if file.is_none() => {}
                    Some("file") => return Err(Error::field("/file", "repeated").into()),
                    _ => return Err(Error::field("/", "unknown_field").into()),
                }
                let mut content = Vec::new();
                while let Some(piece) = field.next().await.transpose().map_err(unreadable)? {
                    content.extend_from_slice(&piece);
                }
                file = Some(content);
            }
            let file = file.ok_or_else(|| Error::field("/file", "required"))?;
            // A spreadsheet that writes in another encoding is told so: guessed letters would be wrong ones.
            let text = String::from_utf8(file);
            text.map(|text| Self { text })
                .map_err(|_| Error::field("/file", "sheet_not_utf8").into())
        })
    }
}

fn unreadable(error: MultipartError) -> Failure {
    tracing::debug!(%error, "a form that cannot be read");
    Error::field("", "form_malformed").into()
}

/// How long a body may take to arrive: a slow sender holds a connection no longer.
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);

/// Bytes of a body that somebody sends who has not shown a token: enough for any of the operations that need none.
const UNKNOWN_SENDER: usize = 16 * 1024;

/// A body as it came, in time and within its limit: no more than that is ever held.
pub struct Raw(pub web::Bytes);

impl FromRequest for Raw {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let known = request.extensions().contains::<Arc<Actor>>();
        let whole = request
            .app_data::<web::Data<Context>>()
            .map_or(UNKNOWN_SENDER, |context| context.settings.body_limit);
        let limit = if known {
            whole
        } else {
            whole.min(UNKNOWN_SENDER)
        };
        let announced = request
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let bytes = collect(payload.take(), limit);
        Box::pin(async move {
            if announced.is_some_and(|length| length > limit as u64) {
                return Err(Failure::TooLarge);
            }
            match timeout(ARRIVES_WITHIN, bytes).await {
                Ok(bytes) => bytes.map(Self),
                Err(_) => Err(Failure::Timeout),
            }
        })
    }
}

async fn collect(mut payload: Payload, limit: usize) -> Result<web::Bytes, Failure> {
    let mut whole = web::BytesMut::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|_| Failure::Malformed)?;
        if whole.len() + piece.len() > limit {
            return Err(Failure::TooLarge);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
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

fn parse<T: DeserializeOwned + ToSchema + 'static>(raw: &[u8]) -> Result<T, Failure> {
    check(json::read(raw).map_err(|_| Failure::Malformed)?)
}

/// A value that fits the schema of its type; all faults are told at once.
pub fn check<T: DeserializeOwned + ToSchema + 'static>(value: Value) -> Result<T, Failure> {
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
