//! A backup made while the service is written to, put back elsewhere: every row is there, and nothing is mailed until an
//! operator says so. On PostgreSQL with its own tools, which `scripts/test` finds (TEST_PG_BIN).

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use futures_util::future::join;
use meldpunt::clock::{Clock, SystemClock};
use meldpunt::store::db::DbError;
use meldpunt::store::outbox;
use serde_json::json;
use tempfile::TempDir;

use crate::cli::{Running, meldpunt, refused, text};
use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::database::{Backend, Database, backend, environment, tables};

type Tables = BTreeMap<String, Vec<String>>;

/// The sealing key that `TestApp` has.
const SEAL: &str = "bWVsZHB1bnQtdGVzdHMtc2VhbC1rZXktMzItYnl0ZXM=";

/// A command on one database.
fn command(folder: &Path, url: &str, arguments: &[&str]) -> Command {
    let mut command = meldpunt(folder, arguments);
    command
        .env("DATABASE_URL", url)
        .env("MELDPUNT_SEAL_KEY", SEAL)
        .env("MELDPUNT_LOG", "warn")
        .env("MELDPUNT_MAIL", "file://mail");
    command
}

fn run(folder: &Path, url: &str, arguments: &[&str]) -> Output {
    command(folder, url, arguments).output().unwrap()
}

