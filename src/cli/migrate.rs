//! `meldpunt migrate`: the schema and the facts, as `serve` does at its start. For whoever does it before a release.

use crate::app;
use crate::cli::logging;
use crate::cli::serve::say;
use crate::config::Settings;

pub fn run(mut settings: Settings) -> Result<(), String> {
    logging::start(&settings)?;
    // Nodes may share an environment; this command is what that setting waits for.
    settings.no_migrate = false;
    let context = app::context(settings)?;
    let prepared = app::prepare(&context)?;
    say(match prepared.steps {
        0 => "schema: up to date".to_owned(),
        1 => "schema: 1 migration run".to_owned(),
        steps => format!("schema: {steps} migrations run"),
    }
    .as_str());
    say(if prepared.facts {
        "facts: loaded"
    } else {
        "facts: already there"
    });
    Ok(())
}
