//! Sign-in, tokens, people and API clients.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use meldpunt::domain::actor::{Role, Scope};
use meldpunt::services::Context;
use meldpunt::services::keys::rotation;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::TestApp;
use crate::harness::actors::{Actor, PASSWORD};
use crate::harness::client::Reply;

impl TestApp {
    async fn signed_up(&self) -> Actor {
        let person = self.reporter("GM1714").await;
        self.give_password(&person).await;
        person
    }

    async fn refresh(&self, token: &str) -> Reply {
        self.post("/v1/oauth/token")
            .form(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    async fn me(&self, token: &str) -> Reply {
        self.get("/v1/me").token(token).await
    }

    async fn set_password(&self, token: &str, password: &str) -> Reply {
        self.post("/v1/passwords")
            .json(json!({"token": token, "password": password}))
            .await
    }
}

/// The same answer to two requests, but for the number of the request.
#[track_caller]
fn assert_same_answer(one: &Reply, other: &Reply) {
    let bare = |reply: &Reply| {
        let mut body = reply.json();
        body["requestId"] = Value::Null;
        (reply.status, body)
    };
    assert_eq!(bare(one), bare(other));
}

// --- signing in ---------------------------------------------------------------------------------------------------------

#[actix_web::test]
async fn a_person_signs_in_with_address_and_password() {
    let app = TestApp::start().await;
    let person = app.signed_up().await;
    let session = app.sign_in(&person).await;
    assert_eq!(session.json()["tokenType"], "Bearer");
    assert_eq!(session.json()["expiresIn"], 900);
    let me = app.me(&session.text("accessToken")).await.expect(200);
    assert_eq!(me.id(), person.id.to_string());
    assert_eq!(me.json()["roles"], json!(["reporter"]));
    assert_eq!(
        me.json()["scopes"],
        json!(["reports:read", "reports:write"])
    );
    assert_eq!(me.json()["organisation"]["kind"], "municipality");
}

#[actix_web::test]
async fn the_case_of_the_address_does_not_count() {
    let app = TestApp::start().await;
    let person = app.signed_up().await;
    for email in [person.email.to_uppercase(), format!(" {} ", person.email)] {
        app.post("/v1/sessions")
            .json(json!({"email": email, "password": PASSWORD}))
            .await
            .expect(201);
    }
}

#[actix_web::test]
async fn an_unknown_address_is_answered_like_a_wrong_password() {
    let app = TestApp::start().await;
    let person = app.signed_up().await;
    let invited = app.reporter("GM1714").await;
    let attempt = async |email: &str, password: &str| {
        app.post("/v1/sessions")
            .json(json!({"email": email, "password": password}))
            .await
            .expect_problem(401, "wrong_credentials")
    };
    let wrong = attempt(&person.email, "niet het goede wachtwoord").await;
    assert_same_answer(&wrong, &attempt("niemand@example.org", PASSWORD).await);
    assert_same_answer(&wrong, &attempt(&invited.email, PASSWORD).await);
    assert_same_answer(&wrong, &attempt(&person.email, "").await);
}

#[actix_web::test]
async fn signing_out_ends_one_sign_in_at_once() {
    let app = TestApp::start().await;
    let person = app.signed_up().await;
    let (one, other) = (app.sign_in(&person).await, app.sign_in(&person).await);
    let token = one.text("accessToken");
    app.delete("/v1/sessions/current")
        .token(&token)
        .await
        .expect(204);
    app.me(&token).await.expect_problem(401, "token_revoked");
    app.refresh(&one.text("refreshToken"))
        .await
        .expect_problem(400, "invalid_grant");
    app.me(&other.text("accessToken")).await.expect(200);
}

// --- refresh tokens -----------------------------------------------------------------------------------------------------

#[actix_web::test]
async fn a_refresh_token_gives_new_tokens_once() {
    let app = TestApp::start().await;
    let person = app.signed_up().await;
    let first = app.sign_in(&person).await.text("refreshToken");
    app.clock.forward(TimeDelta::minutes(10));
    let fresh = app.refresh(&first).await.expect(200);
    assert_eq!(fresh.json()["token_type"], "Bearer");
    assert_eq!(fresh.json()["scope"], "reports:read reports:write");
    assert_eq!(fresh.header("cache-control"), Some("no-store"));
    assert_ne!(fresh.text("refresh_token"), first);
    app.me(&fresh.text("access_token")).await.expect(200);
    app.refresh(&fresh.text("refresh_token")).await.expect(200);
}

#[actix_web::test]
async fn a_refresh_token_used_twice_ends_the_whole_sign_in() {
    let app = TestApp::start().await;
    let person = app.signed_up().await;
    let untouched = app.sign_in(&person).await;
    let stolen = app.sign_in(&person).await.text("refreshToken");
    let thief = app.refresh(&stolen).await.expect(200);
    app.refresh(&stolen)
        .await
        .expect_problem(400, "invalid_grant");
    app.me(&thief.text("access_token"))
        .await
        .expect_problem(401, "token_revoked");
    app.refresh(&thief.text("refresh_token"))
        .await
        .expect_problem(400, "invalid_grant");
    app.me(&untouched.text("accessToken")).await.expect(200);
}

#[actix_web::test]
async fn of_two_refreshes_at_once_one_wins_and_the_sign_in_ends() {
    let app = TestApp::start().await;
    let person = app.signed_up().await;
    let token = app.sign_in(&person).await.text("refreshToken");
    let (one, other) = join(app.refresh(&token), app.refresh(&token)).await;
    let mut statuses = [one.status, other.status];
    statuses.sort();
    assert_eq!(statuses, [200, 400], "{one}\n{other}");
    let winner = if one.status == 200 { one } else { other };
    app.me(&winner.text("access_token"))
        .await
        .expect_problem(401, "token_revoked");
}

#[actix_web::test]
async fn a_sign_in_cannot_be_refreshed_past_its_end() {
    let app = TestApp::start().await;
    let person = app.signed_up().await;
    let session = app.sign_in(&person).await;
    app.clock.forward(TimeDelta::minutes(24 * 60 - 5));
    let last = app.refresh(&session.text("refreshToken")).await.expect(200);
    assert_eq!(last.json()["expires_in"], 300, "not beyond the sign-in");
    app.clock.forward(TimeDelta::minutes(6));
    app.refresh(&last.text("refresh_token"))
        .await
        .expect_problem(400, "invalid_grant");
    app.me(&last.text("access_token")).await.expect(401);
}

#[actix_web::test]
async fn a_refresh_may_narrow_the_scopes_and_not_widen_them() {
    let app = TestApp::start().await;
    let person = app.signed_up().await;
    let token = app.sign_in(&person).await.text("refreshToken");
    let with = async |token: &str, scope: &str| {
        app.post("/v1/oauth/token")
            .form(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", token),
                ("scope", scope),
            ])
            .await
    };
    let narrow = with(&token, "reports:read").await.expect(200);
    let access = narrow.text("access_token");
    assert_eq!(
        app.me(&access).await.json()["scopes"],
        json!(["reports:read"])
    );
    app.post("/v1/reports")
        .token(&access)
        .json(json!({"draft": true}))
        .await
        .expect_problem(403, "insufficient_scope");
    let refresh = narrow.text("refresh_token");
    with(&refresh, "admin")
        .await
        .expect_problem(400, "invalid_scope");
    with(&refresh, "nothing:known")
        .await
        .expect_problem(400, "invalid_scope");
}

// --- API clients --------------------------------------------------------------------------------------------------------

fn basic(client: &Actor) -> String {
    let pair = format!("{}:{}", client.id, client.secret);
    format!("Basic {}", STANDARD.encode(pair))
}

#[actix_web::test]
async fn a_client_gets_a_token_with_basic_or_with_the_form() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let client = app.client(&[Role::Reporter], None, home).await;
    let id = client.id.to_string();
    let by_header = app
        .post("/v1/oauth/token")
        .header("authorization", basic(&client))
        .form(&[("grant_type", "client_credentials")])
        .await
        .expect(200);
    let by_form = app
        .post("/v1/oauth/token")
        .form(&[
            ("grant_type", "client_credentials"),
            ("client_id", id.as_str()),
            ("client_secret", client.secret.as_str()),
            ("scope", "reports:read"),
        ])
        .await
        .expect(200);
    assert_eq!(by_header.json()["expires_in"], 3600);
    assert_eq!(by_header.json()["scope"], "reports:read reports:write");
    assert_eq!(by_header.json()["refresh_token"], Value::Null);
    assert_eq!(by_header.header("pragma"), Some("no-cache"));
    assert_eq!(by_form.json()["scope"], "reports:read");
    let me = app.me(&by_form.text("access_token")).await.expect(200);
    assert_eq!(me.json()["kind"], "client");
    assert_eq!(me.json()["scopes"], json!(["reports:read"]));
}

