//! The commands, one file each. What goes wrong is one line on the error stream, and an exit code: 1, or 2 for a command
//! line that cannot be read.

mod admin;
mod backup;
mod bench;
mod config;
mod demo;
mod doctor;
mod documents;
mod existing;
mod healthcheck;
mod import;
mod keys;
mod logging;
mod migrate;
mod openapi;
#[cfg(feature = "otel")]
mod otel;
mod outbox;
mod recount;
mod restore;
mod routing;
mod serve;
mod wire;
mod worker;

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command as Clap, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::Settings;

/// Meldpunt: the ticketing service of the Dutch reporting point for obstructive regulation.
#[derive(Debug, Parser)]
#[command(name = "meldpunt", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try it: a filled service on this machine, with everything in one folder
    Demo(demo::Demo),
    /// Serve the API and run the workers
    Serve(Box<Settings>),
    /// Run the workers alone, beside nodes that serve with --no-worker
    Worker(Box<Settings>),
    /// Bring the schema up to date and load the facts; may be repeated
    Migrate(Box<Settings>),
    /// Add organisations, people and API clients without signing in
    Admin(admin::Admin),
    /// Copy the database while the service runs
    Backup(Box<backup::Backup>),
    /// Put a backup in place; nothing is mailed from it until an operator says so
    Restore(Box<restore::Restore>),
    /// Take in the history that a municipality or the desk already has
    Import(Box<import::Import>),
    /// Measure the routing rules
    Routing(routing::Routing),
    /// Look whether all is well, and say what to do about what is not
    Doctor(Box<doctor::Doctor>),
    /// Make the sums that figures are read from anew, from the reports
    Recount(Box<Settings>),
    /// Pause the mail, and take it up again
    Outbox(outbox::Outbox),
    /// Replace the keys that tokens are signed with
    Keys(keys::Keys),
    /// Show every setting with its value and where that came from
    Config(Box<config::Config>),
    /// Measure the service, and what the database and the machine allow, on a database filled for it
    Bench(Box<bench::Bench>),
    /// What `bench` measures reading against
    #[command(hide = true)]
    BenchPlain(Box<bench::plain::Plain>),
    /// Ask a running service whether it is ready
    Healthcheck(healthcheck::Healthcheck),
    /// Print the OpenAPI document
    Openapi,
    /// Write the pages in docs/ that are made from the code
    #[command(hide = true)]
    Documents,
}

/// Runs the command of this process's arguments.
pub fn run() -> ExitCode {
    let parsed = Cli::command()
        .try_get_matches()
        .and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return refuse(&error),
    };
    let outcome = match cli.command {
        Command::Demo(demo) => demo::run(&demo),
        Command::Serve(settings) => serve::run(*settings),
        Command::Worker(settings) => worker::run(*settings),
        Command::Migrate(settings) => migrate::run(*settings),
        Command::Admin(admin) => admin::run(admin),
        Command::Backup(backup) => backup::run(&backup),
        Command::Restore(restore) => restore::run(*restore),
        Command::Routing(routing) => routing::run(routing),
        Command::Import(import) => import::run(*import),
        Command::Doctor(doctor) => return doctor::run(*doctor),
        Command::Recount(settings) => recount::run(*settings),
        Command::Outbox(outbox) => outbox::run(outbox),
        Command::Keys(keys) => keys::run(keys),
        Command::Config(config) => match matches.subcommand() {
            Some((_, matches)) => config::run(&config, matches),
            None => Ok(()),
        },
        Command::Bench(bench) => match matches.subcommand() {
            Some((_, matches)) => bench::run(&bench, matches),
            None => Ok(()),
        },
        Command::BenchPlain(plain) => bench::plain::run(&plain),
        Command::Healthcheck(check) => healthcheck::run(&check),
        Command::Openapi => openapi::run(),
        Command::Documents => documents::run(),
    };
    #[cfg(feature = "otel")]
    otel::stop();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("meldpunt: {}", one_line(&why));
            ExitCode::FAILURE
        }
    }
}

/// A value that does not fit is told in one line, with the environment variable it may have come from; the rest is left
/// to clap.
fn refuse(error: &clap::Error) -> ExitCode {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    };
    let bad_value = matches!(
        error.kind(),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation
    );
    if bad_value {
        let arg = text(ContextKind::InvalidArg);
        let flag = arg.split(' ').next().unwrap_or_default();
        let why = match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(valid)) => format!("expected one of {}", valid.join(", ")),
            _ => std::error::Error::source(error)
                .map(ToString::to_string)
                .unwrap_or_default(),
        };
        let name = environment_of(&Cli::command(), flag)
            .map_or_else(|| flag.to_owned(), |name| format!("{flag} or {name}"));
        let value = text(ContextKind::InvalidValue);
        eprintln!(
            "meldpunt: {}",
            one_line(&format!("{name}: {value:?}: {why}"))
        );
        return ExitCode::FAILURE;
    }
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// The environment variable that stands for a flag of some command.
fn environment_of(command: &Clap, flag: &str) -> Option<String> {
    let own = command.get_arguments().find(|arg| {
        arg.get_long()
            .is_some_and(|long| flag.strip_prefix("--") == Some(long))
    });
    own.and_then(|arg| arg.get_env())
        .map(|name| name.to_string_lossy().into_owned())
        .or_else(|| {
            command
                .get_subcommands()
                .find_map(|sub| environment_of(sub, flag))
        })
}

/// Runs what waits, for a command without a server.
fn wait<T>(work: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(work)
}

/// Errors of libraries have lines of their own.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_hangs_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_flag_has_its_variable() {
        let found = environment_of(&Cli::command(), "--listen");
        assert_eq!(found.as_deref(), Some("MELDPUNT_LISTEN"));
        assert_eq!(environment_of(&Cli::command(), "--nothing"), None);
    }
}
