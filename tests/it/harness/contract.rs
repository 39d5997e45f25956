//! What holds for every response, whatever a test is about: the headers, the problem form, and the OpenAPI document's word
//! on the operation: its statuses, headers and schemas. The document is the generated one; a test holds the committed
//! one against it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use meldpunt::http::messages;
use meldpunt::http::openapi;
use reqwest::Method;
use reqwest::header::{ALLOW, CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::client::Reply;

/// The OpenAPI document.
pub static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| openapi::document("https://meldpunt.example/v1"));

/// An operation of the document.
#[derive(Clone, Copy)]
pub struct Operation {
    pub id: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub value: &'static Value,
}

pub fn operations() -> impl Iterator<Item = Operation> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    paths.iter().flat_map(|(path, item)| {
        item.as_object()
            .expect("a path item")
            .iter()
            .map(|(method, value)| Operation {
                id: value["operationId"].as_str().expect("an operationId"),
                method,
                path,
                value,
            })
    })
}

/// Follows a `$ref` within the document.
pub fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => DOCUMENT
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{reference} leads nowhere")),
        None => value,
    }
}

/// Fails the test when a response breaks a rule that holds for all.
pub fn check(reply: &Reply) {
    check_headers(reply);
    if reply.status >= 400 {
        check_problem(reply);
    }
    if let Some(operation) = operation_of(&reply.method, &reply.path) {
        check_documented(reply, &operation);
    }
}

fn check_headers(reply: &Reply) {
    let expect = |name: &str, value: &str| {
        assert_eq!(reply.header(name), Some(value), "{name}: {reply}");
    };
    expect("api-version", DOCUMENT["info"]["version"].as_str().unwrap());
    expect("x-content-type-options", "nosniff");
    expect("x-frame-options", "DENY");
    expect("referrer-policy", "no-referrer");
    expect(
        "strict-transport-security",
        "max-age=31536000; includeSubDomains",
    );
    let policy = reply
        .header("content-security-policy")
        .unwrap_or_else(|| panic!("no content policy: {reply}"));
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{reply}"
    );
    let public = [
        "/v1/openapi.json",
        "/.well-known/jwks.json",
        "/docs",
        "/v1/public/",
    ];
    if !public.iter().any(|path| reply.path.starts_with(path)) {
        expect("cache-control", "no-store");
    }
    let id = reply.header("x-request-id").unwrap_or_default();
    assert!(Uuid::parse_str(id).is_ok(), "request id {id:?}: {reply}");
    let trace = reply.header("traceparent").unwrap_or_default();
    assert!(trace.len() == 55, "traceparent {trace:?}: {reply}");
    let bare = matches!(reply.status, 204 | 304);
    assert_eq!(reply.header(CONTENT_TYPE).is_none(), bare, "{reply}");
    assert_eq!(reply.header("server"), None, "{reply}");
}

fn check_problem(reply: &Reply) {
    assert_eq!(
        reply.header(CONTENT_TYPE),
        Some("application/problem+json"),
        "{reply}"
    );
    let language = reply.header(CONTENT_LANGUAGE);
    assert!(matches!(language, Some("nl" | "en")), "{reply}");
    match reply.status {
        401 => assert!(reply.header(WWW_AUTHENTICATE).is_some(), "{reply}"),
        405 => assert!(reply.header(ALLOW).is_some(), "{reply}"),
        429 | 503 => assert!(reply.header(RETRY_AFTER).is_some(), "{reply}"),
        500 => panic!("{reply}"),
        _ => {}
    }
    if reply.method == Method::HEAD {
        return;
    }
    let problem = reply.json();
    for name in ["type", "title", "detail", "code", "requestId"] {
        let text = problem[name].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "{name} is missing: {reply}");
    }
    assert_eq!(problem["status"], reply.status, "{reply}");
    assert_eq!(
        problem["requestId"].as_str(),
        reply.header("x-request-id"),
        "{reply}"
    );
    let code = problem["code"].as_str().unwrap();
    assert!(
        messages::DETAILS.iter().any(|words| words.0 == code),
        "{code:?} has no text: {reply}"
    );
    for (pointer, code) in reply.faults() {
        assert!(
            messages::FIELDS.iter().any(|words| words.0 == code),
            "{code:?} at {pointer:?} has no text: {reply}"
        );
    }
    let text = String::from_utf8_lossy(&reply.body);
    assert!(!text.contains("{limit}"), "a text with a gap: {reply}");
}

