//! What `meldpunt doctor` looks at: each check says how it is and, where it is not well, what to do. Reads only.

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::code::code_list;
use crate::domain::key_life::KeyState;
use crate::domain::notice::NoticeState;
use crate::mail::transport::{SendError, Transport};
use crate::services::attachments::check;
use crate::services::counting;
use crate::services::keys::rotation;
use crate::services::{Context, Error, mail_pause};
use crate::store::checkup::{self, Server};
use crate::store::db::Address;
use crate::store::deadline_profiles;

code_list! {
    /// How a check went.
    pub enum Verdict {
        Ok = "ok",
        Warning = "warning",
        Fault = "fault",
    }
}

/// A check and how it went.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    pub check: &'static str,
    pub verdict: Verdict,
    /// How it is.
    pub told: String,
    /// What to do about it.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// Reports held against what follows from them at once.
const PAGE: i64 = 500;
/// Mail that waits longer is late.
const LATE: TimeDelta = TimeDelta::minutes(15);
/// A signing key older than this is due for a rotation.
const OLD_KEY: TimeDelta = TimeDelta::days(400);
/// Clocks that differ by more make tokens and leases go wrong.
const SKEW_WARNING: f64 = 2.0;
const SKEW_FAULT: f64 = 30.0;

fn ok(check: &'static str, told: impl Into<String>) -> Finding {
    Finding {
        check,
        verdict: Verdict::Ok,
        told: told.into(),
        remedy: None,
    }
}

fn bad(
    check: &'static str,
    verdict: Verdict,
    told: impl Into<String>,
    remedy: impl Into<String>,
) -> Finding {
    Finding {
        check,
        verdict,
        told: told.into(),
        remedy: Some(remedy.into()),
    }
}

/// The settings, one finding for each that is not fit for production. `strange` are variables of the environment that
/// look like a setting and are none.
pub fn settings(ctx: &Context, strange: &[String]) -> Vec<Finding> {
    let s = &ctx.settings;
    let warn = |told: String, remedy: &str| bad("settings", Verdict::Warning, told, remedy);
    let mut found: Vec<_> = strange
        .iter()
        .map(|name| {
            warn(
                format!("{name} is no setting"),
                "`meldpunt config` has their names",
            )
        })
        .collect();
    if !s.public_url.starts_with("https://") {
        found.push(warn(
            format!("PUBLIC_URL is {}", s.public_url),
            "set the https address that people use",
        ));
    } else if s.trusted_proxies.is_empty() {
        found.push(warn(
            "MELDPUNT_TRUSTED_PROXIES is not set: all callers share the address of the proxy, and its limits".into(),
            "name the proxy that serves PUBLIC_URL",
        ));
    }
    let of_example = |text: &str| text.trim_end_matches('>').ends_with(".example");
    if of_example(&s.public_url) || of_example(&s.mail_from) {
        found.push(warn(
            "PUBLIC_URL or MELDPUNT_MAIL_FROM is still that of the example".into(),
            "set your own",
        ));
    }
    if s.mail.starts_with("file://") {
        found.push(warn(
            "MELDPUNT_MAIL writes files; nobody gets mail".into(),
            "name a mail server",
        ));
    }
    if s.mail.starts_with("smtp+plain://") && !loopback(&s.mail) {
        found.push(warn(
            "mail leaves this machine unencrypted".into(),
            "use smtp:// or smtps:// in MELDPUNT_MAIL",
        ));
    }
    if let Some(endpoint) = &s.s3_endpoint
        && endpoint.starts_with("http://")
        && !loopback(endpoint)
    {
        found.push(warn(
            "attachments leave this machine unencrypted".into(),
            "use https:// in MELDPUNT_S3_ENDPOINT",
        ));
    }
    if s.mail_from.contains("@localhost") {
        found.push(warn(
            format!("MELDPUNT_MAIL_FROM is {}", s.mail_from),
            "set a sender that can be answered",
        ));
    }
    if found.is_empty() {
        found.push(ok("settings", "fit for production"));
    }
    found
}

