//! Against abuse: floods, guessing, sign-ins gone astray, and the register of who changed what.

use chrono::TimeDelta;
use meldpunt::domain::actor::Role;
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::{Actor, PASSWORD};
use crate::harness::client::Reply;

// --- limits -------------------------------------------------------------------------------------------------------------

#[actix_web::test]
async fn each_response_says_what_is_left_and_the_next_one_too_many_when_to_come_back() {
    let app = TestApp::start_with(|settings| {
        settings.rate_address = 100;
        settings.rate_principal = 3;
    })
    .await;
    let desk = app.desk().await;
    let first = app.get("/v1/me").by(&desk).await.expect(200);
    assert_eq!(
        first.header("ratelimit-policy"),
        Some("\"address\";q=100;w=60, \"principal\";q=3;w=60")
    );
    assert_eq!(
        first.header("ratelimit"),
        Some("\"address\";r=99;t=1, \"principal\";r=2;t=20")
    );
    for _ in 0..2 {
        app.get("/v1/me").by(&desk).await.expect(200);
    }
    let refused = app
        .get("/v1/me")
        .by(&desk)
        .await
        .expect_problem(429, "too_many_requests");
    let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{refused}");
    assert!(
        refused
            .header("ratelimit")
            .unwrap()
            .contains("\"principal\";r=0;")
    );
    let other = app.reporter("GM1714").await;
    app.get("/v1/me").by(&other).await.expect(200);
}

#[actix_web::test]
async fn an_address_is_limited_whoever_it_says_it_is_and_health_is_not_counted() {
    let app = TestApp::start_with(|settings| settings.rate_address = 5).await;
    for _ in 0..5 {
        app.get("/v1/me").await.expect_problem(401, "token_missing");
    }
    for path in ["/v1/me", "/v1/openapi.json", "/v1/nothing", "/docs"] {
        app.get(path)
            .header("x-forwarded-for", "192.0.2.77")
            .await
            .expect_problem(429, "too_many_requests");
    }
    for _ in 0..10 {
        app.get("/health/live").await.expect(200);
    }
}

#[actix_web::test]
async fn without_limits_nothing_is_said_of_them() {
    let app = TestApp::start().await;
    let reply = app.get("/v1/openapi.json").await.expect(200);
    assert_eq!(reply.header("ratelimit"), None);
    assert_eq!(reply.header("ratelimit-policy"), None);
}

// --- guessing -----------------------------------------------------------------------------------------------------------

