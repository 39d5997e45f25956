//! What the desk releases of a report to others than its parties.

use meldpunt::domain::actor::Role;
use meldpunt::domain::id::OrganisationId;
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

/// A report of Sluis on its way, with words and a contact that are nobody else's business.
async fn report(app: &TestApp, by: &Actor, confidentiality: &str) -> String {
    app.post("/v1/reports")
        .by(by)
        .json(json!({
            "title": "Norm van meester Jansen", "description": "Jansen zegt dat de norm knelt.", "effect": "De school sluit.",
            "municipalities": ["GM1714"], "domains": ["onderwijs-po"], "confidentiality": confidentiality,
            "regulations": [{"citation": "BWBR0003420", "article": "153"}],
            "contact": {"name": "Jansen", "email": "jansen@sluis.example"}
        }))
        .await
        .expect(201)
        .id()
}

async fn act(app: &TestApp, by: &Actor, id: &str, body: Value) -> Reply {
    let path = format!("/v1/reports/{id}");
    let seen = app.get(&path).by(by).await.expect(200);
    app.post(format!("{path}/transitions"))
        .by(by)
        .if_match(&seen)
        .json(body)
        .await
}

fn publish(audience: &str) -> Value {
    json!({"action": "publish", "audience": audience, "title": "Opheffingsnorm basisschool",
           "summary": "De opheffingsnorm sluit de laatste school van een kern."})
}

async fn partner(app: &TestApp) -> OrganisationId {
    let admin = app.admin().await;
    let made = app
        .post("/v1/organisations")
        .by(&admin)
        .json(json!({"kind": "partner", "name": "Stichting Wonen Zeeland"}))
        .await
        .expect(201);
    made.id().parse().unwrap()
}

