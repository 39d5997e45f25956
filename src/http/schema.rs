//! Checks JSON against the schemas of the OpenAPI document, so that what is documented is what is accepted.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::invalid::FieldError;
use crate::services::Error;

static VALIDATORS: LazyLock<RwLock<HashMap<TypeId, Arc<Validator>>>> =
    LazyLock::new(RwLock::default);

/// The validator of a type, made at its first use. `schema` gives its JSON schema with all it refers to.
pub fn validator<T: 'static>(schema: impl FnOnce() -> Value) -> Result<Arc<Validator>, Error> {
    let poisoned = |_| Error::Internal("a schema could not be built".into());
    if let Some(found) = VALIDATORS
        .read()
        .map_err(|_| poisoned(()))?
        .get(&TypeId::of::<T>())
    {
        return Ok(found.clone());
    }
    let built = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema())
        .map_err(|e| Error::Internal(format!("schema of {}: {e}", std::any::type_name::<T>())))?;
    let built = Arc::new(built);
    VALIDATORS
        .write()
        .map_err(|_| poisoned(()))?
        .insert(TypeId::of::<T>(), built.clone());
    Ok(built)
}

/// The JSON schema of a type as a document of its own.
pub fn document<T: ToSchema>() -> Value {
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    let schemas: serde_json::Map<String, Value> = parts
        .into_iter()
        .map(|(name, schema)| (name, json!(schema)))
        .collect();
    let mut root = json!(T::schema());
    if let Some(root) = root.as_object_mut() {
        root.insert("components".into(), json!({ "schemas": schemas }));
    }
    root
}

/// Faults told of one request: beyond these nobody reads on, and an answer must not outgrow its request.
const MOST_FAULTS: usize = 100;

/// Every fault of a value, each with the pointer to its field; the first hundred of a value that is all faults.
pub fn faults(validator: &Validator, value: &Value) -> Vec<FieldError> {
    let mut found = Vec::new();
    for error in validator.iter_errors(value).take(MOST_FAULTS) {
        explain(&error, &mut found);
    }
    control_characters(value, &mut String::new(), &mut found);
    found.truncate(MOST_FAULTS);
    found
}

fn explain(error: &ValidationError<'_>, found: &mut Vec<FieldError>) {
    let at = error.instance_path().to_string();
    let fault = |code| FieldError::new(at.clone(), code);
    let one = match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            found.extend(
                unexpected
                    .iter()
                    .map(|name| FieldError::new(format!("{at}/{}", escape(name)), "unknown_field")),
            );
            return;
        }
        // A nullable object is written as a choice between null and the object: tell what is wrong with the object.
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
            let deepest = context
                .iter()
                .filter(|errors| {
                    !errors.iter().any(|e| {
                        matches!(e.kind(), Kind::Type { .. }) && e.instance_path().as_str() == at
                    })
                })
                .min_by_key(|errors| errors.len());
            match deepest {
                Some(errors) => errors.iter().for_each(|error| explain(error, found)),
                None => found.push(fault("wrong_type")),
            }
            return;
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            FieldError::new(format!("{at}/{}", escape(name)), "required")
        }
        Kind::MinLength { limit: 1 } => fault("required"),
        Kind::MinLength { limit } => fault("too_short").with("limit", limit),
        Kind::MaxLength { limit } => fault("too_long").with("limit", limit),
        Kind::MinProperties { limit } => fault("too_few").with("limit", limit),
        Kind::MaxProperties { limit } => fault("too_many").with("limit", limit),
        Kind::MinItems { limit } => fault("too_few").with("limit", limit),
        Kind::MaxItems { limit } => fault("too_many").with("limit", limit),
        Kind::Minimum { limit } => fault("too_small").with("limit", limit),
        Kind::Maximum { limit } => fault("too_large").with("limit", limit),
        Kind::Enum { options } => fault("not_in_list").with("options", list(options)),
        Kind::Format { format } => fault("wrong_format").with("format", format),
        Kind::Pattern { pattern } => fault("wrong_pattern").with("pattern", pattern),
        Kind::UniqueItems => fault("not_unique"),
        Kind::Type { .. } => fault("wrong_type"),
        _ => fault("invalid"),
    };
    found.push(one);
}

fn list(options: &Value) -> String {
    let words = options
        .as_array()
        .map(|options| options.iter().filter_map(Value::as_str).collect::<Vec<_>>());
    words.unwrap_or_default().join(", ")
}

/// A property's name as part of a JSON pointer (RFC 6901).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Text may hold line ends and tabs, no other control character: databases refuse NUL and mail headers break on others.
fn control_characters(value: &Value, at: &mut String, found: &mut Vec<FieldError>) {
    match value {
        Value::String(text)
            if text
                .chars()
                .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) =>
        {
            found.push(FieldError::new(at.clone(), "control_character"));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                nested(item, &index.to_string(), at, found);
            }
        }
        Value::Object(properties) => {
            for (name, item) in properties {
                nested(item, &escape(name), at, found);
            }
        }
        _ => {}
    }
}

fn nested(value: &Value, name: &str, at: &mut String, found: &mut Vec<FieldError>) {
    let length = at.len();
    at.push('/');
    at.push_str(name);
    control_characters(value, at, found);
    at.truncate(length);
}
