//! Rules of requirements and expectations.

use schemars::Schema;
use serde_json::{Value, json};

use super::{RULES, at_most_one_of, rule_at, some_of};

pub(in crate::api) fn objective() -> Value {
    let needs_target = |field: &str| {
        rule_at(
            &format!(".{field}"),
            format!("!has(self.{field}) || has(self.target)"),
            "needs a target beside it",
        )
    };
    json!([
        some_of(&["metric", "ratio"], "needs a metric or a ratio"),
        at_most_one_of(&["metric", "ratio"], "has both metric and ratio; keep one"),
        needs_target("weight"),
        needs_target("must"),
    ])
}

/// What a row of the whole test adds.
pub(in crate::api) fn requirements(list: &mut Schema) {
    super::by_id(list);
    let one_phase = "has(self.where) && has(self.where.phases) && self.where.phases.size() == 1";
    add_to_items(
        list,
        &[rule_at(
            ".over",
            format!("{POOLED} || !({one_phase})"),
            "combines several phases, and this is about one; leave it out",
        )],
    );
}

/// What a row of a phase adds: that phase is implied.
pub(in crate::api) fn expectations(list: &mut Schema) {
    const OWN: &str = "an expectation is about its own phase; leave it out";
    let names_none = |row: &str| {
        format!("!has({row}.where) || !has({row}.where.phases) || {row}.where.phases.size() == 0")
    };
    add_to_items(
        list,
        &[
            rule_at(".over", POOLED, "an expectation is about one phase; leave it out"),
            rule_at(".where.phases", names_none("self"), OWN),
            rule_at(
                ".ratio",
                format!("!has(self.ratio) || self.ratio.all(part, {})", names_none("part")),
                OWN,
            ),
        ],
    );
}

const POOLED: &str = "!has(self.over) || self.over == 'pooled'";

/// Where the items are a reference, the schema is that of the report, which no API server reads.
fn add_to_items(list: &mut Schema, more: &[Value]) {
    if let Some(Value::Array(rules)) = list.pointer_mut(&format!("/items/{RULES}")) {
        rules.extend_from_slice(more);
    }
}