/// A service behind a proxy, so that a test can come from anywhere.
async fn guarded() -> TestApp {
    TestApp::start_with(|settings| {
        settings.sign_in_failures = 3;
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await
}

async fn try_password(app: &TestApp, email: &str, password: &str, from: &str) -> Reply {
    app.post("/v1/sessions")
        .header("x-forwarded-for", from)
        .json(json!({"email": email, "password": password}))
        .await
}

#[actix_web::test]
async fn guessing_is_slowed_where_it_happens_and_the_owner_gets_in() {
    let app = guarded().await;
    let person = app.reporter("GM1714").await;
    app.give_password(&person).await;
    for _ in 0..3 {
        try_password(&app, &person.email, "niet dit wachtwoord", "192.0.2.1")
            .await
            .expect_problem(401, "wrong_credentials");
    }
    // The right one neither, from there: else slowing would tell which one it was.
    let before = app.context.passwords.worked();
    for password in ["nog een ander", PASSWORD] {
        try_password(&app, &person.email.to_uppercase(), password, "192.0.2.1")
            .await
            .expect_problem(429, "too_many_attempts");
    }
    assert_eq!(
        app.context.passwords.worked(),
        before,
        "no work for who is refused"
    );
    try_password(&app, &person.email, PASSWORD, "198.51.100.7")
        .await
        .expect(201);
    // An account that does not exist is slowed alike.
    for _ in 0..3 {
        try_password(&app, "niemand@example.org", "x", "192.0.2.2")
            .await
            .expect(401);
    }
    try_password(&app, "niemand@example.org", "x", "192.0.2.2")
        .await
        .expect_problem(429, "too_many_attempts");
}

#[actix_web::test]
async fn an_attack_from_everywhere_leaves_the_owner_two_ways_in() {
    let app = guarded().await;
    let person = app.reporter("GM1714").await;
    app.give_password(&person).await;
    let (home, away) = ("198.51.100.7", "203.0.113.9");
    try_password(&app, &person.email, PASSWORD, home)
        .await
        .expect(201);
    let mut refused = 0;
    for n in 0..70 {
        let reply = try_password(&app, &person.email, "x", &format!("10.0.0.{n}")).await;
        refused += usize::from(reply.status == 429);
    }
    assert_eq!(refused, 10, "the sixty-first and after");
    try_password(&app, &person.email, PASSWORD, home)
        .await
        .expect(201);
    try_password(&app, &person.email, PASSWORD, away)
        .await
        .expect_problem(429, "too_many_attempts");
    app.post("/v1/password-resets")
        .header("x-forwarded-for", away)
        .json(json!({"email": person.email}))
        .await
        .expect(202);
    let link = app.deliver_mail().await[0].link("/password");
    let token = link.split_once("#token=").unwrap().1;
    let new = "een heel ander wachtwoord";
    app.post("/v1/passwords")
        .header("x-forwarded-for", away)
        .json(json!({"token": token, "password": new}))
        .await
        .expect(204);
    try_password(&app, &person.email, new, away)
        .await
        .expect(201);
}

#[actix_web::test]
async fn an_unknown_account_costs_the_same_work() {
    let app = TestApp::start().await;
    let person = app.reporter("GM1714").await;
    app.give_password(&person).await;
    let work = async |email: &str| {
        let before = app.context.passwords.worked();
        try_password(&app, email, "niet dit wachtwoord", "192.0.2.1")
            .await
            .expect(401);
        app.context.passwords.worked() - before
    };
    let invited = app.reporter("GM1714").await;
    for email in [&person.email, &invited.email, "niemand@example.org"] {
        assert_eq!(work(email).await, 1, "{email}");
    }
}

#[actix_web::test]
async fn clients_refresh_tokens_and_links_are_guarded_too() {
    let app = guarded().await;
    let home = app.organisation("GM1714").await;
    let client = app.client(&[Role::Reporter], None, home).await;
    let id = client.id.to_string();
    let token = async |secret: &str, from: &str| {
        app.post("/v1/oauth/token")
            .header("x-forwarded-for", from)
            .form(&[
                ("grant_type", "client_credentials"),
                ("client_id", id.as_str()),
                ("client_secret", secret),
            ])
            .await
    };
    for _ in 0..3 {
        token("mis", "192.0.2.1")
            .await
            .expect_problem(401, "invalid_client");
    }
    token(&client.secret, "192.0.2.1")
        .await
        .expect_problem(429, "too_many_attempts");
    token(&client.secret, "192.0.2.2").await.expect(200);
    let mut statuses = Vec::new();
    for n in 0..31 {
        let reply = app
            .post("/v1/oauth/token")
            .header("x-forwarded-for", "192.0.2.3")
            .form(&[
                ("grant_type", "refresh_token".to_owned()),
                ("refresh_token", format!("geraden {n}")),
            ])
            .await;
        statuses.push(reply.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 30);
    assert_eq!(statuses.last(), Some(&429));
    app.post("/v1/passwords")
        .header("x-forwarded-for", "192.0.2.3")
        .json(json!({"token": "geraden", "password": PASSWORD}))
        .await
        .expect_problem(429, "too_many_attempts");
    let ask = async || {
        app.post("/v1/password-resets")
            .header("x-forwarded-for", "192.0.2.4")
            .json(json!({"email": "niemand@example.org"}))
            .await
            .status
    };
    let asked = futures_util::future::join_all((0..13).map(|_| ask())).await;
    assert_eq!(asked.iter().filter(|status| **status == 202).count(), 12);
}

// --- sign-ins -----------------------------------------------------------------------------------------------------------

#[actix_web::test]
async fn whoever_is_signed_in_sees_its_sign_ins_and_ends_them_at_once() {
    let app = TestApp::start().await;
    let person = app.reporter("GM1714").await;
    app.give_password(&person).await;
    let sign_in = async |agent: &str| {
        let reply = app
            .post("/v1/sessions")
            .header("user-agent", agent)
            .json(json!({"email": person.email, "password": PASSWORD}))
            .await
            .expect(201);
        (reply.text("accessToken"), reply.text("refreshToken"))
    };
    let firefox = "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0";
    let (laptop, refresh) = sign_in(firefox).await;
    app.clock.forward(TimeDelta::minutes(5));
    let (script, _) = sign_in("zaakscript/2.1").await;
    let list = app.get("/v1/me/sessions").token(&laptop).await.expect(200);
    // Newest first; the third is the one that the harness gave.
    let shown: Vec<(Value, Value)> = list
        .items()
        .iter()
        .map(|item| (item["program"].clone(), item["current"].clone()))
        .collect();
    assert_eq!(
        shown[..2],
        [
            (json!("zaakscript/2.1"), json!(false)),
            (json!("Firefox, Windows"), json!(true))
        ]
    );
    assert!(!String::from_utf8_lossy(&list.body).contains(&refresh));
    let refreshed = app
        .post("/v1/oauth/token")
        .form(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.as_str()),
        ])
        .await
        .expect(200);
    let laptop = refreshed.text("access_token");
    let own = app.get("/v1/me/sessions").token(&laptop).await.items()[1].clone();
    assert_eq!(own["lastUsedAt"], "2026-11-25T10:05:00Z");
    assert_eq!(own["createdAt"], "2026-11-25T10:00:00Z");
    let other = list.items()[0]["id"].as_str().unwrap().to_owned();
    // Another's is not there.
    let stranger = app.reporter("GM1714").await;
    app.delete(format!("/v1/me/sessions/{other}"))
        .by(&stranger)
        .await
        .expect_problem(404, "not_found");
    app.get("/v1/me").token(&script).await.expect(200);
    app.delete(format!("/v1/me/sessions/{other}"))
        .token(&laptop)
        .await
        .expect(204);
    app.get("/v1/me")
        .token(&script)
        .await
        .expect_problem(401, "token_revoked");
    app.delete(format!("/v1/me/sessions/{other}"))
        .token(&laptop)
        .await
        .expect_problem(404, "not_found");
    let (third, _) = sign_in("curl/8.5.0").await;
    app.delete("/v1/me/sessions")
        .token(&laptop)
        .await
        .expect(204);
    app.get("/v1/me").token(&third).await.expect(401);
    let left = app.get("/v1/me/sessions").token(&laptop).await.expect(200);
    assert_eq!(left.items().len(), 1, "{left}");
}

#[actix_web::test]
async fn a_busy_caller_is_not_looked_up_each_time_and_yet_signed_out_at_once() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let admin = app.person(&[Role::OrgAdmin], home).await;
    let person = app.reporter("GM1714").await;
    let token = app.token_of(&person).await;
    let cost = async || {
        let before = app.context.db.figures().statements();
        app.get("/v1/me").token(&token).await.expect(200);
        app.context.db.figures().statements() - before
    };
    let first = cost().await;
    // A slow machine may need longer than it is remembered, not ten times in a row.
    let mut later = first;
    for _ in 0..10 {
        later = later.min(cost().await);
    }
    assert_eq!(later, first - 1);
    app.delete(format!("/v1/people/{}/sessions", person.id))
        .by(&admin)
        .await
        .expect(204);
    app.get("/v1/me")
        .token(&token)
        .await
        .expect_problem(401, "token_revoked");

    // A token lapses while its holder is remembered.
    let token = app.token_of(&admin).await;
    let almost = TimeDelta::minutes(15) + TimeDelta::milliseconds(4_800);
    app.clock.forward(almost);
    app.get("/v1/me").token(&token).await.expect(200);
    app.clock.forward(TimeDelta::milliseconds(200));
    app.get("/v1/me")
        .token(&token)
        .await
        .expect_problem(401, "token_expired");
}

