//! "We too": who stands behind a report beside its reporter, and that each of them hears how it goes.

use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

const OUTCOME: &str = "De regeling wordt aangepast.";

/// A report of a municipality on its way at OCW, released to government.
async fn shared(app: &TestApp, by: &Actor, desk: &Actor, title: &str) -> String {
    let id = report(app, by, title).await;
    let body = json!({"action": "publish", "audience": "government", "title": title, "summary": "De norm knelt."});
    act(app, desk, &id, body).await.expect(200);
    id
}

async fn report(app: &TestApp, by: &Actor, title: &str) -> String {
    app.post("/v1/reports")
        .by(by)
        .json(json!({
            "title": title, "description": "De norm knelt.", "effect": "De school sluit.", "municipalities": ["GM1714"],
            "regulations": [{"citation": "BWBR0003420", "article": "153"}]
        }))
        .await
        .expect(201)
        .id()
}

async fn act(app: &TestApp, by: &Actor, id: &str, body: Value) -> Reply {
    let path = format!("/v1/reports/{id}");
    let seen = app.get(&path).by(by).await.expect(200);
    app.post(format!("{path}/transitions"))
        .by(by)
        .if_match(&seen)
        .json(body)
        .await
}

async fn endorse(app: &TestApp, by: &Actor, id: &str) -> Reply {
    app.post(format!("/v1/shared-reports/{id}/endorsements"))
        .by(by)
        .json(json!({"effect": "Ook bij ons sluit een school."}))
        .await
}

async fn count(app: &TestApp, by: &Actor, id: &str) -> Value {
    let report = app
        .get(format!("/v1/reports/{id}"))
        .by(by)
        .await
        .expect(200);
    report.json()["endorsementCount"].clone()
}

/// Whom the mail that is due goes to, each with its subject.
async fn told(app: &TestApp) -> Vec<(String, String)> {
    let mail = app.deliver_mail().await;
    let mut told: Vec<_> = mail.into_iter().map(|one| (one.to, one.subject)).collect();
    told.sort();
    told
}

/// The subject of the one mail to somebody; none when there was none.
fn to<'a>(told: &'a [(String, String)], who: &Actor) -> Option<&'a str> {
    let mut found = told.iter().filter(|(to, _)| *to == who.email);
    let subject = found.next().map(|(_, subject)| subject.as_str());
    assert!(found.next().is_none(), "told twice: {told:?}");
    subject
}

