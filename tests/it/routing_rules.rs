//! Routing rules as a coordinator works with them: written, checked, tried, put in force, judged by what people correct.

use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

const RULES: &str = "/v1/routing/rules";
const WPO: &str = "BWBR0003420";

fn rule(condition: &Value, lead: Option<&str>, more: Value) -> Value {
    let mut rule = json!({
        "condition": condition, "lead": lead, "mode": "auto",
        "explanation": {"nl": "omdat het zo is", "en": "because it is so"}, "reason": "Afgesproken."
    });
    for (name, value) in more.as_object().unwrap() {
        rule[name] = value.clone();
    }
    rule
}

fn about(articles: &[&str]) -> Value {
    json!({"regulation": {"id": WPO, "articles": articles}})
}

async fn report(app: &TestApp, by: &Actor, article: &str) -> Reply {
    app.post("/v1/reports")
        .by(by)
        .json(json!({
            "title": "Opheffingsnorm", "description": "De norm knelt.", "effect": "De school sluit.", "municipalities": ["GM1714"],
            "regulations": [{"citation": WPO, "article": article}]
        }))
        .await
        .expect(201)
}

async fn add(app: &TestApp, by: &Actor, body: Value) -> Reply {
    app.post(RULES).by(by).json(body).await.expect(201)
}

async fn activate(app: &TestApp, by: &Actor, rules: &[(i64, i64)]) -> Reply {
    let rules: Vec<Value> = rules
        .iter()
        .map(|(number, version)| json!({"number": number, "version": version}))
        .collect();
    app.post("/v1/routing/activations")
        .by(by)
        .json(json!({"rules": rules}))
        .await
}

async fn lead_of(app: &TestApp, by: &Actor, article: &str) -> Value {
    report(app, by, article).await.json()["leadAuthority"]["abbreviation"].clone()
}