/// Whether an address names this machine.
fn loopback(address: &str) -> bool {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let place = rest.split(['/', '?']).next().unwrap_or_default();
    let host = place.rsplit_once('@').map_or(place, |(_, host)| host);
    // Without a host it is a socket of this machine, unless the query names one.
    (host.is_empty() && !rest.contains("host="))
        || rest.contains("host=/")
        || ["127.", "localhost", "[::1]"]
            .iter()
            .any(|near| host.starts_with(near))
}

/// Whether the database answers, how fast and over what, and whether its clock and ours agree.
pub fn database(ctx: &Context) -> Vec<Finding> {
    let started = Instant::now();
    let asked = ctx
        .db
        .read_blocking::<_, Error, _>(|conn| Ok(checkup::server(conn)?));
    let took = started.elapsed();
    let now = ctx.clock.now();
    match asked {
        Err(e) => vec![bad(
            "database",
            Verdict::Fault,
            format!("does not answer: {}", why(e)),
            "is the server up, and DATABASE_URL right?",
        )],
        Ok(server) => {
            let near = loopback(&ctx.settings.database_url);
            vec![connection(&server, took, near), clock(&server, now)]
        }
    }
}

fn connection(server: &Server, took: Duration, near: bool) -> Finding {
    let ms = took.as_secs_f64() * 1e3;
    let tls = match server.tls {
        None => "",
        Some(true) => ", over TLS",
        Some(false) => ", without TLS",
    };
    let told = format!("{}, {ms:.1} ms{tls}", server.version);
    if server.tls == Some(false) && !near {
        bad(
            "database",
            Verdict::Warning,
            told,
            "sslmode=verify-full in DATABASE_URL",
        )
    } else if took > Duration::from_millis(250) {
        bad(
            "database",
            Verdict::Warning,
            told,
            "slow: look at the load of the server and the way to it",
        )
    } else {
        ok("database", told)
    }
}

fn clock(server: &Server, now: DateTime<Utc>) -> Finding {
    let Some(theirs) = server.clock else {
        return ok(
            "clock",
            format!("{} here; keep it by NTP", now.format("%FT%TZ")),
        );
    };
    let skew = (now.timestamp_micros() as f64 / 1e6 - theirs).abs();
    let told = format!("differs {skew:.1} s from the database's");
    let remedy = "have both machines keep time by NTP (timedatectl)";
    if skew > SKEW_FAULT {
        bad("clock", Verdict::Fault, told, remedy)
    } else if skew > SKEW_WARNING {
        bad("clock", Verdict::Warning, told, remedy)
    } else {
        ok("clock", told)
    }
}

/// Whether schema and program belong together; what is behind makes the checks after it impossible.
pub fn schema(ctx: &Context) -> Finding {
    match (ctx.db.pending_migrations(), ctx.db.unknown_migrations()) {
        (Err(e), _) | (_, Err(e)) => bad("schema", Verdict::Fault, e, "see database"),
        (Ok(0), Ok(unknown)) if unknown.is_empty() => ok("schema", "up to date"),
        (Ok(0), Ok(unknown)) => bad(
            "schema",
            Verdict::Warning,
            format!("{} steps newer than this version", unknown.len()),
            "upgrade this node too",
        ),
        (Ok(steps), _) => bad(
            "schema",
            Verdict::Fault,
            format!("behind, migrations to make: {steps}"),
            "run `meldpunt migrate`",
        ),
    }
}

/// Whether mail could leave: connects, and goes as far as signing in. Nothing is sent.
pub fn mail(ctx: &Context) -> Finding {
    if let Some(folder) = ctx.settings.mail.strip_prefix("file://") {
        return if Path::new(folder).is_dir() {
            ok("mail", format!("files in {folder}"))
        } else {
            ok(
                "mail",
                format!("files in {folder}, which the first start makes"),
            )
        };
    }
    match Transport::from_settings(&ctx.settings) {
        Err(e) => bad("mail", Verdict::Fault, e, "mend the setting"),
        Ok(transport) => match transport.ready() {
            Ok(()) => ok("mail", "the server takes mail from us"),
            Err(SendError::Unavailable(e) | SendError::Transient(e) | SendError::Permanent(e)) => {
                let remedy = mail_remedy(&e);
                bad("mail", Verdict::Fault, e, remedy)
            }
        },
    }
}

