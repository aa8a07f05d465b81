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
            format!("{PHASES}.all(phases, {})", in_rows("self", "requirements", KNOWN_PHASES)),
            "a row's where lists a phase that isn't there: there is no phase of that name in spec.phases"
        ),
        rule_at(
            ".requirements",
            format!("{GROUPS}.all(groups, {})", in_rows("self", "requirements", KNOWN_GROUPS)),
            UNKNOWN_GROUP
        ),
        rule_at(
            ".phases",
            format!(
                "{GROUPS}.all(groups, self.phases.all(phase, {}))",
                in_rows("phase", "expect", KNOWN_GROUPS)
            ),
            UNKNOWN_GROUP
        ),
    ])
}

/// Names that others are looked up in. A list of one, whose item gets a name: the API server bounds what a rule may cost,
/// and to make the names anew for each look-up is too much in a test of many rows.
const PHASES: &str = "[self.phases.map(phase, phase.name)]";

const GROUPS: &str = "[has(self.classify) && has(self.classify.groups) ? \
     self.classify.groups.map(group, group.name) : []]";

const KNOWN_SCENARIOS: &str = "!has(self.scenarios) || [self.scenarios.map(scenario, scenario.name)].all(scenarios, \
     self.phases.all(phase, !has(phase.scenarios) || phase.scenarios.all(name, name in scenarios)))";

/// A list of none is as good as no list: all scenarios are drawn from. Names that aren't there have been told.
const SOME_WEIGHT: &str = "!has(self.scenarios) || self.phases.all(phase, has(phase.load.idle) || \
     [self.scenarios.filter(scenario, !has(phase.scenarios) || phase.scenarios.size() == 0 || \
     scenario.name in phase.scenarios)].all(drawn, drawn.size() == 0 || \
     drawn.exists(scenario, !has(scenario.weight) || scenario.weight > 0)))";

const KNOWN_PHASES: &str = "(!has(NARROWED.where) || !has(NARROWED.where.phases) || \
     NARROWED.where.phases.all(name, name in phases))";

const KNOWN_GROUPS: &str = "(!has(NARROWED.where) || !has(NARROWED.where.group) || \
     NARROWED.where.group.all(name, name in groups))";

const UNKNOWN_GROUP: &str = "a row's where names a group that isn't there: there is no group of that name; declare it in spec.classify.groups";

/// Whether something holds for each row of a list, and for both sides of each ratio.
fn in_rows(of: &str, list: &str, holds: &str) -> String {
    let (row, part) = (holds.replace("NARROWED", "row"), holds.replace("NARROWED", "part"));
    format!(
        "!has({of}.{list}) || {of}.{list}.all(row, {row} && (!has(row.ratio) || row.ratio.all(part, {part})))"
    )
}
