//! Experiments: from a proposal to a published amendment, and what stands in the way of each step.

use chrono::TimeDelta;
use meldpunt::services::experiment_alerts;
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

/// A report of a municipality on its way, by the WPO at OCW.
pub(super) async fn report(app: &TestApp, by: &Actor, municipality: &str) -> String {
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

pub(super) async fn propose(app: &TestApp, by: &Actor, report: &str) -> Reply {
    app.post("/v1/experiments")
        .by(by)
        .json(json!({"title": "Kleine school", "idea": "Vier jaar zonder de norm.", "report": report}))
        .await
}

pub(super) async fn read(app: &TestApp, by: &Actor, id: &str) -> Reply {
    app.get(format!("/v1/experiments/{id}"))
        .by(by)
        .await
        .expect(200)
}

/// Does something with an experiment as it is now.
pub(super) async fn act(app: &TestApp, by: &Actor, id: &str, body: Value) -> Reply {
    let seen = read(app, by, id).await;
    app.post(format!("/v1/experiments/{id}/transitions"))
        .by(by)
        .if_match(&seen)
        .json(body)
        .await
}

pub(super) async fn change(app: &TestApp, by: &Actor, id: &str, body: Value) -> Reply {
    let seen = read(app, by, id).await;
    app.patch(format!("/v1/experiments/{id}"))
        .by(by)
        .if_match(&seen)
        .json(body)
        .await
}

/// What an experiment lacks for an action, by pointer and code.
pub(super) fn missing(seen: &Reply, action: &str) -> Vec<(String, String)> {
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
pub(super) fn plan() -> Value {
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
pub(super) async fn running(app: &TestApp, sluis: &Actor, lead: &Actor) -> String {
    running_by(app, sluis, lead, plan()).await
}

pub(super) async fn running_by(app: &TestApp, sluis: &Actor, lead: &Actor, plan: Value) -> String {
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

pub(super) fn indicator(seen: &Reply) -> String {
    seen.json()["plan"]["indicators"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Who got mail since, and the texts, in the order of addresses.
pub(super) async fn mail(app: &TestApp) -> Vec<(String, String)> {
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
pub(super) async fn told(app: &TestApp, whom: &[&Actor], says: &str) {
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
