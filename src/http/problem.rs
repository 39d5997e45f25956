//! The only place where an error becomes a response: `application/problem+json` (RFC 9457).

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::Language;
use crate::domain::invalid::FieldError;
use crate::http::messages;
use crate::services::Error;

pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request failed: in a use case, or before one was reached.
#[derive(Debug)]
pub enum Failure {
    Service(Error),
    /// No JSON, bad UTF-8, or a body cut off.
    Malformed,
    UnsupportedMediaType,
    TooLarge,
    /// No such path.
    UnknownPath,
    /// The path has other methods.
    MethodNotAllowed(String),
    NotAcceptable,
    Timeout,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Service(error)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A problem (Dutch: foutmelding), as RFC 9457 has it. `code` is stable; texts are in the language asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "type": "https://meldpunt.example/docs/problems#invalid_input", "title": "Ongeldige invoer", "status": 400,
    "detail": "Een of meer velden kloppen niet.", "code": "invalid_input",
    "requestId": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b",
    "errors": [{"pointer": "/title", "code": "required", "detail": "Dit veld is verplicht."}]
}))]
pub struct Problem {
    /// A stable address that names the kind of problem (soort probleem).
    #[schema(format = "uri-reference")]
    pub r#type: String,
    /// What went wrong, for people (titel).
    pub title: &'static str,
    /// The HTTP status (statuscode).
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What went wrong this time, for people (toelichting).
    pub detail: String,
    /// What went wrong, for programs (code).
    pub code: &'static str,
    /// Number to name when asking for help; it stands in the log (verzoeknummer).
    pub request_id: String,
    /// Every faulty field (fouten).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<ProblemField>,
    /// The actions that are legal now, when the one asked for is not (toegestane handelingen).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub legal_actions: Vec<&'static str>,
    /// The error of RFC 6749, on the token endpoint alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<&'static str>,
}

/// One faulty field (Dutch: fout veld).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemField {
    /// JSON pointer into the body (RFC 6901), or the name of a query key or header (plaats).
    pub pointer: String,
    /// What is wrong with it, for programs (code).
    pub code: &'static str,
    /// What is wrong with it, for people (toelichting).
    pub detail: String,
}

/// What the error table makes of a failure.
struct Row {
    status: StatusCode,
    code: &'static str,
    errors: Vec<FieldError>,
    legal: Vec<&'static str>,
    oauth: Option<&'static str>,
    header: Option<(HeaderName, String)>,
}

fn row(status: u16, code: &'static str) -> Row {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Row {
        status,
        code,
        errors: Vec::new(),
        legal: Vec::new(),
        oauth: None,
        header: None,
    }
}

impl Failure {
    /// What the operator has to know of.
    fn log(&self) {
        match self {
            Failure::Service(Error::Internal(cause)) => tracing::error!(%cause, "unforeseen"),
            Failure::Service(Error::Busy(cause)) => tracing::warn!(%cause, "busy"),
            Failure::Service(Error::Full(cause)) => tracing::error!(%cause, "no room left"),
            _ => {}
        }
    }

