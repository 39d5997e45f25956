//! One obstacle from four sides: reported by three municipalities and endorsed by a fourth, tried out, evaluated too late, put
//! into law, and settled. Who is told what, exactly once.

use chrono::TimeDelta;
use meldpunt::domain::actor::Role;
use meldpunt::services::{doctor, experiment_alerts};
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

/// Everybody in the story.
struct Cast {
    app: TestApp,
    desk: Actor,
    coordinator: Actor,
    lead: Actor,
    /// The contact person of the municipality that reports by its own system.
    contact: &'static str,
}

impl Cast {
    async fn report(&self, by: &Actor, municipality: &str, contact: Option<&str>) -> String {
        let mut body = json!({
            "title": format!("Opheffingsnorm in {municipality}"), "description": "De norm knelt.",
            "effect": "De school sluit.", "municipalities": [municipality],
            "regulations": [{"citation": "BWBR0003420", "article": "153"}]
        });
        if let Some(email) = contact {
            body["contact"] = json!({"name": "Team onderwijs", "email": email});
        }
        let made = self.app.post("/v1/reports").by(by).json(body).await;
        made.expect(201).id()
    }

    async fn read(&self, by: &Actor, path: &str) -> Reply {
        self.app.get(path).by(by).await.expect(200)
    }

    /// Does something with a report or an experiment as it is now.
    async fn act(&self, by: &Actor, path: &str, body: Value) -> Reply {
        let seen = self.read(by, path).await;
        let made = self.app.post(format!("{path}/transitions")).by(by);
        made.if_match(&seen).json(body).await.expect(200)
    }

    /// The lead takes it in hand and intends an experiment.
    async fn take_position(&self, report: &str) {
        let path = format!("/v1/reports/{report}");
        self.act(&self.lead, &path, json!({"action": "accept"}))
            .await;
        let position = json!({
            "action": "take_position", "outcome": "experiment", "publicExplanation": "Wij proberen het zonder de norm."
        });
        self.act(&self.lead, &path, position).await;
    }

    /// That exactly these addresses got mail since, as often as they stand here, with these words in it.
    async fn told(&self, whom: &[&str], says: &str) {
        let mut found = Vec::new();
        for mail in self.app.deliver_mail().await {
            let text = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(says), "{}: {text}", mail.to);
            found.push(mail.to);
        }
        let mut expected: Vec<&str> = whom.to_vec();
        expected.sort_unstable();
        found.sort();
        assert_eq!(found.len(), expected.len(), "{says}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{says}: {found} {expected}");
        }
    }

    async fn status(&self, report: &str) -> Value {
        let path = format!("/v1/reports/{report}");
        self.read(&self.desk, &path).await.json()["status"].clone()
    }

    async fn kinds(&self, by: &Actor, report: &str) -> Vec<String> {
        let path = format!("/v1/reports/{report}/events");
        let events = self.app.all_pages(by, &path, 50).await;
        let kinds = events.iter().map(|event| event["kind"].as_str().unwrap());
        kinds.map(str::to_owned).collect()
    }
}

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
            "name": "Leerlingen", "definition": "Ingeschreven op de teldatum.", "unit": "leerlingen",
            "direction": "higher", "frequency": "year", "primary": true, "target": 50,
            "baselines": [{"value": 40, "measuredOn": "2026-10-01"}]
        }]
    })
}

