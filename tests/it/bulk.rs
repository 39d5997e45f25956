//! Many reports and many transitions in one call, with an answer for each.

use meldpunt::domain::actor::Role;
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;

fn report(reference: Option<&str>) -> Value {
    let mut report = json!({
        "title": "Norm", "description": "De norm knelt.", "effect": "De school sluit.", "municipalities": ["GM1714"],
        "regulations": [{"citation": "BWBR0003420", "article": "153"}]
    });
    if let Some(reference) = reference {
        report["externalReference"] = json!(reference);
    }
    report
}

fn statuses(answer: &Value) -> Vec<u64> {
    let items = answer["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["status"].as_u64().unwrap())
        .collect()
}

async fn send(app: &TestApp, path: &str, by: &Actor, body: Value) -> Value {
    app.post(path).by(by).json(body).await.expect(200).json()
}

#[actix_web::test]
async fn each_of_many_reports_is_taken_in_by_itself() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    let body = json!({"items": [
        {"report": report(Some("Z-1"))},
        {"report": {"title": "Half", "colour": "red"}},
        {"report": {"title": "Zonder plaats", "description": "x", "effect": "y", "domains": ["onzin"]}},
        {"report": report(None), "idempotencyKey": "sleutel-4"},
        {"report": report(Some("Z-1"))},
        {"report": {"draft": true, "title": "Concept"}},
    ]});
    let first = send(&app, "/v1/bulk-reports", &reporter, body.clone()).await;
    assert_eq!(
        statuses(&first),
        [201, 400, 400, 201, 200, 201],
        "{first:#}"
    );
    assert_eq!(
        (&first["succeeded"], &first["failed"]),
        (&json!(4), &json!(2))
    );
    let items = &first["items"];
    assert_eq!(
        items[1]["problem"]["errors"][0]["pointer"],
        "/report/colour"
    );
    let faults = items[2]["problem"]["errors"].as_array().unwrap();
    let codes: Vec<&str> = faults
        .iter()
        .filter_map(|fault| fault["code"].as_str())
        .collect();
    assert_eq!(codes, ["unknown_domain", "place_required"]);
    assert_eq!(items[0]["report"]["leadAuthority"]["abbreviation"], "OCW");
    assert_eq!(items[4]["report"]["id"], items[0]["report"]["id"]);

    // The same call again makes nothing that has a number or a key of its own.
    let again = send(&app, "/v1/bulk-reports", &reporter, body).await;
    assert_eq!(statuses(&again), [200, 400, 400, 201, 200, 201]);
    assert_eq!(again["items"][0]["report"]["id"], items[0]["report"]["id"]);
    assert_eq!(again["items"][3]["report"]["id"], items[3]["report"]["id"]);
    let listed = app
        .get("/v1/reports?status=routed")
        .by(&reporter)
        .await
        .expect(200);
    assert_eq!(listed.items().len(), 2);
    // A key with another report is told.
    let other = json!({"items": [{"report": report(Some("Z-9")), "idempotencyKey": "sleutel-4"}]});
    let refused = send(&app, "/v1/bulk-reports", &reporter, other).await;
    assert_eq!(
        refused["items"][0]["problem"]["code"],
        "idempotency_key_reused"
    );

    // A key for the whole call stands for a key of each.
    let whole = || {
        app.post("/v1/bulk-reports")
            .by(&reporter)
            .idempotency_key("alles")
    };
    let drafts = json!({"items": [{"report": {"draft": true}}, {"report": {"draft": true}}]});
    let one = whole().json(&drafts).await.expect(200).json();
    let two = whole().json(&drafts).await.expect(200).json();
    assert_eq!(one, two);
    assert_ne!(
        one["items"][0]["report"]["id"],
        one["items"][1]["report"]["id"]
    );
}

