//! `meldpunt keys`: the keys that tokens are signed with, and replacing them while everything goes on.

use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, Subcommand};

use crate::audit::Entry;
use crate::cli::existing::{open, told};
use crate::cli::logging::audit;
use crate::cli::serve::say;
use crate::config::Settings;
use crate::services::Error;
use crate::services::keys::rotation;

#[derive(Debug, Args)]
pub struct Keys {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show every key: which signs, which is announced, which is still accepted
    List(Box<Settings>),
    /// Announce a new key; it signs a quarter of an hour later, and the old one goes once its last token has lapsed
    Rotate(Box<Rotate>),
    /// End a key at once: every token it signed is refused
    Retire(Box<Retire>),
    /// Seal the keys with another sealing key
    Reseal(Box<Settings>),
}

#[derive(Debug, Args)]
struct Rotate {
    /// Have it sign at once: the old key may be in other hands
    #[arg(long)]
    now: bool,

    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Args)]
struct Retire {
    /// Its name, as `list` shows it
    kid: String,

    #[command(flatten)]
    settings: Settings,
}

pub fn run(keys: Keys) -> Result<(), String> {
    match keys.what {
        What::List(settings) => list(*settings),
        What::Rotate(rotate) => {
            let context = open(rotate.settings)?;
            let now = context.clock.now();
            let (kid, from) =
                rotation::rotate(&context.db, context.keys.seal_source(), rotate.now, now)
                    .map_err(|e| told(&e))?;
            let object = format!("keys/{kid}");
            audit(
                &context.settings,
                &Entry::command("keys rotate", &object, now),
            );
            say(&format!(
                "key       {kid}\nsigns     from {}",
                seconds(from)
            ));
            Ok(())
        }
        What::Retire(retire) => {
            let context = open(retire.settings)?;
            let now = context.clock.now();
            rotation::retire(&context.db, &retire.kid, now).map_err(|e| match e {
                Error::NotFound => format!("no key in use is named {:?}", retire.kid),
                other => told(&other),
            })?;
            let object = format!("keys/{}", retire.kid);
            audit(
                &context.settings,
                &Entry::command("keys retire", &object, now),
            );
            say(&format!(
                "retired   {}\n          every node refuses it within a minute",
                retire.kid
            ));
            Ok(())
        }
        What::Reseal(settings) => {
            let context = open(*settings)?;
            let source = context.keys.seal_source();
            let done = rotation::reseal(&context.db, source).map_err(|e| told(&e))?;
            let now = context.clock.now();
            audit(
                &context.settings,
                &Entry::command("keys reseal", "keys", now),
            );
            say(&format!("resealed  {done}"));
            if let Some(file) = source.file() {
                say(&format!("key       {} is new", file.display()));
            }
            Ok(())
        }
    }
}

fn list(settings: Settings) -> Result<(), String> {
    let context = open(settings)?;
    let now = context.clock.now();
    let found = context
        .db
        .read_blocking(|conn| rotation::list(conn, context.keys.seal_source(), now))
        .map_err(|e| told(&e))?;
    if found.is_empty() {
        say("no key yet: the first start makes one");
        return Ok(());
    }
    say(&format!(
        "{:<44}{:<11}{:<22}{:<22}OPENS",
        "KEY", "STATE", "SIGNS FROM", "ACCEPTED UNTIL"
    ));
    for key in found {
        say(&format!(
            "{:<44}{:<11}{:<22}{:<22}{}",
            key.kid,
            key.state.to_string(),
            seconds(key.signs_from),
            key.accepted_until.map_or_else(|| "-".into(), seconds),
            if key.opens { "yes" } else { "no" }
        ));
    }
    Ok(())
}

fn seconds(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
