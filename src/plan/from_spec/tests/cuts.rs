//! Rows by key and by window: what they become, and what is refused.

use super::{check, check_with, plan, spec};
use crate::plan::{Options, Plan};

const PARTS: &str = "
classify:
  groups: [{name: account, header: X-Account}, {name: tier, header: X-Tier}]
scenarios:
- {name: browse, steps: [{name: home, request: {path: /}}, {name: item, request: {path: /}}]}
phases:
- {name: grow, load: {constantUsers: {users: 5, duration: 1m, rampUp: 15s}}}
- {name: rate, load: {constantRate: {rate: 10/s, total: 200}}}
- {name: burst, judge: false, load: {burst: {iterations: 1}}}
";

fn with(rows: &str) -> String {
    format!("{PARTS}\nrequirements: [{rows}]")
}

/// The names of the cuts of each phase.
#[track_caller]
fn check_cuts(rows: &str, want: [&[&str]; 3]) {
    let plan = plan(&with(rows));
    let names = plan.phases.iter().map(|phase| phase.cuts.iter().map(ToString::to_string).collect());
    let names: Vec<Vec<String>> = names.collect();
    assert_eq!(names, want.map(<[&str]>::to_vec), "{rows}");
}

#[track_caller]
fn check_row(row: &str, want: &[&str]) {
    let want: Vec<String> = want.iter().map(|line| format!("spec.requirements[0]{line}")).collect();
    let want: Vec<&str> = want.iter().map(String::as_str).collect();
    check(&with(&format!("{{id: R, {row}}}")), &want);
}

#[test]
fn a_phase_is_cut_where_a_row_names_a_key_or_a_window_and_nowhere_else() {
    check_cuts("{id: R, metric: latency.p95, where: {steps: [home], outcome: failed}}", [&[], &[], &[]]);
    check_cuts(
        "{id: R, metric: latency.p95, where: {group: {account: acc-2}}}",
        [&["account=acc-2"], &["account=acc-2"], &[]],
    );
    check_cuts(
        "{id: R, metric: requests, where: {phases: [burst], steps: [item], outcome: failed, group: {tier: each}}}",
        [&[], &[], &["steps=1 outcome=failed each=tier"]],
    );
    check_cuts(
        "{id: R, metric: requests, where: {window: {from: 25%, to: 50%}}}",
        [&["window=15000000..30000000 "], &["window=5000000..10000000 "], &[]],
    );
}

#[test]
fn rows_about_the_same_requests_share_their_cut() {
    let by_key = "where: {phases: [rate], group: {account: each}}";
    check_cuts(
        &format!("{{id: A, metric: latency.p95, {by_key}}}, {{id: B, metric: error_rate, {by_key}}}"),
        [&[], &["each=account"], &[]],
    );
    check_cuts(
        &format!("{{id: A, ratio: [{{metric: 'errors(5xx)'}}, {{metric: requests}}], {by_key}}}"),
        [&[], &["each=account"], &[]],
    );
    check_cuts(
        "{id: A, ratio: [{metric: latency.p95, where: {window: {from: 75%}}}, {metric: latency.p95, where: {window: {to: 25%}}}], where: {phases: [rate]}}",
        [&[], &["window=15000000..18446744073709551615 ", "window=0..5000000 "], &[]],
    );
}

#[test]
fn a_slope_of_a_window_is_read_from_the_seconds() {
    check_cuts("{id: R, metric: latency.slope, where: {window: {from: 50%}}}", [&[], &[], &[]]);
}

#[test]
fn a_row_without_a_title_tells_its_key_and_window() {
    let title = |row: &str| plan(&with(&format!("{{id: R, {row}}}"))).requirements.remove(0).title;
    let all = "steps: [home], phases: [rate], group: {account: acc-2}, window: {from: 75%}";
    assert_eq!(
        title(&format!("metric: latency.p95, where: {{{all}}}")),
        "latency.p95 of home for account acc-2 in rate, 75% to 100%"
    );
    assert_eq!(title("metric: requests, where: {group: {account: each}}"), "requests for account each");
}

#[test]
fn a_key_is_one_of_a_declared_group() {
    check_row(
        "metric: latency.p95, where: {group: {acount: a}}",
        &[
            ".where.group.acount: there is no group `acount`; did you mean `account`?; declare it in spec.classify.groups",
        ],
    );
    check_row(
        "metric: latency.p95, where: {group: {account: a, tier: b}}",
        &[".where.group: names more than one group; keep one"],
    );
    check_row(
        "metric: latency.p95, where: {group: {account: \"a\\nb\"}}",
        &[
            ".where.group.account: has a control character, which no key has: they are replaced where keys are counted",
        ],
    );
}

