//! The OpenAPI document: made by utoipa from the handlers, completed here with what every operation shares.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use utoipa::openapi::security::{ClientCredentials, Flow, OAuth2, Scopes, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_actix_web::AppExt;

use crate::domain::actor::Scope;
use crate::domain::code::Code;
use crate::http::api;
use crate::http::envelope::API_VERSION;
use crate::http::problem::{Problem, ProblemField};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Meldpunt Knellende Regelgeving",
        description = "Reports of rules that work out badly (meldingen van knellende regelgeving): hand them in, route them to the ministry that owns the rule, follow them until the rule is changed, an experiment removes the obstacle, or it is said why not.\n\nNames are English; every description carries the Dutch term, and a glossary ties the two. Texts for people are Dutch, or English by `Accept-Language`. Errors are `application/problem+json` (RFC 9457) with a stable `code`. Writes on what can change need `If-Match` with the `ETag` that was seen. Every POST that creates takes an `Idempotency-Key`.",
        contact(name = "Meldpunt Knellende Regelgeving", url = "https://meldpunt.example/", email = "meldpunt@meldpunt.example"),
        license(name = "EUPL-1.2", identifier = "EUPL-1.2"),
    ),
    tags(
        (name = "reports", description = "Reports (meldingen): submit, find, read, change."),
        (name = "workflow", description = "The handling (behandeling): what can be done, what was done."),
        (name = "messages", description = "Messages (berichten): what the reporter, the desk and the authorities write to each other about a report."),
        (name = "public", description = "What everybody may read without a token (openbaar)."),
        (name = "statistics", description = "Figures (cijfers): how many, how long, how often in time, where it hurts."),
        (name = "measures", description = "Measures (maatregelen): amendments, changed practice, exemptions, and the reports that they serve."),
        (name = "experiments", description = "Experiments (experimenten): the register, their plans, what was observed, what was decided."),
        (name = "attachments", description = "Attachments (bijlagen): files that belong to a report."),
        (name = "standard-texts", description = "Standard texts (standaardteksten): what is written often."),
        (name = "routing", description = "Routing (doorzetten): which authority owns the rule."),
        (name = "sign-in", description = "Sign-in (aanmelden): people and API clients, tokens, passwords."),
        (name = "organisations", description = "Organisations (organisaties) with their people and API clients."),
        (name = "reference", description = "Reference data (referentiegegevens): places, regulations, policy domains."),
        (name = "notices", description = "Notices (kennisgevingen): what was mailed, and what could not be."),
    ),
    components(schemas(Problem, ProblemField)),
    modifiers(&Security),
)]
struct Base;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scopes = Scopes::from_iter(
            Scope::ALL
                .iter()
                .map(|scope| (scope.as_str(), describe(*scope))),
        );
        let flow = Flow::ClientCredentials(ClientCredentials::new("oauth/token", scopes));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("oauth2", SecurityScheme::OAuth2(OAuth2::with_description(
            [flow],
            "API clients (koppelingen) get a token at `POST /oauth/token`; people at `POST /sessions`. Both send it as `Authorization: Bearer …`.",
        )));
    }
}

fn describe(scope: Scope) -> &'static str {
    match scope {
        Scope::ReportsRead => "Read reports (meldingen lezen)",
        Scope::ReportsWrite => "Submit and answer for reports (meldingen doen)",
        Scope::Triage => "Work on reports as desk or ministry (meldingen behandelen)",
        Scope::Statistics => "Read figures (cijfers lezen)",
        Scope::ReferenceWrite => "Change reference data (referentiegegevens wijzigen)",
        Scope::OrganisationManage => {
            "Manage people and clients of an organisation (organisatie beheren)"
        }
        Scope::Admin => "Run the service (dienst beheren)",
    }
}

/// The document, with the server it names.
pub fn document(api_url: &str) -> Value {
    let mut document = PLAIN.clone();
    document["servers"] = json!([{ "url": api_url, "description": "The service (de dienst)" }]);
    document
}

/// As it is committed: readable, and the same on every machine.
pub fn text(api_url: &str) -> String {
    let mut text = serde_json::to_string_pretty(&document(api_url)).unwrap_or_default();
    text.push('\n');
    text
}

