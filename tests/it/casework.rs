//! What people do around a report: assign, claim, advise, escalate, give feedback, change its confidentiality.

use chrono::TimeDelta;
use meldpunt::domain::actor::Role;
use serde_json::{Value, json};

use crate::deadlines::{act, proved, submitted};
use crate::harness::TestApp;
use crate::harness::actors::Actor;

async fn listed(app: &TestApp, by: &Actor, query: &[(&str, &str)]) -> usize {
    app.get("/v1/reports")
        .query(query)
        .by(by)
        .await
        .expect(200)
        .items()
        .len()
}

#[actix_web::test]
async fn a_report_is_assigned_within_an_authority_and_released_again() {
    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    let (liaison, colleague) = (app.liaison("OCW").await, app.liaison("OCW").await);
    let (stranger, desk) = (app.liaison("VWS").await, app.desk().await);
    let id = submitted(&app, &reporter).await.id();
    app.deliver_mail().await;
    let assign = |to: &Actor| json!({"action": "assign", "assignee": to.id, "reason": "Vakantie."});
    act(&app, &liaison, &id, assign(&stranger))
        .await
        .expect_faults(&[("/assignee", "unknown_person")]);
    let administrator = app.person(&[Role::OrgAdmin], liaison.organisation).await;
    act(&app, &liaison, &id, assign(&administrator))
        .await
        .expect_faults(&[("/assignee", "person_without_role")]);
    let assigned = act(&app, &liaison, &id, assign(&colleague))
        .await
        .expect(200)
        .json();
    assert_eq!(assigned["assignees"][0]["id"], json!(colleague.id));
    let mail = app.deliver_mail().await;
    assert_eq!(mail.len(), 1);
    assert_eq!(mail[0].to, colleague.email);
    assert!(mail[0].text.contains("Vakantie."));
    act(&app, &liaison, &id, assign(&colleague))
        .await
        .expect_faults(&[("/assignee", "already_assigned")]);
    act(
        &app,
        &liaison,
        &id,
        json!({"action": "accept", "assignee": colleague.id}),
    )
    .await
    .expect_faults(&[("/assignee", "not_for_this_action")]);

    assert_eq!(listed(&app, &colleague, &[("assignee", "me")]).await, 1);
    assert_eq!(listed(&app, &liaison, &[("assignee", "me")]).await, 0);
    assert_eq!(
        listed(&app, &liaison, &[("assignee", &colleague.id.to_string())]).await,
        1
    );
    assert_eq!(listed(&app, &liaison, &[("assignee", "none")]).await, 0);
    // The desk has its own: at its organisation nobody works on it yet.
    assert_eq!(listed(&app, &desk, &[("assignee", "none")]).await, 1);
    act(&app, &desk, &id, json!({"action": "unassign"}))
        .await
        .expect_problem(409, "not_assigned");

    // What concerns the authority goes to who works on it.
    act(
        &app,
        &reporter,
        &id,
        json!({"action": "withdraw", "reason": "Opgelost."}),
    )
    .await
    .expect(200);
    let told: Vec<String> = app
        .deliver_mail()
        .await
        .into_iter()
        .map(|mail| mail.to)
        .collect();
    assert_eq!(told, std::slice::from_ref(&colleague.email));

    let other = submitted(&app, &reporter).await.id();
    act(&app, &colleague, &other, json!({"action": "assign"}))
        .await
        .expect(200);
    act(&app, &liaison, &other, json!({"action": "unassign"}))
        .await
        .expect(200);
    app.deliver_mail().await;
    act(&app, &colleague, &other, json!({"action": "assign"}))
        .await
        .expect(200);
    // Another lead: those of the former one work on it no longer.
    let vws = app.organisation("VWS").await;
    let rerouted = act(
        &app,
        &desk,
        &other,
        json!({"action": "reroute", "lead": vws, "reason": "Zorg."}),
    )
    .await
    .expect(200)
    .json();
    assert_eq!(rerouted["assignees"], json!([]));
    proved(&app);
}