#[actix_web::test]
async fn the_token_endpoint_refuses_in_the_words_of_oauth() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let client = app
        .client(&[Role::Reporter], Some(&[Scope::ReportsRead]), home)
        .await;
    let id = client.id.to_string();
    let (id, secret) = (id.as_str(), client.secret.as_str());
    let grant = ("grant_type", "client_credentials");
    type Case<'a> = (&'a [(&'a str, &'a str)], u16, &'a str);
    let cases: &[Case<'_>] = &[
        (&[], 400, "invalid_request"),
        (&[("grant_type", "password")], 400, "unsupported_grant_type"),
        (&[grant], 401, "invalid_client"),
        (&[grant, ("client_id", id)], 401, "invalid_client"),
        (
            &[grant, ("client_id", id), ("client_secret", "wrong")],
            401,
            "invalid_client",
        ),
        (
            &[grant, ("client_id", "no-id"), ("client_secret", secret)],
            401,
            "invalid_client",
        ),
        (
            &[grant, grant, ("client_id", id), ("client_secret", secret)],
            400,
            "invalid_request",
        ),
        (
            &[
                grant,
                ("client_id", id),
                ("client_secret", secret),
                ("scope", "reports:write"),
            ],
            400,
            "invalid_scope",
        ),
        (
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", "unknown"),
            ],
            400,
            "invalid_grant",
        ),
        (&[("grant_type", "refresh_token")], 400, "invalid_request"),
    ];
    for (form, status, error) in cases {
        let refused = app
            .post("/v1/oauth/token")
            .form(form)
            .await
            .expect_problem(*status, error);
        assert_eq!(refused.json()["error"], *error, "{form:?}");
    }
    app.post("/v1/oauth/token")
        .header("authorization", basic(&client))
        .form(&[grant, ("client_id", id), ("client_secret", secret)])
        .await
        .expect_problem(400, "invalid_request");
    app.post("/v1/oauth/token")
        .json(json!({"grant_type": "client_credentials"}))
        .await
        .expect_problem(415, "unsupported_media_type");
}

