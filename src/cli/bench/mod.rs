//! `meldpunt bench`: fills a database, has the service work over HTTP, and measures beside it, in the same run, what the
//! database and the machine allow. docs/performance.md says what the figures mean.

mod bare;
mod beside;
mod draft;
mod figures;
mod fill;
#[cfg(test)]
mod lists_tests;
mod load;
mod mail;
mod pages;
mod pgbench;
pub mod plain;
mod plan;
mod script;
mod server;
mod sink;
mod statements;
mod story;
mod tap;
mod works;
mod world;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command};
use uuid::Uuid;

use crate::app;
use crate::cli::bench::bare::Bare;
use crate::cli::bench::beside::Beside;
use crate::cli::bench::figures::{Figure, Run};
use crate::cli::bench::load::Effort;
use crate::cli::bench::pages::{Ask, Who};
use crate::cli::bench::plain::Answers;
use crate::cli::bench::plan::Plan;
use crate::cli::bench::server::Server;
use crate::cli::bench::works::Works;
use crate::cli::bench::world::{Accounts, World};
use crate::cli::logging;
use crate::cli::serve::say;
use crate::config::{Address, Settings};
use crate::domain::deadline::local_date;
use crate::services::{Context, Error};

#[derive(Debug, Args)]
pub struct Bench {
    /// Reports to fill the database with
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..))]
    reports: u32,

    /// The same seed makes the same reports
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Connections that ask at the same time
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    connections: u16,

    /// Seconds for each kind of work
    #[arg(long, default_value_t = 5.0, value_parser = seconds)]
    seconds: f64,

    /// Fill the database and stop
    #[arg(long, conflicts_with_all = ["json", "compare"])]
    fill_only: bool,

    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,

    /// Measure the work that reads alone, in turn with that of another database of so many reports: how much longer it
    /// takes there, whatever else the machine does meanwhile
    #[arg(long, value_name = "REPORTS=URL", conflicts_with_all = ["json", "compare", "fill_only"])]
    beside: Option<Beside>,

    /// Of that, only the work whose name has this in it; may be repeated
    #[arg(long, value_name = "TEXT", requires = "beside")]
    only: Vec<String>,

    /// Measure nothing: hold files that --json made against the first of them
    #[arg(long, num_args = 1.., value_name = "FILE")]
    compare: Vec<PathBuf>,

    #[command(flatten)]
    settings: Settings,
}

impl Bench {
    fn plan(&self) -> Plan {
        Plan {
            seed: self.seed,
            reports: self.reports,
        }
    }

    fn effort(&self) -> Effort {
        Effort {
            connections: self.connections.into(),
            lasting: Duration::from_secs_f64(self.seconds),
        }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number")?;
    if (0.1..=600.0).contains(&seconds) {
        Ok(seconds)
    } else {
        Err("expected 0.1 to 600".into())
    }
}

pub fn run(bench: &Bench, matches: &ArgMatches) -> Result<(), String> {
    if !bench.compare.is_empty() {
        say(&figures::compare(&bench.compare)?);
        return Ok(());
    }
    let folder = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
    let mut settings = bench.settings.clone();
    if matches.value_source("database_url") == Some(ValueSource::DefaultValue) {
        settings.database_url = format!("sqlite://{}", folder.path().join("bench.db").display());
    }
    // The access log of the server is measured; what this process does is not of interest.
    logging::start(&Settings {
        log: "warn".into(),
        ..settings.clone()
    })?;
    if bench.fill_only {
        let context = prepared(settings)?;
        let filled = fill::fill(&context, &enter(&context)?, bench.plan())?;
        say(&filled.map_or("it was filled before".into(), |seconds| {
            format!("filled in {seconds:.1} s")
        }));
        return Ok(());
    }
    if let Some(other) = &bench.beside {
        let of = |settings: &Settings| environment(matches, settings, folder.path());
        let runs = beside::measure(bench, &settings, other, &of, folder.path())?;
        say(&figures::table_of(&runs));
        return none_failed(runs.iter().map(Run::failures).sum());
    }
    let environment = environment(matches, &settings, folder.path());
    let run = measure(bench, settings, &environment, folder.path())?;
    if bench.json {
        say(&serde_json::to_string(&run).map_err(|e| e.to_string())?);
    } else {
        say(&run.table());
    }
    none_failed(run.failures())
}

fn none_failed(failures: u64) -> Result<(), String> {
    match failures {
        0 => Ok(()),
        failures => Err(format!("{failures} requests failed")),
    }
}

/// The settings as the server's environment, but for what the bench decides: a free port, no limit to what one address and
/// one client may ask, and mail that has nowhere to go, so that it stays queued.
fn environment(matches: &ArgMatches, settings: &Settings, folder: &Path) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Settings::augment_args(Command::new("settings"))
        .get_arguments()
        .filter_map(|arg: &Arg| {
            let values: Vec<_> = matches.get_raw(arg.get_id().as_str())?.collect();
            let values: Vec<_> = values.iter().map(|value| value.to_string_lossy()).collect();
            let name = arg.get_env()?.to_string_lossy().into_owned();
            (!values.is_empty()).then(|| (name, values.join(",")))
        })
        .collect();
    pairs.extend([
        ("DATABASE_URL".into(), settings.database_url.clone()),
        ("MELDPUNT_LISTEN".into(), "127.0.0.1:0".into()),
        ("MELDPUNT_LOG_FORMAT".into(), "text".into()),
        ("MELDPUNT_MAIL".into(), "smtp+plain://127.0.0.1:1".into()),
        ("MELDPUNT_RATE_ADDRESS".into(), "0".into()),
        ("MELDPUNT_RATE_PRINCIPAL".into(), "0".into()),
        ("TMPDIR".into(), folder.to_string_lossy().into_owned()),
    ]);
    pairs
}