#[actix_web::test]
async fn one_obstacle_from_four_municipalities_to_the_staatsblad() {
    let app = TestApp::start().await;
    let (sluis, terneuzen, vlissingen) = (
        app.reporter("GM1714").await,
        app.reporter("GM0715").await,
        app.reporter("GM0718").await,
    );
    let of_hulst = app.organisation("GM0677").await;
    let hulst = app.client(&[Role::Reporter], None, of_hulst).await;
    let story = Cast {
        desk: app.desk().await,
        coordinator: app.coordinator().await,
        lead: app.liaison("OCW").await,
        contact: "onderwijs@hulst.example",
        app,
    };
    let (desk, lead, app) = (&story.desk, &story.lead, &story.app);

    // Three report the same article: one is merged into another, a fourth endorses that.
    let first = story.report(&sluis, "GM1714", None).await;
    let second = story.report(&hulst, "GM0677", Some(story.contact)).await;
    let third = story.report(&terneuzen, "GM0715", None).await;
    let path = format!("/v1/reports/{first}");
    let merge = json!({"action": "merge", "mergeInto": first});
    story
        .act(desk, &format!("/v1/reports/{second}"), merge)
        .await;
    let publish = json!({
        "action": "publish", "audience": "government", "title": "Opheffingsnorm", "summary": "De norm knelt in kleine kernen."
    });
    story.act(desk, &path, publish).await;
    app.post(format!("/v1/shared-reports/{first}/endorsements"))
        .by(&vlissingen)
        .json(json!({"effect": "Bij ons ook."}))
        .await
        .expect(201);
    story.take_position(&first).await;
    story.take_position(&third).await;

    // The lead proposes an experiment, checks it and starts it with two.
    let proposal =
        json!({"title": "Kleine school", "idea": "Vier jaar zonder de norm.", "report": first});
    let made = app.post("/v1/experiments").by(lead).json(proposal).await;
    let id = made.expect(201).id();
    let experiment = format!("/v1/experiments/{id}");
    let (of_sluis, of_terneuzen) = (
        app.organisation("GM1714").await,
        app.organisation("GM0715").await,
    );
    let seen = story.read(lead, &experiment).await;
    let wanted = json!({"plan": plan()});
    let planned = app.patch(&experiment).by(lead).if_match(&seen).json(wanted);
    planned.await.expect(200);
    let ocw = app.organisation("OCW").await;
    let hand_in = json!({"action": "submit_for_check", "authority": ocw});
    story.act(lead, &experiment, hand_in).await;
    app.deliver_mail().await;

    // What follows is told to the reporter, to who joined it, and to who endorsed it.
    let behind = [&*sluis.email, story.contact, &vlissingen.email];
    story
        .act(lead, &experiment, json!({"action": "register"}))
        .await;
    story
        .told(&behind, "heeft het experiment geregistreerd")
        .await;
    for (who, whom) in [(of_sluis, &*sluis.email), (of_hulst, story.contact)] {
        let admit = json!({"action": "admit", "organisation": who, "date": "2026-11-25"});
        story.act(lead, &experiment, admit).await;
        story
            .told(&[whom], "toegelaten vanaf 25 november 2026")
            .await;
    }
    story
        .act(lead, &experiment, json!({"action": "start"}))
        .await;
    story.told(&behind, "heeft het experiment gestart").await;
    // With it the implementation at the report begins; at the one that is not in it nothing does.
    assert_eq!(story.status(&first).await, "in_implementation");
    assert_eq!(story.status(&third).await, "position_taken");
    let report = story.read(&sluis, &path).await.json();
    assert_eq!(report["measures"][0]["kind"], "experiment");
    assert_eq!(report["measures"][0]["id"], *id);
    assert_eq!(report["measures"][0]["targetDate"], "2029-11-24");

    // A third joins from its own report.
    let join = json!({"action": "ask_to_join", "report": third});
    story.act(&terneuzen, &experiment, join).await;
    story
        .told(&[&lead.email], "heeft gevraagd mee te doen")
        .await;
    let admit = json!({"action": "admit", "organisation": of_terneuzen, "date": "2027-08-01"});
    let joined = story.act(lead, &experiment, admit).await.json();
    assert_eq!(joined["reports"][1]["id"], *third);
    assert_eq!(story.status(&third).await, "in_implementation");
    // That it takes part, and that the implementation of its report began.
    story.told(&[&terneuzen.email, &terneuzen.email], "").await;

    // Observations come in, one is corrected.
    app.clock.forward(TimeDelta::days(740));
    let indicator = joined["plan"]["indicators"][0]["id"].clone();
    let observe = |whose: Value, day: &str, value: f64| json!({"indicator": indicator, "participant": whose, "observedOn": day, "value": value});
    let at = format!("{experiment}/observations");
    for (by, whose, items) in [
        (
            &sluis,
            of_sluis,
            [("2027-10-01", 42.0), ("2028-10-01", 45.0)],
        ),
        (
            &hulst,
            of_hulst,
            [("2027-10-01", 31.0), ("2028-10-01", 63.0)],
        ),
        (
            &terneuzen,
            of_terneuzen,
            [("2027-10-01", 55.0), ("2028-10-01", 56.0)],
        ),
    ] {
        let items = items.map(|(day, value)| observe(json!(whose), day, value));
        let made = app
            .post(&at)
            .by(by)
            .json(json!({"items": items}))
            .await
            .expect(201);
        if whose == of_hulst {
            let old = made.json()["items"][1]["id"].as_str().unwrap().to_owned();
            let right = json!({"value": 36, "reason": "Cijfers omgewisseld."});
            let correct = app.post(format!("{at}/{old}/corrections")).by(by);
            correct.json(right).await.expect(201);
        }
    }
    let progress = story
        .read(&vlissingen, &format!("{experiment}/progress"))
        .await
        .json();
    let series = progress["indicators"][0]["series"]
        .as_array()
        .unwrap()
        .clone();
    let of_all = series
        .iter()
        .find(|one| one["of"] == "all")
        .map(|one| one["figures"].clone());
    let own: Vec<_> = series
        .iter()
        .filter(|one| one["of"] == "participant")
        .map(|one| {
            (
                one["figures"]["n"].clone(),
                one["figures"]["latest"].clone(),
            )
        })
        .collect();
    let expected = [45.0, 36.0, 56.0].map(|latest| (json!(2), json!(latest)));
    assert_eq!(own, expected, "{of_all:?}");

    // Another target is another version of the plan.
    let seen = story.read(lead, &experiment).await;
    let mut one = seen.json()["plan"]["indicators"][0].clone();
    one["target"] = json!(44);
    let wanted = json!({"plan": {"indicators": [one]}, "reason": "De prognose is bijgesteld."});
    let changed = app
        .patch(&experiment)
        .by(lead)
        .if_match(&seen)
        .json(wanted)
        .await
        .expect(200);
    assert_eq!(changed.json()["planVersion"], 2);
    story.told(&[], "").await;

    // The evaluation is due, and late, and there.
    let due = changed.json()["due"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["clock"] == "evaluation")
        .cloned();
    assert_eq!(due.unwrap()["dueOn"], "2029-02-24");
    app.clock.forward(TimeDelta::days(70));
    assert_eq!(experiment_alerts::raise(&app.context).await.unwrap(), 1);
    story
        .told(
            &[&lead.email],
            "Binnenkort verwacht: evaluatie, uiterlijk 24 februari 2029",
        )
        .await;
    app.clock.forward(TimeDelta::days(20));
    assert_eq!(experiment_alerts::raise(&app.context).await.unwrap(), 1);
    assert_eq!(experiment_alerts::raise(&app.context).await.unwrap(), 0);
    story
        .told(
            &[&lead.email, &story.coordinator.email],
            "Te laat: evaluatie, verwacht op 24 februari 2029",
        )
        .await;
    let late = story
        .read(&vlissingen, "/v1/experiments?late=true")
        .await
        .items();
    assert_eq!(late[0]["id"], *id);
    let all = [
        &*sluis.email,
        story.contact,
        &vlissingen.email,
        &terneuzen.email,
    ];
    for (step, says) in [
        (
            json!({"action": "begin_evaluation"}),
            "met de evaluatie begonnen",
        ),
        (
            json!({"action": "deliver_evaluation", "findings": "Gelijk aan de vergelijkingsgroep."}),
            "heeft de evaluatie opgeleverd",
        ),
        (
            json!({"action": "decide", "decision": "change_law", "reason": "De uitkomsten bleven gelijk.",
                "decider": "Minister van OCW", "date": "2029-02-28"}),
            "heeft het besluit vastgelegd: de regel wijzigen",
        ),
        (
            json!({"action": "update_legislation", "stage": "published", "publication": "stb-2029-12"}),
            "heeft het wetgevingsdossier bijgewerkt",
        ),
        (
            json!({"action": "close"}),
            "heeft het experiment afgesloten",
        ),
    ] {
        story.act(lead, &experiment, step).await;
        story.told(&all, says).await;
    }
    assert!(
        story
            .read(&vlissingen, "/v1/experiments?late=true")
            .await
            .items()
            .is_empty()
    );

    // Each report tells the whole of it.
    let kinds = story.kinds(&sluis, &first).await;
    assert_eq!(
        kinds.iter().filter(|kind| *kind == "experiment").count(),
        6,
        "{kinds:?}"
    );
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| *kind == "start_implementation")
            .count(),
        1
    );

    // The desk is offered to settle what came of it, all at once.
    let offer = story.read(lead, &experiment).await.json()["settlement"].clone();
    assert_eq!(
        offer,
        Value::Null,
        "what is in implementation the desk settles"
    );
    let offer = story.read(desk, &experiment).await.json()["settlement"].clone();
    assert_eq!(
        (&offer["outcome"], &offer["publication"]),
        (&json!("act_amended"), &json!("stb-2029-12"))
    );
    let offered = offer["reports"].as_array().unwrap();
    let settle = |report: &Value| {
        assert_eq!(
            report["needsReason"], true,
            "the position intended an experiment"
        );
        json!({"id": report["id"], "version": report["version"], "transition": {
            "action": "settle", "outcome": offer["outcome"], "publication": offer["publication"],
            "publicExplanation": "De norm geldt niet meer in kleine kernen.", "reason": "Na het experiment."
        }})
    };
    let items: Vec<Value> = offered.iter().map(settle).collect();
    assert_eq!(items.len(), 2);
    let settled = app
        .post("/v1/bulk-transitions")
        .by(desk)
        .json(json!({"items": items, "allOrNothing": true}))
        .await
        .expect(200);
    assert_eq!(settled.json()["succeeded"], 2, "{}", settled.json());
    for report in [&first, &second, &third] {
        assert_eq!(story.status(report).await, "settled");
    }
    // Everybody once; the lead once for each report that it had.
    let mut everybody = all.to_vec();
    everybody.extend([&*lead.email, &*lead.email]);
    story
        .told(&everybody, "De norm geldt niet meer in kleine kernen.")
        .await;
    assert_eq!(
        story.read(desk, &experiment).await.json()["settlement"],
        Value::Null
    );

    // The chain from any of them leads to the publication.
    let ids = |chain: &Value| -> Vec<Value> {
        let reports = chain["reports"].as_array().unwrap().iter();
        reports.map(|one| one["id"].clone()).collect()
    };
    for from in [&path, &format!("/v1/reports/{second}"), &experiment] {
        let chain = story.read(desk, &format!("{from}/chain")).await.json();
        assert_eq!(
            ids(&chain),
            [json!(first), json!(second), json!(third)],
            "{from}"
        );
        assert_eq!(chain["experiments"][0]["decision"]["kind"], "change_law");
        assert_eq!(chain["publications"], json!(["stb-2029-12"]));
    }

    // And every deadline follows from what happened.
    for finding in [
        doctor::reports(&app.context, |_| ()),
        doctor::experiments(&app.context),
    ] {
        assert_eq!(finding.verdict, doctor::Verdict::Ok, "{finding:?}");
    }
}