/// What to do about a mail server that does not take our mail.
fn mail_remedy(why: &str) -> &'static str {
    let says = |signs: &[&str]| signs.iter().any(|sign| why.contains(sign));
    if says(&["no answer", "corrupt message"]) {
        "smtp:// is STARTTLS (port 587), smtps:// is TLS from the start (port 465); or a firewall is between"
    } else if says(&["certificate"]) {
        "MELDPUNT_MAIL names the server as its certificate does; MELDPUNT_MAIL_CA adds an authority of your own"
    } else if says(&["530", "534", "535"]) {
        "are user and password in MELDPUNT_MAIL right, and percent-encoded?"
    } else {
        "try MELDPUNT_MAIL by hand: openssl s_client -starttls smtp -connect HOST:PORT"
    }
}

/// Room for the SQLite file, and whether its log is folded in.
pub fn disk(ctx: &Context) -> Finding {
    let Address::Sqlite(path) = ctx.db.address() else {
        return ok("disk", "on the database's server: watch it there");
    };
    let size = |file: &Path| std::fs::metadata(file).map_or(0, |data| data.len());
    let mut wal = path.clone().into_os_string();
    wal.push("-wal");
    let (data, wal) = (size(path), size(Path::new(&wal)));
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let free = match rustix::fs::statvfs(folder) {
        Ok(told) => told.f_bavail.saturating_mul(told.f_frsize),
        Err(e) => {
            return bad(
                "disk",
                Verdict::Fault,
                format!("{}: {e}", folder.display()),
                "is it there?",
            );
        }
    };
    let mb = |bytes: u64| bytes / 1_000_000;
    let told = format!(
        "{} MB free; database {} MB, its log {} MB",
        mb(free),
        mb(data),
        mb(wal)
    );
    if mb(free) < 200 {
        bad("disk", Verdict::Fault, told, "make room before it is full")
    } else if free < data.saturating_mul(2) || mb(free) < 1_000 {
        bad(
            "disk",
            Verdict::Warning,
            told,
            "make room: a backup needs as much again",
        )
    } else if mb(wal) > 512 {
        bad(
            "disk",
            Verdict::Warning,
            told,
            "a reader keeps the log open: a backup or query that hangs? A restart folds it in",
        )
    } else {
        ok("disk", told)
    }
}

/// Whether everything that is named is there.
pub fn references(ctx: &Context) -> Finding {
    match ctx
        .db
        .read_blocking::<_, Error, _>(|conn| Ok(checkup::references(conn)?))
    {
        Ok(found) if found.is_empty() => ok("integrity", "whole; every reference points at a row"),
        Ok(found) => bad(
            "integrity",
            Verdict::Fault,
            found.join("; "),
            "keep a copy of the files, and restore the last backup that is sound",
        ),
        Err(e) => bad("integrity", Verdict::Fault, why(e), "see database"),
    }
}

/// Holds every report against what follows from it, a page at a time; `progress` hears how many are done.
pub fn reports(ctx: &Context, mut progress: impl FnMut(u64)) -> Finding {
    let (mut after, mut done, mut wrong, mut examples) = (None, 0_u64, 0_u64, Vec::new());
    loop {
        let page = ctx.db.read_blocking::<_, Error, _>(|conn| {
            let profiles = deadline_profiles::all(conn)?
                .into_iter()
                .map(|profile| (profile.reference(), profile))
                .collect();
            Ok(checkup::reports_page(conn, &profiles, after, PAGE)?)
        });
        let page = match page {
            Ok(page) => page,
            Err(e) => {
                return bad(
                    "reports",
                    Verdict::Fault,
                    format!("after {done}: {}", why(e)),
                    "a row that cannot be read: restore the last sound backup beside it and compare",
                );
            }
        };
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        done += page.len() as u64;
        for one in page.iter().filter(|one| !one.faults.is_empty()) {
            wrong += 1;
            if examples.len() < 3 {
                examples.push(format!("{} ({})", one.id, one.faults.join(", ")));
            }
        }
        progress(done);
    }
    if wrong == 0 {
        return ok(
            "reports",
            format!(
                "{done} agree with their columns, facets, parties, released versions, search index and events; every deadline follows from them"
            ),
        );
    }
    bad(
        "reports",
        Verdict::Fault,
        format!(
            "{wrong} of {done} do not agree with what follows from them: {}",
            examples.join("; ")
        ),
        "lists and rights may be wrong for these; somebody wrote past the service? Restore, or report it as a fault of the software",
    )
}