    /// The one table from error to status and code.
    fn row(&self) -> Row {
        use Failure::*;
        match self {
            Malformed => row(400, "malformed"),
            TooLarge => row(413, "too_large"),
            UnsupportedMediaType => row(415, "unsupported_media_type"),
            NotAcceptable => row(406, "not_acceptable"),
            UnknownPath => row(404, "not_found"),
            Timeout => row(408, "timeout"),
            MethodNotAllowed(allow) => Row {
                header: Some((ALLOW, allow.clone())),
                ..row(405, "method_not_allowed")
            },
            Service(error) => match error {
                Error::Invalid(errors) => Row {
                    errors: errors.clone(),
                    ..row(400, "invalid_input")
                },
                Error::InvalidQuery(errors) => Row {
                    errors: errors.clone(),
                    ..row(400, "invalid_query")
                },
                Error::Unauthenticated(code) => {
                    let challenge = match *code {
                        "token_missing" => "Bearer".to_owned(),
                        "wrong_credentials" => {
                            return row(401, code).with(WWW_AUTHENTICATE, "Bearer");
                        }
                        _ => {
                            format!("Bearer error=\"invalid_token\", error_description=\"{code}\"")
                        }
                    };
                    row(401, code).with(WWW_AUTHENTICATE, &challenge)
                }
                Error::Forbidden("insufficient_scope") => row(403, "insufficient_scope")
                    .with(WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\""),
                Error::Forbidden(code) => row(403, code),
                Error::NotFound => row(404, "not_found"),
                Error::Illegal(legal) => Row {
                    legal: legal.clone(),
                    ..row(409, "illegal_transition")
                },
                Error::NotReady(errors) => Row {
                    errors: errors.clone(),
                    ..row(409, "not_ready")
                },
                Error::Conflict(code) => row(409, code),
                Error::Stale => row(412, "stale_version"),
                Error::PreconditionRequired => row(428, "if_match_required"),
                Error::KeyReused => row(422, "idempotency_key_reused"),
                Error::OAuth("invalid_client") => Row {
                    oauth: Some("invalid_client"),
                    ..row(401, "invalid_client").with(WWW_AUTHENTICATE, "Basic realm=\"meldpunt\"")
                },
                Error::OAuth(code) => Row {
                    oauth: Some(code),
                    ..row(400, code)
                },
                Error::TooMany { code, wait } => {
                    let seconds = wait.as_millis().div_ceil(1000).max(1).to_string();
                    row(429, code).with(RETRY_AFTER, &seconds)
                }
                Error::Busy(_) => row(503, "busy").with(RETRY_AFTER, "2"),
                Error::Full(_) => row(503, "storage_full").with(RETRY_AFTER, "30"),
                Error::Internal(_) => row(500, "internal_error"),
            },
        }
    }
}

impl Row {
    fn with(self, name: HeaderName, value: &str) -> Self {
        Self {
            header: Some((name, value.to_owned())),
            ..self
        }
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        self.row().status
    }

    /// A response that carries the failure; the envelope writes its text, which needs the request.
    fn error_response(&self) -> HttpResponse {
        let row = self.row();
        self.log();
        let mut response = HttpResponse::build(row.status);
        if let Some((name, value)) = &row.header {
            response.insert_header((name.clone(), value.as_str()));
        }
        let mut response = response.finish();
        response.extensions_mut().insert(Told(row));
        response
    }
}

/// Left on a response for the envelope.
struct Told(Row);

/// Left on a response for whoever watches: the code of its problem.
pub struct ProblemCode(pub &'static str);

/// Writes the problem that a failed response stands for; the framework's own errors take the same form.
pub fn write(
    response: &mut actix_web::HttpResponse,
    language: Language,
    request_id: &str,
    base: &str,
) -> String {
    let told = response.extensions_mut().remove::<Told>();
    let row = told.map_or_else(|| framework(response.status()), |told| told.0);
    response.extensions_mut().insert(ProblemCode(row.code));
    let problem = problem(row, language, request_id, base);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    serde_json::to_string(&problem).unwrap_or_default()
}

/// The problem of one of many, where the request as a whole did not fail.
pub fn of_item(failure: &Failure, language: Language, request_id: &str, base: &str) -> Problem {
    failure.log();
    problem(failure.row(), language, request_id, base)
}

fn problem(row: Row, language: Language, request_id: &str, base: &str) -> Problem {
    Problem {
        r#type: format!("{base}/docs/problems#{}", row.code),
        title: messages::title(row.code, row.status.as_u16(), language),
        status: row.status.as_u16(),
        detail: messages::detail(row.code, row.status.as_u16(), language),
        code: row.code,
        request_id: request_id.to_owned(),
        errors: row
            .errors
            .into_iter()
            .map(|error| ProblemField {
                detail: messages::field(error.code, &error.params, language),
                pointer: error.pointer,
                code: error.code,
            })
            .collect(),
        legal_actions: row.legal,
        error: row.oauth,
    }
}

/// What the framework answered by itself.
fn framework(status: StatusCode) -> Row {
    let code = match status.as_u16() {
        404 => "not_found",
        405 => "method_not_allowed",
        408 => "timeout",
        413 => "too_large",
        415 => "unsupported_media_type",
        429 => "too_many_requests",
        400..=499 => "malformed",
        _ => "internal_error",
    };
    row(status.as_u16(), code)
}
