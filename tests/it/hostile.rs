//! Requests that are made to hurt, as bytes on a connection: what no client library would send. Their effect on memory and on
//! others is measured by scripts/drills/hostile-input.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::TestApp;

/// What came back: the status, and all the bytes. A connection that is closed without an answer has status 0.
struct Answer {
    status: u16,
    text: String,
}

impl TestApp {
    /// Sends bytes as they are and reads until the connection is closed.
    async fn raw(&self, parts: Vec<Vec<u8>>) -> Answer {
        let host = self.url.trim_start_matches("http://").to_owned();
        let talk = move || {
            let mut link = TcpStream::connect(host).unwrap();
            link.set_read_timeout(Some(Duration::from_secs(30)))
                .unwrap();
            for part in parts {
                // It may answer and close before it has all.
                if link.write_all(&part).is_err() {
                    break;
                }
            }
            read_all(&mut link)
        };
        tokio::task::spawn_blocking(talk).await.unwrap()
    }
}

fn read_all(link: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    if let Err(error) = link.read_to_end(&mut bytes) {
        assert_eq!(
            error.kind(),
            ErrorKind::ConnectionReset,
            "no answer and no end"
        );
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|word| word.parse().ok());
    Answer {
        status: status.unwrap_or(0),
        text,
    }
}

/// A request for a sign-in, which asks for no token.
fn post(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n").into_bytes()
}

#[actix_web::test]
async fn a_gigabyte_is_refused_before_it_is_sent() {
    let app = TestApp::start().await;
    let started = Instant::now();
    let announced = app
        .raw(vec![post("Content-Length: 1000000000\r\n", b"{")])
        .await;
    assert_eq!(announced.status, 413, "{}", announced.text);
    assert!(
        announced.text.contains("\"code\":\"too_large\""),
        "{}",
        announced.text
    );
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    let mut parts = vec![post("Transfer-Encoding: chunked\r\n", b"")];
    // 64 MB, which it lets pass without keeping them.
    parts.extend(std::iter::repeat_n(chunk, 1000));
    parts.push(b"0\r\n\r\n".to_vec());
    let streamed = app.raw(parts).await;
    assert!(matches!(streamed.status, 413 | 0), "{}", streamed.text);
    assert!(started.elapsed() < Duration::from_secs(20));
    app.get("/health/live").await.expect(200);
}

#[actix_web::test]
async fn who_is_not_signed_in_sends_little_and_who_is_may_send_more() {
    let app = TestApp::start().await;
    let body = |size: usize| json!({"draft": true, "description": "a".repeat(size)});
    app.post("/v1/sessions")
        .json(body(20_000))
        .await
        .expect_problem(413, "too_large");
    let reporter = app.reporter("GM1714").await;
    app.post("/v1/reports")
        .by(&reporter)
        .json(body(15_000))
        .await
        .expect(201);
}

#[actix_web::test]
async fn headers_and_addresses_beyond_measure_are_refused() {
    let app = TestApp::start().await;
    let many: String = (0..500).map(|n| format!("X-H{n}: v\r\n")).collect();
    let long = format!("X-Long: {}\r\n", "a".repeat(1_000_000));
    let address = format!("/v1/{}", "a".repeat(1_000_000));
    for request in [
        get("/v1/me", &many),
        get("/v1/me", &long),
        get(&address, ""),
    ] {
        let answer = app.raw(vec![request]).await;
        assert!(
            matches!(answer.status, 400 | 414 | 431 | 0),
            "{}",
            answer.text
        );
    }
    app.get("/health/live").await.expect(200);
}

#[actix_web::test]
async fn what_is_no_http_is_refused_without_ambiguity() {
    let app = TestApp::start().await;
    let body = b"{\"email\": \"x\", \"password\": \"y\"}";
    for request in [
        post("Content-Length: 31\r\nContent-Length: 3\r\n", body),
        post("Content-Length: 31\r\nTransfer-Encoding: chunked\r\n", body),
        post("Content-Length: -1\r\n", body),
        post("Content-Length: 99999999999999999999999\r\n", body),
        post("Transfer-Encoding: gzip\r\n", body),
        post("Transfer-Encoding: chunked\r\n", b"zz\r\n\r\n"),
        b"GET /v1/me HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n".to_vec(),
        b"GET /v1/\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(50),
    ] {
        let shown = String::from_utf8_lossy(&request).into_owned();
        let answer = app.raw(vec![request]).await;
        assert!(
            matches!(answer.status, 400 | 404 | 413 | 0),
            "{shown}: {}",
            answer.text
        );
    }
}

#[actix_web::test]
async fn addresses_that_are_badly_encoded_or_full_are_refused() {
    let app = TestApp::start().await;
    let desk = app.desk().await;
    let token = app.token_of(&desk).await;
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let keys = vec!["status=routed"; 2000].join("&");
    for (path, expected) in [
        ("/v1/reports/%zz".to_owned(), 404),
        ("/v1/reports/%c0%af".to_owned(), 404),
        ("/v1/reports?q=%ff%fe".to_owned(), 400),
        ("/v1/reports?q=%zz".to_owned(), 400),
        ("/v1/reports?limit=99999999999999999999".to_owned(), 400),
        ("/v1/reports?limit=-1".to_owned(), 400),
        (format!("/v1/reports?{keys}"), 400),
    ] {
        let answer = app.raw(vec![get(&path, &bearer)]).await;
        let shown = &path[..path.len().min(60)];
        assert!(
            answer.status == expected || (expected == 404 && answer.status == 400),
            "{shown}: {}",
            answer.text
        );
        assert!(
            answer.text.contains("application/problem+json"),
            "{shown}: {}",
            answer.text
        );
    }
}

