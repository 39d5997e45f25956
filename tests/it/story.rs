//! Stories of whole reports, from draft to settled, and the mail each step brings.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;
use crate::harness::mailbox::Mail;

fn school() -> Value {
    json!({
        "title": "Opheffingsnorm dwingt laatste dorpsschool tot sluiting",
        "description": "De enige basisschool telt 41 leerlingen.",
        "effect": "De school sluit op 1 augustus.",
        "regulations": [{"citation": "BWBR0003420", "article": "153"}],
        "domains": ["onderwijs-po"], "municipalities": ["GM1714"], "requested": ["change"],
    })
}

/// Does something with a report as it now is.
async fn act(app: &TestApp, by: &Actor, id: &str, body: Value) -> Reply {
    let seen = app
        .get(format!("/v1/reports/{id}"))
        .by(by)
        .await
        .expect(200);
    app.post(format!("/v1/reports/{id}/transitions"))
        .by(by)
        .if_match(&seen)
        .json(body)
        .await
}

fn to<'a>(mails: &'a [Mail], who: &Actor) -> Vec<&'a Mail> {
    mails.iter().filter(|mail| mail.to == who.email).collect()
}

/// Who got mail, each once.
fn receivers(mails: &[Mail]) -> Vec<&str> {
    let mut all: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    all.sort_unstable();
    all
}

