//! `meldpunt import`: the history that a municipality or the desk already has, from CSV or JSON. `docs/import.md` has the
//! columns.

mod file;

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::audit::Entry;
use crate::cli::admin::find;
use crate::cli::existing::{open, told};
use crate::cli::import::file::Line;
use crate::cli::logging::audit;
use crate::cli::serve::say;
use crate::config::Settings;
use crate::domain::actor::Language;
use crate::domain::id::OrganisationId;
use crate::domain::invalid::FieldError;
use crate::http::messages;
use crate::services::import::{self, Done, Ending, Record};
use crate::services::{Context, Error};
use crate::store::organisations;

/// Reports in one transaction.
const BATCH: usize = 50;

/// Lines whose faults are printed; the others are counted.
const MOST_TOLD: usize = 1_000;

#[derive(Debug, Args)]
pub struct Import {
    /// The file: CSV with a line of column names, a JSON array, or JSON with an object a line
    file: PathBuf,

    /// Only look whether the file is right; write nothing
    #[arg(long)]
    check: bool,

    /// Take in what is right, and leave out the lines that are not
    #[arg(long, conflicts_with = "check")]
    skip_faulty: bool,

    #[command(flatten)]
    settings: Settings,
}

pub fn run(import: Import) -> Result<(), String> {
    let lines = file::read(&import.file)?;
    let context = open(import.settings)?;
    let (records, faulty) = check(&context, lines)?;
    if faulty > 0 && !import.skip_faulty {
        return Err(format!(
            "{faulty} lines are faulty, {} are right; nothing was written",
            records.len()
        ));
    }
    if import.check {
        say(&format!(
            "{} reports are right; nothing was written",
            records.len()
        ));
        return Ok(());
    }
    let done = write(&context, records)?;
    let object = import.file.display().to_string();
    let line = Entry::command("import", &object, context.clock.now())
        .with("imported", done.imported)
        .with("skipped", done.skipped);
    audit(&context.settings, &line);
    say(&format!("imported {}", done.imported));
    say(&format!("there already {}", done.skipped));
    if faulty > 0 {
        say(&format!("faulty, left out {faulty}"));
    }
    Ok(())
}

/// Every line is looked at before anything is written; each faulty one is named. Returns what is right, and how many are not.
fn check(context: &Context, lines: Vec<Line>) -> Result<(Vec<Record>, usize), String> {
    let bar = bar(lines.len(), "checked")?;
    let (mut records, mut faulty) = (Vec::new(), 0);
    let mut seen = std::collections::HashMap::new();
    for line in lines {
        let (number, found) = (line.number, record(context, line)?);
        bar.inc(1);
        let faults = match found {
            Ok(record) => {
                let key = (record.submitter, record.external_reference.clone());
                let mut faults = import::check(context, &record).map_err(|e| told(&e))?;
                if let Some(first) = seen.insert(key, number) {
                    let twice = FieldError::new("/externalReference", "repeated_in_file");
                    faults.push(twice.with("line", first));
                }
                if faults.is_empty() {
                    records.push(record);
                }
                faults
            }
            Err(faults) => faults,
        };
        if faults.is_empty() {
            continue;
        }
        faulty += 1;
        if faulty <= MOST_TOLD {
            bar.suspend(|| faults.iter().for_each(|fault| tell(number, fault)));
        }
    }
    bar.finish_and_clear();
    if faulty > MOST_TOLD {
        eprintln!("and {} lines more", faulty - MOST_TOLD);
    }
    Ok((records, faulty))
}

fn tell(number: usize, fault: &FieldError) {
    let place = match fault.pointer.trim_start_matches('/') {
        "" => format!("line {number}"),
        column => format!("line {number}, {column}"),
    };
    let words = messages::field(fault.code, &fault.params, Language::En);
    eprintln!("{place}: {}: {words}", fault.code);
}

/// Writes in batches; what an interrupted import had written is skipped by the next.
fn write(context: &Context, records: Vec<Record>) -> Result<Done, String> {
    let bar = bar(records.len(), "imported")?;
    let mut all = Done::default();
    let mut records = records.into_iter();
    loop {
        let batch: Vec<Record> = records.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            bar.finish_and_clear();
            return Ok(all);
        }
        let number = batch.len();
        let done = import::take_in(context, batch).map_err(|error| {
            format!(
                "{}; {} were imported, run it again to go on",
                told(&error),
                all.imported
            )
        })?;
        all.imported += done.imported;
        all.skipped += done.skipped;
        bar.inc(number as u64);
    }
}

/// A bar on a terminal; elsewhere nothing.
fn bar(length: usize, done: &str) -> Result<ProgressBar, String> {
    let bar = ProgressBar::new(length as u64);
    let style = ProgressStyle::with_template(&format!(
        "{{wide_bar}} {{pos}}/{{len}} {done}, {{eta}} left"
    ));
    bar.set_style(style.map_err(|e| e.to_string())?);
    Ok(bar)
}

/// A line as a record, or all that is wrong with its form.
fn record(context: &Context, mut line: Line) -> Result<Result<Record, Vec<FieldError>>, String> {
    let submitter = organisation(context, &mut line, "organisation", true)?;
    let ends = line.has("outcome") || line.has("settledOn") || line.has("explanation");
    let lead = organisation(context, &mut line, "lead", false)?;
    // All three are looked at, so that all that is wrong is named.
    let ending = ends.then(|| {
        let outcome = line.code("outcome");
        let explanation = line.text("explanation", 5000);
        let settled_on = line.day("settledOn");
        Some(Ending {
            outcome: outcome?,
            explanation,
            settled_on: settled_on?,
            lead,
        })
    });
    let confidentiality = if line.has("confidentiality") {
        line.code("confidentiality")
    } else {
        Some(crate::domain::report::Confidentiality::PublicAfterReview)
    };
    let contact = line.contact();
    let (external_reference, title) =
        (line.text("externalReference", 100), line.text("title", 200));
    let (description, effect) = (line.text("description", 20_000), line.text("effect", 5000));
    let submitted_on = line.day("submittedOn");
    let [citations, domains, municipalities, provinces] =
        ["regulations", "domains", "municipalities", "provinces"].map(|column| line.list(column));
    let faults = line.faults();
    let (Some(submitter), Some(submitted_on), Some(confidentiality), true) =
        (submitter, submitted_on, confidentiality, faults.is_empty())
    else {
        return Ok(Err(faults));
    };
    Ok(Ok(Record {
        submitter,
        external_reference,
        submitted_on,
        title,
        description,
        effect,
        citations,
        domains,
        municipalities,
        provinces,
        confidentiality,
        contact,
        ending: ending.flatten(),
    }))
}

fn organisation(
    context: &Context,
    line: &mut Line,
    column: &'static str,
    required: bool,
) -> Result<Option<OrganisationId>, String> {
    if !required && !line.has(column) {
        return Ok(None);
    }
    let named = line.text(column, 200);
    if named.is_empty() {
        return Ok(None);
    }
    let found = context.db.read_blocking(|conn| {
        let id = match find(conn, &named) {
            Err(Error::NotFound) => return Ok(None),
            other => other?,
        };
        Ok::<_, Error>(organisations::find(conn, id)?)
    });
    let code = match found.map_err(|e| told(&e))? {
        None => "unknown_organisation",
        Some(found) if column == "lead" && !found.owns_rules => "no_authority",
        Some(found) => return Ok(Some(found.id)),
    };
    line.fault(column, code);
    Ok(None)
}