#[actix_web::test]
async fn a_rule_is_proposed_tried_put_in_force_changed_and_retired() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (coordinator, reporter) = (app.coordinator().await, app.reporter("GM1714").await);
    let (szw, bzk) = (
        app.organisation("SZW").await.to_string(),
        app.organisation("BZK").await.to_string(),
    );
    let more = json!({"watchers": [bzk], "priority": "high", "order": 5});
    let added = add(
        &app,
        &coordinator,
        rule(&about(&["153-157"]), Some(&szw), more),
    )
    .await;
    let number = added.json()["number"].as_i64().unwrap();
    assert_eq!(added.text("state"), "proposed");
    assert_eq!(added.json()["activeVersion"], Value::Null);
    assert_eq!(
        added.header("location").unwrap(),
        format!("{RULES}/{number}")
    );
    // A proposal decides nothing yet.
    assert_eq!(lead_of(&app, &reporter, "154").await, "OCW");

    let in_force = activate(&app, &coordinator, &[(number, 1)])
        .await
        .expect(200);
    assert_eq!(in_force.items()[0]["state"], "active");
    let routed = report(&app, &reporter, "154").await.json();
    assert_eq!(routed["leadAuthority"]["abbreviation"], "SZW");
    assert_eq!(routed["priority"], "high");
    assert_eq!(
        routed["routing"]["rule"],
        json!({"number": number, "version": 1})
    );
    let explanation = routed["routing"]["explanation"].as_str().unwrap();
    assert!(explanation.contains("WPO artikel 154"), "{explanation}");
    let considered = routed["routing"]["considered"][0]["because"]
        .as_str()
        .unwrap();
    assert!(considered.contains("is minder precies"), "{considered}");
    assert_eq!(lead_of(&app, &reporter, "158").await, "OCW");
    // Who follows by the rule sees how it goes, and high priority can be asked for.
    let desk = app.desk().await;
    let pressing = app.get("/v1/reports?highPriority=true").by(&desk).await;
    assert_eq!(pressing.expect(200).items().len(), 1);

    // A change is a new version; the one in force stays until it is activated.
    let path = format!("{RULES}/{number}");
    let seen = app.get(&path).by(&coordinator).await.expect(200);
    let narrower = rule(&about(&["153"]), Some(&szw), json!({"order": 5}));
    let changed = app
        .call(reqwest::Method::PUT, &path)
        .by(&coordinator)
        .if_match(&seen)
        .json(&narrower)
        .await
        .expect(200);
    let view = changed.json();
    assert_eq!(
        (&view["version"], &view["state"], &view["activeVersion"]),
        (&json!(2), &json!("proposed"), &json!(1))
    );
    app.call(reqwest::Method::PUT, &path)
        .by(&coordinator)
        .if_match(&seen)
        .json(&narrower)
        .await
        .expect(412);
    assert_eq!(lead_of(&app, &reporter, "155").await, "SZW");
    activate(&app, &coordinator, &[(number, 2)])
        .await
        .expect(200);
    assert_eq!(lead_of(&app, &reporter, "155").await, "OCW");
    assert_eq!(lead_of(&app, &reporter, "153").await, "SZW");
    activate(&app, &coordinator, &[(number, 2)])
        .await
        .expect_faults(&[("/rules/0", "not_proposed")]);

    let seen = app.get(&path).by(&coordinator).await.expect(200);
    let retired = app
        .post(format!("{path}/retirement"))
        .by(&coordinator)
        .if_match(&seen)
        .json(json!({"reason": "Vervallen."}))
        .await
        .expect(200);
    assert_eq!(retired.text("state"), "retired");
    assert_eq!(lead_of(&app, &reporter, "153").await, "OCW");
    let versions = app
        .get(format!("{path}/versions"))
        .by(&coordinator)
        .await
        .expect(200)
        .items();
    let told: Vec<(i64, &str)> = versions
        .iter()
        .map(|one| {
            (
                one["version"].as_i64().unwrap(),
                one["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [(3, "retired"), (2, "replaced"), (1, "replaced")]);
    app.post(format!("{path}/retirement"))
        .by(&coordinator)
        .if_match(&retired)
        .json(json!({"reason": "Nog eens."}))
        .await
        .expect_problem(409, "rule_retired");
}

#[actix_web::test]
async fn what_is_wrong_with_a_rule_is_told_at_its_field() {
    let app = TestApp::start().await;
    let coordinator = app.coordinator().await;
    let (ocw, szw) = (
        app.organisation("OCW").await.to_string(),
        app.organisation("SZW").await.to_string(),
    );
    let none = json!({});
    let unknown = uuid::Uuid::now_v7().to_string();
    let domain = json!({"domain": "onderwijs-po"});
    for (body, faults) in [
        (
            rule(&json!({"all": []}), Some(&szw), json!({"mode": "suggest"})),
            vec![("/condition/all", "too_few")],
        ),
        (
            rule(&about(&["157-153"]), Some(&szw), none.clone()),
            vec![("/condition/regulation/articles/0", "bad_article_range")],
        ),
        (
            rule(
                &json!({"any": [{"regulation": {"id": "BWBR0999999"}}, about(&["2"])]}),
                Some(&szw),
                none.clone(),
            ),
            vec![("/condition/any/0/regulation/id", "unknown_regulation")],
        ),
        (
            rule(
                &json!({"all": [about(&[]), {"domain": "onzin"}, {"province": "PV99"}]}),
                Some(&szw),
                json!({"mode": "suggest"}),
            ),
            vec![
                ("/condition/all/1/domain", "unknown_domain"),
                ("/condition/all/2/province", "unknown_province"),
            ],
        ),
        (
            rule(&about(&["9"]), Some(&unknown), none.clone()),
            vec![("/lead", "unknown_organisation")],
        ),
        (
            rule(&about(&["9"]), None, none.clone()),
            vec![("/lead", "rule_does_nothing")],
        ),
        (
            rule(&domain, Some(&szw), none.clone()),
            vec![("/mode", "auto_needs_regulation")],
        ),
        (
            rule(
                &json!({"all": [about(&["9"]), {"words": {"phrase": "school"}}]}),
                Some(&szw),
                none.clone(),
            ),
            vec![("/mode", "auto_cannot_guess")],
        ),
        (
            rule(
                &json!({"regulation": {"id": "32016R0679"}}),
                Some(&szw),
                none.clone(),
            ),
            vec![("/condition/regulation/id", "auto_needs_national")],
        ),
        (
            rule(
                &json!({"all": [about(&["9"]), {"not": about(&[])}]}),
                Some(&szw),
                none.clone(),
            ),
            vec![("/condition", "never_holds")],
        ),
        (
            rule(
                &about(&["9"]),
                Some(&szw),
                json!({"validFrom": "2027-01-01", "validUntil": "2026-12-01"}),
            ),
            vec![("/validUntil", "dates_reversed")],
        ),
        (
            rule(
                &about(&["9"]),
                Some(&szw),
                json!({"deadlineProfile": "onbekend"}),
            ),
            vec![("/deadlineProfile", "unknown_profile")],
        ),
        (
            rule(
                &about(&["9"]),
                Some(&szw),
                json!({"contributors": [ocw, ocw]}),
            ),
            vec![("/contributors/1", "not_unique")],
        ),
        // The rule of the facts about this act goes first; one with its order always ties with it.
        (
            rule(&about(&[]), Some(&szw), json!({"order": 500})),
            vec![("/condition", "never_reached")],
        ),
        (
            rule(&about(&[]), Some(&szw), json!({"order": 34})),
            vec![("/condition", "always_tied")],
        ),
        // More than one property is no condition.
        (
            rule(
                &json!({"domain": "natuur", "level": "eu"}),
                Some(&szw),
                none.clone(),
            ),
            vec![("/condition", "too_many")],
        ),
    ] {
        let reply = app.post(RULES).by(&coordinator).json(&body).await;
        let told = reply.faults();
        let expected: Vec<(String, String)> = faults
            .iter()
            .map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned()))
            .collect();
        assert_eq!(told, expected, "{body}");
    }
    assert_eq!(
        app.get("/v1/routing/rules?state=proposed")
            .by(&coordinator)
            .await
            .expect(200)
            .items()
            .len(),
        0,
        "nothing faulty was kept"
    );
}

#[actix_web::test]
async fn proposed_rules_are_tried_on_all_past_reports() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (coordinator, reporter) = (app.coordinator().await, app.reporter("GM1714").await);
    let (ocw, szw) = (
        app.organisation("OCW").await.to_string(),
        app.organisation("SZW").await.to_string(),
    );
    let mut moved = Vec::new();
    for article in ["153", "153", "4"] {
        moved.push(report(&app, &reporter, article).await);
    }
    // Somebody had already brought one of them there.
    let path = format!("/v1/reports/{}", moved[0].id());
    let seen = app.get(&path).by(&coordinator).await.expect(200);
    app.post(format!("{path}/transitions"))
        .by(&coordinator)
        .if_match(&seen)
        .json(json!({"action": "reroute", "lead": szw, "reason": "Hoort daar."}))
        .await
        .expect(200);
    let added = add(
        &app,
        &coordinator,
        rule(&about(&["153"]), Some(&szw), json!({"order": 5})),
    )
    .await;
    let number = added.json()["number"].as_i64().unwrap();

    let told = app
        .post("/v1/routing/simulations")
        .by(&coordinator)
        .json(json!({}))
        .await
        .expect(200);
    assert_eq!(told.header("content-type"), Some("application/jsonl"));
    let lines: Vec<Value> = String::from_utf8(told.body.to_vec())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let moves: Vec<&Value> = lines.iter().filter_map(|line| line.get("move")).collect();
    assert_eq!(moves.len(), 2);
    let corrected: Vec<bool> = moves
        .iter()
        .map(|one| one["asCorrected"].as_bool().unwrap())
        .collect();
    assert_eq!(corrected.iter().filter(|one| **one).count(), 1);
    let (from, to) = (&moves[0]["from"]["id"], &moves[0]["to"]["id"]);
    assert_eq!((from, to), (&json!(ocw), &json!(szw)));
    let summary = &lines.last().unwrap()["summary"];
    assert_eq!(
        (
            &summary["looked"],
            &summary["moved"],
            &summary["asCorrected"]
        ),
        (&json!(3), &json!(2), &json!(1))
    );
    assert_eq!(summary["ways"][0]["reports"], 2);
    assert_eq!(summary["rules"], json!([{"number": number, "version": 1}]));
    // Nothing was stored, and the same versions can be put in force.
    assert_eq!(lead_of(&app, &reporter, "153").await, "OCW");
    let rules = summary["rules"].clone();
    app.post("/v1/routing/activations")
        .by(&coordinator)
        .json(json!({"rules": rules}))
        .await
        .expect(200);
    assert_eq!(lead_of(&app, &reporter, "153").await, "SZW");
    app.post("/v1/routing/simulations")
        .by(&coordinator)
        .json(json!({"rules": rules}))
        .await
        .expect_faults(&[("/rules/0", "not_proposed")]);
}

