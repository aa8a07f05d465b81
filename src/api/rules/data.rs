//! Rules of rows of values, and of content that stands outside the spec.

use serde_json::{Value, json};

use super::{at_most_one_of, some_of};

pub(in crate::api) fn data() -> Value {
    let sources = ["inline", "csv", "json"];
    json!([
        some_of(&sources, "has no rows; give it inline, csv or json"),
        at_most_one_of(&sources, "has its rows from several places; keep one of inline, csv and json"),
    ])
}

pub(in crate::api) fn content() -> Value {
    let places = ["configMapKeyRef", "file"];
    json!([
        some_of(&places, "needs a configMapKeyRef or a file"),
        at_most_one_of(&places, "has both configMapKeyRef and file; keep one"),
    ])
}
