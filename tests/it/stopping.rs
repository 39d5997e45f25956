//! A service that is told to stop while it is busy, as a process of its own; and what it has written in its logs by then.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use meldpunt::services::Error;
use meldpunt::store::db::{Address, Db};
use meldpunt::store::schema::reports;
use serde_json::{Value, json};

use crate::harness::client;
use crate::harness::database::Database;

const SEAL_KEY: &str = "bWVsZHB1bnQtdGVzdHMtc2VhbC1rZXktMzItYnl0ZXM=";
const CONTACT: &str = "zoe.melder@delft.example";
/// As the design asks: a stop takes 30 seconds at most.
const LONGEST_STOP: Duration = Duration::from_secs(30);

fn meldpunt(folder: &Path, database: &Database, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meldpunt"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("DATABASE_URL", database.url())
        .env("MELDPUNT_SEAL_KEY", SEAL_KEY)
        .env("MELDPUNT_AUDIT_LOG", "audit.log");
    command
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn token(url: &str, id: &str, secret: &str) -> String {
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let answer = client::new()
        .post(format!("{url}/v1/oauth/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .unwrap();
    let body: Value = answer.json().await.unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_stop_under_load_finishes_what_was_accepted() {
    let home = tempfile::tempdir().unwrap();
    let database = Database::new();
    let add = [
        "admin",
        "client",
        "--organisation",
        "GM1714",
        "--role",
        "reporter",
        "--name",
        "zaaksysteem",
    ];
    let made = meldpunt(home.path(), &database, &add).output().unwrap();
    let made = String::from_utf8(made.stdout).unwrap();
    let shown = |label: &str| {
        let line = made.lines().find_map(|line| line.strip_prefix(label));
        line.unwrap_or_else(|| panic!("{label} in {made}"))
            .trim()
            .to_owned()
    };
    let (id, secret) = (shown("client id"), shown("client secret"));

    let log = home.path().join("log");
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--log",
        "trace",
        "--drain-seconds",
        "2",
    ];
    let started = meldpunt(home.path(), &database, &serve)
        .stdout(Stdio::piped())
        .stderr(File::create(&log).unwrap())
        .spawn();
    let mut running = Ended(started.unwrap());
    let mut first = String::new();
    let printed = running.0.stdout.take().unwrap();
    BufReader::new(printed).read_line(&mut first).unwrap();
    let url = first.trim().rsplit(' ').next().unwrap().to_owned();
    let token = token(&url, &id, &secret).await;

    let (accepted, after_the_fall) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (unready, gone) = (AtomicBool::new(false), AtomicBool::new(false));
    let connected = || {
        reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .build()
            .unwrap()
    };
    let submit = async || {
        let client = connected();
        while !gone.load(Ordering::Relaxed) {
            let sent = client
                .post(format!("{url}/v1/reports"))
                .bearer_auth(&token)
                .json(&json!({"title": "Norm", "description": "De norm knelt.", "effect": "Sluiting.", "municipalities": ["GM1714"],
                    "contact": {"name": "Zoë Melder", "email": CONTACT}}));
            let fell = unready.load(Ordering::Relaxed);
            let Ok(answer) = sent.send().await else {
                // No connection any more; whether it was one that counts is seen in the database.
                gone.store(true, Ordering::Relaxed);
                break;
            };
            let status = answer.status();
            // The whole answer, not its beginning.
            let body = answer.json::<Value>().await;
            assert!(status == 201 && body.is_ok(), "{status} {body:?}");
            accepted.fetch_add(1, Ordering::Relaxed);
            after_the_fall.fetch_add(usize::from(fell), Ordering::Relaxed);
        }
    };
    let stop = async || {
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert!(accepted.load(Ordering::Relaxed) > 0, "there was no load");
        Command::new("kill")
            .arg(running.0.id().to_string())
            .status()
            .unwrap();
        let told = Instant::now();
        let client = connected();
        while !gone.load(Ordering::Relaxed) {
            let Ok(answer) = client.get(format!("{url}/health/ready")).send().await else {
                break;
            };
            if answer.status() == 503 {
                unready.store(true, Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        told
    };
    let (.., told) = tokio::join!(
        submit(),
        submit(),
        submit(),
        submit(),
        submit(),
        submit(),
        stop()
    );
    let (status, took) =
        tokio::task::spawn_blocking(move || (running.0.wait().unwrap(), told.elapsed()))
            .await
            .unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(took < LONGEST_STOP, "{took:?}");
    assert!(unready.load(Ordering::Relaxed), "readiness fell");
    let after = after_the_fall.load(Ordering::Relaxed);
    assert!(
        after > 0,
        "readiness fell, and then requests were still taken"
    );

    let db = Db::open(&Address::parse(database.url()).unwrap(), 1).unwrap();
    let kept: i64 = db
        .read_blocking(|conn| Ok::<_, Error>(reports::table.count().get_result(conn)?))
        .unwrap();
    let accepted = i64::try_from(accepted.load(Ordering::Relaxed)).unwrap();
    assert_eq!(
        kept, accepted,
        "what was taken was answered, and what was answered was kept"
    );

    let audit = std::fs::read_to_string(home.path().join("audit.log")).unwrap();
    let lines = |action: &str| {
        audit
            .lines()
            .filter(|line| line.contains(&format!(r#""action":"{action}""#)))
            .count()
    };
    assert_eq!((lines("admin client"), lines("requestToken")), (1, 1));
    assert_eq!(i64::try_from(lines("submitReport")).unwrap(), accepted);
    let log = std::fs::read_to_string(log).unwrap();
    assert!(
        log.contains("told to stop") && log.contains(" TRACE "),
        "{log}"
    );
    for written in [&audit, &log] {
        for never in [
            &secret,
            &token,
            SEAL_KEY,
            CONTACT,
            "Melder",
            "De norm knelt",
        ] {
            assert!(!written.contains(never), "{never} was written down");
        }
    }
}