#[actix_web::test]
async fn a_hundred_at_most_and_one_at_least() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    let some = |number: usize| json!({"items": vec![json!({"report": {"draft": true}}); number]});
    let call = |number| {
        app.post("/v1/bulk-reports")
            .by(&reporter)
            .json(some(number))
    };
    call(0).await.expect_faults(&[("/items", "too_few")]);
    call(101).await.expect_faults(&[("/items", "too_many")]);
    let all = call(100).await.expect(200).json();
    assert_eq!(all["succeeded"], 100);
}

#[actix_web::test]
async fn each_transition_is_made_by_itself_or_all_or_none() {
    let app = TestApp::start().await;
    let (reporter, lead, desk) = (
        app.reporter("GM1714").await,
        app.liaison("OCW").await,
        app.desk().await,
    );
    let bodies = json!({"items": vec![json!({"report": report(None)}); 3]});
    let made = send(&app, "/v1/bulk-reports", &reporter, bodies).await;
    let ids: Vec<String> = (0..3)
        .map(|at| {
            made["items"][at]["report"]["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    app.deliver_mail().await;
    let item = |id: &str, version: i32, transition: Value| json!({"id": id, "version": version, "transition": transition});
    let status = async |id: &str| {
        let report = app
            .get(format!("/v1/reports/{id}"))
            .by(&desk)
            .await
            .expect(200);
        report.text("status")
    };
    let accept = json!({"action": "accept"});
    let body = json!({"allOrNothing": true, "items": [
        item(&ids[0], 1, accept.clone()), item(&ids[1], 9, accept.clone()), item(&ids[2], 1, json!({"action": "settle"})),
    ]});
    let none = send(&app, "/v1/bulk-transitions", &lead, body).await;
    assert_eq!(statuses(&none), [409, 412, 409], "{none:#}");
    let codes: Vec<&str> = (0..3)
        .filter_map(|at| none["items"][at]["problem"]["code"].as_str())
        .collect();
    assert_eq!(
        codes,
        ["others_failed", "stale_version", "illegal_transition"]
    );
    assert_eq!(none["items"][2]["problem"]["legalActions"][0], "return");
    assert_eq!(status(&ids[0]).await, "routed");
    assert!(
        app.deliver_mail().await.is_empty(),
        "what is taken back tells nobody"
    );

    // Assignment in bulk: everybody takes what it was given.
    let assign = json!({"action": "assign"});
    let body = json!({"items": [
        item(&ids[0], 1, assign.clone()), item(&ids[1], 9, assign.clone()), item(&uuid::Uuid::now_v7().to_string(), 1, assign),
        {"id": ids[2], "version": 1, "transition": {"action": "dance"}},
    ]});
    let some = send(&app, "/v1/bulk-transitions", &lead, body).await;
    assert_eq!(statuses(&some), [200, 412, 404, 400], "{some:#}");
    assert_eq!(
        some["items"][0]["report"]["assignees"][0]["id"],
        lead.id.to_string()
    );
    assert_eq!(
        some["items"][3]["problem"]["errors"][0]["pointer"],
        "/transition/action"
    );

    let back =
        |version| json!({"action": "return", "reason": format!("Niet van ons ({version}).")});
    let body = json!({"allOrNothing": true, "items": [item(&ids[0], 2, back(2)), item(&ids[1], 1, back(1)), item(&ids[2], 1, back(1))]});
    let all = send(&app, "/v1/bulk-transitions", &lead, body).await;
    assert_eq!(statuses(&all), [200, 200, 200], "{all:#}");
    for id in &ids {
        assert_eq!(status(id).await, "submitted");
    }
    // Each is told as if it had been done alone.
    let mail = app.deliver_mail().await;
    let to = |who: &Actor| mail.iter().filter(|one| one.to == who.email).count();
    assert_eq!((to(&reporter), to(&desk)), (3, 3));
    let stranger = app
        .person(&[Role::Reporter], app.organisation("GM0363").await)
        .await;
    let body = json!({"items": [item(&ids[0], 3, json!({"action": "withdraw", "reason": "x"}))]});
    let hidden = send(&app, "/v1/bulk-transitions", &stranger, body).await;
    assert_eq!(statuses(&hidden), [404]);
}
