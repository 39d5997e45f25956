//! The public register: what the desk published, as it published it, and nothing else.

use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

async fn report(app: &TestApp, by: &Actor, title: &str) -> String {
    let body = json!({
        "title": title, "description": "Mevrouw De Vries van de Dorpsstraat kan niet meer naar school.",
        "effect": "De school sluit.", "municipalities": ["GM1714"], "domains": ["onderwijs-po"],
        "regulations": [{"citation": "BWBR0003420", "article": "153"}],
        "contact": {"name": "Team onderwijs", "email": "onderwijs@sluis.example"}
    });
    app.post("/v1/reports")
        .by(by)
        .json(body)
        .await
        .expect(201)
        .id()
}

async fn act(app: &TestApp, by: &Actor, report: &str, body: Value) -> Reply {
    let path = format!("/v1/reports/{report}");
    let seen = app.get(&path).by(by).await.expect(200);
    let made = app.post(format!("{path}/transitions")).by(by);
    made.if_match(&seen).json(body).await.expect(200)
}

fn publish(audience: &str) -> Value {
    json!({"action": "publish", "audience": audience, "title": "Norm sluit dorpsschool", "summary": "De norm telt per gemeente."})
}

#[actix_web::test]
async fn a_report_is_in_the_register_as_it_was_published_and_as_long() {
    let app = TestApp::start().await;
    app.leave_mail();
    let sluis = app.reporter("GM1714").await;
    let (desk, lead) = (app.desk().await, app.liaison("OCW").await);
    let shown = report(&app, &sluis, "Dorpsschool van mevrouw De Vries").await;
    let shared = report(&app, &sluis, "Alleen voor de overheid").await;
    let hidden = report(&app, &sluis, "Niet gedeeld").await;
    act(&app, &desk, &shown, publish("public")).await;
    act(&app, &desk, &shared, publish("government")).await;

    let list = async |query: &str| {
        let found = app
            .get(format!("/v1/public/reports{query}"))
            .await
            .expect(200);
        let ids = found.items().into_iter().map(|one| one["id"].clone());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(list("").await, [json!(shown)]);
    assert_eq!(
        list("?q=dorpsscholen&municipality=GM1714&domain=onderwijs-po").await,
        [json!(shown)]
    );
    // Words of the reporter find nothing: only what was reviewed is searched.
    for query in ["?q=Vries", "?municipality=GM0363", "?q=dorpsstraat"] {
        assert!(list(query).await.is_empty(), "{query}");
    }
    for id in [&shared, &hidden] {
        app.get(format!("/v1/public/reports/{id}"))
            .await
            .expect(404);
    }
    let path = format!("/v1/public/reports/{shown}");
    let one = app
        .get(&path)
        .header("origin", "https://krant.example")
        .await
        .expect(200);
    assert_eq!(one.header("access-control-allow-origin"), Some("*"));
    assert_eq!(one.header("cache-control"), Some("public, max-age=60"));
    let told = one.body_text();
    for kept in [
        "Vries",
        "Dorpsstraat",
        "Team onderwijs",
        "onderwijs@sluis.example",
        "De school sluit",
    ] {
        assert!(!told.contains(kept), "{kept}: {told}");
    }
    let content = one.json()["content"].clone();
    assert_eq!(content["title"], "Norm sluit dorpsschool");
    assert_eq!(
        content["leadAuthority"],
        "Ministerie van Onderwijs, Cultuur en Wetenschap"
    );
    assert_eq!(content["regulations"][0]["article"], "153");
    let tag = one.etag().to_owned();
    app.get(&path)
        .header("if-none-match", &tag)
        .await
        .expect(304);

    // What comes of it is told: the position, and the experiment once it is in the register.
    act(&app, &lead, &shown, json!({"action": "accept"})).await;
    let position = json!({"action": "take_position", "outcome": "experiment", "publicExplanation": "Wij proberen het."});
    act(&app, &lead, &shown, position).await;
    let proposal = json!({"title": "Kleine school", "idea": "Zonder de norm.", "report": shown});
    app.post("/v1/experiments")
        .by(&lead)
        .json(proposal)
        .await
        .expect(201);
    let content = app.get(&path).await.expect(200).json()["content"].clone();
    assert_eq!(
        content["position"]["publicExplanation"],
        "Wij proberen het."
    );
    assert_eq!(
        content["experiments"],
        json!([]),
        "a proposal is nobody's business"
    );

    // Taken back, it is known to have been there and says nothing else; published again, it is back.
    act(
        &app,
        &desk,
        &shown,
        json!({"action": "unpublish", "reason": "Een naam stond erin."}),
    )
    .await;
    assert!(list("").await.is_empty());
    let gone = app.get(&path).await.expect(200).json();
    assert_eq!(gone["content"], Value::Null);
    assert_eq!(gone["withdrawnAt"], "2026-11-25T10:00:00Z");
    act(&app, &desk, &shown, publish("public")).await;
    let back = app.get(&path).await.expect(200).json();
    assert_eq!(
        (&back["withdrawnAt"], &back["content"]["revision"]),
        (&Value::Null, &json!(2))
    );
    // For government alone it is withdrawn from the public; confidential it never was.
    act(&app, &desk, &shown, publish("government")).await;
    assert_eq!(
        app.get(&path).await.expect(200).json()["content"],
        Value::Null
    );
    let narrow = json!({"action": "change_confidentiality", "confidentiality": "confidential"});
    act(&app, &sluis, &shown, narrow).await;
    app.get(&path).await.expect(404);
}

#[actix_web::test]
async fn the_whole_register_is_written_out_as_lines_or_as_a_sheet() {
    let app = TestApp::start().await;
    app.leave_mail();
    let sluis = app.reporter("GM1714").await;
    let desk = app.desk().await;
    let empty = app
        .get("/v1/public/reports/export")
        .header("accept", "*/*")
        .await
        .expect(200);
    assert_eq!(empty.body_text(), "");
    for title in ["Eerste", "=1+1; \"Tweede\"", "Derde"] {
        let id = report(&app, &sluis, "Dorpsschool").await;
        let publish = json!({"action": "publish", "audience": "public", "title": title, "summary": "De norm telt per gemeente."});
        act(&app, &desk, &id, publish).await;
        app.clock.forward(chrono::TimeDelta::minutes(1));
    }
    report(&app, &sluis, "Niet gedeeld").await;
    let lines = app
        .get("/v1/public/reports/export")
        .header("accept", "application/jsonl")
        .await
        .expect(200);
    assert_eq!(lines.header("content-type"), Some("application/jsonl"));
    let text = lines.body_text();
    let titles: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["content"]["title"].clone())
        .collect();
    assert_eq!(titles, ["Eerste", "=1+1; \"Tweede\"", "Derde"]);
    let sheet = app
        .get("/v1/public/reports/export")
        .header("accept", "text/csv")
        .await
        .expect(200);
    assert_eq!(
        sheet.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    let text = sheet.body_text();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().unwrap().clone();
    let at = |name: &str| columns.iter().position(|column| column == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    // No cell is taken for a formula.
    assert_eq!(&rows[1][at("title")], "'=1+1; \"Tweede\"");
    assert_eq!(&rows[0][at("regulations")], "BWBR0003420 artikel 153");
    assert_eq!(&rows[0][at("municipalities")], "GM1714");
}

#[actix_web::test]
async fn what_is_new_in_the_register_is_followed_as_a_feed() {
    let app = TestApp::start().await;
    app.leave_mail();
    let sluis = app.reporter("GM1714").await;
    let desk = app.desk().await;
    for title in ["Eerste & enige", "<b>Tweede</b>"] {
        let id = report(&app, &sluis, "Dorpsschool").await;
        let publish = json!({"action": "publish", "audience": "public", "title": title, "summary": "De norm telt."});
        act(&app, &desk, &id, publish).await;
        app.clock.forward(chrono::TimeDelta::minutes(1));
    }
    let read = async |query: &str| {
        let call = app
            .get(format!("/v1/public/reports/feed{query}"))
            .header("accept", "application/atom+xml");
        let reply = call.await.expect(200);
        assert_eq!(
            reply.header("content-type"),
            Some("application/atom+xml; charset=utf-8")
        );
        reply.body_text().parse::<atom_syndication::Feed>().unwrap()
    };
    let feed = read("").await;
    let titles: Vec<&str> = feed
        .entries
        .iter()
        .map(|entry| entry.title.value.as_str())
        .collect();
    assert_eq!(
        titles,
        ["<b>Tweede</b>", "Eerste & enige"],
        "the newest first, and as text"
    );
    assert_eq!(feed.updated, feed.entries[0].updated);
    assert_eq!(
        feed.entries[0].authors[0].name,
        "Ministerie van Onderwijs, Cultuur en Wetenschap"
    );
    let path = feed.entries[0].links[0]
        .href
        .split("/v1/")
        .nth(1)
        .unwrap()
        .to_owned();
    app.get(format!("/v1/{path}")).await.expect(200);
    assert_eq!(read("?domain=onderwijs-po&limit=1").await.entries.len(), 1);
    assert!(read("?province=PV20").await.entries.is_empty());
}

/// What DCAT-AP-NL 3.0 asks of a catalogue, its data sets and their distributions (Geonovum, shapes of version 3.0).
#[actix_web::test]
async fn catalogues_find_a_description_of_the_open_data() {
    let app = TestApp::start().await;
    let found = app.get("/v1/public/catalogue").await.expect(200);
    assert_eq!(found.header("content-type"), Some("application/ld+json"));
    let catalogue: Value = serde_json::from_str(&found.body_text()).unwrap();
    let has = |thing: &Value, names: &[&str]| {
        for name in names {
            assert!(!thing[*name].is_null(), "{name} of {thing}");
        }
    };
    has(
        &catalogue,
        &[
            "dct:title",
            "dct:description",
            "dct:publisher",
            "dcat:contactPoint",
        ],
    );
    let sets = catalogue["dcat:dataset"].as_array().unwrap();
    assert_eq!(sets.len(), 3);
    for set in sets {
        has(
            set,
            &[
                "dct:title",
                "dct:description",
                "dct:identifier",
                "dct:creator",
                "dct:publisher",
                "dct:accessRights",
                "dcat:contactPoint",
                "dcat:theme",
            ],
        );
        for distribution in set["dcat:distribution"].as_array().unwrap() {
            has(distribution, &["dct:license", "dcat:mediaType"]);
            // What it says to be there is there, as it says.
            let address = distribution["dcat:accessURL"]["@id"].as_str().unwrap();
            let path = address.strip_prefix(&app.url).unwrap();
            let media = distribution["dcat:mediaType"]["@id"].as_str().unwrap();
            let media = media.split("/media-types/").nth(1).unwrap();
            let there = app.get(path).header("accept", media).await.expect(200);
            assert!(
                there.header("content-type").unwrap().starts_with(media),
                "{address}"
            );
        }
    }
}
