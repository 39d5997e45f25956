//! `meldpunt restore`: a backup takes the place of the database, with the outbox paused. With PostgreSQL its own tools put
//! the data back, and `--after-pg-restore` does the rest.

use std::path::PathBuf;

use chrono::SecondsFormat;
use clap::Args;

use crate::audit::Entry;
use crate::cli::backup::missing;
use crate::cli::logging::{self, audit};
use crate::cli::serve::say;
use crate::clock::{Clock, SystemClock};
use crate::config::{Address, Settings};
use crate::services::backups::{self, Settled};
use crate::services::keys::seal_source::SealSource;
use crate::store::db::Db;

#[derive(Debug, Args)]
pub struct Restore {
    /// The backup
    #[arg(required_unless_present = "after_pg_restore")]
    source: Option<PathBuf>,

    /// Take the place of a database that is there; that one is kept aside
    #[arg(long)]
    replace: bool,

    /// The step after PostgreSQL's own pg_restore: migrates, and pauses the outbox
    #[arg(long, conflicts_with_all = ["source", "replace"])]
    after_pg_restore: bool,

    #[command(flatten)]
    settings: Settings,
}

pub fn run(restore: Restore) -> Result<(), String> {
    logging::start(&restore.settings)?;
    let now = SystemClock.now();
    match (restore.settings.database()?, restore.source) {
        (Address::Sqlite(target), Some(source)) => {
            let done = backups::restore(&restore.settings, &source, &target, restore.replace, now)?;
            audit(
                &restore.settings,
                &Entry::command("restore", "database", now),
            );
            say(&format!(
                "restored  {} from {}; {} reports, {} events",
                target.display(),
                source.display(),
                done.summary.of("reports"),
                done.summary.of("events")
            ));
            match &done.attachments {
                Some(copied) => say(&format!(
                    "files     {} attachments in their place{}",
                    copied.files,
                    missing(copied)
                )),
                None if done.named > 0 => say(&format!(
                    "files     {} attachments are named and none lie beside the backup: put them where MELDPUNT_ATTACHMENTS says",
                    done.named
                )),
                None => {}
            }
            if let Some(aside) = done.aside {
                say(&format!("aside     {}", aside.display()));
            }
            tell(&done.settled);
            Ok(())
        }
        (Address::Postgres(url), None) => {
            let settled = after_pg_restore(&restore.settings, &url)?;
            audit(
                &restore.settings,
                &Entry::command("restore", "database", now),
            );
            say("restored  by pg_restore");
            tell(&settled);
            Ok(())
        }
        (Address::Sqlite(_), None) => {
            Err("--after-pg-restore: DATABASE_URL names a SQLite file".into())
        }
        (Address::Postgres(_), Some(_)) => Err(
            "DATABASE_URL names PostgreSQL: put the data back with pg_restore, then run \
             `meldpunt restore --after-pg-restore`"
                .into(),
        ),
    }
}

fn after_pg_restore(settings: &Settings, url: &str) -> Result<Settled, String> {
    let now = SystemClock.now();
    // A name of our own, so that our connections are told from those of a service.
    let sign = if url.contains('?') { '&' } else { '?' };
    let name = format!("meldpunt-restore-{}", std::process::id());
    let address = Address::Postgres(format!("{url}{sign}application_name={name}"));
    let db = Db::open(&address, 1)?;
    let others = db
        .read_blocking(|conn| crate::store::server::other_connections(conn, &name))
        .map_err(|e: crate::store::db::DbError| e.to_string())?;
    if others > 0 {
        return Err(format!(
            "{others} other connections to this database are open: stop the services first, or they mail what was restored"
        ));
    }
    let reason = format!(
        "restored by pg_restore, seen on {}",
        now.format("%Y-%m-%d %H:%M UTC")
    );
    backups::settle(&db, &SealSource::new(settings, &address), &reason, now)
}

/// What was done and what is next.
fn tell(settled: &Settled) {
    say(&match settled.steps {
        0 => "schema    up to date".to_owned(),
        1 => "schema    1 migration run".to_owned(),
        steps => format!("schema    {steps} migrations run"),
    });
    match settled.retired_keys.len() {
        0 => {}
        n => say(&format!(
            "keys      {n} not opened by the sealing key here, and retired: access tokens given before end; sign-ins go on"
        )),
    }
    let backlog = &settled.backlog;
    let seconds = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    say(&match (backlog.oldest, backlog.newest) {
        (Some(oldest), Some(newest)) => format!(
            "outbox    paused; {} notices wait, queued from {} to {}: see `meldpunt outbox status`",
            backlog.waiting,
            seconds(oldest),
            seconds(newest)
        ),
        _ => "outbox    paused; nothing waits: `meldpunt outbox resume` once this is the service in use".to_owned(),
    });
}