#[actix_web::test]
async fn bodies_that_readers_would_differ_about_are_refused() {
    let app = TestApp::start().await;
    for body in [
        r#"{"email": "a@example.org", "email": "b@example.org", "password": "x"}"#,
        r#"{"email": "a@example.org", "password": "x", "p\u0061ssword": "y"}"#,
        r#"{"email": 1e999999, "password": "x"}"#,
        r#"{"email": "\ud800", "password": "x"}"#,
        r#"{"email": "\udc00\ud800", "password": "x"}"#,
    ] {
        app.post("/v1/sessions")
            .body("application/json", body)
            .await
            .expect_problem(400, "malformed");
    }
    app.post("/v1/sessions")
        .body(
            "application/json",
            format!(r#"{{"email": {}, "password": "x"}}"#, "9".repeat(300)),
        )
        .await
        .expect_faults(&[("/email", "wrong_type")]);
    app.post("/v1/sessions")
        .json(json!({"email": "a\u{0}b", "password": "x"}))
        .await
        .expect_faults(&[("/email", "control_character")]);
}

#[actix_web::test]
async fn nul_is_refused_by_name_wherever_a_text_goes() {
    let app = TestApp::start().await;
    let home = app.organisation("GM1714").await;
    let admin = app
        .person(&[meldpunt::domain::actor::Role::OrgAdmin], home)
        .await;
    let nul = "a\u{0}b";
    app.post(format!("/v1/organisations/{home}/people"))
        .by(&admin)
        .json(json!({"name": nul, "email": "jan@example.org", "roles": ["reporter"]}))
        .await
        .expect_faults(&[("/name", "control_character")]);
    for (key, path) in [
        ("q", "/v1/organisations?q=a%00b"),
        ("q", "/v1/regulations?q=%00"),
        ("cursor", "/v1/organisations?cursor=%00"),
    ] {
        let reply = app.get(path).by(&admin).await.expect(400);
        assert!(reply.faults().iter().any(|fault| fault.0 == key), "{reply}");
    }
    for form in [
        "grant_type=%00",
        "grant_type=client_credentials&client_id=%00&client_secret=%00",
        "grant_type=refresh_token&refresh_token=%00",
    ] {
        let reply = app
            .post("/v1/oauth/token")
            .body("application/x-www-form-urlencoded", form)
            .await;
        assert!(matches!(reply.status, 400 | 401), "{form}: {reply}");
    }
}

#[actix_web::test]
async fn who_is_slow_with_its_headers_is_let_go() {
    let app = TestApp::start().await;
    let host = app.url.trim_start_matches("http://").to_owned();
    let waited = tokio::task::spawn_blocking(move || {
        let mut link = TcpStream::connect(host).unwrap();
        link.write_all(b"GET /v1/me HTTP/1.1\r\nX-Slow: ").unwrap();
        link.set_read_timeout(Some(Duration::from_millis(500)))
            .unwrap();
        let started = Instant::now();
        let mut byte = [0];
        // A byte now and then does not buy time.
        while started.elapsed() < Duration::from_secs(40) {
            match link.read(&mut byte) {
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                _ => return started.elapsed(),
            }
            if link.write_all(b"a").is_err() {
                return started.elapsed();
            }
        }
        started.elapsed()
    })
    .await
    .unwrap();
    assert!(
        waited < Duration::from_secs(30),
        "still there after {waited:?}"
    );
}

#[actix_web::test]
async fn claims_given_twice_make_a_token_worthless() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let app = TestApp::start().await;
    let person = app.reporter("GM1714").await;
    let token = app.token_of(&person).await;
    let payload = URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1).unwrap())
        .unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    let key = app
        .context
        .keys
        .signer(&app.context.db, app.now())
        .await
        .unwrap();
    let header = json!({"typ": "at+jwt", "alg": "ES256", "kid": key.public.kid}).to_string();
    let sign = |payload: &str| {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(&header),
            URL_SAFE_NO_PAD.encode(payload)
        );
        let signature = jsonwebtoken::crypto::sign(
            signed.as_bytes(),
            &key.encoding,
            jsonwebtoken::Algorithm::ES256,
        )
        .unwrap();
        format!("{signed}.{signature}")
    };
    let once = claims.to_string();
    app.get("/v1/me").token(&sign(&once)).await.expect(200);
    let admin = app.admin().await;
    for (name, value) in [
        ("sub", json!(admin.id)),
        ("scope", json!("admin")),
        ("exp", json!(app.now().timestamp() + 999_999)),
        ("sid", json!(admin.session)),
        ("generation", json!(0)),
    ] {
        let twice = format!("{},\"{name}\":{value}}}", once.trim_end_matches('}'));
        app.get("/v1/me")
            .token(&sign(&twice))
            .await
            .expect_problem(401, "token_invalid");
    }
}
