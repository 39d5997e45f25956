//! Mail to a real SMTP server (tests/smtp/server.py, started by scripts/test): how it leaves, and what happens when it
//! does not; and that nothing a user types breaks a message.

use std::path::PathBuf;

use chrono::TimeDelta;
use futures_util::future::join;
use meldpunt::domain::actor::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;
use crate::harness::database::environment;
use crate::harness::mailbox::Mail;

// --- the server ---------------------------------------------------------------------------------------------------------

pub fn setting(name: &str) -> String {
    environment(name).unwrap_or_else(|| panic!("{name}; scripts/test sets it"))
}

fn arrivals() -> PathBuf {
    setting("TEST_SMTP_DIR").into()
}

/// A service that mails through the test server, by `smtp`, `smtps` or `smtp+plain`.
async fn mailing(scheme: &str) -> TestApp {
    let server = match scheme {
        "smtp" => setting("TEST_SMTP_TLS"),
        "smtps" => setting("TEST_SMTP_SMTPS"),
        _ => setting("TEST_SMTP_PLAIN"),
    };
    let sign_in = match scheme {
        "smtp+plain" => String::new(),
        _ => format!(
            "{}:{}@",
            setting("TEST_SMTP_USER"),
            setting("TEST_SMTP_PASSWORD")
        ),
    };
    let app = TestApp::start_with(|settings| {
        settings.mail = format!("{scheme}://{sign_in}{server}");
        settings.mail_ca = Some(setting("TEST_SMTP_CA").into());
    })
    .await;
    app.leave_mail();
    app
}

/// An address that no other test uses; its beginning decides what the server answers.
fn address(kind: &str) -> String {
    format!("{kind}.{}@example.org", Uuid::now_v7().simple())
}

/// Has the service mail somebody: an invitation.
async fn invite(app: &TestApp, by: &Actor, email: &str) -> Reply {
    app.post(format!("/v1/organisations/{}/people", by.organisation))
        .by(by)
        .json(json!({"name": "Jan de Vries", "email": email, "roles": ["reporter"]}))
        .await
        .expect(201)
}

async fn org_admin(app: &TestApp) -> Actor {
    let home = app.organisation("GM1714").await;
    app.person(&[Role::OrgAdmin], home).await
}

/// The messages that arrived for an address, with their envelopes, oldest first.
fn arrived(email: &str) -> Vec<(Value, Mail)> {
    envelopes()
        .filter(|(_, envelope)| envelope["rcptTo"] == json!([email]))
        .map(|(name, envelope)| {
            let raw = std::fs::read(name.with_extension("eml")).unwrap();
            (envelope, Mail::parse(&raw))
        })
        .collect()
}

/// All envelopes that arrived and their files, oldest first.
fn envelopes() -> impl Iterator<Item = (PathBuf, Value)> {
    let mut names: Vec<PathBuf> = std::fs::read_dir(arrivals())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    names.sort();
    names.into_iter().map(|name| {
        let envelope = serde_json::from_slice(&std::fs::read(&name).unwrap()).unwrap();
        (name, envelope)
    })
}

/// The messages that arrived for addresses that end so.
pub fn arrived_of(ending: &str) -> Vec<Mail> {
    envelopes()
        .filter(|(_, envelope)| {
            envelope["rcptTo"][0]
                .as_str()
                .is_some_and(|to| to.ends_with(ending))
        })
        .map(|(name, _)| Mail::parse(&std::fs::read(name.with_extension("eml")).unwrap()))
        .collect()
}

/// What the server answered to each try for an address: connection and code.
fn tries(email: &str) -> Vec<(i64, i64)> {
    let lines = std::fs::read_to_string(arrivals().join("attempts.jsonl")).unwrap_or_default();
    lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["rcptTo"] == email)
        .map(|line| {
            (
                line["connection"].as_i64().unwrap(),
                line["code"].as_i64().unwrap(),
            )
        })
        .collect()
}

// --- leaving ------------------------------------------------------------------------------------------------------------