#[actix_web::test]
async fn what_somebody_worked_on_is_free_again_when_it_goes() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    let (liaison, colleague) = (app.liaison("OCW").await, app.liaison("OCW").await);
    let administrator = app.person(&[Role::OrgAdmin], liaison.organisation).await;
    let (first, second) = (
        submitted(&app, &reporter).await.id(),
        submitted(&app, &reporter).await.id(),
    );
    for id in [&first, &second] {
        act(&app, &colleague, id, json!({"action": "assign"}))
            .await
            .expect(200);
    }
    assert_eq!(listed(&app, &liaison, &[("assignee", "none")]).await, 0);
    let path = format!("/v1/people/{}", colleague.id);
    let person = app.get(&path).by(&administrator).await.expect(200);
    app.delete(&path)
        .by(&administrator)
        .if_match(&person)
        .await
        .expect(204);
    assert_eq!(listed(&app, &liaison, &[("assignee", "none")]).await, 2);
    let events = app
        .get(format!("/v1/reports/{first}/events"))
        .by(&liaison)
        .await
        .expect(200)
        .items();
    let last = events.last().unwrap();
    assert_eq!(
        (&last["kind"], &last["by"]["capacity"]),
        (&json!("unassign"), &json!("service"))
    );
    assert_eq!(last["details"]["formerAssignee"], json!(colleague.name));
    proved(&app);
}

#[actix_web::test]
async fn whoever_claims_gets_the_most_urgent_report_and_two_get_two() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    let (one, other) = (app.liaison("OCW").await, app.liaison("OCW").await);
    let claim = async |by: &Actor| app.post("/v1/claims").by(by).await;
    claim(&one).await.expect(204);
    claim(&reporter)
        .await
        .expect_problem(403, "insufficient_scope");
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(submitted(&app, &reporter).await.id());
        app.clock.forward(TimeDelta::days(1));
    }
    let escalate = json!({"action": "escalate", "reason": "Wij komen er niet uit."});
    act(&app, &one, &ids[2], escalate).await.expect(200);
    let first = app
        .post("/v1/claims")
        .by(&one)
        .idempotency_key("pak-1")
        .await
        .expect(200);
    assert_eq!(first.id(), ids[2], "what is escalated goes first");
    let again = app
        .post("/v1/claims")
        .by(&one)
        .idempotency_key("pak-1")
        .await
        .expect(200);
    assert_eq!(again.id(), ids[2]);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let (a, b) = futures_util::future::join(claim(&one), claim(&other)).await;
    let mut got = [a.expect(200).id(), b.expect(200).id()];
    got.sort();
    let mut left = [ids[0].clone(), ids[1].clone()];
    left.sort();
    assert_eq!(got, left);
    claim(&other).await.expect(204);
    let desk = app.desk().await;
    claim(&desk).await.expect(204);
    let waiting = app
        .post("/v1/reports")
        .by(&reporter)
        .json(json!({"title": "Zonder regel", "description": "x", "effect": "y", "municipalities": ["GM1714"]}))
        .await
        .expect(201);
    assert_eq!(claim(&desk).await.expect(200).id(), waiting.id());
    proved(&app);
}

