//! One report that holds several obstacles becomes several.

use serde_json::{Value, json};

use crate::harness::TestApp;

#[actix_web::test]
async fn each_obstacle_becomes_a_report_of_the_same_reporter() {
    let app = TestApp::start().await;
    let (reporter, desk, lead) = (
        app.reporter("GM1714").await,
        app.desk().await,
        app.liaison("OCW").await,
    );
    let vws = app.organisation("VWS").await;
    let care = app.liaison("VWS").await;
    let original = app
        .post("/v1/reports")
        .by(&reporter)
        .json(json!({
            "title": "Twee dingen", "description": "De norm en de zorg.", "effect": "De school sluit.",
            "municipalities": ["GM1714"], "confidentiality": "government_only", "externalReference": "Z-1",
            "contact": {"name": "Team", "email": "team@sluis.example"}
        }))
        .await
        .expect(201);
    app.deliver_mail().await;
    let path = format!("/v1/reports/{}/split", original.id());
    let parts = json!({"parts": [
        {"title": "De norm", "description": "De norm sluit de school.", "regulations": [{"citation": "BWBR0003420", "article": "153"}]},
        {"title": "De zorg", "description": "De zorg mag niet.", "lead": vws},
    ]});
    app.post(&path)
        .by(&reporter)
        .if_match(&original)
        .json(&parts)
        .await
        .expect_problem(403, "insufficient_scope");
    let one = json!({"parts": [{"title": "Alleen", "description": "x"}]});
    app.post(&path)
        .by(&desk)
        .if_match(&original)
        .json(one)
        .await
        .expect_faults(&[("/parts", "too_few")]);
    let faulty = json!({"parts": [
        {"title": "Een", "description": "x", "domains": ["onzin"]},
        {"title": "Twee", "description": "y", "lead": uuid::Uuid::now_v7()},
    ]});
    app.post(&path)
        .by(&desk)
        .if_match(&original)
        .json(faulty)
        .await
        .expect_faults(&[
            ("/parts/0/domains/0", "unknown_domain"),
            ("/parts/1/lead", "unknown_organisation"),
        ]);
    assert!(app.deliver_mail().await.is_empty());

    let call = || {
        app.post(&path)
            .by(&desk)
            .if_match(&original)
            .idempotency_key("splits")
            .json(&parts)
    };
    let split = call().await.expect(200);
    let again = call().await.expect(200);
    assert_eq!(again.body, split.body);
    let body = split.json();
    let references: Vec<&str> = (0..2)
        .map(|at| body["parts"][at]["reference"].as_str().unwrap())
        .collect();
    assert_eq!(body["report"]["version"], 2);
    let named = |report: &Value| report["parts"][1]["reference"].clone();
    assert_eq!(named(&body["report"]), references[1]);
    for (at, status, authority) in [(0, "routed", "OCW"), (1, "routed", "VWS")] {
        let part = &body["parts"][at];
        assert_eq!(
            (&part["status"], &part["leadAuthority"]["abbreviation"]),
            (&json!(status), &json!(authority))
        );
        assert_eq!(part["partOf"]["id"], original.id().as_str());
        assert_eq!(part["contact"]["email"], "team@sluis.example");
        assert_eq!(
            (&part["municipalities"], &part["confidentiality"]),
            (&json!(["GM1714"]), &json!("government_only"))
        );
        assert_eq!(
            (&part["externalReference"], &part["version"]),
            (&Value::Null, &json!(1))
        );
        assert_eq!(part["effect"], "De school sluit.");
        let id = part["id"].as_str().unwrap();
        let own = app
            .get(format!("/v1/reports/{id}"))
            .by(&reporter)
            .await
            .expect(200);
        assert_eq!(own.json()["view"], "full");
        let events = app
            .get(format!("/v1/reports/{id}/events"))
            .by(&desk)
            .await
            .expect(200)
            .items();
        assert_eq!(events[0]["kind"], "split_from");
        assert_eq!(
            events[0]["details"]["otherReport"],
            original.text("reference")
        );
        assert_eq!(events.len(), 2);
    }
    let events = app
        .get(format!("/v1/reports/{}/events", original.id()))
        .by(&desk)
        .await
        .expect(200)
        .items();
    let last = events.last().unwrap();
    assert_eq!(
        (&last["kind"], &last["details"]["otherReports"]),
        (&json!("split"), &json!(references))
    );

    // The reporter once, with all numbers; each authority of what is its own.
    let mail = app.deliver_mail().await;
    let to = |email: &str| {
        mail.iter()
            .filter(|one| one.to == email)
            .collect::<Vec<_>>()
    };
    let told = to(&reporter.email);
    assert_eq!(
        told.len(),
        1,
        "{:?}",
        mail.iter().map(|m| (&m.to, &m.subject)).collect::<Vec<_>>()
    );
    assert!(
        references
            .iter()
            .all(|reference| told[0].text.contains(reference))
    );
    assert!(to(&lead.email)[0].subject.contains(references[0]));
    assert!(to(&care.email)[0].subject.contains(references[1]));

    // A part goes on as any report; so does what is left.
    let id = body["parts"][0]["id"].as_str().unwrap();
    let seen = app
        .get(format!("/v1/reports/{id}"))
        .by(&lead)
        .await
        .expect(200);
    app.post(format!("/v1/reports/{id}/transitions"))
        .by(&lead)
        .if_match(&seen)
        .json(json!({"action": "accept"}))
        .await
        .expect(200);
    // The lead splits too, but where the parts go is for the rules or the desk.
    let seen = app
        .get(format!("/v1/reports/{id}"))
        .by(&lead)
        .await
        .expect(200);
    app.post(format!("/v1/reports/{id}/split"))
        .by(&lead)
        .if_match(&seen)
        .json(&parts)
        .await
        .expect_faults(&[("/parts/1/lead", "only_desk_routes")]);
}
