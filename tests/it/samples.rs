//! The main job on real input: the sample reports, each submitted by its municipality's own system.

use std::collections::BTreeMap;

use meldpunt::domain::actor::Role;
use meldpunt::reference::{SampleReport, sample_reports};
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::client::Reply;

pub fn body(sample: &SampleReport) -> Value {
    let regulations: Vec<Value> = sample
        .regulations
        .iter()
        .map(|cited| match &cited.article {
            Some(article) => json!({"citation": cited.citation, "article": article}),
            None => json!({"citation": cited.citation}),
        })
        .collect();
    json!({
        "title": sample.title, "description": sample.description, "effect": sample.effect,
        "proposedSolution": sample.proposed_solution, "regulations": regulations, "domains": sample.domains,
        "municipalities": [sample.municipality], "requested": ["change"], "externalReference": sample.id,
        "contact": {"name": "Team regelgeving", "email": format!("{}@example.org", sample.id)},
    })
}

pub async fn submit(app: &TestApp, sample: &SampleReport) -> Reply {
    let home = app.organisation(&sample.municipality).await;
    let client = app.client(&[Role::Reporter], None, home).await;
    app.post("/v1/reports")
        .by(&client)
        .json(body(sample))
        .await
        .expect(201)
}

#[actix_web::test]
async fn no_sample_goes_to_a_wrong_ministry_and_every_clear_one_goes_by_itself() {
    let app = TestApp::start().await;
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for sample in sample_reports() {
        let report = submit(&app, &sample).await.json();
        let lead = report["leadAuthority"]["abbreviation"]
            .as_str()
            .map(str::to_owned);
        let decision = report["routing"]["decision"].as_str().unwrap().to_owned();
        *counts
            .entry(format!("{} {decision}", sample.kind))
            .or_default() += 1;
        if decision == "auto" {
            assert_eq!(
                lead, sample.expected_lead,
                "{} {}",
                sample.id, report["routing"]["explanation"]
            );
            assert_eq!(report["status"], "routed");
        } else {
            assert_eq!(
                (lead, report["status"].as_str()),
                (None, Some("submitted")),
                "{}",
                sample.id
            );
        }
        let national = sample
            .regulations
            .first()
            .is_some_and(|cited| cited.citation.starts_with("BWB"));
        if sample.kind == "normal" && national {
            assert_eq!(decision, "auto", "{}", sample.id);
        }
        if sample.kind == "hard" && decision != "auto" {
            let suggested: Vec<Value> =
                report["routing"]["suggestions"].as_array().unwrap().clone();
            let first: Vec<&str> = suggested
                .iter()
                .take(3)
                .filter_map(|one| one["authority"]["abbreviation"].as_str())
                .collect();
            assert!(
                first.contains(&sample.expected_lead.as_deref().unwrap()),
                "{} {first:?}",
                sample.id
            );
        }
    }
    assert_eq!(counts.values().sum::<u32>(), 20);
    assert_eq!(counts.get("normal auto"), Some(&15), "{counts:?}");
    assert_eq!(counts.get("no_owner suggested"), Some(&1), "{counts:?}");
}

#[actix_web::test]
async fn places_are_derived_from_the_municipality() {
    let app = TestApp::start().await;
    let sample = sample_reports()
        .into_iter()
        .find(|sample| sample.id == "S01")
        .unwrap();
    let report = submit(&app, &sample).await.json();
    assert_eq!(report["provinces"], json!(["PV29"]));
    assert_eq!(report["regions"], json!(["KR-ZEEUWS-VLAANDEREN"]));
    assert_eq!(
        report["regulations"][0]["title"],
        "Wet op het primair onderwijs"
    );
    assert_eq!(report["regulations"][0]["primary"], true);
    assert!(
        report["reference"]
            .as_str()
            .unwrap()
            .starts_with("MKR-2026-")
    );
}

#[actix_web::test]
async fn a_preview_says_what_submission_does_and_stores_nothing() {
    let app = TestApp::start().await;
    for sample in sample_reports().into_iter().take(6) {
        let home = app.organisation(&sample.municipality).await;
        let client = app.client(&[Role::Reporter], None, home).await;
        let preview = app
            .post("/v1/routing/previews")
            .by(&client)
            .json(body(&sample))
            .await
            .expect(200)
            .json();
        assert!(
            app.get("/v1/reports")
                .by(&client)
                .await
                .expect(200)
                .items()
                .is_empty()
        );
        let report = app
            .post("/v1/reports")
            .by(&client)
            .json(body(&sample))
            .await
            .expect(201)
            .json();
        assert_eq!(preview, report["routing"], "{}", sample.id);
    }
}
