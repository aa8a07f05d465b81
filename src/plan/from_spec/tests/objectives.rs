//! Faults of requirements and expectations, and what right ones become.

use super::{check, check_with, plan};
use crate::plan::Measure;
use crate::plan::Options;

const PHASES: &str = "
scenarios:
- {name: browse, steps: [{name: home, request: {path: /}}, {name: item, request: {path: /}}]}
- {name: buy, steps: [{name: home, request: {path: /}}]}
phases:
- {name: warm, judge: false, load: {burst: {iterations: 1}}}
- {name: main, load: {burst: {iterations: 1}}}
- {name: pause, load: {idle: {duration: 1s}}}
- {name: spike, load: {burst: {iterations: 1}}}
";

#[track_caller]
pub(super) fn check_row(row: &str, want: &[&str]) {
    let want: Vec<String> = want.iter().map(|line| format!("spec.requirements[0]{line}")).collect();
    let want: Vec<&str> = want.iter().map(String::as_str).collect();
    check(&format!("{PHASES}\nrequirements: [{{id: R, {row}}}]"), &want);
}

/// The phases and steps that a row covers.
fn covered(row: &str) -> Vec<(Vec<usize>, Option<Vec<usize>>)> {
    let plan = plan(&format!("{PHASES}\nrequirements: [{{id: R, {row}}}]"));
    plan.requirements[0].measure.parts().map(|part| (part.phases.clone(), part.steps.clone())).collect()
}

#[test]
fn a_row_covers_what_it_names_or_all_that_is_judged() {
    for (row, want) in [
        ("metric: requests", vec![(vec![1, 3], None)]),
        ("metric: requests, where: {phases: [spike, warm]}", vec![(vec![0, 3], None)]),
        ("metric: requests, where: {steps: [home]}", vec![(vec![1, 3], Some(vec![0, 2]))]),
        ("metric: requests, where: {steps: [buy.home, item]}", vec![(vec![1, 3], Some(vec![1, 2]))]),
        (
            "ratio: [{metric: requests, where: {phases: [main]}}, {metric: requests}], where: {phases: [spike], steps: [item]}",
            vec![(vec![1], Some(vec![1])), (vec![3], Some(vec![1]))],
        ),
    ] {
        assert_eq!(covered(row), want, "{row}");
    }
}

#[test]
fn a_row_without_a_title_is_called_by_its_measure() {
    for (row, want) in [
        ("metric: latency.p95, title: Fast", "Fast"),
        ("metric: latency.p95", "latency.p95"),
        (
            "metric: latency.p95, where: {steps: [home, item], phases: [main]}",
            "latency.p95 of home, item in main",
        ),
        ("ratio: [{metric: duration}, {metric: requests}]", "duration / requests"),
    ] {
        let plan = plan(&format!("{PHASES}\nrequirements: [{{id: R, {row}}}]"));
        assert_eq!(plan.requirements[0].title, want);
    }
}

#[test]
fn an_expectation_is_about_its_own_phase() {
    let phases = |row: &str| {
        format!(
            "phases: [{{name: a, load: {{burst: {{iterations: 1}}}}}}, {{name: b, judge: false, load: {{burst: {{iterations: 1}}}}, expect: [{{{row}}}]}}]"
        )
    };
    let plan = plan(&phases("metric: latency.p95, target: '< 1s', must: true, weight: 3"));
    let row = &plan.phases[1].expect[0];
    assert_eq!((row.weight, row.must, row.path.as_str()), (3, true, "spec.phases[1].expect[0]"));
    assert!(matches!(&row.measure, Measure::Metric(metric) if metric.phases == [1]));
    check(
        &phases("metric: latency.p95, where: {phases: [a]}, over: each"),
        &[
            "spec.phases[1].expect[0].where.phases: an expectation is about its own phase; leave it out",
            "spec.phases[1].expect[0].over: an expectation is about one phase; leave it out",
        ],
    );
    check(
        &phases("ratio: [{metric: requests, where: {phases: [a]}}, {metric: requests}]"),
        &[
            "spec.phases[1].expect[0].ratio[0].where.phases: an expectation is about its own phase; leave it out",
        ],
    );
}

