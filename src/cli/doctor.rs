//! `meldpunt doctor`: a line for each check, and what to do about what is not well. It changes nothing, and may run beside
//! the service. It ends with 0 when all is well, 1 with warnings, 2 with faults.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Args;

use crate::app;
use crate::cli::existing::refuse_missing;
use crate::cli::serve::say;
use crate::config::Settings;
use crate::services::doctor::{self, Finding, Verdict};

#[derive(Debug, Args)]
pub struct Doctor {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    settings: Settings,
}

pub fn run(doctor: Doctor) -> ExitCode {
    let mut report = Report {
        json: doctor.json,
        found: Vec::new(),
    };
    if let Err(why) = examine(doctor.settings, &mut report) {
        report.add(Finding {
            check: "start",
            verdict: Verdict::Fault,
            told: why,
            remedy: Some("nothing more can be looked at before this is mended".into()),
        });
    }
    report.end()
}

fn examine(settings: Settings, report: &mut Report) -> Result<(), String> {
    settings.check()?;
    refuse_missing(&settings)?;
    let ctx = app::context(settings)?;
    report.all(doctor::settings(&ctx, &Settings::strange_variables()));
    report.all(doctor::database(&ctx));
    report.add(doctor::disk(&ctx));
    report.add(doctor::mail(&ctx));
    let schema = doctor::schema(&ctx);
    let behind = schema.verdict == Verdict::Fault;
    report.add(schema);
    // The rest asks for tables that may not be there.
    if behind {
        return Ok(());
    }
    report.add(doctor::keys(&ctx));
    report.all(doctor::outbox(&ctx));
    report.add(doctor::references(&ctx));
    let shown = std::io::stderr().is_terminal();
    let finding = doctor::reports(&ctx, |done| {
        if shown && done % 5_000 == 0 {
            let _ = write!(std::io::stderr(), "\r{done} reports");
        }
    });
    if shown {
        let _ = write!(std::io::stderr(), "\r");
    }
    report.add(finding);
    report.add(doctor::counts(&ctx));
    report.add(doctor::experiments(&ctx));
    report.add(doctor::attachments(&ctx));
    Ok(())
}

struct Report {
    json: bool,
    found: Vec<Finding>,
}

impl Report {
    fn add(&mut self, finding: Finding) {
        if !self.json {
            let todo = finding
                .remedy
                .as_ref()
                .map_or_else(String::new, |todo| format!(" -> {todo}"));
            say(&format!(
                "{:<9}{:<13}{}{todo}",
                finding.verdict.to_string(),
                finding.check,
                finding.told
            ));
        }
        self.found.push(finding);
    }

    fn all(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            self.add(finding);
        }
    }

    fn end(self) -> ExitCode {
        let worst = self.found.iter().map(|one| one.verdict).max();
        let worst = worst.unwrap_or(Verdict::Ok);
        if self.json {
            say(&serde_json::json!({ "verdict": worst, "checks": self.found }).to_string());
        }
        match worst {
            Verdict::Ok => ExitCode::SUCCESS,
            Verdict::Warning => ExitCode::from(1),
            Verdict::Fault => ExitCode::from(2),
        }
    }
}
