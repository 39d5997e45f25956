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
            ("submit", 22),
            ("read", 3),
            ("transition", 9),
            ("timeline", 4),
            ("messages", 3),
            ("list", 3),
            ("search", 5),
            ("similar", 7)
        ]
    );
}

/// An experiment, a measure, and what came of a report: as much with four of everything as with one.
#[actix_web::test]
async fn an_experiment_costs_as_many_statements_however_much_it_holds() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, lead, desk) = (
        app.reporter("GM1714").await,
        app.liaison("OCW").await,
        app.desk().await,
    );
    let act = async |by, path: &str, body: Value| {
        let seen = app.get(path).by(by).await.expect(200);
        let made = app.post(format!("{path}/transitions")).by(by);
        made.if_match(&seen).json(body).await.expect(200)
    };
    let mut costs: Vec<Vec<(&str, u64)>> = Vec::new();
    for many in [1, 4] {
        let mut reports = Vec::new();
        for _ in 0..=many {
            let made = app.post("/v1/reports").by(&reporter).json(report(1));
            let id = made.await.expect(201).id();
            let path = format!("/v1/reports/{id}");
            act(&lead, &path, json!({"action": "accept"})).await;
            let position = json!({"action": "take_position", "outcome": "experiment", "publicExplanation": "Wij proberen het."});
            act(&lead, &path, position).await;
            reports.push(id);
        }
        let measure = json!({
            "kind": "amendment", "title": "Norm", "owner": "Directie", "targetDate": "2028-01-01", "reports": reports
        });
        app.post("/v1/measures")
            .by(&lead)
            .json(measure)
            .await
            .expect(201);
        let proposal = json!({"title": "Proef", "idea": "Zonder de norm.", "report": reports[0]});
        let made = app.post("/v1/experiments").by(&lead).json(proposal).await;
        let path = format!("/v1/experiments/{}", made.expect(201).id());
        let seen = app.get(&path).by(&lead).await.expect(200);
        let indicators: Vec<Value> = (0..many)
            .map(|n| {
                json!({"name": format!("Indicator {n}"), "definition": "Aantal.", "unit": "n", "direction": "higher",
                    "frequency": "year", "primary": n == 0, "baselines": [{"value": 1, "measuredOn": "2026-10-01"}]})
            })
            .collect();
        let plan = json!({"reports": reports, "plan": {
            "purpose": "Nagaan of het kan.", "scope": "Kernen.", "hypothesis": "Gelijk.", "stopCriteria": "Onvoldoende.",
            "evaluator": "Bureau", "evaluationPlan": "Voor en na.", "startsOn": "2026-11-25", "endsOn": "2028-11-24",
            "legalBasis": {"clause": {"citation": "BWBR0003420"}, "instrument": "act", "publication": "stb-2026-123",
                "maximumMonths": 48, "extensionMonths": 0},
            "indicators": indicators
        }});
        let change = app.patch(&path).by(&lead).if_match(&seen).json(plan);
        change.await.expect(200);
        let ocw = app.organisation("OCW").await;
        act(
            &lead,
            &path,
            json!({"action": "submit_for_check", "authority": ocw}),
        )
        .await;
        act(&lead, &path, json!({"action": "register"})).await;
        for code in &["GM1714", "GM0654", "GM0687", "GM0715"][..many] {
            let home = app.organisation(code).await;
            act(
                &lead,
                &path,
                json!({"action": "admit", "organisation": home, "date": "2026-11-25"}),
            )
            .await;
        }
        act(&lead, &path, json!({"action": "start"})).await;
        let mut seen = Vec::new();
        for (what, path) in [
            ("experiment", path.clone()),
            ("progress", format!("{path}/progress")),
            ("page", format!("{path}/page")),
            ("timeline", format!("{path}/events")),
            ("plan versions", format!("{path}/plan-versions")),
            ("chain of it", format!("{path}/chain")),
            (
                "chain of a report",
                format!("/v1/reports/{}/chain", reports[0]),
            ),
            ("experiments", "/v1/experiments".to_owned()),
            ("measures", "/v1/measures".to_owned()),
        ] {
            let call = app.get(path).by(&desk).header("accept", "*/*");
            let (read, statements) = cost(&app, call).await;
            read.expect(200);
            seen.push((what, statements));
        }
        costs.push(seen);
    }
    assert_eq!(
        costs[0], costs[1],
        "more of everything costs more statements"
    );
    assert_eq!(
        costs[0],
        [
            ("experiment", 5),
            ("progress", 5),
            ("page", 13),
            ("timeline", 5),
            ("plan versions", 4),
            ("chain of it", 7),
            ("chain of a report", 10),
            ("experiments", 5),
            ("measures", 5),
        ]
    );
}

