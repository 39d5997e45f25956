//! Measures other than experiments: one for many reports, told of every half year, settled together.

use chrono::TimeDelta;
use meldpunt::services::doctor;
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

/// A report of a municipality with its position taken by OCW.
async fn report(app: &TestApp, by: &Actor, lead: &Actor, municipality: &str) -> String {
    let made = app.post("/v1/reports").by(by).json(json!({
        "title": "Opheffingsnorm", "description": "De norm knelt.", "effect": "De school sluit.",
        "municipalities": [municipality], "regulations": [{"citation": "BWBR0003420", "article": "153"}]
    }));
    let id = made.await.expect(201).id();
    let position = json!({
        "action": "take_position", "outcome": "act_amended", "publicExplanation": "De norm gaat anders."
    });
    act(
        app,
        lead,
        &format!("/v1/reports/{id}"),
        json!({"action": "accept"}),
    )
    .await
    .expect(200);
    act(app, lead, &format!("/v1/reports/{id}"), position)
        .await
        .expect(200);
    id
}

/// Does something with a report or a measure as it is now.
async fn act(app: &TestApp, by: &Actor, path: &str, body: Value) -> Reply {
    let seen = app.get(path).by(by).await.expect(200);
    let made = app.post(format!("{path}/transitions")).by(by);
    made.if_match(&seen).json(body).await
}

fn amendment(reports: &[&str]) -> Value {
    json!({
        "kind": "amendment", "title": "Opheffingsnorm voor kleine kernen", "owner": "Directie Primair Onderwijs",
        "targetDate": "2028-08-01", "reports": reports
    })
}

async fn read(app: &TestApp, by: &Actor, path: String) -> Value {
    app.get(path).by(by).await.expect(200).json()
}

#[actix_web::test]
async fn one_measure_serves_many_reports_and_offers_to_settle_them_together() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (sluis, hulst, other) = (
        app.reporter("GM1714").await,
        app.reporter("GM0677").await,
        app.reporter("GM0363").await,
    );
    let (desk, lead, stranger) = (
        app.desk().await,
        app.liaison("OCW").await,
        app.liaison("SZW").await,
    );
    let first = report(&app, &sluis, &lead, "GM1714").await;
    let second = report(&app, &hulst, &lead, "GM0677").await;
    let early = app
        .post("/v1/reports")
        .by(&sluis)
        .json(json!({
            "title": "Norm", "description": "De norm knelt.", "effect": "De school sluit.", "municipalities": ["GM1714"],
            "regulations": [{"citation": "BWBR0003420", "article": "153"}]
        }))
        .await
        .expect(201)
        .id();

    // Every report that it cannot serve is named.
    let mut wrong = amendment(&[&first, &early, "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"]);
    wrong["kind"] = json!("experiment");
    wrong["targetDate"] = json!("2026-11-01");
    app.post("/v1/measures")
        .by(&lead)
        .json(wrong)
        .await
        .expect_faults(&[
            ("/kind", "experiment_instead"),
            ("/targetDate", "date_in_past"),
            ("/reports/1", "report_not_at_implementation"),
            ("/reports/2", "unknown_report"),
        ]);
    let theirs = app
        .post("/v1/measures")
        .by(&stranger)
        .json(amendment(&[&first]));
    theirs
        .await
        .expect_faults(&[("/reports/0", "unknown_report")]);

    let made = app
        .post("/v1/measures")
        .by(&lead)
        .json(amendment(&[&first]))
        .await
        .expect(201);
    let id = made.id();
    let path = format!("/v1/measures/{id}");
    assert_eq!(made.json()["updateDueOn"], "2027-05-26");
    let served = read(&app, &sluis, format!("/v1/reports/{first}")).await;
    assert_eq!(
        (&served["status"], &served["measures"][0]["id"]),
        (&json!("in_implementation"), &json!(id))
    );
    // Another report joins it.
    let join = json!({"action": "add_reports", "reports": [second]});
    let joined = act(&app, &lead, &path, join).await.expect(200).json();
    assert_eq!(joined["reports"].as_array().unwrap().len(), 2);
    let theirs = read(&app, &hulst, format!("/v1/reports/{second}")).await;
    assert_eq!(theirs["measures"][0]["id"], id);
    // Each sees its own report in it, and who has none sees nothing.
    let seen = read(&app, &hulst, path.clone()).await;
    let titles: Vec<_> = seen["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    assert_eq!(titles, [json!(second)]);
    app.get(&path).by(&other).await.expect(404);
    for (by, count) in [
        (&sluis, 1),
        (&lead, 1),
        (&desk, 1),
        (&other, 0),
        (&stranger, 0),
    ] {
        let found = app.get("/v1/measures").by(by).await.expect(200).items();
        assert_eq!(found.len(), count, "{}", by.name);
    }

    // How far it is, is told once for all; half a year of silence is late.
    app.clock.forward(TimeDelta::days(200));
    let late = app
        .get("/v1/measures?late=true")
        .by(&desk)
        .await
        .expect(200)
        .items();
    assert_eq!(late[0]["late"], true);
    let told = json!({
        "action": "update", "note": "Het wetsvoorstel ligt bij de Raad van State.", "stage": "council_of_state", "dossier": "36999"
    });
    let told = act(&app, &lead, &path, told).await.expect(200).json();
    assert_eq!(
        (&told["late"], &told["legislation"]["dossier"]),
        (&json!(false), &json!("36999"))
    );
    assert!(
        app.get("/v1/measures?late=true")
            .by(&desk)
            .await
            .expect(200)
            .items()
            .is_empty()
    );
    for (by, report) in [(&sluis, &first), (&hulst, &second)] {
        let path = format!("/v1/reports/{report}");
        let events = app.all_pages(by, &format!("{path}/events"), 50).await;
        let last = events.last().unwrap();
        assert_eq!(last["kind"], "update_implementation");
        assert_eq!(
            last["details"]["explanation"],
            "Het wetsvoorstel ligt bij de Raad van State."
        );
        // The clock of the report starts again with it.
        assert_eq!(
            read(&app, by, path).await["deadline"]["dueOn"],
            "2027-12-12"
        );
    }
    // Through one of its reports it is not changed: the others would not know.
    let alone = json!({"action": "update_implementation", "measure": {
        "id": id, "kind": "amendment", "owner": "Directie", "targetDate": "2029-01-01"
    }});
    act(&app, &lead, &format!("/v1/reports/{first}"), alone)
        .await
        .expect_faults(&[("/measure/id", "measure_shared")]);

    // It is done once the change was made known.
    let done = json!({"action": "complete", "result": "De norm geldt niet meer in kleine kernen."});
    act(&app, &lead, &path, done.clone())
        .await
        .expect_faults(&[("/publication", "measure_needs_publication")]);
    let mut done = done;
    done["stage"] = json!("published");
    done["publication"] = json!("stb-2027-12");
    act(&app, &lead, &path, done).await.expect(200);
    act(
        &app,
        &lead,
        &path,
        json!({"action": "drop", "result": "Toch niet."}),
    )
    .await
    .expect_problem(409, "measure_ended");
    let offer = read(&app, &desk, path.clone()).await["settlement"].clone();
    assert_eq!(
        (&offer["outcome"], &offer["publication"]),
        (&json!("act_amended"), &json!("stb-2027-12"))
    );
    let items: Vec<Value> = offer["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            json!({"id": one["id"], "version": one["version"], "transition": {
                "action": "settle", "outcome": offer["outcome"], "publication": offer["publication"],
                "publicExplanation": "De norm geldt niet meer in kleine kernen."
            }})
        })
        .collect();
    let settled = app
        .post("/v1/bulk-transitions")
        .by(&desk)
        .json(json!({"items": items, "allOrNothing": true}));
    assert_eq!(settled.await.expect(200).json()["succeeded"], 2);
    assert_eq!(read(&app, &desk, path).await["settlement"], Value::Null);
    // The chain has it, with where it was made known.
    let chain = read(&app, &desk, format!("/v1/reports/{first}/chain")).await;
    assert_eq!(chain["measures"][0]["id"], id);
    assert_eq!(chain["publications"], json!(["stb-2027-12"]));
    let finding = doctor::reports(&app.context, |_| ());
    assert_eq!(finding.verdict, doctor::Verdict::Ok, "{finding:?}");
}

