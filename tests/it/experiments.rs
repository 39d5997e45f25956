//! Experiments: from a proposal to a published amendment, and what stands in the way of each step.

use chrono::TimeDelta;
use diesel::prelude::*;
use meldpunt::services::{doctor, experiment_alerts};
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

/// A report of a municipality on its way, by the WPO at OCW.
async fn report(app: &TestApp, by: &Actor, municipality: &str) -> String {
    app.post("/v1/reports")
        .by(by)
        .json(json!({
            "title": "Opheffingsnorm", "description": "De norm knelt.", "effect": "De school sluit.",
            "municipalities": [municipality], "regulations": [{"citation": "BWBR0003420", "article": "153"}]
        }))
        .await
        .expect(201)
        .id()
}

async fn propose(app: &TestApp, by: &Actor, report: &str) -> Reply {
    app.post("/v1/experiments")
        .by(by)
        .json(json!({"title": "Kleine school", "idea": "Vier jaar zonder de norm.", "report": report}))
        .await
}

async fn read(app: &TestApp, by: &Actor, id: &str) -> Reply {
    app.get(format!("/v1/experiments/{id}"))
        .by(by)
        .await
        .expect(200)
}

/// Does something with an experiment as it is now.
async fn act(app: &TestApp, by: &Actor, id: &str, body: Value) -> Reply {
    let seen = read(app, by, id).await;
    app.post(format!("/v1/experiments/{id}/transitions"))
        .by(by)
        .if_match(&seen)
        .json(body)
        .await
}

async fn change(app: &TestApp, by: &Actor, id: &str, body: Value) -> Reply {
    let seen = read(app, by, id).await;
    app.patch(format!("/v1/experiments/{id}"))
        .by(by)
        .if_match(&seen)
        .json(body)
        .await
}

/// What an experiment lacks for an action, by pointer and code.
fn missing(seen: &Reply, action: &str) -> Vec<(String, String)> {
    let steps = seen.json()["nextSteps"].as_array().unwrap().clone();
    let step = steps.iter().find(|step| step["action"] == action).unwrap();
    let lacks = step["missing"].as_array().unwrap();
    assert_eq!(step["ready"], lacks.is_empty());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    lacks
        .iter()
        .map(|one| (text(&one["pointer"]), text(&one["code"])))
        .collect()
}

/// All that it takes to register and start, from a day that has come.
fn plan() -> Value {
    json!({
        "purpose": "Nagaan of een kleine school met samenwerking goed onderwijs geeft.",
        "scope": "Kernen zonder een tweede school.",
        "deviations": [{"citation": "BWBR0003420", "article": "153"}],
        "legalBasis": {
            "clause": {"citation": "BWBR0003420", "article": "186"}, "instrument": "order_in_council",
            "instrumentTitle": "Besluit experiment kleine scholen", "publication": "stb-2026-123",
            "maximumMonths": 48, "extensionMonths": 12
        },
        "startsOn": "2026-11-25", "endsOn": "2029-11-24",
        "hypothesis": "De uitkomsten blijven gelijk.", "comparisonGroup": "Scholen van 50 tot 80 leerlingen.",
        "stopCriteria": "Onvoldoende oordeel van de inspectie.", "evaluator": "Een onderzoeksbureau",
        "evaluationPlan": "Voor en na, met een vergelijkingsgroep.",
        "indicators": [{
            "name": "Leerlingen", "definition": "Ingeschreven op de teldatum.", "unit": "leerlingen", "direction": "higher",
            "frequency": "quarter", "primary": true, "target": 50,
            "baselines": [{"value": 40, "measuredOn": "2026-10-01"}]
        }],
        "milestones": [{"title": "Halverwege", "owner": "Directie Primair Onderwijs", "dueOn": "2028-05-25"}]
    })
}

/// One that runs, proposed by Sluis, with Sluis in it from the first day.
async fn running(app: &TestApp, sluis: &Actor, lead: &Actor) -> String {
    running_by(app, sluis, lead, plan()).await
}

async fn running_by(app: &TestApp, sluis: &Actor, lead: &Actor, plan: Value) -> String {
    let id = propose(app, sluis, &report(app, sluis, "GM1714").await)
        .await
        .expect(201)
        .id();
    change(app, sluis, &id, json!({"plan": plan}))
        .await
        .expect(200);
    let ocw = app.organisation("OCW").await;
    act(
        app,
        sluis,
        &id,
        json!({"action": "submit_for_check", "authority": ocw}),
    )
    .await
    .expect(200);
    act(app, lead, &id, json!({"action": "register"}))
        .await
        .expect(200);
    let home = app.organisation("GM1714").await;
    let admit = json!({"action": "admit", "organisation": home, "date": "2026-11-25"});
    act(app, lead, &id, admit).await.expect(200);
    act(app, lead, &id, json!({"action": "start"}))
        .await
        .expect(200);
    id
}

