//! The OpenAPI document: complete, true to its own examples, and the committed one is that of the code.

use std::collections::BTreeSet;
use std::path::Path;

use meldpunt::http::openapi;
use regex::Regex;
use serde_json::Value;

use crate::harness::contract::{DOCUMENT, compile, operations, resolve};

/// Gathers what is wrong, so that one run tells all.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn unless(&mut self, right: bool, fault: impl FnOnce() -> String) {
        if !right {
            self.0.push(fault());
        }
    }

    #[track_caller]
    fn none(self) {
        assert!(self.0.is_empty(), "{}", self.0.join("\n"));
    }
}

fn has_text(value: &Value, name: &str) -> bool {
    value[name]
        .as_str()
        .is_some_and(|text| !text.trim().is_empty())
}

#[test]
fn the_committed_document_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == openapi::text("https://meldpunt.example/v1"),
        "openapi/openapi.json differs from the code; write it anew and commit it: \
         cargo run -q -- openapi > openapi/openapi.json"
    );
}

#[test]
fn every_operation_says_what_it_is() {
    let mut faults = Faults::default();
    let mut ids = BTreeSet::new();
    let camel = Regex::new("^[a-z][a-zA-Z0-9]*$").unwrap();
    for operation in operations() {
        let id = operation.id;
        faults.unless(ids.insert(id), || format!("{id} stands there twice"));
        faults.unless(camel.is_match(id), || format!("{id} is not camelCase"));
        for name in ["summary", "description"] {
            faults.unless(has_text(operation.value, name), || {
                format!("{id} has no {name}")
            });
        }
        faults.unless(
            operation.value["tags"]
                .as_array()
                .is_some_and(|tags| tags.len() == 1),
            || format!("{id} has not exactly one tag"),
        );
        faults.unless(operation.value["security"].is_array(), || {
            format!("{id} does not say what it takes to call it")
        });
        for parameter in operation.value["parameters"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let parameter = resolve(parameter);
            faults.unless(has_text(parameter, "description"), || {
                format!("parameter {} of {id} has no description", parameter["name"])
            });
        }
        for (status, response) in operation.value["responses"]
            .as_object()
            .into_iter()
            .flatten()
        {
            let response = resolve(response);
            faults.unless(has_text(response, "description"), || {
                format!("response {status} of {id} has no description")
            });
            faults.unless(response["headers"].get("API-Version").is_some(), || {
                format!("response {status} of {id} has no API-Version")
            });
        }
    }
    faults.none();
}

#[test]
fn every_tag_in_use_is_described() {
    let described: BTreeSet<&str> = DOCUMENT["tags"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|tag| tag["name"].as_str())
        .collect();
    for operation in operations() {
        for tag in operation.value["tags"].as_array().into_iter().flatten() {
            let tag = tag.as_str().unwrap();
            assert!(described.contains(tag), "{tag} of {}", operation.id);
        }
    }
}

#[test]
fn every_secured_operation_names_scopes_that_exist() {
    let scopes = DOCUMENT["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
        ["scopes"]
        .as_object()
        .unwrap();
    for operation in operations() {
        for way in operation.value["security"].as_array().into_iter().flatten() {
            for (scheme, needed) in way.as_object().unwrap() {
                assert!(
                    !DOCUMENT["components"]["securitySchemes"][scheme].is_null(),
                    "{scheme} of {}",
                    operation.id
                );
                for scope in needed.as_array().unwrap() {
                    let scope = scope.as_str().unwrap();
                    assert!(scopes.contains_key(scope), "{scope} of {}", operation.id);
                }
            }
        }
    }
}

#[test]
fn every_schema_and_property_is_described_with_the_dutch_term() {
    let mut faults = Faults::default();
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        faults.unless(has_text(schema, "description"), || {
            format!("schema {name} has no description")
        });
        faults.unless(
            schema["description"]
                .as_str()
                .unwrap_or_default()
                .contains('('),
            || format!("schema {name} does not give the Dutch term"),
        );
        properties(name, schema, &mut faults);
    }
    faults.none();
}

fn properties(at: &str, schema: &Value, faults: &mut Faults) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        // A reference is described where it leads.
        let refers = |value: &Value| value.get("$ref").is_some();
        let described = has_text(property, "description")
            || refers(property)
            || ["oneOf", "anyOf", "allOf"].iter().any(|key| {
                property[*key]
                    .as_array()
                    .is_some_and(|choices| choices.iter().any(refers))
            });
        faults.unless(described, || format!("{at}.{name} has no description"));
        properties(&format!("{at}.{name}"), property, faults);
        properties(&format!("{at}.{name}[]"), &property["items"], faults);
    }
    for key in ["allOf", "oneOf", "anyOf"] {
        for part in schema[key].as_array().into_iter().flatten() {
            properties(at, part, faults);
        }
    }
}

