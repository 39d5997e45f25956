//! Links between reports: who makes them, who sees them, and what both timelines tell.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

/// A report of a municipality on its way, by the WPO at OCW.
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

async fn link(app: &TestApp, by: &Actor, from: &str, kind: &str, to: &str) -> Reply {
    app.post(format!("/v1/reports/{from}/links"))
        .by(by)
        .json(json!({"kind": kind, "report": to}))
        .await
}

async fn links(app: &TestApp, by: &Actor, of: &str) -> Vec<Value> {
    let path = format!("/v1/reports/{of}/links");
    app.get(path).by(by).await.expect(200).items()
}

/// What a timeline tells of links.
async fn told(app: &TestApp, by: &Actor, of: &str) -> Vec<(String, String)> {
    let path = format!("/v1/reports/{of}/events?limit=100");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let events = app.get(path).by(by).await.expect(200).items();
    let of_links = events
        .iter()
        .filter(|event| event["kind"] == "linked" || event["kind"] == "unlinked");
    of_links
        .map(|event| {
            (
                text(&event["kind"]),
                text(&event["details"]["link"]["direction"]),
            )
        })
        .collect()
}

fn pair(kind: &str, direction: &str) -> (String, String) {
    (kind.to_owned(), direction.to_owned())
}

#[actix_web::test]
async fn each_side_sees_a_link_only_if_it_may_see_the_other_report() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (sluis, hulst) = (app.reporter("GM1714").await, app.reporter("GM0677").await);
    let (desk, lead) = (app.desk().await, app.liaison("OCW").await);
    let one = report(&app, &sluis, "Opheffingsnorm").await;
    let own = report(&app, &sluis, "Fusietoets").await;
    let other = report(&app, &hulst, "Laatste school").await;

    // A reporter links its own, and neither another's nor what is not there.
    let made = link(&app, &sluis, &one, "follows_from", &own)
        .await
        .expect(201);
    let seen = made.json();
    assert_eq!(seen["direction"], "outgoing");
    assert_eq!(seen["report"]["title"], "Fusietoets");
    let at = made.header("location").unwrap().to_owned();
    assert_eq!(at, format!("/v1/reports/{one}/links"));
    for to in [other.clone(), Uuid::now_v7().to_string()] {
        link(&app, &sluis, &one, "related", &to)
            .await
            .expect_faults(&[("/report", "unknown_report")]);
    }
    link(&app, &hulst, &one, "related", &other)
        .await
        .expect(404);

    // The desk links both; each reporter sees only what is its own.
    let between = link(&app, &desk, &one, "duplicate_of", &other)
        .await
        .expect(201)
        .id();
    assert_eq!(links(&app, &desk, &one).await.len(), 2);
    assert_eq!(links(&app, &lead, &one).await.len(), 2);
    assert_eq!(links(&app, &sluis, &one).await.len(), 1);
    assert_eq!(links(&app, &hulst, &other).await.len(), 0);
    let back = links(&app, &desk, &other).await;
    assert_eq!(
        (&back[0]["direction"], &back[0]["report"]["id"]),
        (&json!("incoming"), &json!(one))
    );
    assert_eq!(
        told(&app, &desk, &one).await,
        [pair("linked", "outgoing"), pair("linked", "outgoing")]
    );
    assert_eq!(told(&app, &sluis, &one).await, [pair("linked", "outgoing")]);
    assert_eq!(told(&app, &hulst, &other).await, []);

    // What one does not see is not there to be removed; the lead of either takes it away, from either end.
    let path = format!("/v1/reports/{other}/links/{between}");
    app.delete(&path).by(&hulst).await.expect(404);
    app.delete(&path).by(&lead).await.expect(204);
    app.delete(&path).by(&lead).await.expect(404);
    assert_eq!(links(&app, &desk, &one).await.len(), 1);
    assert_eq!(
        told(&app, &desk, &other).await,
        [pair("linked", "incoming"), pair("unlinked", "incoming")]
    );
}

#[actix_web::test]
async fn links_that_do_not_fit_are_refused() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (sluis, desk) = (app.reporter("GM1714").await, app.desk().await);
    let one = report(&app, &sluis, "Opheffingsnorm").await;
    let part = report(&app, &sluis, "Fusietoets").await;
    let third = report(&app, &sluis, "Laatste school").await;
    let draft = app
        .post("/v1/reports")
        .by(&sluis)
        .json(json!({"draft": true}))
        .await
        .expect(201)
        .id();
    link(&app, &sluis, &one, "related", &one)
        .await
        .expect_faults(&[("/report", "link_to_itself")]);
    link(&app, &sluis, &one, "related", &draft)
        .await
        .expect_problem(409, "report_not_submitted");
    link(&app, &sluis, &part, "follows_from", &one)
        .await
        .expect(201);
    link(&app, &desk, &one, "follows_from", &part)
        .await
        .expect_problem(409, "link_exists");
    link(&app, &desk, &third, "duplicate_of", &one)
        .await
        .expect(201);

    // The same key links once.
    let again = || {
        app.post(format!("/v1/reports/{one}/links"))
            .by(&desk)
            .idempotency_key("koppeling")
            .json(json!({"kind": "related", "report": third}))
    };
    let first = again().await.expect(201);
    assert_eq!(again().await.expect(201).id(), first.id());
    assert_eq!(links(&app, &desk, &third).await.len(), 2);
}