#[actix_web::test]
async fn what_people_correct_is_counted_and_becomes_a_proposal() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (coordinator, reporter) = (app.coordinator().await, app.reporter("GM1714").await);
    let lead = app.liaison("OCW").await;
    let szw = app.organisation("SZW").await.to_string();
    let act = async |by: &Actor, path: &str, body: Value| {
        let seen = app.get(path).by(by).await.expect(200);
        let to = format!("{path}/transitions");
        app.post(to)
            .by(by)
            .if_match(&seen)
            .json(body)
            .await
            .expect(200)
    };
    for _ in 0..3 {
        let path = format!("/v1/reports/{}", report(&app, &reporter, "9").await.id());
        act(
            &lead,
            &path,
            json!({"action": "return", "reason": "Niet van ons."}),
        )
        .await;
        act(
            &coordinator,
            &path,
            json!({"action": "route", "lead": szw, "explanation": "Hoort daar."}),
        )
        .await;
    }
    let proposals = app
        .get("/v1/routing/proposals?state=open")
        .by(&coordinator)
        .await
        .expect(200)
        .items();
    assert_eq!(proposals.len(), 1);
    let proposal = &proposals[0];
    assert_eq!(
        (
            &proposal["article"],
            &proposal["lead"]["abbreviation"],
            &proposal["times"],
            &proposal["ofAll"]
        ),
        (&json!("9"), &json!("SZW"), &json!(3), &json!(3))
    );
    // The rule that was overruled is flagged.
    let of_act = app
        .get("/v1/routing/rules?regulation=BWBR0003420")
        .by(&coordinator)
        .await
        .expect(200)
        .items();
    let whole = &of_act[0];
    assert_eq!(
        whole["record"],
        json!({"routed": 3, "corrected": 3, "oftenOverruled": true})
    );
    assert_eq!(whole["warnings"], json!(["often_overruled"]));

    // Nothing changes by itself; accepted, it is a proposed rule, and then in force.
    assert_eq!(lead_of(&app, &reporter, "9").await, "OCW");
    let id = proposal["id"].as_str().unwrap();
    let made = app
        .post(format!("/v1/routing/proposals/{id}/acceptance"))
        .by(&coordinator)
        .await
        .expect(201);
    assert_eq!(made.text("state"), "proposed");
    assert_eq!(made.json()["condition"], about(&["9"]));
    let number = made.json()["number"].as_i64().unwrap();
    activate(&app, &coordinator, &[(number, 1)])
        .await
        .expect(200);
    assert_eq!(lead_of(&app, &reporter, "9").await, "SZW");
    app.post(format!("/v1/routing/proposals/{id}/dismissal"))
        .by(&coordinator)
        .json(json!({"reason": "Toch niet."}))
        .await
        .expect_problem(409, "proposal_decided");
    let accepted = app
        .get("/v1/routing/proposals?state=accepted")
        .by(&coordinator)
        .await
        .expect(200)
        .items();
    assert_eq!(accepted[0]["rule"], number);
}

