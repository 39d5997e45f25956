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