#[actix_web::test]
async fn a_report_goes_from_draft_to_settled_with_a_question_a_return_and_a_reopening() {
    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    let desk = app.desk().await;
    let ocw = app.liaison("OCW").await;
    let vws = app.liaison("VWS").await;

    let mut draft = school();
    draft["draft"] = json!(true);
    draft.as_object_mut().unwrap().remove("effect");
    let created = app
        .post("/v1/reports")
        .by(&reporter)
        .json(draft)
        .await
        .expect(201);
    let id = created.id();
    assert_eq!(created.json()["reference"], Value::Null);
    app.get(format!("/v1/reports/{id}"))
        .by(&desk)
        .await
        .expect_problem(404, "not_found");
    act(&app, &reporter, &id, json!({"action": "submit"}))
        .await
        .expect_faults(&[("/effect", "required")]);
    let path = format!("/v1/reports/{id}");
    app.patch(&path)
        .by(&reporter)
        .if_match(&created)
        .json(json!({"effect": "De school sluit."}))
        .await
        .expect(200);
    assert!(app.deliver_mail().await.is_empty());

    let submitted = act(&app, &reporter, &id, json!({"action": "submit"}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (
            submitted["status"].as_str(),
            submitted["routing"]["decision"].as_str()
        ),
        (Some("routed"), Some("auto"))
    );
    assert_eq!(submitted["deadline"]["clock"], "acceptance");
    assert_eq!(submitted["deadline"]["dueOn"], "2026-12-02");
    let mails = app.deliver_mail().await;
    assert_eq!(receivers(&mails), receivers_of(&[&reporter, &ocw]));
    let acknowledgement = to(&mails, &reporter)[0];
    assert!(
        acknowledgement
            .subject
            .contains(submitted["reference"].as_str().unwrap()),
        "{}",
        acknowledgement.subject
    );
    assert!(
        acknowledgement.text.contains("Ministerie van Onderwijs"),
        "{}",
        acknowledgement.text
    );
    assert!(
        acknowledgement.text.contains(&path),
        "{}",
        acknowledgement.text
    );

    act(&app, &ocw, &id, json!({"action": "accept"}))
        .await
        .expect(200);
    let asked = act(
        &app,
        &ocw,
        &id,
        json!({"action": "request_information", "question": "Hoeveel leerlingen in 2030?"}),
    )
    .await;
    let asked = asked.expect(200).json();
    assert_eq!(
        (asked["phase"].as_str(), asked["deadline"]["clock"].as_str()),
        (Some("assessment"), Some("answer"))
    );
    let mails = app.deliver_mail().await;
    assert_eq!(receivers(&mails), receivers_of(&[&reporter]));
    assert!(mails[0].text.contains("Hoeveel leerlingen in 2030?"));
    act(
        &app,
        &ocw,
        &id,
        json!({"action": "continue_without_answer"}),
    )
    .await
    .expect(409);

    app.clock.forward(TimeDelta::days(5));
    let answered = act(
        &app,
        &reporter,
        &id,
        json!({"action": "provide_information", "answer": "38 leerlingen."}),
    )
    .await;
    let answered = answered.expect(200).json();
    assert_eq!(answered["status"], "in_review");
    // Eight weeks from 25 November, moved by the five days that the answer took.
    assert_eq!(answered["deadline"]["dueOn"], "2027-01-25");
    assert_eq!(receivers(&app.deliver_mail().await), receivers_of(&[&ocw]));

    let health = app.organisation("VWS").await;
    let returned =
        json!({"action": "return", "reason": "Dit gaat over zorg.", "suggestedAuthority": health});
    let returned = act(&app, &ocw, &id, returned).await.expect(200).json();
    assert_eq!(
        (
            returned["status"].as_str(),
            returned["leadAuthority"].is_null()
        ),
        (Some("submitted"), true)
    );
    assert_eq!(returned["view"], "progress");
    assert_eq!(
        receivers(&app.deliver_mail().await),
        receivers_of(&[&desk, &reporter])
    );

    let routed =
        json!({"action": "route", "lead": health, "explanation": "Volgens OCW is dit van VWS."});
    act(&app, &desk, &id, routed).await.expect(200);
    assert_eq!(
        receivers(&app.deliver_mail().await),
        receivers_of(&[&reporter, &vws])
    );
    let back = app.organisation("OCW").await;
    let rerouted =
        json!({"action": "reroute", "lead": back, "reason": "De norm staat toch in de WPO."});
    act(&app, &desk, &id, rerouted).await.expect(200);
    assert_eq!(
        receivers(&app.deliver_mail().await),
        receivers_of(&[&ocw, &reporter, &vws])
    );
    let seen = app.get(&path).by(&vws).await.expect(200).json();
    assert_eq!(
        (seen["view"].as_str(), &seen["description"]),
        (Some("progress"), &Value::Null)
    );

    act(&app, &ocw, &id, json!({"action": "accept"}))
        .await
        .expect(200);
    let position = json!({"action": "take_position", "outcome": "regulation_amended", "publicExplanation": "De norm wordt per kern berekend."});
    act(&app, &ocw, &id, position).await.expect(200);
    let mails = app.deliver_mail().await;
    assert_eq!(receivers(&mails), receivers_of(&[&reporter]));
    assert!(mails[0].text.contains("besluit"), "{}", mails[0].text);
    act(&app, &ocw, &id, json!({"action": "settle", "outcome": "no_obstruction", "publicExplanation": "x", "reason": "y"}))
        .await
        .expect(409);
    let measure = json!({"kind": "amendment", "owner": "Directie Primair Onderwijs", "targetDate": "2027-08-01"});
    act(
        &app,
        &ocw,
        &id,
        json!({"action": "start_implementation", "measure": measure}),
    )
    .await
    .expect(200);
    assert_eq!(
        receivers(&app.deliver_mail().await),
        receivers_of(&[&reporter])
    );
    let settle = json!({"action": "settle", "outcome": "regulation_amended", "publicExplanation": "De regeling is gewijzigd.", "publication": "stcrt-2027-1234"});
    act(&app, &desk, &id, settle.clone()).await.expect(200);
    let mails = app.deliver_mail().await;
    assert_eq!(receivers(&mails), receivers_of(&[&ocw, &reporter]));
    assert!(
        to(&mails, &reporter)[0]
            .text
            .contains("De regeling is gewijzigd.")
    );

    act(
        &app,
        &reporter,
        &id,
        json!({"action": "request_reopening", "reason": "De norm geldt nog."}),
    )
    .await
    .expect(200);
    assert_eq!(receivers(&app.deliver_mail().await), receivers_of(&[&desk]));
    let reopened = act(
        &app,
        &desk,
        &id,
        json!({"action": "grant_reopening", "reason": "Dat klopt."}),
    )
    .await
    .expect(200);
    assert_eq!(reopened.json()["status"], "in_review");
    assert_eq!(
        receivers(&app.deliver_mail().await),
        receivers_of(&[&ocw, &reporter])
    );
    let position = json!({"action": "take_position", "outcome": "regulation_amended", "publicExplanation": "Nu echt."});
    act(&app, &ocw, &id, position).await.expect(200);
    act(&app, &desk, &id, settle).await.expect(200);
    act(
        &app,
        &reporter,
        &id,
        json!({"action": "request_reopening", "reason": "Nog eens."}),
    )
    .await
    .expect(409);
    let mails = app.deliver_mail().await;
    // One conversation in every mailbox, and every message its own.
    let threads: std::collections::BTreeSet<_> = mails
        .iter()
        .filter_map(|mail| mail.header("References"))
        .collect();
    assert_eq!(threads.len(), 1);

    let timeline = app.all_pages(&reporter, &format!("{path}/events"), 7).await;
    let kinds: Vec<&str> = timeline
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "created",
            "changed",
            "submit",
            "routed_by_rule",
            "accept",
            "request_information",
            "provide_information",
            "return",
            "route",
            "reroute",
            "accept",
            "take_position",
            "start_implementation",
            "settle",
            "request_reopening",
            "grant_reopening",
            "take_position",
            "settle"
        ]
    );
    let progress = app.all_pages(&vws, &format!("{path}/events"), 100).await;
    assert!(
        progress
            .iter()
            .all(|event| event["by"]["name"] == "" && event["details"]["question"].is_null())
    );
}

