//! How many statements a request costs: a number that does not grow with the data. A change that needs another statement
//! says so by changing the number here.

use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::client::{Call, Reply};

/// Sends a request, and counts its statements.
async fn cost(app: &TestApp, call: Call<'_>) -> (Reply, u64) {
    // Who calls is asked of the database, as if it had not called a moment ago.
    app.context.callers.forget();
    let before = app.context.db.figures().statements();
    let reply = call.await;
    (reply, app.context.db.figures().statements() - before)
}

/// A report that names so many of everything.
fn report(many: usize) -> Value {
    let regulations = ["BWBR0003420", "BWBR0015703", "BWBR0005416", "BWBR0037885"];
    let municipalities = ["GM1714", "GM0654", "GM0687", "GM0715"];
    let domains = ["onderwijs-po", "wonen", "belastingen", "btw"];
    let cited: Vec<Value> = regulations[..many]
        .iter()
        .map(|id| json!({"citation": id, "article": "4"}))
        .collect();
    json!({
        "title": "Norm", "description": "De norm knelt.", "effect": "De school sluit.", "regulations": cited,
        "municipalities": &municipalities[..many], "domains": &domains[..many],
    })
}

#[actix_web::test]
async fn a_request_costs_as_many_statements_however_much_there_is() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, liaison, desk) = (
        app.reporter("GM1714").await,
        app.liaison("OCW").await,
        app.desk().await,
    );
    let mut seen: Vec<(&str, u64)> = Vec::new();
    // One that is like the others.
    let first = app.post("/v1/reports").by(&reporter).json(report(1));
    first.await.expect(201);
    for many in [1, 4] {
        let call = app
            .post("/v1/reports")
            .by(&reporter)
            .idempotency_key(&format!("key-{many}"))
            .json(report(many));
        let (submitted, statements) = cost(&app, call).await;
        seen.push(("submit", statements));
        let submitted = submitted.expect(201);
        let path = format!("/v1/reports/{}", submitted.id());
        let (read, statements) = cost(&app, app.get(&path).by(&liaison)).await;
        read.expect(200);
        seen.push(("read", statements));
        let call = app
            .post(format!("{path}/transitions"))
            .by(&liaison)
            .if_match(&submitted)
            .json(json!({"action": "accept"}));
        let (accepted, statements) = cost(&app, call).await;
        accepted.expect(200);
        seen.push(("transition", statements));
        let (events, statements) = cost(&app, app.get(format!("{path}/events")).by(&desk)).await;
        events.expect(200);
        seen.push(("timeline", statements));
        let messages = format!("{path}/messages");
        for _ in 0..many {
            let call = app.post(&messages).by(&liaison);
            call.json(json!({"audience": "reporter", "text": "Wilt u de kaart sturen?"}))
                .await
                .expect(201);
        }
        let (listed, statements) = cost(&app, app.get(&messages).by(&reporter)).await;
        assert_eq!(listed.expect(200).items().len(), many);
        seen.push(("messages", statements));
        let list = "/v1/reports?status=in_review&sort=-submitted";
        let (listed, statements) = cost(&app, app.get(list).by(&desk)).await;
        listed.expect(200);
        seen.push(("list", statements));
        let (searched, statements) = cost(&app, app.get("/v1/reports?q=norm").by(&desk)).await;
        searched.expect(200);
        seen.push(("search", statements));
        let (alike, statements) = cost(&app, app.get(format!("{path}/similar")).by(&desk)).await;
        alike.expect(200);
        seen.push(("similar", statements));
    }
    assert_eq!(
        seen[..8],
        seen[8..],
        "more of everything costs more statements"
    );
    assert_eq!(
        seen[..8],
        [
            ("submit", 21),
            ("read", 3),
            ("transition", 6),
            ("timeline", 4),
            ("messages", 3),
            ("list", 3),
            ("search", 5),
            ("similar", 7)
        ]
    );
}