/// Holds every experiment against what follows from it: what lists find it by, and its frozen plans.
pub fn experiments(ctx: &Context) -> Finding {
    const EXAMPLES: usize = 3;
    match ctx.db.read_blocking::<_, Error, _>(|conn| {
        Ok(crate::store::experiments::strayed(conn, EXAMPLES)?)
    }) {
        Ok(found) if found.is_empty() => ok(
            "experiments",
            "all agree with their columns, parties and plan versions",
        ),
        Ok(found) => bad(
            "experiments",
            Verdict::Fault,
            format!(
                "do not agree with what follows from them: {}",
                found.join(", ")
            ),
            "lists, rights or alerts may be wrong for these; somebody wrote past the service? Restore, or report it as a fault of the software",
        ),
        Err(e) => bad("experiments", Verdict::Fault, why(e), "see database"),
    }
}

/// Counts every report anew and holds that against the tables that figures are read from.
pub fn counts(ctx: &Context) -> Finding {
    let asked = ctx.db.read_blocking::<_, Error, _>(counting::check);
    match asked {
        Ok(wrong) if wrong.is_empty() => ok("counts", "the same as when counted anew"),
        Ok(wrong) => bad(
            "counts",
            Verdict::Fault,
            format!("differ from the reports: {}", wrong.join(", ")),
            "figures are wrong until `meldpunt recount` has made them anew",
        ),
        Err(e) => bad("counts", Verdict::Fault, why(e), "see database"),
    }
}

/// Whether the bytes of every attachment are there.
pub fn attachments(ctx: &Context) -> Finding {
    // A look changes nothing: a folder that is not there is not made for it.
    if ctx.objects.folder().is_some_and(|folder| !folder.is_dir()) {
        let named = ctx.db.read_blocking::<_, Error, _>(|conn| {
            Ok(crate::store::attachments::expected(conn, None, 1)?.len())
        });
        return match named {
            Ok(0) => ok("attachments", "none yet"),
            Ok(_) => bad(
                "attachments",
                Verdict::Fault,
                format!("{} is not there", ctx.settings.attachments),
                "is MELDPUNT_ATTACHMENTS right, and the disk mounted?",
            ),
            Err(e) => bad("attachments", Verdict::Fault, why(e), "see database"),
        };
    }
    let asked = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::Internal(e.to_string()))
        .and_then(|runtime| runtime.block_on(check::all(ctx)));
    match asked {
        Err(e) => bad(
            "attachments",
            Verdict::Fault,
            why(e),
            "are MELDPUNT_ATTACHMENTS and MELDPUNT_S3_… right, and is the store there?",
        ),
        Ok(checked) if checked.missing.is_empty() => ok(
            "attachments",
            format!(
                "{} are there, {} MB; {} files that none names",
                checked.attachments,
                checked.bytes / 1_000_000,
                checked.others
            ),
        ),
        Ok(checked) => bad(
            "attachments",
            Verdict::Fault,
            format!(
                "{} of {} are not there, or not as large as they were: {}",
                checked.missing.len(),
                checked.attachments,
                checked.missing[..checked.missing.len().min(3)].join("; ")
            ),
            "put them back from a backup, under these names",
        ),
    }
}

