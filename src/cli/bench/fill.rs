//! Fills a database: one thread makes the reports up, this one writes them, many a transaction. What is filled remembers
//! how, so that it is done once.

use std::collections::BTreeMap;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use chrono::Datelike;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::bench::plan::Plan;
use crate::cli::bench::story::{self, Told};
use crate::cli::bench::world::World;
use crate::domain::deadline::local_date;
use crate::services::{Context, Error, counting};
use crate::store::{bulk, events, outbox, reference_loads, reports};

/// Reports in one transaction.
const BATCH: u32 = 2_000;
/// Reports counted in one transaction.
const COUNTED: i64 = 20_000;

/// Fills the database, or finds that it was; returns the seconds that it took.
///
/// # Errors
/// One sentence: the database holds other reports, or fails.
pub fn fill(context: &Context, world: &World, plan: Plan) -> Result<Option<f64>, String> {
    let mark = format!("bench of {} reports, seed {}", plan.reports, plan.seed);
    let told = |e: Error| format!("the database cannot be filled: {e:?}");
    let (done, held) = context
        .db
        .read_blocking(|conn| {
            let done = reference_loads::done(conn, &mark)?;
            Ok::<_, Error>((done, bulk::count_reports(conn)?))
        })
        .map_err(told)?;
    if done {
        return Ok(None);
    }
    // One that stopped while it counted goes on there.
    let written = held == i64::from(plan.reports);
    if held > 0 && !written {
        return Err(format!(
            "the database holds {held} reports that are not a {mark}; take one that is empty"
        ));
    }
    let started = Instant::now();
    if !written {
        write(context, world, plan)?;
    }
    count(context, plan)?;
    let now = context.clock.now();
    context
        .db
        .write_blocking(move |conn| {
            for (year, last) in numbers(plan) {
                bulk::set_reference_number(conn, year, last)?;
            }
            bulk::analyse(conn)?;
            Ok(reference_loads::claim(conn, &mark, now)?)
        })
        .map_err(told)?;
    Ok(Some(started.elapsed().as_secs_f64()))
}

fn write(context: &Context, world: &World, plan: Plan) -> Result<(), String> {
    let bar = bar(plan, "written")?;
    let starts = (0..plan.reports).step_by(BATCH as usize);
    std::thread::scope(|scope| {
        let (send, made) = sync_channel(2);
        scope.spawn(move || {
            for start in starts {
                let end = plan.reports.min(start.saturating_add(BATCH));
                let batch: Result<Vec<Told>, String> =
                    (start..end).map(|i| story::tell(world, plan, i)).collect();
                // Nobody receives any more once a batch could not be written.
                if send.send(batch).is_err() {
                    return;
                }
            }
        });
        for batch in made {
            let batch = batch?;
            let length = batch.len();
            insert(context, batch).map_err(|e| format!("the rows cannot be written: {e:?}"))?;
            bar.inc(length as u64);
        }
        Ok::<_, String>(())
    })?;
    bar.finish_and_clear();
    Ok(())
}

/// Counts what was written, so that figures are read as they are in daily use: from what is counted already.
fn count(context: &Context, plan: Plan) -> Result<(), String> {
    let bar = bar(plan, "counted")?;
    loop {
        let counted = counting::round(context, COUNTED)
            .map_err(|e| format!("the reports cannot be counted: {e:?}"))?;
        if counted == 0 {
            break;
        }
        bar.inc(counted as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

fn bar(plan: Plan, done: &str) -> Result<ProgressBar, String> {
    let bar = ProgressBar::new(plan.reports.into());
    let template = format!("{{wide_bar}} {{pos}}/{{len}} reports {done}, {{eta}} left");
    let style = ProgressStyle::with_template(&template);
    bar.set_style(style.map_err(|e| e.to_string())?);
    Ok(bar)
}

fn insert(context: &Context, batch: Vec<Told>) -> Result<(), Error> {
    context.db.write_blocking(move |conn| {
        bulk::make_room(conn)?;
        let (mut told, mut happened, mut mailed) = (Vec::new(), Vec::new(), Vec::new());
        for one in batch {
            told.push(one.report);
            happened.extend(one.events);
            mailed.extend(one.notices);
        }
        reports::insert_many(conn, &told)?;
        events::insert_many(conn, &happened)?;
        outbox::insert_many(conn, mailed)?;
        Ok(())
    })
}

/// The last number that each year gave out.
fn numbers(plan: Plan) -> BTreeMap<i32, i32> {
    (0..plan.reports)
        .map(|i| {
            let year = local_date(plan.begun(i)).year();
            (year, i32::try_from(i + 1).unwrap_or(i32::MAX))
        })
        .collect()
}