#[actix_web::test]
async fn a_contributor_advises_and_the_reporter_does_not_see_it() {
    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    let (lead, contributor, desk) = (
        app.liaison("OCW").await,
        app.liaison("SZW").await,
        app.desk().await,
    );
    let id = submitted(&app, &reporter).await.id();
    let szw = app.organisation("SZW").await;
    act(
        &app,
        &desk,
        &id,
        json!({"action": "change_contributors", "contributors": [szw]}),
    )
    .await
    .expect(200);
    app.deliver_mail().await;
    let advice = json!({"action": "advise", "advice": "De wet laat dit al toe.", "outcome": "existing_room"});
    act(&app, &lead, &id, advice.clone())
        .await
        .expect_problem(409, "illegal_transition");
    act(&app, &contributor, &id, json!({"action": "advise"}))
        .await
        .expect_faults(&[("/advice", "required")]);
    act(&app, &contributor, &id, advice).await.expect(200);
    let mail = app.deliver_mail().await;
    assert_eq!(mail.len(), 1);
    assert_eq!(mail[0].to, lead.email);
    assert!(
        mail[0].text.contains("De wet laat dit al toe.")
            && mail[0].text.contains("Bestaande ruimte")
    );
    let path = format!("/v1/reports/{id}");
    let seen = async |by: &Actor| {
        let report = app.get(&path).by(by).await.expect(200).json();
        let events = app
            .get(format!("{path}/events"))
            .by(by)
            .await
            .expect(200)
            .items();
        let told = events.iter().any(|event| event["kind"] == "advise");
        (report["advice"].as_array().unwrap().len(), told)
    };
    for government in [&lead, &contributor, &desk] {
        assert_eq!(seen(government).await, (1, true));
    }
    assert_eq!(seen(&reporter).await, (0, false));
    proved(&app);
}

#[actix_web::test]
async fn the_coordinator_is_called_in_and_says_what_came_of_it() {
    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    let (lead, desk, coordinator) = (
        app.liaison("OCW").await,
        app.desk().await,
        app.coordinator().await,
    );
    let id = submitted(&app, &reporter).await.id();
    app.deliver_mail().await;
    let escalate = json!({"action": "escalate", "reason": "Niemand reageert."});
    // A reporter may when somebody is late.
    act(&app, &reporter, &id, escalate.clone())
        .await
        .expect_problem(409, "nobody_late");
    app.clock.forward(TimeDelta::days(10));
    let called = act(&app, &reporter, &id, escalate.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&called["escalated"], &called["escalation"]["reason"]),
        (&json!(true), &json!("Niemand reageert."))
    );
    let told: Vec<String> = app
        .deliver_mail()
        .await
        .into_iter()
        .map(|mail| mail.to)
        .collect();
    assert_eq!(told, std::slice::from_ref(&coordinator.email));
    act(&app, &lead, &id, escalate)
        .await
        .expect_problem(409, "escalated_before");
    let resolve = json!({"action": "resolve_escalation", "explanation": "OCW neemt hem morgen in behandeling."});
    act(&app, &desk, &id, resolve.clone())
        .await
        .expect_problem(409, "illegal_transition");
    let resolved = act(&app, &coordinator, &id, resolve.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(resolved["escalated"], false);
    let told: Vec<String> = app
        .deliver_mail()
        .await
        .into_iter()
        .map(|mail| mail.to)
        .collect();
    assert_eq!(told, std::slice::from_ref(&lead.email));
    act(&app, &coordinator, &id, resolve)
        .await
        .expect_problem(409, "not_escalated");
    proved(&app);
}

/// Has a report settled by its lead.
async fn settle(app: &TestApp, lead: &Actor, id: &str) {
    for body in [
        json!({"action": "accept"}),
        json!({"action": "take_position", "outcome": "no_obstruction", "publicExplanation": "Er is ruimte."}),
        json!({"action": "settle", "outcome": "no_obstruction", "publicExplanation": "Er is ruimte."}),
    ] {
        act(app, lead, id, body).await.expect(200);
    }
}