/// What waits, what was given up, whose lease ended, and whether it is paused.
pub fn outbox(ctx: &Context) -> Vec<Finding> {
    let now = ctx.clock.now();
    let asked = ctx.db.read_blocking::<_, Error, _>(|conn| {
        Ok((
            mail_pause::standing(conn, None)?,
            checkup::expired_leases(conn, now)?,
        ))
    });
    let (standing, expired) = match asked {
        Ok(asked) => asked,
        Err(e) => return vec![bad("outbox", Verdict::Fault, why(e), "see database")],
    };
    let warn = |told: String, remedy: &str| bad("outbox", Verdict::Warning, told, remedy);
    let count = |state| {
        let found = standing.counts.iter().find(|(one, _)| *one == state);
        found.map_or(0, |(_, count)| *count)
    };
    let mut found = Vec::new();
    if let Some(pause) = &standing.pause {
        found.push(warn(
            format!(
                "paused since {}: {}",
                pause.since.format("%FT%TZ"),
                pause.reason
            ),
            "`meldpunt outbox resume` once mail may leave",
        ));
    }
    let waiting = standing.backlog.waiting;
    match standing.backlog.oldest {
        Some(oldest) if now - oldest > LATE && standing.pause.is_none() => found.push(warn(
            format!(
                "{waiting} notices wait, the oldest since {}",
                oldest.format("%FT%TZ")
            ),
            "is a worker running, and the mail server there? See mail, and the log",
        )),
        _ => {}
    }
    if expired > 0 && standing.pause.is_none() {
        found.push(warn(
            format!("{expired} leases have ended"),
            "a worker died or hangs; a running one takes them up by itself",
        ));
    }
    let dead = count(NoticeState::Dead);
    if dead > 0 {
        found.push(warn(
            format!("{dead} notices could not be delivered"),
            "GET /v1/notices?state=dead says why; mend the addresses and send them again",
        ));
    }
    if found.is_empty() {
        found.push(ok("outbox", format!("open; {waiting} wait, none given up")));
    }
    found
}

/// Whether the sealing key opens the keys that sign, and how old these are.
pub fn keys(ctx: &Context) -> Finding {
    let now = ctx.clock.now();
    let source = ctx.keys.seal_source();
    if source.file().is_some_and(|file| !file.exists()) {
        return bad(
            "keys",
            Verdict::Warning,
            "there is no sealing key file; the next start makes one",
            "if there were signing keys, put the file back or retire them",
        );
    }
    let listed = ctx
        .db
        .read_blocking(|conn| rotation::list(conn, source, now));
    let listed = match listed {
        Ok(listed) => listed,
        Err(e) => return bad("keys", Verdict::Fault, why(e), "see database"),
    };
    if let Err(e) = source.read() {
        return bad("keys", Verdict::Fault, why(e), "set the sealing key");
    }
    let living = || listed.iter().filter(|key| key.state != KeyState::Retired);
    if let Some(shut) = living().find(|key| !key.opens) {
        return bad(
            "keys",
            Verdict::Fault,
            format!("the sealing key does not open {}", shut.kid),
            "give the one it was sealed with, or `meldpunt keys retire` it",
        );
    }
    match living().find(|key| key.state == KeyState::Signing) {
        None => ok("keys", "none yet; the first start makes one"),
        Some(key) if now - key.signs_from > OLD_KEY => bad(
            "keys",
            Verdict::Warning,
            format!(
                "the signing key is {} days old",
                (now - key.signs_from).num_days()
            ),
            "`meldpunt keys rotate`",
        ),
        Some(key) => ok(
            "keys",
            format!(
                "the signing key opens and is {} days old",
                (now - key.signs_from).num_days()
            ),
        ),
    }
}

fn why(error: Error) -> String {
    match error {
        Error::Internal(why) | Error::Busy(why) | Error::Full(why) => why,
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::loopback;

    #[test]
    fn what_is_on_this_machine_needs_no_tls() {
        for near in [
            "postgres://u:p@127.0.0.1:5432/x",
            "postgres://localhost/x",
            "postgres:///x?host=/run/postgresql",
            "smtp+plain://[::1]:25",
        ] {
            assert!(loopback(near), "{near}");
        }
        for far in [
            "postgres://u:127.0.0.1@db.example/x",
            "smtp+plain://mail.example",
            "postgres:///x?host=db.example",
        ] {
            assert!(!loopback(far), "{far}");
        }
    }
}