#[actix_web::test]
async fn an_organisation_joins_follows_and_takes_it_back() {
    let app = TestApp::start().await;
    let (reporter, desk, lead) = (
        app.reporter("GM1714").await,
        app.desk().await,
        app.liaison("OCW").await,
    );
    let hulst = app.reporter("GM0677").await;
    let id = report(&app, &reporter, "Norm").await;
    endorse(&app, &hulst, &id).await.expect(404);
    let body = json!({"action": "publish", "audience": "government", "title": "Beoordeeld", "summary": "De norm knelt."});
    act(&app, &desk, &id, body).await.expect(200);
    told(&app).await;

    endorse(&app, &reporter, &id)
        .await
        .expect_problem(403, "own_report");
    endorse(&app, &desk, &id)
        .await
        .expect_problem(403, "not_allowed");
    let first = endorse(&app, &hulst, &id).await.expect(201);
    assert_eq!(
        first.header("location"),
        Some(format!("/v1/reports/{id}").as_str())
    );
    let again = endorse(&app, &hulst, &id).await.expect(200);
    assert_eq!(again.id(), first.id());
    let mail = told(&app).await;
    assert!(
        to(&mail, &reporter)
            .unwrap()
            .starts_with("Een organisatie sluit zich aan")
    );
    assert_eq!(mail.len(), 1, "{mail:?}");

    // It sees how it goes, under the title that was reviewed, and no more.
    let seen = app
        .get(format!("/v1/reports/{id}"))
        .by(&hulst)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&seen["view"], &seen["title"]),
        (&json!("progress"), &json!("Beoordeeld"))
    );
    assert_eq!(
        (&seen["description"], &seen["endorsementCount"]),
        (&Value::Null, &json!(1))
    );
    let listed = app.get("/v1/reports").by(&hulst).await.expect(200).items();
    assert_eq!(listed[0]["id"], id.as_str());
    let path = format!("/v1/reports/{id}/endorsements");
    app.get(&path)
        .by(&hulst)
        .await
        .expect_problem(403, "not_allowed");
    let found = app.get(&path).by(&lead).await.expect(200).items();
    assert_eq!(found[0]["effect"], "Ook bij ons sluit een school.");
    assert_eq!(found[0]["organisation"]["name"], "Gemeente Hulst");
    let counts = app
        .get(format!("/v1/shared-reports/{id}/endorsements"))
        .by(&hulst)
        .await
        .expect(200);
    assert_eq!(
        counts.items(),
        [json!({"kind": "municipality", "count": 1})]
    );

    // Told like the reporter, also when nothing is released any more.
    act(
        &app,
        &desk,
        &id,
        json!({"action": "unpublish", "reason": "Herzien."}),
    )
    .await
    .expect(200);
    act(&app, &lead, &id, json!({"action": "accept"}))
        .await
        .expect(200);
    told(&app).await;
    let position =
        json!({"action": "take_position", "outcome": "explanation", "publicExplanation": OUTCOME});
    act(&app, &lead, &id, position).await.expect(200);
    assert!(
        to(&told(&app).await, &hulst)
            .unwrap()
            .starts_with("Standpunt over melding")
    );

    let path = format!("/v1/shared-reports/{id}/endorsements");
    app.delete(&path).by(&hulst).await.expect(204);
    app.delete(&path).by(&hulst).await.expect(404);
    app.get(format!("/v1/reports/{id}"))
        .by(&hulst)
        .await
        .expect(404);
    assert_eq!(count(&app, &desk, &id).await, 0);
    let settle =
        json!({"action": "settle", "outcome": "explanation", "publicExplanation": OUTCOME});
    act(&app, &desk, &id, settle).await.expect(200);
    assert_eq!(to(&told(&app).await, &hulst), None);
    // Again after that: a new endorsement.
    let body = json!({"action": "publish", "audience": "government", "title": "Norm", "summary": "De norm knelt."});
    act(&app, &desk, &id, body).await.expect(200);
    let anew = endorse(&app, &hulst, &id).await.expect(201);
    assert_ne!(anew.id(), first.id());
    let events = app
        .get(format!("/v1/reports/{id}/events"))
        .by(&desk)
        .await
        .expect(200)
        .items();
    let kinds: Vec<&str> = events
        .iter()
        .filter_map(|event| event["kind"].as_str())
        .collect();
    let own: Vec<&&str> = kinds
        .iter()
        .filter(|kind| kind.contains("endorse"))
        .collect();
    assert_eq!(own, [&"endorse", &"withdraw_endorsement", &"endorse"]);
}

#[actix_web::test]
async fn endorsers_follow_a_merged_report_and_come_back_with_it() {
    let app = TestApp::start().await;
    let (reporter, desk, lead) = (
        app.reporter("GM1714").await,
        app.desk().await,
        app.liaison("OCW").await,
    );
    let (terneuzen, hulst, goes) = (
        app.reporter("GM0715").await,
        app.reporter("GM0677").await,
        app.reporter("GM0664").await,
    );
    let target = shared(&app, &reporter, &desk, "Norm").await;
    let source = shared(&app, &terneuzen, &desk, "Ook norm").await;
    endorse(&app, &hulst, &source).await.expect(201);
    endorse(&app, &goes, &target).await.expect(201);
    endorse(&app, &hulst, &target).await.expect(201);
    // It endorsed what its own report is merged into: it counts once.
    endorse(&app, &terneuzen, &target).await.expect(201);
    assert_eq!(count(&app, &desk, &target).await, 3);
    told(&app).await;

    act(
        &app,
        &desk,
        &source,
        json!({"action": "merge", "mergeInto": target}),
    )
    .await
    .expect(200);
    let mail = told(&app).await;
    assert!(
        to(&mail, &terneuzen)
            .unwrap()
            .starts_with("Uw melding is samengevoegd")
    );
    assert!(
        to(&mail, &hulst)
            .unwrap()
            .starts_with("Melding samengevoegd")
    );
    assert_eq!(count(&app, &desk, &target).await, 3);
    assert_eq!(count(&app, &desk, &source).await, 1);
    endorse(&app, &goes, &source)
        .await
        .expect_problem(409, "merged_elsewhere");
    app.get(format!("/v1/reports/{source}"))
        .by(&hulst)
        .await
        .expect(200);

    act(&app, &lead, &target, json!({"action": "accept"}))
        .await
        .expect(200);
    let position =
        json!({"action": "take_position", "outcome": "explanation", "publicExplanation": OUTCOME});
    act(&app, &lead, &target, position).await.expect(200);
    let mail = told(&app).await;
    for who in [&reporter, &terneuzen, &hulst, &goes] {
        assert!(
            to(&mail, who).is_some(),
            "{} hears nothing: {mail:?}",
            who.name
        );
    }

    act(
        &app,
        &desk,
        &source,
        json!({"action": "unmerge", "reason": "Toch anders."}),
    )
    .await
    .expect(200);
    let mail = told(&app).await;
    assert!(
        to(&mail, &terneuzen)
            .unwrap()
            .starts_with("Uw melding staat weer op zichzelf")
    );
    assert!(
        to(&mail, &hulst)
            .unwrap()
            .starts_with("Melding staat weer op zichzelf")
    );
    assert_eq!(count(&app, &desk, &target).await, 3);
    assert_eq!(count(&app, &desk, &source).await, 1);
    // Both are withdrawn from at once.
    app.delete(format!("/v1/shared-reports/{target}/endorsements"))
        .by(&hulst)
        .await
        .expect(204);
    assert_eq!(count(&app, &desk, &target).await, 2);
    assert_eq!(count(&app, &desk, &source).await, 1);
}