/// Runs a command that must succeed; what it printed.
fn done(output: Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// One of PostgreSQL's programs.
fn postgres_program(name: &str) -> Command {
    let folder = environment("TEST_PG_BIN").expect("TEST_PG_BIN; scripts/test sets it");
    Command::new(Path::new(&folder).join(name))
}

/// A backup, and where it goes back to.
struct Elsewhere {
    folder: TempDir,
    database: Database,
}

impl Elsewhere {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            database: Database::empty(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn back_up(&self, url: &str) {
        match backend() {
            Backend::Sqlite => {
                let told = done(run(self.path(), url, &["backup", "copy.db"]));
                assert!(told.contains("read back and sound"), "{told}");
            }
            Backend::Postgres => {
                // What `meldpunt backup` says to do, done.
                let told = run(self.path(), url, &["backup", "copy.dump"]);
                refused(&told, "no backup was made");
                let line = text(&told.stdout).trim().to_owned();
                let password = reqwest::Url::parse(url)
                    .unwrap()
                    .password()
                    .unwrap()
                    .to_owned();
                assert!(!line.contains(&password), "{line}");
                let mut words = line.split(' ').map(|word| word.replace('\'', ""));
                let program = words.next().unwrap();
                let mut dump = postgres_program(&program);
                let dump = dump.args(words).current_dir(self.path());
                done(dump.env("PGPASSWORD", password).output().unwrap());
            }
        }
    }

    fn restore(&self) -> String {
        match backend() {
            Backend::Sqlite => {
                // The place is free.
                let url = self.url();
                done(run(self.path(), &url, &["restore", "copy.db"]))
            }
            Backend::Postgres => {
                let mut restore = postgres_program("pg_restore");
                restore
                    .args(["--no-owner", "--exit-on-error", "--dbname"])
                    .args([self.database.url(), "copy.dump"]);
                done(restore.current_dir(self.path()).output().unwrap());
                done(run(
                    self.path(),
                    &self.url(),
                    &["restore", "--after-pg-restore"],
                ))
            }
        }
    }

    /// On SQLite a file that is not there yet.
    fn url(&self) -> String {
        match backend() {
            Backend::Sqlite => format!("sqlite://{}/elsewhere.db", self.path().display()),
            Backend::Postgres => self.database.url().to_owned(),
        }
    }

    fn mails(&self) -> usize {
        let files = std::fs::read_dir(self.path().join("mail"))
            .into_iter()
            .flatten();
        files
            .filter(|file| {
                let name = file.as_ref().unwrap().file_name();
                name.to_string_lossy().ends_with(".eml")
            })
            .count()
    }
}

async fn submit(app: &TestApp, reporter: &Actor, number: usize) {
    app.post("/v1/reports")
        .by(reporter)
        .json(json!({
            "title": format!("Melding {number}"), "description": "Leerlingenvervoer stopt bij de grens.",
            "effect": "Elf gezinnen rijden dagelijks vijftig kilometer.",
            "regulations": [{"citation": "BWBR0003420", "article": "4"}], "domains": ["onderwijs-po"],
            "municipalities": ["GM1714"]
        }))
        .await
        .expect(201);
}

/// Without what a restore adds.
fn comparable(mut found: Tables) -> Tables {
    found.remove("service_state");
    // SQLite's own form of the search index, which follows from the entries.
    found.retain(|table, _| !table.starts_with("search_terms"));
    found
}

#[actix_web::test]
async fn a_backup_under_writes_is_one_moment_and_a_restored_one_mails_nothing_by_itself() {
    let app = TestApp::start().await;
    app.leave_mail();
    // The service that is started on the copy goes by the machine's clock: for it too all that is queued is due.
    app.clock.forward(SystemClock.now() - app.now());
    let reporter = app.reporter("GM1714").await;
    for number in 0..5 {
        submit(&app, &reporter, number).await;
    }
    let elsewhere = Elsewhere::new();
    let (url, over) = (app.database_url().to_owned(), AtomicBool::new(false));
    let writes = async {
        let mut number = 5;
        // On for a while after the backup, and at least a few.
        while !over.load(Ordering::Relaxed) || number < 20 {
            submit(&app, &reporter, number).await;
            number += 1;
        }
        number
    };
    let copies = async {
        let (elsewhere, url) = (&elsewhere, &url);
        let path = elsewhere.path().to_owned();
        let backup = Elsewhere {
            folder: tempfile::tempdir_in(&path).unwrap(),
            database: Database::empty(),
        };
        let url = url.clone();
        let backup = tokio::task::spawn_blocking(move || {
            backup.back_up(&url);
            backup
        })
        .await
        .unwrap();
        over.store(true, Ordering::Relaxed);
        backup
    };
    let (written, backup) = join(writes, copies).await;
    let told = backup.restore();
    assert!(told.contains("outbox    paused"), "{told}");

    let source = comparable(tables(&url));
    let restored = comparable(tables(&backup.url()));
    let count = restored["reports"].len();
    assert!(
        (5..=written).contains(&count),
        "{count} of {written} reports"
    );
    assert_eq!(
        source.keys().collect::<Vec<_>>(),
        restored.keys().collect::<Vec<_>>()
    );
    // Reports were only added, so every row of the copy is a row of the source, the last number given excepted; and of
    // the reports in the copy all is there.
    let ids: Vec<String> = ids_of_reports(&backup.url());
    for (table, rows) in &restored {
        if table == "reference_numbers" {
            continue;
        }
        let expected: Vec<&String> = source[table]
            .iter()
            .filter(|row| !names_a_report(table) || ids.iter().any(|id| row.contains(id.as_str())))
            .collect();
        assert_eq!(rows.iter().collect::<Vec<_>>(), expected, "{table}");
    }
    assert!(restored["reference_numbers"][0].contains(&count.to_string()));

    // A service on it: ready, and silent.
    let waiting = restored["outbox"].len();
    assert!(waiting >= count);
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let start = || Running::of(command(backup.path(), &backup.url(), &serve), "ready on").0;
    let service = start();
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(backup.mails(), 0);
    if backend() == Backend::Sqlite {
        refused(
            &run(
                backup.path(),
                &backup.url(),
                &["restore", "copy.db", "--replace"],
            ),
            "stop the service",
        );
    } else {
        refused(
            &run(
                backup.path(),
                &backup.url(),
                &["restore", "--after-pg-restore"],
            ),
            "stop the services",
        );
    }
    let outbox = |arguments: &[&str]| {
        let arguments = [&["outbox"], arguments].concat();
        run(backup.path(), &backup.url(), &arguments)
    };
    let status = done(outbox(&["status"]));
    assert!(
        status.contains("paused since") && status.contains(&format!("waiting   {waiting},")),
        "{status}"
    );
    let undecided = outbox(&["resume"]);
    refused(&undecided, "--send-all");
    assert_eq!(backup.mails(), 0);
    done(outbox(&["resume", "--send-all"]));
    for _ in 0..200 {
        if backup.mails() == waiting {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(backup.mails(), waiting);
    refused(&outbox(&["resume"]), "not paused");
    assert_eq!(service.stop("-TERM"), Some(0));
}

fn names_a_report(table: &str) -> bool {
    [
        "reports",
        "report_facets",
        "report_parties",
        "events",
        "outbox",
        "search_entries",
        "routing_outcomes",
        "experiment_reports",
        "measure_reports",
        "uncounted_reports",
        "report_counts",
    ]
    .contains(&table)
}

fn ids_of_reports(url: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        id: String,
    }
    let rows: Vec<Row> = match url.strip_prefix("sqlite://") {
        Some(path) => diesel::sql_query("SELECT id FROM reports")
            .load(&mut SqliteConnection::establish(path).unwrap())
            .unwrap(),
        None => diesel::sql_query("SELECT id::text AS id FROM reports")
            .load(&mut PgConnection::establish(url).unwrap())
            .unwrap(),
    };
    rows.into_iter().map(|row| row.id).collect()
}

#[actix_web::test]
async fn what_was_queued_before_an_instant_can_be_let_go() {
    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    submit(&app, &reporter, 1).await;
    let folder = tempfile::tempdir().unwrap();
    let url = app.database_url().to_owned();
    let outbox = |arguments: &[&str]| {
        let arguments = [&["outbox"], arguments].concat();
        run(folder.path(), &url, &arguments)
    };
    let told = done(outbox(&["pause", "--reason", "mail server moves"]));
    assert!(told.contains("mail server moves"), "{told}");
    assert!(app.run_worker().await.paused);
    app.clock.forward(chrono::TimeDelta::minutes(10));
    let until = app.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    submit(&app, &reporter, 2).await;
    let told = done(outbox(&["resume", "--drop-older-than", &until]));
    assert!(told.contains("discarded"), "{told}");
    let mails = app.deliver_mail().await;
    assert!(!mails.is_empty());
    for mail in mails {
        assert!(mail.subject.contains("Melding 2"), "{}", mail.subject);
    }
    // They are shown for what they are, and can still be sent.
    let admin = app.admin().await;
    let list = app
        .get("/v1/notices?state=discarded")
        .by(&admin)
        .await
        .expect(200);
    assert!(!list.items().is_empty());
    for notice in list.items() {
        let id = notice["id"].as_str().unwrap();
        app.post(format!("/v1/notices/{id}/resends"))
            .by(&admin)
            .await
            .expect(202);
    }
    assert_eq!(app.deliver_mail().await.len(), list.items().len());
}

#[actix_web::test]
async fn what_a_worker_had_in_hand_is_let_go_too_after_a_restore() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    submit(&app, &reporter, 1).await;
    // The commands go by the machine's clock: for them the lease runs on.
    let now = app.now().max(SystemClock.now());
    let lease = now + TimeDelta::hours(1);
    let taken = app
        .context
        .db
        .write(move |conn| Ok::<_, DbError>(outbox::claim(conn, now, lease, 50)?))
        .await
        .unwrap();
    assert!(!taken.is_empty());
    let elsewhere = Elsewhere::new();
    elsewhere.back_up(app.database_url());
    elsewhere.restore();
    let until = lease.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let told = done(run(
        elsewhere.path(),
        &elsewhere.url(),
        &["outbox", "resume", "--drop-older-than", &until],
    ));
    assert!(
        told.contains(&format!("discarded {}", taken.len())),
        "{told}"
    );
}

/// Files of SQLite: what may not be overwritten, what is refused, and what an older or newer schema means.
#[test]
fn a_file_is_checked_before_it_takes_a_place() {
    let home = tempfile::tempdir().unwrap();
    let here = |arguments: &[&str]| {
        let mut command = meldpunt(home.path(), arguments);
        command.env("MELDPUNT_LOG", "warn").output().unwrap()
    };
    let at = |name: &str| home.path().join(name);
    let edit = |name: &str, sql: &str| {
        let path = at(name);
        let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        conn.batch_execute(sql).unwrap();
    };
    refused(&here(&["backup", "copy.db"]), "there is no database");
    done(here(&["migrate"]));
    done(here(&["backup", "copy.db", "--with-key"]));
    refused(&here(&["backup", "copy.db"]), "exists");
    #[cfg(unix)]
    for name in ["copy.db", "copy.db.key"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(at(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    std::fs::create_dir(at("backups")).unwrap();
    done(here(&["backup", "backups"]));
    assert_eq!(std::fs::read_dir(at("backups")).unwrap().count(), 1);

    // It goes back only where that is meant, and what was there stays.
    refused(&here(&["restore", "copy.db"]), "--replace");
    let told = done(here(&["restore", "copy.db", "--replace"]));
    assert!(
        told.contains("aside") && !told.contains("not opened"),
        "{told}"
    );
    let aside: Vec<_> = std::fs::read_dir(at("meldpunt-data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".before-"))
        .collect();
    assert_eq!(aside.len(), 2, "the database and its key: {aside:?}");

    // Without the key of the backup its signing keys are of no use.
    std::fs::remove_file(at("copy.db.key")).unwrap();
    let elsewhere = |arguments: &[&str]| {
        let mut command = meldpunt(home.path(), arguments);
        command.env("DATABASE_URL", "sqlite://new/x.db");
        command.env("MELDPUNT_LOG", "error").output().unwrap()
    };
    let told = done(elsewhere(&["restore", "copy.db"]));
    assert!(told.contains("1 not opened"), "{told}");
    let (service, _) = Running::of(
        {
            let mut serve = meldpunt(home.path(), &["serve", "--listen", "127.0.0.1:0"]);
            serve.env("DATABASE_URL", "sqlite://new/x.db");
            serve
        },
        "ready on",
    );
    assert_eq!(service.stop("-TERM"), Some(0));

    // A backup of before the newest step is migrated, one with steps unknown here is refused.
    std::fs::copy(at("copy.db"), at("old.db")).unwrap();
    edit(
        "old.db",
        "DROP INDEX outbox_state_created; DROP TABLE service_state; ALTER TABLE signing_keys DROP COLUMN signs_from; \
         DELETE FROM __diesel_schema_migrations WHERE version = '20261124000210'",
    );
    let told = done(here(&["restore", "old.db", "--replace"]));
    assert!(told.contains("1 migration run"), "{told}");
    std::fs::copy(at("copy.db"), at("newer.db")).unwrap();
    edit(
        "newer.db",
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000001')",
    );
    refused(
        &here(&["restore", "newer.db", "--replace"]),
        "newer version",
    );

    // Damage, and what is no database of ours.
    std::fs::copy(at("copy.db"), at("orphan.db")).unwrap();
    edit(
        "orphan.db",
        "PRAGMA foreign_keys = OFF; INSERT INTO sessions (id, principal_id, created_at, expires_at) VALUES ('a', 'b', 'c', 'd')",
    );
    refused(&here(&["restore", "orphan.db", "--replace"]), "is damaged");
    let mut bytes = std::fs::read(at("copy.db")).unwrap();
    let half = bytes.len() / 2;
    bytes[half..half + 20_000].fill(0x5a);
    std::fs::write(at("torn.db"), bytes).unwrap();
    refused(&here(&["restore", "torn.db", "--replace"]), "torn.db");
    std::fs::write(at("text.db"), "no database at all, whatever its name").unwrap();
    refused(&here(&["restore", "text.db", "--replace"]), "text.db");
    refused(&here(&["restore", "gone.db", "--replace"]), "gone.db");
    // None of it left anything behind or took the database away.
    done(here(&["outbox", "status"]));
    let left: Vec<_> = std::fs::read_dir(at("meldpunt-data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("restoring") || name.contains("partial"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[actix_web::test]
async fn attachments_go_along_and_come_back_as_they_were() {
    if backend() == Backend::Postgres {
        // There the folder is copied by the operator's own means.
        return;
    }
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    let draft = app
        .post("/v1/reports")
        .by(&reporter)
        .json(json!({"draft": true}))
        .await
        .expect(201);
    let path = format!("/v1/reports/{}/attachments", draft.id());
    for (name, content) in [
        ("een.txt", "Een."),
        ("twee.txt", "Twee."),
        ("weg.txt", "Weg."),
    ] {
        let added = app
            .post(&path)
            .by(&reporter)
            .file(name, content.as_bytes(), &[])
            .await
            .expect(201);
        if name == "weg.txt" {
            let address = format!("{path}/{}", added.id());
            app.delete(address)
                .by(&reporter)
                .if_match(&added)
                .await
                .expect(204);
        }
    }
    let source = app.context.objects.folder().unwrap();
    let elsewhere = Elsewhere::new();
    let place = elsewhere.path().join("files");
    let with = |files: &Path, url: &str, arguments: &[&str]| {
        let mut command = command(elsewhere.path(), url, arguments);
        command.env(
            "MELDPUNT_ATTACHMENTS",
            format!("file://{}", files.display()),
        );
        command.output().unwrap()
    };
    let url = app.database_url().to_owned();
    let told = done(with(&source, &url, &["backup", "copy.db"]));
    assert!(told.contains("2 attachments"), "{told}");
    let beside = elsewhere.path().join("copy.db.attachments");
    assert_eq!(contents(&beside), contents(&source));

    // What was there is kept aside, the folder too.
    std::fs::create_dir(&place).unwrap();
    std::fs::write(place.join("oud"), "oud").unwrap();
    let told = done(with(&place, &elsewhere.url(), &["restore", "copy.db"]));
    assert!(told.contains("2 attachments in their place"), "{told}");
    assert_eq!(contents(&place), contents(&source));
    let doctor = text(&with(&place, &elsewhere.url(), &["doctor"]).stdout).to_owned();
    assert!(doctor.contains("2 are there"), "{doctor}");
    let lost = contents(&place).into_keys().next().unwrap();
    std::fs::remove_file(place.join(&lost)).unwrap();
    let doctor = text(&with(&place, &elsewhere.url(), &["doctor"]).stdout).to_owned();
    assert!(
        doctor.contains(&lost) && doctor.contains("1 of 2 are not there"),
        "{doctor}"
    );

    // A file that is no longer what it was is no backup.
    let damaged = contents(&source).into_keys().next().unwrap();
    std::fs::write(source.join(damaged), "anders").unwrap();
    refused(&with(&source, &url, &["backup", "again.db"]), "is damaged");
    assert!(!elsewhere.path().join("again.db").exists());
    assert!(!elsewhere.path().join("again.db.attachments").exists());
    done(with(
        &source,
        &url,
        &["backup", "again.db", "--without-attachments"],
    ));
}

/// The files below a folder of attachments, by report and name.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for report in std::fs::read_dir(folder).unwrap() {
        let report = report.unwrap();
        for file in std::fs::read_dir(report.path()).unwrap() {
            let file = file.unwrap();
            let name = format!(
                "{}/{}",
                report.file_name().display(),
                file.file_name().display()
            );
            found.insert(name, std::fs::read(file.path()).unwrap());
        }
    }
    found
}