/// Every other list: a page of it costs as much with four rows as with one.
#[actix_web::test]
async fn a_page_of_each_list_costs_as_many_statements_however_much_it_holds() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, desk, coordinator) = (
        app.reporter("GM1714").await,
        app.desk().await,
        app.coordinator().await,
    );
    let endorsers = [
        app.reporter("GM0677").await,
        app.reporter("GM0654").await,
        app.reporter("GM0687").await,
        app.reporter("GM0715").await,
    ];
    let companion = app.post("/v1/reports").by(&reporter).json(report(1));
    let companion = companion.await.expect(201).id();
    let mut costs: Vec<Vec<(String, usize, u64)>> = Vec::new();
    let mut made = 0;
    for many in [1, 4] {
        let mut first = String::new();
        for _ in 0..many {
            let submitted = app.post("/v1/reports").by(&reporter).json(report(2));
            let submitted = submitted.await.expect(201);
            let path = format!("/v1/reports/{}", submitted.id());
            let shared = app
                .post(format!("{path}/transitions"))
                .by(&desk)
                .if_match(&submitted)
                .json(json!({
                    "action": "publish", "audience": "government", "title": "Een norm", "summary": "Een norm knelt."
                }));
            shared.await.expect(200);
            let other = if first.is_empty() {
                first = path;
                companion.clone()
            } else {
                submitted.id()
            };
            let link = app.post(format!("{first}/links")).by(&desk);
            link.json(json!({"kind": "related", "report": other}))
                .await
                .expect(201);
        }
        let id = first.trim_start_matches("/v1/reports/").to_owned();
        for endorser in &endorsers[..many] {
            let joined = app
                .post(format!("/v1/shared-reports/{id}/endorsements"))
                .by(endorser)
                .json(json!({"effect": "Bij ons ook."}));
            joined.await.expect(201);
        }
        for _ in 0..many {
            made += 1;
            let domain = ["wonen", "belastingen", "btw"][made % 3];
            let seen = app.get(&first).by(&desk).await.expect(200);
            let corrected = app
                .post(format!("{first}/transitions"))
                .by(&desk)
                .if_match(&seen)
                .json(json!({"action": "correct", "reason": "Daarom.", "domains": [domain]}));
            corrected.await.expect(200);
            app.post(format!("{first}/attachments"))
                .by(&reporter)
                .file("kaart.txt", b"Sluis", &[])
                .await
                .expect(201);
            let watcher = app.desk().await;
            app.call(reqwest::Method::PUT, format!("{first}/watch"))
                .by(&watcher)
                .await
                .expect(204);
            let text = json!({"name": format!("Tekst {made}"), "action": "request_information", "language": "nl", "text": "Over {reference}?"});
            let kept = app.post("/v1/standard-texts").by(&coordinator).json(text);
            kept.await.expect(201);
            let search = json!({"name": format!("Zoek {made}"), "query": "status=routed"});
            let kept = app.post("/v1/saved-searches").by(&desk).json(search);
            kept.await.expect(201);
            let rule = json!({
                "condition": {"words": {"phrase": format!("woord{made}")}}, "priority": "high", "mode": "suggest",
                "explanation": {"nl": "Nieuw", "en": "New"}, "reason": "Nieuw."
            });
            let kept = app.post("/v1/routing/rules").by(&coordinator).json(rule);
            kept.await.expect(201);
        }
        let mut of_pages = Vec::new();
        for list in [
            format!("{first}/links"),
            format!("{first}/endorsements"),
            format!("{first}/history"),
            format!("{first}/attachments"),
            format!("{first}/watchers"),
            format!("{first}/events?limit=100"),
            format!("{first}/clocks"),
            "/v1/shared-reports".to_owned(),
            "/v1/standard-texts?limit=100".to_owned(),
            "/v1/saved-searches".to_owned(),
            "/v1/routing/rules?state=proposed".to_owned(),
            "/v1/routing/proposals".to_owned(),
            "/v1/deadline-profiles".to_owned(),
        ] {
            let (page, statements) = cost(&app, app.get(&list).by(&desk)).await;
            let page = page.expect(200).json();
            let rows = page["items"].as_array().map_or(0, Vec::len);
            let name = list.replace(&first, "/v1/reports/{id}");
            of_pages.push((name, rows, statements));
        }
        costs.push(of_pages);
    }
    for (one, four) in costs[0].iter().zip(&costs[1]) {
        assert_eq!(one.2, four.2, "{}: {} rows, then {}", one.0, one.1, four.1);
        assert!(one.2 <= 7, "{} costs {} statements", one.0, one.2);
    }
    let grown = costs[0].iter().zip(&costs[1]);
    let grown = grown.filter(|(one, four)| four.1 > one.1).count();
    assert!(grown >= 9, "too few of the lists hold more: {costs:#?}");
}