#[actix_web::test]
async fn what_was_settled_through_another_is_reopened_and_settled_with_it_again() {
    let app = TestApp::start().await;
    let (reporter, desk, lead) = (
        app.reporter("GM1714").await,
        app.desk().await,
        app.liaison("OCW").await,
    );
    let (terneuzen, hulst) = (app.reporter("GM0715").await, app.reporter("GM0677").await);
    let target = shared(&app, &reporter, &desk, "Norm").await;
    let source = report(&app, &terneuzen, "Ook norm").await;
    endorse(&app, &hulst, &target).await.expect(201);
    act(
        &app,
        &desk,
        &source,
        json!({"action": "merge", "mergeInto": target}),
    )
    .await
    .expect(200);
    let settle = async || {
        act(&app, &lead, &target, json!({"action": "take_position", "outcome": "explanation", "publicExplanation": OUTCOME}))
            .await
            .expect(200);
        told(&app).await;
        act(
            &app,
            &desk,
            &target,
            json!({"action": "settle", "outcome": "explanation", "publicExplanation": OUTCOME}),
        )
        .await
        .expect(200);
        let mail = told(&app).await;
        for who in [&reporter, &terneuzen, &hulst] {
            assert!(to(&mail, who).unwrap().contains("afgehandeld"), "{mail:?}");
        }
    };
    act(&app, &lead, &target, json!({"action": "accept"}))
        .await
        .expect(200);
    settle().await;
    let status = async |id: &str| {
        let report = app
            .get(format!("/v1/reports/{id}"))
            .by(&desk)
            .await
            .expect(200);
        report.text("status")
    };
    assert_eq!(status(&source).await, "settled");
    act(
        &app,
        &reporter,
        &target,
        json!({"action": "request_reopening", "reason": "Het knelt nog."}),
    )
    .await
    .expect(200);
    act(
        &app,
        &desk,
        &target,
        json!({"action": "grant_reopening", "reason": "Terecht."}),
    )
    .await
    .expect(200);
    assert_eq!(
        (status(&target).await, status(&source).await),
        ("in_review".into(), "merged".into())
    );
    let mail = told(&app).await;
    assert!(
        to(&mail, &reporter)
            .unwrap()
            .starts_with("Uw melding is heropend")
    );
    assert!(
        to(&mail, &terneuzen)
            .unwrap()
            .starts_with("Uw melding is heropend")
    );
    assert!(to(&mail, &hulst).unwrap().starts_with("Melding heropend"));
    settle().await;
    assert_eq!(status(&source).await, "settled");
}