#[actix_web::test]
async fn a_clients_secret_is_shown_once_and_can_be_renewed() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let admin = app.person(&[Role::OrgAdmin], home).await;
    let created = app
        .post(format!("/v1/organisations/{home}/clients"))
        .by(&admin)
        .json(json!({"name": "Zaaksysteem", "roles": ["reporter"]}))
        .await
        .expect(201);
    let id = created.text("clientId");
    let token = async |secret: &str| {
        app.post("/v1/oauth/token")
            .form(&[
                ("grant_type", "client_credentials"),
                ("client_id", id.as_str()),
                ("client_secret", secret),
            ])
            .await
    };
    let first = created.text("clientSecret");
    let access = token(&first).await.expect(200).text("access_token");
    let read = app
        .get(format!("/v1/clients/{id}"))
        .by(&admin)
        .await
        .expect(200);
    assert!(!String::from_utf8_lossy(&read.body).contains(&first));
    let renewed = app
        .post(format!("/v1/clients/{id}/secrets"))
        .by(&admin)
        .await
        .expect(201);
    token(&first).await.expect_problem(401, "invalid_client");
    token(&renewed.text("clientSecret")).await.expect(200);
    let seen = app.get(format!("/v1/clients/{id}")).by(&admin).await;
    app.delete(format!("/v1/clients/{id}"))
        .by(&admin)
        .if_match(&seen)
        .await
        .expect(204);
    app.me(&access).await.expect_problem(401, "token_revoked");
    token(&renewed.text("clientSecret"))
        .await
        .expect_problem(401, "invalid_client");
}

#[actix_web::test]
async fn a_client_never_gets_more_than_its_roles_give() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let admin = app.person(&[Role::OrgAdmin], home).await;
    app.post(format!("/v1/organisations/{home}/clients"))
        .by(&admin)
        .json(json!({"name": "Zaaksysteem", "roles": ["reporter"], "scopes": ["reports:read", "triage"]}))
        .await
        .expect_faults(&[("/scopes/1", "scope_beyond_roles")]);
}

// --- tokens -------------------------------------------------------------------------------------------------------------

