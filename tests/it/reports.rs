//! Handing in, changing and finding reports.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use meldpunt::domain::actor::Role;
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;

fn report() -> Value {
    json!({"title": "Norm", "description": "De norm knelt.", "effect": "De school sluit.", "municipalities": ["GM1714"]})
}

fn with(mut body: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[actix_web::test]
async fn every_faulty_field_is_named_at_once() {
    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    let body = json!({
        "title": "", "description": 3, "municipalities": ["GM9999"], "colour": "red",
        "regulations": [{"citation": "BWBR0003420", "colour": "red"}], "contact": {"name": "x"}
    });
    app.post("/v1/reports")
        .by(&reporter)
        .json(body)
        .await
        .expect_faults(&[
            ("/title", "required"),
            ("/description", "wrong_type"),
            ("/colour", "unknown_field"),
            ("/regulations/0/colour", "unknown_field"),
            ("/contact/email", "required"),
        ]);
    let body = json!({
        "title": "Norm", "municipalities": ["GM9999", "GM0018"], "domains": ["onderwijs-po", "onzin"], "provinces": ["PV99"],
        "regulations": [{"citation": "BWBR12"}, {"citation": "BWBR0003420", "article": "--", "consultedOn": "2031-01-01"}]
    });
    app.post("/v1/reports")
        .by(&reporter)
        .json(body)
        .await
        .expect_faults(&[
            ("/description", "required"),
            ("/effect", "required"),
            ("/municipalities/0", "unknown_municipality"),
            ("/municipalities/1", "ended_municipality"),
            ("/domains/1", "unknown_domain"),
            ("/provinces/0", "unknown_province"),
            ("/regulations/0/citation", "citation_malformed"),
            ("/regulations/1/article", "article_malformed"),
            ("/regulations/1/consultedOn", "date_in_future"),
        ]);
    assert!(
        app.get("/v1/reports")
            .by(&reporter)
            .await
            .expect(200)
            .items()
            .is_empty()
    );
}

#[actix_web::test]
async fn a_citation_in_any_form_is_the_same_rule() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    for citation in [
        json!({"citation": "bwbr0003420", "article": "artikel 153", "paragraph": "eerste lid"}),
        json!({"citation": "jci1.3:c:BWBR0003420&artikel=153&lid=1"}),
        json!({"citation": "https://wetten.overheid.nl/jci1.3:c:BWBR0003420&artikel=153&lid=1"}),
    ] {
        let body = with(report(), json!({"regulations": [citation]}));
        let report = app
            .post("/v1/reports")
            .by(&reporter)
            .json(body)
            .await
            .expect(201)
            .json();
        let cited = &report["regulations"][0];
        assert_eq!(
            (&cited["citation"], &cited["article"], &cited["paragraph"]),
            (&json!("BWBR0003420"), &json!("153"), &json!("1"))
        );
        assert_eq!(report["leadAuthority"]["abbreviation"], "OCW");
    }
    let found = app
        .get("/v1/reports")
        .query(&[("regulation", "BWBR0003420")])
        .by(&reporter)
        .await
        .expect(200);
    assert_eq!(found.items().len(), 3);
    let repealed = with(
        report(),
        json!({"regulations": [{"citation": "BWBR0002399"}, {"citation": "Een of andere regeling"}]}),
    );
    let report = app
        .post("/v1/reports")
        .by(&reporter)
        .json(repealed)
        .await
        .expect(201)
        .json();
    assert_eq!(
        report["regulations"][0]["warnings"],
        json!(["repealed_regulation"])
    );
    assert_eq!(
        report["regulations"][1]["warnings"],
        json!(["unknown_regulation"])
    );
}

#[actix_web::test]
async fn a_machine_names_a_contact_who_then_hears() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let client = app.client(&[Role::Reporter], None, home).await;
    app.post("/v1/reports")
        .by(&client)
        .json(report())
        .await
        .expect_faults(&[("/contact", "contact_required")]);
    let body = with(
        report(),
        json!({"contact": {"name": "Team", "email": "team@sluis.example", "language": "en"}}),
    );
    app.post("/v1/reports")
        .by(&client)
        .json(body)
        .await
        .expect(201);
    let mails = app.deliver_mail().await;
    assert_eq!(
        mails
            .iter()
            .map(|mail| mail.to.as_str())
            .collect::<Vec<_>>(),
        ["team@sluis.example"]
    );
    assert_eq!(mails[0].header("Content-Language").as_deref(), Some("en"));
}