#[actix_web::test]
async fn mail_leaves_encrypted_and_signed_in() {
    for scheme in ["smtp", "smtps"] {
        let app = mailing(scheme).await;
        let email = address("jan");
        invite(&app, &org_admin(&app).await, &email).await;
        let done = app.run_worker().await;
        assert_eq!((done.sent, done.dead), (1, 0), "{scheme}: {done:?}");
        let arrived = arrived(&email);
        assert_eq!(arrived.len(), 1, "{scheme}");
        let (envelope, mail) = &arrived[0];
        assert_eq!(envelope["tls"], true, "{scheme}");
        assert_eq!(envelope["user"], setting("TEST_SMTP_USER"), "{scheme}");
        assert_eq!(envelope["mailFrom"], "meldpunt@localhost");
        assert_eq!(mail.to_name, "Jan de Vries");
        assert!(mail.subject.is_ascii() || mail.subject.chars().count() > 5);
        assert!(mail.html.contains("<html"), "{}", mail.html);
        mail.link("/password");
        assert_eq!(
            mail.header("Auto-Submitted").as_deref(),
            Some("auto-generated")
        );
    }
}

#[actix_web::test]
async fn many_messages_travel_over_one_connection_each_to_one_recipient() {
    let app = mailing("smtp").await;
    let admin = org_admin(&app).await;
    let emails: Vec<String> = (0..5).map(|_| address("velen")).collect();
    for email in &emails {
        invite(&app, &admin, email).await;
    }
    assert_eq!(app.run_worker().await.sent, 5);
    let mut connections: Vec<i64> = emails
        .iter()
        .flat_map(|email| tries(email))
        .map(|(connection, code)| {
            assert_eq!(code, 250);
            connection
        })
        .collect();
    assert_eq!(connections.len(), 5);
    connections.dedup();
    assert_eq!(connections.len(), 1, "the connection is kept open");
    assert!(emails.iter().all(|email| arrived(email).len() == 1));
}

#[actix_web::test]
async fn two_workers_on_one_outbox_send_each_message_once() {
    let app = mailing("smtp+plain").await;
    let admin = org_admin(&app).await;
    let emails: Vec<String> = (0..6).map(|_| address("samen")).collect();
    for email in &emails {
        invite(&app, &admin, email).await;
    }
    let (one, other) = join(app.run_worker(), app.run_worker()).await;
    assert_eq!(one.sent + other.sent, 6, "{one:?} {other:?}");
    assert!(emails.iter().all(|email| arrived(email).len() == 1));
}

// --- not leaving --------------------------------------------------------------------------------------------------------

#[actix_web::test]
async fn a_greylisted_message_is_tried_again_and_arrives_once() {
    let app = mailing("smtp").await;
    let admin = org_admin(&app).await;
    let (grey, other) = (address("greylist"), address("jan"));
    invite(&app, &admin, &grey).await;
    invite(&app, &admin, &other).await;
    let done = app.run_worker().await;
    assert_eq!((done.sent, done.deferred, done.dead), (1, 1, 0), "{done:?}");
    assert_eq!(app.run_worker().await.sent, 0, "not before its time");
    app.clock.forward(TimeDelta::minutes(1));
    assert_eq!(app.run_worker().await.sent, 1);
    let codes: Vec<i64> = tries(&grey).into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, [451, 250]);
    assert_eq!(arrived(&grey).len(), 1);
}

#[actix_web::test]
async fn the_wait_between_tries_grows_and_stays_bounded() {
    let app = mailing("smtp+plain").await;
    let email = address("defer");
    invite(&app, &org_admin(&app).await, &email).await;
    let mut waits = Vec::new();
    for number in 1..=12 {
        assert_eq!(app.run_worker().await.deferred, 1);
        assert_eq!(tries(&email).len(), number);
        let mut waited = 0;
        while !due(&app) {
            app.clock.forward(TimeDelta::seconds(15));
            waited += 15;
            assert!(waited <= 15 * 60, "more than a quarter of an hour");
        }
        waits.push(waited);
    }
    assert!(waits[0] <= 60, "{waits:?}");
    assert!(waits[11] > waits[0] * 4, "{waits:?}");
}