/// The claims of a token of somebody.
async fn claims(app: &TestApp, actor: &Actor) -> Value {
    let token = app.token_of(actor).await;
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// A token signed with the service's own key, saying what the test wants.
async fn sign(app: &TestApp, header: impl FnOnce(&mut Header), claims: &Value) -> String {
    let key = app
        .context
        .keys
        .signer(&app.context.db, app.now())
        .await
        .unwrap();
    let mut own = Header::new(Algorithm::ES256);
    own.typ = Some("at+jwt".into());
    own.kid = Some(key.public.kid.clone());
    header(&mut own);
    jsonwebtoken::encode(&own, claims, &key.encoding).unwrap()
}

fn changed(claims: &Value, change: impl FnOnce(&mut Value)) -> Value {
    let mut claims = claims.clone();
    change(&mut claims);
    claims
}

fn without(claims: &Value, name: &str) -> Value {
    changed(claims, |claims| {
        claims.as_object_mut().unwrap().remove(name);
    })
}

#[actix_web::test]
async fn a_token_with_a_wrong_claim_is_refused() {
    let app = TestApp::start().await;
    let person = app.reporter("GM1714").await;
    let right = claims(&app, &person).await;
    let accepted = sign(&app, |_| (), &right).await;
    app.me(&accepted).await.expect(200);
    let now = app.now().timestamp();
    let mut wrong: Vec<(String, Value)> = ["iss", "aud", "exp", "nbf", "iat", "sub", "client_id"]
        .iter()
        .map(|name| (format!("no {name}"), without(&right, name)))
        .collect();
    let mut with = |name: &str, value: Value| {
        wrong.push((
            format!("{name} = {value}"),
            changed(&right, |claims| claims[name] = value),
        ));
    };
    with("iss", json!("https://elders.example"));
    with("aud", json!("https://elders.example/v1"));
    with("aud", json!(app.url));
    with("exp", json!(now - 6));
    with("exp", json!("later"));
    with("nbf", json!(now + 60));
    with("iat", json!(now + 60));
    with("sub", json!(Uuid::now_v7()));
    with("sub", json!("' OR 1=1 --"));
    with("client_id", json!(Uuid::now_v7()));
    with("sid", json!(Uuid::now_v7()));
    with("sid", Value::Null);
    for (what, claims) in wrong {
        let token = sign(&app, |_| (), &claims).await;
        let reply = app.me(&token).await;
        assert_eq!(reply.status, 401, "{what}: {reply}");
    }
    let late = changed(&right, |claims| claims["exp"] = json!(now - 3));
    app.me(&sign(&app, |_| (), &late).await).await.expect(200);
}

#[actix_web::test]
async fn a_token_with_a_wrong_header_is_refused() {
    let app = TestApp::start().await;
    let person = app.reporter("GM1714").await;
    let right = claims(&app, &person).await;
    let token = async |change: fn(&mut Header)| sign(&app, change, &right).await;
    let mut wrong = vec![
        token(|header| header.typ = Some("JWT".into())).await,
        token(|header| header.typ = None).await,
        token(|header| header.kid = None).await,
        token(|header| header.kid = Some("unknown".into())).await,
        token(|header| header.kid = Some("../../../etc/passwd".into())).await,
        token(|header| header.kid = Some("' OR '1'='1".into())).await,
    ];
    // Signed with another key, which the token brings along.
    let other = meldpunt::crypto::es256::SigningKey::generate().unwrap();
    let kid = app
        .context
        .keys
        .signer(&app.context.db, app.now())
        .await
        .unwrap()
        .public
        .kid
        .clone();
    for bring in [false, true] {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("at+jwt".into());
        header.kid = Some(kid.clone());
        if bring {
            header.jku = Some("https://elders.example/keys.json".into());
            header.x5u = Some("https://elders.example/chain.pem".into());
        }
        let key = EncodingKey::from_ec_der(other.pkcs8());
        wrong.push(jsonwebtoken::encode(&header, &right, &key).unwrap());
    }
    // The public key taken for a shared secret.
    let jwks = app.get("/.well-known/jwks.json").await.expect(200);
    let public = jwks.json()["keys"][0].to_string();
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some("at+jwt".into());
    header.kid = Some(kid.clone());
    let key = EncodingKey::from_secret(public.as_bytes());
    wrong.push(jsonwebtoken::encode(&header, &right, &key).unwrap());
    // No signature at all, and one that was tampered with.
    let good = sign(&app, |_| (), &right).await;
    let parts: Vec<&str> = good.split('.').collect();
    for algorithm in ["none", "None", "NONE", "ES256"] {
        let header = json!({"alg": algorithm, "typ": "at+jwt", "kid": kid}).to_string();
        wrong.push(format!("{}.{}.", URL_SAFE_NO_PAD.encode(header), parts[1]));
    }
    let more = changed(&right, |claims| claims["scope"] = json!("admin")).to_string();
    wrong.push(format!(
        "{}.{}.{}",
        parts[0],
        URL_SAFE_NO_PAD.encode(more),
        parts[2]
    ));
    wrong.push(format!("{}.{}.{}", parts[0], parts[1], "A".repeat(86)));
    wrong.push(format!("{}.{}", parts[0], parts[1]));
    wrong.push(format!("{good}.{}", parts[2]));
    wrong.extend(["", ".", "..", "a.b.c", "null", "é"].map(str::to_owned));
    for token in wrong {
        let reply = app.me(&token).await;
        assert_eq!(reply.status, 401, "{token}: {reply}");
    }
}

#[actix_web::test]
async fn a_token_travels_in_the_authorization_header_alone() {
    let app = TestApp::start().await;
    let person = app.reporter("GM1714").await;
    let token = app.token_of(&person).await;
    app.get("/v1/me")
        .query(&[("access_token", &token)])
        .await
        .expect_problem(400, "invalid_query");
    app.get("/v1/me")
        .header("cookie", format!("access_token={token}"))
        .await
        .expect_problem(401, "token_missing");
    for header in [
        format!("Basic {token}"),
        format!("Token {token}"),
        token.clone(),
    ] {
        app.get("/v1/me")
            .header("authorization", header)
            .await
            .expect_problem(401, "token_malformed");
    }
    app.get("/v1/me")
        .header("authorization", format!("bearer {token}"))
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_refusal_names_the_scheme_and_not_the_reason_in_detail() {
    let app = TestApp::start().await;
    let missing = app.get("/v1/me").await.expect(401);
    assert_eq!(missing.header("www-authenticate"), Some("Bearer"));
    let wrong = app.me("a.b.c").await.expect(401);
    let challenge = wrong.header("www-authenticate").unwrap();
    assert!(
        challenge.starts_with("Bearer error=\"invalid_token\""),
        "{challenge}"
    );
}

#[actix_web::test]
async fn the_public_keys_check_our_tokens_and_hold_nothing_private() {
    let app = TestApp::start().await;
    let person = app.reporter("GM1714").await;
    let before = app.token_of(&person).await;
    let published = app.get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(published.header("access-control-allow-origin"), Some("*"));
    let keys = published.json()["keys"].clone();
    let key = &keys[0];
    assert_eq!(key["kty"], "EC");
    assert_eq!(key["d"], Value::Null);
    let header = jsonwebtoken::decode_header(&before).unwrap();
    assert_eq!(key["kid"], json!(header.kid));
}

/// Changes the keys as `meldpunt keys` does, and has the service look again.
async fn change_keys<T: Send + 'static>(
    app: &TestApp,
    change: impl FnOnce(&Context, DateTime<Utc>) -> T + Send + 'static,
) -> T {
    let (context, now) = (app.context.clone(), app.now());
    tokio::task::spawn_blocking(move || {
        let done = change(&context, now);
        context.keys.load(&context.db, now).unwrap();
        done
    })
    .await
    .unwrap()
}

#[actix_web::test]
async fn tokens_of_before_during_and_after_a_rotation_are_accepted_until_the_old_key_is_retired() {
    let app = TestApp::start().await;
    let person = app.reporter("GM1714").await;
    let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let published =
        async || app.get("/.well-known/jwks.json").await.expect(200).json()["keys"].clone();
    // Good for longer than any the service gives, so that only its key can end it.
    let before = app
        .token_until(&person, app.now() + TimeDelta::hours(9))
        .await;
    let new = change_keys(&app, |ctx, now| {
        rotation::rotate(&ctx.db, ctx.keys.seal_source(), false, now)
            .unwrap()
            .0
    })
    .await;
    // Announced: whoever checks our tokens finds it before it signs.
    let keys = published().await;
    assert_eq!(keys.as_array().unwrap().len(), 2);
    assert!(keys.to_string().contains(&new));
    let during = app.token_of(&person).await;
    assert_eq!(kid(&during), kid(&before));
    app.clock.forward(TimeDelta::minutes(14));
    app.me(&before).await.expect(200);
    app.me(&during).await.expect(200);
    app.clock.forward(TimeDelta::minutes(1));
    let after = app.token_of(&person).await;
    assert_eq!(kid(&after), new);
    app.me(&before).await.expect(200);
    app.me(&after).await.expect(200);
    app.clock.forward(TimeDelta::minutes(119));
    app.me(&before).await.expect(200);
    app.clock.forward(TimeDelta::minutes(1));
    app.me(&before).await.expect_problem(401, "token_invalid");
    app.me(&app.token_of(&person).await).await.expect(200);
    assert_eq!(published().await.as_array().unwrap().len(), 1);

    // One that leaked does not wait for its time.
    let leaked = app.token_of(&person).await;
    change_keys(&app, move |ctx, now| {
        rotation::rotate(&ctx.db, ctx.keys.seal_source(), true, now).unwrap();
        rotation::retire(&ctx.db, &new, now).unwrap();
    })
    .await;
    app.me(&leaked).await.expect_problem(401, "token_invalid");
    app.me(&app.token_of(&person).await).await.expect(200);
}

// --- passwords ----------------------------------------------------------------------------------------------------------

fn token_in(link: &str) -> String {
    link.split_once("#token=").expect("a token").1.to_owned()
}

#[actix_web::test]
async fn an_invited_person_sets_a_password_by_the_mailed_link_and_signs_in() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let admin = app.person(&[Role::OrgAdmin], home).await;
    let invited = app
        .post(format!("/v1/organisations/{home}/people"))
        .by(&admin)
        .json(json!({"name": "Jan de Vries", "email": "J.deVries@Example.org", "roles": ["reporter"]}))
        .await
        .expect(201);
    assert_eq!(invited.json()["active"], false);
    let path = format!("/v1/people/{}", invited.id());
    let mails = app.deliver_mail().await;
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert_eq!(mails[0].to, "j.devries@example.org");
    assert_eq!(mails[0].to_name, "Jan de Vries");
    let link = mails[0].link("/password");
    assert!(
        link.starts_with(&format!("{}/password#token=", app.url)),
        "{link}"
    );
    app.get("/password").await.expect(200);
    let token = token_in(&link);
    app.set_password(&token, "te kort")
        .await
        .expect_faults(&[("/password", "too_short")]);
    app.set_password(&token, "Jan de  Vries")
        .await
        .expect_faults(&[("/password", "password_too_simple")]);
    app.set_password(&token, PASSWORD).await.expect(204);
    app.set_password(&token, "nog een ander wachtwoord")
        .await
        .expect_faults(&[("/token", "token_unusable")]);
    app.post("/v1/sessions")
        .json(json!({"email": "j.devries@example.org", "password": PASSWORD}))
        .await
        .expect(201);
    let person = app.get(&path).by(&admin).await.expect(200);
    assert_eq!(person.json()["active"], true);
    app.post(format!("{path}/invitations"))
        .by(&admin)
        .await
        .expect_problem(409, "password_set_before");
}

