//! Searches that somebody keeps: checked when written, run as whoever runs them, shared within an organisation.

use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

const SEARCHES: &str = "/v1/saved-searches";

async fn report(app: &TestApp, by: &Actor, title: &str) -> String {
    app.post("/v1/reports")
        .by(by)
        .json(json!({
            "title": title, "description": "De norm knelt.", "effect": "De school sluit.", "municipalities": ["GM1714"],
            "regulations": [{"citation": "BWBR0003420", "article": "153"}]
        }))
        .await
        .expect(201)
        .id()
}

async fn save(app: &TestApp, by: &Actor, name: &str, query: &str, shared: bool) -> Reply {
    app.post(SEARCHES)
        .by(by)
        .json(json!({"name": name, "query": query, "shared": shared}))
        .await
}

async fn found(app: &TestApp, by: &Actor, search: &str) -> Vec<String> {
    let path = format!("{SEARCHES}/{search}/reports");
    let items = app.get(path).by(by).await.expect(200).items();
    let id = |item: &Value| item["id"].as_str().unwrap().to_owned();
    items.iter().map(id).collect()
}

#[actix_web::test]
async fn a_search_is_run_as_whoever_runs_it() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (sluis, hulst) = (app.reporter("GM1714").await, app.reporter("GM0677").await);
    let (colleague, desk) = (app.reporter("GM1714").await, app.desk().await);
    let one = report(&app, &sluis, "Opheffingsnorm").await;
    let other = report(&app, &hulst, "Opheffingsnorm").await;
    report(&app, &sluis, "Vervoer").await;

    let shared = save(
        &app,
        &sluis,
        "Normen",
        "q=opheffingsnorm&status=routed",
        true,
    )
    .await
    .expect(201);
    let id = shared.id();
    assert_eq!(
        shared.header("location").unwrap(),
        format!("{SEARCHES}/{id}")
    );
    assert_eq!(
        (
            found(&app, &sluis, &id).await,
            found(&app, &colleague, &id).await
        ),
        (vec![one.clone()], vec![one.clone()])
    );
    // Another organisation does not know it; the same query shows the desk more.
    app.get(format!("{SEARCHES}/{id}/reports"))
        .by(&hulst)
        .await
        .expect(404);
    let own = save(
        &app,
        &desk,
        "Normen",
        "q=opheffingsnorm&status=routed",
        false,
    )
    .await
    .expect(201)
    .id();
    let mut of_desk = found(&app, &desk, &own).await;
    of_desk.sort();
    let mut both = vec![one, other];
    both.sort();
    assert_eq!(of_desk, both);

    // `me` is whoever runs it, and pages go on.
    let mine = save(&app, &desk, "Van mij", "assignee=me", false)
        .await
        .expect(201)
        .id();
    assert_eq!(found(&app, &desk, &mine).await, Vec::<String>::new());
    let all = save(&app, &desk, "Alles", "sort=submitted", false)
        .await
        .expect(201)
        .id();
    let path = format!("{SEARCHES}/{all}/reports");
    let first = app
        .get(format!("{path}?limit=2"))
        .by(&desk)
        .await
        .expect(200)
        .json();
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = app
        .get(&path)
        .query(&[("limit", "2"), ("cursor", cursor)])
        .by(&desk)
        .await
        .expect(200);
    assert_eq!(
        (first["items"].as_array().unwrap().len(), rest.items().len()),
        (2, 1)
    );
}

#[actix_web::test]
async fn what_the_list_would_refuse_is_not_kept() {
    let app = TestApp::start().await;
    let sluis = app.reporter("GM1714").await;
    for (query, faults) in [
        ("status=weg", vec![("/query/status", "not_in_list")]),
        (
            "colour=red&overdue=soms",
            vec![
                ("/query/overdue", "wrong_type"),
                ("/query/colour", "unknown_field"),
            ],
        ),
        (
            "sort=relevance",
            vec![("/query/sort", "relevance_needs_words")],
        ),
        (
            "q=norm&limit=5&cursor=x",
            vec![
                ("/query/limit", "not_saved"),
                ("/query/cursor", "not_saved"),
            ],
        ),
        ("q=%zz", vec![("/query", "wrong_format_of_query")]),
    ] {
        let reply = save(&app, &sluis, "Fout", query, false).await;
        let mut told = reply.faults();
        told.sort();
        let mut expected: Vec<(String, String)> = faults
            .iter()
            .map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned()))
            .collect();
        expected.sort();
        assert_eq!(told, expected, "{query}");
    }
    save(&app, &sluis, "", "q=norm", false)
        .await
        .expect_faults(&[("/name", "required")]);
    assert_eq!(
        app.get(SEARCHES).by(&sluis).await.expect(200).items().len(),
        0
    );
}

#[actix_web::test]
async fn its_owner_changes_it_and_a_colleague_once_that_is_gone() {
    let app = TestApp::start().await;
    let (owner, colleague) = (app.reporter("GM1714").await, app.reporter("GM1714").await);
    let shared = save(&app, &owner, "Samen", "overdue=true", true)
        .await
        .expect(201);
    let own = save(&app, &owner, "Alleen", "nearing=true", false)
        .await
        .expect(201)
        .id();
    save(&app, &owner, "Samen", "q=norm", false)
        .await
        .expect_problem(409, "name_taken");
    let path = format!("{SEARCHES}/{}", shared.id());
    let names = async |by: &Actor, more: &str| -> Vec<String> {
        let items = app
            .get(format!("{SEARCHES}{more}"))
            .by(by)
            .await
            .expect(200)
            .items();
        items
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&owner, "").await, ["Alleen", "Samen"]);
    assert_eq!(names(&owner, "?shared=true").await, ["Samen"]);
    assert_eq!(names(&colleague, "").await, ["Samen"]);
    assert_eq!(names(&colleague, "?mine=true").await, Vec::<String>::new());
    app.get(format!("{SEARCHES}/{own}"))
        .by(&colleague)
        .await
        .expect(404);

    let change = |by: &Actor, seen: &Reply| {
        app.patch(&path)
            .by(by)
            .if_match(seen)
            .json(json!({"name": "Te laat"}))
    };
    let seen = app.get(&path).by(&colleague).await.expect(200);
    assert_eq!(
        (&seen.json()["mine"], &seen.json()["editable"]),
        (&json!(false), &json!(false))
    );
    change(&colleague, &seen)
        .await
        .expect_problem(403, "not_allowed");
    let changed = change(&owner, &shared).await.expect(200);
    assert_eq!(
        (changed.text("name"), &changed.json()["version"]),
        ("Te laat".to_owned(), &json!(2))
    );
    change(&owner, &shared).await.expect(412);

    // The owner goes: what it kept for itself is gone, what it shared is looked after.
    let admin = app.admin().await;
    let person = format!("/v1/people/{}", owner.id);
    let there = app.get(&person).by(&admin).await.expect(200);
    app.delete(&person)
        .by(&admin)
        .if_match(&there)
        .await
        .expect(204);
    let seen = app.get(&path).by(&colleague).await.expect(200);
    assert_eq!(seen.json()["editable"], true);
    let taken = change(&colleague, &seen).await.expect(200);
    assert_eq!(taken.json()["mine"], true);
    app.delete(&path)
        .by(&colleague)
        .if_match(&taken)
        .await
        .expect(204);
    assert_eq!(names(&colleague, "").await, Vec::<String>::new());
}
