//! `meldpunt outbox`: whether mail leaves, keeping it in, and letting it out again.

use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, Subcommand};

use crate::audit::Entry;
use crate::cli::existing::{open, told};
use crate::cli::logging::audit;
use crate::cli::serve::say;
use crate::config::Settings;
use crate::services::mail_pause::{self, Standing, Waiting};
use crate::services::{Context, Error};

#[derive(Debug, Args)]
pub struct Outbox {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show what waits, what was given up, and whether the outbox is paused
    Status(Box<Settings>),
    /// Mail nothing from now on, on any node
    Pause(Box<Pause>),
    /// Mail again
    Resume(Box<Resume>),
}

#[derive(Debug, Args)]
struct Pause {
    /// Why, for whoever looks later
    #[arg(long, default_value = "by an operator")]
    reason: String,

    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Args)]
struct Resume {
    /// Send all that waits
    #[arg(long)]
    send_all: bool,

    /// Do not send what was queued before this instant, as 2026-11-24T20:00:00Z; it was sent before the backup, say
    #[arg(long, value_name = "INSTANT", conflicts_with = "send_all")]
    drop_older_than: Option<DateTime<Utc>>,

    #[command(flatten)]
    settings: Settings,
}

pub fn run(outbox: Outbox) -> Result<(), String> {
    match outbox.what {
        What::Status(settings) => {
            let context = open(*settings)?;
            say(&text(&standing(&context)?));
            Ok(())
        }
        What::Pause(pause) => {
            let context = open(pause.settings)?;
            let (reason, now) = (pause.reason, context.clock.now());
            let standing = context
                .db
                .write_blocking(move |conn| mail_pause::pause(conn, None, &reason, now))
                .map_err(|e| told(&e))?;
            audit(
                &context.settings,
                &Entry::command("outbox pause", "outbox", now),
            );
            say(&text(&standing));
            Ok(())
        }
        What::Resume(choice) => resume(*choice),
    }
}

fn resume(choice: Resume) -> Result<(), String> {
    let context = open(choice.settings)?;
    let now = context.clock.now();
    let waiting = match choice.drop_older_than {
        Some(before) => Some(Waiting::DiscardBefore(before)),
        None => choice.send_all.then_some(Waiting::SendAll),
    };
    let done = context
        .db
        .write_blocking(move |conn| mail_pause::resume(conn, None, waiting, now));
    match done {
        Ok(discarded) => {
            let line = Entry::command("outbox resume", "outbox", now);
            audit(&context.settings, &line.with("discarded", discarded));
            if discarded > 0 {
                say(&format!("discarded {discarded}"));
            }
            say(&text(&standing(&context)?));
            Ok(())
        }
        Err(Error::Conflict("outbox_waits")) => {
            say(&text(&standing(&context)?));
            Err(
                "notices wait that may have been sent before; choose: --send-all, or --drop-older-than INSTANT (those \
                 queued before it are not sent)"
                    .into(),
            )
        }
        Err(e) => Err(told(&e)),
    }
}

fn standing(context: &Context) -> Result<Standing, String> {
    context
        .db
        .read_blocking(|conn| mail_pause::standing(conn, None))
        .map_err(|e| told(&e))
}

fn text(standing: &Standing) -> String {
    let seconds = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut lines = vec![match &standing.pause {
        Some(pause) => format!(
            "outbox    paused since {}: {}",
            seconds(pause.since),
            pause.reason
        ),
        None => "outbox    open".to_owned(),
    }];
    let backlog = &standing.backlog;
    lines.push(match (backlog.oldest, backlog.newest) {
        (Some(oldest), Some(newest)) => format!(
            "waiting   {}, queued from {} to {}",
            backlog.waiting,
            seconds(oldest),
            seconds(newest)
        ),
        _ => "waiting   0".to_owned(),
    });
    let others = standing
        .counts
        .iter()
        .filter(|(state, _)| *state != crate::domain::notice::NoticeState::Queued);
    lines.extend(others.map(|(state, count)| format!("{:<10}{count}", state.to_string())));
    lines.join("\n")
}
