//! The rules for a running service (NLgov REST API Design Rules, and our conventions), whatever the resource.

use reqwest::Method;
use serde_json::Value;

use crate::harness::TestApp;

#[actix_web::test]
async fn an_unknown_path_is_a_404_problem() {
    let app = TestApp::start().await;
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v2/reports",
        "/nothing/at/all",
    ] {
        app.get(path).await.expect_problem(404, "not_found");
    }
}

#[actix_web::test]
async fn a_trailing_slash_is_a_404_and_never_a_redirect() {
    let app = TestApp::start().await;
    for path in ["/v1/openapi.json/", "/health/live/", "/v1/nothing/"] {
        app.get(path).await.expect_problem(404, "not_found");
    }
}

#[actix_web::test]
async fn the_language_of_a_problem_is_dutch_unless_english_is_preferred() {
    let app = TestApp::start().await;
    let title = async |language: &str| {
        let call = app.get("/v1/nothing");
        let call = if language.is_empty() {
            call
        } else {
            call.language(language)
        };
        let reply = call.await.expect(404);
        (
            reply.text("title"),
            reply.header("content-language").unwrap().to_owned(),
        )
    };
    let dutch = ("Niet gevonden".to_owned(), "nl".to_owned());
    let english = ("Not found".to_owned(), "en".to_owned());
    for language in [
        "",
        "nl",
        "nl-NL,en;q=0.5",
        "fr",
        "en;q=0.4, nl;q=0.8",
        "*",
        "??;;,",
    ] {
        assert_eq!(title(language).await, dutch, "{language:?}");
    }
    for language in ["en", "en-GB, nl;q=0.2", "de, en;q=0.7"] {
        assert_eq!(title(language).await, english, "{language:?}");
    }
}

#[actix_web::test]
async fn a_client_that_takes_no_json_is_told_406() {
    let app = TestApp::start().await;
    for accept in ["text/html", "application/xml", "image/png, text/csv;q=0.5"] {
        app.get("/v1/openapi.json")
            .header("accept", accept)
            .await
            .expect_problem(406, "not_acceptable");
    }
    for accept in ["application/json", "text/html, */*;q=0.1", "application/*"] {
        app.get("/v1/openapi.json")
            .header("accept", accept)
            .await
            .expect(200);
    }
}

#[actix_web::test]
async fn the_document_is_served_without_sign_in_to_every_origin() {
    let app = TestApp::start().await;
    for origin in [None, Some("https://elders.example")] {
        let mut call = app.get("/v1/openapi.json");
        if let Some(origin) = origin {
            call = call.header("origin", origin);
        }
        let reply = call.await.expect(200);
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("content-type"), Some("application/json"));
        let version = reply.json()["openapi"].as_str().unwrap().to_owned();
        assert!(version.starts_with("3.1"), "{version}");
    }
}

#[actix_web::test]
async fn head_is_get_without_the_body() {
    let app = TestApp::start().await;
    for path in ["/v1/openapi.json", "/health/live", "/v1/nothing"] {
        let get = app.get(path).await;
        let head = app.call(Method::HEAD, path).await.expect(get.status);
        assert!(head.body.is_empty());
        for name in ["content-type", "cache-control", "api-version"] {
            assert_eq!(head.header(name), get.header(name), "{name} of {path}");
        }
    }
}

#[actix_web::test]
async fn pages_of_listed_origins_alone_may_call_the_api() {
    let app = TestApp::start_with(|settings| {
        settings.cors_origins = vec!["https://loket.example".into()];
    })
    .await;
    let preflight = async |origin: &str| {
        app.call(Method::OPTIONS, "/v1/reports")
            .header("origin", origin)
            .header("access-control-request-method", "PATCH")
            .header("access-control-request-headers", "authorization, if-match")
            .await
    };
    let allowed = preflight("https://loket.example").await.expect(200);
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        Some("https://loket.example")
    );
    let methods = allowed.header("access-control-allow-methods").unwrap();
    assert!(methods.contains("PATCH"), "{methods}");
    let refused = preflight("https://elders.example").await;
    assert_eq!(refused.header("access-control-allow-origin"), None);
    assert_eq!(refused.header("access-control-allow-credentials"), None);
}

#[actix_web::test]
async fn health_is_told_without_sign_in() {
    let app = TestApp::start().await;
    for path in ["/health/live", "/health/ready"] {
        let reply = app.get(path).await.expect(200);
        assert_eq!(reply.json()["status"], "ok");
    }
}

