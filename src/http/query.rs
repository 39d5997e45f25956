//! Query keys: checked against the parameters of the OpenAPI document, unknown ones refused.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::future::{Ready, ready};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::domain::invalid::FieldError;
use crate::http::problem::Failure;
use crate::http::schema;
use crate::services::Error;

/// The query keys of an operation. A key whose parameter is an array may repeat.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + IntoParams + 'static> FromRequest for Query<T> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Self))
    }
}

/// Reads the query keys of an operation from a query string.
///
/// # Errors
/// Every key that is faulty.
pub fn parse<T: DeserializeOwned + IntoParams + 'static>(query: &str) -> Result<T, Failure> {
    let parameters = T::into_params(|| Some(ParameterIn::Query));
    let schemas: Map<String, Value> = parameters
        .iter()
        .map(|parameter| (parameter.name.clone(), json!(parameter.schema)))
        .collect();
    let value = Value::Object(collect(query, &schemas)?);
    let validator = schema::validator::<T>(|| object_schema(&parameters, &schemas))?;
    let faults: Vec<FieldError> = schema::faults(&validator, &value)
        .into_iter()
        .map(|fault| FieldError {
            pointer: key_of(&fault.pointer),
            ..fault
        })
        .collect();
    if !faults.is_empty() {
        return Err(Error::InvalidQuery(faults).into());
    }
    serde_json::from_value(value).map_err(|e| {
        tracing::warn!(error = %e, "a query fits its schema and not its type");
        Failure::Malformed
    })
}

/// Keys of one request, a repeated one counted each time: each becomes a condition of a query.
const MOST_KEYS: usize = 100;

/// `/status/0` is a fault of the key `status`.
fn key_of(pointer: &str) -> String {
    pointer
        .split('/')
        .nth(1)
        .unwrap_or_default()
        .replace("~1", "/")
        .replace("~0", "~")
}

fn object_schema(parameters: &[Parameter], schemas: &Map<String, Value>) -> Value {
    let required: Vec<&String> = parameters
        .iter()
        .filter(|parameter| parameter.required == utoipa::openapi::Required::True)
        .map(|parameter| &parameter.name)
        .collect();
    json!({ "type": "object", "properties": schemas, "required": required, "additionalProperties": false })
}

/// Gives each value the JSON type its parameter has; a value that has not is left as text for the schema to refuse.
fn collect(query: &str, schemas: &Map<String, Value>) -> Result<Map<String, Value>, Failure> {
    if !is_well_encoded(query) {
        return Err(Failure::Malformed);
    }
    let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|_| Failure::Malformed)?
        .into_inner();
    if pairs.len() > MOST_KEYS {
        let fault = FieldError::new("query", "too_many").with("limit", MOST_KEYS);
        return Err(Error::InvalidQuery(vec![fault]).into());
    }
    let mut found = Map::new();
    let mut repeated = Vec::new();
    for (key, text) in pairs {
        let schema = schemas.get(&key);
        if schema.is_some_and(|schema| has_type(schema, "array")) {
            let items = found.entry(key).or_insert_with(|| json!([]));
            if let Some(items) = items.as_array_mut() {
                items.push(Value::String(text));
            }
            continue;
        }
        let value = match schema {
            Some(schema) if has_type(schema, "integer") => {
                text.parse::<i64>().map_or(Value::String(text), Value::from)
            }
            Some(schema) if has_type(schema, "boolean") => text
                .parse::<bool>()
                .map_or(Value::String(text), Value::from),
            _ => Value::String(text),
        };
        if found.insert(key.clone(), value).is_some() {
            repeated.push(FieldError::new(key, "repeated"));
        }
    }
    if repeated.is_empty() {
        Ok(found)
    } else {
        Err(Error::InvalidQuery(repeated).into())
    }
}

/// Whether each percent sign begins a byte, and the bytes are UTF-8: what is read otherwise would be something else than what
/// was sent.
fn is_well_encoded(query: &str) -> bool {
    let mut bytes = Vec::with_capacity(query.len());
    let mut rest = query.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let Some((code, after)) = rest.split_first_chunk::<2>() else {
            return false;
        };
        let digits = code.map(|digit| char::from(digit).to_digit(16));
        let [Some(high), Some(low)] = digits else {
            return false;
        };
        bytes.extend(u8::try_from(16 * high + low));
        rest = after;
    }
    std::str::from_utf8(&bytes).is_ok()
}

/// Whether a schema allows this JSON type; a nullable type is a list of types.
fn has_type(schema: &Value, name: &str) -> bool {
    match &schema["type"] {
        Value::String(only) => only == name,
        Value::Array(several) => several.iter().any(|one| one == name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    /// A query is checked against the schemas of its own keys alone: `#[param(inline)]` where there would be a reference.
    #[test]
    fn the_schema_of_a_key_stands_by_itself() {
        let document = crate::http::openapi::as_built();
        let paths = document["paths"].as_object().unwrap();
        let operations = paths
            .values()
            .flat_map(|path| path.as_object().unwrap().values());
        let keys = operations
            .flat_map(|operation| {
                operation["parameters"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default()
            })
            .filter(|parameter| parameter["in"] == "query");
        let referring: Vec<Value> = keys
            .filter(|key| key["schema"].to_string().contains("$ref"))
            .collect();
        assert!(referring.is_empty(), "{referring:?}");
    }
}
