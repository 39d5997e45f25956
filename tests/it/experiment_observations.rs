//! What is observed of experiments: who is asked, how it is entered, checked and compared.

use chrono::TimeDelta;
use meldpunt::services::experiment_alerts;
use serde_json::json;

use crate::experiments::{act, indicator, read, report, running, told};
use crate::harness::TestApp;
use crate::harness::client::Reply;

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