/// Whether the only notice may be tried now.
fn due(app: &TestApp) -> bool {
    use diesel::prelude::*;
    use meldpunt::services::Error;
    use meldpunt::store::schema::outbox;
    use meldpunt::store::types::Instant;
    let now = Instant(app.now());
    app.context
        .db
        .read_blocking(|conn| {
            let due: i64 = outbox::table
                .filter(outbox::next_attempt_at.le(now))
                .count()
                .get_result(conn)?;
            Ok::<_, Error>(due == 1)
        })
        .unwrap()
}

#[actix_web::test]
async fn a_refused_message_is_a_dead_letter_that_an_admin_sees_and_sends_again() {
    let app = mailing("smtp").await;
    let admin = app.admin().await;
    let email = address("reject");
    invite(&app, &org_admin(&app).await, &email).await;
    let done = app.run_worker().await;
    assert_eq!((done.sent, done.deferred, done.dead), (0, 0, 1), "{done:?}");
    app.clock.forward(TimeDelta::days(1));
    assert_eq!(app.run_worker().await.dead, 0, "given up is given up");
    let dead = async || {
        app.get("/v1/notices")
            .query(&[("state", "dead")])
            .by(&admin)
            .await
            .expect(200)
            .items()
    };
    let letters = dead().await;
    assert_eq!(letters.len(), 1);
    let error = letters[0]["lastError"].as_str().unwrap();
    assert!(error.contains("550"), "{error}");
    assert!(
        !letters[0].to_string().contains(&email),
        "the address is masked"
    );
    let path = format!("/v1/notices/{}", letters[0]["id"].as_str().unwrap());
    app.post(format!("{path}/resends"))
        .by(&admin)
        .await
        .expect(202);
    assert!(dead().await.is_empty());
    app.post(format!("{path}/resends"))
        .by(&admin)
        .await
        .expect_problem(409, "still_queued");
    assert_eq!(app.run_worker().await.dead, 1);
    assert_eq!(tries(&email).len(), 2);
    let letter = app.get(&path).by(&admin).await.expect(200);
    assert_eq!(letter.json()["state"], "dead");
}

#[actix_web::test]
async fn a_message_sent_twice_has_one_message_id() {
    let app = mailing("smtp+plain").await;
    let email = address("drop");
    invite(&app, &org_admin(&app).await, &email).await;
    // The server takes it, and the connection breaks before it says so.
    let done = app.run_worker().await;
    assert_eq!((done.sent, done.dead), (0, 0), "{done:?}");
    app.clock.forward(TimeDelta::minutes(2));
    assert_eq!(app.run_worker().await.sent, 1);
    let arrived = arrived(&email);
    assert_eq!(arrived.len(), 2);
    assert_eq!(arrived[0].1.message_id, arrived[1].1.message_id);
    assert!(!arrived[0].1.message_id.is_empty());
}

#[actix_web::test]
async fn a_server_that_is_away_stops_no_report_and_loses_no_notice() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address_of_nobody = nobody.local_addr().unwrap();
    drop(nobody);
    let app = TestApp::start_with(|settings| {
        settings.mail = format!("smtp+plain://{address_of_nobody}");
    })
    .await;
    app.leave_mail();
    let admin = org_admin(&app).await;
    invite(&app, &admin, &address("later")).await;
    for _ in 0..3 {
        let done = app.run_worker().await;
        assert!(done.unavailable.is_some(), "{done:?}");
        assert_eq!((done.sent, done.dead), (0, 0), "{done:?}");
        app.clock.forward(TimeDelta::hours(4));
    }
    let service = app.admin().await;
    let waiting = app
        .get("/v1/notices")
        .query(&[("state", "queued")])
        .by(&service)
        .await
        .expect(200);
    assert_eq!(waiting.items().len(), 1);
}

// --- what users type ----------------------------------------------------------------------------------------------------