fn indicator(seen: &Reply) -> String {
    seen.json()["plan"]["indicators"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[actix_web::test]
async fn from_a_proposal_to_a_published_amendment() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (sluis, hulst, other) = (
        app.reporter("GM1714").await,
        app.reporter("GM0677").await,
        app.reporter("GM0363").await,
    );
    let lead = app.liaison("OCW").await;
    let (of_sluis, of_hulst) = (
        report(&app, &sluis, "GM1714").await,
        report(&app, &hulst, "GM0677").await,
    );

    // A title, a report and what would be tried are enough; the rule deviated from is the report's.
    let made = propose(&app, &sluis, &of_sluis).await.expect(201);
    let id = made.id();
    assert_eq!(made.json()["reference"], "EXP-2026-0001");
    assert_eq!(made.json()["plan"]["deviations"][0]["article"], "153");
    let at = made.header("location").unwrap().to_owned();
    assert_eq!(at, format!("/v1/experiments/{id}"));
    // Of a proposal only those know whom it concerns.
    app.get(&at).by(&other).await.expect(404);
    app.get(&at).by(&lead).await.expect(404);
    let lacks = missing(&made, "submit_for_check");
    assert_eq!(
        lacks,
        [("/plan/purpose".into(), "experiment_needs_purpose".into())]
    );
    let ocw = app.organisation("OCW").await;
    let hand_in = json!({"action": "submit_for_check", "authority": ocw});
    let refused = act(&app, &sluis, &id, hand_in.clone())
        .await
        .expect_problem(409, "not_ready");
    assert_eq!(
        refused.json()["errors"][0]["detail"],
        "Wat moet het experiment uitwijzen?"
    );

    change(&app, &sluis, &id, json!({"plan": plan()}))
        .await
        .expect(200);
    act(&app, &sluis, &id, hand_in).await.expect(200);
    // From here on the authority plans.
    change(&app, &sluis, &id, json!({"title": "Anders"}))
        .await
        .expect_problem(403, "not_allowed");
    let registered = act(&app, &lead, &id, json!({"action": "register"}))
        .await
        .expect(200);
    assert_eq!(registered.json()["registeredOn"], "2026-11-25");
    app.get(&at).by(&other).await.expect(200);
    let lacks = missing(&registered, "start");
    assert_eq!(
        lacks,
        [(
            "/participants".into(),
            "experiment_needs_participant".into()
        )]
    );

    let (home, there) = (
        app.organisation("GM1714").await,
        app.organisation("GM0677").await,
    );
    act(
        &app,
        &lead,
        &id,
        json!({"action": "admit", "organisation": home, "date": "2026-11-25"}),
    )
    .await
    .expect(200);
    let started = act(&app, &lead, &id, json!({"action": "start"}))
        .await
        .expect(200);
    assert_eq!(started.json()["planVersion"], 1);
    // Nine months before the end, whatever day of the week.
    let due = started.json()["due"].clone();
    let days: Vec<_> = due
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["clock"].clone(), one["dueOn"].clone()))
        .collect();
    assert_eq!(
        days,
        [
            (json!("observations"), json!("2027-02-24")),
            (json!("milestone"), json!("2028-05-25")),
            (json!("evaluation"), json!("2029-02-24")),
            (json!("end"), json!("2029-11-24")),
        ]
    );

    // Another joins from a report of its own.
    let join = |report: &str| json!({"action": "ask_to_join", "report": report});
    act(&app, &hulst, &id, join(&of_sluis))
        .await
        .expect_faults(&[("/report", "unknown_report")]);
    act(&app, &hulst, &id, join(&of_hulst)).await.expect(200);
    act(&app, &hulst, &id, join(&of_hulst))
        .await
        .expect_problem(409, "illegal_transition");
    act(
        &app,
        &lead,
        &id,
        json!({"action": "admit", "organisation": there, "date": "2026-12-01"}),
    )
    .await
    .expect(200);

    // Once it runs, another target is another version of the plan, with a reason.
    let seen = read(&app, &lead, &id).await;
    let mut one = seen.json()["plan"]["indicators"][0].clone();
    one["target"] = json!(48);
    let wanted = json!({"plan": {"indicators": [one]}});
    change(&app, &lead, &id, wanted.clone())
        .await
        .expect_faults(&[("/reason", "required")]);
    let mut with_reason = wanted;
    with_reason["reason"] = json!("De prognose is bijgesteld.");
    change(&app, &lead, &id, with_reason).await.expect(200);
    let versions = app
        .get(format!("{at}/plan-versions"))
        .by(&other)
        .await
        .expect(200)
        .items();
    assert_eq!(versions.len(), 2);
    assert_eq!(versions[0]["reason"], "De prognose is bijgesteld.");
    assert_eq!(versions[0]["changes"][0]["field"], "indicators");
    assert_eq!(versions[1]["changes"], json!([]));
    assert_eq!(versions[1]["plan"]["indicators"][0]["target"], 50.0);

    // The evaluation is late, and has to be there before a decision.
    app.clock.forward(TimeDelta::days(825));
    let late = app
        .get("/v1/experiments?late=true")
        .by(&other)
        .await
        .expect(200)
        .items();
    assert_eq!(late[0]["id"], *id);
    act(&app, &lead, &id, json!({"action": "begin_evaluation"}))
        .await
        .expect(200);
    let decision = json!({
        "action": "decide", "decision": "change_law", "reason": "De uitkomsten bleven gelijk.",
        "decider": "Minister van OCW", "date": "2029-02-27"
    });
    let refused = act(&app, &lead, &id, decision.clone())
        .await
        .expect_problem(409, "not_ready");
    assert_eq!(
        refused.faults(),
        [("/evaluation".into(), "experiment_needs_evaluation".into())]
    );
    let delivered =
        json!({"action": "deliver_evaluation", "findings": "Gelijk aan de vergelijkingsgroep."});
    act(&app, &lead, &id, delivered).await.expect(200);
    act(&app, &lead, &id, decision).await.expect(200);

    // It closes once the change was made known, in a gazette.
    let close = json!({"action": "close"});
    let refused = act(&app, &lead, &id, close.clone())
        .await
        .expect_problem(409, "not_ready");
    assert_eq!(
        refused.faults(),
        [("/legislation".into(), "experiment_needs_publication".into())]
    );
    let parliament = json!({
        "action": "update_legislation", "stage": "parliament", "dossier": "36999", "publication": "kst-36999-3"
    });
    act(&app, &lead, &id, parliament).await.expect(200);
    let published = json!({"action": "update_legislation", "stage": "published"});
    act(&app, &lead, &id, published)
        .await
        .expect_faults(&[("/publication", "required")]);
    let published =
        json!({"action": "update_legislation", "stage": "published", "publication": "stb-2029-12"});
    act(&app, &lead, &id, published).await.expect(200);
    let closed = act(&app, &lead, &id, close).await.expect(200).json();
    assert_eq!(closed["status"], "closed");
    assert_eq!(closed["legislation"]["dossier"], "36999");
    assert_eq!(
        closed["legislation"]["publications"],
        json!(["kst-36999-3", "stb-2029-12"])
    );

    let told = app.all_pages(&other, &format!("{at}/events"), 5).await;
    let kinds: Vec<&str> = told
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "proposed",
            "plan_changed",
            "submit_for_check",
            "register",
            "admit",
            "start",
            "ask_to_join",
            "admit",
            "plan_changed",
            "begin_evaluation",
            "deliver_evaluation",
            "decide",
            "update_legislation",
            "update_legislation",
            "close",
        ]
    );
    let texts: Vec<&str> = told
        .iter()
        .map(|event| event["text"].as_str().unwrap())
        .collect();
    assert!(texts.iter().all(|text| !text.contains('{')), "{texts:?}");
    assert!(
        texts[11].ends_with("heeft het besluit vastgelegd: de regel wijzigen."),
        "{}",
        texts[11]
    );
}

