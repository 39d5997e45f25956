//! The commands, one file each. What goes wrong is one line on the error stream, and an exit code.

mod openapi;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    /// Serve the API and run the workers
    Serve(Settings),
    /// Print the OpenAPI document
    Openapi,
}

/// Runs the command of this process's arguments.
pub fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(settings) => serve::run(settings),
        Command::Openapi => openapi::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("meldpunt: {why}");
            ExitCode::FAILURE
        }
    }
}
