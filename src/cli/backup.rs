//! `meldpunt backup`: a copy of the SQLite database while the service runs. With PostgreSQL it says which command of
//! PostgreSQL's own to use.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::audit::Entry;
use crate::cli::logging::audit;
use crate::cli::serve::say;
use crate::clock::{Clock, SystemClock};
use crate::config::{Address, Place, Settings};
use crate::services::backups::attachments::Copied;
use crate::services::backups::{self, Made};

#[derive(Debug, Args)]
pub struct Backup {
    /// A file that does not exist yet, or a folder in which one is made with the time in its name
    destination: PathBuf,

    /// Copy the file with the sealing key too, beside the backup: whoever has both can sign tokens
    #[arg(long)]
    with_key: bool,

    /// Leave the attachments out: their folder is copied by other means
    #[arg(long)]
    without_attachments: bool,

    #[command(flatten)]
    settings: Settings,
}

pub fn run(backup: &Backup) -> Result<(), String> {
    let database = match backup.settings.database()? {
        Address::Sqlite(path) => path,
        Address::Postgres(url) => return Err(by_its_own_tools(&url, &backup.destination)),
    };
    let target = if backup.destination.is_dir() {
        let now = SystemClock.now();
        backup
            .destination
            .join(format!("meldpunt-{}.db", now.format("%Y%m%dT%H%M%SZ")))
    } else {
        backup.destination.clone()
    };
    let place = backup.settings.attachments()?;
    let folder = match &place {
        Place::Folder(folder) if !backup.without_attachments => Some(folder.as_path()),
        _ => None,
    };
    let made = backups::backup(&database, &target, backup.with_key, folder)?;
    let line = Entry::command("backup", "database", SystemClock.now());
    audit(&backup.settings, &line);
    say(&told(&made));
    Ok(())
}

fn told(made: &Made) -> String {
    let rows = &made.summary;
    let mut text = format!(
        "backup    {} ({:.1} MB), read back and sound\nrows      {} in {} tables; {} reports, {} events, {} notices",
        made.file.display(),
        made.bytes as f64 / 1e6,
        rows.total(),
        rows.rows.len(),
        rows.of("reports"),
        rows.of("events"),
        rows.of("outbox"),
    );
    match &made.attachments {
        Some(copied) if copied.files + copied.missing > 0 => text.push_str(&format!(
            "\nfiles     {} attachments ({:.1} MB) beside it, each as its row says{}",
            copied.files,
            copied.bytes as f64 / 1e6,
            missing(copied)
        )),
        Some(_) => {}
        None => text.push_str(
            "\nfiles     no attachments: copy where they lie by other means, after the database",
        ),
    }
    if let Some(key) = &made.key {
        text.push_str(&format!("\nkey       {}", key.display()));
    }
    text
}

/// What rows name and is not there.
pub fn missing(copied: &Copied) -> String {
    match copied.missing {
        0 => String::new(),
        n => format!(
            "; {n} are not there: `meldpunt doctor` says which, unless they were deleted meanwhile"
        ),
    }
}

/// No backup is made here, so it ends as a failure: whoever counts on it in a timetable is told. The command stands on the
/// standard output, the rest on the error stream.
fn by_its_own_tools(url: &str, destination: &Path) -> String {
    let file = if destination.is_dir() {
        destination.join("meldpunt.dump")
    } else {
        destination.to_owned()
    };
    let (url, had_password) = without_password(url);
    say(&format!(
        "pg_dump --format=custom --no-owner --no-privileges --file={} --dbname={}",
        quoted(&file.to_string_lossy()),
        quoted(&url)
    ));
    let password = if had_password {
        "; the password goes into ~/.pgpass or PGPASSWORD, never on the command line"
    } else {
        ""
    };
    format!(
        "no backup was made: PostgreSQL has its own tool for it, safe while the service runs; use the command above, after \
         `umask 077`{password}; then copy where the attachments lie (MELDPUNT_ATTACHMENTS)"
    )
}

/// The address without what a command line must not show.
fn without_password(url: &str) -> (String, bool) {
    let mut had = false;
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let place = match place.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((sign_in, host)) => {
                let (user, password) = sign_in.split_once(':').unwrap_or((sign_in, ""));
                had |= !password.is_empty();
                format!("{scheme}://{user}@{host}")
            }
            None => place.to_owned(),
        },
        None => place.to_owned(),
    };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| {
            let secret = pair.starts_with("password=") || pair.starts_with("sslpassword=");
            had |= secret;
            !secret && !pair.is_empty()
        })
        .collect();
    let query = if kept.is_empty() {
        String::new()
    } else {
        format!("?{}", kept.join("&"))
    };
    (format!("{place}{query}"), had)
}

/// For a shell, as one word.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_reaches_a_command_line() {
        for (url, shown, had) in [
            (
                "postgres://meld:ge%40heim@db:5433/x?sslmode=verify-full",
                "postgres://meld@db:5433/x?sslmode=verify-full",
                true,
            ),
            (
                "postgres://db/x?user=a&password=geheim&sslmode=require",
                "postgres://db/x?user=a&sslmode=require",
                true,
            ),
            ("postgres://meld@db/x", "postgres://meld@db/x", false),
            (
                "postgresql:///x?host=/run",
                "postgresql:///x?host=/run",
                false,
            ),
        ] {
            assert_eq!(without_password(url), (shown.to_owned(), had));
        }
        assert_eq!(quoted("a'b"), r"'a'\''b'");
    }
}
