//! The limit of PostgreSQL by its own tool: pgbench sends the statements that the service sent, with a transaction around
//! the same of them, on as many connections.

use std::path::{Path, PathBuf};
use std::process::Command;

use uuid::Uuid;

use crate::app;
use crate::cli::bench::bare::Bare;
use crate::cli::bench::figures::Figure;
use crate::cli::bench::script::{self, Heard};
use crate::cli::bench::tap::Tap;
use crate::cli::bench::works;
use crate::config::Settings;

/// Reports that a transition is made of, again and again.
const TARGETS: usize = 1_000;

/// The statements of a submit and of a transition, by pgbench.
///
/// # Errors
/// One sentence: why there is nothing to hold them against.
pub fn limits(bare: &Bare<'_>, folder: &Path) -> Result<Vec<(&'static str, Figure)>, String> {
    let program = found().ok_or("it is not installed")?;
    let settings = bare.context.settings.as_ref();
    let place = Place::parse(&settings.database_url)
        .ok_or("DATABASE_URL names no single host by name or number")?;
    let tap = Tap::start(place.host.clone()).map_err(|e| e.to_string())?;
    let tapped = app::context(Settings {
        database_url: place.through(&tap.address.to_string()),
        database_connections: 1,
        ..settings.clone()
    })?;
    let heard = Bare {
        single: &tapped,
        ..*bare
    };
    // What a connection is asked once is asked in the first.
    heard.really_submit(0)?;
    let submit = |nth| {
        let (done, statements) = tap.listen(|| heard.really_submit(nth));
        done.map(|_| statements)
    };
    let submit = Heard {
        once: submit(1)?,
        again: submit(2)?,
        target: None,
    };
    let now = bare.context.clock.now().timestamp_millis().unsigned_abs();
    let limit = |work, heard: &Heard, targets: &[Uuid]| {
        let script = script::script(heard, targets, now)?;
        let name = format!("limit: pgbench, the same statements of a {work}");
        run(&program, &name, &script, &place, bare, folder).map(|figure| (work, figure))
    };
    // What it hands in waits for the authority afterwards.
    let submit = limit(works::SUBMIT, &submit, &[])?;

    let mut ready = heard.ready()?;
    let mut ask = || {
        let report = ready.pop().ok_or("no report waits for the authority")?;
        let (done, statements) = tap.listen(|| heard.really_ask(report.id));
        done.map(|()| (report.id.uuid(), statements))
    };
    ask()?;
    let ((_, once), (target, again)) = (ask()?, ask()?);
    let transition = Heard {
        once,
        again,
        target: Some(target),
    };
    let targets: Vec<Uuid> = ready
        .iter()
        .take(TARGETS)
        .map(|one| one.id.uuid())
        .collect();
    if targets.is_empty() {
        return Err("no report waits for the authority".into());
    }
    Ok(vec![
        submit,
        limit(works::TRANSITION, &transition, &targets)?,
    ])
}

/// Where the server is, for the tap and for pgbench: its host and port, and the address without its password.
pub struct Place {
    pub host: String,
    url: String,
    password: Option<String>,
    /// Scheme and sign-in, and what follows on the host, to put another in its place.
    parts: (String, String),
}