#[actix_web::test]
async fn the_reporter_says_whether_the_obstacle_is_gone() {
    let app = TestApp::start().await;
    let (reporter, lead, desk) = (
        app.reporter("GM1714").await,
        app.liaison("OCW").await,
        app.desk().await,
    );
    let id = submitted(&app, &reporter).await.id();
    settle(&app, &lead, &id).await;
    app.deliver_mail().await;
    let reopen = json!({"action": "give_feedback", "verdict": "partly", "requestReopening": true});
    act(&app, &reporter, &id, reopen).await.expect_faults(&[
        ("/requestReopening", "reopening_needs_not"),
        ("/remark", "required"),
    ]);
    let solved = json!({"action": "give_feedback", "verdict": "solved", "remark": "Dank."});
    let given = act(&app, &reporter, &id, solved).await.expect(200).json();
    assert_eq!(
        (&given["feedback"]["verdict"], &given["status"]),
        (&json!("solved"), &json!("settled"))
    );
    let mail = app.deliver_mail().await;
    assert_eq!(
        mail.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(),
        [lead.email.as_str()]
    );
    assert!(
        mail[0].text.contains("opgelost") && mail[0].text.contains("Dank."),
        "{}",
        mail[0].text
    );
    assert_eq!(listed(&app, &desk, &[("feedback", "solved")]).await, 1);
    // It may think otherwise: "not" asks for reopening in one step.
    let not = json!({"action": "give_feedback", "verdict": "not", "remark": "De inspectie houdt het tegen.", "requestReopening": true});
    let asked = act(&app, &reporter, &id, not).await.expect(200).json();
    assert_eq!(
        (&asked["status"], &asked["feedback"]["verdict"]),
        (&json!("reopening_requested"), &json!("not"))
    );
    let events = app
        .get(format!("/v1/reports/{id}/events"))
        .by(&desk)
        .await
        .expect(200)
        .items();
    let last: Vec<&Value> = events
        .iter()
        .rev()
        .take(2)
        .map(|event| &event["kind"])
        .collect();
    assert_eq!(last, ["request_reopening", "give_feedback"]);
    assert_eq!(
        events.last().unwrap()["details"]["reason"],
        "De inspectie houdt het tegen."
    );
    let told: Vec<String> = app
        .deliver_mail()
        .await
        .into_iter()
        .map(|mail| mail.to)
        .collect();
    assert!(
        told.contains(&desk.email) && told.contains(&lead.email),
        "{told:?}"
    );
    proved(&app);
    // An authority's record counts it.
    let ocw = app.organisation("OCW").await;
    let record = app
        .get(format!("/v1/organisations/{ocw}/record"))
        .by(&reporter)
        .await
        .expect(200)
        .json();
    assert_eq!(
        record["feedback"],
        json!({"solved": 0, "partly": 0, "not": 1})
    );
    app.clock.forward(TimeDelta::weeks(9));
    let late = submitted(&app, &reporter).await.id();
    settle(&app, &lead, &late).await;
    app.clock.forward(TimeDelta::weeks(9));
    act(
        &app,
        &reporter,
        &late,
        json!({"action": "give_feedback", "verdict": "solved"}),
    )
    .await
    .expect_problem(409, "feedback_term_passed");
    app.deliver_mail().await;
}

#[actix_web::test]
async fn a_report_travels_further_with_its_reporters_consent_alone() {
    let app = TestApp::start().await;
    let (reporter, desk) = (app.reporter("GM1714").await, app.desk().await);
    app.liaison("OCW").await;
    let id = submitted(&app, &reporter).await.id();
    app.deliver_mail().await;
    let change = |to: &str| json!({"action": "change_confidentiality", "confidentiality": to});
    act(&app, &reporter, &id, change("public_after_review"))
        .await
        .expect_faults(&[("/confidentiality", "unchanged")]);
    let narrower = act(&app, &reporter, &id, change("confidential"))
        .await
        .expect(200)
        .json();
    assert_eq!(narrower["confidentiality"], "confidential");
    app.deliver_mail().await;
    let mut wider = change("government_only");
    wider["reason"] = json!("Andere gemeenten hebben er iets aan.");
    act(&app, &desk, &id, wider.clone())
        .await
        .expect_faults(&[("/consent", "required")]);
    wider["consent"] = json!("Telefonisch op 25 november, de contactpersoon.");
    let widened = act(&app, &desk, &id, wider).await.expect(200).json();
    assert_eq!(widened["confidentiality"], "government_only");
    let mail = app.deliver_mail().await;
    let to_reporter = mail.iter().find(|mail| mail.to == reporter.email).unwrap();
    assert!(
        to_reporter.text.contains("alleen voor de overheid")
            && to_reporter.text.contains("Telefonisch")
    );
    let events = app
        .get(format!("/v1/reports/{id}/events"))
        .by(&reporter)
        .await
        .expect(200)
        .items();
    assert_eq!(
        events.last().unwrap()["details"]["consent"],
        "Telefonisch op 25 november, de contactpersoon."
    );

    // Who joined it agreed to no more than it had.
    let other = submitted(&app, &reporter).await.id();
    act(&app, &reporter, &other, change("government_only"))
        .await
        .expect(200);
    act(
        &app,
        &desk,
        &other,
        json!({"action": "merge", "mergeInto": id}),
    )
    .await
    .expect(200);
    act(&app, &reporter, &id, change("public_after_review"))
        .await
        .expect_problem(409, "merged_reports_narrower");
    app.deliver_mail().await;
    proved(&app);
}

