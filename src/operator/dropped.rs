//! What is lost of something that was said, and how it is put back: a definition of another release drops the fields that
//! it doesn't know.

use serde_json::{Map, Value};

/// What was said and isn't back, in the shape of what was said: a part of an object, and for each item of a list what
/// is lost of it. None: all of it is back.
#[must_use]
pub fn dropped(said: &Value, back: &Value) -> Option<Value> {
    match (said, back) {
        (Value::Object(said), Value::Object(back)) => {
            let lost = said.iter().filter(|(_, value)| says_something(value)).filter_map(|(name, value)| {
                let lost = back.get(name).map_or_else(|| Some(value.clone()), |back| dropped(value, back));
                Some((name.clone(), lost?))
            });
            let lost: Map<_, _> = lost.collect();
            (!lost.is_empty()).then_some(Value::Object(lost))
        }
        (Value::Array(said), Value::Array(back)) => {
            let lost = said.iter().zip(back).map(|(said, back)| dropped(said, back).unwrap_or_default());
            let lost: Vec<_> = lost.collect();
            lost.iter().any(|item| !item.is_null()).then_some(Value::Array(lost))
        }
        _ => None,
    }
}

/// `back` with what was `dropped` of it.
#[must_use]
pub fn restored(back: Value, dropped: &Value) -> Value {
    match (back, dropped) {
        (Value::Object(mut back), Value::Object(dropped)) => {
            for (name, lost) in dropped {
                let there = back.remove(name);
                back.insert(name.clone(), there.map_or_else(|| lost.clone(), |there| restored(there, lost)));
            }
            Value::Object(back)
        }
        (Value::Array(back), Value::Array(dropped)) => {
            back.into_iter().zip(dropped).map(|(back, lost)| restored(back, lost)).collect()
        }
        (back, _) => back,
    }
}

/// The paths of what was said and isn't back: `status.display`, `status.phases[1].tier`.
#[must_use]
pub fn missing(said: &Value, back: &Value, path: &str) -> Vec<String> {
    dropped(said, back).map(|dropped| paths(&dropped, path, back)).unwrap_or_default()
}

fn paths(dropped: &Value, path: &str, back: &Value) -> Vec<String> {
    match (dropped, back) {
        (Value::Object(dropped), Value::Object(back)) => {
            let each = dropped.iter().map(|(name, lost)| (format!("{path}.{name}"), lost, back.get(name)));
            each.flat_map(|(path, lost, back)| match back {
                Some(back) => paths(lost, &path, back),
                None => vec![path],
            })
            .collect()
        }
        (Value::Array(dropped), Value::Array(back)) => {
            let items = dropped.iter().zip(back).enumerate();
            items.flat_map(|(place, (lost, back))| paths(lost, &format!("{path}[{place}]"), back)).collect()
        }
        _ => Vec::new(),
    }
}

/// Fields that say nothing aren't written again.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_dropped_is_named_and_put_back() {
        let said =
            json!({"a": 1, "b": {"c": 2, "d": 3}, "e": [{"f": 4}, {"f": 5, "g": 6}], "h": [], "i": null});
        for (what, back, named) in [
            ("nothing", said.clone(), ""),
            (
                "what says nothing",
                json!({"a": 1, "b": {"c": 2, "d": 3}, "e": [{"f": 4}, {"f": 5, "g": 6}]}),
                "",
            ),
            (
                "a field, a part, a part of an item",
                json!({"b": {"c": 2}, "e": [{"f": 4}, {"f": 5}], "h": [], "i": null}),
                "x.a x.b.d x.e[1].g",
            ),
            ("all", json!({"h": [], "i": null}), "x.a x.b x.e"),
        ] {
            assert_eq!(missing(&said, &back, "x").join(" "), named, "{what}");
            if let Some(lost) = dropped(&said, &back) {
                assert_eq!(restored(back, &lost), said, "{what}");
            }
        }
    }
}
