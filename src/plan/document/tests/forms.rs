//! Faults of a file's form.

use super::{RIGHT, check, checked, with};

#[test]
fn a_right_file_becomes_a_plan() {
    let shop = checked(RIGHT).expect("nothing is wrong");
    assert_eq!((shop.name.as_str(), shop.plan.title.as_str(), shop.spec.phases.len()), ("shop", "shop", 1));
    check(&format!("---\n{RIGHT}---\n"), &[]);
    check(&format!("\u{feff}{RIGHT}"), &[]);
    check(&format!("\u{feff}---\n{RIGHT}"), &[]);
}

#[test]
fn what_is_no_yaml_is_told_with_its_place() {
    check(
        "a: [1",
        &[
            "line 2 column 1: isn't YAML: did not find expected ',' or ']', while parsing a flow sequence at line 1 column 4",
        ],
    );
    check("a: 1\na: 2", &["line 1 column 1: isn't YAML: duplicate entry with key \"a\""]);
    check("", &["line 1: the file is empty; expected a LoadTest"]);
    check("just text", &["line 1: isn't a LoadTest: expected apiVersion, kind, metadata and spec"]);
    check(
        &format!("{RIGHT}---\n{RIGHT}"),
        &["---: the file holds 2 objects; give each LoadTest a file of its own"],
    );
    check(
        "1: a\ntrue: b\nc: !secret d\ne: .nan",
        &[
            "1: this key isn't a text; quote it",
            "true: this key isn't a text; quote it",
            "c: has the tag !secret; leave it out",
            "e: isn't a number that JSON has",
        ],
    );
}

#[test]
fn what_stands_around_the_spec_is_checked() {
    check(
        "kid: LoadTest\napiVersion: v1\nmetadata: {}",
        &[
            "apiVersion: must be loadgate.dev/v1alpha1, found \"v1\"",
            "kind: is missing; write LoadTest",
            "spec: is missing",
            "kid: unknown field; did you mean `kind`?",
            "metadata.name: is missing; give the test a name",
        ],
    );
    check(&with("{name: shop}", "{name: 5}"), &["metadata.name: must be a text, found 5; quote it"]);
    check(
        &with("{name: shop}", "{name: My_Shop}"),
        &[
            "metadata.name: isn't an object's name: lower-case letters, digits, `-` and `.`, a letter or digit at both ends, at most 253",
        ],
    );
}

#[test]
fn an_unknown_field_is_found_anywhere() {
    check(
        &with("request: {path: /}", "reqest: {path: /}, request: {path: /, pth: /}"),
        &[
            "spec.scenarios[0].steps[0].request.pth: unknown field; did you mean `path`?",
            "spec.scenarios[0].steps[0].reqest: unknown field; did you mean `request`?",
        ],
    );
    check(
        &with("burst: {iterations: 10}", "burst: {iterations: 10, zzz: 1}"),
        &["spec.phases[0].load.burst.zzz: unknown field; there are `iterations`"],
    );
    check(
        &with("spec:", "spec:\n  requirements: [{id: R, metirc: requests, metric: requests}]"),
        &["spec.requirements[0].metirc: unknown field; did you mean `metric`?"],
    );
}

#[test]
fn a_wrong_type_is_told_with_what_was_expected() {
    for (old, new, want) in [
        (
            "iterations: 10",
            "iterations: ten",
            "spec.phases[0].load.burst.iterations: expected a whole number, found `ten`",
        ),
        (
            "iterations: 10",
            "iterations: 1.5",
            "spec.phases[0].load.burst.iterations: expected a whole number, found 1.5",
        ),
        (
            "iterations: 10",
            "iterations: 0",
            "spec.phases[0].load.burst.iterations: must be at least 1, found 0",
        ),
        (
            "iterations: 10",
            "iterations: 2000000",
            "spec.phases[0].load.burst.iterations: must be at most 1000000, found 2000000",
        ),
        ("burst: {iterations: 10}", "burst: {}", "spec.phases[0].load.burst.iterations: is missing"),
        (
            "burst: {iterations: 10}",
            "burst: 10",
            "spec.phases[0].load.burst: expected an object with fields, found 10",
        ),
        (
            "burst: {iterations: 10}",
            "idle: {duration: 5}",
            "spec.phases[0].load.idle.duration: expected a duration such as 30s, found 5",
        ),
        (
            "burst: {iterations: 10}",
            "idle: {duration: 5 minutes}",
            "spec.phases[0].load.idle.duration: expected a duration such as 30s, found `5 minutes`",
        ),
        (
            "burst: {iterations: 10}",
            "constantRate: {rate: 10}",
            "spec.phases[0].load.constantRate.rate: expected a rate such as 100/s, found 10",
        ),
    ] {
        check(&with(old, new), &[want]);
    }
}