#[actix_web::test]
async fn what_is_observed_is_checked_corrected_and_compared() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (sluis, hulst) = (app.reporter("GM1714").await, app.reporter("GM0677").await);
    let lead = app.liaison("OCW").await;
    let id = running(&app, &sluis, &lead).await;
    let at = format!("/v1/experiments/{id}/observations");
    let indicator = indicator(&read(&app, &lead, &id).await);
    let (home, there) = (
        app.organisation("GM1714").await,
        app.organisation("GM0677").await,
    );
    app.clock.forward(TimeDelta::days(190));
    let observed = |whose, day: &str, value: f64| json!({"indicator": indicator, "participant": whose, "observedOn": day, "value": value});

    // All or none, and every fault named.
    let wrong = json!({"items": [
        observed(home, "2027-02-01", 41.0),
        observed(there, "2027-02-01", 41.0),
        observed(home, "2030-02-01", 41.0),
        observed(home, "2026-11-01", 41.0),
        observed(home, "2027-02-01", 42.0),
    ]});
    app.post(&at).by(&sluis).json(wrong).await.expect_faults(&[
        ("/items/1/participant", "no_participant"),
        ("/items/1/of", "observation_of_another"),
        ("/items/2/observedOn", "date_in_future"),
        ("/items/3/observedOn", "before_experiment"),
        ("/items/3/participant", "no_participant"),
        ("/items/4/observedOn", "observed_already"),
    ]);
    let items =
        json!({"items": [observed(home, "2027-02-01", 41.0), observed(home, "2027-05-01", 54.0)]});
    let made = app
        .post(&at)
        .by(&sluis)
        .json(items.clone())
        .await
        .expect(201)
        .json();
    app.post(&at).by(&sluis).json(items).await.expect_faults(&[
        ("/items/0/observedOn", "observed_already"),
        ("/items/1/observedOn", "observed_already"),
    ]);
    app.post(&at)
        .by(&hulst)
        .json(json!({"items": [observed(home, "2027-03-01", 1.0)]}))
        .await
        .expect_problem(403, "not_allowed");
    let compared = json!({"items": [
        {"indicator": indicator, "of": "comparison", "observedOn": "2027-05-01", "value": 60}
    ]});
    app.post(&at).by(&lead).json(compared).await.expect(201);

    // A correction keeps what was there.
    let old = made["items"][1]["id"].as_str().unwrap();
    let correct = format!("{at}/{old}/corrections");
    let right = json!({"value": 45, "reason": "Verschreven."});
    let new = app
        .post(&correct)
        .by(&sluis)
        .json(right.clone())
        .await
        .expect(201)
        .json();
    assert_eq!(new["items"][0]["corrects"], *old);
    app.post(&correct)
        .by(&sluis)
        .json(right)
        .await
        .expect_problem(409, "observation_corrected");
    let counted = app
        .get(format!("{at}?participant={home}"))
        .by(&hulst)
        .await
        .expect(200)
        .items();
    let values: Vec<_> = counted
        .iter()
        .map(|one| one["value"].as_f64().unwrap())
        .collect();
    assert_eq!(values, [41.0, 45.0]);
    let all = app
        .get(format!("{at}?participant={home}&corrected=true"))
        .by(&hulst)
        .await
        .expect(200)
        .items();
    assert_eq!(all.len(), 3);
    assert_eq!(all[1]["value"], 54.0);
    assert_eq!(all[1]["correctedBy"], new["items"][0]["id"]);

    // From 40 to a target of 50: 45 is half of the way, and 15 below the comparison.
    let progress = app
        .get(format!("/v1/experiments/{id}/progress"))
        .by(&hulst)
        .await
        .expect(200)
        .json();
    let series = progress["indicators"][0]["series"].as_array().unwrap();
    let of = |whose: &str| series.iter().find(|one| one["of"] == whose).unwrap()["figures"].clone();
    let own = of("participant");
    assert_eq!(
        (&own["n"], &own["latest"], &own["mean"]),
        (&json!(2), &json!(45.0), &json!(43.0))
    );
    assert_eq!(own["differenceToBaseline"], 5.0);
    assert_eq!(own["differenceToComparison"], -15.0);
    assert_eq!(own["percentToTarget"], 50.0);
    assert_eq!(own["targetReached"], false);
    assert_eq!(of("comparison")["n"], 1);
    // Two quarters are over; both were observed.
    assert_eq!(progress["missing"], json!([]));
    app.clock.forward(TimeDelta::days(92));
    let progress = app
        .get(format!("/v1/experiments/{id}/progress"))
        .by(&hulst)
        .await
        .expect(200)
        .json();
    assert_eq!(progress["missing"][0]["to"], "2027-08-24");
    assert_eq!(
        progress["missing"][0]["participant"]["id"],
        home.to_string()
    );
}