#[actix_web::test]
async fn the_reviewed_version_is_read_by_its_audience_and_nothing_else_is() {
    let app = TestApp::start().await;
    let (reporter, desk) = (app.reporter("GM1714").await, app.desk().await);
    let other = app.reporter("GM0715").await;
    let home = partner(&app).await;
    let firm = app.person(&[Role::Reporter], home).await;
    let id = report(&app, &reporter, "public_after_review").await;
    let shared = format!("/v1/shared-reports/{id}");
    app.get(&shared).by(&other).await.expect(404);
    app.deliver_mail().await;

    act(&app, &desk, &id, publish("government"))
        .await
        .expect(200);
    let mail = app.deliver_mail().await;
    let told: Vec<&str> = mail.iter().map(|one| one.subject.as_str()).collect();
    assert_eq!(told.len(), 1, "the reporter alone: {told:?}");
    assert!(mail[0].text.contains("de laatste school van een kern"));

    let seen = app.get(&shared).by(&other).await.expect(200);
    let body = seen.json();
    assert_eq!(body["title"], "Opheffingsnorm basisschool");
    assert_eq!(body["leadAuthority"]["abbreviation"], "OCW");
    assert_eq!(body["regulations"][0]["citation"], "BWBR0003420");
    assert_eq!(body["revision"], 1);
    let text = seen.to_string();
    for secret in ["Jansen", "Sluis\"", "jansen@", "submitter", "contact"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    // It is no view of the report itself.
    for path in ["", "/events", "/transitions"] {
        app.get(format!("/v1/reports/{id}{path}"))
            .by(&other)
            .await
            .expect(404);
    }
    // A partner is no government.
    app.get(&shared).by(&firm).await.expect(404);
    let listed = app.get("/v1/shared-reports").by(&firm).await.expect(200);
    assert!(listed.items().is_empty());

    act(&app, &desk, &id, publish("public")).await.expect(200);
    let body = app.get(&shared).by(&firm).await.expect(200).json();
    assert_eq!(
        (&body["revision"], &body["audience"]),
        (&json!(2), &json!("public"))
    );

    let events = app
        .get(format!("/v1/reports/{id}/events"))
        .by(&desk)
        .await
        .expect(200)
        .items();
    let last = events.last().unwrap();
    assert_eq!(last["kind"], "publish");
    assert_eq!(
        last["details"]["corrections"],
        json!([{"field": "audience", "old": ["government"], "new": ["public"]}])
    );

    act(
        &app,
        &desk,
        &id,
        json!({"action": "unpublish", "reason": "Een naam stond erin."}),
    )
    .await
    .expect(200);
    app.get(&shared).by(&other).await.expect(404);
    act(
        &app,
        &desk,
        &id,
        json!({"action": "unpublish", "reason": "Nog eens."}),
    )
    .await
    .expect_problem(409, "not_published");
}

#[actix_web::test]
async fn nothing_travels_further_than_its_confidentiality() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, desk) = (app.reporter("GM1714").await, app.desk().await);
    let secret = report(&app, &reporter, "confidential").await;
    act(&app, &desk, &secret, publish("government"))
        .await
        .expect_problem(409, "confidential_not_published");
    let inner = report(&app, &reporter, "government_only").await;
    act(&app, &desk, &inner, publish("public"))
        .await
        .expect_faults(&[("/audience", "wider_than_confidentiality")]);
    act(
        &app,
        &desk,
        &inner,
        json!({"action": "publish", "audience": "government"}),
    )
    .await
    .expect_faults(&[("/title", "required"), ("/summary", "required")]);
    act(&app, &desk, &inner, publish("government"))
        .await
        .expect(200);

    // Narrower than its release: the release ends with it, as an event of its own.
    let narrower = json!({"action": "change_confidentiality", "confidentiality": "confidential"});
    act(&app, &reporter, &inner, narrower).await.expect(200);
    app.get(format!("/v1/shared-reports/{inner}"))
        .by(&desk)
        .await
        .expect(404);
    let events = app
        .get(format!("/v1/reports/{inner}/events"))
        .by(&desk)
        .await
        .expect(200)
        .items();
    let kinds: Vec<&str> = events.iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert!(
        kinds.ends_with(&["publish", "change_confidentiality", "unpublish"]),
        "{kinds:?}"
    );
    assert_eq!(events.last().unwrap()["by"]["capacity"], "service");

    // What its reporter takes back is released no longer.
    let other = report(&app, &reporter, "public_after_review").await;
    act(&app, &desk, &other, publish("public"))
        .await
        .expect(200);
    act(
        &app,
        &reporter,
        &other,
        json!({"action": "withdraw", "reason": "Opgelost."}),
    )
    .await
    .expect(200);
    app.get(format!("/v1/shared-reports/{other}"))
        .by(&desk)
        .await
        .expect(404);
}