fn receivers_of<'a>(people: &[&'a Actor]) -> Vec<&'a str> {
    let mut all: Vec<&str> = people.iter().map(|person| person.email.as_str()).collect();
    all.sort_unstable();
    all
}

#[actix_web::test]
async fn reports_of_the_same_obstacle_are_merged_told_together_and_settled_together() {
    let app = TestApp::start().await;
    let sluis = app.reporter("GM1714").await;
    let terneuzen = app.reporter("GM0715").await;
    let desk = app.desk().await;
    let ocw = app.liaison("OCW").await;
    let first = app
        .post("/v1/reports")
        .by(&sluis)
        .json(school())
        .await
        .expect(201);
    let second = app
        .post("/v1/reports")
        .by(&terneuzen)
        .json(school())
        .await
        .expect(201);
    let (first, second) = (first.id(), second.id());
    app.deliver_mail().await;

    let merged = act(
        &app,
        &desk,
        &second,
        json!({"action": "merge", "mergeInto": first}),
    )
    .await
    .expect(200)
    .json();
    assert_eq!(merged["status"], "merged");
    assert_eq!(
        receivers(&app.deliver_mail().await),
        receivers_of(&[&ocw, &terneuzen])
    );
    let path = format!("/v1/reports/{first}");
    let followed = app.get(&path).by(&terneuzen).await.expect(200).json();
    assert_eq!(
        (followed["view"].as_str(), &followed["submitter"]),
        (Some("progress"), &Value::Null)
    );
    // A chain cannot arise.
    let third = app
        .post("/v1/reports")
        .by(&sluis)
        .json(school())
        .await
        .expect(201)
        .id();
    act(
        &app,
        &desk,
        &first,
        json!({"action": "merge", "mergeInto": third}),
    )
    .await
    .expect_faults(&[("/mergeInto", "merge_chain")]);

    let undone = act(&app, &desk, &second, json!({"action": "unmerge"}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (
            undone["status"].as_str(),
            undone["leadAuthority"]["abbreviation"].as_str()
        ),
        (Some("routed"), Some("OCW"))
    );
    app.get(&path)
        .by(&terneuzen)
        .await
        .expect_problem(404, "not_found");
    act(
        &app,
        &desk,
        &second,
        json!({"action": "merge", "mergeInto": first}),
    )
    .await
    .expect(200);
    app.deliver_mail().await;

    act(&app, &ocw, &first, json!({"action": "accept"}))
        .await
        .expect(200);
    let position = json!({"action": "take_position", "outcome": "existing_room", "publicExplanation": "De wet geeft ruimte."});
    act(&app, &ocw, &first, position).await.expect(200);
    assert_eq!(
        receivers(&app.deliver_mail().await),
        receivers_of(&[&sluis, &terneuzen])
    );
    let settle = json!({"action": "settle", "outcome": "existing_room", "publicExplanation": "Zie artikel 157.", "room": "WPO artikel 157"});
    act(&app, &ocw, &first, settle).await.expect(200);
    assert_eq!(
        receivers(&app.deliver_mail().await),
        receivers_of(&[&sluis, &terneuzen])
    );
    let through = app
        .get(format!("/v1/reports/{second}"))
        .by(&terneuzen)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (through["status"].as_str(), through["outcome"].as_str()),
        (Some("settled"), Some("existing_room"))
    );
}