#[actix_web::test]
async fn when_its_reporter_withdraws_all_who_stood_behind_it_follow_the_heir() {
    let app = TestApp::start().await;
    let (reporter, desk, lead) = (
        app.reporter("GM1714").await,
        app.desk().await,
        app.liaison("OCW").await,
    );
    let (terneuzen, hulst, goes) = (
        app.reporter("GM0715").await,
        app.reporter("GM0677").await,
        app.reporter("GM0664").await,
    );
    let target = shared(&app, &reporter, &desk, "Norm").await;
    endorse(&app, &hulst, &target).await.expect(201);
    let heir = report(&app, &terneuzen, "Ook norm").await;
    let other = report(&app, &goes, "Nog een norm").await;
    for one in [&heir, &other] {
        act(
            &app,
            &desk,
            one,
            json!({"action": "merge", "mergeInto": target}),
        )
        .await
        .expect(200);
    }
    told(&app).await;
    act(
        &app,
        &reporter,
        &target,
        json!({"action": "withdraw", "reason": "Voor ons opgelost."}),
    )
    .await
    .expect(200);
    let mail = told(&app).await;
    assert!(
        to(&mail, &terneuzen)
            .unwrap()
            .starts_with("Uw melding wordt nu zelf behandeld")
    );
    for who in [&hulst, &goes, &lead] {
        assert!(
            to(&mail, who)
                .unwrap()
                .starts_with("De behandeling gaat verder"),
            "{mail:?}"
        );
    }
    assert_eq!(count(&app, &desk, &heir).await, 2);
    act(&app, &lead, &heir, json!({"action": "accept"}))
        .await
        .expect(200);
    act(
        &app,
        &lead,
        &heir,
        json!({"action": "take_position", "outcome": "explanation", "publicExplanation": OUTCOME}),
    )
    .await
    .expect(200);
    let mail = told(&app).await;
    for who in [&terneuzen, &hulst, &goes] {
        assert!(
            to(&mail, who).unwrap().starts_with("Standpunt over"),
            "{mail:?}"
        );
    }

    // Without an heir the endorsers hear that it has ended.
    let alone = shared(&app, &reporter, &desk, "Alleen").await;
    endorse(&app, &hulst, &alone).await.expect(201);
    told(&app).await;
    act(
        &app,
        &reporter,
        &alone,
        json!({"action": "withdraw", "reason": "Voorbij."}),
    )
    .await
    .expect(200);
    assert!(
        to(&told(&app).await, &hulst)
            .unwrap()
            .starts_with("Melding ingetrokken")
    );
}

#[actix_web::test]
async fn a_machine_endorses_with_a_contact_who_is_told() {
    let app = TestApp::start().await;
    let (reporter, desk, lead) = (
        app.reporter("GM1714").await,
        app.desk().await,
        app.liaison("OCW").await,
    );
    let home = app.organisation("GM0677").await;
    let machine = app
        .client(&[meldpunt::domain::actor::Role::Reporter], None, home)
        .await;
    let id = shared(&app, &reporter, &desk, "Norm").await;
    let path = format!("/v1/shared-reports/{id}/endorsements");
    let without = json!({"effect": "Bij ons ook."});
    app.post(&path)
        .by(&machine)
        .json(without)
        .await
        .expect_faults(&[("/contact", "contact_required")]);
    let with = json!({"effect": "Bij ons ook.", "contact": {"name": "Team", "email": "team@hulst.example"}});
    let first = app
        .post(&path)
        .by(&machine)
        .idempotency_key("a")
        .json(&with)
        .await
        .expect(201);
    let again = app
        .post(&path)
        .by(&machine)
        .idempotency_key("a")
        .json(&with)
        .await
        .expect(201);
    assert_eq!(
        (again.header("idempotent-replayed"), again.id()),
        (Some("true"), first.id())
    );
    told(&app).await;
    act(
        &app,
        &lead,
        &id,
        json!({"action": "return", "reason": "Niet van ons."}),
    )
    .await
    .expect(200);
    let mail = told(&app).await;
    assert!(
        mail.iter().any(|(to, _)| to == "team@hulst.example"),
        "{mail:?}"
    );
    // The contact is for the desk, the lead and the reporter.
    let found = app
        .get(format!("/v1/reports/{id}/endorsements"))
        .by(&desk)
        .await
        .expect(200)
        .items();
    assert_eq!(found[0]["contact"]["email"], "team@hulst.example");
}

#[actix_web::test]
async fn what_is_shared_is_found_by_its_words_and_not_by_what_was_not_released() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, desk, stranger) = (
        app.reporter("GM1714").await,
        app.desk().await,
        app.reporter("GM0677").await,
    );
    let submitted = app
        .post("/v1/reports")
        .by(&reporter)
        .json(json!({
            "title": "Onze school", "description": "Juf Anna telt de leerlingen.", "effect": "De school sluit.",
            "municipalities": ["GM1714"], "regulations": [{"citation": "BWBR0003420", "article": "153"}]
        }))
        .await
        .expect(201);
    let release = app
        .post(format!("/v1/reports/{}/transitions", submitted.id()))
        .by(&desk)
        .if_match(&submitted)
        .json(json!({
            "action": "publish", "audience": "government", "title": "Opheffingsnorm", "summary": "Kleine scholen sluiten door de norm."
        }));
    release.await.expect(200);
    let found = async |q: &str| {
        let list = app
            .get("/v1/shared-reports")
            .query(&[("q", q)])
            .by(&stranger);
        list.await.expect(200).items()
    };
    let hits = found("kleine school").await;
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0]["highlights"][0]["field"], "summary");
    assert_eq!(
        found("opheffingsnorm").await[0]["highlights"][0]["field"],
        "title"
    );
    for unreleased in ["juf", "anna", "leerlingen"] {
        assert!(found(unreleased).await.is_empty(), "{unreleased}");
    }
}
