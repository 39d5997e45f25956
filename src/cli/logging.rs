//! Structured logs on the error stream; the standard output is for what a command has to say.

use tracing_subscriber::EnvFilter;
#[cfg(feature = "otel")]
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use crate::audit::{Entry, Log};
#[cfg(feature = "otel")]
use crate::cli::otel;
use crate::config::Settings;

/// What libraries say that the service says itself, better: unless the filter names them.
const QUIET: [(&str, &str); 2] = [("r2d2", "r2d2=off"), ("actix_server", "actix_server=warn")];

/// Starts logging as the settings say.
///
/// # Errors
/// One sentence for the operator.
pub fn start(settings: &Settings) -> Result<(), String> {
    let mut filter = EnvFilter::try_new(&settings.log)
        .map_err(|e| format!("MELDPUNT_LOG: {:?} is no filter: {e}", settings.log))?;
    for (library, quiet) in QUIET {
        if let (false, Ok(quiet)) = (settings.log.contains(library), quiet.parse()) {
            filter = filter.add_directive(quiet);
        }
    }
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // A line that cannot be written would be told on the same stream: a panic.
        .log_internal_errors(false);
    let started = if settings.log_format == "json" {
        let lines = lines.json().flatten_event(true).with_span_list(false);
        #[cfg(feature = "otel")]
        let lines = lines.finish().with(otel::layer(settings)?);
        lines.try_init()
    } else {
        // Colours are for a terminal.
        let lines = lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
        #[cfg(feature = "otel")]
        let lines = lines.finish().with(otel::layer(settings)?);
        lines.try_init()
    };
    started.map_err(|e| format!("cannot start logging: {e}"))
}

/// Writes down in the audit log what a command did.
pub fn audit(settings: &Settings, entry: &Entry<'_>) {
    let written = Log::open(&settings.audit_log)
        .and_then(|log| log.write(entry).map_err(|error| error.to_string()));
    if let Err(error) = written {
        tracing::error!(%error, action = entry.action, "a line of the audit log could not be written");
    }
}