#[actix_web::test]
async fn an_administrator_signs_its_people_out_and_nobody_elses() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let admin = app.person(&[Role::OrgAdmin], home).await;
    let person = app.reporter("GM1714").await;
    let stranger = app.reporter("GM0363").await;
    let token = app.token_of(&person).await;
    app.delete(format!("/v1/people/{}/sessions", stranger.id))
        .by(&admin)
        .await
        .expect_problem(404, "not_found");
    app.delete(format!("/v1/people/{}/sessions", person.id))
        .by(&admin)
        .await
        .expect(204);
    app.get("/v1/me")
        .token(&token)
        .await
        .expect_problem(401, "token_revoked");
}

#[actix_web::test]
async fn a_renewed_secret_ends_the_tokens_of_the_old_one_at_once() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let admin = app.person(&[Role::OrgAdmin], home).await;
    let client = app.client(&[Role::Reporter], None, home).await;
    let id = client.id.to_string();
    let token = async |secret: &str| {
        app.post("/v1/oauth/token")
            .form(&[
                ("grant_type", "client_credentials"),
                ("client_id", id.as_str()),
                ("client_secret", secret),
            ])
            .await
            .expect(200)
            .text("access_token")
    };
    let old = token(&client.secret).await;
    app.get("/v1/me").token(&old).await.expect(200);
    let renewed = app
        .post(format!("/v1/clients/{id}/secrets"))
        .by(&admin)
        .await
        .expect(201);
    app.get("/v1/me")
        .token(&old)
        .await
        .expect_problem(401, "token_revoked");
    // Within the same second, too.
    let new = token(&renewed.text("clientSecret")).await;
    app.get("/v1/me").token(&new).await.expect(200);
}

