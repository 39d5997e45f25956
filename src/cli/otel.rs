//! Spans for a collector, by OpenTelemetry's protocol: only in a build with the feature `otel`, and only when an endpoint is
//! set. Sampling and the names of the resource follow OpenTelemetry's own variables.

use std::sync::OnceLock;

use opentelemetry::Key;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::config::Settings;

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// What takes the spans that `MELDPUNT_LOG` lets through to the collector; nothing without an endpoint.
///
/// # Errors
/// One sentence for the operator.
pub fn layer<S>(settings: &Settings) -> Result<Option<impl Layer<S> + use<S>>, String>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let Some(endpoint) = &settings.otlp_endpoint else {
        return Ok(None);
    };
    if !endpoint.starts_with("http://") {
        return Err(format!(
            "OTEL_EXPORTER_OTLP_ENDPOINT: expected http://HOST:PORT of a collector on this machine, not {endpoint:?}"
        ));
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()
        .map_err(|e| format!("OTEL_EXPORTER_OTLP_ENDPOINT: {e}"))?;
    let provider = SdkTracerProvider::builder()
        .with_resource(resource())
        .with_batch_exporter(exporter)
        .build();
    let tracer = provider.tracer("meldpunt");
    let _ = PROVIDER.set(provider);
    let spans = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false);
    Ok(Some(spans))
}

/// Named `meldpunt`, unless OTEL_SERVICE_NAME says otherwise.
fn resource() -> Resource {
    let given = Resource::builder().build();
    let named = given
        .get(&Key::from_static_str("service.name"))
        .is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    if named {
        given
    } else {
        Resource::builder().with_service_name("meldpunt").build()
    }
}

/// Sends what is left, at the end of the process.
pub fn stop() {
    if let Some(provider) = PROVIDER.get()
        && let Err(error) = provider.shutdown()
    {
        tracing::warn!(%error, "the last spans could not be sent");
    }
}
