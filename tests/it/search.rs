//! Searching: the same on both databases, within what somebody may see, whatever is typed.

use meldpunt::domain::actor::Role;
use meldpunt::store::schema::search_entries;
use meldpunt::worker::reindex;
use serde_json::{Value, json};

use diesel::prelude::*;

use crate::deadlines::act;
use crate::harness::TestApp;
use crate::harness::actors::Actor;

async fn submit(app: &TestApp, by: &Actor, title: &str, description: &str) -> String {
    app.post("/v1/reports")
        .by(by)
        .json(json!({
            "title": title, "description": description, "effect": "Ouders rijden om.", "municipalities": ["GM1714"],
            "regulations": [{"citation": "BWBR0003420", "article": "153"}]
        }))
        .await
        .expect(201)
        .id()
}

async fn search(app: &TestApp, by: &Actor, query: &[(&str, &str)]) -> Vec<Value> {
    app.get("/v1/reports")
        .query(query)
        .by(by)
        .await
        .expect(200)
        .items()
}

async fn found(app: &TestApp, by: &Actor, q: &str) -> Vec<String> {
    let rows = search(app, by, &[("q", q)]).await;
    rows.iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

#[actix_web::test]
async fn words_are_found_in_all_their_forms_and_the_best_fit_comes_first() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, desk) = (app.reporter("GM1714").await, app.desk().await);
    let school = submit(
        &app,
        &reporter,
        "Kleine school",
        "De opheffingsnorm sluit scholen in dorpen.",
    )
    .await;
    let bus = submit(
        &app,
        &reporter,
        "Buurtbus",
        "Vrijwilligers rijden de bus langs de school. Coördinatie ontbreekt.",
    )
    .await;
    assert_eq!(
        found(&app, &desk, "scholen").await,
        [school.clone(), bus.clone()],
        "the title weighs more"
    );
    assert_eq!(found(&app, &desk, "SCHOOL").await.len(), 2);
    assert_eq!(
        found(&app, &desk, "vrijwilliger coordinatie").await,
        std::slice::from_ref(&bus)
    );
    assert_eq!(
        found(&app, &desk, "vrijwilliger opheffingsnorm").await,
        Vec::<String>::new()
    );
    assert_eq!(
        found(&app, &desk, "\"kleine scholen\"").await,
        std::slice::from_ref(&school)
    );
    assert_eq!(
        found(&app, &desk, "\"scholen kleine\"").await,
        Vec::<String>::new()
    );
    assert_eq!(found(&app, &desk, "BWBR0003420").await.len(), 2);
    let reference = app
        .get(format!("/v1/reports/{bus}"))
        .by(&desk)
        .await
        .expect(200)
        .text("reference");
    assert_eq!(
        found(&app, &desk, &reference).await,
        std::slice::from_ref(&bus)
    );

    let rows = search(&app, &desk, &[("q", "vrijwilligers")]).await;
    let highlight = &rows[0]["highlights"][0];
    assert_eq!(highlight["field"], "description");
    assert_eq!(
        highlight["fragments"][0],
        json!({"text": "Vrijwilligers", "match": true})
    );
    // With filters, with another order, and page by page.
    assert_eq!(
        search(&app, &desk, &[("q", "school"), ("status", "in_review")])
            .await
            .len(),
        0
    );
    let oldest = search(&app, &desk, &[("q", "school"), ("sort", "submitted")]).await;
    assert_eq!(oldest[0]["id"], json!(school));
    let first = app
        .get("/v1/reports")
        .query(&[("q", "school"), ("limit", "1")])
        .by(&desk)
        .await
        .expect(200)
        .json();
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = search(
        &app,
        &desk,
        &[("q", "school"), ("limit", "1"), ("cursor", cursor)],
    )
    .await;
    assert_eq!(
        (&first["items"][0]["id"], &second[0]["id"]),
        (&json!(school), &json!(bus))
    );
    app.get("/v1/reports")
        .query(&[("sort", "relevance")])
        .by(&desk)
        .await
        .expect_problem(400, "invalid_query");

    // What is written anew is found anew, and what stood there no more.
    let path = format!("/v1/reports/{bus}");
    act(
        &app,
        &app.liaison("OCW").await,
        &bus,
        json!({"action": "request_information", "question": "Waar?"}),
    )
    .await
    .expect(200);
    let seen = app.get(&path).by(&reporter).await.expect(200);
    app.patch(&path)
        .by(&reporter)
        .if_match(&seen)
        .json(json!({"description": "Een veerpont vaart niet."}))
        .await
        .expect(200);
    assert_eq!(found(&app, &desk, "veerponten").await, [bus]);
    assert_eq!(
        found(&app, &desk, "vrijwilligers").await,
        Vec::<String>::new()
    );
}