#[actix_web::test]
async fn a_machines_secret_has_256_bits_and_is_kept_as_one_sha_256() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let (one, other) = (
        app.client(&[Role::Reporter], None, home).await,
        app.client(&[Role::Reporter], None, home).await,
    );
    assert_ne!(one.secret, other.secret);
    let kept = app.everything_kept().await;
    for client in [one, other] {
        use base64::Engine;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&client.secret);
        assert_eq!(bytes.unwrap().len(), 32);
        assert!(kept.contains(&meldpunt::crypto::sha256_hex(client.secret.as_bytes())));
        assert!(!kept.contains(&client.secret));
    }
}

#[actix_web::test]
async fn a_caller_is_known_before_anything_else_of_its_request_is_looked_at() {
    let app = TestApp::start().await;
    let person = app.reporter("GM1714").await;
    let revoked = app.token_of(&person).await;
    app.delete("/v1/sessions/current")
        .by(&person)
        .await
        .expect(204);
    for token in [Some(revoked.as_str()), None] {
        let calls = [
            app.patch("/v1/me").json(json!({})),
            app.patch("/v1/me")
                .header("if-match", "x")
                .json(json!({"a": 1})),
            app.post("/v1/reports").body("text/plain", "{"),
            app.get("/v1/reports/no-id"),
            app.post("/v1/reports")
                .header("idempotency-key", "")
                .json(json!(3)),
        ];
        for call in calls {
            let call = match token {
                Some(token) => call.token(token),
                None => call,
            };
            let reply = call.await;
            assert_eq!(reply.status, 401, "{reply}");
        }
    }
    // A scope that is missing goes before what is wrong with the rest, too.
    let analyst = app
        .person(&[Role::Analyst], app.organisation("GM1714").await)
        .await;
    app.post("/v1/reports")
        .by(&analyst)
        .body("text/plain", "{")
        .await
        .expect_problem(403, "insufficient_scope");
}

// --- the register -------------------------------------------------------------------------------------------------------

/// Kind and changes of the events that somebody reads, oldest first.
async fn register(app: &TestApp, by: &Actor, query: &[(&str, &str)]) -> Vec<(String, Value)> {
    let page = app
        .get("/v1/audit-events")
        .query(query)
        .by(by)
        .await
        .expect(200);
    let mut rows: Vec<(String, Value)> = page
        .items()
        .iter()
        .map(|event| {
            (
                event["kind"].as_str().unwrap().to_owned(),
                event["changes"].clone(),
            )
        })
        .collect();
    rows.reverse();
    rows
}