#[actix_web::test]
async fn an_invitation_lapses_after_a_week_and_can_be_sent_again() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let admin = app.person(&[Role::OrgAdmin], home).await;
    let invited = app
        .post(format!("/v1/organisations/{home}/people"))
        .by(&admin)
        .json(json!({"name": "Jan", "email": "jan@example.org", "roles": ["reporter"]}))
        .await
        .expect(201);
    let lapsed = token_in(&app.deliver_mail().await[0].link("/password"));
    app.clock
        .forward(TimeDelta::days(7) + TimeDelta::seconds(1));
    app.set_password(&lapsed, PASSWORD)
        .await
        .expect_faults(&[("/token", "token_unusable")]);
    let again = async || {
        app.post(format!("/v1/people/{}/invitations", invited.id()))
            .by(&admin)
            .await
            .expect(202);
        token_in(&app.deliver_mail().await[0].link("/password"))
    };
    let (second, third) = (again().await, again().await);
    app.set_password(&second, PASSWORD)
        .await
        .expect_faults(&[("/token", "token_unusable")]);
    app.set_password(&third, PASSWORD).await.expect(204);
}

#[actix_web::test]
async fn who_forgot_a_password_gets_a_link_and_every_sign_in_ends() {
    let app = TestApp::start().await;
    let person = app.signed_up().await;
    let session = app.sign_in(&person).await;
    let ask = async |email: &str| {
        app.post("/v1/password-resets")
            .json(json!({"email": email}))
            .await
            .expect(202)
    };
    assert!(ask(&person.email).await.body.is_empty());
    assert!(ask("niemand@example.org").await.body.is_empty());
    ask(&person.email).await;
    let mails = app.deliver_mail().await;
    assert_eq!(mails.len(), 1, "one mail, and none to strangers");
    let token = token_in(&mails[0].link("/password"));
    let new = "een heel ander wachtwoord";
    app.set_password(&token, new).await.expect(204);
    app.me(&session.text("accessToken"))
        .await
        .expect_problem(401, "token_revoked");
    app.refresh(&session.text("refreshToken"))
        .await
        .expect_problem(400, "invalid_grant");
    let attempt = async |password: &str| {
        app.post("/v1/sessions")
            .json(json!({"email": person.email, "password": password}))
            .await
    };
    attempt(PASSWORD).await.expect(401);
    attempt(new).await.expect(201);
}