static PLAIN: LazyLock<Value> = LazyLock::new(|| {
    let mut document = rename(as_built());
    complete(&mut document);
    name_lists(&mut document);
    document
});

/// What utoipa makes of the handlers.
pub(super) fn as_built() -> Value {
    let (_, mut built) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Base::openapi())
        .configure(api::operations)
        .split_for_parts();
    built.info.version = API_VERSION.into();
    json!(built)
}

/// Gives schemas the names that readers expect: `Report` for the `ReportView` of the code, `ReportPage` for a page of them,
/// `ScorecardFigures` for figures. utoipa writes the rows of a page in full; here they refer to their schema.
fn rename(document: Value) -> Value {
    /// Of what holds others, the name of these and its own.
    fn parts(name: &str) -> Option<(&str, &str)> {
        let (holder, item) = name.split_once('_')?;
        ["Page", "Figures"]
            .contains(&holder)
            .then_some((item, holder))
    }
    fn plain(name: &str) -> String {
        match parts(name) {
            Some((item, holder)) => format!("{}{holder}", plain(item)),
            None => name.strip_suffix("View").unwrap_or(name).to_owned(),
        }
    }
    fn refer(value: &mut Value) {
        const SCHEMAS: &str = "#/components/schemas/";
        match value {
            Value::String(text) => {
                if let Some(name) = text.strip_prefix(SCHEMAS) {
                    *text = format!("{SCHEMAS}{}", plain(name));
                }
            }
            Value::Array(items) => items.iter_mut().for_each(refer),
            Value::Object(properties) => properties.values_mut().for_each(refer),
            _ => {}
        }
    }
    let mut document = document;
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        let renamed = std::mem::take(schemas)
            .into_iter()
            .map(|(name, mut schema)| {
                if let Some((item, _)) = parts(&name) {
                    schema["properties"]["items"]["items"] =
                        json!({ "$ref": format!("#/components/schemas/{item}") });
                }
                (plain(&name), schema)
            });
        *schemas = renamed.collect();
    }
    refer(&mut document);
    document
}

/// Whether the operation at this path takes query keys at all; a path of no operation is not judged here.
pub fn takes_query(path: &str, method: &str) -> bool {
    let Some(operation) =
        template(path).map(|template| &PLAIN["paths"][template][method.to_lowercase()])
    else {
        return true;
    };
    let keys = operation["parameters"].as_array().into_iter().flatten();
    operation.is_null() || keys.into_iter().any(|parameter| parameter["in"] == "query")
}

/// Whether an operation gives something else than JSON when all goes well: then what the client takes is not judged.
pub fn gives_files(path: &str, method: &str) -> bool {
    let method = if method == "HEAD" { "GET" } else { method };
    template(path).is_some_and(|template| {
        let given = &PLAIN["paths"][template][method.to_lowercase()]["responses"]["200"]["content"];
        let media = given.as_object().into_iter().flat_map(|given| given.keys());
        media.into_iter().any(|media| media != "application/json")
    })
}

/// The paths and their methods, as templates: what a path that answers 405 does have.
pub fn methods(path: &str) -> Option<String> {
    let mut allowed: Vec<String> = PLAIN["paths"][template(path)?]
        .as_object()?
        .keys()
        .map(|method| method.to_uppercase())
        .collect();
    if allowed.iter().any(|method| method == "GET") {
        allowed.push("HEAD".into());
    }
    Some(allowed.join(", "))
}

/// An operation, as far as those that watch it need it.
pub struct Operation {
    pub id: String,
    pub tag: String,
    /// It asks for a token.
    pub secured: bool,
}

impl Operation {
    /// It changes reports alone, not people, sign-ins or organisations.
    pub fn is_about_reports(&self) -> bool {
        matches!(
            self.tag.as_str(),
            "reports"
                | "workflow"
                | "messages"
                | "attachments"
                | "standard-texts"
                | "experiments"
                | "measures"
        )
    }
}