#[actix_web::test]
async fn words_suggest_where_no_rule_is_certain_and_name_themselves() {
    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    let preview = async |body: Value| {
        let reply = app
            .post("/v1/routing/previews")
            .by(&reporter)
            .json(body)
            .await;
        reply.expect(200).json()
    };
    let told = preview(json!({
        "title": "Vrijwilligers mogen de buurtbus niet rijden",
        "description": "De chauffeur van de buurtbus moet een taxivergunning hebben, ook als de rit niets kost."
    }))
    .await;
    assert_eq!(told["decision"], "suggested");
    assert_eq!(told["suggestions"][0]["authority"]["abbreviation"], "IenW");
    let because = told["suggestions"][0]["because"].as_str().unwrap();
    assert!(
        because.contains("buurtbus") && because.contains("chauffeur"),
        "{because}"
    );
    // It is silent where the words say nothing.
    let told =
        preview(json!({"title": "Een regel knelt", "description": "Wij willen het anders."})).await;
    assert_eq!(
        (&told["decision"], &told["suggestions"]),
        (&json!("none"), &json!([]))
    );
}

/// Measured on reports that no rule and no word was made for: see the fixtures.
#[test]
fn routing_is_measured_on_reports_whose_authority_is_known() {
    // The second was written when the rules and the words stood.
    for file in ["routing-reports.json", "routing-reports-unseen.json"] {
        held_to_bars(&format!(
            "{}/tests/fixtures/{file}",
            env!("CARGO_MANIFEST_DIR")
        ));
    }
}