#[actix_web::test]
async fn who_changed_what_somebody_may_stands_in_the_register() {
    let app = TestApp::start().await;
    app.leave_mail();
    let home = app.organisation("GM1714").await;
    let admin = app.person(&[Role::OrgAdmin], home).await;
    let invited = app
        .post(format!("/v1/organisations/{home}/people"))
        .by(&admin)
        .json(json!({"name": "Jan", "email": "jan@example.org", "roles": ["reporter"]}))
        .await
        .expect(201);
    let path = format!("/v1/people/{}", invited.id());
    let seen = app.get(&path).by(&admin).await;
    let changed = app
        .patch(&path)
        .by(&admin)
        .if_match(&seen)
        .json(json!({"roles": ["reporter", "analyst"], "name": "Jan B."}))
        .await
        .expect(200);
    app.patch(&path)
        .by(&admin)
        .if_match(&seen)
        .json(json!({"roles": ["org_admin"]}))
        .await
        .expect(412);
    app.delete(format!("{path}/sessions"))
        .by(&admin)
        .await
        .expect(204);
    app.delete(&path)
        .by(&admin)
        .if_match(&changed)
        .await
        .expect(204);
    let id = invited.id();
    let rows = register(&app, &admin, &[("subject", id.as_str())]).await;
    assert_eq!(
        rows,
        [
            (
                "person_invited".to_owned(),
                json!([{"field": "roles", "old": null, "new": ["reporter"]}])
            ),
            (
                "person_changed".to_owned(),
                json!([
                    {"field": "roles", "old": ["reporter"], "new": ["reporter", "analyst"]},
                    {"field": "name", "old": null, "new": null},
                ])
            ),
            ("sessions_ended".to_owned(), json!([])),
            ("person_removed".to_owned(), json!([])),
        ],
        "what was refused left nothing"
    );
    let event = app.get("/v1/audit-events?limit=1").by(&admin).await.items()[0].clone();
    assert_eq!(event["actor"]["id"], admin.id.to_string());
    assert_eq!(event["subject"]["name"], "Jan B.");
    assert_eq!(event["organisationId"], home.to_string());
}

#[actix_web::test]
async fn clients_and_organisations_stand_in_the_register_and_each_reads_its_own() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let admin = app.person(&[Role::OrgAdmin], home).await;
    let created = app
        .post(format!("/v1/organisations/{home}/clients"))
        .by(&admin)
        .json(json!({"name": "Zaaksysteem", "roles": ["reporter"], "scopes": ["reports:read"]}))
        .await
        .expect(201);
    let id = created.text("clientId");
    let path = format!("/v1/clients/{id}");
    let secret = app
        .post(format!("{path}/secrets"))
        .by(&admin)
        .await
        .expect(201);
    let changed = app
        .patch(&path)
        .by(&admin)
        .if_match(&secret)
        .json(json!({"scopes": null}))
        .await
        .expect(200);
    app.delete(&path)
        .by(&admin)
        .if_match(&changed)
        .await
        .expect(204);
    let rows = register(&app, &admin, &[("subject", id.as_str())]).await;
    let kinds: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "client_created",
            "client_secret_renewed",
            "client_changed",
            "client_removed"
        ]
    );
    assert_eq!(
        rows[2].1,
        json!([{"field": "scopes", "old": ["reports:read"], "new": null}])
    );
    // The organisation itself, by an administrator of the service.
    let service = app.admin().await;
    let organisation = format!("/v1/organisations/{home}");
    let seen = app.get(&organisation).by(&service).await;
    app.patch(&organisation)
        .by(&service)
        .if_match(&seen)
        .json(json!({"abbreviation": "SLU"}))
        .await
        .expect(200);
    let home = home.to_string();
    let rows = register(&app, &admin, &[("subject", home.as_str())]).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].0, "organisation_changed");
    assert_eq!(rows[0].1[0]["new"], "SLU");
    // Another organisation reads nothing of it, whatever it asks; the service's administrator reads all.
    let other = app
        .person(&[Role::OrgAdmin], app.organisation("GM0363").await)
        .await;
    let none: &[(String, Value)] = &[];
    assert_eq!(
        register(&app, &other, &[("organisation", home.as_str())]).await,
        none
    );
    assert_eq!(
        register(&app, &other, &[("subject", id.as_str())]).await,
        none
    );
    assert_eq!(
        register(&app, &service, &[("subject", id.as_str())])
            .await
            .len(),
        4
    );
    let all = app.all_pages(&service, "/v1/audit-events", 3).await;
    let of_home = app
        .all_pages(
            &service,
            &format!("/v1/audit-events?organisation={home}"),
            3,
        )
        .await;
    assert!(
        all.len() > of_home.len() && of_home.len() >= 6,
        "{} {}",
        all.len(),
        of_home.len()
    );
}