#[actix_web::test]
async fn a_reset_link_lapses_after_an_hour() {
    let app = TestApp::start().await;
    let person = app.signed_up().await;
    app.post("/v1/password-resets")
        .json(json!({"email": person.email}))
        .await
        .expect(202);
    let token = token_in(&app.deliver_mail().await[0].link("/password"));
    app.clock.forward(TimeDelta::minutes(61));
    app.set_password(&token, PASSWORD)
        .await
        .expect_faults(&[("/token", "token_unusable")]);
}

#[actix_web::test]
async fn no_secret_is_kept_readable() {
    let app = TestApp::start().await;
    let person = app.signed_up().await;
    let session = app.sign_in(&person).await;
    app.post("/v1/password-resets")
        .json(json!({"email": person.email}))
        .await
        .expect(202);
    let link = app.deliver_mail().await[0].link("/password");
    let secrets = [
        PASSWORD.to_owned(),
        session.text("refreshToken"),
        session.text("accessToken"),
        token_in(&link),
    ];
    let kept = app.everything_kept().await;
    assert!(kept.contains(&person.email), "the dump shows what is kept");
    for secret in secrets {
        assert!(!kept.contains(&secret), "{secret} can be read");
    }
}

// --- managing people ----------------------------------------------------------------------------------------------------

