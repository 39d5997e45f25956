//! What the service tells those who watch it: figures, trace context, and the audit log.

use chrono::TimeDelta;
use meldpunt::domain::actor::Role;
use meldpunt::domain::id::ReportId;
use meldpunt::services::mail_pause;
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::PASSWORD;
use crate::harness::database::{Backend, backend};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn report() -> Value {
    json!({"title": "Norm", "description": "De norm knelt.", "effect": "De school sluit.", "municipalities": ["GM1714"]})
}

#[actix_web::test]
async fn what_was_done_is_counted() {
    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    let desk = app.desk().await;
    app.give_password(&reporter).await;
    app.sign_in(&reporter).await;
    let wrong = json!({"email": reporter.email, "password": "niet het wachtwoord, maar lang"});
    app.post("/v1/sessions").json(wrong).await.expect(401);
    app.get("/v1/me").token("x.y.z").await.expect(401);

    let made = app
        .post("/v1/reports")
        .by(&reporter)
        .idempotency_key("a")
        .json(report())
        .await;
    let made = made.expect(201);
    app.post("/v1/reports")
        .by(&reporter)
        .idempotency_key("a")
        .json(report())
        .await
        .expect(201);
    let moves = format!("/v1/reports/{}/transitions", made.id());
    let close = json!({"action": "close_without_routing", "outcome": "explanation", "publicExplanation": "Er knelt niets."});
    app.post(&moves)
        .by(&desk)
        .if_match(&made)
        .json(&close)
        .await
        .expect(200);
    app.post(&moves)
        .by(&desk)
        .if_match(&made)
        .json(&close)
        .await
        .expect(412);
    app.get(format!("/v1/reports/{}", ReportId::new()))
        .by(&desk)
        .await
        .expect(404);
    app.get("/v1/nobody-knows-this").await.expect(404);
    app.get("/wp-login.php").await.expect(404);

    let figures = app.figures().await;
    let reports = |method: &str, status: u16| {
        format!(
            r#"meldpunt_http_requests_total{{method="{method}",route="/v1/reports",status="{status}"}}"#
        )
    };
    figures.expect(&reports("POST", 201), 2.0);
    figures.expect(
        r#"meldpunt_http_requests_total{method="GET",route="/v1/reports/{id}",status="404"}"#,
        1.0,
    );
    figures.expect(
        r#"meldpunt_http_requests_total{method="GET",route="unknown",status="404"}"#,
        2.0,
    );
    figures.expect(
        r#"meldpunt_http_request_duration_seconds_count{method="POST",route="/v1/reports"}"#,
        2.0,
    );
    figures.expect("meldpunt_http_requests_in_flight", 0.0);
    figures.expect(r#"meldpunt_transitions_total{action="submit"}"#, 1.0);
    figures.expect(
        r#"meldpunt_transitions_total{action="close_without_routing"}"#,
        1.0,
    );
    figures.expect(
        r#"meldpunt_sign_ins_total{kind="password",result="granted"}"#,
        1.0,
    );
    figures.expect(
        r#"meldpunt_sign_ins_total{kind="password",result="refused"}"#,
        1.0,
    );
    figures.expect(
        r#"meldpunt_refused_tokens_total{code="token_malformed"}"#,
        1.0,
    );
    figures.expect("meldpunt_database_up", 1.0);
    figures.expect("meldpunt_database_connections_max", 4.0);
    figures.expect("meldpunt_database_timeouts_total", 0.0);
    // The scrape's own look at the outbox is still under way, or just over, when the pool is asked.
    assert!(figures.get("meldpunt_database_checkouts_total").unwrap() >= 5.0);
    assert!(figures.get("meldpunt_database_statements_total").unwrap() >= 20.0);
    let commits = figures.get("meldpunt_database_commit_changes_count");
    match backend() {
        Backend::Sqlite => {
            assert!(commits.unwrap() >= 3.0);
            assert!(figures.get("meldpunt_database_commit_changes_sum") >= commits);
            figures.expect(
                r#"meldpunt_database_commit_changes_bucket{le="+Inf"}"#,
                commits.unwrap(),
            );
        }
        Backend::Postgres => assert_eq!(commits, None),
    }
    assert!(figures.get("process_resident_memory_bytes").unwrap_or(1e9) > 1e6);
    for never in [made.id().as_str(), "wp-login", "nobody", "@"] {
        assert!(!figures.0.contains(never), "{never} in\n{}", figures.0);
    }
}

#[actix_web::test]
async fn mail_that_waits_or_is_given_up_is_seen() {
    // A server that is not there.
    let app =
        TestApp::start_with(|settings| settings.mail = "smtp+plain://127.0.0.1:1".into()).await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    app.figures()
        .await
        .expect("meldpunt_outbox_oldest_seconds", 0.0);
    app.post("/v1/reports")
        .by(&reporter)
        .json(report())
        .await
        .expect(201);
    let queued = app
        .figures()
        .await
        .get(r#"meldpunt_outbox_notices{state="queued"}"#)
        .unwrap();
    assert!(queued >= 1.0);
    app.clock.forward(TimeDelta::seconds(90));
    let figures = app.figures().await;
    figures.expect("meldpunt_outbox_oldest_seconds", 90.0);
    figures.expect(r#"meldpunt_outbox_notices{state="dead"}"#, 0.0);
    figures.expect("meldpunt_outbox_paused", 0.0);
    let now = app.now();
    app.context
        .db
        .write(move |conn| mail_pause::pause(conn, None, "a test", now))
        .await
        .unwrap();
    app.figures().await.expect("meldpunt_outbox_paused", 1.0);

    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    app.post("/v1/reports")
        .by(&reporter)
        .json(report())
        .await
        .expect(201);
    let sent = app.deliver_mail().await.len();
    let figures = app.figures().await;
    figures.expect(
        r#"meldpunt_mails_total{result="sent"}"#,
        f64::from(u32::try_from(sent).unwrap()),
    );
    figures.expect(r#"meldpunt_mails_total{result="given_up"}"#, 0.0);
    figures.expect(r#"meldpunt_outbox_notices{state="queued"}"#, 0.0);
}

#[actix_web::test]
async fn the_api_does_not_show_the_figures() {
    let app = TestApp::start().await;
    app.get("/metrics").await.expect_problem(404, "not_found");
    app.get("/v1/metrics")
        .await
        .expect_problem(404, "not_found");
}

#[actix_web::test]
async fn a_trace_is_continued_and_what_is_none_is_ignored() {
    let app = TestApp::start().await;
    let desk = app.desk().await;
    let caller = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let answer = app
        .get("/v1/reports")
        .by(&desk)
        .header("traceparent", &caller)
        .await
        .expect(200);
    let given = answer.header("traceparent").unwrap();
    assert!(
        given.starts_with(&format!("00-{TRACE}-")) && given.ends_with("-01"),
        "{given}"
    );
    assert_ne!(given, caller, "the answer is of a part of its own");
    assert_eq!(app.audited("listReports")["traceId"], TRACE);

    for wrong in [
        "",
        "00-nonsense",
        &format!("ff-{TRACE}-00f067aa0ba902b7-01"),
        &caller.to_uppercase(),
    ] {
        let answer = app
            .get("/v1/reports")
            .by(&desk)
            .header("traceparent", wrong)
            .await
            .expect(200);
        let own = answer.header("x-request-id").unwrap().replace('-', "");
        let given = answer.header("traceparent").unwrap();
        assert!(
            given.starts_with(&format!("00-{own}-")) && given.ends_with("-00"),
            "{wrong:?}: {given}"
        );
        assert_eq!(app.audited("listReports")["traceId"], own);
    }
    let twice = app
        .get("/health/live")
        .header("traceparent", &caller)
        .header("traceparent", &caller)
        .await;
    assert!(!twice.header("traceparent").unwrap().contains(TRACE));
    let refused = app
        .get("/wp-login.php")
        .header("traceparent", &caller)
        .await
        .expect(404);
    assert!(refused.header("traceparent").unwrap().contains(TRACE));
}

#[actix_web::test]
async fn who_signs_in_or_fails_to_stands_in_the_audit_log() {
    let app = TestApp::start().await;
    app.leave_mail();
    let person = app.reporter("GM1714").await;
    app.give_password(&person).await;
    let own = format!("people/{}", person.id);

    let tokens = app.sign_in(&person).await;
    let line = app.audited("createSession");
    assert_eq!(line["result"], "success");
    assert_eq!(line["actor"], person.id.to_string());
    assert_eq!(line["object"], own);
    assert_eq!(line["source"], "127.0.0.1");
    let session = line["session"].clone();

    let sign_in =
        |email: &str| json!({"email": email, "password": "niet het wachtwoord, maar lang"});
    app.post("/v1/sessions")
        .json(sign_in(&person.email))
        .await
        .expect(401);
    let line = app.audited("createSession");
    assert_eq!(
        (&line["result"], &line["code"]),
        (&json!("denied"), &json!("wrong_credentials"))
    );
    assert_eq!(
        (&line["actorKind"], &line["object"]),
        (&json!("anonymous"), &json!(own))
    );
    assert_eq!(
        line["actor"],
        Value::Null,
        "whoever it was, it did not prove to be this person"
    );

    app.post("/v1/sessions")
        .json(sign_in("stranger@example.org"))
        .await
        .expect(401);
    let line = app.audited("createSession");
    assert_eq!(
        (&line["result"], &line["object"]),
        (&json!("denied"), &Value::Null)
    );
    assert!(!line.to_string().contains("stranger"));

    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &tokens.text("refreshToken")),
    ];
    app.post("/v1/oauth/token").form(&refresh).await.expect(200);
    assert_eq!(app.audited("requestToken")["actor"], person.id.to_string());
    app.post("/v1/oauth/token").form(&refresh).await.expect(400);
    let line = app.audited("requestToken");
    assert_eq!(line["result"], "denied");
    assert_eq!(
        line["object"],
        json!(format!("sessions/{}", session.as_str().unwrap()))
    );
    assert_eq!(line["details"]["reused"], true);

    app.delete("/v1/sessions/current")
        .by(&person)
        .await
        .expect(204);
    let line = app.audited("endSession");
    assert_eq!(
        line["object"],
        format!("sessions/{}", person.session.unwrap())
    );

    app.post("/v1/password-resets")
        .json(json!({"email": person.email}))
        .await
        .expect(202);
    assert_eq!(app.audited("askPasswordReset")["object"], own);
    let set = json!({"token": "niets", "password": PASSWORD});
    app.post("/v1/passwords").json(set).await.expect(400);
    assert_eq!(app.audited("setPassword")["result"], "refused");
}

#[actix_web::test]
async fn what_happens_to_a_report_stands_in_the_audit_log() {
    let app = TestApp::start().await;
    app.leave_mail();
    let reporter = app.reporter("GM1714").await;
    let (desk, stranger) = (app.desk().await, app.reporter("GM0363").await);

    let made = app
        .post("/v1/reports")
        .by(&reporter)
        .idempotency_key("k")
        .json(report())
        .await;
    let made = made.expect(201);
    let own = format!("reports/{}", made.id());
    let line = app.audited("submitReport");
    assert_eq!(
        (&line["object"], &line["result"]),
        (&json!(own), &json!("success"))
    );
    assert_eq!(line["details"]["reference"], made.text("reference"));
    assert_eq!(line["organisation"], reporter.organisation.to_string());
    assert_eq!(line["requestId"], made.header("x-request-id").unwrap());
    assert_eq!(line["details"].get("replayed"), None);
    app.post("/v1/reports")
        .by(&reporter)
        .idempotency_key("k")
        .json(report())
        .await
        .expect(201);
    assert_eq!(app.audited("submitReport")["details"]["replayed"], true);

    let path = format!("/v1/{own}");
    app.get(&path).by(&stranger).await.expect(404);
    let line = app.audited("getReport");
    assert_eq!(
        (&line["object"], &line["result"]),
        (&json!(own), &json!("denied"))
    );
    assert_eq!(line["actor"], stranger.id.to_string());
    app.get(&path).await.expect(401);
    assert_eq!(app.audited("getReport")["actorKind"], "anonymous");
    app.get(&path).by(&reporter).await.expect(200);
    assert_eq!(app.audited("getReport")["result"], "success");

    let change = json!({"title": "Een andere norm"});
    let changed = app
        .patch(&path)
        .by(&reporter)
        .if_match(&made)
        .json(change)
        .await
        .expect(200);
    assert_eq!(app.audited("changeReport")["object"], own);
    let moves = format!("{path}/transitions");
    let close = json!({"action": "close_without_routing", "outcome": "explanation", "publicExplanation": "Er knelt niets."});
    app.post(&moves)
        .by(&desk)
        .if_match(&made)
        .json(&close)
        .await
        .expect(412);
    let line = app.audited("makeTransition");
    assert_eq!(
        (&line["result"], &line["code"]),
        (&json!("refused"), &json!("stale_version"))
    );
    app.post(&moves)
        .by(&desk)
        .if_match(&changed)
        .json(&close)
        .await
        .expect(200);
    let line = app.audited("makeTransition");
    assert_eq!(line["details"]["transition"], "close_without_routing");
    assert_eq!(line["details"]["status"], "settled");
    assert!(
        app.audit()
            .iter()
            .all(|line| !line.to_string().contains("norm")),
        "no content"
    );
}

#[actix_web::test]
async fn roles_given_and_taken_stand_in_the_audit_log() {
    let app = TestApp::start().await;
    app.leave_mail();
    let admin = app.admin().await;
    let home = app.organisation("BZK").await;
    let invitation = json!({"name": "Nieuw", "email": "nieuw@bzk.example", "roles": ["desk"]});
    let people = format!("/v1/organisations/{home}/people");
    let person = app
        .post(people)
        .by(&admin)
        .json(invitation)
        .await
        .expect(201);
    let line = app.audited("invitePerson");
    assert_eq!(line["object"], format!("people/{}", person.id()));
    assert_eq!(line["details"]["roles"], json!(["desk"]));

    let path = format!("/v1/people/{}", person.id());
    let roles = json!({"roles": ["coordinator", "analyst"]});
    app.patch(&path)
        .by(&admin)
        .if_match(&person)
        .json(&roles)
        .await
        .expect(200);
    let line = app.audited("changePerson");
    assert_eq!(
        line["details"],
        json!({"rolesBefore": ["desk"], "roles": ["coordinator", "analyst"]})
    );
    assert_eq!(line["actor"], admin.id.to_string());

    let outsider = app
        .person(&[Role::OrgAdmin], app.organisation("GM1714").await)
        .await;
    app.patch(&path)
        .by(&outsider)
        .if_match(&person)
        .json(&roles)
        .await
        .expect(404);
    assert_eq!(app.audited("changePerson")["result"], "denied");

    let clients = format!("/v1/organisations/{home}/clients");
    let machine = json!({"name": "Koppeling", "roles": ["analyst"]});
    let made = app.post(clients).by(&admin).json(machine).await.expect(201);
    let line = app.audited("createClient");
    assert_eq!(line["details"]["roles"], json!(["analyst"]));
    let secret = made.text("clientSecret");
    assert!(
        app.audit()
            .iter()
            .all(|line| !line.to_string().contains(&secret))
    );

    let before = app.audit().len();
    app.get("/v1/municipalities").by(&admin).await.expect(200);
    app.get("/health/live").await.expect(200);
    app.get("/v1/people/nobody@example.org")
        .by(&admin)
        .await
        .expect(404);
    let lines = app.audit();
    assert_eq!(
        lines.len(),
        before + 1,
        "reading reference data leaves no line"
    );
    assert_eq!(lines[before]["object"], Value::Null);
}
