//! One line in the log for each request: what was asked, by whom, how it ended, how long it took. The route stands in it,
//! not the address: an address can hold what somebody searched for.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage};
use tracing::Span;
use tracing::field::Empty;
use tracing_actix_web::{RequestId, RootSpanBuilder};
use uuid::Uuid;

#[cfg(feature = "otel")]
use crate::http::spans;
use crate::http::trace::Trace;

/// What a request's log lines have in common, and its last line.
pub struct AccessLog;

/// What is known of a request when it comes in.
#[derive(Clone)]
pub struct Arrival {
    pub at: Instant,
    pub id: Uuid,
    pub trace: Trace,
    /// The pattern of its address; none of ours when there is none.
    pub route: Option<String>,
}

impl RootSpanBuilder for AccessLog {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request.extensions().get::<RequestId>().map(|id| **id);
        #[cfg_attr(
            not(feature = "otel"),
            expect(unused_mut, reason = "a span has a trace of its own")
        )]
        let mut arrival = Arrival {
            at: Instant::now(),
            id: id.unwrap_or_default(),
            trace: Trace::of(request.headers(), id.unwrap_or_default()),
            route: request.match_pattern(),
        };
        // Of the highest level, so that a warning has its request even where only warnings are logged.
        let span = tracing::error_span!(
            "request",
            id = %arrival.id,
            trace = Empty,
            method = %request.method(),
            route = arrival.route.as_deref().unwrap_or("unknown"),
            actor = Empty,
        );
        #[cfg(feature = "otel")]
        {
            let route = arrival.route.as_deref().unwrap_or("unknown");
            let caller = Trace::incoming(request.headers());
            if let Some(own) = spans::begin(&span, caller, request.method(), route) {
                arrival.trace = own;
            }
        }
        span.record("trace", arrival.trace.id());
        request.extensions_mut().insert(arrival);
        span
    }

    fn on_request_end<B: MessageBody>(_span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let (status, started) = match outcome {
            Ok(response) => {
                let extensions = response.request().extensions();
                let started = extensions.get::<Arrival>().map(|arrival| arrival.at);
                (response.status(), started)
            }
            Err(error) => (error.as_response_error().status_code(), None),
        };
        #[cfg(feature = "otel")]
        spans::end(&_span, status);
        let ms = started.map(|at| at.elapsed().as_millis());
        tracing::info!(status = status.as_u16(), ms, "answered");
    }
}