#[actix_web::test]
async fn removing_a_person_ends_what_it_may_at_once() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let admin = app.person(&[Role::OrgAdmin], home).await;
    let person = app.signed_up().await;
    let session = app.sign_in(&person).await;
    let path = format!("/v1/people/{}", person.id);
    let seen = app.get(&path).by(&admin).await.expect(200);
    app.delete(&path)
        .by(&admin)
        .if_match(&seen)
        .await
        .expect(204);
    app.me(&session.text("accessToken"))
        .await
        .expect_problem(401, "token_revoked");
    app.refresh(&session.text("refreshToken"))
        .await
        .expect_problem(400, "invalid_grant");
    app.post("/v1/sessions")
        .json(json!({"email": person.email, "password": PASSWORD}))
        .await
        .expect_problem(401, "wrong_credentials");
    app.get(&path)
        .by(&admin)
        .await
        .expect_problem(404, "not_found");
    // The address may be invited again.
    app.post(format!("/v1/organisations/{home}/people"))
        .by(&admin)
        .json(json!({"name": "Opvolger", "email": person.email, "roles": ["reporter"]}))
        .await
        .expect(201);
}

#[actix_web::test]
async fn a_role_given_or_taken_counts_from_the_next_request() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let admin = app.person(&[Role::OrgAdmin], home).await;
    let person = app.signed_up().await;
    let token = app.sign_in(&person).await.text("accessToken");
    let path = format!("/v1/people/{}", person.id);
    let seen = app.get(&path).by(&admin).await.expect(200);
    app.patch(&path)
        .by(&admin)
        .if_match(&seen)
        .json(json!({"roles": ["analyst"]}))
        .await
        .expect(200);
    let me = app.me(&token).await.expect(200);
    assert_eq!(me.json()["roles"], json!(["analyst"]));
    assert_eq!(me.json()["scopes"], json!(["reports:read"]), "{me}");
    app.post("/v1/reports")
        .token(&token)
        .json(json!({"draft": true}))
        .await
        .expect_problem(403, "insufficient_scope");
}

#[actix_web::test]
async fn an_org_admin_reaches_no_other_organisation() {
    let app = TestApp::start().await;
    let (own, other) = (
        app.organisation("GM1714").await,
        app.organisation("GM0363").await,
    );
    let admin = app.person(&[Role::OrgAdmin], own).await;
    let stranger = app.person(&[Role::Reporter], other).await;
    let machine = app.client(&[Role::Reporter], None, other).await;
    let missing = Uuid::now_v7();
    let pairs = [
        (
            format!("/v1/people/{}", stranger.id),
            format!("/v1/people/{missing}"),
        ),
        (
            format!("/v1/clients/{}", machine.id),
            format!("/v1/clients/{missing}"),
        ),
        (
            format!("/v1/organisations/{other}/people"),
            format!("/v1/organisations/{missing}/people"),
        ),
        (
            format!("/v1/organisations/{other}/clients"),
            format!("/v1/organisations/{missing}/clients"),
        ),
    ];
    for (others, nothing) in pairs {
        let hidden = app.get(&others).by(&admin).await.expect(404);
        assert_same_answer(&hidden, &app.get(&nothing).by(&admin).await);
        let hidden = app
            .delete(&others)
            .by(&admin)
            .header("if-match", "\"1\"")
            .await;
        assert_same_answer(
            &hidden,
            &app.delete(&nothing)
                .by(&admin)
                .header("if-match", "\"1\"")
                .await,
        );
    }
    app.post(format!("/v1/organisations/{other}/people"))
        .by(&admin)
        .json(json!({"name": "Indringer", "email": "in@example.org", "roles": ["reporter"]}))
        .await
        .expect_problem(404, "not_found");
    app.get("/v1/me").by(&stranger).await.expect(200);
}