#[actix_web::test]
async fn a_measure_that_a_report_begins_with_is_in_the_register() {
    let app = TestApp::start().await;
    let sluis = app.reporter("GM1714").await;
    let lead = app.liaison("OCW").await;
    let first = report(&app, &sluis, &lead, "GM1714").await;
    let path = format!("/v1/reports/{first}");
    let begin = json!({"action": "start_implementation", "measure": {
        "kind": "changed_practice", "owner": "Directie", "targetDate": "2027-06-01"
    }});
    let begun = act(&app, &lead, &path, begin).await.expect(200).json();
    let id = begun["measures"][0]["id"].clone();
    let register = format!("/v1/measures/{}", id.as_str().unwrap());
    assert_eq!(
        read(&app, &sluis, register.clone()).await["title"],
        "Andere werkwijze"
    );
    let tell = json!({"action": "update_implementation", "explanation": "De circulaire is weg.", "measure": {
        "id": id, "kind": "changed_practice", "owner": "Afdeling", "targetDate": "2027-07-01"
    }});
    app.deliver_mail().await;
    act(&app, &lead, &path, tell).await.expect(200);
    // Whose report it is hears how far it is.
    let mail = app.deliver_mail().await;
    assert_eq!(mail.len(), 1);
    assert!(mail[0].to.contains(&sluis.email), "{}", mail[0].to);
    assert!(
        mail[0]
            .subject
            .starts_with("Hoe het staat met de oplossing: MKR-2026-"),
        "{}",
        mail[0].subject
    );
    assert!(
        mail[0].text.contains("De circulaire is weg."),
        "{}",
        mail[0].text
    );
    let kept = read(&app, &lead, register.clone()).await;
    assert_eq!(
        (&kept["owner"], &kept["targetDate"]),
        (&json!("Afdeling"), &json!("2027-07-01"))
    );
    assert_eq!(kept["updates"][0]["note"], "De circulaire is weg.");
    // What is not for this kind or this action is named.
    act(
        &app,
        &lead,
        &register,
        json!({"action": "complete", "note": "Klaar.", "stage": "parliament"}),
    )
    .await
    .expect_faults(&[
        ("/note", "not_for_this_action"),
        ("/result", "required"),
        ("/stage", "not_for_this_measure"),
        ("/evidence", "measure_needs_evidence"),
    ]);
    let done = json!({"action": "complete", "result": "Klaar.", "evidence": "https://www.rijksoverheid.nl/circulaire"});
    act(&app, &lead, &register, done).await.expect(200);
    assert_eq!(
        read(&app, &sluis, path).await["measures"][0]["result"],
        "Klaar."
    );
}
