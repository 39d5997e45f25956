//! Every guard of an experiment, met by somebody: the refusal says in words what is missing or wrong, in Dutch and in English.
//! The last check holds the test against the rules: a guard that nobody met here fails it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use meldpunt::http::messages;
use regex::Regex;
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

const RULES: &str = include_str!("../../src/domain/experiment/workflow.rs");

/// An experiment, and what its guards said so far.
struct Walk<'a> {
    app: &'a TestApp,
    path: String,
    /// By code: what was said in Dutch.
    said: BTreeMap<String, String>,
}

impl Walk<'_> {
    async fn read(&self, by: &Actor, language: &str) -> Reply {
        let call = self.app.get(&self.path).by(by).language(language);
        call.await.expect(200)
    }

    async fn act(&self, by: &Actor, body: Value) -> Reply {
        let seen = self.read(by, "nl").await;
        let call = self.app.post(format!("{}/transitions", self.path)).by(by);
        call.if_match(&seen).json(body).await
    }

    async fn plan(&self, by: &Actor, plan: Value) -> Reply {
        let seen = self.read(by, "nl").await;
        let body = json!({"plan": plan, "reason": "Bijgesteld."});
        let call = self.app.patch(&self.path).by(by);
        call.if_match(&seen).json(body).await
    }

    /// That an action lacks exactly this, as the reader sees beforehand and as the refusal says, in both languages.
    async fn lacks(&mut self, by: &Actor, body: Value, codes: &[&str]) {
        let refused = self.act(by, body.clone()).await;
        let refused = refused.expect_problem(409, "not_ready");
        self.note(refused.json()["errors"].as_array().unwrap(), codes, "nl");
        for language in ["nl", "en"] {
            let steps = self.read(by, language).await.json()["nextSteps"].clone();
            let mut steps = steps.as_array().unwrap().iter();
            let step = steps.find(|step| step["action"] == body["action"]).unwrap();
            assert_eq!(step["ready"], false);
            self.note(step["missing"].as_array().unwrap(), codes, language);
        }
    }

    /// That a request is refused for exactly these faults.
    fn refused(&mut self, reply: Reply, codes: &[&str]) {
        let reply = reply.expect_problem(400, "invalid_input");
        self.note(reply.json()["errors"].as_array().unwrap(), codes, "nl");
    }

    fn note(&mut self, faults: &[Value], codes: &[&str], language: &str) {
        let mut found: Vec<&str> = faults
            .iter()
            .map(|fault| fault["code"].as_str().unwrap())
            .collect();
        found.sort_unstable();
        let mut expected = codes.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{faults:?}");
        for fault in faults {
            let code = fault["code"].as_str().unwrap();
            let text = fault["detail"].as_str().unwrap();
            let words = messages::FIELDS.iter().find(|words| words.0 == code);
            let (_, nl, en) = words.unwrap();
            let template = if language == "nl" { nl } else { en };
            let start = template.split('{').next().unwrap();
            assert!(text.starts_with(start) && !text.contains('{'), "{text}");
            if language == "nl" {
                self.said.insert(code.to_owned(), text.to_owned());
            }
        }
    }
}

async fn propose(app: &TestApp, by: &Actor, regulations: Value) -> String {
    let report = app
        .post("/v1/reports")
        .by(by)
        .json(json!({
            "title": "Opheffingsnorm", "description": "De norm knelt.", "effect": "De school sluit.",
            "municipalities": ["GM1714"], "regulations": regulations
        }))
        .await
        .expect(201)
        .id();
    let proposal = json!({"title": "Kleine school", "idea": "Zonder de norm.", "report": report});
    let made = app.post("/v1/experiments").by(by).json(proposal).await;
    format!("/v1/experiments/{}", made.expect(201).id())
}

fn basis(instrument: &str, publication: Option<&str>, extension: u32) -> Value {
    json!({
        "clause": {"citation": "BWBR0003420", "article": "186"}, "instrument": instrument, "publication": publication,
        "maximumMonths": 24, "extensionMonths": extension
    })
}

fn indicator(name: &str, baseline: bool) -> Value {
    let baselines = if baseline {
        json!([{"value": 40, "measuredOn": "2026-10-01"}])
    } else {
        json!([])
    };
    json!({
        "name": name, "definition": "Ingeschreven.", "unit": "leerlingen", "direction": "higher", "frequency": "once",
        "primary": true, "baselines": baselines
    })
}

