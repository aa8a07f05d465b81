//! For each bound of the schema, a value just beyond it, set in the good test.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::table::Case;

/// A place in the good test. What isn't there on the way to it is made.
#[derive(Clone)]
struct Place {
    pointer: String,
    path: String,
    value: Option<Value>,
    made: BTreeMap<String, Value>,
}

/// A case for each bound of each field.
pub(crate) fn cases(schema: &Value, good: &Value) -> Vec<Case> {
    let spec = Place {
        pointer: String::new(),
        path: "spec".to_owned(),
        value: Some(good.clone()),
        made: BTreeMap::new(),
    };
    let mut cases = Vec::new();
    walk(schema, &spec, &mut cases);
    cases
}

fn walk(schema: &Value, place: &Place, cases: &mut Vec<Case>) {
    if !place.pointer.is_empty() {
        for (bound, limit) in schema.as_object().unwrap() {
            if let Some((value, server, validate)) = beyond(bound, limit, schema, place.value.as_ref()) {
                cases.push(place.case(value, server, validate));
            }
        }
    }
    let required = schema["required"].as_array().into_iter().flatten();
    for missing in required.filter_map(Value::as_str).map(|name| place.inner(name, None)) {
        cases.push(missing.case(Value::Null, "Required value".to_owned(), "is missing".to_owned()));
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        walk(inner, &place.inner(name, None), cases);
    }
    if schema["items"].is_object() {
        walk(&schema["items"], &place.inner("0", Some(json!([]))), cases);
    }
    if schema["additionalProperties"].is_object() {
        walk(&schema["additionalProperties"], &place.inner("any", None), cases);
    }
}

impl Place {
    /// A field of it or an item, where `empty` is a list.
    fn inner(&self, step: &str, empty: Option<Value>) -> Place {
        let pointer = format!("{}/{step}", self.pointer);
        let path = match empty {
            Some(_) => format!("{}[{step}]", self.path),
            None => format!("{}.{step}", self.path),
        };
        let mut made = self.made.clone();
        if self.value.is_none() {
            made.insert(self.pointer.clone(), empty.unwrap_or_else(|| json!({})));
        }
        let value = self.value.as_ref().and_then(|value| value.pointer(&format!("/{step}"))).cloned();
        Place { pointer, path, value, made }
    }

    fn case(&self, value: Value, server: String, validate: String) -> Case {
        let mut set = self.made.clone();
        set.insert(self.pointer.clone(), value);
        Case::new(set, &self.path, server, validate)
    }
}

/// A value beyond a bound, and what the API server and `validate` say of it. None: the keyword is no bound.
fn beyond(
    bound: &str,
    limit: &Value,
    schema: &Value,
    good: Option<&Value>,
) -> Option<(Value, String, String)> {
    let count = || usize::try_from(limit.as_u64().unwrap()).unwrap();
    // The definition has its numbers as floats.
    let number = || format!("{:.0}", limit.as_f64().unwrap()).parse::<i64>().unwrap();
    let (value, server, validate) = match bound {
        "type" => {
            let other = if limit == "string" { json!(5) } else { json!("text") };
            (other, format!("must be of type {}", limit.as_str().unwrap()), "expected".to_owned())
        }
        "minimum" => below(number()),
        "maximum" => above(number()),
        "minLength" => (json!(""), format!("should be at least {limit} chars long"), "is empty".to_owned()),
        "maxLength" if schema["x-kubernetes-int-or-string"] == true => return None,
        "maxLength" => {
            let long = json!("a".repeat(count() + 1));
            (long, "Too long".to_owned(), format!("must have at most {limit} characters"))
        }
        "pattern" => (json!("a b"), "should match".to_owned(), "expected".to_owned()),
        "enum" => (json!("other"), "Unsupported value".to_owned(), "expected one of".to_owned()),
        "minItems" => few(json!([]), limit),
        "minProperties" => few(json!({}), limit),
        "maxItems" => {
            let one = good.map_or(json!("a"), |good| good[0].clone());
            many(json!(vec![one; count() + 1]), limit)
        }
        "maxProperties" => {
            let fields = (0..=count()).map(|number| (format!("k{number}"), json!("1")));
            many(Value::Object(fields.collect::<Map<_, _>>()), limit)
        }
        _ => return None,
    };
    Some((value, server, validate))
}

fn below(least: i64) -> (Value, String, String) {
    (
        json!(least - 1),
        format!("should be greater than or equal to {least}"),
        format!("must be at least {least}"),
    )
}

fn above(most: i64) -> (Value, String, String) {
    (json!(most + 1), format!("should be less than or equal to {most}"), format!("must be at most {most}"))
}

fn few(list: Value, least: &Value) -> (Value, String, String) {
    (list, format!("should have at least {least}"), format!("must have at least {least}"))
}

fn many(list: Value, most: &Value) -> (Value, String, String) {
    (list, format!("must have at most {most}"), format!("must have at most {most}"))
}