impl Place {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT/NAME?…`; none when the host stands elsewhere in it.
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, after) = rest.split_at(end);
        let (sign_in, host) = authority
            .rsplit_once('@')
            .map_or(("", authority), |(sign_in, host)| (sign_in, host));
        if host.is_empty() || host.contains(',') || after.contains("host=") {
            return None;
        }
        let (user, password) = match sign_in.split_once(':') {
            Some((user, password)) => (user, Some(decoded(password)?)),
            None => (sign_in, None),
        };
        let port = host
            .rsplit_once(':')
            .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let at = if user.is_empty() { "" } else { "@" };
        let sign_in_at = if sign_in.is_empty() { "" } else { "@" };
        Some(Self {
            url: format!("{scheme}://{user}{at}{host}{after}"),
            parts: (
                format!("{scheme}://{sign_in}{sign_in_at}"),
                after.to_owned(),
            ),
            host: if port {
                host.to_owned()
            } else {
                format!("{host}:5432")
            },
            password,
        })
    }

    /// The same with another host.
    pub fn through(&self, host: &str) -> String {
        format!("{}{host}{}", self.parts.0, self.parts.1)
    }
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

/// Where pgbench is: on the path, or where Debian and Red Hat keep the programs of each version.
fn found() -> Option<PathBuf> {
    let mut of_versions: Vec<(u32, PathBuf)> = ["/usr/lib/postgresql", "/usr"]
        .into_iter()
        .flat_map(|parent| std::fs::read_dir(parent).into_iter().flatten().flatten())
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix("pgsql-").unwrap_or(&name).parse().ok()?;
            Some((version, entry.path().join("bin/pgbench")))
        })
        .collect();
    of_versions.sort();
    let newest_first = of_versions.into_iter().rev().map(|(_, program)| program);
    let runs = |program: &PathBuf| {
        let asked = Command::new(program).arg("--version").output();
        asked.is_ok_and(|output| output.status.success())
    };
    std::iter::once("pgbench".into())
        .chain(newest_first)
        .find(runs)
}

/// Has pgbench run a script.
///
/// # Errors
/// One sentence, with what it said.
fn run(
    program: &Path,
    work: &str,
    script: &str,
    place: &Place,
    bare: &Bare<'_>,
    folder: &Path,
) -> Result<Figure, String> {
    let (connections, lasting) = (bare.connections, bare.lasting);
    let folder = tempfile::tempdir_in(folder).map_err(|e| e.to_string())?;
    let file = folder.path().join("script.sql");
    std::fs::write(&file, script).map_err(|e| e.to_string())?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut command = Command::new(program);
    command
        .args([
            "--no-vacuum",
            "--protocol=prepared",
            "--log",
            "--log-prefix=times",
        ])
        .args(["--define=n=0", "--file=script.sql"])
        .arg(format!("--client={connections}"))
        .arg(format!("--jobs={}", threads.min(connections)))
        .arg(format!("--time={}", lasting.as_secs().max(1)))
        .arg(&place.url)
        .current_dir(folder.path());
    if let Some(password) = &place.password {
        command.env("PGPASSWORD", password);
    }
    let output = command.output().map_err(|e| format!("pgbench: {e}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    let per_second = said
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    let aborted = complaint.lines().find(|line| line.contains("ERROR"));
    match (per_second, aborted) {
        (Some(per_second), None) if output.status.success() => Ok(Figure {
            per_second,
            ..Figure::of(work, times(folder.path()), lasting)
        }),
        _ => {
            let why = aborted
                .or(complaint.lines().last())
                .unwrap_or("it said nothing");
            Err(format!("pgbench: {}", why.trim()))
        }
    }
}

/// What each transaction took, in microseconds, of the files that pgbench writes.
fn times(folder: &Path) -> Vec<u32> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let logs = files.filter(|file| file.file_name().to_string_lossy().starts_with("times"));
    let texts = logs.filter_map(|log| std::fs::read_to_string(log.path()).ok());
    texts
        .flat_map(|text| {
            let time = |line: &str| line.split(' ').nth(2)?.parse().ok();
            text.lines().filter_map(time).collect::<Vec<u32>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_stays_out_of_the_command_line() {
        let place = Place::parse("postgres://u:p%40s@db.example/name?x=y").unwrap();
        assert_eq!(place.url, "postgres://u@db.example/name?x=y");
        assert_eq!(place.host, "db.example:5432");
        assert_eq!(place.password.as_deref(), Some("p@s"));
        assert_eq!(
            place.through("127.0.0.1:9"),
            "postgres://u:p%40s@127.0.0.1:9/name?x=y"
        );
        assert_eq!(
            Place::parse("postgres://u@[::1]:5433/n").unwrap().host,
            "[::1]:5433"
        );
        for elsewhere in [
            "postgres:///n?host=/tmp",
            "postgres://a,b/n",
            "postgres://h/n?host=x",
        ] {
            assert!(Place::parse(elsewhere).is_none(), "{elsewhere}");
        }
    }
}
