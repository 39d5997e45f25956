//! `meldpunt documents`: writes the pages in docs/ that are made from the code. Tests compare, so no page can drift.

mod experiments;
mod problems;
mod statistics;
mod workflow;

use std::path::Path;

use crate::cli::config;
use crate::cli::serve::say;

pub fn run() -> Result<(), String> {
    let folder = Path::new("docs");
    if !folder.join("glossary.md").exists() {
        return Err("run this in the root of the source tree".into());
    }
    for (name, text) in [
        ("configuration.md", config::markdown()),
        ("experiments.md", experiments::markdown()),
        ("problems.md", problems::markdown()),
        ("statistics.md", statistics::markdown()),
        ("workflow.md", workflow::markdown()),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        say(&format!("written: {}", path.display()));
    }
    Ok(())
}