#[actix_web::test]
async fn every_guard_says_in_words_what_stands_in_the_way() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (sluis, hulst) = (app.reporter("GM1714").await, app.reporter("GM0677").await);
    let lead = app.liaison("OCW").await;
    let (ocw, home, there) = (
        app.organisation("OCW").await,
        app.organisation("GM1714").await,
        app.organisation("GM0677").await,
    );
    let mut walk = Walk {
        app: &app,
        path: propose(&app, &sluis, json!([])).await,
        said: BTreeMap::new(),
    };

    // A proposal of which nothing is known yet.
    let hand_in = json!({"action": "submit_for_check", "authority": ocw});
    let lacks = ["experiment_needs_purpose", "experiment_needs_deviations"];
    walk.lacks(&sluis, hand_in.clone(), &lacks).await;
    let reply = walk
        .act(
            &sluis,
            json!({"action": "submit_for_check", "date": "2026-12-01"}),
        )
        .await;
    walk.refused(reply, &["required", "not_for_this_action"]);
    let begun = json!({"purpose": "Nagaan of het kan.", "deviations": [{"citation": "BWBR0003420", "article": "153"}]});
    walk.plan(&sluis, begun).await.expect(200);
    walk.act(&sluis, hand_in).await.expect(200);

    // The legal check.
    let register = json!({"action": "register"});
    let lacks = [
        "experiment_needs_legal_basis",
        "experiment_needs_scope",
        "experiment_needs_hypothesis",
    ];
    walk.lacks(&lead, register.clone(), &lacks).await;
    let low = json!({"legalBasis": basis("ministerial_regulation", None, 0), "scope": "Kernen.", "hypothesis": "Gelijk."});
    walk.plan(&lead, low).await.expect(200);
    walk.lacks(&lead, register.clone(), &["instrument_too_low"])
        .await;
    let reply = walk
        .plan(
            &lead,
            json!({"startsOn": "2027-01-01", "endsOn": "2029-01-01"}),
        )
        .await;
    walk.refused(reply, &["beyond_maximum"]);
    let reply = walk
        .plan(
            &lead,
            json!({"startsOn": "2027-01-01", "endsOn": "2027-01-01"}),
        )
        .await;
    walk.refused(reply, &["end_before_start"]);
    let two = json!({"indicators": [indicator("Een", false), indicator("Twee", false)]});
    let reply = walk.plan(&lead, two).await;
    walk.refused(reply, &["several_primary"]);
    let high = json!({"legalBasis": basis("order_in_council", None, 0)});
    walk.plan(&lead, high).await.expect(200);
    walk.act(&lead, register).await.expect(200);

    // The start takes all that a register of trials asks beforehand.
    let start = json!({"action": "start"});
    let lacks = [
        "experiment_needs_published_basis",
        "experiment_needs_start",
        "experiment_needs_end",
        "experiment_needs_baseline",
        "experiment_needs_evaluation_plan",
        "experiment_needs_evaluator",
        "experiment_needs_stop_criteria",
        "experiment_needs_participant",
    ];
    walk.lacks(&lead, start.clone(), &lacks).await;
    let whole = json!({
        "legalBasis": basis("order_in_council", Some("stb-2026-123"), 0), "startsOn": "2027-01-01", "endsOn": "2027-12-31",
        "indicators": [indicator("Leerlingen", true)], "evaluator": "Bureau", "evaluationPlan": "Voor en na.",
        "stopCriteria": "Onvoldoende.", "milestones": [{"title": "Halverwege", "owner": "Directie", "dueOn": "2027-06-01"}]
    });
    walk.plan(&lead, whole).await.expect(200);
    let admit = |who, day: &str| json!({"action": "admit", "organisation": who, "date": day});
    let reply = walk.act(&lead, admit(home, "2026-12-01")).await;
    walk.refused(reply, &["outside_experiment"]);
    walk.act(&lead, admit(home, "2027-01-01")).await.expect(200);
    let reply = walk.act(&lead, admit(home, "2027-01-01")).await;
    walk.refused(reply, &["participant_already"]);
    walk.lacks(&lead, start.clone(), &["experiment_starts_later"])
        .await;
    walk.plan(
        &lead,
        json!({"startsOn": "2025-01-01", "endsOn": "2025-12-31"}),
    )
    .await
    .expect(200);
    walk.lacks(&lead, start.clone(), &["experiment_over"]).await;
    walk.plan(
        &lead,
        json!({"startsOn": "2026-11-25", "endsOn": "2027-11-24"}),
    )
    .await
    .expect(200);
    walk.act(&lead, start).await.expect(200);

    // While it runs.
    let evaluate = json!({"action": "begin_evaluation"});
    walk.lacks(&lead, evaluate.clone(), &["experiment_not_halfway"])
        .await;
    let extend = |day: &str| json!({"action": "extend", "date": day, "reason": "Nog een telling."});
    walk.lacks(&lead, extend("2028-01-01"), &["experiment_not_extendable"])
        .await;
    let reply = walk.plan(&lead, json!({"endsOn": "2028-06-01"})).await;
    walk.refused(reply, &["extend_instead"]);
    let reply = walk
        .plan(&lead, json!({"startsOn": "2026-12-01", "legalBasis": null}))
        .await;
    walk.refused(reply, &["experiment_has_started", "experiment_has_started"]);
    walk.plan(
        &lead,
        json!({"legalBasis": basis("order_in_council", Some("stb-2026-123"), 3)}),
    )
    .await
    .expect(200);
    let reply = walk.act(&lead, extend("2027-11-24")).await;
    walk.refused(reply, &["not_later"]);
    let reply = walk.act(&lead, extend("2029-11-24")).await;
    walk.refused(reply, &["beyond_maximum"]);
    let milestone =
        json!({"action": "complete_milestone", "milestone": home, "date": "2026-11-25"});
    let reply = walk.act(&lead, milestone).await;
    walk.refused(reply, &["unknown_milestone"]);
    let known = walk.read(&lead, "nl").await.json()["plan"]["milestones"][0]["id"].clone();
    let milestone =
        json!({"action": "complete_milestone", "milestone": known, "date": "2026-12-25"});
    let reply = walk.act(&lead, milestone).await;
    walk.refused(reply, &["date_in_future"]);
    let release = json!({"action": "release", "organisation": there, "date": "2027-01-01", "reason": "Gestopt."});
    let reply = walk.act(&lead, release).await;
    walk.refused(reply, &["no_participant"]);
    // Who has no part in it has no such action at all.
    let leave = json!({"action": "ask_to_leave", "reason": "Gestopt."});
    walk.act(&hulst, leave)
        .await
        .expect_problem(409, "illegal_transition");

    app.clock.forward(TimeDelta::days(400));
    walk.lacks(&lead, extend("2028-02-01"), &["experiment_over"])
        .await;
    walk.act(&lead, evaluate.clone()).await.expect(200);
    let decide = |kind: &str| {
        json!({
            "action": "decide", "decision": kind, "reason": "Gelijk.", "decider": "Minister", "date": "2027-12-30"
        })
    };
    walk.lacks(&lead, decide("stop"), &["experiment_needs_evaluation"])
        .await;
    let deliver = json!({"action": "deliver_evaluation", "findings": "Gelijk."});
    walk.act(&lead, deliver.clone()).await.expect(200);
    let mut early = decide("stop");
    early["date"] = json!("2028-12-30");
    let reply = walk.act(&lead, early).await;
    walk.refused(reply, &["date_in_future"]);
    walk.act(&lead, decide("change_law")).await.expect(200);
    walk.lacks(
        &lead,
        json!({"action": "close"}),
        &["experiment_needs_publication"],
    )
    .await;
    let news = json!({"action": "update_legislation", "stage": "parliament", "publication": "stb-2027-12"});
    let reply = walk.act(&lead, news).await;
    walk.refused(reply, &["stage_needs_published"]);

    // Another one, of which the rule stays.
    walk.path = propose(
        &app,
        &sluis,
        json!([{"citation": "BWBR0003420", "article": "153"}]),
    )
    .await;
    let whole = json!({
        "purpose": "Nagaan of het kan.", "scope": "Kernen.", "hypothesis": "Gelijk.",
        "legalBasis": basis("order_in_council", Some("stb-2026-123"), 0), "startsOn": "2027-12-30", "endsOn": "2028-12-29",
        "indicators": [indicator("Leerlingen", true)], "evaluator": "Bureau", "evaluationPlan": "Voor en na.",
        "stopCriteria": "Onvoldoende."
    });
    walk.plan(&sluis, whole).await.expect(200);
    let hand_in = json!({"action": "submit_for_check", "authority": ocw});
    walk.act(&sluis, hand_in).await.expect(200);
    walk.act(&lead, json!({"action": "register"}))
        .await
        .expect(200);
    walk.act(&lead, admit(home, "2027-12-30")).await.expect(200);
    walk.act(&lead, json!({"action": "start"}))
        .await
        .expect(200);
    app.clock.forward(TimeDelta::days(200));
    walk.act(&lead, evaluate).await.expect(200);
    walk.act(&lead, deliver).await.expect(200);
    walk.act(&lead, decide("change_practice")).await.expect(200);
    let news = json!({"action": "update_legislation", "stage": "preparation"});
    walk.lacks(&lead, news, &["experiment_changes_no_law"])
        .await;
    walk.act(&lead, json!({"action": "close"}))
        .await
        .expect(200);

    // Whatever the rules refuse with was met above.
    let codes = Regex::new(r#""([a-z]+(?:_[a-z]+)+|required)""#).unwrap();
    let unmet: Vec<&str> = codes
        .captures_iter(RULES)
        .map(|found| found.get(1).unwrap().as_str())
        .filter(|code| messages::FIELDS.iter().any(|words| words.0 == *code))
        .filter(|code| !walk.said.contains_key(*code))
        .collect();
    assert!(unmet.is_empty(), "guards that nobody met: {unmet:?}");
}