/// The operation that a request was for: a literal path goes before a template.
pub fn operation_of(method: &Method, path: &str) -> Option<Operation> {
    let path = path.strip_prefix("/v1")?;
    let method = match method.as_str() {
        "HEAD" => "get".to_owned(),
        other => other.to_lowercase(),
    };
    operations()
        .filter(|operation| operation.method == method && fits(operation.path, path))
        .min_by_key(|operation| operation.path.matches('{').count())
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(&path)
            .all(|(ours, theirs)| ours == theirs || (ours.starts_with('{') && !theirs.is_empty()))
}

fn check_documented(reply: &Reply, operation: &Operation) {
    let status = reply.status.to_string();
    let documented = operation.value["responses"]
        .as_object()
        .and_then(|responses| responses.get(&status))
        .unwrap_or_else(|| {
            panic!(
                "{} does not document status {status}: {reply}",
                operation.id
            )
        });
    let documented = resolve(documented);
    for name in ["ETag", "Location", "Link"] {
        let promised = documented["headers"]
            .as_object()
            .is_some_and(|headers| headers.keys().any(|key| key.eq_ignore_ascii_case(name)));
        assert_eq!(
            promised,
            reply.header(name).is_some(),
            "{name} as documented in {} {status}, and as sent: {reply}",
            operation.id
        );
    }
    if reply.method == Method::HEAD {
        return;
    }
    let media = reply.header(CONTENT_TYPE).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default();
    let Some(content) = documented["content"].as_object() else {
        assert!(
            reply.body.is_empty(),
            "{} {status} documents no body: {reply}",
            operation.id
        );
        return;
    };
    let content = content
        .get(media)
        .or(content.get("*/*"))
        .unwrap_or_else(|| {
            panic!(
                "{} {status} does not document {media:?}: {reply}",
                operation.id
            )
        });
    if !media.ends_with("json") {
        return;
    }
    let validator = validator(
        &format!("{} {status} {media}", operation.id),
        &content["schema"],
    );
    let body = reply.json();
    let faults: Vec<String> = validator
        .iter_errors(&body)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(
        faults.is_empty(),
        "{} {status} is not as documented:\n{}\n{reply}",
        operation.id,
        faults.join("\n")
    );
}

fn validator(name: &str, schema: &Value) -> Arc<Validator> {
    static BUILT: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    let mut built = BUILT.lock().unwrap_or_else(|e| e.into_inner());
    built
        .entry(name.to_owned())
        .or_insert_with(|| Arc::new(compile(schema, true)))
        .clone()
}

/// A validator of a schema of the document. A strict one refuses properties that the schema does not name.
pub fn compile(schema: &Value, strict: bool) -> Validator {
    static CLOSED: LazyLock<Value> = LazyLock::new(|| {
        let mut schemas = DOCUMENT["components"]["schemas"].clone();
        let mut parts = BTreeSet::new();
        parts_of_all(&DOCUMENT, &mut parts);
        for (name, schema) in schemas.as_object_mut().into_iter().flatten() {
            close(schema, parts.contains(name));
        }
        schemas
    });
    let mut root = schema.clone();
    let schemas = if strict {
        close(&mut root, false);
        &*CLOSED
    } else {
        &DOCUMENT["components"]["schemas"]
    };
    root["components"] = json!({ "schemas": schemas });
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&root)
        .unwrap_or_else(|e| panic!("a schema of the document cannot be used: {e}\n{schema:#}"))
}

/// The schemas that others are put together from: closing them would refuse what the others add.
fn parts_of_all(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for part in map
                .get("allOf")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                if let Some(name) = part["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
                    found.insert(name.to_owned());
                }
            }
            map.values().for_each(|value| parts_of_all(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| parts_of_all(value, found)),
        _ => {}
    }
}

/// Makes a schema refuse properties that it does not name.
fn close(schema: &mut Value, part: bool) {
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    if map.contains_key("allOf") {
        if !part {
            map.insert("unevaluatedProperties".into(), json!(false));
        }
        for one in array(map, "allOf") {
            close(one, true);
        }
    } else if map.contains_key("properties") && !map.contains_key("additionalProperties") && !part {
        map.insert("additionalProperties".into(), json!(false));
    }
    for (_, property) in map
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        close(property, false);
    }
    if let Some(items) = map.get_mut("items") {
        close(items, false);
    }
    for key in ["oneOf", "anyOf"] {
        for one in array(map, key) {
            close(one, part);
        }
    }
}

fn array<'a>(map: &'a mut Map<String, Value>, key: &str) -> impl Iterator<Item = &'a mut Value> {
    map.get_mut(key)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}
