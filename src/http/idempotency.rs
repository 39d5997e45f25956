//! Idempotency-Key: the same key and body give the first answer again for 24 hours.

use std::future::{Ready, ready};

use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload};

use crate::domain::invalid::FieldError;
use crate::http::problem::Failure;
use crate::services::Error;
use crate::services::idempotency::{Answer, Key};

/// The header, for the OpenAPI document.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by `IdempotencyKey`")]
pub struct IdempotencyKeyHeader {
    /// The same key and body give the first answer again for 24 hours (herhaalsleutel).
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        example = "8e03978e-40d5-43e8-bc93-6894a57f9324",
        nullable = false
    )]
    idempotency_key: Option<String>,
}

/// The header, when it was sent; with what was asked, so that another request under the same key is told apart.
pub struct IdempotencyKey(Option<(String, String)>);

impl FromRequest for IdempotencyKey {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(header) = request.headers().get("idempotency-key") else {
            return ready(Ok(Self(None)));
        };
        // A quoted string as the draft has it; a bare token is taken as well.
        let key = header
            .to_str()
            .unwrap_or_default()
            .trim()
            .trim_matches('"')
            .to_owned();
        let well_formed =
            (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        ready(if well_formed {
            Ok(Self(Some((
                key,
                format!("{} {}", request.method(), request.path()),
            ))))
        } else {
            Err(Error::InvalidQuery(vec![FieldError::new("Idempotency-Key", "wrong_key")]).into())
        })
    }
}

impl IdempotencyKey {
    /// The key of one of many: its own, else one that follows from that of the whole request.
    pub fn of_item(&self, own: Option<String>, number: usize, item: &[u8]) -> Option<Key> {
        let (key, operation) = match (&self.0, own) {
            (Some((_, operation)), Some(own)) => (own, operation.as_str()),
            (None, Some(own)) => (own, "item"),
            (Some((key, operation)), None) => (format!("{key}/{number}"), operation.as_str()),
            (None, None) => return None,
        };
        Some(Key::new(key, operation, item))
    }

    /// The key with the fingerprint of the whole request.
    pub fn with(self, body: &[u8]) -> Option<Key> {
        self.0
            .map(|(key, operation)| Key::new(key, &operation, body))
    }
}

/// The response of an answer, first or again.
pub fn respond(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    for (name, value) in &answer.headers {
        response.insert_header((name.as_str(), value.as_str()));
    }
    if answer.replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    if answer.body.is_empty() {
        response.finish()
    } else {
        response.content_type("application/json").body(answer.body)
    }
}