#[actix_web::test]
async fn the_timeline_reads_as_a_story_and_each_field_has_its_history() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, lead, desk) = (
        app.reporter("GM1714").await,
        app.liaison("OCW").await,
        app.desk().await,
    );
    let id = submitted(&app, &reporter).await.id();
    let path = format!("/v1/reports/{id}");
    act(
        &app,
        &lead,
        &id,
        json!({"action": "request_information", "question": "Hoeveel leerlingen?"}),
    )
    .await
    .expect(200);
    let seen = app.get(&path).by(&reporter).await.expect(200);
    app.patch(&path)
        .by(&reporter)
        .if_match(&seen)
        .json(json!({"title": "Opheffingsnorm", "effect": "De school sluit in 2027."}))
        .await
        .expect(200);
    act(
        &app,
        &desk,
        &id,
        json!({"action": "correct", "reason": "Ander terrein.", "domains": ["onderwijs-po"]}),
    )
    .await
    .expect(200);
    let story = async |language: &str| -> Vec<String> {
        app.get(format!("{path}/events"))
            .by(&lead)
            .header("accept-language", language)
            .await
            .expect(200)
            .items()
            .iter()
            .map(|event| event["text"].as_str().unwrap().to_owned())
            .collect()
    };
    let (nl, en) = (story("nl").await, story("en").await);
    let ocw = "Ministerie van Onderwijs, Cultuur en Wetenschap";
    assert_eq!(
        nl[0],
        format!(
            "{} (Gemeente Sluis) heeft de melding ingediend.",
            reporter.name
        )
    );
    assert_eq!(
        nl[1],
        format!("Het meldpunt heeft de melding volgens de regels doorgezet naar het {ocw}.")
    );
    assert_eq!(
        nl[2],
        format!("{} ({ocw}) heeft de melder iets gevraagd.", lead.name)
    );
    assert_eq!(
        nl[3],
        format!(
            "{} (Gemeente Sluis) heeft de titel en het gevolg gewijzigd.",
            reporter.name
        )
    );
    assert_eq!(
        en[4],
        format!("{} (the desk) corrected the policy domains.", desk.name)
    );

    let history = async |query: &[(&str, &str)]| {
        app.get(format!("{path}/history"))
            .query(query)
            .by(&lead)
            .await
            .expect(200)
            .items()
    };
    let all = history(&[]).await;
    let fields: Vec<&str> = all
        .iter()
        .map(|change| change["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["title", "effect", "domains"]);
    let titles = history(&[("field", "title")]).await;
    assert_eq!(titles.len(), 1);
    assert_eq!(
        (&titles[0]["old"], &titles[0]["new"]),
        (&json!(["Norm"]), &json!(["Opheffingsnorm"]))
    );
    assert_eq!(titles[0]["by"]["capacity"], "reporter");
}