#[actix_web::test]
async fn what_is_shared_is_listed_filtered_and_paged() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, desk) = (app.reporter("GM1714").await, app.desk().await);
    let reader = app.reporter("GM0715").await;
    let mut ids = Vec::new();
    for (at, audience) in ["government", "public", "government"].iter().enumerate() {
        app.clock.forward(chrono::TimeDelta::minutes(1));
        let id = report(&app, &reporter, "public_after_review").await;
        act(&app, &desk, &id, publish(audience)).await.expect(200);
        if at == 0 {
            act(
                &app,
                &desk,
                &id,
                json!({"action": "correct", "reason": "Ander terrein.", "domains": ["wonen"]}),
            )
            .await
            .expect(200);
        }
        ids.push(id);
    }
    let list = async |query: &str| {
        let page = app
            .get(format!("/v1/shared-reports{query}"))
            .by(&reader)
            .await
            .expect(200);
        let found: Vec<usize> = page
            .items()
            .iter()
            .map(|item| ids.iter().position(|id| item["id"] == id.as_str()).unwrap())
            .collect();
        (found, page)
    };
    assert_eq!(list("").await.0, [2, 1, 0]);
    assert_eq!(list("?sort=shared").await.0, [0, 1, 2]);
    assert_eq!(list("?audience=public").await.0, [1]);
    assert_eq!(list("?domain=wonen&province=PV29").await.0, [0]);
    assert_eq!(
        list("?regulation=BWBR0003420&status=routed&sort=-updated")
            .await
            .0,
        [2, 1, 0]
    );
    assert_eq!(list("?phase=closed").await.0, [0; 0]);
    for sort in [
        "shared",
        "-shared",
        "updated",
        "-updated",
        "endorsements",
        "-endorsements",
    ] {
        let whole = list(&format!("?sort={sort}")).await.0;
        let (mut seen, mut query) = (Vec::new(), format!("?sort={sort}&limit=1"));
        loop {
            let (found, page) = list(&query).await;
            seen.extend(found);
            let Some(next) = page.json()["nextCursor"].as_str().map(str::to_owned) else {
                break;
            };
            query = format!("?sort={sort}&limit=1&cursor={next}");
        }
        assert_eq!(seen, whole, "{sort}");
    }
    // A report merged into another is found through that one.
    let merge = json!({"action": "merge", "mergeInto": ids[1]});
    act(&app, &desk, &ids[0], merge).await.expect(200);
    assert_eq!(list("").await.0, [2, 1]);
    let joined = app
        .get(format!("/v1/shared-reports/{}", ids[0]))
        .by(&reader)
        .await
        .expect(200);
    assert_eq!(joined.json()["mergedInto"], ids[1].as_str());
    assert_eq!(joined.json()["status"], "merged");
}

