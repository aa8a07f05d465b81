//! Rules across the parts of a spec: what is named must be there.
//!
//! Steps are left to `plan`: to look each name up among a thousand steps costs more than the API server allows.

use serde_json::{Value, json};

use super::rule_at;

pub(in crate::api) fn spec() -> Value {
    json!([
        rule_at(
            ".scenarios",
            "has(self.scenarios) || self.phases.all(phase, has(phase.load.idle))",
            "there is none to run; give the test spec.scenarios"
        ),
        rule_at(
            ".phases",
            KNOWN_SCENARIOS,
            "a phase lists a scenario that isn't there: there is no scenario of that name in spec.scenarios"
        ),
        rule_at(
            ".phases",
            SOME_WEIGHT,
            "a phase never draws: the weights of its scenarios add up to 0; give one of them more"
        ),
        rule_at(
            ".requirements",
            in_rows("self", "requirements", KNOWN_PHASES),
            "a row's where lists a phase that isn't there: there is no phase of that name in spec.phases"
        ),
        rule_at(".requirements", in_rows("self", "requirements", KNOWN_GROUPS), UNKNOWN_GROUP),
        rule_at(
            ".phases",
            format!("self.phases.all(phase, {})", in_rows("phase", "expect", KNOWN_GROUPS)),
            UNKNOWN_GROUP
        ),
    ])
}

const KNOWN_SCENARIOS: &str = "!has(self.scenarios) || self.phases.all(phase, !has(phase.scenarios) || \
     phase.scenarios.all(name, self.scenarios.exists(scenario, scenario.name == name)))";

const SOME_WEIGHT: &str = "!has(self.scenarios) || self.phases.all(phase, \
     self.scenarios.filter(scenario, !has(phase.scenarios) || scenario.name in phase.scenarios).map(scenario, \
     !has(scenario.weight) || scenario.weight > 0).all(is_drawn, !is_drawn) == false || has(phase.load.idle))";

const KNOWN_PHASES: &str = "(!has(NARROWED.where) || !has(NARROWED.where.phases) || \
     NARROWED.where.phases.all(name, self.phases.exists(phase, phase.name == name)))";

const KNOWN_GROUPS: &str = "(!has(NARROWED.where) || !has(NARROWED.where.group) || \
     NARROWED.where.group.all(name, has(self.classify) && has(self.classify.groups) && \
     self.classify.groups.exists(group, group.name == name)))";

const UNKNOWN_GROUP: &str = "a row's where names a group that isn't there: there is no group of that name; declare it in spec.classify.groups";

/// Whether something holds for each row of a list, and for both sides of each ratio.
fn in_rows(of: &str, list: &str, holds: &str) -> String {
    let (row, part) = (holds.replace("NARROWED", "row"), holds.replace("NARROWED", "part"));
    format!(
        "!has({of}.{list}) || {of}.{list}.all(row, {row} && (!has(row.ratio) || row.ratio.all(part, {part})))"
    )
}
