//! Deadlines: profiles, extension, what lists show of them, alerts.

use chrono::TimeDelta;
use meldpunt::services::deadlines;
use meldpunt::services::doctor;
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

/// A report of Sluis that the rules give to OCW.
pub async fn submitted(app: &TestApp, reporter: &Actor) -> Reply {
    app.post("/v1/reports")
        .by(reporter)
        .json(json!({
            "title": "Norm", "description": "De norm knelt.", "effect": "De school sluit.", "municipalities": ["GM1714"],
            "regulations": [{"citation": "BWBR0003420", "article": "153"}]
        }))
        .await
        .expect(201)
}

/// Does something with a report as it now is.
pub async fn act(app: &TestApp, by: &Actor, id: &str, body: Value) -> Reply {
    let path = format!("/v1/reports/{id}");
    let seen = app.get(&path).by(by).await.expect(200);
    app.post(format!("{path}/transitions"))
        .by(by)
        .if_match(&seen)
        .json(body)
        .await
}

async fn clocks(app: &TestApp, by: &Actor, id: &str) -> Value {
    let path = format!("/v1/reports/{id}/clocks");
    app.get(path).by(by).await.expect(200).json()
}

fn clock<'a>(clocks: &'a Value, kind: &str) -> &'a Value {
    let items = clocks["items"].as_array().unwrap().iter().rev();
    items
        .into_iter()
        .find(|clock| clock["clock"] == kind)
        .unwrap()
}

async fn raise(app: &TestApp) -> usize {
    deadlines::raise_due(&app.context).await.unwrap().raised
}

/// Every stored deadline follows from its events.
pub fn proved(app: &TestApp) {
    let finding = doctor::reports(&app.context, |_| ());
    assert_eq!(finding.verdict, doctor::Verdict::Ok, "{finding:?}");
}

#[actix_web::test]
async fn a_changed_profile_counts_for_clocks_that_start_and_for_those_that_are_moved() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, liaison) = (app.reporter("GM1714").await, app.liaison("OCW").await);
    let coordinator = app.coordinator().await;
    let first = submitted(&app, &reporter).await.id();
    act(&app, &liaison, &first, json!({"action": "accept"}))
        .await
        .expect(200);
    let standard = app
        .get("/v1/deadline-profiles/standard")
        .by(&liaison)
        .await
        .expect(200);
    assert_eq!(standard.json()["terms"]["position"], "P8W");
    app.patch("/v1/deadline-profiles/standard")
        .by(&coordinator)
        .if_match(&standard)
        .json(json!({"terms": {"position": "P6W", "acceptance": "P0D", "feedback": "P9999D"}, "reason": "x"}))
        .await
        .expect_faults(&[
            ("/terms/acceptance", "term_out_of_range"),
            ("/terms/feedback", "term_out_of_range"),
        ]);
    let changed = app
        .patch("/v1/deadline-profiles/standard")
        .by(&coordinator)
        .if_match(&standard)
        .json(json!({"terms": {"position": "P6W"}, "reason": "Afgesproken met de ministeries."}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&changed["version"], &changed["terms"]["position"]),
        (&json!(2), &json!("P6W"))
    );
    app.patch("/v1/deadline-profiles/standard")
        .by(&coordinator)
        .if_match(&standard)
        .json(json!({"reason": "Te laat."}))
        .await
        .expect_problem(412, "stale_version");

    // What runs keeps what it started with; what starts takes the new one.
    let running = clocks(&app, &reporter, &first).await;
    assert_eq!(
        clock(&running, "position")["profile"],
        json!({"code": "standard", "version": 1})
    );
    assert_eq!(clock(&running, "position")["dueOn"], "2027-01-20");
    let second = submitted(&app, &reporter).await.id();
    act(&app, &liaison, &second, json!({"action": "accept"}))
        .await
        .expect(200);
    let started = clocks(&app, &reporter, &second).await;
    assert_eq!(clock(&started, "position")["profile"]["version"], 2);
    assert_eq!(clock(&started, "position")["dueOn"], "2027-01-06");

    act(
        &app,
        &coordinator,
        &first,
        json!({"action": "change_deadline_profile", "deadlineProfile": "geen", "reason": "x"}),
    )
    .await
    .expect_faults(&[("/deadlineProfile", "unknown_profile")]);
    let moved = json!({"action": "change_deadline_profile", "deadlineProfile": "standard", "reason": "Spoed."});
    act(&app, &coordinator, &first, moved).await.expect(200);
    let moved = clocks(&app, &reporter, &first).await;
    assert_eq!(clock(&moved, "position")["dueOn"], "2027-01-06");
    assert_eq!(
        clock(&moved, "acceptance")["profile"]["version"],
        1,
        "it has stopped"
    );
    let path = format!("/v1/reports/{first}/events");
    let events = app.get(&path).by(&liaison).await.expect(200).items();
    let last = events.last().unwrap();
    assert_eq!(last["kind"], "change_deadline_profile");
    assert_eq!(
        last["details"]["deadlineProfile"],
        json!({"code": "standard", "version": 2})
    );
    let versions = app
        .get("/v1/deadline-profiles/standard/versions")
        .by(&reporter)
        .await
        .expect(200)
        .items();
    let of_each: Vec<&Value> = versions.iter().map(|version| &version["version"]).collect();
    assert_eq!(of_each, [2, 1]);
    let old = app
        .get("/v1/deadline-profiles/standard")
        .query(&[("version", "1")])
        .by(&reporter)
        .await
        .expect(200);
    assert_eq!(old.json()["terms"]["position"], "P8W");
    proved(&app);
}