/// The operation of a method and a route: its pattern, with `/v1`.
pub fn operation(method: &str, route: &str) -> Option<&'static Operation> {
    static ALL: LazyLock<HashMap<String, Vec<(String, Operation)>>> = LazyLock::new(|| {
        let mut all: HashMap<_, Vec<_>> = HashMap::new();
        for (path, item) in PLAIN["paths"].as_object().into_iter().flatten() {
            let of_path = item
                .as_object()
                .into_iter()
                .flatten()
                .map(|(method, found)| {
                    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                    let operation = Operation {
                        id: text(&found["operationId"]),
                        tag: text(&found["tags"][0]),
                        secured: found["security"]
                            .as_array()
                            .is_some_and(|ways| !ways.is_empty()),
                    };
                    (method.to_uppercase(), operation)
                });
            all.insert(path.clone(), of_path.collect());
        }
        all
    });
    let of_path = ALL.get(route.strip_prefix("/v1")?)?;
    // HEAD is GET without the body.
    let wanted = if method == "HEAD" { "GET" } else { method };
    of_path
        .iter()
        .find(|(method, _)| method == wanted)
        .map(|(_, operation)| operation)
}

/// The path of the document that a request's path is one of.
fn template(path: &str) -> Option<&'static String> {
    let paths = PLAIN["paths"].as_object()?;
    let fits = |template: &str| {
        let (mut ours, mut theirs) = (template.split('/'), path.split('/'));
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(a), Some(b)) if a == b || (a.starts_with('{') && !b.is_empty()) => {}
                _ => return false,
            }
        }
    };
    // A literal path goes before a template, as in the router.
    let exact = paths.keys().find(|template| template.as_str() == path);
    exact.or_else(|| paths.keys().find(|template| fits(template)))
}

/// Query keys carry their lists of values with them, since each is checked by itself. Here a key refers to the list by its
/// name, so that a generated client has one `Status` and not another for each operation.
fn name_lists(document: &mut Value) {
    let mut names: Vec<(Value, String)> = Vec::new();
    for (name, schema) in document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
    {
        if let Some(list) = schema.get("enum") {
            names.push((list.clone(), format!("#/components/schemas/{name}")));
        }
    }
    let refer = |schema: &mut Value| {
        let named = names
            .iter()
            .find(|(list, _)| schema.get("enum") == Some(list));
        if let Some((_, name)) = named {
            *schema = json!({ "$ref": name });
        }
    };
    let paths = document["paths"]
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut);
    let operations = paths
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut);
    let parameters =
        operations.filter_map(|operation| operation.get_mut("parameters")?.as_array_mut());
    for parameter in parameters.flatten() {
        refer(&mut parameter["schema"]);
        if parameter["schema"].get("items").is_some() {
            refer(&mut parameter["schema"]["items"]);
        }
    }
}

/// Adds what every operation has: errors by what it takes, the version header, an operation id in camel case.
fn complete(document: &mut Value) {
    let Some(paths) = document["paths"].as_object_mut() else {
        return;
    };
    for (path, item) in paths {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            complete_operation(path, operation);
        }
    }
    document["components"]["headers"] = json!({
        "API-Version": { "description": "Version of the API (versie)", "schema": { "type": "string", "examples": [API_VERSION] } },
        "X-Request-Id": { "description": "Number to name when asking for help (verzoeknummer)", "schema": { "type": "string", "format": "uuid" } },
        "traceparent": { "description": "Trace context (W3C): the trace of the request, the caller's own when it sent one (spoor)", "schema": { "type": "string", "examples": ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"] } },
        "RateLimit-Policy": { "description": "Limits in force: `q` requests in `w` seconds, by address and by whoever asks, on each node for itself; draft-ietf-httpapi-ratelimit-headers (limieten)", "schema": { "type": "string", "examples": ["\"address\";q=3000;w=60, \"principal\";q=1200;w=60"] } },
        "RateLimit": { "description": "What is left of each: `r` requests, all of them again after `t` seconds (resterend)", "schema": { "type": "string", "examples": ["\"address\";r=2999;t=1, \"principal\";r=1199;t=1"] } },
        "Retry-After": { "description": "Seconds to wait (wachttijd)", "schema": { "type": "integer", "minimum": 1 } }
    });
    document["components"]["responses"] = Value::Object(
        ERRORS
            .iter()
            .map(|(status, description)| {
                let mut response = problem_response(description);
                if matches!(*status, "429" | "503") {
                    response["headers"]["Retry-After"] =
                        json!({ "$ref": "#/components/headers/Retry-After" });
                }
                (format!("Problem{status}"), response)
            })
            .collect(),
    );
}

const ERRORS: &[(&str, &str)] = &[
    (
        "400",
        "Faulty input; every faulty field is named (ongeldige invoer)",
    ),
    ("401", "No valid token (niet aangemeld)"),
    (
        "403",
        "The token or the role does not allow this (niet toegestaan)",
    ),
    ("404", "Not there, or not there for you (niet gevonden)"),
    (
        "406",
        "The client does not take JSON (antwoordvorm niet beschikbaar)",
    ),
    ("408", "The request did not arrive in time (te traag)"),
    ("409", "In conflict with how things stand (kan nu niet)"),
    (
        "412",
        "Changed since the version named in If-Match (intussen gewijzigd)",
    ),
    ("413", "The body is too large (te groot)"),
    (
        "415",
        "The body has another media type, or is compressed (onbekende vorm)",
    ),
    (
        "422",
        "The Idempotency-Key was used for another request (sleutel al gebruikt)",
    ),
    ("428", "If-Match is missing (If-Match ontbreekt)"),
    (
        "429",
        "Too often; try again after Retry-After (te veel verzoeken)",
    ),
    ("500", "Something unforeseen (er ging iets mis)"),
    (
        "503",
        "Overloaded; try again after Retry-After (even niet beschikbaar)",
    ),
];

fn problem_response(description: &str) -> Value {
    json!({
        "description": description,
        "headers": headers(),
        "content": problem_content()
    })
}

fn problem_content() -> Value {
    json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } })
}