#[actix_web::test]
async fn a_withdrawn_case_goes_on_under_the_report_that_joined_it_first() {
    let app = TestApp::start().await;
    let sluis = app.reporter("GM1714").await;
    let terneuzen = app.reporter("GM0715").await;
    let winterswijk = app.reporter("GM0294").await;
    let desk = app.desk().await;
    let ocw = app.liaison("OCW").await;
    let mut ids = Vec::new();
    for reporter in [&sluis, &terneuzen, &winterswijk] {
        ids.push(
            app.post("/v1/reports")
                .by(reporter)
                .json(school())
                .await
                .expect(201)
                .id(),
        );
        app.clock.forward(TimeDelta::hours(1));
    }
    act(&app, &ocw, &ids[0], json!({"action": "accept"}))
        .await
        .expect(200);
    for joining in [&ids[2], &ids[1]] {
        act(
            &app,
            &desk,
            joining,
            json!({"action": "merge", "mergeInto": ids[0]}),
        )
        .await
        .expect(200);
    }
    app.deliver_mail().await;
    act(
        &app,
        &sluis,
        &ids[0],
        json!({"action": "withdraw", "reason": "De school is al dicht."}),
    )
    .await
    .expect(200);
    let heir = app
        .get(format!("/v1/reports/{}", ids[1]))
        .by(&ocw)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (heir["status"].as_str(), heir["deadline"]["clock"].as_str()),
        (Some("in_review"), Some("position"))
    );
    let other = app
        .get(format!("/v1/reports/{}", ids[2]))
        .by(&winterswijk)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (other["status"].as_str(), &other["mergedInto"]),
        (Some("merged"), &heir["reference"])
    );
    assert!(to(&app.deliver_mail().await, &terneuzen).len() == 1);
}

#[actix_web::test]
async fn the_second_return_makes_a_report_the_coordinators() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    let desk = app.desk().await;
    let coordinator = app.coordinator().await;
    let ocw = app.liaison("OCW").await;
    let id = app
        .post("/v1/reports")
        .by(&reporter)
        .json(school())
        .await
        .expect(201)
        .id();
    let back = json!({"action": "return", "reason": "Niet van ons."});
    let route = json!({"action": "route", "lead": app.organisation("OCW").await, "explanation": "Toch wel."});
    act(&app, &ocw, &id, back.clone()).await.expect(200);
    act(&app, &desk, &id, route.clone()).await.expect(200);
    act(&app, &ocw, &id, back).await.expect(200);
    let seen = app
        .get(format!("/v1/reports/{id}"))
        .by(&desk)
        .await
        .expect(200)
        .json();
    assert_eq!(seen["contested"], true);
    act(&app, &desk, &id, route.clone())
        .await
        .expect_problem(409, "illegal_transition");
    act(&app, &coordinator, &id, route).await.expect(200);
}

#[actix_web::test]
async fn a_question_goes_no_further_than_those_it_was_between() {
    let app = TestApp::start().await;
    let sluis = app.reporter("GM1714").await;
    let terneuzen = app.reporter("GM0715").await;
    let desk = app.desk().await;
    let ocw = app.liaison("OCW").await;
    let first = app
        .post("/v1/reports")
        .by(&sluis)
        .json(school())
        .await
        .expect(201)
        .id();
    let second = app
        .post("/v1/reports")
        .by(&terneuzen)
        .json(school())
        .await
        .expect(201)
        .id();
    let question = json!({"action": "request_information", "question": "Hoe heet de school?"});
    act(&app, &ocw, &first, question).await.expect(200);
    act(
        &app,
        &desk,
        &second,
        json!({"action": "merge", "mergeInto": first}),
    )
    .await
    .expect(200);
    app.deliver_mail().await;
    act(
        &app,
        &sluis,
        &first,
        json!({"action": "withdraw", "reason": "Klaar."}),
    )
    .await
    .expect(200);
    let heir = app
        .get(format!("/v1/reports/{second}"))
        .by(&terneuzen)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (heir["status"].as_str(), &heir["question"]),
        (Some("routed"), &Value::Null)
    );
    assert_eq!(
        receivers(&app.deliver_mail().await),
        receivers_of(&[&ocw, &terneuzen])
    );
}

#[actix_web::test]
async fn an_answer_that_names_the_rule_routes_the_report() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    let desk = app.desk().await;
    let mut unknown = school();
    unknown["regulations"] = json!([]);
    let id = app
        .post("/v1/reports")
        .by(&reporter)
        .json(unknown)
        .await
        .expect(201)
        .id();
    act(
        &app,
        &desk,
        &id,
        json!({"action": "request_information", "question": "Welke regel?"}),
    )
    .await
    .expect(200);
    let path = format!("/v1/reports/{id}");
    let seen = app.get(&path).by(&reporter).await.expect(200);
    let named = json!({"regulations": [{"citation": "BWBR0003420", "article": "153"}]});
    let changed = app
        .patch(&path)
        .by(&reporter)
        .if_match(&seen)
        .json(named)
        .await
        .expect(200)
        .json();
    // Until it is answered, what the rules say is a suggestion.
    assert_eq!(
        (
            changed["routing"]["decision"].as_str(),
            &changed["leadAuthority"]
        ),
        (Some("suggested"), &Value::Null)
    );
    assert_eq!(
        changed["routing"]["suggestions"][0]["authority"]["abbreviation"],
        "OCW"
    );
    let answered = act(
        &app,
        &reporter,
        &id,
        json!({"action": "provide_information", "answer": "De WPO."}),
    )
    .await;
    let answered = answered.expect(200).json();
    assert_eq!(
        (
            answered["status"].as_str(),
            answered["routing"]["decision"].as_str()
        ),
        (Some("routed"), Some("auto"))
    );
}