#[actix_web::test]
async fn the_documentation_page_comes_from_the_service_alone() {
    let app = TestApp::start().await;
    let to_page = app.get("/docs").await.expect(303);
    assert_eq!(to_page.header("location"), Some("/docs/index.html"));
    let page = app.get("/docs/index.html").await.expect(200);
    let html = String::from_utf8(page.body.clone()).unwrap();
    assert!(html.contains("<html"), "{html}");
    assert!(
        !html.contains("//cdn") && !html.contains("https://"),
        "{html}"
    );
    let document: Value = app.get("/docs/openapi.json").await.expect(200).json();
    assert_eq!(document["servers"][0]["url"], "/v1");
}

// --- bodies -------------------------------------------------------------------------------------------------------------

/// Needs no sign-in, so that the body alone decides.
const OPEN: &str = "/v1/sessions";

#[actix_web::test]
async fn a_body_that_is_no_json_is_a_400() {
    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let deeper = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"{".to_vec(),
        b"{'email': 'x'}".to_vec(),
        b"{\"email\": \"x\",}".to_vec(),
        b"{\"email\": \"x\"} {}".to_vec(),
        b"NaN".to_vec(),
        b"{\"email\": \"\xff\xfe\"}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{\"email\": \"\\ud800\"}".to_vec(),
        b"\x00\x00\x00".to_vec(),
        deep.into_bytes(),
        deeper.into_bytes(),
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let reply = app
            .post("/v1/reports")
            .by(&reporter)
            .body("application/json", body)
            .await;
        assert_eq!(reply.status, 400, "{shown}: {reply}");
        assert_eq!(reply.json()["code"], "malformed", "{shown}");
    }
}

#[actix_web::test]
async fn every_faulty_field_of_a_body_is_named_at_once() {
    let app = TestApp::start().await;
    app.post(OPEN)
        .json(serde_json::json!({"email": 3, "colour": "red", "a/b~c": 1}))
        .await
        .expect_faults(&[
            ("/a~1b~0c", "unknown_field"),
            ("/colour", "unknown_field"),
            ("/email", "wrong_type"),
            ("/password", "required"),
        ]);
    for body in ["[]", "null", "\"text\"", "3"] {
        app.post(OPEN)
            .body("application/json", body)
            .await
            .expect_faults(&[("", "wrong_type")]);
    }
}

#[actix_web::test]
async fn control_characters_are_refused_wherever_they_stand() {
    let app = TestApp::start().await;
    let reporter = app.reporter("GM1714").await;
    for character in ["\u{0}", "\u{7}", "\u{1b}", "\u{7f}", "\u{85}"] {
        app.post("/v1/reports")
            .by(&reporter)
            .json(serde_json::json!({
                "draft": true, "description": format!("a{character}b"), "domains": [character],
                "contact": {"name": character, "email": "jan@example.org"}
            }))
            .await
            .expect_faults(&[
                ("/contact/name", "control_character"),
                ("/description", "control_character"),
                ("/domains/0", "control_character"),
            ]);
    }
    app.post("/v1/reports")
        .by(&reporter)
        .json(serde_json::json!({"draft": true, "description": "regel\r\n\tregel"}))
        .await
        .expect(201);
}

#[actix_web::test]
async fn a_body_in_another_form_is_a_415() {
    let app = TestApp::start().await;
    let body = r#"{"email": "x", "password": "y"}"#;
    for media in [
        "",
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/jsonx",
    ] {
        app.post(OPEN)
            .body(media, body)
            .await
            .expect_problem(415, "unsupported_media_type");
    }
    for encoding in ["gzip", "br", "deflate", "zstd"] {
        app.post(OPEN)
            .header("content-encoding", encoding)
            .body("application/json", body)
            .await
            .expect_problem(415, "unsupported_media_type");
    }
    for media in ["application/json; charset=utf-8", "Application/JSON"] {
        app.post(OPEN)
            .body(media, body)
            .await
            .expect_problem(401, "wrong_credentials");
    }
}

#[actix_web::test]
async fn a_body_beyond_the_limit_is_a_413() {
    let app = TestApp::start().await;
    let limit = app.context.settings.body_limit;
    let reporter = app.reporter("GM1714").await;
    let of = |size: usize| format!("\"{}\"", "a".repeat(size - 2));
    app.post("/v1/reports")
        .by(&reporter)
        .body("application/json", of(limit))
        .await
        .expect(400);
    for size in [limit + 1, 4 * limit] {
        app.post("/v1/reports")
            .by(&reporter)
            .body("application/json", of(size))
            .await
            .expect_problem(413, "too_large");
    }
}