#[actix_web::test]
async fn the_desk_enters_a_report_for_somebody_by_telephone() {
    let app = TestApp::start().await;
    app.leave_mail();
    let desk = app.desk().await;
    let reporter = app.reporter("GM1714").await;
    let sluis = app.organisation("GM1714").await;
    let body = with(
        report(),
        json!({"onBehalfOf": sluis, "contact": {"name": "Wethouder", "email": "w@sluis.example"}}),
    );
    let entered = app
        .post("/v1/reports")
        .by(&desk)
        .json(body.clone())
        .await
        .expect(201);
    assert_eq!(entered.json()["submitter"]["name"], "Gemeente Sluis");
    assert_eq!(entered.json()["onBehalf"], true);
    app.get(format!("/v1/reports/{}", entered.id()))
        .by(&reporter)
        .await
        .expect(200);
    let other = app.reporter("GM0715").await;
    app.post("/v1/reports")
        .by(&other)
        .json(body)
        .await
        .expect_problem(403, "not_allowed");
}

#[actix_web::test]
async fn a_case_number_is_used_once_by_an_organisation() {
    let app = TestApp::start().await;
    app.leave_mail();
    let body = with(report(), json!({"externalReference": "Z2026-1"}));
    let sluis = app.reporter("GM1714").await;
    let other = app.reporter("GM0715").await;
    app.post("/v1/reports")
        .by(&sluis)
        .json(&body)
        .await
        .expect(201);
    app.post("/v1/reports")
        .by(&sluis)
        .json(&body)
        .await
        .expect_problem(409, "external_reference_taken");
    app.post("/v1/reports")
        .by(&other)
        .json(&body)
        .await
        .expect(201);
    let found = app
        .get("/v1/reports?externalReference=Z2026-1")
        .by(&sluis)
        .await
        .expect(200)
        .items();
    assert_eq!(found.len(), 1);
}

#[actix_web::test]
async fn of_two_writers_with_one_etag_one_wins() {
    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    let draft = with(report(), json!({"draft": true}));
    let seen = app
        .post("/v1/reports")
        .by(&reporter)
        .json(draft)
        .await
        .expect(201);
    let path = format!("/v1/reports/{}", seen.id());
    let change = |title: &str| {
        app.patch(&path)
            .by(&reporter)
            .if_match(&seen)
            .json(json!({"title": title}))
    };
    let replies = join_all((0..8).map(|n| change(&format!("Titel {n}")).into_future())).await;
    let won: Vec<&str> = replies
        .iter()
        .filter(|reply| reply.status == 200)
        .map(|_| "won")
        .collect();
    assert_eq!(won.len(), 1);
    assert!(
        replies
            .iter()
            .all(|reply| reply.status == 200 || reply.status == 412)
    );
    app.patch(&path)
        .by(&reporter)
        .json(json!({"title": "Zonder"}))
        .await
        .expect_problem(428, "if_match_required");
    app.delete(&path)
        .by(&reporter)
        .if_match(&seen)
        .await
        .expect_problem(412, "stale_version");
    let now = app.get(&path).by(&reporter).await.expect(200);
    app.get(&path)
        .by(&reporter)
        .header("if-none-match", now.etag())
        .await
        .expect(304);
    app.delete(&path)
        .by(&reporter)
        .if_match(&now)
        .await
        .expect(204);
    app.get(&path)
        .by(&reporter)
        .await
        .expect_problem(404, "not_found");
}