#[test]
fn a_row_measures_one_thing() {
    check_row("target: '< 1s'", &[": needs a metric or a ratio"]);
    check_row(
        "metric: requests, ratio: [{metric: requests}, {metric: requests}]",
        &[": has both metric and ratio; keep one"],
    );
    check_row(
        "ratio: [{metric: requests}]",
        &[".ratio: has 1 parts; give it two, the first is divided by the second"],
    );
    check_row("metric: latency.p96", &[".metric: \"latency.p96\", character 1: there is no metric…"]);
    check_row(
        "ratio: [{metric: latency.p96}, {metric: nothing}]",
        &[
            ".ratio[0].metric: \"latency.p96\", character 1: there is no metric…",
            ".ratio[1].metric: \"nothing\", character 1: there is no metric…",
        ],
    );
    check_row("ratio: [{metric: bytes.received}, {metric: requests}]", &[]);
    check_row("ratio: [{metric: bytes.received}, {metric: duration}], target: '> 1MB/m'", &[]);
    check_row(
        "ratio: [{metric: bytes.received}, {metric: rate}]",
        &[".ratio: bytes can't be divided by a rate: the result has no unit"],
    );
}

#[test]
fn a_metric_is_narrowed_by_what_it_is_counted_by() {
    check_row("metric: latency.p95, where: {steps: [home], outcome: succeeded}", &[]);
    check_row(
        "metric: iterations, where: {steps: [home]}",
        &[".where.steps: iterations is measured for a phase as a whole, not step by step; leave it out"],
    );
    check_row(
        "metric: error_rate, where: {outcome: failed}",
        &[".where.outcome: error_rate tells outcomes apart itself; leave it out"],
    );
    check_row(
        "ratio: [{metric: dropped}, {metric: requests}], where: {steps: [home]}",
        &[
            ".ratio[0].where.steps: dropped is measured for a phase as a whole, not step by step; leave it out",
        ],
    );
}

#[test]
fn limits_fit_the_measure_and_each_other() {
    check_row("metric: latency.p95, target: '< 5%'", &[".target: \"< 5%\", character 4: …"]);
    check_row(
        "metric: latency.p95, acceptable: '< 5s'",
        &[".acceptable: \"< 5s\", character 1: needs a target beside it"],
    );
    check_row(
        "metric: latency.p95, target: '< 5s', acceptable: '< 1s', critical: '< 9s'",
        &[
            ".acceptable: must be looser than the target, found < 1s",
            ".critical: \"< 9s\", character 1: names the bad side…",
        ],
    );
    check_row("metric: latency.p95, target: '< 5s', minSamples: 0", &[".minSamples: must be above 0"]);
    check_row(
        "ratio: [{metric: duration}, {metric: requests}], target: '< 5'",
        &[".target: \"< 5\", character 4: …"],
    );
    check_row("ratio: [{metric: duration}, {metric: requests}], target: '< 5ms'", &[]);
    check_row("metric: latency.p95, critical: '> 5s'", &[]);
}

#[test]
fn weight_and_must_need_a_target() {
    check_row(
        "metric: latency.p95, weight: 2, must: true",
        &[".weight: needs a target beside it", ".must: needs a target beside it"],
    );
}

#[test]
fn figures_are_combined_over_several_phases_only() {
    check_row("metric: latency.p95, over: mean", &[]);
    check_row("metric: latency.p95, over: pooled, where: {phases: [main]}", &[]);
    check_row(
        "metric: latency.p95, over: mean, where: {phases: [main]}",
        &[".over: combines several phases, and this is about one; leave it out"],
    );
}

#[test]
fn a_sustained_rate_needs_ten_whole_seconds() {
    let row =
        |load: &str| format!("phases: [{{name: p, load: {{{load}}}, expect: [{{metric: rate.sustained}}]}}]");
    let short = |seconds: u32| {
        format!(
            "spec.phases[0].expect[0].metric: is the least over any 10 s, and of phase p only {seconds} s are \
             judged; make it longer, or require rate or rate.peak"
        )
    };
    check(&row("constantRate: {rate: 10/s, duration: 9999ms}"), &[&short(9)]);
    check(&row("constantRate: {rate: 10/s, duration: 10s}"), &[]);
    check(&row("constantUsers: {users: 1, duration: 11s, rampUp: 1500ms}"), &[&short(9)]);
    check(&row("iterations: {users: 1, perUser: 10}"), &[]);
    // What a quick run is too short for is no fault of the file.
    let quick = Options { quick: Some(60), ..Options::default() };
    check_with(&quick, &row("constantRate: {rate: 10/s, duration: 5m}"), &[]);
}
