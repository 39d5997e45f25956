//! Duplicates: of two reports about the same the other is found, of two about different matters it is not.

use std::collections::BTreeMap;

use meldpunt::reference::sample_reports;
use serde_json::{Value, json};

use crate::deadlines::act;
use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::samples::{body, submit};

async fn similar(app: &TestApp, by: &Actor, id: &str) -> Vec<Value> {
    app.get(format!("/v1/reports/{id}/similar"))
        .by(by)
        .await
        .expect(200)
        .items()
}

#[actix_web::test]
async fn the_original_of_a_duplicate_comes_first_and_what_is_unrelated_is_not_suggested() {
    let app = TestApp::start().await;
    app.leave_mail();
    let desk = app.desk().await;
    let samples = sample_reports();
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for sample in &samples {
        let id = submit(&app, sample).await.expect(201).id();
        ids.insert(id, sample.id.clone());
    }
    let (mut pairs, mut suggested) = (0, 0);
    let mut told = Vec::new();
    for (id, name) in &ids {
        let sample = samples.iter().find(|sample| sample.id == *name).unwrap();
        let found = similar(&app, &desk, id).await;
        let names: Vec<&String> = found
            .iter()
            .map(|one| &ids[one["id"].as_str().unwrap()])
            .collect();
        let scores: Vec<&Value> = found.iter().map(|one| &one["score"]).collect();
        told.push(format!("{name}: {names:?} {scores:?}"));
        if let Some(original) = &sample.duplicate_of {
            assert_eq!(names.first(), Some(&original), "{}", told.join("\n"));
            assert!(
                found[0]["reasons"]
                    .as_array()
                    .unwrap()
                    .contains(&json!("same_words"))
            );
            assert!(found[0]["because"].as_str().unwrap().ends_with("% gelijk"));
        }
        for other in &samples {
            let duplicates = sample.duplicate_of.as_ref() == Some(&other.id)
                || other.duplicate_of.as_ref() == Some(name);
            if other.id != *name && !duplicates {
                pairs += 1;
                suggested += usize::from(names.contains(&&other.id));
            }
        }
    }
    println!("{}", told.join("\n"));
    println!("{suggested} of {pairs} ordered pairs that are no duplicates are suggested");
    assert!(
        suggested * 5 <= pairs,
        "{suggested} of {pairs}:\n{}",
        told.join("\n")
    );
}

#[actix_web::test]
async fn before_handing_in_one_sees_ones_own_and_what_is_shared() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, stranger, desk) = (
        app.reporter("GM1714").await,
        app.reporter("GM0715").await,
        app.desk().await,
    );
    let samples = sample_reports();
    let original = samples.iter().find(|sample| sample.id == "S01").unwrap();
    let duplicate = samples.iter().find(|sample| sample.id == "S19").unwrap();
    let id = app
        .post("/v1/reports")
        .by(&reporter)
        .json(body(original))
        .await
        .expect(201)
        .id();
    let look = async |by: &Actor| {
        app.post("/v1/similar-reports")
            .by(by)
            .header("accept-language", "en")
            .json(body(duplicate))
            .await
            .expect(200)
            .items()
    };
    assert_eq!(look(&stranger).await, Vec::<Value>::new());
    let own = look(&reporter).await;
    assert_eq!(
        (own[0]["id"].as_str(), &own[0]["shared"]),
        (Some(id.as_str()), &json!(false))
    );
    assert!(
        own[0]["because"].as_str().unwrap().contains("% alike"),
        "{}",
        own[0]
    );
    let publish = json!({
        "action": "publish", "audience": "government", "title": "Opheffingsnorm voor kleine scholen",
        "summary": "De opheffingsnorm sluit de laatste dorpsschool, omdat het gemiddelde van de hele gemeente telt."
    });
    act(&app, &desk, &id, publish).await.expect(200);
    let shared = look(&stranger).await;
    assert_eq!(
        (shared[0]["id"].as_str(), &shared[0]["shared"]),
        (Some(id.as_str()), &json!(true))
    );
    assert_eq!(shared[0]["title"], "Opheffingsnorm voor kleine scholen");

    // What was merged stands for the report it joined, which is told once.
    let second = app
        .post("/v1/reports")
        .by(&stranger)
        .json(body(duplicate))
        .await
        .expect(201)
        .id();
    act(
        &app,
        &desk,
        &second,
        json!({"action": "merge", "mergeInto": id}),
    )
    .await
    .expect(200);
    let all = look(&desk).await;
    let of_all: Vec<Option<&str>> = all.iter().map(|one| one["id"].as_str()).collect();
    assert_eq!(of_all, [Some(id.as_str())]);
    app.get(format!("/v1/reports/{id}/similar"))
        .by(&stranger)
        .await
        .expect(404);
}