#[actix_web::test]
async fn a_profile_of_its_own_is_chosen_for_a_report() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, coordinator) = (app.reporter("GM1714").await, app.coordinator().await);
    let new = json!({
        "code": "spoed", "label": "Spoed", "labelEn": "Urgent", "terms": {"acceptance": "P2D", "equatedDays": ["2026-11-27"]},
        "reason": "Voor voorzieningen die anders verdwijnen."
    });
    let make = async || {
        app.post("/v1/deadline-profiles")
            .by(&coordinator)
            .json(new.clone())
            .await
    };
    make().await.expect(201);
    make().await.expect_problem(409, "code_taken");
    let id = submitted(&app, &reporter).await.id();
    let choose = json!({"action": "change_deadline_profile", "deadlineProfile": "spoed", "reason": "De school sluit."});
    let chosen = act(&app, &coordinator, &id, choose)
        .await
        .expect(200)
        .json();
    assert_eq!(chosen["deadlineProfile"], "spoed");
    // Two days from Wednesday is Friday, which is equated with a holiday here: Monday.
    assert_eq!(chosen["deadline"]["dueOn"], "2026-11-30");
    proved(&app);
}

#[actix_web::test]
async fn a_position_is_extended_once_before_it_is_late() {
    let app = TestApp::start().await;
    let (reporter, liaison) = (app.reporter("GM1714").await, app.liaison("OCW").await);
    let id = submitted(&app, &reporter).await.id();
    act(&app, &liaison, &id, json!({"action": "accept"}))
        .await
        .expect(200);
    app.deliver_mail().await;
    let extend = json!({"action": "extend", "reason": "Het CBS levert de cijfers in februari."});
    let extended = act(&app, &liaison, &id, extend.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(extended["deadline"]["dueOn"], "2027-02-03");
    let mail = app.deliver_mail().await;
    let to_reporter = mail.iter().find(|mail| mail.to == reporter.email).unwrap();
    assert!(
        to_reporter.text.contains("3 februari 2027"),
        "{}",
        to_reporter.text
    );
    assert!(
        to_reporter.text.contains("Het CBS levert"),
        "{}",
        to_reporter.text
    );
    act(&app, &liaison, &id, extend.clone())
        .await
        .expect_problem(409, "extended_before");
    let other = submitted(&app, &reporter).await.id();
    act(&app, &liaison, &other, json!({"action": "accept"}))
        .await
        .expect(200);
    app.clock.forward(TimeDelta::weeks(9));
    act(&app, &liaison, &other, extend)
        .await
        .expect_problem(409, "deadline_passed");
    proved(&app);
}

#[actix_web::test]
async fn alerts_go_to_the_assignee_then_the_authority_then_the_coordinator_once_each() {
    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    let (liaison, colleague) = (app.liaison("OCW").await, app.liaison("OCW").await);
    let coordinator = app.coordinator().await;
    let id = submitted(&app, &reporter).await.id();
    act(&app, &liaison, &id, json!({"action": "accept"}))
        .await
        .expect(200);
    act(&app, &liaison, &id, json!({"action": "assign"}))
        .await
        .expect(200);
    app.deliver_mail().await;
    let flags = async || {
        let row = app
            .get("/v1/reports")
            .by(&coordinator)
            .await
            .expect(200)
            .items()[0]
            .clone();
        (
            row["deadline"]["nearing"] == true,
            row["deadline"]["overdue"] == true,
            row["escalated"] == true,
        )
    };
    let found = async |query: &[(&str, &str)]| {
        app.get("/v1/reports")
            .query(query)
            .by(&coordinator)
            .await
            .expect(200)
            .items()
            .len()
    };
    let told = async || -> Vec<String> {
        let mut to: Vec<String> = app
            .deliver_mail()
            .await
            .into_iter()
            .map(|mail| mail.to)
            .collect();
        to.sort();
        to
    };
    assert_eq!(
        (raise(&app).await, flags().await),
        (0, (false, false, false))
    );
    // Eight weeks are 56 days; the 45th is 9 January.
    app.clock.forward(TimeDelta::days(44));
    assert_eq!(raise(&app).await, 0);
    app.clock.forward(TimeDelta::days(1));
    assert_eq!((raise(&app).await, raise(&app).await), (1, 0));
    assert_eq!(flags().await, (true, false, false));
    assert_eq!(
        (
            found(&[("nearing", "true")]).await,
            found(&[("nearing", "false")]).await
        ),
        (1, 0)
    );
    assert_eq!(told().await, std::slice::from_ref(&liaison.email));

    app.clock.forward(TimeDelta::days(12));
    assert_eq!((raise(&app).await, raise(&app).await), (1, 0));
    assert_eq!(flags().await, (false, true, false));
    assert_eq!(
        (
            found(&[("overdue", "true")]).await,
            found(&[("overdue", "false")]).await
        ),
        (1, 0)
    );
    let mut both = [liaison.email.clone(), colleague.email.clone()];
    both.sort();
    assert_eq!(told().await, both);

    app.clock.forward(TimeDelta::days(7));
    assert_eq!((raise(&app).await, raise(&app).await), (1, 0));
    assert_eq!(flags().await, (false, true, true));
    assert_eq!(
        (
            found(&[("escalated", "true")]).await,
            found(&[("escalated", "false")]).await
        ),
        (1, 0)
    );
    let mail = app.deliver_mail().await;
    assert_eq!(mail.len(), 1);
    assert_eq!(mail[0].to, coordinator.email);
    assert!(
        mail[0].text.contains("standpunt uiterlijk 20 januari 2027"),
        "{}",
        mail[0].text
    );

    let path = format!("/v1/reports/{id}/events");
    let events = app.get(&path).by(&reporter).await.expect(200).items();
    let kinds: Vec<&str> = events
        .iter()
        .filter_map(|event| event["kind"].as_str())
        .collect();
    assert_eq!(
        kinds[kinds.len() - 3..],
        ["deadline_nearing", "deadline_passed", "deadline_escalated"]
    );
    proved(&app);
    // What was late is done: nobody is late any more.
    let position = json!({"action": "take_position", "outcome": "no_obstruction", "publicExplanation": "Er is ruimte."});
    act(&app, &liaison, &id, position).await.expect(200);
    assert_eq!(flags().await, (false, false, false));
    app.deliver_mail().await;
    proved(&app);
}

#[actix_web::test]
async fn after_days_of_standing_still_each_term_is_told_once_and_each_person_gets_one_mail() {
    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    let (desk, coordinator) = (app.desk().await, app.coordinator().await);
    for _ in 0..5 {
        app.post("/v1/reports")
            .by(&reporter)
            .json(json!({"title": "Zonder regel", "description": "x", "effect": "y", "municipalities": ["GM1714"]}))
            .await
            .expect(201);
    }
    app.deliver_mail().await;
    // The desk's reply is due after a week, forwarding after thirty days; nobody watched for sixty.
    app.clock.forward(TimeDelta::days(60));
    assert_eq!(raise(&app).await, 10);
    assert_eq!(raise(&app).await, 0);
    let mail = app.deliver_mail().await;
    let to: Vec<&str> = mail.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, [coordinator.email.as_str()], "all were long over");
    assert!(
        mail[0].subject.starts_with("10 termijnen"),
        "{}",
        mail[0].subject
    );
    assert_eq!(mail[0].text.matches("MKR-2026-").count(), 10);
    let rows = app
        .get("/v1/reports")
        .query(&[("sort", "urgency"), ("escalated", "true")])
        .by(&desk)
        .await
        .expect(200)
        .items();
    assert_eq!(rows.len(), 5);
    proved(&app);
}

