//! Rules of the scale, and of the pods that carry a run out.

use serde_json::{Value, json};

use super::{no_two, rule, rule_at};

pub(in crate::api) fn scoring() -> Value {
    json!([rule_at(
        ".warning",
        "!has(self.warning) || self.warning <= (has(self.pass) ? self.pass : 90)",
        "must be at most the score that passes"
    )])
}

pub(in crate::api) fn grades() -> Value {
    let falling = format!("self.map(grade, -grade.from).isSorted() && {}", no_two("self", "from"));
    json!([
        rule(falling, "each must be below that before it; list the best grade first"),
        rule(
            "self.size() == 0 || self[self.size() - 1].from == 0",
            "must be 0: the last grade takes every score below the others"
        ),
    ])
}
