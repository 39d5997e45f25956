//! A request as a span of OpenTelemetry: only in a build with the feature `otel`.

use actix_web::http::{Method, StatusCode};
use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, Status, TraceContextExt, TraceFlags, TraceId, TraceState,
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::http::trace::Trace;

/// Makes the span a part of the caller's trace. Returns where it stands, when spans are collected at all.
pub fn begin(span: &Span, caller: Option<Trace>, method: &Method, route: &str) -> Option<Trace> {
    if let Some(caller) = caller {
        let flags = if caller.sampled {
            TraceFlags::SAMPLED
        } else {
            TraceFlags::default()
        };
        let remote = SpanContext::new(
            TraceId::from_bytes(caller.id.to_be_bytes()),
            SpanId::from_bytes(caller.span.to_be_bytes()),
            flags,
            true,
            TraceState::NONE,
        );
        // It fails when no spans are collected.
        let _ = span.set_parent(Context::new().with_remote_span_context(remote));
    }
    span.set_attribute("http.request.method", method.to_string());
    span.set_attribute("http.route", route.to_owned());
    let context = span.context();
    let own = context.span();
    own.update_name(format!("{method} {route}"));
    let own = own.span_context();
    own.is_valid().then(|| Trace {
        id: u128::from_be_bytes(own.trace_id().to_bytes()),
        span: u64::from_be_bytes(own.span_id().to_bytes()),
        sampled: own.is_sampled(),
    })
}

/// Says how it ended.
pub fn end(span: &Span, status: StatusCode) {
    span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
}