#[actix_web::test]
async fn two_nodes_raise_an_alert_once() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    app.liaison("OCW").await;
    for _ in 0..20 {
        submitted(&app, &reporter).await;
    }
    app.clock.forward(TimeDelta::days(6));
    let (one, other) = (app.context.clone(), app.context.clone());
    let (one, other) =
        futures_util::future::join(deadlines::raise_due(&one), deadlines::raise_due(&other)).await;
    assert_eq!(one.unwrap().raised + other.unwrap().raised, 20);
    proved(&app);
}

#[actix_web::test]
async fn who_is_asked_is_reminded_once_and_terms_stand_still_meanwhile() {
    let app = TestApp::start().await;
    let (reporter, liaison) = (app.reporter("GM1714").await, app.liaison("OCW").await);
    let id = submitted(&app, &reporter).await.id();
    act(
        &app,
        &liaison,
        &id,
        json!({"action": "request_information", "question": "Hoeveel leerlingen?"}),
    )
    .await
    .expect(200);
    app.deliver_mail().await;
    // Fourteen days; 80 % has passed on the twelfth.
    app.clock.forward(TimeDelta::days(12));
    assert_eq!((raise(&app).await, raise(&app).await), (1, 0));
    let mail = app.deliver_mail().await;
    assert_eq!(mail.len(), 1);
    assert_eq!(mail[0].to, reporter.email);
    assert!(
        mail[0].subject.contains("Herinnering"),
        "{}",
        mail[0].subject
    );
    assert!(mail[0].text.contains("Hoeveel leerlingen?"));
    let standing = clocks(&app, &liaison, &id).await;
    assert_eq!(clock(&standing, "acceptance")["running"], false);
    assert_eq!(standing["suspensions"][0]["until"], Value::Null);
    app.clock.forward(TimeDelta::days(3));
    assert_eq!(raise(&app).await, 1, "the answer's term has lapsed");
    assert_eq!(app.deliver_mail().await[0].to, liaison.email);
    act(
        &app,
        &liaison,
        &id,
        json!({"action": "continue_without_answer"}),
    )
    .await
    .expect(200);
    app.deliver_mail().await;
    let gone_on = clocks(&app, &liaison, &id).await;
    assert_eq!(clock(&gone_on, "acceptance")["suspendedDays"], 14);
    assert_eq!(
        gone_on["suspensions"][0]["endedBy"],
        "continue_without_answer"
    );
    proved(&app);
}