fn told(error: Error) -> String {
    format!("{error:?}")
}

fn measure(
    bench: &Bench,
    settings: Settings,
    environment: &[(String, String)],
    folder: &Path,
) -> Result<Run, String> {
    let (plan, effort) = (bench.plan(), bench.effort());
    let mut run = begun(bench, &settings, plan)?;
    let (fill_seconds, world, accounts) = filled(&settings, plan)?;
    run.fill_seconds = fill_seconds;
    let authority = world::authority(&world)?;
    let answers = over_http(
        &mut run,
        plan,
        effort,
        environment,
        folder,
        &world,
        &accounts,
    )?;
    let file = folder.join("answers.json");
    let text = serde_json::to_string(&answers).map_err(|e| e.to_string())?;
    std::fs::write(&file, text).map_err(|e| e.to_string())?;
    let reads = plain_limits(
        plan,
        effort,
        environment,
        folder,
        &file,
        &accounts,
        authority,
    )?;

    let connections = u32::from(bench.connections).min(200);
    let single = prepared(Settings {
        database_connections: 1,
        ..settings.clone()
    })?;
    let context = prepared(Settings {
        database_connections: connections,
        ..settings
    })?;
    let bare = Bare {
        context: &context,
        single: &single,
        world: &world,
        authority,
        connections: effort.connections.min(200),
        lasting: effort.lasting,
    };
    let mut at_the_store = Vec::new();
    let mut by_pgbench = Vec::new();
    let how = if run.database == "sqlite" {
        "32 a commit"
    } else {
        match pgbench::limits(&bare, folder) {
            Ok(figures) => by_pgbench = figures,
            Err(why) => run.left_out.push(format!("pgbench: {why}")),
        }
        "a transaction each"
    };
    for work in [works::SUBMIT, works::TRANSITION] {
        let name = format!("limit: statements of a {work}, {how}");
        let figure = match work {
            works::SUBMIT => bare.submit(&name)?,
            _ => bare.transition(&name)?,
        };
        at_the_store.push((work, figure));
    }
    let of = |limits: &[(&str, Figure)], wanted: &str| {
        let found = limits.iter().find(|(work, _)| *work == wanted);
        found.map(|(_, figure)| figure.clone())
    };
    // Over HTTP it is held against pgbench, where there is one; so is the store itself.
    for figure in &mut run.figures {
        let limit = of(&reads, &figure.work)
            .or_else(|| of(&by_pgbench, &figure.work))
            .or_else(|| of(&at_the_store, &figure.work));
        *figure = std::mem::take(figure).against(limit.as_ref());
    }
    for (work, figure) in &mut at_the_store {
        *figure = std::mem::take(figure).against(of(&by_pgbench, work).as_ref());
    }
    let [mail, bare_mail] = mail::drain(&context, bench.reports, environment, folder)?;
    run.figures.push(mail);
    let limits = reads.into_iter().chain(at_the_store).chain(by_pgbench);
    run.figures.extend(limits.map(|(_, figure)| figure));
    run.figures.push(bare_mail);
    Ok(run)
}

