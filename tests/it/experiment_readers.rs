//! Who reads what of experiments: beside their reports, as a page, in the register, and when it goes over to another.

use chrono::TimeDelta;
use diesel::prelude::*;
use meldpunt::services::doctor;
use serde_json::{Value, json};

use crate::experiments::{act, indicator, plan, propose, read, report, running, running_by};
use crate::harness::TestApp;
use crate::harness::client::Reply;

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