#[test]
fn a_wrong_value_is_told_with_those_that_are_right() {
    for (old, new, want) in [
        (
            "path: /",
            "path: /, method: get",
            "spec.scenarios[0].steps[0].request.method: expected one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, found `get`",
        ),
        ("path: /", "path: ''", "spec.scenarios[0].steps[0].request.path: is empty"),
        (
            "path: /}",
            "path: /}, think: 1",
            "spec.scenarios[0].steps[0].think: expected a duration such as 30s, a range such as 1s..3s, exponential(2s) or normal(2s, 500ms), found 1",
        ),
        (
            "path: /}",
            "path: /}, probability: 0.5",
            "spec.scenarios[0].steps[0].probability: expected a share such as 0.5%, found 0.5",
        ),
        (
            "path: /}",
            "path: /}, checks: [{status: 200}]",
            "spec.scenarios[0].steps[0].checks[0].status: expected a list, found 200",
        ),
        (
            "path: /}",
            "path: /}, checks: [{status: [2.5]}]",
            "spec.scenarios[0].steps[0].checks[0].status[0]: expected a number or a text, found 2.5",
        ),
        (
            "{name: main,",
            "{name: main, judge: maybe,",
            "spec.phases[0].judge: expected true or false, found `maybe`",
        ),
        (
            "{name: main,",
            "{name: main!,",
            "spec.phases[0].name: expected a name of letters, digits, `-`, `_` and `.`, with a letter or digit at both ends, found `main!`",
        ),
        (
            "{name: main,",
            "{name: main, scenarios: browse,",
            "spec.phases[0].scenarios: expected a list, found `browse`",
        ),
        ("spec:", "spec:\n  title: [a]", "spec.title: expected a text, found a list"),
        (
            "spec:",
            "spec:\n  scoring: {grades: [{name: '', from: 0}]}",
            "spec.scoring.grades[0].name: is empty",
        ),
        (
            "spec:",
            "spec:\n  gate: {failOn: Pass}",
            "spec.gate.failOn: expected one of Fail, Warning, found `Pass`",
        ),
        (
            "spec:",
            "spec:\n  requirements: [{id: R, ratio: [{metric: requests}]}]",
            "spec.requirements[0].ratio: must have at least 2, found 1",
        ),
        (
            "spec:",
            "spec:\n  requirements: [{id: R, metric: requests, over: sum}]",
            "spec.requirements[0].over: expected one of pooled, mean, min, max, each, found `sum`",
        ),
    ] {
        check(&with(old, new), &[want]);
    }
    check(&with("iterations: 10", "iterations: 10.0"), &[]);
    check(
        &with("burst: {iterations: 10}", "burst: null"),
        &[
            "spec.phases[0].load.burst: expected an object with fields, found nothing; give it a value or leave it out",
            "spec.phases[0].load: has no executor; give it one of constantUsers, rampingUsers, iterations, sharedIterations, constantRate, rampingRate, burst, batches, steps and idle",
        ],
    );
    check(
        &with("phases:", "phasen:"),
        &["spec.phases: is missing", "spec.phasen: unknown field; did you mean `phases`?"],
    );
}

#[test]
fn keys_and_windows_have_a_form_of_their_own() {
    let narrowed = |narrow: &str| {
        let row = format!("  requirements: [{{id: R, metric: requests, where: {{{narrow}}}}}]\n");
        format!("{RIGHT}{row}")
    };
    check(
        &narrowed("window: {from: soon, to: 5}"),
        &[
            "spec.requirements[0].where.window.from: expected a duration such as 30s or a share such as 75%, found `soon`",
            "spec.requirements[0].where.window.to: expected a duration such as 30s or a share such as 75%, found 5",
        ],
    );
    check(
        &narrowed("group: {tier: 4}"),
        &["spec.requirements[0].where.group.tier: expected a text, found 4"],
    );
    check(
        &narrowed("group: {}, fault: slow"),
        &[
            "spec.requirements[0].where.group: must have at least 1, found 0",
            "spec.requirements[0].where.fault: unknown field; there are `group`, `outcome`, `phases`, `steps` and `window`",
        ],
    );
    check(
        &narrowed("group: {tier: a, account: b}"),
        &["spec.requirements[0].where.group: must have at most 1, found 2"],
    );
}

#[test]
fn form_and_meaning_are_told_at_once_and_each_field_once() {
    check(
        &with(
            "load: {burst: {iterations: 10}}",
            "lod: 1, pace: 0s, load: {burst: {iterations: 0}, constantRate: {rate: 0/s, total: 5}}",
        ),
        &[
            "spec.phases[0].load.burst.iterations: must be at least 1, found 0",
            "spec.phases[0].lod: unknown field; did you mean `load`?",
            "spec.phases[0].load.constantRate.rate: must be above 0, found 0/s",
            "spec.phases[0].load: has 2 executors: `constantRate` and `burst`; keep one",
            "spec.phases[0].pace: must be above 0, found 0s",
        ],
    );
}

#[test]
fn a_word_that_kubectl_reads_as_a_boolean_is_refused() {
    check(
        &with("path: /}", "path: /, query: {dry: no}}"),
        &[
            "line 9: `no` without quotes is a boolean to kubectl and a text to us; write \"no\", or true or false",
        ],
    );
    check(&with("path: /}", "path: /, query: {dry: 'no'}}"), &[]);
}

#[test]
fn values_of_any_type_are_left_alone() {
    let text = with("spec:", "spec:\n  variables: {a: 1.5, b: null, c: {d: [1]}, e: true}");
    let shop = checked(&text).expect("nothing is wrong");
    assert_eq!(
        serde_json::to_string(&shop.spec.variables).expect("JSON"),
        r#"{"a":1.5,"b":null,"c":{"d":[1]},"e":true}"#
    );
}

#[test]
fn merges_are_applied() {
    let text = with(
        "  phases:\n  - {name: main, load: {burst: {iterations: 10}}}\n",
        "  phases:\n  - &main {name: main, pace: 5s, load: {iterations: {users: 1, perUser: 9}}}\n  - {<<: *main, name: again}\n",
    );
    let phases = checked(&text).expect("nothing is wrong").plan.phases;
    assert_eq!((phases[1].name.as_str(), phases[1].pace), ("again", phases[0].pace));
    check(
        &with("spec:", "spec:\n  <<: 5"),
        &["<<: expected a mapping or list of mappings for merging, but found scalar"],
    );
}