#[actix_web::test]
async fn a_method_that_a_path_has_not_is_a_405_that_names_those_it_has() {
    let app = TestApp::start().await;
    for (method, path, allowed) in [
        (Method::GET, "/v1/sessions", "POST"),
        (Method::PUT, "/v1/me", "GET, HEAD, PATCH"),
        (Method::DELETE, "/v1/reports", "GET, HEAD, POST"),
        (
            Method::PUT,
            "/v1/reports/0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b",
            "DELETE, GET, HEAD, PATCH",
        ),
        (Method::TRACE, "/v1/me", "GET, HEAD, PATCH"),
    ] {
        let reply = app
            .call(method.clone(), path)
            .await
            .expect_problem(405, "method_not_allowed");
        let mut methods: Vec<&str> = reply.header("allow").unwrap().split(", ").collect();
        methods.sort_unstable();
        assert_eq!(methods.join(", "), allowed, "{method} {path}");
    }
}

#[actix_web::test]
async fn a_query_key_that_is_unknown_wrong_or_repeated_is_named() {
    let app = TestApp::start().await;
    let desk = app.desk().await;
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("colour=red", &[("colour", "unknown_field")]),
        ("limit=0", &[("limit", "too_small")]),
        ("limit=101", &[("limit", "too_large")]),
        ("limit=x", &[("limit", "wrong_type")]),
        ("limit=1&limit=2", &[("limit", "repeated")]),
        ("status=routed&status=nothing", &[("status", "not_in_list")]),
        ("cursor=none-of-ours", &[("cursor", "wrong_cursor")]),
        (
            "updatedSince=yesterday",
            &[("updatedSince", "wrong_format")],
        ),
        (
            "sort=title&colour=red",
            &[("colour", "unknown_field"), ("sort", "not_in_list")],
        ),
        (
            "externalReference=a%00b",
            &[("externalReference", "control_character")],
        ),
    ];
    for (query, faults) in cases {
        app.get(format!("/v1/reports?{query}"))
            .by(&desk)
            .await
            .expect_problem(400, "invalid_query")
            .expect_faults(faults);
    }
    for query in [
        "",
        "status=routed&status=in_review",
        "updatedSince=2026-11-25T11:00:00%2B01:00",
        "limit=100",
    ] {
        app.get(format!("/v1/reports?{query}"))
            .by(&desk)
            .await
            .expect(200);
    }
}

#[actix_web::test]
async fn paths_that_try_to_climb_or_hide_lead_nowhere() {
    let app = TestApp::start().await;
    let desk = app.desk().await;
    for path in [
        "/v1/reports/%00",
        "/v1/reports/..%2f..%2fetc%2fpasswd",
        "/v1/reports/0193a1b2",
        "/v1/reports/%ff",
        "/v1//reports",
        "/V1/reports",
        "/docs/..%2f..%2fCargo.toml",
        "/docs/none.html",
    ] {
        let reply = app.get(path).by(&desk).await;
        assert_eq!(reply.status, 404, "{path}: {reply}");
    }
}

#[actix_web::test]
async fn a_tag_that_is_known_needs_no_second_sending() {
    let app = TestApp::start().await;
    let desk = app.desk().await;
    let me = app.get("/v1/me").by(&desk).await.expect(200);
    for tags in [
        me.etag().to_owned(),
        format!("\"x\", W/{}", me.etag()),
        "*".to_owned(),
    ] {
        let known = app
            .get("/v1/me")
            .by(&desk)
            .header("if-none-match", tags)
            .await
            .expect(304);
        assert!(known.body.is_empty());
        assert_eq!(known.etag(), me.etag());
    }
    app.get("/v1/me")
        .by(&desk)
        .header("if-none-match", "\"other\"")
        .await
        .expect(200);
}

#[actix_web::test]
async fn if_match_is_demanded_and_compared() {
    let app = TestApp::start().await;
    let desk = app.desk().await;
    let change = |tag: Option<&str>| {
        let call = app
            .patch("/v1/me")
            .by(&desk)
            .json(serde_json::json!({"language": "en"}));
        match tag {
            Some(tag) => call.header("if-match", tag),
            None => call,
        }
    };
    change(None).await.expect_problem(428, "if_match_required");
    for tag in [
        "\"2\"",
        "\"0.abc\"",
        "1",
        "\"\"",
        "W/\"1\"",
        "\"x\"",
        "\"99999999999\"",
    ] {
        change(Some(tag)).await.expect_problem(412, "stale_version");
    }
    let seen = app.get("/v1/me").by(&desk).await.expect(200);
    change(Some(seen.etag())).await.expect(200);
}
