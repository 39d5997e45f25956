//! Standard texts: who keeps them, versions, and what they read like for a report and a reader.

use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

async fn add(app: &TestApp, by: &Actor, text: &str) -> Reply {
    app.post("/v1/standard-texts")
        .by(by)
        .json(json!({"name": "Vraag", "action": "request_information", "language": "nl", "text": text}))
        .await
}

async fn listed(app: &TestApp, by: &Actor, query: &str) -> Vec<Value> {
    let path = format!("/v1/standard-texts?limit=100&{query}");
    app.get(path).by(by).await.expect(200).items()
}

#[actix_web::test]
async fn gaps_are_checked_when_a_text_is_written() {
    let app = TestApp::start().await;
    let coordinator = app.coordinator().await;
    add(&app, &coordinator, "Over {kenmerk}: {lead}?")
        .await
        .expect_faults(&[("/text", "placeholder_unknown")]);
    add(&app, &coordinator, "Over {reference: {onbekend}")
        .await
        .expect_faults(&[
            ("/text", "placeholder_malformed"),
            ("/text", "placeholder_unknown"),
        ]);
    let made = add(&app, &coordinator, "Over {reference}?")
        .await
        .expect(201);
    app.patch(made.header("location").unwrap())
        .by(&coordinator)
        .if_match(&made)
        .json(json!({"text": "Over {nummer}?"}))
        .await
        .expect_faults(&[("/text", "placeholder_unknown")]);
}

#[actix_web::test]
async fn a_coordinator_keeps_texts_for_all_and_a_liaison_for_its_authority() {
    let app = TestApp::start().await;
    let (coordinator, ocw, vws) = (
        app.coordinator().await,
        app.liaison("OCW").await,
        app.liaison("VWS").await,
    );
    let own = add(&app, &ocw, "Van OCW over {reference}.")
        .await
        .expect(201);
    let address = format!("/v1/standard-texts/{}", own.id());
    assert_eq!(own.json()["organisationId"], ocw.organisation.to_string());
    app.get(&address).by(&ocw).await.expect(200);
    app.get(&address).by(&coordinator).await.expect(200);
    app.get(&address).by(&vws).await.expect(404);
    let change = |by: &Actor| {
        app.patch(&address)
            .by(by)
            .if_match(&own)
            .json(json!({"name": "Anders"}))
    };
    change(&vws).await.expect(404);
    change(&coordinator)
        .await
        .expect_problem(403, "not_allowed");
    let all = app
        .post("/v1/standard-texts")
        .by(&ocw)
        .json(json!({"name": "Vraag", "action": "accept", "language": "nl", "text": "Tekst.", "forAll": true}));
    all.await.expect_problem(403, "not_allowed");
    let query = "action=request_information&language=nl";
    let count = listed(&app, &vws, query).await.len();
    assert_eq!(listed(&app, &ocw, query).await.len(), count + 1);
    assert_eq!(listed(&app, &coordinator, query).await.len(), count + 1);
}

#[actix_web::test]
async fn a_change_is_a_version_and_what_is_retired_can_still_be_read() {
    let app = TestApp::start().await;
    let coordinator = app.coordinator().await;
    let first = add(&app, &coordinator, "Een.").await.expect(201);
    let address = format!("/v1/standard-texts/{}", first.id());
    let change = |seen: &Reply, body: Value| {
        app.patch(&address)
            .by(&coordinator)
            .if_match(seen)
            .json(body)
    };
    let second = change(&first, json!({"text": "Twee.", "outcome": "explanation"}))
        .await
        .expect(200);
    assert_eq!(
        (second.json()["version"].clone(), second.text("outcome")),
        (json!(2), "explanation".into())
    );
    change(&first, json!({"text": "Drie."})).await.expect(412);
    let third = change(&second, json!({"outcome": null})).await.expect(200);
    assert_eq!(third.json()["outcome"], Value::Null);
    assert_eq!(third.text("text"), "Twee.");
    let old = app
        .get(format!("{address}?version=1"))
        .by(&coordinator)
        .await
        .expect(200);
    assert_eq!(old.text("text"), "Een.");
    app.get(format!("{address}?version=9"))
        .by(&coordinator)
        .await
        .expect(404);
    let query = "action=request_information&language=nl";
    let before = listed(&app, &coordinator, query).await.len();
    change(&third, json!({"retired": true})).await.expect(200);
    assert_eq!(listed(&app, &coordinator, query).await.len(), before - 1);
    assert_eq!(listed(&app, &coordinator, "retired=true").await.len(), 1);
    app.get(&address).by(&coordinator).await.expect(200);
}

#[actix_web::test]
async fn a_text_is_filled_in_with_what_its_reader_sees() {
    let app = TestApp::start().await;
    let (reporter, coordinator, desk) = (
        app.reporter("GM1714").await,
        app.coordinator().await,
        app.desk().await,
    );
    let text =
        "{reference} | {title} | {reporter} | {lead} | {rule} | {dueOn} | {outcome} | {today}";
    app.post("/v1/standard-texts")
        .by(&coordinator)
        .json(json!({"name": "Alles", "action": "settle", "outcome": "explanation", "language": "nl", "text": text}))
        .await
        .expect(201);
    let report = app
        .post("/v1/reports")
        .by(&reporter)
        .json(json!({
            "title": "Norm {lead}", "description": "De norm knelt.", "effect": "De school sluit.", "municipalities": ["GM1714"],
            "regulations": [{"citation": "BWBR0003420", "article": "153"}]
        }))
        .await
        .expect(201);
    let path = format!("/v1/reports/{}/standard-texts", report.id());
    let named = async |by: &Actor, query: &str| -> Vec<Value> {
        let items = app
            .get(format!("{path}?{query}"))
            .by(by)
            .await
            .expect(200)
            .items();
        items
            .into_iter()
            .filter(|item| item["name"] == "Alles")
            .collect()
    };
    let found = named(&desk, "action=settle&outcome=explanation&language=nl").await;
    let expected = format!(
        "{} | Norm {{lead}} | Gemeente Sluis | Ministerie van Onderwijs, Cultuur en Wetenschap | WPO artikel 153 | \
         2 december 2026 | Uitleg | 25 november 2026",
        report.text("reference")
    );
    assert_eq!(found[0]["text"], expected.as_str());
    assert_eq!(found[0]["missing"], json!([]));
    assert!(
        named(&desk, "action=settle&outcome=no_obstruction&language=nl")
            .await
            .is_empty()
    );
    assert!(named(&desk, "action=accept&language=nl").await.is_empty());
    assert!(named(&desk, "action=settle&language=en").await.is_empty());
    // The lead is no longer that: of the report it sees how it goes.
    let ocw = app.liaison("OCW").await;
    let seen = app
        .get(format!("/v1/reports/{}", report.id()))
        .by(&desk)
        .await
        .expect(200);
    app.post(format!("/v1/reports/{}/transitions", report.id()))
        .by(&desk)
        .if_match(&seen)
        .json(json!({"action": "reroute", "lead": app.organisation("VWS").await, "reason": "Van VWS."}))
        .await
        .expect(200);
    let found = named(&ocw, "action=settle&language=nl").await;
    assert_eq!(found[0]["missing"], json!(["reporter", "rule", "dueOn"]));
    let text = found[0]["text"].as_str().unwrap();
    assert!(
        text.contains("| {reporter} | Ministerie van Volksgezondheid") && !text.contains("Sluis"),
        "{text}"
    );
    app.get(format!("{path}?language=nl"))
        .by(&desk)
        .await
        .expect_faults(&[("action", "required")]);
}