fn headers() -> Value {
    json!({
        "API-Version": { "$ref": "#/components/headers/API-Version" },
        "X-Request-Id": { "$ref": "#/components/headers/X-Request-Id" },
        "traceparent": { "$ref": "#/components/headers/traceparent" },
        "RateLimit-Policy": { "$ref": "#/components/headers/RateLimit-Policy" },
        "RateLimit": { "$ref": "#/components/headers/RateLimit" }
    })
}

fn complete_operation(path: &str, operation: &mut Value) {
    let has_parameter = |name: &str| {
        operation["parameters"]
            .as_array()
            .is_some_and(|list| list.iter().any(|parameter| parameter["name"] == name))
    };
    let has_body = operation.get("requestBody").is_some();
    let secured = operation["security"]
        .as_array()
        .is_some_and(|list| !list.is_empty());
    let if_match = has_parameter("If-Match");
    let idempotent = has_parameter("Idempotency-Key");
    let mut errors = vec!["400", "406", "429", "500", "503"];
    let mut add = |when: bool, statuses: &[&'static str]| {
        if when {
            errors.extend(statuses)
        }
    };
    add(secured, &["401", "403"]);
    add(path.contains('{'), &["404"]);
    add(if_match, &["412", "428"]);
    add(if_match || idempotent || has_body, &["409"]);
    add(idempotent, &["422"]);
    add(has_body, &["408", "413", "415"]);
    if operation.get("security").is_none() {
        operation["security"] = json!([]);
    }
    if let Some(id) = operation["operationId"].as_str().map(camel) {
        operation["operationId"] = json!(id);
    }
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    // What is read with a tag need not be sent again to who has it.
    if !if_match
        && responses
            .get("200")
            .is_some_and(|ok| ok["headers"].get("ETag").is_some())
    {
        responses.insert(
            "304".into(),
            json!({
                "description": "You have it already (ongewijzigd)",
                "headers": { "ETag": { "description": "Version (versie)", "schema": { "type": "string" } } }
            }),
        );
    }
    for status in errors {
        responses.entry(status).or_insert_with(
            || json!({ "$ref": format!("#/components/responses/Problem{status}") }),
        );
    }
    for (status, response) in responses
        .iter_mut()
        .filter(|(_, response)| response.get("$ref").is_none())
    {
        // An error that an operation describes in its own words is a problem like any other.
        if status.starts_with(['4', '5']) && response.get("content").is_none() {
            response["content"] = problem_content();
        }
        let own = response["headers"].as_object().cloned().unwrap_or_default();
        response["headers"] = headers();
        if let Some(all) = response["headers"].as_object_mut() {
            all.extend(own);
        }
    }
    responses.sort_keys();
}

fn camel(snake: &str) -> String {
    let mut words = snake.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}