fn held_to_bars(file: &str) {
    let folder = tempfile::tempdir().unwrap();
    let measured = |more: &[&str]| -> Value {
        let mut arguments = vec!["routing", "evaluate", "--json", file];
        arguments.extend(more);
        let output = crate::harness::process::meldpunt(folder.path(), &arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let count = |figures: &Value, name: &str| figures[name].as_u64().unwrap();
    let cited = measured(&[]);
    let all = count(&cited, "reports");
    let at_least = |percent: u64, figures: &Value, name: &str| {
        assert!(
            count(figures, name) * 100 >= all * percent,
            "{file} {name}: {figures}"
        );
    };
    assert!(all >= 60);
    assert_eq!(count(&cited, "autoWrong"), 0, "{file}");
    at_least(95, &cited, "leadRight");
    at_least(98, &cited, "leadInTop3");
    assert_eq!(
        count(&cited, "autoRight") + count(&cited, "autoWrong") + count(&cited, "abstained"),
        all
    );
    assert_eq!(cited["cases"].as_array().unwrap().len() as u64, all);
    let uncited = measured(&["--without-citations"]);
    assert_eq!(
        count(&uncited, "autoRight"),
        0,
        "nothing is routed without a citation"
    );
    at_least(95, &uncited, "leadInTop3");
    let words = measured(&["--without-citations", "--without-domains"]);
    at_least(75, &words, "leadRight");
    at_least(90, &words, "leadInTop3");
}

#[actix_web::test]
async fn a_ministry_is_succeeded_on_what_is_open_and_its_rules_go_on() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (coordinator, reporter, admin) = (
        app.coordinator().await,
        app.reporter("GM1714").await,
        app.admin().await,
    );
    let ocw = app.organisation("OCW").await.to_string();
    let open = report(&app, &reporter, "153").await;
    let closed = report(&app, &reporter, "4").await;
    let path = format!("/v1/reports/{}", closed.id());
    let withdrawn = app
        .post(format!("{path}/transitions"))
        .by(&reporter)
        .if_match(&closed)
        .json(json!({"action": "withdraw", "reason": "Niet meer nodig."}));
    withdrawn.await.expect(200);
    let new = app
        .post("/v1/organisations")
        .by(&admin)
        .json(json!({"kind": "ministry", "name": "Ministerie van Onderwijs", "abbreviation": "ONW", "ownsRules": true}))
        .await
        .expect(201)
        .id();
    let body = json!({"successor": new, "reason": "De ministeries zijn heringedeeld."});
    let previewed = app
        .post(format!("/v1/organisations/{ocw}/succession-previews"))
        .by(&coordinator)
        .json(json!({"successor": new}))
        .await
        .expect(200)
        .json();
    assert_eq!(previewed["reports"], 1);
    assert!(previewed["rules"].as_array().unwrap().contains(&json!(34)));
    assert!(
        previewed["domains"]
            .as_array()
            .unwrap()
            .contains(&json!("onderwijs-po"))
    );
    assert_eq!(
        lead_of(&app, &reporter, "9").await,
        "OCW",
        "nothing has moved"
    );

    let path = format!("/v1/organisations/{ocw}/successions");
    let moved = app
        .post(&path)
        .by(&coordinator)
        .json(&body)
        .await
        .expect(200)
        .json();
    assert_eq!(moved["reports"], 2);
    assert_eq!(moved["rules"], previewed["rules"]);
    assert_eq!(lead_of(&app, &reporter, "9").await, "ONW");
    let lead = async |id: &str| {
        let one = app
            .get(format!("/v1/reports/{id}"))
            .by(&coordinator)
            .await
            .expect(200)
            .json();
        one["leadAuthority"]["abbreviation"].clone()
    };
    assert_eq!(lead(&open.id()).await, "ONW");
    assert_eq!(
        lead(&closed.id()).await,
        "OCW",
        "what is closed keeps the name of its time"
    );
    let events = app
        .get(format!("/v1/reports/{}/events", open.id()))
        .by(&reporter)
        .language("en")
        .await
        .expect(200)
        .items();
    let last = events.last().unwrap();
    assert_eq!(last["kind"], "succession");
    assert!(
        last["text"]
            .as_str()
            .unwrap()
            .contains("handed the report over to the successor"),
        "{last}"
    );
    let mail = app.deliver_mail().await;
    assert!(
        mail.iter().any(|one| one.subject.contains("opgevolgd")),
        "{}",
        mail.len()
    );
    let rule = app
        .get("/v1/routing/rules/34")
        .by(&coordinator)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (
            &rule["version"],
            &rule["state"],
            &rule["lead"]["abbreviation"]
        ),
        (&json!(2), &json!("active"), &json!("ONW"))
    );

    // Asked again, nothing moves twice.
    let again = app
        .post(&path)
        .by(&coordinator)
        .json(&body)
        .await
        .expect(200)
        .json();
    assert_eq!(
        again,
        json!({"rules": [], "domains": [], "regulations": [], "reports": 0, "experiments": [], "measures": 0})
    );
    app.post(&path)
        .by(&coordinator)
        .json(json!({"successor": ocw, "reason": "Zichzelf."}))
        .await
        .expect_faults(&[("/successor", "circular_succession")]);
}