/// A run of which nothing is measured yet.
fn begun(bench: &Bench, settings: &Settings, plan: Plan) -> Result<Run, String> {
    Ok(Run {
        version: env!("CARGO_PKG_VERSION").into(),
        database: match settings.database()? {
            Address::Sqlite(_) => "sqlite".into(),
            Address::Postgres(_) => "postgres".into(),
        },
        reports: plan.reports,
        seed: plan.seed,
        connections: bench.connections.into(),
        seconds: bench.seconds,
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        ..Run::default()
    })
}

/// Fills the database where it is not; how long that took, and who is in it.
fn filled(settings: &Settings, plan: Plan) -> Result<(Option<f64>, World, Accounts), String> {
    let context = prepared(settings.clone())?;
    let world = enter(&context)?;
    let seconds = fill::fill(&context, &world, plan)?;
    let accounts = world::accounts(&context, &world).map_err(told)?;
    Ok((seconds, world, accounts))
}

/// The database with its schema, and what the use cases run on.
fn prepared(settings: Settings) -> Result<Context, String> {
    let context = app::context(settings)?;
    app::prepare(&context)?;
    Ok(context)
}

fn enter(context: &Context) -> Result<World, String> {
    let ctx = context.clone();
    let today = local_date(context.clock.now());
    context
        .db
        .write_blocking(move |conn| World::enter(&ctx, conn, today))
        .map_err(told)
}

/// Starts the service and has it do all there is to do.
fn over_http(
    run: &mut Run,
    plan: Plan,
    effort: Effort,
    environment: &[(String, String)],
    folder: &Path,
    world: &World,
    accounts: &Accounts,
) -> Result<Answers, String> {
    let server = Server::start(&["serve"], environment, folder)?;
    run.start_ms = server.ready_after.as_secs_f64() * 1_000.0;
    std::thread::sleep(Duration::from_millis(500));
    run.memory_idle_mib = server.memory();
    let authority = world::authority(world)?;
    let works = Works {
        server: &server,
        effort,
        accounts,
        authority,
    };
    works.take(plan)?;
    works.counted()?;
    let figures = &mut run.figures;
    for ask in pages::reading(world, plan, authority) {
        figures.push(works.ask(&ask)?);
    }
    figures.push(works.export("application/jsonl")?);
    let answers = answers(&works, plan, &pages::limited_list(authority))?;
    figures.push(works.submit()?);
    figures.push(works.transition()?);
    let memory = figures.iter().filter_map(|figure| figure.memory_mib);
    run.memory_most_mib = memory.reduce(f64::max);
    Ok(answers)
}

/// What the service answers to the requests that have a limit beside them.
fn answers(works: &Works<'_>, plan: Plan, list: &str) -> Result<Answers, String> {
    let token = works.desk()?;
    let mut reports = HashMap::new();
    for path in pages::read_paths(plan) {
        let id = path.rsplit('/').next().unwrap_or_default();
        let id: Uuid = id.parse().map_err(|_| "an id that is none")?;
        reports.insert(id, works.text(&path, &token)?);
    }
    let list = serde_json::from_str(&works.text(list, &token)?).map_err(|e| e.to_string())?;
    Ok(Answers {
        authority: works.authority.uuid(),
        list,
        reports,
    })
}

/// The same reads, of the plain server.
fn plain_limits(
    plan: Plan,
    effort: Effort,
    environment: &[(String, String)],
    folder: &Path,
    file: &Path,
    accounts: &Accounts,
    authority: crate::domain::id::OrganisationId,
) -> Result<Vec<(&'static str, Figure)>, String> {
    let file = file.to_string_lossy();
    let server = Server::start(&["bench-plain", "--answers", &file], environment, folder)?;
    let works = Works {
        server: &server,
        effort,
        accounts,
        authority,
    };
    let named = |work: &str| format!("limit: bare query and actix, {work}");
    let read = works.ask(&Ask {
        work: named(pages::READ),
        who: Who::Anybody,
        paths: pages::read_paths(plan),
    })?;
    let list = pages::limited_list(authority);
    let list = works.ask(&Ask::page(named("list"), Who::Anybody, list))?;
    Ok(vec![(pages::READ, read), (pages::LIST, list)])
}
