//! Checks the form of a spec against the schema of the CRD: unknown fields, wrong types, missing ones.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jsonschema::Validator;
use jsonschema::error::{ValidationError, ValidationErrorKind};
use serde_json::Value;

use crate::api::spec_schema;
use crate::plan::fault::{At, Fault, Faults};
use crate::plan::near;

/// A schema, and what checks by it.
struct Form {
    schema: Value,
    validator: Result<Validator, String>,
}

/// The schema of a spec, once somebody has asked for it: making it takes longer than a check.
static KNOWN: Mutex<Option<Arc<Form>>> = Mutex::new(None);

/// What is wrong with the form of `spec`.
pub(super) fn check(spec: &Value) -> Vec<Fault> {
    let form = form();
    let faults = Faults::default();
    match &form.validator {
        Ok(validator) => {
            for error in validator.iter_errors(spec) {
                report(&error, spec, &form.schema, &faults.at("spec"));
            }
        }
        Err(error) => faults.at("spec").fault(format!("can't be checked: {error}")),
    }
    faults.into_list()
}

/// Gives back the two megabytes that the schema takes. Whoever checks again makes it again.
pub(super) fn forget() {
    *known() = None;
}

fn form() -> Arc<Form> {
    let mut known = known();
    let form = known.get_or_insert_with(|| {
        let schema = closed(spec_schema());
        let validator = jsonschema::validator_for(&schema).map_err(|error| error.to_string());
        Arc::new(Form { schema, validator })
    });
    Arc::clone(form)
}

fn known() -> MutexGuard<'static, Option<Arc<Form>>> {
    // It is whole or not there.
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The schema for a person's file: nothing unknown, and no null where a field would be left out.
///
/// The API server prunes what it doesn't know, and a slip would silently test something else.
fn closed(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") {
                fields.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            fields.values_mut().for_each(|field| *field = closed(field.take()));
            without_null(fields);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = closed(item.take())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    schema
}

/// An optional field's schema allows null as well: `anyOf: [it, null]`, `type: [it, null]`, `enum: [.., null]`.
fn without_null(fields: &mut serde_json::Map<String, Value>) {
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|name| name != "null");
        if let [single] = &types[..] {
            let single = single.clone();
            fields.insert("type".to_owned(), single);
        }
    }
    if let Some(Value::Array(options)) = fields.get_mut("enum") {
        options.retain(|option| !option.is_null());
    }
    let Some(Value::Array(choices)) = fields.get_mut("anyOf") else {
        return;
    };
    choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
    if let [Value::Object(single)] = &mut choices[..] {
        let single = std::mem::take(single);
        fields.remove("anyOf");
        fields.extend(single);
    }
}

fn report(error: &ValidationError, spec: &Value, schema: &Value, at: &At) {
    let node = node(error, schema);
    let at = place(error.instance_path().as_str(), spec, at);
    let found = error.instance();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let known = node.get("properties").and_then(Value::as_object);
            let known: Vec<&str> =
                known.into_iter().flat_map(|known| known.keys()).map(String::as_str).collect();
            for name in unexpected {
                at.field(name)
                    .fault(format!("unknown field; {}", near::instead(name, known.iter().copied())));
            }
        }
        ValidationErrorKind::Required { property } => {
            at.field(property.as_str().unwrap_or_default()).fault("is missing");
        }
        kind => at.fault(message(kind, node, found).unwrap_or_else(|| error.to_string())),
    }
}

fn message(kind: &ValidationErrorKind, node: &Value, found: &Value) -> Option<String> {
    Some(match kind {
        ValidationErrorKind::Type { .. }
        | ValidationErrorKind::Pattern { .. }
        | ValidationErrorKind::AnyOf { .. }
        | ValidationErrorKind::Enum { .. }
        | ValidationErrorKind::OneOfNotValid { .. } => {
            format!("expected {}, found {}", expected(node), shown(found))
        }
        ValidationErrorKind::Minimum { limit } => format!("must be at least {limit}, found {found}"),
        ValidationErrorKind::Maximum { limit } => format!("must be at most {limit}, found {found}"),
        ValidationErrorKind::MinLength { limit: 1 } => "is empty".to_owned(),
        ValidationErrorKind::MinLength { limit } => format!("must have at least {limit} characters"),
        ValidationErrorKind::MaxLength { limit } => format!("must have at most {limit} characters"),
        ValidationErrorKind::MinItems { limit } | ValidationErrorKind::MinProperties { limit } => {
            format!("must have at least {limit}, found {}", items(found))
        }
        ValidationErrorKind::MaxItems { limit } | ValidationErrorKind::MaxProperties { limit } => {
            format!("must have at most {limit}, found {}", items(found))
        }
        _ => return None,
    })
}