#[test]
fn a_metric_is_narrowed_by_keys_and_windows_only_where_it_is_counted_by_them() {
    for metric in [
        "latency.p95",
        "service.mean",
        "ttfb.max",
        "requests",
        "rate",
        "bytes.sent",
        "success_rate",
        "errors(5xx)",
        "status(200)",
        "count(tier=a)",
        "spread(tier)",
    ] {
        check_row(&format!("metric: {metric}, where: {{group: {{account: a}}, window: {{from: 50%}}}}"), &[]);
    }
    for metric in [
        "connect.p95",
        "lag.p99",
        "duration",
        "iterations",
        "rate.iterations",
        "rate.sustained",
        "rate.peak",
        "users.max",
        "inflight.max",
        "dropped",
    ] {
        let whole = format!("{metric} is measured for a phase as a whole");
        check_row(
            &format!("metric: {metric}, where: {{group: {{account: a}}, window: {{from: 50%}}}}"),
            &[
                &format!(".where.group: {whole}, not key by key; leave it out"),
                &format!(".where.window: {whole}, not part by part; leave it out"),
            ],
        );
    }
    check_row(
        "metric: latency.slope, where: {group: {account: a}}",
        &[".where.group: latency.slope is measured for a phase as a whole, not key by key; leave it out"],
    );
    check_row(
        "metric: share(account=a), where: {group: {account: each}}",
        &[".where.group: share(account=a) tells the keys of account apart itself; leave it out"],
    );
}

#[test]
fn a_ratio_goes_by_the_keys_of_one_group() {
    let ratio = |above: &str, below: &str| {
        let part = |key: &str| format!("{{metric: requests, where: {{group: {{{key}}}}}}}");
        format!("ratio: [{}, {}]", part(above), part(below))
    };
    check_row(&ratio("account: each", "account: each"), &[]);
    check_row(&ratio("account: each", "tier: gold"), &[]);
    check_row(
        &ratio("account: each", "tier: each"),
        &[".ratio: goes key by key, and account and tier are two groups; name one"],
    );
}

#[test]
fn a_window_lies_in_the_judged_part_of_each_phase_that_it_cuts() {
    let window = |text: &str| format!("metric: latency.p95, where: {{window: {{{text}}}}}");
    check_row(&window("from: 0%, to: 50%"), &[]);
    check_row(&window("from: 10s, to: 20s"), &[]);
    check_row(
        &window("to: 30s"),
        &[".where.window.to: lies behind the end of phase rate, which is 20s long"],
    );
    check_row(
        &window("from: 30s"),
        &[
            ".where.window: in phase rate, which is 20s long, it ends where it begins or earlier; choose a later end",
        ],
    );
    check_row(
        &window("from: 75%, to: 25%"),
        &[
            ".where.window: in phase grow, which is 1m long, it ends where it begins or earlier; choose a later end",
            ".where.window: in phase rate, which is 20s long, it ends where it begins or earlier; choose a later end",
        ],
    );
    check_row(
        &window("to: 25%"),
        &[
            ".where.window.to: lies in the ramp of phase grow (15s), which isn't judged; choose a later one, or set judgeRampUp",
        ],
    );
    check_row(&window(""), &[".where.window: needs from or to"]);
    check_row(
        &window("from: soon, to: 101%"),
        &[
            ".where.window.from: \"soon\", character 1: expected a number, such as 100ms",
            ".where.window.to: must be at most 100%, found 101%",
        ],
    );
}

#[test]
fn a_phase_without_a_known_length_has_no_parts() {
    let why = "phase burst has burst, whose length isn't known beforehand, so that no part of it can be cut out; name phases whose executor has a length";
    check_row(
        "metric: latency.p95, where: {phases: [burst], window: {from: 50%}}",
        &[&format!(".where.window: {why}")],
    );
    check_row(
        "ratio: [{metric: requests, where: {window: {from: 50%}}}, {metric: requests}], where: {phases: [burst]}",
        &[&format!(".ratio[0].where.window: {why}")],
    );
    check(
        "phases: [{name: burst, load: {burst: {iterations: 9}}, expect: [{metric: requests, where: {window: {to: 50%}}}]}]",
        &[&format!("spec.phases[0].expect[0].where.window: {why}")],
    );
}

#[test]
fn more_cells_than_there_is_room_for_are_refused_at_the_row_that_is_too_many() {
    let row = |index: u32| {
        let from = format!("{index}s");
        format!(
            "{{id: R{index}, metric: requests, where: {{phases: [rate], group: {{account: each}}, window: {{from: {from}}}}}}}"
        )
    };
    let rows = |count: u32| (0..count).map(row).collect::<Vec<_>>().join(", ");
    check(&with(&rows(16)), &[]);
    check(
        &with(&rows(18)),
        &[
            "spec.requirements[16].where: with this row the keys and windows of phase rate need 272 cells, and there is room for 256; name single keys instead of each, or fewer phases",
        ],
    );
}

#[test]
fn a_quick_run_scales_shares_and_leaves_times_as_they_are() {
    let quick = Options { quick: Some(6), ..Options::default() };
    let rows = "{id: S, metric: requests, where: {phases: [grow], window: {from: 50%, to: 75%}}},
                {id: T, metric: requests, where: {phases: [grow], window: {from: 30s, to: 45s}}}";
    check_with(&quick, &with(rows), &[]);
    let plan = Plan::from_spec("shop", &spec(&with(rows)), &quick).expect("a plan");
    let names: Vec<String> = plan.phases[0].cuts.iter().map(ToString::to_string).collect();
    assert_eq!(names[0], "window=5000000..7500000 ");
    let misfits =
        plan.requirements.iter().map(|row| row.measure.parts().find_map(|part| part.misfit(&plan.phases)));
    assert_eq!(misfits.collect::<Vec<_>>(), [None, Some(0)]);
}