const NASTY: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "Norm & <b>vet</b> &amp; 'enkel' \"dubbel\"",
    "{{ 7 * 7 }} {% for x in y %} ${x}",
    "=?utf-8?q?Bcc:_x=40example.org?=",
    "jan@example.org>, <ander@example.org",
    "é ß 日本語 🙂 \u{202e}omgekeerd",
    "Bcc: ander@example.org",
    "----=_Part --boundary--",
];

/// The names of a message's headers, sorted.
fn header_names(mail: &Mail) -> Vec<String> {
    let head = mail.raw.split("\r\n\r\n").next().unwrap();
    let mut names: Vec<String> = head
        .lines()
        .filter(|line| !line.starts_with([' ', '\t']))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.to_lowercase())
        .collect();
    names.sort();
    names
}

#[actix_web::test]
async fn nothing_that_is_typed_breaks_header_or_html() {
    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    app.liaison("OCW").await;
    let mut shapes = std::collections::BTreeSet::new();
    for text in NASTY {
        let me = app.get("/v1/me").by(&reporter).await.expect(200);
        app.patch("/v1/me")
            .by(&reporter)
            .if_match(&me)
            .json(json!({"name": text}))
            .await
            .expect(200);
        app.post("/v1/reports")
            .by(&reporter)
            .json(json!({
                "title": text, "description": text, "effect": text, "proposedSolution": text, "municipalities": ["GM1714"],
                "regulations": [{"citation": "BWBR0003420", "article": "153"}]
            }))
            .await
            .expect(201);
        let mails = app.deliver_mail().await;
        assert!(mails.len() >= 2, "{text}: {}", mails.len());
        for mail in mails {
            let names = header_names(&mail);
            let mut unique = names.clone();
            unique.dedup();
            assert_eq!(names, unique, "a header twice for {text:?}");
            assert!(
                !names.contains(&"bcc".to_owned()) && !names.contains(&"cc".to_owned()),
                "{text}"
            );
            assert!(
                mail.to.ends_with("@example.org") && !mail.to.contains("ander"),
                "{}",
                mail.to
            );
            for line in mail.raw.split("\r\n") {
                assert!(
                    line.len() <= 998 && !line.contains(['\r', '\n']),
                    "{text}: {line}"
                );
            }
            for tag in ["<script", "<img", "<b>vet"] {
                assert!(
                    !mail.html.contains(tag),
                    "{tag} of {text:?} in {}",
                    mail.html
                );
            }
            if text.contains("7 * 7") {
                // An id in a link may hold any number.
                let mut said = mail.text.lines().filter(|line| !line.contains("http"));
                assert!(
                    !said.any(|line| line.contains("49")) && mail.text.contains("{{ 7 * 7 }}"),
                    "{}",
                    mail.text
                );
            }
            shapes.insert(names);
        }
    }
    assert_eq!(shapes.len(), 1, "what is typed adds no header: {shapes:#?}");
}

#[actix_web::test]
async fn a_line_end_in_a_title_or_name_is_refused() {
    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    for end in ["\r\n", "\n", "\r"] {
        let text = format!("Norm{end}Bcc: ander@example.org");
        let refused = app
            .post("/v1/reports")
            .by(&reporter)
            .json(json!({"draft": true, "title": text, "externalReference": text}))
            .await
            .expect(400);
        let pointers: Vec<String> = refused.faults().into_iter().map(|fault| fault.0).collect();
        assert_eq!(pointers, ["/externalReference", "/title"]);
        let me = app.get("/v1/me").by(&reporter).await.expect(200);
        app.patch("/v1/me")
            .by(&reporter)
            .if_match(&me)
            .json(json!({"name": text}))
            .await
            .expect(400);
        let admin = org_admin(&app).await;
        app.post(format!("/v1/organisations/{}/people", admin.organisation))
            .by(&admin)
            .json(json!({"name": text, "email": format!("jan@example.org{end}Bcc: x@example.org"), "roles": ["reporter"]}))
            .await
            .expect(400);
    }
}
