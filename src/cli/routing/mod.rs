//! `meldpunt routing`: what routing does, without a service.

mod evaluate;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub struct Routing {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Route reports whose right authority is known, and count how often that is right
    Evaluate(evaluate::Evaluate),
}

pub fn run(routing: Routing) -> Result<(), String> {
    match routing.what {
        What::Evaluate(evaluate) => evaluate::run(&evaluate),
    }
}