#[test]
fn names_follow_the_design_rules() {
    let mut faults = Faults::default();
    let camel = Regex::new("^[a-z][a-zA-Z0-9]*$").unwrap();
    let segment = Regex::new(r"^(?:[a-z0-9-]+|\{[a-z][a-zA-Z0-9]*\})$").unwrap();
    for operation in operations() {
        for part in operation.path.split('/').skip(1) {
            faults.unless(segment.is_match(part), || {
                format!("path {}", operation.path)
            });
        }
        for parameter in operation.value["parameters"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let parameter = resolve(parameter);
            let name = parameter["name"].as_str().unwrap();
            faults.unless(parameter["in"] == "header" || camel.is_match(name), || {
                format!("parameter {name} of {}", operation.id)
            });
        }
    }
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        for (property, value) in schema["properties"].as_object().into_iter().flatten() {
            // OAuth's own names are those of its standards.
            let oauth = ["TokenForm", "TokenAnswer"].contains(&name.as_str());
            faults.unless(camel.is_match(property) || oauth, || {
                format!("{name}.{property}")
            });
            let format = value["format"].as_str();
            faults.unless(
                !property.ends_with("At") || format == Some("date-time"),
                || format!("{name}.{property} is no date-time"),
            );
            faults.unless(
                !(property.ends_with("On") || property.ends_with("Date")) || format == Some("date"),
                || format!("{name}.{property} is no date"),
            );
        }
    }
    faults.none();
}

#[test]
fn every_schema_that_is_declared_is_used() {
    let text = DOCUMENT.to_string();
    for name in DOCUMENT["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
    {
        let reference = format!("\"#/components/schemas/{name}\"");
        assert!(text.contains(&reference), "nothing refers to {name}");
    }
}

#[test]
fn every_example_fits_its_schema() {
    let mut faults = Faults::default();
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        examples_in(name, schema, &mut faults);
    }
    for operation in operations() {
        let id = operation.id;
        contents(id, &operation.value["requestBody"], &mut faults);
        for (status, response) in operation.value["responses"]
            .as_object()
            .into_iter()
            .flatten()
        {
            contents(&format!("{id} {status}"), resolve(response), &mut faults);
        }
        for parameter in operation.value["parameters"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let parameter = resolve(parameter);
            let at = format!("{id} {}", parameter["name"]);
            for example in examples(parameter) {
                check_example(&at, &parameter["schema"], example, &mut faults);
            }
            examples_in(&at, &parameter["schema"], &mut faults);
        }
    }
    faults.none();
}

fn contents(at: &str, holder: &Value, faults: &mut Faults) {
    for (media, content) in holder["content"].as_object().into_iter().flatten() {
        if media.ends_with("json") {
            for example in examples(content) {
                check_example(at, &content["schema"], example, faults);
            }
        }
    }
}

/// `example`, and `examples` as a list (JSON schema) or as a map (OpenAPI).
fn examples(holder: &Value) -> Vec<&Value> {
    let mut found: Vec<&Value> = holder.get("example").into_iter().collect();
    match &holder["examples"] {
        Value::Array(list) => found.extend(list),
        Value::Object(map) => found.extend(map.values().map(|example| &example["value"])),
        _ => {}
    }
    found
}

fn check_example(at: &str, schema: &Value, example: &Value, faults: &mut Faults) {
    for fault in compile(schema, true).iter_errors(example) {
        faults.0.push(format!(
            "example of {at} at {:?}: {fault}",
            fault.instance_path().as_str()
        ));
    }
}

/// Examples of a schema and of the schemas inside it.
fn examples_in(at: &str, schema: &Value, faults: &mut Faults) {
    for example in examples(schema) {
        check_example(at, schema, example, faults);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        examples_in(&format!("{at}.{name}"), property, faults);
    }
    if schema["items"].is_object() {
        examples_in(&format!("{at}[]"), &schema["items"], faults);
    }
    for key in ["allOf", "oneOf", "anyOf"] {
        for part in schema[key].as_array().into_iter().flatten() {
            examples_in(at, part, faults);
        }
    }
}

#[test]
fn whatever_has_a_version_takes_conditional_requests() {
    let mut faults = Faults::default();
    for operation in operations() {
        let header = |name: &str| {
            operation.value["parameters"]
                .as_array()
                .is_some_and(|list| list.iter().any(|one| resolve(one)["name"] == name))
        };
        let responses = &operation.value["responses"];
        let id = operation.id;
        faults.unless(
            header("If-Match") == responses.get("412").is_some()
                && header("If-Match") == responses.get("428").is_some(),
            || format!("{id}: If-Match without 412 and 428, or the other way round"),
        );
        let tagged = responses["200"]["headers"].get("ETag").is_some();
        faults.unless(
            operation.method != "get" || tagged == responses.get("304").is_some(),
            || format!("{id}: an ETag without a 304, or the other way round"),
        );
        // A sign-in is no resource that can be read.
        let created = responses["201"].is_object() && id != "createSession";
        faults.unless(
            !created || responses["201"]["headers"].get("Location").is_some(),
            || format!("{id}: 201 without Location"),
        );
    }
    faults.none();
}
