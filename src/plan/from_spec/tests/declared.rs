//! Rows name phases and steps that are there and are run, and metrics of what is declared.

use super::check;
use super::objectives::check_row;

#[test]
fn what_a_row_names_must_exist() {
    check_row(
        "metric: requests, where: {phases: [mian, pause], steps: [homme, buy.item]}",
        &[
            ".where.phases[0]: there is no phase `mian`; did you mean `main`?",
            ".where.phases[1]: an idle phase sends nothing that could be measured",
            ".where.steps[0]: there is no step `homme`; did you mean `home`?",
            ".where.steps[1]: there is no step `buy.item`; did you mean `buy.home`?",
        ],
    );
    check(
        "
phases: [{name: a, judge: false, load: {burst: {iterations: 1}}}]
requirements: [{id: R, metric: requests}]",
        &["spec.requirements[0].where.phases: no phase is judged; name the phases that this is about"],
    );
}

#[test]
fn what_a_metric_names_must_be_declared() {
    for (metric, want) in [
        (
            "count(account=a)",
            "there is no group `account`; there are none; declare it in spec.classify.groups",
        ),
        (
            "share.max(account)",
            "there is no group `account`; there are none; declare it in spec.classify.groups",
        ),
        (
            "errors(nope)",
            "there is no error class `nope`; there are `connect`, `tls`, `timeout`, `reset`, `stale`, `protocol`, `redirects`, `body_limit`, `check`, `exhausted` and `unsent`; declare it in spec.classify.errors",
        ),
        (
            "value(tokens).p95",
            "there is no value `tokens`; there are none; declare it in spec.classify.values",
        ),
        ("cache.hit_rate", "nothing tells hits from misses; declare spec.classify.cache"),
    ] {
        check_row(&format!("metric: {metric}"), &[&format!(".metric: {want}")]);
    }
}

const CLASSIFY: &str = "
classify:
  cache: {header: X-Cache, hit: [HIT], miss: [MISS], layerHeader: X-Layer}
  groups: [{name: account, header: X-Account}]
  errors: [{name: nope, header: X-Error, equals: nope}]
  values: [{name: tokens, jsonPath: $.n}, {name: failover, header: X-Micros, unit: us}, {name: size, header: X-Size, unit: B}]";

#[test]
fn what_is_declared_can_be_measured_in_its_unit() {
    for (metric, target) in [
        ("count(account=a)", "== 0"),
        ("share.max(account)", "<= 50%"),
        ("errors(nope)", "== 100"),
        ("errors(5xx)", "== 0"),
        ("value(tokens).p95", "< 500"),
        ("value(failover).max", "< 50ms"),
        ("value(size).mean", "< 1MB"),
        ("cache.hit_rate(layer=L1)", ">= 95%"),
    ] {
        check(&format!("{CLASSIFY}\nrequirements: [{{id: R, metric: {metric}, target: '{target}'}}]"), &[]);
    }
    check(
        &format!("{CLASSIFY}\nrequirements: [{{id: R, metric: value(failover).max, target: '< 50'}}]"),
        &["spec.requirements[0].target: \"< 50\", character 5: …"],
    );
    let text = CLASSIFY.replace(", layerHeader: X-Layer", "");
    check(
        &format!("{text}\nrequirements: [{{id: R, metric: cache.hit_rate(layer=L1)}}]"),
        &["spec.requirements[0].metric: nothing tells the layers apart; set spec.classify.cache.layerHeader"],
    );
}

/// Two scenarios, one of them never drawn, and a phase of the first and of both.
const STEPS: &str = "
scenarios:
- {name: browse, steps: [{name: home, request: {path: /}}, {name: list, request: {path: /}}]}
- {name: buy, steps: [{name: pay, request: {path: /}}, {name: list, request: {path: /}}]}
- {name: never, weight: 0, steps: [{name: ghost, request: {path: /}}]}
phases:
- {name: one, scenarios: [browse], load: {burst: {iterations: 10}}}
- {name: all, load: {burst: {iterations: 10}}}
";

#[test]
fn a_row_is_about_steps_that_are_run() {
    let row = |narrow: &str| format!("{STEPS}requirements: [{{id: R, metric: requests, {narrow}}}]");
    let not_run = |place: &str| {
        format!(
            "spec.requirements[0].where.steps[0]: isn't run in {place}: its scenario isn't among those of the phase, \
             or has a weight of 0"
        )
    };
    check(&row("where: {phases: [one], steps: [pay]}"), &[&not_run("phase one")]);
    check(&row("where: {phases: [one], steps: [buy.list]}"), &[&not_run("phase one")]);
    check(&row("where: {phases: [one], steps: [list]}"), &[]);
    check(&row("where: {steps: [pay]}"), &[]);
    check(&row("where: {steps: [ghost]}"), &[&not_run("any phase that this is about")]);
    check(
        &row("over: each, where: {steps: [pay]}"),
        &[
            "spec.requirements[0].where.steps: phase one, which has a figure of its own here, runs none of them",
        ],
    );
    let expected = STEPS
        .replace("iterations: 10}}", "iterations: 10}}, expect: [{metric: rate, where: {steps: [pay]}}]");
    check(&expected, &[&not_run("phase one").replace("requirements[0]", "phases[0].expect[0]")]);
}