#[actix_web::test]
async fn what_was_returned_is_not_given_to_the_same_authority_by_a_rule() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    let desk = app.desk().await;
    let ocw = app.liaison("OCW").await;
    let id = app
        .post("/v1/reports")
        .by(&reporter)
        .json(school())
        .await
        .expect(201)
        .id();
    let health = app.organisation("VWS").await;
    let back =
        json!({"action": "return", "reason": "Dit gaat over zorg.", "suggestedAuthority": health});
    act(&app, &ocw, &id, back).await.expect(200);
    let seen = app
        .get(format!("/v1/reports/{id}"))
        .by(&desk)
        .await
        .expect(200)
        .json();
    assert_eq!(seen["routing"]["decision"], "suggested");
    assert_eq!(
        seen["routing"]["suggestions"][0]["authority"]["abbreviation"],
        "VWS"
    );
    act(
        &app,
        &desk,
        &id,
        json!({"action": "request_information", "question": "Zorg of school?"}),
    )
    .await
    .expect(200);
    let answered = act(
        &app,
        &reporter,
        &id,
        json!({"action": "provide_information", "answer": "School."}),
    )
    .await;
    assert_eq!(answered.expect(200).json()["status"], "submitted");
}

#[actix_web::test]
async fn the_timeline_hides_what_the_report_hides() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    let desk = app.desk().await;
    let szw = app.liaison("SZW").await;
    let mut draft = school();
    draft["draft"] = json!(true);
    draft["description"] = json!("Wat niemand hoeft te weten.");
    let seen = app
        .post("/v1/reports")
        .by(&reporter)
        .json(draft)
        .await
        .expect(201);
    let (id, path) = (seen.id(), format!("/v1/reports/{}", seen.id()));
    app.patch(&path)
        .by(&reporter)
        .if_match(&seen)
        .json(json!({"description": "De norm knelt."}))
        .await
        .expect(200);
    act(&app, &reporter, &id, json!({"action": "submit"}))
        .await
        .expect(200);
    let contributors =
        json!({"action": "change_contributors", "contributors": [app.organisation("SZW").await]});
    act(&app, &desk, &id, contributors).await.expect(200);
    act(
        &app,
        &app.liaison("OCW").await,
        &id,
        json!({"action": "request_information", "question": "Wie?"}),
    )
    .await
    .expect(200);
    let seen = app.get(&path).by(&reporter).await.expect(200);
    let contact = json!({"contact": {"name": "Team", "email": "team@sluis.example"}, "effect": "De school is dicht."});
    app.patch(&path)
        .by(&reporter)
        .if_match(&seen)
        .json(contact)
        .await
        .expect(200);
    let timeline = |by: Actor| {
        let app = &app;
        let path = format!("{path}/events");
        async move { Value::from(app.all_pages(&by, &path, 100).await).to_string() }
    };
    let (to_desk, to_contributor) = (timeline(desk).await, timeline(szw).await);
    assert!(to_desk.contains("team@sluis.example") && to_desk.contains("De school is dicht."));
    assert!(
        !to_contributor.contains("team@sluis.example")
            && to_contributor.contains("De school is dicht.")
    );
    assert!(!to_desk.contains("Wat niemand hoeft te weten."));
}

#[actix_web::test]
async fn a_token_for_less_does_less_than_its_holder_may() {
    use meldpunt::domain::actor::{Role, Scope};
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    let id = app
        .post("/v1/reports")
        .by(&reporter)
        .json(school())
        .await
        .expect(201)
        .id();
    let bzk = app.organisation("BZK").await;
    let scopes = [Scope::ReportsRead, Scope::ReportsWrite];
    let client = app.client(&[Role::Desk], Some(&scopes), bzk).await;
    let correct = json!({"action": "correct", "reason": "Ander terrein.", "domains": ["wmo"]});
    act(&app, &client, &id, correct)
        .await
        .expect_problem(403, "insufficient_scope");
}
