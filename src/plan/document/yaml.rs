//! The text of a file as one JSON value.

use serde::Deserialize;
use serde_json::{Map, Number, Value};
use serde_yaml::Value as Yaml;

use crate::plan::fault::{At, Fault, Faults};

/// The one object in `text`.
pub(super) fn read(text: &str) -> Result<Value, Vec<Fault>> {
    let mut root = one_document(text).map_err(|fault| vec![fault])?;
    root.apply_merge().map_err(|error| vec![Fault::new("<<", error.to_string())])?;
    let faults = Faults::default();
    let value = to_json(&root, &faults.at(""));
    match value {
        Value::Object(_) if faults.is_empty() => Ok(value),
        Value::Object(_) => Err(faults.into_list()),
        _ => {
            Err(vec![Fault::new("line 1", "isn't a LoadTest: expected apiVersion, kind, metadata and spec")])
        }
    }
}

fn one_document(text: &str) -> Result<Yaml, Fault> {
    let mut documents = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let document = Yaml::deserialize(document).map_err(|error| unreadable(&error))?;
        if !document.is_null() {
            documents.push(document);
        }
    }
    match documents.len() {
        1 => Ok(documents.remove(0)),
        0 => Err(Fault::new("line 1", "the file is empty; expected a LoadTest")),
        more => Err(Fault::new(
            "---",
            format!("the file holds {more} objects; give each LoadTest a file of its own"),
        )),
    }
}

fn unreadable(error: &serde_yaml::Error) -> Fault {
    let message = error.to_string();
    let Some(place) = error.location() else {
        return Fault::new("line 1", format!("isn't YAML: {message}"));
    };
    let place = format!("line {} column {}", place.line(), place.column());
    let message = message.replace(&format!(" at {place}"), "");
    Fault::new(place, format!("isn't YAML: {message}"))
}

fn to_json(yaml: &Yaml, at: &At) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(boolean) => Value::Bool(*boolean),
        Yaml::Number(number) => number_to_json(number, at),
        Yaml::String(text) => Value::String(text.clone()),
        Yaml::Sequence(items) => {
            items.iter().enumerate().map(|(index, item)| to_json(item, &at.item(index))).collect()
        }
        Yaml::Mapping(fields) => {
            let fields = fields.iter().filter_map(|(key, value)| field_to_json(key, value, at));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Yaml::Tagged(tagged) => {
            at.fault(format!("has the tag {}; leave it out", tagged.tag));
            Value::Null
        }
    }
}

fn field_to_json(key: &Yaml, value: &Yaml, at: &At) -> Option<(String, Value)> {
    match key {
        Yaml::String(name) => Some((name.clone(), to_json(value, &at.field(name)))),
        other => {
            let key = serde_yaml::to_string(other).unwrap_or_default();
            at.field(key.trim()).fault("this key isn't a text; quote it");
            None
        }
    }
}

/// `10.0` is 10, as kubectl makes it.
fn number_to_json(number: &serde_yaml::Number, at: &At) -> Value {
    let whole = number.as_u64().map(Number::from).or_else(|| number.as_i64().map(Number::from));
    let number = whole.or_else(|| number.as_f64().and_then(whole_or_float));
    number.map_or_else(
        || {
            at.fault("isn't a number that JSON has");
            Value::Null
        },
        Value::Number,
    )
}

fn whole_or_float(float: f64) -> Option<Number> {
    /// From here on a float doesn't hold every whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if float.fract() != 0.0 || float.abs() >= EXACT {
        return Number::from_f64(float);
    }
    format!("{float:.0}").parse::<i64>().ok().map(Number::from)
}
