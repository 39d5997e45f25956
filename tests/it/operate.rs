//! What an operator sees: the doctor's findings, and where to report a weakness.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use meldpunt::store::db::{Conn, DbError};
use serde_json::{Value, json};

use crate::cli::meldpunt;
use crate::harness::TestApp;

/// The doctor on a test's database: its exit code, and each finding's check and verdict.
fn examine(app: &TestApp) -> (Option<i32>, Vec<Value>) {
    let folder = tempfile::tempdir().unwrap();
    let output = meldpunt(folder.path(), &["doctor", "--json"])
        .env("DATABASE_URL", app.database_url())
        .env(
            "MELDPUNT_SEAL_KEY",
            "bWVsZHB1bnQtdGVzdHMtc2VhbC1rZXktMzItYnl0ZXM=",
        )
        .env("MELDPUNT_MAIL", "file://mail")
        .env("PUBLIC_URL", "https://meldpunt.example")
        .env("MELDPUNT_TRUSTED_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    (
        output.status.code(),
        told["checks"].as_array().unwrap().clone(),
    )
}

fn finding<'a>(found: &'a [Value], check: &str) -> &'a Value {
    let found = found.iter().rev().find(|one| one["check"] == check);
    found.unwrap_or_else(|| panic!("no {check}"))
}

async fn break_it(app: &TestApp, sql: &'static str) {
    app.context
        .db
        .write(move |conn| {
            match conn {
                Conn::Sqlite(conn) => conn.batch_execute(sql)?,
                Conn::Postgres(conn) => conn.batch_execute(sql)?,
            }
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
}

#[actix_web::test]
async fn the_doctor_finds_what_does_not_agree() {
    let app = TestApp::start_today().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    for number in 0..3 {
        app.post("/v1/reports")
            .by(&reporter)
            .json(json!({
                "title": format!("Melding {number}"), "description": "Leerlingenvervoer stopt bij de grens.",
                "effect": "Elf gezinnen rijden dagelijks vijftig kilometer.",
                "regulations": [{"citation": "BWBR0003420", "article": "4"}], "domains": ["onderwijs-po"],
                "municipalities": ["GM1714"]
            }))
            .await
            .expect(201);
    }
    let (code, found) = examine(&app);
    for check in ["schema", "keys", "integrity", "reports", "outbox"] {
        assert_eq!(finding(&found, check)["verdict"], "ok", "{found:?}");
    }
    // The disk is this machine's.
    let faults = found
        .iter()
        .filter(|one| one["check"] != "disk" && one["verdict"] == "fault");
    assert_eq!(faults.count(), 0, "{found:?}");
    let settings: Vec<_> = found
        .iter()
        .filter(|one| one["check"] == "settings")
        .map(|one| one["told"].as_str().unwrap())
        .collect();
    for said in [
        "MELDPUNT_TRUSTED_PROXY is no setting",
        "MELDPUNT_TRUSTED_PROXIES is not set",
        "writes files",
        "of the example",
    ] {
        assert!(
            settings.iter().any(|told| told.contains(said)),
            "{said}: {settings:?}"
        );
    }
    assert!([Some(1), Some(2)].contains(&code), "{found:?}");
    let told = finding(&found, "reports")["told"].as_str().unwrap();
    assert!(told.starts_with("3 "), "{told}");

    break_it(&app, "DELETE FROM report_facets WHERE facet = 'region'").await;
    break_it(&app, "UPDATE reports SET phase = 'closed'").await;
    break_it(
        &app,
        "UPDATE search_entries SET body = 'anders' WHERE scope = 'report'",
    )
    .await;
    break_it(
        &app,
        "INSERT INTO shared_versions (report_id, audience, shared_at, endorsement_count, status, phase, updated_at) \
         SELECT id, 'public', updated_at, 0, status, phase, updated_at FROM reports",
    )
    .await;
    break_it(&app, "UPDATE outbox SET state = 'dead'").await;
    let (code, found) = examine(&app);
    assert_eq!(code, Some(2), "{found:?}");
    let reports = finding(&found, "reports");
    assert_eq!(reports["verdict"], "fault");
    for word in ["3 of 3", "facets", "columns", "released", "search"] {
        assert!(
            reports["told"].as_str().unwrap().contains(word),
            "{reports}"
        );
    }
    assert!(reports["do"].is_string());
    assert_eq!(finding(&found, "outbox")["verdict"], "warning");
}

#[actix_web::test]
async fn who_found_a_weakness_finds_the_address() {
    let app = TestApp::start().await;
    app.get("/.well-known/security.txt").await.expect(404);
    let app = TestApp::start_with(|settings| {
        settings.security_contact = vec!["mailto:security@example.org".into()];
        settings.security_policy = Some("https://example.org/cvd".into());
    })
    .await;
    let reply = app.get("/.well-known/security.txt").await.expect(200);
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let text = String::from_utf8(reply.body.clone()).unwrap();
    assert!(text.starts_with("Contact: mailto:security@example.org\n"));
    for line in [
        "Preferred-Languages: nl, en",
        "Policy: https://example.org/cvd",
    ] {
        assert!(text.lines().any(|one| one == line), "{text}");
    }
    assert!(text.contains(&format!(
        "Canonical: {}/.well-known/security.txt\n",
        app.url
    )));
    let expires = || async {
        let body = app.get("/.well-known/security.txt").await.expect(200).body;
        let text = String::from_utf8(body).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("Expires: "));
        line.unwrap().parse::<DateTime<Utc>>().unwrap()
    };
    let first = expires().await;
    assert!(first > app.now() && first < app.now() + TimeDelta::days(365));
    app.clock.forward(TimeDelta::days(400));
    assert!(expires().await > app.now(), "it rolls");
}