/// Lists about something are read from what it is about, searches from the index: both in portions.
#[actix_web::test]
async fn whatever_a_list_is_about_its_pages_are_the_whole_of_it() {
    let app = TestApp::start().await;
    app.leave_mail();
    let (reporter, desk) = (app.reporter("GM1714").await, app.desk().await);
    let liaison = app.liaison("OCW").await;
    let mut rng = fastrand::Rng::with_seed(29);
    let mut made: Vec<(String, &str, &str, &str)> = Vec::new();
    for _ in 0..36 {
        app.clock.forward(chrono::TimeDelta::minutes(1));
        let domain = ["onderwijs-po", "wonen"][rng.usize(..2)];
        let place = ["GM1714", "GM0715", "GM0363"][rng.usize(..3)];
        let new = json!({
            "title": "Norm", "description": "De norm knelt.", "effect": "De school sluit.",
            "municipalities": [place], "domains": [domain],
            "regulations": [{"citation": "BWBR0003420", "article": "153"}],
        });
        let new = app.post("/v1/reports").by(&reporter).json(new);
        let id = new.await.expect(201).id();
        let title = ["Kleine school", "Dorpsbus"][rng.usize(..2)];
        if rng.u8(..4) > 0 {
            let audience = ["government", "public"][rng.usize(..2)];
            let publish = json!({
                "action": "publish", "audience": audience, "title": title, "summary": "Een norm knelt.",
            });
            act(&app, &desk, &id, publish).await.expect(200);
        }
        let step = match rng.u8(..4) {
            0 => Some((
                &reporter,
                json!({"action": "withdraw", "reason": "Opgelost."}),
            )),
            1 => Some((&liaison, json!({"action": "accept"}))),
            2 => Some((
                &desk,
                json!({"action": "escalate", "reason": "Niemand reageert."}),
            )),
            _ => None,
        };
        if let Some((who, step)) = step {
            act(&app, who, &id, step).await.expect(200);
        }
        made.push((id, place, domain, title));
    }
    // One of the earliest is published last, another taken back: what they are listed by changes with it.
    let again = json!({"action": "publish", "audience": "public", "title": made[1].3, "summary": "Een norm knelt."});
    act(&app, &desk, &made[1].0, again.clone())
        .await
        .expect(200);
    act(&app, &desk, &made[2].0, again).await.expect(200);
    made[2].3 = made[1].3;
    let back = json!({"action": "unpublish", "reason": "Te vroeg."});
    act(&app, &desk, &made[2].0, back).await.expect(200);

    // By the desk, which sees all, and by the reporter, which sees its own.
    let lists = [
        (&desk, "/v1/reports", "-submitted"),
        (&reporter, "/v1/reports", "submitted"),
        (&reporter, "/v1/reports", "due"),
        (&desk, "/v1/reports", "-due"),
        (&desk, "/v1/reports", "due"),
        (&reporter, "/v1/reports", "urgency"),
        (&desk, "/v1/reports", "-updated"),
        (&desk, "/v1/shared-reports", "-shared"),
        (&desk, "/v1/shared-reports", "shared"),
        (&desk, "/v1/public/reports", "-shared"),
        (&desk, "/v1/public/reports", "-updated"),
    ];
    let mut hits = 0;
    for _ in 0..110 {
        let (who, path, sort) = lists[rng.usize(..lists.len())];
        let mut filters: Vec<(&str, &str)> = vec![("sort", sort)];
        let choices: [&[(&str, &str)]; 7] = [
            &[("domain", "wonen")],
            &[("province", "PV27")],
            &[("municipality", "GM1714"), ("municipality", "GM0715")],
            &[("regulation", "BWBR0003420")],
            &[("q", "kleine scholen")],
            &[("status", "withdrawn"), ("status", "in_review")],
            &[("phase", "intake")],
        ];
        for choice in choices {
            if rng.u8(..5) < 2
                && match choice[0].0 {
                    // In an order of its own, as `relevance`.
                    "q" => path != "/v1/reports",
                    // Rows of what is shared do not tell these by themselves.
                    "status" | "phase" => path == "/v1/reports",
                    _ => true,
                }
            {
                filters.extend(choice);
            }
        }
        let read = async |more: &[(&str, &str)]| {
            let query: Vec<_> = filters.iter().chain(more).copied().collect();
            let call = app.get(path).by(who).query(&query);
            call.await.expect(200)
        };
        let named = |reply: &Reply| -> Vec<String> {
            let items = reply.items();
            items
                .iter()
                .map(|one| one["id"].as_str().unwrap().to_owned())
                .collect()
        };
        // The whole of it is what each row by itself says, in the order of all.
        let whole = named(&read(&[("limit", "100")]).await);
        let all = app
            .get(path)
            .by(who)
            .query(&[("sort", sort), ("limit", "100")]);
        let wanted = |key: &str, row: &Value| {
            let mut of_key = filters.iter().filter(|(one, _)| *one == key).peekable();
            of_key.peek().is_none() || of_key.any(|(key, value)| row[key] == *value)
        };
        let fits = |row: &Value| {
            let id = row["id"].as_str().unwrap();
            let (_, place, domain, title) = made.iter().find(|one| one.0 == id).unwrap();
            filters.iter().all(|(key, value)| match *key {
                "domain" => domain == value,
                "municipality" => *place != "GM0363",
                "province" => *place == "GM0363",
                "q" => *title == "Kleine school",
                _ => true,
            }) && wanted("status", row)
                && wanted("phase", row)
        };
        let all = all.await.expect(200).items();
        let expected: Vec<&str> = all
            .iter()
            .filter(|row| fits(row))
            .map(|row| row["id"].as_str().unwrap())
            .collect();
        assert_eq!(whole, expected, "{path} {filters:?}");
        hits += whole.len();
        let limit = ["1", "2", "3"][rng.usize(..3)];
        let (mut paged, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut more = vec![("limit", limit)];
            more.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = read(&more).await;
            paged.extend(named(&page));
            cursor = page.json()["nextCursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
            assert!(paged.len() <= whole.len(), "{path} {filters:?}");
        }
        assert_eq!(paged, whole, "{path} {filters:?} by {limit}");
    }
    assert!(hits > 100, "{hits}");
}