#[actix_web::test]
async fn roles_are_held_where_they_belong_and_given_by_whoever_may() {
    let app = TestApp::start().await;
    let invite = async |by: &Actor, number: u32, roles: Value| {
        app.post(format!("/v1/organisations/{}/people", by.organisation))
            .by(by)
            .json(json!({"name": "Iemand", "email": format!("iemand{number}@example.org"), "roles": roles}))
            .await
    };
    let (bzk, gemeente, ocw) = (
        app.organisation("BZK").await,
        app.organisation("GM1714").await,
        app.organisation("OCW").await,
    );
    let municipal = app.person(&[Role::OrgAdmin], gemeente).await;
    for role in ["desk", "coordinator", "admin"] {
        invite(&municipal, 1, json!([role]))
            .await
            .expect_faults(&[("/roles/0", "role_not_here")]);
    }
    invite(&municipal, 1, json!(["reporter", "analyst", "org_admin"]))
        .await
        .expect(201);
    invite(&municipal, 1, json!(["reporter"]))
        .await
        .expect_problem(409, "email_taken");
    let ministerial = app.person(&[Role::OrgAdmin], ocw).await;
    invite(&ministerial, 2, json!(["liaison"]))
        .await
        .expect(201);
    invite(&ministerial, 3, json!(["desk", "admin"]))
        .await
        .expect_faults(&[("/roles/0", "role_not_here"), ("/roles/1", "role_not_here")]);
    let at_bzk = app.person(&[Role::OrgAdmin], bzk).await;
    invite(&at_bzk, 4, json!(["reporter", "admin", "desk"]))
        .await
        .expect_faults(&[
            ("/roles/1", "role_not_yours"),
            ("/roles/2", "role_not_yours"),
        ]);
    let admin = app.admin().await;
    invite(&admin, 5, json!(["desk", "coordinator", "liaison"]))
        .await
        .expect(201);
}

#[actix_web::test]
async fn an_org_admin_cannot_touch_whoever_holds_a_role_it_cannot_give() {
    let app = TestApp::start().await;
    let bzk = app.organisation("BZK").await;
    let org_admin = app.person(&[Role::OrgAdmin], bzk).await;
    let desk = app.desk().await;
    let path = format!("/v1/people/{}", desk.id);
    let seen = app.get(&path).by(&org_admin).await.expect(200);
    app.patch(&path)
        .by(&org_admin)
        .if_match(&seen)
        .json(json!({"roles": ["reporter"]}))
        .await
        .expect_problem(403, "not_allowed");
    app.delete(&path)
        .by(&org_admin)
        .if_match(&seen)
        .await
        .expect_problem(403, "not_allowed");
}

#[actix_web::test]
async fn an_administrator_does_not_lock_itself_out() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let admin = app.person(&[Role::OrgAdmin, Role::Reporter], home).await;
    let path = format!("/v1/people/{}", admin.id);
    let seen = app.get(&path).by(&admin).await.expect(200);
    app.patch(&path)
        .by(&admin)
        .if_match(&seen)
        .json(json!({"roles": ["reporter"]}))
        .await
        .expect_problem(409, "cannot_drop_your_role");
    app.delete(&path)
        .by(&admin)
        .if_match(&seen)
        .await
        .expect_problem(409, "cannot_remove_yourself");
}

#[actix_web::test]
async fn a_person_changes_its_own_name_and_language_and_nothing_else() {
    let app = TestApp::start().await;
    let person = app.reporter("GM1714").await;
    let me = app.get("/v1/me").by(&person).await.expect(200);
    app.patch("/v1/me")
        .by(&person)
        .json(json!({"language": "en"}))
        .await
        .expect_problem(428, "if_match_required");
    let changed = app
        .patch("/v1/me")
        .by(&person)
        .if_match(&me)
        .json(json!({"name": " Anna ", "language": "en"}))
        .await
        .expect(200);
    assert_eq!(changed.json()["name"], "Anna");
    assert_eq!(changed.json()["language"], "en");
    app.patch("/v1/me")
        .by(&person)
        .if_match(&me)
        .json(json!({"name": "Te laat"}))
        .await
        .expect_problem(412, "stale_version");
    app.patch("/v1/me")
        .by(&person)
        .if_match(&changed)
        .json(json!({"roles": ["admin"], "email": "ander@example.org", "name": "x\u{7}y"}))
        .await
        .expect_faults(&[
            ("/email", "unknown_field"),
            ("/name", "control_character"),
            ("/roles", "unknown_field"),
        ]);
}

#[actix_web::test]
async fn people_are_paged_by_name_each_exactly_once() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let admin = app.person(&[Role::OrgAdmin], home).await;
    let mut everyone = vec![admin.id.to_string()];
    for _ in 0..6 {
        everyone.push(app.person(&[Role::Reporter], home).await.id.to_string());
    }
    app.reporter("GM0363").await;
    let path = format!("/v1/organisations/{home}/people");
    let mut found: Vec<String> = app
        .all_pages(&admin, &path, 3)
        .await
        .iter()
        .map(|person| person["id"].as_str().unwrap().to_owned())
        .collect();
    found.sort();
    everyone.sort();
    assert_eq!(found, everyone);
}
