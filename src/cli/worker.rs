//! `meldpunt worker`: the background work alone. For nodes beside those that serve the API.

use crate::app;
use crate::cli::logging;
use crate::cli::serve::{bind, say};
use crate::config::Settings;

pub fn run(mut settings: Settings) -> Result<(), String> {
    logging::start(&settings)?;
    let listener = bind(settings.listen)?;
    // Port 0 stands for any that is free.
    settings.listen = listener.local_addr().map_err(|e| e.to_string())?;
    // Nodes may share an environment; this command is what that setting waits for.
    settings.no_worker = false;
    let transport = app::transport(&settings)?.ok_or("no way out for mail")?;
    let context = app::context(settings)?;
    let prepared = app::migrate(&context)?;
    if prepared.steps > 0 || prepared.facts {
        tracing::info!(steps = prepared.steps, facts = prepared.facts, "migrated");
    }
    app::work(context, transport, listener, |context| {
        let address = context.settings.listen;
        if context.settings.log_format == "json" {
            tracing::info!(%address, "working");
        } else {
            say(&format!("meldpunt: working; health on http://{address}"));
        }
        Ok(())
    })
}