#[actix_web::test]
async fn one_idempotency_key_sent_fifty_times_at_once_makes_one_report() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    let call = || {
        app.post("/v1/reports")
            .by(&reporter)
            .idempotency_key("zaak-1")
            .json(report())
    };
    let replies = join_all((0..50).map(|_| call().into_future())).await;
    let ids: BTreeSet<String> = replies
        .iter()
        .map(|reply| {
            assert_eq!(reply.status, 201, "{reply}");
            reply.id()
        })
        .collect();
    assert_eq!(ids.len(), 1);
    let first = replies
        .iter()
        .filter(|reply| reply.header("idempotent-replayed").is_none())
        .count();
    assert_eq!(first, 1);
    assert_eq!(
        app.get("/v1/reports")
            .by(&reporter)
            .await
            .expect(200)
            .items()
            .len(),
        1
    );
    let other = with(report(), json!({"title": "Anders"}));
    app.post("/v1/reports")
        .by(&reporter)
        .idempotency_key("zaak-1")
        .json(other)
        .await
        .expect_problem(422, "idempotency_key_reused");
    // Another caller's key is another key.
    let stranger = app.reporter("GM0715").await;
    let theirs = app
        .post("/v1/reports")
        .by(&stranger)
        .idempotency_key("zaak-1")
        .json(report())
        .await
        .expect(201);
    assert!(!ids.contains(&theirs.id()));
}

#[actix_web::test]
async fn a_list_shows_exactly_what_can_be_read() {
    let app = TestApp::start().await;
    app.leave_mail();
    let bzk = app.organisation("BZK").await;
    let sluis = app.reporter("GM1714").await;
    let terneuzen = app.reporter("GM0715").await;
    let readers: Vec<Actor> = vec![
        sluis.clone(),
        terneuzen.clone(),
        app.desk().await,
        app.coordinator().await,
        app.liaison("OCW").await,
        app.liaison("SZW").await,
        app.person(&[Role::Analyst], bzk).await,
        app.person(
            &[Role::Analyst, Role::Reporter],
            app.organisation("GM0294").await,
        )
        .await,
        app.person(&[Role::Desk, Role::Liaison], bzk).await,
    ];
    let desk = readers[2].clone();
    let mut ids = Vec::new();
    for (at, confidentiality) in ["public_after_review", "government_only", "confidential"]
        .iter()
        .enumerate()
    {
        for by in [&sluis, &terneuzen] {
            for draft in [false, true] {
                let body = with(
                    report(),
                    json!({
                        "confidentiality": confidentiality, "draft": draft, "title": format!("Melding {at}"),
                        "regulations": [{"citation": "BWBR0017017"}, {"citation": "BWBR0003420"}],
                    }),
                );
                ids.push(
                    app.post("/v1/reports")
                        .by(by)
                        .json(body)
                        .await
                        .expect(201)
                        .id(),
                );
            }
        }
    }
    // Sluis' first report is joined by Terneuzen's first.
    let seen = app
        .get(format!("/v1/reports/{}", ids[2]))
        .by(&desk)
        .await
        .expect(200);
    app.post(format!("/v1/reports/{}/transitions", ids[2]))
        .by(&desk)
        .if_match(&seen)
        .json(json!({"action": "merge", "mergeInto": ids[0]}))
        .await
        .expect(200);
    for reader in &readers {
        let listed: BTreeSet<String> = app
            .all_pages(reader, "/v1/reports", 5)
            .await
            .iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect();
        let mut readable = BTreeSet::new();
        for id in &ids {
            let reply = app.get(format!("/v1/reports/{id}")).by(reader).await;
            let events = app.get(format!("/v1/reports/{id}/events")).by(reader).await;
            assert_eq!(reply.status, events.status);
            if reply.status == 200 {
                readable.insert(id.clone());
            } else {
                reply.expect_problem(404, "not_found");
            }
        }
        assert_eq!(listed, readable, "{}", reader.name);
    }
    let admin = app.admin().await;
    app.get("/v1/reports")
        .by(&admin)
        .await
        .expect_problem(403, "insufficient_scope");
}