#[actix_web::test]
async fn the_clause_bounds_what_may_be_tried_and_for_how_long() {
    let app = TestApp::start().await;
    app.leave_mail();
    let sluis = app.reporter("GM1714").await;
    let lead = app.liaison("OCW").await;
    let id = propose(&app, &sluis, &report(&app, &sluis, "GM1714").await)
        .await
        .expect(201)
        .id();
    // Four years from the first day at the most, and no longer.
    let mut wanted = plan();
    wanted["endsOn"] = json!("2030-11-25");
    let faults = change(&app, &sluis, &id, json!({"plan": wanted})).await;
    let faults = faults
        .expect_faults(&[("/plan/endsOn", "beyond_maximum")])
        .json();
    let text = faults["errors"][0]["detail"].as_str().unwrap().to_owned();
    assert_eq!(
        text,
        "De grondslag staat dit niet toe: uiterlijk 2030-11-24."
    );
    // Every fault at once.
    let wrong = json!({"plan": {
        "legalBasis": {
            "clause": {"citation": "BWBR0003420", "article": "186"}, "instrument": "order_in_council",
            "publication": "kst-36999-3", "maximumMonths": 12
        },
        "indicators": [
            {"id": id, "name": "Leerlingen", "definition": "Aantal.", "unit": "n", "direction": "higher", "frequency": "year"},
            {"name": "leerlingen", "definition": "Aantal.", "unit": "n", "direction": "higher", "frequency": "year",
             "baselines": [{"value": 1, "measuredOn": "2027-01-01"}]}
        ],
        "milestones": [{"id": id, "title": "Start", "owner": "Directie", "dueOn": "2027-01-01"}]
    }});
    change(&app, &sluis, &id, wrong).await.expect_faults(&[
        ("/plan/legalBasis/publication", "gazette_needed"),
        ("/plan/indicators/0/id", "unknown_indicator"),
        ("/plan/indicators/1/name", "duplicate_name"),
        (
            "/plan/indicators/1/baselines/0/measuredOn",
            "date_in_future",
        ),
        ("/plan/milestones/0/id", "unknown_milestone"),
    ]);
    // An act is not deviated from by a ministerial regulation: the legal check sees that.
    let mut low = plan();
    low["legalBasis"]["instrument"] = json!("ministerial_regulation");
    change(&app, &sluis, &id, json!({"plan": low}))
        .await
        .expect(200);
    let ocw = app.organisation("OCW").await;
    act(
        &app,
        &sluis,
        &id,
        json!({"action": "submit_for_check", "authority": ocw}),
    )
    .await
    .expect(200);
    let refused = act(&app, &lead, &id, json!({"action": "register"}))
        .await
        .expect_problem(409, "not_ready");
    assert_eq!(
        refused.faults(),
        [(
            "/plan/legalBasis/instrument".into(),
            "instrument_too_low".into()
        )]
    );

    // A running one is extended by as much as the clause has it, and not by changing the plan.
    let id = running(&app, &sluis, &lead).await;
    let longer = json!({"plan": {"endsOn": "2030-11-24"}, "reason": "Langer."});
    change(&app, &lead, &id, longer)
        .await
        .expect_faults(&[("/plan/endsOn", "extend_instead")]);
    let extend =
        |day: &str| json!({"action": "extend", "date": day, "reason": "Nog een teldatum."});
    act(&app, &lead, &id, extend("2029-11-24"))
        .await
        .expect_faults(&[("/date", "not_later")]);
    act(&app, &lead, &id, extend("2031-11-25"))
        .await
        .expect_faults(&[("/date", "beyond_maximum")]);
    let longer = act(&app, &lead, &id, extend("2031-11-24"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&longer["planVersion"], &longer["firstEnd"]),
        (&json!(2), &json!("2029-11-24"))
    );

    // What is not legal says what is; what the reader may not do is not among it.
    let refused = act(&app, &lead, &id, json!({"action": "register"}))
        .await
        .expect_problem(409, "illegal_transition");
    let legal = refused.json()["legalActions"].to_string();
    assert!(
        legal.contains("begin_evaluation") && !legal.contains("ask_to_join"),
        "{legal}"
    );
    act(&app, &lead, &id, json!({"action": "begin_evaluation"}))
        .await
        .expect_problem(409, "not_ready");
    // Results of what is stopped are due all the same.
    act(
        &app,
        &lead,
        &id,
        json!({"action": "stop", "reason": "De school is gefuseerd."}),
    )
    .await
    .expect(200);
    let stopped = read(&app, &lead, &id).await.json();
    assert_eq!(
        (&stopped["status"], &stopped["due"][0]["clock"]),
        (&json!("stopped"), &json!("results"))
    );
}

#[actix_web::test]
async fn a_participant_asks_leaves_and_is_released() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (sluis, hulst) = (app.reporter("GM1714").await, app.reporter("GM0677").await);
    let lead = app.liaison("OCW").await;
    let id = running(&app, &sluis, &lead).await;
    let of_hulst = report(&app, &hulst, "GM0677").await;
    let there = app.organisation("GM0677").await;
    let state = |seen: &Reply| seen.json()["participants"][1]["state"].clone();
    let ask =
        json!({"action": "ask_to_join", "report": of_hulst, "reason": "Bij ons speelt hetzelfde."});
    let asked = act(&app, &hulst, &id, ask.clone()).await.expect(200);
    assert_eq!(state(&asked), "asked");
    // Why it asked is for itself and for who decides.
    let of = |seen: Reply| seen.json()["participants"][1]["reason"].clone();
    assert_eq!(
        of(read(&app, &lead, &id).await),
        "Bij ons speelt hetzelfde."
    );
    assert_eq!(of(read(&app, &sluis, &id).await), Value::Null);
    let decline = json!({"action": "decline_request", "organisation": there, "reason": "Vol."});
    assert_eq!(
        state(&act(&app, &lead, &id, decline).await.expect(200)),
        "declined"
    );
    act(&app, &hulst, &id, ask).await.expect(200);
    let admit = |day: &str| json!({"action": "admit", "organisation": there, "date": day});
    act(&app, &lead, &id, admit("2026-11-01"))
        .await
        .expect_faults(&[("/date", "outside_experiment")]);
    assert_eq!(
        state(&act(&app, &lead, &id, admit("2026-12-01")).await.expect(200)),
        "participating"
    );
    act(&app, &lead, &id, admit("2026-12-01"))
        .await
        .expect_faults(&[("/organisation", "participant_already")]);
    let leave = json!({"action": "ask_to_leave", "reason": "De school is gefuseerd."});
    assert_eq!(
        state(&act(&app, &hulst, &id, leave).await.expect(200)),
        "leaving"
    );
    let release = json!({"action": "release", "organisation": there, "date": "2027-01-01", "reason": "Gefuseerd."});
    let left = act(&app, &lead, &id, release.clone()).await.expect(200);
    assert_eq!(
        (state(&left), &left.json()["participants"][1]["until"]),
        (json!("left"), &json!("2027-01-01"))
    );
    act(&app, &lead, &id, release)
        .await
        .expect_faults(&[("/organisation", "no_participant")]);
}