#[actix_web::test]
async fn a_rule_whose_authority_lapses_is_told_of_and_routes_to_the_desk() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (coordinator, reporter, admin) = (
        app.coordinator().await,
        app.reporter("GM1714").await,
        app.admin().await,
    );
    let path = format!("/v1/organisations/{}", app.organisation("OCW").await);
    let seen = app.get(&path).by(&admin).await.expect(200);
    let today = app.now().date_naive();
    app.patch(&path)
        .by(&admin)
        .if_match(&seen)
        .json(json!({"validUntil": today}))
        .await
        .expect(200);
    let left = report(&app, &reporter, "153").await.json();
    assert_eq!(
        (&left["status"], &left["routing"]["decision"]),
        (&json!("submitted"), &json!("none"))
    );
    let why = left["routing"]["explanation"].as_str().unwrap();
    assert!(why.contains("niet meer bestaat"), "{why}");
    let rule = app
        .get("/v1/routing/rules/34")
        .by(&coordinator)
        .await
        .expect(200)
        .json();
    assert_eq!(rule["warnings"], json!(["authority_ended"]));

    // The coordinators are told, once.
    app.deliver_mail().await;
    let raised = meldpunt::services::routing_alerts::raise(&app.context)
        .await
        .unwrap();
    assert!(raised > 1);
    assert_eq!(
        meldpunt::services::routing_alerts::raise(&app.context)
            .await
            .unwrap(),
        0
    );
    let mail = app.deliver_mail().await;
    assert_eq!(mail.len(), 1, "one mail about all of them");
    assert!(mail[0].subject.contains("niet meer bestaat") && mail[0].to == coordinator.email);
    assert!(
        mail[0].text.contains("- 34: Ministerie van Onderwijs"),
        "{}",
        mail[0].text
    );
}

#[actix_web::test]
async fn earlier_settled_reports_speak_for_their_authority_and_are_named_to_government_alone() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, other, desk, lead) = (
        app.reporter("GM1714").await,
        app.reporter("GM0677").await,
        app.desk().await,
        app.liaison("EZ").await,
    );
    let ez = app.organisation("EZ").await.to_string();
    let told = json!({
        "title": "Zandkunstwerk op de kade", "municipalities": ["GM1714"], "effect": "Het beeldhouwen stopt.",
        "description": "Beeldhouwers van zandkunstwerken mogen hun kraampje niet openen vanwege de kadeverhuur."
    });
    let submitted = app
        .post("/v1/reports")
        .by(&reporter)
        .json(&told)
        .await
        .expect(201);
    let path = format!("/v1/reports/{}", submitted.id());
    let act = async |by: &Actor, body: Value| {
        let seen = app.get(&path).by(by).await.expect(200);
        let to = format!("{path}/transitions");
        app.post(to)
            .by(by)
            .if_match(&seen)
            .json(body)
            .await
            .expect(200)
    };
    act(
        &desk,
        json!({"action": "route", "lead": ez, "explanation": "Ondernemers."}),
    )
    .await;
    act(&lead, json!({"action": "accept"})).await;
    act(&lead, json!({"action": "take_position", "outcome": "explanation", "publicExplanation": "Het mag."})).await;
    act(
        &lead,
        json!({"action": "settle", "outcome": "explanation", "publicExplanation": "Het mag."}),
    )
    .await;

    let like = app
        .post("/v1/reports")
        .by(&other)
        .json(&told)
        .await
        .expect(201);
    let suggested = async |by: &Actor| {
        let one = app
            .get(format!("/v1/reports/{}", like.id()))
            .by(by)
            .language("en")
            .await;
        let suggestions = one.expect(200).json()["routing"]["suggestions"].clone();
        let of_ez = suggestions
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["authority"]["id"] == ez);
        of_ez.cloned().unwrap()
    };
    let to_desk = suggested(&desk).await;
    assert!(
        to_desk["because"]
            .as_str()
            .unwrap()
            .contains("like a report that was settled there"),
        "{to_desk}"
    );
    assert_eq!(
        to_desk["neighbours"][0]["reference"],
        submitted.text("reference")
    );
    let to_reporter = suggested(&other).await;
    assert_eq!(
        to_reporter["neighbours"],
        json!([]),
        "another's report is not named"
    );
}

