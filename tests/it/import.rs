//! `meldpunt import`: the history that others have.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::process::meldpunt;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/import-sample.csv");

/// Runs the command on the database of a service that runs.
async fn import(app: &TestApp, arguments: Vec<String>) -> Output {
    let url = app.database_url().to_owned();
    let folder = tempfile::tempdir().unwrap();
    tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        meldpunt(folder.path(), &arguments)
            .env("DATABASE_URL", url)
            .output()
            .unwrap()
    })
    .await
    .unwrap()
}

async fn run(app: &TestApp, file: &Path, more: &[&str]) -> (bool, String, String) {
    let mut arguments = vec!["import".to_owned()];
    arguments.extend(more.iter().map(|one| (*one).to_owned()));
    arguments.push(file.display().to_string());
    let output = import(app, arguments).await;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.success(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn written(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[actix_web::test]
async fn the_sample_comes_in_with_its_history_and_once() {
    let app = TestApp::start().await;
    let (desk, reporter) = (app.desk().await, app.reporter("GM1714").await);
    let sample = Path::new(SAMPLE);
    let (good, told, why) = run(&app, sample, &["--check"]).await;
    assert!(
        good && told.contains("2 reports are right; nothing was written"),
        "{told}{why}"
    );
    assert!(
        app.get("/v1/reports")
            .by(&desk)
            .await
            .expect(200)
            .items()
            .is_empty()
    );

    let (good, told, why) = run(&app, sample, &[]).await;
    assert!(
        good && told.contains("imported 2") && told.contains("there already 0"),
        "{told}{why}"
    );
    let (good, told, _) = run(&app, sample, &[]).await;
    assert!(
        good && told.contains("imported 0") && told.contains("there already 2"),
        "{told}"
    );
    assert!(app.deliver_mail().await.is_empty(), "history tells nobody");

    let find = async |reference: &str| {
        let query = [("externalReference", reference)];
        let found = app
            .get("/v1/reports")
            .query(&query)
            .by(&reporter)
            .await
            .expect(200)
            .items();
        let id = found[0]["id"].as_str().unwrap().to_owned();
        app.get(format!("/v1/reports/{id}"))
            .by(&desk)
            .await
            .expect(200)
            .json()
    };
    let closed = find("Z2019-0815").await;
    assert_eq!(closed["reference"], "MKR-2019-000001");
    assert_eq!(
        (&closed["status"], &closed["outcome"]),
        (&json!("settled"), &json!("explanation"))
    );
    assert_eq!(closed["submittedAt"], "2019-03-01T12:00:00Z");
    assert_eq!(closed["settledAt"], "2019-09-12T12:00:00Z");
    assert_eq!(closed["leadAuthority"]["abbreviation"], "OCW");
    assert_eq!(closed["deadline"], Value::Null);
    assert_eq!(closed["regulations"][0]["article"], "153");
    let id = closed["id"].as_str().unwrap();
    let events = app
        .get(format!("/v1/reports/{id}/events"))
        .by(&desk)
        .await
        .expect(200)
        .items();
    assert_eq!(events.len(), 1);
    assert_eq!(
        (&events[0]["kind"], &events[0]["to"]),
        (&json!("imported"), &json!("settled"))
    );
    assert_eq!(events[0]["at"], "2019-03-01T12:00:00Z");

    // What is open begins here as any other report does.
    let open = find("Z2024-0022").await;
    assert!(open["reference"].as_str().unwrap().starts_with("MKR-2024-"));
    assert_eq!(open["submittedAt"], "2024-05-14T12:00:00Z");
    assert!(["submitted", "routed"].contains(&open["status"].as_str().unwrap()));
    assert_ne!(open["deadline"], Value::Null);
    assert_eq!(open["municipalities"], json!(["GM1714", "GM0715"]));
    assert_eq!(open["contact"]["email"], "onderwijs@gemeente.example");
}

#[actix_web::test]
async fn every_faulty_line_is_named_before_anything_is_written() {
    let app = TestApp::start().await;
    let desk = app.desk().await;
    let folder = tempfile::tempdir().unwrap();
    let good = json!({
        "organisation": "GM1714", "externalReference": "A-1", "submittedOn": "2020-01-02", "title": "Norm",
        "description": "De norm knelt.", "effect": "De school sluit.", "municipalities": ["GM1714"]
    });
    let with = |changes: Value| {
        let mut line = good.clone();
        for (name, value) in changes.as_object().unwrap() {
            line[name] = value.clone();
        }
        line.to_string()
    };
    let lines = [
        good.to_string(),
        with(
            json!({"externalReference": "A-2", "organisation": "GM9999", "title": null, "submittedOn": "1 mei"}),
        ),
        with(json!({"externalReference": "A-3", "municipalities": ["GM9998"], "colour": "red"})),
        with(json!({"externalReference": "A-4", "municipalities": ["GM9998"], "domains": "onzin"})),
        with(
            json!({"externalReference": "A-5", "outcome": "explanation", "settledOn": "2019-01-01", "explanation": "x"}),
        ),
        with(json!({"externalReference": "A-6", "outcome": "weg", "lead": "GM1714"})),
        with(json!({"title": "Nog eens"})),
        "{\"half\":".to_owned(),
    ];
    let file = written(folder.path(), "history.jsonl", &lines.join("\n"));
    let (good_run, _, why) = run(&app, &file, &[]).await;
    assert!(!good_run);
    for fault in [
        "line 2, organisation: unknown_organisation",
        "line 2, title: required",
        "line 2, submittedOn: wrong_format",
        "line 3, colour: unknown_field",
        "line 4, domains/0: unknown_domain",
        "line 4, municipalities/0: unknown_municipality",
        "line 5, settledOn: settled_before_submitted",
        "line 6, outcome: not_in_list",
        "line 6, explanation: required",
        "line 6, settledOn: required",
        "line 7, externalReference: repeated_in_file",
        "line 8: no_json",
        "7 lines are faulty, 1 are right; nothing was written",
    ] {
        assert!(why.contains(fault), "{fault}:\n{why}");
    }
    assert!(
        app.get("/v1/reports")
            .by(&desk)
            .await
            .expect(200)
            .items()
            .is_empty()
    );
    let (good_run, told, why) = run(&app, &file, &["--skip-faulty"]).await;
    assert!(
        good_run && told.contains("imported 1") && told.contains("faulty, left out 7"),
        "{told}{why}"
    );

    // The same as an array; what is there is skipped.
    let array = written(folder.path(), "history.json", &json!([good]).to_string());
    let (good_run, told, why) = run(&app, &array, &[]).await;
    assert!(good_run && told.contains("there already 1"), "{told}{why}");
    let odd = written(
        folder.path(),
        "odd.csv",
        "organisation,colour\nGM1714,red\n",
    );
    let (good_run, _, why) = run(&app, &odd, &[]).await;
    assert!(
        !good_run && why.contains("unknown columns: colour"),
        "{why}"
    );
}
