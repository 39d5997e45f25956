//! Around every request: it is counted, gets its `traceparent`, and when it calls an operation it leaves a line in the
//! audit log. Reading reference data leaves none, unless it is refused.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue, LOCATION};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, web};
use uuid::Uuid;

use crate::audit::{self, Entry, Who};
use crate::http::access_log::Arrival;
use crate::http::address;
use crate::http::openapi::{self, Operation};
use crate::http::problem::ProblemCode;
use crate::http::trace::TRACEPARENT;
use crate::services::Context;

/// Middleware around everything.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    address::put(&request);
    let Some(call) = Call::begin(&request) else {
        return next.call(request).await;
    };
    let answered = audit::noting(call.notes.clone(), next.call(request)).await;
    let answered = answered.map(|mut response| {
        if let Ok(value) = HeaderValue::from_str(&call.arrival.trace.header()) {
            let name = HeaderName::from_static(TRACEPARENT);
            response.headers_mut().insert(name, value);
        }
        response
    });
    call.end(&match &answered {
        Ok(response) => Outcome::of(response),
        Err(error) => Outcome {
            status: error.as_response_error().status_code().as_u16(),
            ..Outcome::default()
        },
    });
    answered
}

/// A request under way.
struct Call {
    context: web::Data<Context>,
    arrival: Arrival,
    operation: Option<&'static Operation>,
    method: Method,
    source: Option<audit::Source>,
    object: Option<String>,
    notes: audit::Shared,
    ended: bool,
}

/// How it ended.
#[derive(Default)]
struct Outcome {
    status: u16,
    code: Option<&'static str>,
    /// What was made.
    made: Option<String>,
    /// It was the answer of an earlier request.
    replayed: bool,
}

impl Outcome {
    fn of<B>(response: &ServiceResponse<B>) -> Self {
        let headers = response.headers();
        let made = headers.get(LOCATION);
        let code = response
            .response()
            .extensions()
            .get::<ProblemCode>()
            .map(|code| code.0);
        Self {
            status: response.status().as_u16(),
            code,
            made: made.and_then(|at| object(at.to_str().ok()?)),
            replayed: headers.contains_key("idempotent-replayed"),
        }
    }

    fn result(&self) -> &'static str {
        match (self.status, self.code) {
            (401 | 403 | 404 | 429, _) | (_, Some("invalid_grant")) => "denied",
            (400..=499, _) => "refused",
            (500.., _) => "failed",
            _ => "success",
        }
    }
}

impl Call {
    fn begin(request: &ServiceRequest) -> Option<Self> {
        let context = request.app_data::<web::Data<Context>>()?.clone();
        let arrival = request.extensions().get::<Arrival>()?.clone();
        context.metrics.in_flight.inc();
        let operation = arrival
            .route
            .as_deref()
            .and_then(|route| openapi::operation(request.method().as_str(), route));
        Some(Self {
            context,
            operation,
            method: request.method().clone(),
            source: address::of(request),
            object: operation.and_then(|_| object(request.path())),
            notes: audit::Shared::default(),
            arrival,
            ended: false,
        })
    }

    fn end(mut self, outcome: &Outcome) {
        self.ended = true;
        self.context.metrics.answered(
            self.route(),
            label(&self.method),
            outcome.status,
            self.arrival.at.elapsed(),
        );
        self.audit(Some(outcome));
    }

    fn route(&self) -> &str {
        self.arrival.route.as_deref().unwrap_or("unknown")
    }

    fn audit(&self, outcome: Option<&Outcome>) {
        let Some(operation) = self.operation else {
            return;
        };
        let refused = matches!(
            outcome,
            Some(Outcome {
                status: 401 | 403,
                ..
            })
        );
        let plain = operation.tag == "reference" || !operation.secured;
        if self.method.is_safe() && plain && !refused {
            return;
        }
        let mut notes = std::mem::take(&mut *audit::lock(&self.notes));
        if outcome.is_some_and(|outcome| outcome.replayed) {
            notes.details.insert("replayed".into(), true.into());
        }
        let made = outcome.and_then(|outcome| outcome.made.as_deref());
        let entry = Entry {
            log: "audit",
            at: self.context.clock.now(),
            action: &operation.id,
            object: notes.object.as_deref().or(made).or(self.object.as_deref()),
            who: notes.who.unwrap_or(Who::ANONYMOUS),
            result: outcome.map_or("unknown", Outcome::result),
            call: Some(audit::Call {
                status: outcome.map(|outcome| outcome.status),
                code: outcome.and_then(|outcome| outcome.code),
                source: self.source,
                method: label(&self.method),
                route: self.route(),
                request_id: &self.arrival.id.to_string(),
                trace_id: &self.arrival.trace.id(),
            }),
            details: notes.details,
        };
        if let Err(error) = self.context.audit.write(&entry) {
            self.context.metrics.lost_audit_lines.inc();
            tracing::error!(%error, "a line of the audit log could not be written");
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.context.metrics.in_flight.dec();
        // The caller went away, or the stop took too long: what was begun may be done or not.
        if !self.ended {
            self.audit(None);
        }
    }
}

/// The methods there are; what somebody makes up is no label.
fn label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// The object that an address names, as `reports/0193…`. Anything but an id or a code may be somebody's name: it is left out.
fn object(path: &str) -> Option<String> {
    let mut parts = path.strip_prefix("/v1/")?.split('/');
    let (collection, id) = (parts.next()?, parts.next()?);
    let code = |id: &str| {
        id.len() <= 20
            && id.bytes().any(|c| c.is_ascii_digit())
            && id
                .bytes()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    (Uuid::try_parse(id).is_ok() || code(id)).then(|| format!("{collection}/{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_an_id_or_a_code() {
        let id = "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b";
        let named = |path: &str| object(path);
        assert_eq!(
            named(&format!("/v1/reports/{id}/transitions")),
            Some(format!("reports/{id}"))
        );
        assert_eq!(
            named("/v1/municipalities/GM1714").as_deref(),
            Some("municipalities/GM1714")
        );
        for nothing in [
            "/v1/reports",
            "/v1/people/j.devries@delft.example",
            "/v1/people/JAN",
            "/health/live",
        ] {
            assert_eq!(named(nothing), None, "{nothing}");
        }
    }
}