#[actix_web::test]
async fn nobody_finds_what_it_does_not_see() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, desk, lead) = (
        app.reporter("GM1714").await,
        app.desk().await,
        app.liaison("OCW").await,
    );
    let (stranger, other) = (app.reporter("GM0715").await, app.liaison("VWS").await);
    let id = submit(&app, &reporter, "Norm", "De veerpont vaart niet.").await;
    for (who, sees) in [
        (&reporter, 1),
        (&desk, 1),
        (&lead, 1),
        (&stranger, 0),
        (&other, 0),
    ] {
        assert_eq!(found(&app, who, "veerpont").await.len(), sees);
    }
    // Who follows from a distance does not learn what stands in it.
    let vws = app.organisation("VWS").await;
    act(
        &app,
        &desk,
        &id,
        json!({"action": "reroute", "lead": vws, "reason": "Zorg."}),
    )
    .await
    .expect(200);
    assert_eq!(
        search(&app, &lead, &[]).await.len(),
        1,
        "the former lead follows"
    );
    assert_eq!(found(&app, &lead, "veerpont").await.len(), 0);
    // A message is found by those it is for.
    for (audience, by, text) in [
        ("reporter", &other, "Stuur het raadsbesluit mee."),
        ("government", &other, "Intern: wij vragen de landsadvocaat."),
        ("authority", &other, "Alleen hier: de minister twijfelt."),
    ] {
        app.post(format!("/v1/reports/{id}/messages"))
            .by(by)
            .json(json!({"audience": audience, "text": text}))
            .await
            .expect(201);
    }
    for (word, expected) in [
        ("raadsbesluit", [1, 1, 1]),
        ("landsadvocaat", [0, 1, 1]),
        ("twijfelt", [0, 0, 1]),
    ] {
        let mut sees = Vec::new();
        for who in [&reporter, &desk, &other] {
            sees.push(found(&app, who, word).await.len());
        }
        assert_eq!(sees, expected, "{word}");
    }
    let rows = search(&app, &other, &[("q", "landsadvocaten")]).await;
    assert_eq!(rows[0]["highlights"][0]["field"], "message");
    // A draft is its writer's own.
    let draft =
        json!({"draft": true, "title": "Zonnepark", "description": "Een zonnepark mag niet."});
    app.post("/v1/reports")
        .by(&reporter)
        .json(draft)
        .await
        .expect(201);
    assert_eq!(found(&app, &reporter, "zonnepark").await.len(), 1);
    assert_eq!(found(&app, &desk, "zonnepark").await.len(), 0);
    let analyst = app.person(&[Role::Analyst], desk.organisation).await;
    assert_eq!(found(&app, &analyst, "veerpont").await.len(), 1);
}

#[actix_web::test]
async fn search_text_is_never_a_query_language() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, desk) = (app.reporter("GM1714").await, app.desk().await);
    submit(&app, &reporter, "Norm", "De norm AND de school OR niets.").await;
    for hostile in [
        "\"",
        "\"\"",
        "'",
        "norm'; DROP TABLE reports; --",
        "norm OR 1=1",
        "NOT",
        "NEAR(norm school)",
        "norm*",
        "^norm",
        "title:norm",
        "{title body}: norm",
        "norm & !school",
        "norm <-> school",
        "norm:*",
        "(((",
        ")))",
        "\\",
        "%",
        "_",
        "-norm",
        "+norm",
        "🚌🚌",
        "\u{202e}mron",
        "ﬁets",
        "norm\u{0}school",
        "\u{feff}",
        "a",
        "!",
        "&",
        "|",
        "<->",
        ":*",
        "norm:A",
    ] {
        let reply = app
            .get("/v1/reports")
            .query(&[("q", hostile)])
            .by(&desk)
            .await;
        assert!(
            reply.status == 200 || reply.status == 400,
            "{hostile:?}: {reply}"
        );
    }
    let long = "woord ".repeat(84);
    search(&app, &desk, &[("q", &long[..500])]).await;
    app.get("/v1/reports")
        .query(&[("q", &"x".repeat(501))])
        .by(&desk)
        .await
        .expect_problem(400, "invalid_query");
    assert_eq!(
        found(&app, &desk, "de het een").await.len(),
        0,
        "words that say nothing find nothing"
    );
    // An operator is a word like any other.
    assert_eq!(found(&app, &desk, "norm OR nergens").await.len(), 0);
}

#[actix_web::test]
async fn what_an_earlier_version_left_out_is_indexed_after_a_start() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, desk) = (app.reporter("GM1714").await, app.desk().await);
    let id = submit(&app, &reporter, "Norm", "De veerpont vaart niet.").await;
    app.post(format!("/v1/reports/{id}/messages"))
        .by(&desk)
        .json(json!({"audience": "government", "text": "Vraag de landsadvocaat."}))
        .await
        .expect(201);
    app.context
        .db
        .write(|conn| {
            Ok::<_, meldpunt::services::Error>(diesel::delete(search_entries::table).execute(conn)?)
        })
        .await
        .unwrap();
    assert_eq!(found(&app, &desk, "veerpont").await.len(), 0);
    assert_eq!(reindex::round(&app.context).await.unwrap(), 1);
    assert_eq!(reindex::round(&app.context).await.unwrap(), 0);
    assert_eq!(found(&app, &desk, "veerpont").await.len(), 1);
    assert_eq!(found(&app, &desk, "landsadvocaat").await.len(), 1);
    // What an earlier version indexed is indexed anew, once.
    app.context
        .db
        .write(|conn| {
            let earlier = search_entries::version.eq(search_entries::version - 1);
            let changed = (earlier, search_entries::body.eq("anders"));
            let all = diesel::update(search_entries::table).set(changed);
            Ok::<_, meldpunt::services::Error>(all.execute(conn)?)
        })
        .await
        .unwrap();
    assert_eq!(found(&app, &desk, "veerpont").await.len(), 0);
    assert_eq!(reindex::round(&app.context).await.unwrap(), 1);
    assert_eq!(found(&app, &desk, "veerpont").await.len(), 1);
}