/// The part of the schema that the error's keyword stands in.
fn node<'s>(error: &ValidationError, schema: &'s Value) -> &'s Value {
    let path = error.schema_path().as_str();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    schema.pointer(parent).unwrap_or(&Value::Null)
}

/// The place that a JSON pointer names: `/phases/0/load` → `spec.phases[0].load`.
fn place<'a>(pointer: &str, spec: &Value, at: &At<'a>) -> At<'a> {
    let mut at = at.clone();
    let mut value = spec;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        (at, value) = match (value, step.parse::<usize>()) {
            (Value::Array(items), Ok(index)) => (at.item(index), items.get(index).unwrap_or(&Value::Null)),
            (value, _) => (at.field(&step), value.get(&step).unwrap_or(&Value::Null)),
        };
    }
    at
}

/// Texts that only one of our patterns accepts, all of them, and what such texts are.
const SHAPES: [(&[&str], &str); 10] = [
    (&["read:a", "!"], "a scope: printable ASCII without spaces, quotes and backslashes"),
    (&["http://a", "https://a/b?c"], "an address such as https://host:port/path, without a user and a `#`"),
    (&["X-A", "!"], "a header's name: letters, digits and !#$%&'*+-.^_`|~ only"),
    (&["a-b"], "a name of letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"),
    (&["${a}"], "one name and nothing else, such as ${token}"),
    (
        &["normal(2s, 500ms)"],
        "a duration such as 30s, a range such as 1s..3s, exponential(2s) or normal(2s, 500ms)",
    ),
    (&["30s", "75%"], "a duration such as 30s or a share such as 75%"),
    (&["30s"], "a duration such as 30s"),
    (&["100/s"], "a rate such as 100/s"),
    (&["0.5%"], "a share such as 0.5%"),
];

/// What the schema wants, in words.
fn expected(node: &Value) -> String {
    if let Some(pattern) = node.get("pattern").and_then(Value::as_str)
        && let Ok(pattern) = regex::Regex::new(pattern)
        && let Some((_, words)) =
            SHAPES.iter().find(|(examples, _)| examples.iter().all(|example| pattern.is_match(example)))
    {
        return (*words).to_owned();
    }
    if let Some(options) = options(node) {
        return format!("one of {}", options.join(", "));
    }
    match node.get("type").and_then(Value::as_str) {
        Some("string") => "a text",
        Some("integer") => "a whole number",
        Some("number") => "a number",
        Some("boolean") => "true or false",
        Some("array") => "a list",
        Some("object") => "an object with fields",
        _ => "a number or a text",
    }
    .to_owned()
}

/// The values of an enum, in either of the forms that schemas have for it.
fn options(node: &Value) -> Option<Vec<String>> {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let listed =
        node.get("enum").and_then(Value::as_array).map(|options| options.iter().map(plain).collect());
    let single = |choice: &Value| match (choice.get("const"), choice.get("enum")) {
        (Some(value), _) => vec![plain(value)],
        (None, Some(Value::Array(values))) => values.iter().map(plain).collect(),
        (None, _) => Vec::new(),
    };
    listed.or_else(|| {
        node.get("oneOf").and_then(Value::as_array).map(|choices| choices.iter().flat_map(single).collect())
    })
}

fn shown(found: &Value) -> String {
    const LONGEST: usize = 40;
    match found {
        Value::Null => "nothing; give it a value or leave it out".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Bool(_) | Value::Number(_) => found.to_string(),
        Value::String(text) if text.chars().count() > LONGEST => {
            format!("`{}…`", text.chars().take(LONGEST).collect::<String>())
        }
        Value::String(text) => format!("`{text}`"),
    }
}

fn items(found: &Value) -> usize {
    found.as_array().map(Vec::len).or_else(|| found.as_object().map(serde_json::Map::len)).unwrap_or_default()
}