#[actix_web::test]
async fn paging_shows_every_row_once_in_every_order_while_rows_are_added() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    let desk = app.desk().await;
    let mut ids = BTreeSet::new();
    for n in 0..23 {
        if n % 3 == 0 {
            app.clock.forward(chrono::TimeDelta::days(1));
        }
        let body = with(report(), json!({"title": format!("Melding {n}")}));
        ids.insert(
            app.post("/v1/reports")
                .by(&reporter)
                .json(body)
                .await
                .expect(201)
                .id(),
        );
    }
    for sort in [
        "submitted",
        "-submitted",
        "updated",
        "-updated",
        "due",
        "-due",
    ] {
        let mut seen = Vec::new();
        let mut path = format!("/v1/reports?limit=4&sort={sort}");
        loop {
            let page = app.get(&path).by(&desk).await.expect(200);
            seen.extend(
                page.items()
                    .iter()
                    .map(|row| row["id"].as_str().unwrap().to_owned()),
            );
            // Rows come in between while somebody reads on.
            app.post("/v1/reports")
                .by(&reporter)
                .json(report())
                .await
                .expect(201);
            match page.json()["nextCursor"].as_str() {
                Some(cursor) => path = format!("/v1/reports?limit=4&sort={sort}&cursor={cursor}"),
                None => break,
            }
            assert!(seen.len() < 400, "the list does not end");
        }
        let unique: BTreeSet<&String> = seen.iter().collect();
        assert_eq!(unique.len(), seen.len(), "{sort}");
        assert!(ids.iter().all(|id| unique.contains(id)), "{sort}");
    }
    app.get("/v1/reports?cursor=onzin")
        .by(&desk)
        .await
        .expect_faults(&[("cursor", "wrong_cursor")]);
    // A cursor of another order is no cursor here.
    let due = app
        .get("/v1/reports?limit=1&sort=due")
        .by(&desk)
        .await
        .expect(200)
        .json();
    let cursor = due["nextCursor"].as_str().unwrap();
    app.get(format!("/v1/reports?sort=updated&cursor={cursor}"))
        .by(&desk)
        .await
        .expect_faults(&[("cursor", "wrong_cursor")]);
}

#[actix_web::test]
async fn filters_narrow_and_a_repeated_one_widens() {
    let app = TestApp::start().await;
    app.leave_mail();
    let sluis = app.reporter("GM1714").await;
    let winterswijk = app.reporter("GM0294").await;
    let desk = app.desk().await;
    let school = with(
        report(),
        json!({"regulations": [{"citation": "BWBR0003420"}], "domains": ["onderwijs-po"]}),
    );
    app.post("/v1/reports")
        .by(&sluis)
        .json(school)
        .await
        .expect(201);
    let care = with(
        report(),
        json!({"municipalities": ["0294"], "domains": ["wmo"]}),
    );
    app.post("/v1/reports")
        .by(&winterswijk)
        .json(care)
        .await
        .expect(201);
    let count = |query: String| {
        let call = app.get(format!("/v1/reports?{query}")).by(&desk);
        async move { call.await.expect(200).items().len() }
    };
    let ocw = app.organisation("OCW").await;
    let home = app.organisation("GM0294").await;
    for (query, expected) in [
        ("status=routed".to_owned(), 1),
        ("status=routed&status=submitted".to_owned(), 2),
        ("status=routed&domain=wmo".to_owned(), 0),
        ("phase=intake".to_owned(), 2),
        ("phase=closed".to_owned(), 0),
        ("domain=wmo&domain=onderwijs-po".to_owned(), 2),
        ("region=KR-ACHTERHOEK".to_owned(), 1),
        ("province=PV29".to_owned(), 1),
        ("municipality=1714".to_owned(), 1),
        ("regulation=BWBR0003420".to_owned(), 1),
        (format!("authority={ocw}"), 1),
        (format!("submitter={home}"), 1),
        ("updatedSince=2026-11-25T10:00:00Z".to_owned(), 2),
        ("updatedSince=2026-11-25T12:00:01%2B01:00".to_owned(), 0),
    ] {
        assert_eq!(count(query.clone()).await, expected, "{query}");
    }
    app.get("/v1/reports?stauts=routed&limit=0&status=open")
        .by(&desk)
        .await
        .expect_faults(&[
            ("stauts", "unknown_field"),
            ("limit", "too_small"),
            ("status", "not_in_list"),
        ]);
}

