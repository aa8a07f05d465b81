//! Rows by window.

use super::*;

/// 5 s of 10 ms, 10 s of 20 ms, 5 s of 90 ms.
const RISING: Story<'_> = &[(500, A, 10, false), (1000, B, 20, false), (500, A, 90, false)];

#[track_caller]
fn check_window(metric: &str, window: &str, measured: &str, gap: Option<&str>) {
    check(&format!("metric: {metric}, where: {{window: {{{window}}}}}"), RISING, measured, gap);
}

#[test]
fn a_window_holds_the_requests_that_begin_in_it() {
    check_window("requests", "from: 75%", "500", None);
    check_window("requests", "from: 0%, to: 100%", "2,000", None);
    check_window("requests", "from: 5s, to: 15s", "1,000", None);
    check_window("requests", "from: 4990ms, to: 5s", "1", None);
    check_window("latency.p95", "to: 25%", "10 ms", None);
    check_window("latency.p95", "from: 25%, to: 75%", "20 ms", None);
    check_window("latency.p95", "from: 75%, to: 100%", "90 ms", None);
}

#[test]
fn two_windows_tell_how_much_slower_it_became() {
    let p95 = |window: &str| format!("{{metric: latency.p95, where: {{window: {{{window}}}}}}}");
    let ratio = format!("ratio: [{}, {}], target: '< 1.5'", p95("from: 75%"), p95("to: 25%"));
    check(&ratio, RISING, "9", Some("7.5 (500%) above the target"));
}

#[test]
fn a_window_and_a_key_narrow_together() {
    check("metric: latency.max, where: {window: {from: 50%}, group: {account: a}}", RISING, "90 ms", None);
    check(
        "metric: requests, where: {window: {to: 50%}, group: {account: each}}",
        RISING,
        "500",
        Some("greatest for account a; account: a 500, b 500"),
    );
}

#[test]
fn a_rate_is_that_of_the_window_and_says_when_it_is_too_short() {
    check_window("rate", "from: 50%, to: 75%", "99.8/s", None);
    let short = "over 510 ms, which is shorter than a second";
    check_window("rate", "from: 1s, to: 1510ms", "100/s", Some(short));
}

#[test]
fn a_slope_of_a_window_is_that_of_its_whole_seconds() {
    let slope = |window: &str| format!("metric: latency.slope, where: {{window: {{{window}}}}}");
    let short = format!("{}, target: '< 1ms/m'", slope("from: 5500ms, to: 15s"));
    check_unknown(&short, RISING, "needs 10 samples and has 9");
    check(&format!("{}, minSamples: 9", slope("from: 5500ms, to: 15s")), RISING, "0 us/m", None);
    let (rising, _) = row(&slope("from: 10s"), &[RISING]);
    assert!(rising.measured.is_some_and(|text| text.ends_with(" ms/m")));
}

#[test]
fn a_window_in_times_that_no_longer_lies_in_a_quick_phase_is_not_run() {
    let quick = Options { quick: Some(6), ..Options::default() };
    let tier = |window: &str| {
        let phases = "phases: [{name: steady, load: {constantRate: {rate: 100/s, duration: 1m}}}]";
        let row = format!("metric: latency.max, where: {{window: {{{window}}}}}, target: '< 1s'");
        let plan = plan_with(&quick, &format!("{}\n{phases}", required(&row)));
        let load = told(&[(1000, A, 10, false)], &plan.phases[0]);
        let row = judge(&plan, &measured([load]), &Circumstances::default()).requirements.remove(0);
        (row.tier, row.gap)
    };
    let told =
        "not run: --quick made phase steady shorter, and the window from 30s to 1m no longer lies in it";
    assert_eq!(tier("from: 30s, to: 60s"), (Tier::NotRun, Some(told.to_owned())));
    assert_eq!(tier("from: 50%, to: 100%"), (Tier::Target, None));
    assert_eq!(tier("from: 2s, to: 5s"), (Tier::Target, None));
}