#[actix_web::test]
async fn a_rule_counts_on_every_node_at_once() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (coordinator, reporter) = (app.coordinator().await, app.reporter("GM1714").await);
    let szw = app.organisation("SZW").await.to_string();
    // Another node has its own memory of the rules.
    let mut other = app.context.clone();
    other.rules = std::sync::Arc::default();
    let version = async |context: &meldpunt::services::Context, number: i32| {
        let rules = context.rules.clone();
        let set = context.db.read(move |conn| rules.rules(conn)).await;
        set.map(|set| set.version_of(number)).unwrap()
    };
    assert_eq!(version(&other, 34).await, Some(1));
    let added = add(
        &app,
        &coordinator,
        rule(&about(&["153"]), Some(&szw), json!({"order": 5})),
    )
    .await;
    let number = added.json()["number"].as_i64().unwrap();
    activate(&app, &coordinator, &[(number, 1)])
        .await
        .expect(200);
    let number = i32::try_from(number).unwrap();
    assert_eq!(version(&other, number).await, Some(1));
    assert_eq!(lead_of(&app, &reporter, "153").await, "SZW");
}

#[actix_web::test]
async fn of_a_ministry_that_is_split_only_some_policy_domains_move() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (coordinator, reporter, admin) = (
        app.coordinator().await,
        app.reporter("GM1714").await,
        app.admin().await,
    );
    let vws = app.organisation("VWS").await.to_string();
    let about = async |regulation: &str, domain: &str| {
        let sent = app.post("/v1/reports").by(&reporter).json(json!({
            "title": "Norm", "description": "De norm knelt.", "effect": "Het stopt.", "municipalities": ["GM1714"],
            "regulations": [{"citation": regulation}], "domains": [domain]
        }));
        sent.await.expect(201).id()
    };
    let (sport, wmo) = (
        about("BWBR0002458", "alcohol-tabak").await,
        about("BWBR0035362", "wmo").await,
    );
    let new = app
        .post("/v1/organisations")
        .by(&admin)
        .json(json!({"kind": "ministry", "name": "Ministerie van Sport", "abbreviation": "SPT", "ownsRules": true}))
        .await
        .expect(201)
        .id();
    let path = format!("/v1/organisations/{vws}/successions");
    app.post(&path)
        .by(&coordinator)
        .json(json!({"successor": new, "domains": ["onzin"], "reason": "Splitsing."}))
        .await
        .expect_faults(&[("/domains/0", "unknown_domain")]);
    let moved = app
        .post(&path)
        .by(&coordinator)
        .json(json!({"successor": new, "domains": ["alcohol-tabak", "sport"], "reason": "Splitsing."}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&moved["domains"], &moved["regulations"], &moved["reports"]),
        (
            &json!(["alcohol-tabak", "sport"]),
            &json!(["BWBR0002458"]),
            &json!(1)
        )
    );
    let lead = async |id: &str| {
        let one = app
            .get(format!("/v1/reports/{id}"))
            .by(&coordinator)
            .await
            .expect(200)
            .json();
        one["leadAuthority"]["abbreviation"].clone()
    };
    assert_eq!(
        (lead(&sport).await, lead(&wmo).await),
        (json!("SPT"), json!("VWS"))
    );
    let next = about("BWBR0002458", "alcohol-tabak").await;
    assert_eq!(
        (
            lead(&next).await,
            lead(&about("BWBR0035362", "wmo").await).await
        ),
        (json!("SPT"), json!("VWS"))
    );
}