#[actix_web::test]
async fn the_reporter_changes_a_report_until_the_desk_takes_it_up() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    let desk = app.desk().await;
    let first = app
        .post("/v1/reports")
        .by(&reporter)
        .json(report())
        .await
        .expect(201);
    let path = format!("/v1/reports/{}", first.id());
    // Naming the rule routes it after all.
    let asked = app
        .post(format!("{path}/transitions"))
        .by(&desk)
        .if_match(&first)
        .json(json!({"action": "request_information", "question": "Welke regel?"}))
        .await
        .expect(200);
    let change = json!({"regulations": [{"citation": "BWBR0003420"}], "proposedSolution": null});
    let changed = app
        .patch(&path)
        .by(&reporter)
        .if_match(&asked)
        .json(change)
        .await
        .expect(200);
    assert_eq!(changed.json()["routing"]["decision"], "suggested");
    assert_eq!(changed.json()["status"], "information_requested");
    let answered = app
        .post(format!("{path}/transitions"))
        .by(&reporter)
        .if_match(&changed)
        .json(json!({"action": "provide_information", "answer": "De WPO."}))
        .await
        .expect(200);
    assert_eq!(answered.json()["status"], "routed");
    app.patch(&path)
        .by(&reporter)
        .if_match(&answered)
        .json(json!({"title": "Te laat"}))
        .await
        .expect_problem(409, "not_editable");
    app.delete(&path)
        .by(&reporter)
        .if_match(&answered)
        .await
        .expect_problem(409, "not_a_draft");
    let second = app
        .post("/v1/reports")
        .by(&reporter)
        .json(report())
        .await
        .expect(201);
    let path = format!("/v1/reports/{}", second.id());
    app.patch(&path)
        .by(&reporter)
        .if_match(&second)
        .json(json!({"effect": ""}))
        .await
        .expect_faults(&[("/effect", "required")]);
    let routed = app
        .patch(&path)
        .by(&reporter)
        .if_match(&second)
        .json(json!({"regulations": [{"citation": "BWBR0003420"}]}))
        .await
        .expect(200);
    assert_eq!(
        (
            routed.json()["status"].as_str(),
            routed.json()["leadAuthority"]["abbreviation"].as_str()
        ),
        (Some("routed"), Some("OCW"))
    );
}

#[actix_web::test]
async fn contact_data_is_for_the_desk_the_lead_and_the_reporters_own() {
    let app = TestApp::start().await;
    app.leave_mail();
    let sluis = app.reporter("GM1714").await;
    let body = with(
        report(),
        json!({
            "contact": {"name": "Team", "email": "team@sluis.example"},
            "regulations": [{"citation": "BWBR0017017"}, {"citation": "BWBR0003420"}],
        }),
    );
    let report = app
        .post("/v1/reports")
        .by(&sluis)
        .json(body)
        .await
        .expect(201);
    let path = format!("/v1/reports/{}", report.id());
    let analyst = app
        .person(&[Role::Analyst], app.organisation("SZW").await)
        .await;
    for (reader, sees) in [
        (sluis, true),
        (app.desk().await, true),
        (app.liaison("SZW").await, true),
        (app.liaison("OCW").await, false),
        (analyst, false),
    ] {
        let seen = app.get(&path).by(&reader).await.expect(200).json();
        assert_eq!(!seen["contact"].is_null(), sees, "{}", reader.name);
    }
}

#[actix_web::test]
async fn an_answer_is_given_again_for_a_day_and_then_forgotten() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    let call = || {
        app.post("/v1/reports")
            .by(&reporter)
            .idempotency_key("zaak-1")
            .json(report())
    };
    let first = call().await.expect(201).id();
    app.clock.forward(chrono::TimeDelta::hours(23));
    assert_eq!(call().await.expect(201).id(), first);
    app.clock.forward(chrono::TimeDelta::hours(2));
    let (_, answers) = meldpunt::worker::tidy::round(&app.context).await.unwrap();
    assert_eq!(answers, 1);
    assert_ne!(call().await.expect(201).id(), first);
}
