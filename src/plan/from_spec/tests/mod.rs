//! Tables of specs: each fault with its exact text, and what a right spec becomes.

mod blocks;
mod checks;
mod cuts;
mod declared;
mod hashes;
mod headers;
mod loads;
mod made;
mod multipart;
mod names;
mod objectives;
mod once;
mod options;
mod phases;
mod requests;
mod rows;
mod scales;
mod targets;
mod templates;

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
fn spec(parts: &str) -> LoadTestSpec {
    let mut spec: serde_json::Value = serde_yaml::from_str(RIGHT).expect("RIGHT is YAML");
    let parts: serde_json::Value = serde_yaml::from_str(parts).expect("the parts are YAML");
    for (name, part) in parts.as_object().into_iter().flatten() {
        spec[name] = part.clone();
    }
    serde_json::from_value(spec).expect("the spec has the form of one")
}

/// The plan of `RIGHT` with `parts`.
#[track_caller]
fn plan(parts: &str) -> Plan {
    Plan::from_spec("shop", &spec(parts), &Options::default()).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// All that is wrong with `RIGHT` with `parts`.
#[track_caller]
fn check(parts: &str, want: &[&str]) {
    check_with(&Options::default(), parts, want);
}

/// As [`check`], with what a command line adds.
#[track_caller]
fn check_with(options: &Options, parts: &str, want: &[&str]) {
    let plan = Plan::from_spec("shop", &spec(parts), options);
    let mut lines: Vec<String> = plan.err().unwrap_or_default().iter().map(ToString::to_string).collect();
    for (line, want) in lines.iter_mut().zip(want) {
        cut(line, want);
    }
    similar_asserts::assert_eq!(lines, want, "{parts}");
}

/// A line that is wanted with `…` at its end may go on: how the grammar words it is pinned there.
fn cut(line: &mut String, want: &str) {
    if let Some(begin) = want.strip_suffix('…')
        && line.starts_with(begin)
    {
        *line = want.to_owned();
    }
}

/// All that is wrong with a step, its path left out: `(request.path: …)`.
#[track_caller]
fn check_step(step: &str, want: &[&str]) {
    const STEP: &str = "spec.scenarios[0].steps[0].";
    let want: Vec<String> = want.iter().map(|line| format!("{STEP}{line}")).collect();
    let want: Vec<&str> = want.iter().map(String::as_str).collect();
    check(&format!("scenarios: [{{name: browse, steps: [{{name: home, {step}}}]}}]"), &want);
}
