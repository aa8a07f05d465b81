//! Tables of specs: each fault with its exact text, and what a right spec becomes.

mod made;

use super::Options;
use crate::api::LoadTestSpec;
use crate::plan::Plan;

/// A spec in which nothing is wrong; tests replace its parts.
const RIGHT: &str = "
target: {baseUrl: 'http://shop:8080'}
variables: {model: small}
scenarios:
- name: browse
  steps:
  - {name: home, request: {path: /}}
phases:
- {name: main, load: {burst: {iterations: 10}}}
";

/// `RIGHT` with the top-level fields of `parts` instead of its own.
pub(super) fn spec(parts: &str) -> LoadTestSpec {
    let mut spec: serde_json::Value = serde_yaml::from_str(RIGHT).expect("RIGHT is YAML");
    let parts: serde_json::Value = serde_yaml::from_str(parts).expect("the parts are YAML");
    for (name, part) in parts.as_object().into_iter().flatten() {
        spec[name] = part.clone();
    }
    serde_json::from_value(spec).expect("the spec has the form of one")
}

/// The plan of `RIGHT` with `parts`.
pub(super) fn plan(parts: &str) -> Plan {
    Plan::from_spec("shop", &spec(parts), &Options::default()).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// All that is wrong with `RIGHT` with `parts`.
#[track_caller]
pub(super) fn check(parts: &str, want: &[&str]) {
    let plan = Plan::from_spec("shop", &spec(parts), &Options::default());
    let lines: Vec<String> = plan.err().unwrap_or_default().iter().map(ToString::to_string).collect();
    similar_asserts::assert_eq!(lines, want, "{parts}");
}