#[actix_web::test]
async fn of_the_reports_it_came_from_each_reader_sees_what_it_may() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (sluis, hulst, other) = (
        app.reporter("GM1714").await,
        app.reporter("GM0677").await,
        app.reporter("GM0363").await,
    );
    let (desk, lead) = (app.desk().await, app.liaison("OCW").await);
    let id = running(&app, &sluis, &lead).await;
    let own = read(&app, &sluis, &id).await.json()["reports"].clone();
    let report = own[0]["id"].as_str().unwrap();
    let path = format!("/v1/reports/{report}");
    let seen = app.get(&path).by(&desk).await.expect(200);
    app.post(format!("{path}/transitions"))
        .by(&desk)
        .if_match(&seen)
        .json(json!({"action": "publish", "audience": "government", "title": "Norm", "summary": "De norm knelt."}))
        .await
        .expect(200);
    app.post(format!("/v1/shared-reports/{report}/endorsements"))
        .by(&hulst)
        .json(json!({"effect": "Bij ons ook."}))
        .await
        .expect(201);
    let titles = |seen: Reply| {
        let reports = seen.json()["reports"].as_array().unwrap().clone();
        reports
            .iter()
            .map(|one| one["title"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(titles(read(&app, &sluis, &id).await), ["Opheffingsnorm"]);
    assert_eq!(
        titles(read(&app, &hulst, &id).await),
        ["Norm"],
        "as the desk reviewed it"
    );
    assert!(titles(read(&app, &other, &id).await).is_empty());
}

#[actix_web::test]
async fn the_chain_shows_what_led_to_what_as_far_as_one_sees_it() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (sluis, hulst, other) = (
        app.reporter("GM1714").await,
        app.reporter("GM0677").await,
        app.reporter("GM0363").await,
    );
    let (desk, lead) = (app.desk().await, app.liaison("OCW").await);
    let id = running(&app, &sluis, &lead).await;
    let own = read(&app, &sluis, &id).await.json()["reports"][0]["id"].clone();
    let own = own.as_str().unwrap();
    // Another report of the same joins it.
    let joined = report(&app, &hulst, "GM0677").await;
    let path = format!("/v1/reports/{joined}");
    let seen = app.get(&path).by(&desk).await.expect(200);
    app.post(format!("{path}/transitions"))
        .by(&desk)
        .if_match(&seen)
        .json(json!({"action": "merge", "mergeInto": own}))
        .await
        .expect(200);
    app.clock.forward(TimeDelta::days(700));
    act(&app, &lead, &id, json!({"action": "begin_evaluation"}))
        .await
        .expect(200);
    let delivered = json!({"action": "deliver_evaluation", "findings": "Gelijk."});
    act(&app, &lead, &id, delivered).await.expect(200);
    let decide = json!({
        "action": "decide", "decision": "change_law", "reason": "Gelijk.", "decider": "Minister van OCW",
        "date": "2028-10-01"
    });
    act(&app, &lead, &id, decide).await.expect(200);
    let published =
        json!({"action": "update_legislation", "stage": "published", "publication": "stb-2028-12"});
    act(&app, &lead, &id, published).await.expect(200);

    let ids = |chain: &Value| {
        let reports = chain["reports"].as_array().unwrap().iter();
        reports
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let of = |path: String| format!("/v1/{path}/chain");
    for path in [format!("reports/{own}"), format!("reports/{joined}")] {
        let chain = app.get(of(path)).by(&desk).await.expect(200).json();
        assert_eq!(ids(&chain), [own, &joined]);
        let experiment = &chain["experiments"][0];
        assert_eq!(experiment["id"], *id);
        assert_eq!(experiment["reports"], json!([own]));
        assert_eq!(experiment["evaluation"]["findings"], "Gelijk.");
        assert_eq!(experiment["decision"]["kind"], "change_law");
        assert_eq!(chain["publications"], json!(["stb-2028-12"]));
    }
    let chain = app
        .get(of(format!("experiments/{id}")))
        .by(&other)
        .await
        .expect(200)
        .json();
    assert!(
        ids(&chain).is_empty(),
        "the experiment is in the register, the report is not"
    );
    assert_eq!(chain["experiments"][0]["decision"]["kind"], "change_law");
}

/// Who got mail since, and the texts, in the order of addresses.
async fn mail(app: &TestApp) -> Vec<(String, String)> {
    let mut all: Vec<_> = app
        .deliver_mail()
        .await
        .into_iter()
        .map(|mail| (mail.to, mail.text))
        .collect();
    all.sort();
    all
}

/// That exactly these got mail, once each, and that all of it says this.
async fn told(app: &TestApp, whom: &[&Actor], says: &str) {
    let mail = mail(app).await;
    let mut expected: Vec<&str> = whom.iter().map(|actor| actor.email.as_str()).collect();
    expected.sort_unstable();
    let to: Vec<&str> = mail.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(to.len(), expected.len(), "{to:?}");
    for address in expected {
        assert_eq!(
            to.iter().filter(|to| to.contains(address)).count(),
            1,
            "{address}: {to:?}"
        );
    }
    for (_, text) in &mail {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(says), "{text}");
    }
}

#[actix_web::test]
async fn each_step_is_told_once_to_those_it_concerns() {
    let app = TestApp::start().await;
    let (sluis, hulst) = (app.reporter("GM1714").await, app.reporter("GM0677").await);
    let (lead, coordinator) = (app.liaison("OCW").await, app.coordinator().await);
    let mut plan = plan();
    plan["indicators"][0]["frequency"] = json!("once");
    let id = running_by(&app, &sluis, &lead, plan).await;
    let of_hulst = report(&app, &hulst, "GM0677").await;
    app.deliver_mail().await;

    act(
        &app,
        &hulst,
        &id,
        json!({"action": "ask_to_join", "report": of_hulst}),
    )
    .await
    .expect(200);
    told(&app, &[&lead], "Gemeente Hulst heeft gevraagd mee te doen.").await;
    let there = app.organisation("GM0677").await;
    act(
        &app,
        &lead,
        &id,
        json!({"action": "admit", "organisation": there, "date": "2026-12-01"}),
    )
    .await
    .expect(200);
    told(&app, &[&hulst], "toegelaten vanaf 1 december 2026.").await;
    // A change of the plan is no news.
    change(&app, &lead, &id, json!({"title": "Kleine scholen"}))
        .await
        .expect(200);
    told(&app, &[], "").await;

    // A milestone nears, and is late: each told once, however often somebody looks.
    app.clock.forward(TimeDelta::days(519));
    assert_eq!(experiment_alerts::raise(&app.context).await.unwrap(), 1);
    assert_eq!(experiment_alerts::raise(&app.context).await.unwrap(), 0);
    told(
        &app,
        &[&lead],
        "Binnenkort verwacht: mijlpaal, uiterlijk 25 mei 2028.",
    )
    .await;
    app.clock.forward(TimeDelta::days(29));
    assert_eq!(experiment_alerts::raise(&app.context).await.unwrap(), 1);
    assert_eq!(experiment_alerts::raise(&app.context).await.unwrap(), 0);
    told(
        &app,
        &[&lead, &coordinator],
        "Te laat: mijlpaal, verwacht op 25 mei 2028.",
    )
    .await;

    act(
        &app,
        &lead,
        &id,
        json!({"action": "stop", "reason": "De school is gefuseerd."}),
    )
    .await
    .expect(200);
    told(&app, &[&sluis, &hulst], "De school is gefuseerd.").await;
    let events = app
        .all_pages(&sluis, &format!("/v1/experiments/{id}/events"), 50)
        .await;
    let last: Vec<_> = events[events.len() - 3..]
        .iter()
        .map(|event| event["kind"].clone())
        .collect();
    assert_eq!(last, ["due_soon", "late", "stop"]);
}

#[actix_web::test]
async fn what_is_to_be_observed_is_asked_of_who_observes_it() {
    let app = TestApp::start().await;
    let (sluis, hulst) = (app.reporter("GM1714").await, app.reporter("GM0677").await);
    let lead = app.liaison("OCW").await;
    let id = running(&app, &sluis, &lead).await;
    let of_hulst = report(&app, &hulst, "GM0677").await;
    let ask = json!({"action": "ask_to_join", "report": of_hulst});
    act(&app, &hulst, &id, ask).await.expect(200);
    let (home, there) = (
        app.organisation("GM1714").await,
        app.organisation("GM0677").await,
    );
    let admit = json!({"action": "admit", "organisation": there, "date": "2026-11-25"});
    act(&app, &lead, &id, admit).await.expect(200);
    app.deliver_mail().await;

    // A municipality sees what it is to deliver and when.
    let round = |seen: &Reply| {
        let due = seen.json()["due"].as_array().unwrap().clone();
        let found = due.into_iter().find(|one| one["clock"] == "observations");
        found.unwrap()["dueOn"].clone()
    };
    assert_eq!(round(&read(&app, &sluis, &id).await), "2027-02-24");
    let progress = format!("/v1/experiments/{id}/progress");
    let open = |seen: Reply, which: &str| {
        let all = seen.json()[which].as_array().unwrap().clone();
        all.iter()
            .map(|one| one["participant"]["id"].clone())
            .collect::<Vec<_>>()
    };
    let seen = app.get(&progress).by(&sluis).await.expect(200);
    assert_eq!(open(seen, "expected").len(), 2);

    // A week before the end of the round who was not observed yet is asked, and once it is over again, once each.
    app.clock.forward(TimeDelta::days(84));
    let items = json!({"items": [{
        "indicator": indicator(&read(&app, &lead, &id).await), "participant": home, "observedOn": "2027-02-01", "value": 41
    }]});
    let observe = app.post(format!("/v1/experiments/{id}/observations"));
    observe.by(&sluis).json(items).await.expect(201);
    assert_eq!(experiment_alerts::raise(&app.context).await.unwrap(), 1);
    assert_eq!(experiment_alerts::raise(&app.context).await.unwrap(), 0);
    let soon = "Binnenkort verwacht: waarnemingen van gemeente Hulst, uiterlijk 24 februari 2027";
    told(&app, &[&hulst], soon).await;
    app.clock.forward(TimeDelta::days(8));
    assert_eq!(experiment_alerts::raise(&app.context).await.unwrap(), 1);
    assert_eq!(experiment_alerts::raise(&app.context).await.unwrap(), 0);
    told(&app, &[&hulst], "(ontbreekt: 1)").await;
    let seen = app.get(&progress).by(&sluis).await.expect(200);
    assert_eq!(open(seen, "missing"), [json!(there)]);
    // A milestone is late, a round is not: whose it is late of is known from what was observed.
    let late = app.get("/v1/experiments?late=true").by(&sluis).await;
    assert!(late.expect(200).items().is_empty());

    // Rounds that nobody asked about in time are asked for together with the last.
    app.clock.forward(TimeDelta::days(300));
    assert_eq!(experiment_alerts::raise(&app.context).await.unwrap(), 2);
    told(&app, &[&sluis, &hulst], "verwacht op 24 november 2027").await;
}

#[actix_web::test]
async fn a_sheet_of_observations_is_entered_whole_or_not_at_all() {
    let app = TestApp::start().await;
    app.leave_mail();
    let sluis = app.reporter("GM1714").await;
    let lead = app.liaison("OCW").await;
    let id = running(&app, &sluis, &lead).await;
    app.clock.forward(TimeDelta::days(190));
    let sheets = format!("/v1/experiments/{id}/observation-sheets");
    let send = |by, text: &str| {
        let sheet = app.post(&sheets).by(by);
        sheet.file("waarnemingen.csv", text.as_bytes(), &[])
    };
    // Every faulty line and column, in the order of the lines.
    let wrong = "indicator;participant;observedOn;value;note\n\
        Leerlingen;GM1714;1-2-2027;41,5;Teldatum\n\
        Leraren;GM9999;2/3/2027;veel;\n\
        Leerlingen;GM1714;1-11-2026;41;\n\
        Leerlingen;comparison\n\
        Leerlingen;comparison;1-2-2027;60;\n\
        Leerlingen;gm1714;2027-02-01;42;\n";
    send(&sluis, wrong).await.expect_faults(&[
        ("/lines/3/indicator", "unknown_indicator"),
        ("/lines/3/participant", "no_participant"),
        ("/lines/3/observedOn", "sheet_day"),
        ("/lines/3/value", "sheet_number"),
        ("/lines/4/observedOn", "before_experiment"),
        ("/lines/4/participant", "no_participant"),
        ("/lines/5", "sheet_cells"),
        ("/lines/6/participant", "observation_of_another"),
        ("/lines/7/observedOn", "observed_already"),
    ]);
    let there = app
        .get(format!("/v1/experiments/{id}/observations"))
        .by(&lead);
    assert!(there.await.expect(200).items().is_empty());
    for (text, code) in [
        ("indicator,value\nLeerlingen,4\n", "sheet_header"),
        ("indicator,participant,observedOn,value\n", "sheet_empty"),
        ("", "sheet_header"),
    ] {
        let refused = send(&lead, text).await.expect_problem(400, "invalid_input");
        assert_eq!(refused.json()["errors"][0]["code"], code);
    }
    app.post(&sheets)
        .by(&lead)
        .file(
            "waarnemingen.csv",
            b"indicator,participant,observedOn,value\nLeerl\xeeng",
            &[],
        )
        .await
        .expect_faults(&[("/file", "sheet_not_utf8")]);

    let right = "\u{feff}participant,observedOn,value,indicator\nGM1714,2027-02-01,41.5,leerlingen\ncomparison,2027-02-01,60,Leerlingen\n";
    let made = send(&lead, right).await.expect(201).json();
    assert_eq!(made["items"].as_array().unwrap().len(), 2);
    assert_eq!(made["items"][0]["value"], 41.5);
    assert_eq!(made["items"][1]["of"], "comparison");
    send(&lead, right).await.expect_faults(&[
        ("/lines/2/observedOn", "observed_already"),
        ("/lines/3/observedOn", "observed_already"),
    ]);
}

#[actix_web::test]
async fn an_experiment_is_a_page_of_text_with_charts() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (sluis, other) = (app.reporter("GM1714").await, app.reporter("GM0363").await);
    let lead = app.liaison("OCW").await;
    let mut wanted = plan();
    wanted["hypothesis"] = json!("<script>alert(1)</script> blijft tekst.");
    let id = running_by(&app, &sluis, &lead, wanted).await;
    app.clock.forward(TimeDelta::days(190));
    let home = app.organisation("GM1714").await;
    let indicator = indicator(&read(&app, &lead, &id).await);
    let observed = |day: &str, value: f64| json!({"indicator": indicator, "participant": home, "observedOn": day, "value": value});
    let items = json!({"items": [observed("2027-02-01", 41.5), observed("2027-05-01", 45.0)]});
    let enter = app.post(format!("/v1/experiments/{id}/observations"));
    enter.by(&sluis).json(items).await.expect(201);

    let path = format!("/v1/experiments/{id}/page");
    let page = app
        .get(&path)
        .by(&other)
        .header("accept", "text/html")
        .await
        .expect(200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").unwrap().to_owned();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    let text = page.body_text();
    for said in [
        "<html lang=\"nl\">",
        "EXP-2026-0001",
        "Kleine school",
        "&lt;script&gt;alert(1)",
        "Gemeente Sluis",
        "41,5",
        "algemene maatregel van bestuur",
        "<svg role=\"img\"",
        "24 februari 2029",
        "heeft het experiment gestart",
        "50%",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("<script"));
    let english = app
        .get(&path)
        .by(&other)
        .header("accept", "*/*")
        .language("en")
        .await
        .expect(200)
        .body_text();
    for said in [
        "<html lang=\"en\">",
        "order in council",
        "41.5",
        "24 February 2029",
        "started the experiment",
    ] {
        assert!(english.contains(said), "{said}: {english}");
    }

    let chart = format!("/v1/experiments/{id}/indicators/{indicator}/chart");
    let drawn = app
        .get(&chart)
        .by(&other)
        .header("accept", "image/svg+xml")
        .await
        .expect(200);
    assert_eq!(drawn.header("content-type"), Some("image/svg+xml"));
    let drawn = drawn.body_text();
    assert!(
        drawn.starts_with("<svg role=\"img\"") && drawn.contains("<title>Leerlingen</title>"),
        "{drawn}"
    );
    app.get(format!("/v1/experiments/{id}/indicators/{id}/chart"))
        .by(&other)
        .await
        .expect(404);
}

#[actix_web::test]
async fn the_register_is_public_and_says_who_is_late() {
    let app = TestApp::start().await;
    app.leave_mail();
    let sluis = app.reporter("GM1714").await;
    let lead = app.liaison("OCW").await;
    let own = report(&app, &sluis, "GM1714").await;
    let proposal = propose(&app, &sluis, &own).await.expect(201).id();
    let id = running(&app, &sluis, &lead).await;
    let list = app
        .get("/v1/public/experiments")
        .header("origin", "https://krant.example")
        .await;
    let list = list.expect(200);
    assert_eq!(list.header("cache-control"), Some("public, max-age=60"));
    assert_eq!(list.header("access-control-allow-origin"), Some("*"));
    let items = list.items();
    assert_eq!(items.len(), 1, "a proposal is nobody's business");
    assert_eq!(items[0]["participants"], json!(["Gemeente Sluis"]));
    assert_eq!(items[0]["deviations"], json!(["WPO artikel 153"]));
    app.get(format!("/v1/public/experiments/{proposal}"))
        .await
        .expect(404);
    let path = format!("/v1/public/experiments/{id}");
    let one = app.get(&path).await.expect(200);
    let tag = one.etag().to_owned();
    app.get(&path)
        .header("if-none-match", &tag)
        .await
        .expect(304);
    // All of it goes out as lines or as a sheet, and says the same.
    let export = "/v1/public/experiments/export";
    let lines = app.get(export).await.expect(200).body_text();
    let line: Value = serde_json::from_str(lines.trim_end()).unwrap();
    assert_eq!(line, app.get(&path).await.expect(200).json());
    let sheet = app.get(export).header("accept", "text/csv").await;
    let sheet = sheet.expect(200).body_text();
    assert!(
        sheet.starts_with("id,reference,title,") && sheet.contains(&id),
        "{sheet}"
    );
    let of = async |query: &str| {
        let found = app.get(format!("/v1/public/experiments?{query}")).await;
        found.expect(200).items().len()
    };
    assert_eq!(
        (of("status=running").await, of("status=closed").await),
        (1, 0)
    );
    let late = || app.get("/v1/public/experiments?late=true");
    assert!(late().await.expect(200).items().is_empty());
    app.clock.forward(TimeDelta::days(825));
    let found = late().await.expect(200).items();
    assert_eq!(found[0]["id"], *id);
    let late: Vec<_> = found[0]["due"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["late"] == true)
        .collect();
    assert_eq!(
        late.iter()
            .map(|one| one["clock"].clone())
            .collect::<Vec<_>>(),
        ["milestone", "evaluation"]
    );
}

#[actix_web::test]
async fn experiments_are_found_by_their_words_and_followed_as_a_feed() {
    let app = TestApp::start().await;
    app.leave_mail();
    let sluis = app.reporter("GM1714").await;
    let lead = app.liaison("OCW").await;
    let own = report(&app, &sluis, "GM1714").await;
    propose(&app, &sluis, &own).await.expect(201);
    let first = running(&app, &sluis, &lead).await;
    app.clock.forward(TimeDelta::minutes(1));
    let second = running(&app, &sluis, &lead).await;
    let found = async |path: &str, words: &str| -> Vec<String> {
        let reply = app.get(path).query(&[("q", words)]).await.expect(200);
        let items = reply.items();
        items
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let register = "/v1/public/experiments";
    let both = [second.clone(), first.clone()];
    assert_eq!(found(register, "kleine SCHOLEN").await, both);
    assert_eq!(found(register, "\"kleine school\" norm").await, both);
    assert_eq!(found(register, "WPO artikel 153").await, both);
    assert_eq!(found(register, "\"school kleine\"").await.len(), 0);
    assert_eq!(found(register, "dorp").await.len(), 0);
    assert_eq!(found(register, "% _ ?").await.len(), 0, "no words at all");
    // Its own proposal is found by who has it alone.
    let reply = app.get("/v1/experiments").by(&sluis);
    let reply = reply.query(&[("q", "kleine school")]).await.expect(200);
    assert_eq!(reply.items().len(), 3);

    let follow = async |query: &str| {
        let reply = app.get(format!("{register}/feed{query}")).await.expect(200);
        assert_eq!(reply.header("cache-control"), Some("public, max-age=60"));
        reply.body_text().parse::<atom_syndication::Feed>().unwrap()
    };
    let ids = |feed: &atom_syndication::Feed| -> Vec<String> {
        let last = |id: &str| id.rsplit('/').next().unwrap().to_owned();
        feed.entries.iter().map(|entry| last(&entry.id)).collect()
    };
    let feed = follow("").await;
    assert_eq!(ids(&feed), [&second, &first].map(String::clone));
    assert!(feed.entries[0].title.value.starts_with("Kleine school ("));
    assert_eq!(feed.entries[0].categories[0].term, "WPO artikel 153");
    // What changes comes first.
    app.clock.forward(TimeDelta::minutes(1));
    let stopped = json!({"action": "stop", "reason": "De school sluit toch."});
    act(&app, &lead, &first, stopped).await.expect(200);
    let feed = follow("").await;
    assert_eq!(ids(&feed), [&first, &second].map(String::clone));
    assert!(feed.entries[0].updated > feed.entries[1].updated);
    assert_eq!(ids(&follow("?status=running&limit=1").await), [second]);
    assert!(follow("?q=dorp").await.entries.is_empty());

    // It names the reports that led to it, once they are published and as long as they are.
    let origin = read(&app, &sluis, &first).await.json()["reports"][0]["id"].clone();
    let origin = origin.as_str().unwrap();
    let named = async || {
        let one = app.get(format!("{register}/{first}")).await.expect(200);
        one.json()["reports"].clone()
    };
    assert_eq!(named().await, json!([]));
    let desk = app.desk().await;
    let publish = json!({"action": "publish", "audience": "public", "title": "Dorpsschool", "summary": "De norm telt."});
    crate::deadlines::act(&app, &desk, origin, publish)
        .await
        .expect(200);
    let known = named().await;
    assert_eq!(
        (&known[0]["id"], &known[0]["title"]),
        (&json!(origin), &json!("Dorpsschool"))
    );
    let back = json!({"action": "unpublish", "reason": "Te vroeg."});
    crate::deadlines::act(&app, &desk, origin, back)
        .await
        .expect(200);
    assert_eq!(named().await, json!([]));

    // What an earlier version indexed otherwise is indexed anew.
    let forget = app.context.db.write(|conn| {
        use meldpunt::store::schema::experiments as t;
        let blank = (t::terms.eq(""), t::terms_version.eq(0));
        Ok::<_, meldpunt::services::Error>(diesel::update(t::table).set(blank).execute(conn)?)
    });
    forget.await.unwrap();
    assert_eq!(found(register, "norm").await.len(), 0);
    assert_eq!(
        meldpunt::worker::reindex::round(&app.context)
            .await
            .unwrap(),
        3
    );
    assert_eq!(found(register, "norm").await.len(), 2);
}

#[actix_web::test]
async fn what_is_under_way_goes_over_to_a_successor() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (sluis, hulst) = (app.reporter("GM1714").await, app.reporter("GM0677").await);
    let (lead, admin, coordinator) = (
        app.liaison("OCW").await,
        app.admin().await,
        app.coordinator().await,
    );
    let id = running(&app, &sluis, &lead).await;
    app.clock.forward(TimeDelta::days(190));
    let (home, there) = (
        app.organisation("GM1714").await,
        app.organisation("GM0677").await,
    );
    let indicator = indicator(&read(&app, &lead, &id).await);
    let items = json!({"items": [{"indicator": indicator, "participant": home, "observedOn": "2027-02-01", "value": 41}]});
    let enter = app.post(format!("/v1/experiments/{id}/observations"));
    enter.by(&sluis).json(items).await.expect(201);
    let ministry = json!({"kind": "ministry", "name": "Ministerie van Leren", "abbreviation": "LEER", "ownsRules": true});
    let new = app.post("/v1/organisations").by(&admin).json(ministry);
    let new = new.await.expect(201).id();
    let ocw = app.organisation("OCW").await;
    let succeed = async |old: String, new: String| {
        let path = format!("/v1/organisations/{old}/succession-previews");
        let preview = app
            .post(path)
            .by(&coordinator)
            .json(json!({"successor": new}));
        let preview = preview.await.expect(200).json();
        let body = json!({"successor": new, "reason": "Herindeling."});
        let made = app.post(format!("/v1/organisations/{old}/successions"));
        let moved = made.by(&coordinator).json(body).await.expect(200).json();
        assert_eq!(moved["experiments"], preview["experiments"]);
        moved["experiments"].clone()
    };
    assert_eq!(
        succeed(ocw.to_string(), new.clone()).await,
        json!(["EXP-2026-0001"])
    );
    let seen = read(&app, &sluis, &id).await.json();
    assert_eq!(seen["authority"]["id"], new);
    act(&app, &lead, &id, json!({"action": "begin_evaluation"}))
        .await
        .expect_problem(409, "illegal_transition");
    // A municipality is merged into another: that takes part in its place, with what was observed.
    succeed(home.to_string(), there.to_string()).await;
    let seen = read(&app, &hulst, &id).await.json();
    assert_eq!(seen["participants"][0]["organisation"]["id"], json!(there));
    let path = format!("/v1/experiments/{id}/progress");
    let progress = app.get(path).by(&hulst).await.expect(200).json();
    let series = progress["indicators"][0]["series"]
        .as_array()
        .unwrap()
        .clone();
    let own = series
        .iter()
        .find(|one| one["of"] == "participant")
        .unwrap();
    assert_eq!(
        (&own["participant"]["id"], &own["figures"]["n"]),
        (&json!(there), &json!(1))
    );
    let events = app
        .all_pages(&hulst, &format!("/v1/experiments/{id}/events"), 50)
        .await;
    let last = events.last().unwrap();
    assert_eq!(last["kind"], "succession");
    assert!(
        last["text"]
            .as_str()
            .unwrap()
            .contains("gemeente Hulst de opvolger is"),
        "{last}"
    );
    let finding = doctor::experiments(&app.context);
    assert_eq!(finding.verdict, doctor::Verdict::Ok, "{finding:?}");
}
