//! Rows by key and by window: the figure of each, the worst of all, and what leaves them unknown.

use super::*;
use crate::metrics::{Filter, Keys, Outcome};
use crate::plan::cut::TIMED_KEYS;
use crate::plan::{Cut, Key, OutcomeFilter, Phase};
use crate::verdict::{Row, Tier};

/// The cuts of a phase as a recorder takes them.
fn filters(phase: &Phase) -> Vec<Filter> {
    let filter = |cut: &Cut| Filter {
        name: cut.to_string(),
        keys: cut.key.as_ref().map(|of| match &of.key {
            Key::One(key) => Keys::One(of.place, key.clone()),
            Key::Each => Keys::Each(of.place, TIMED_KEYS),
        }),
        window: cut.window.as_ref().map(|window| (window.start, window.end)),
        steps: cut.steps.clone(),
        outcome: cut.outcome.map(|outcome| match outcome {
            OutcomeFilter::Succeeded => Outcome::Succeeded,
            OutcomeFilter::Failed => Outcome::Failed,
        }),
    };
    phase.cuts.iter().map(filter).collect()
}

/// 100 requests a second: how many, of which key, in milliseconds, whether they failed.
type Story<'a> = &'a [(u64, Option<&'a str>, u64, bool)];

fn told(story: Story<'_>, phase: &Phase) -> Load {
    let mut load = Load::every(10 * MILLI);
    load.recorder = load.recorder.sliced(filters(phase));
    story.iter().fold(load, |load, (count, account, millis, fails)| {
        let (status, error) = if *fails { (503, Some(ErrorClass::Status(503))) } else { (200, None) };
        let hit = Hit { micros: millis * MILLI, account: *account, status: Some(status), error, ..FINE };
        load.sends(*count, hit)
    })
}

/// The row of a requirement on phases of 20 s, each with a story of its own, and the message of the verdict.
#[track_caller]
fn row(requirement: &str, stories: &[Story<'_>]) -> (Row, String) {
    let phase = |place| format!("{{name: p{place}, load: {{constantRate: {{rate: 100/s, duration: 20s}}}}}}");
    let phases: Vec<String> = (0..stories.len()).map(phase).collect();
    let plan = plan(&format!("{}\nphases: [{}]", required(requirement), phases.join(", ")));
    let loads = stories.iter().zip(&plan.phases).map(|(story, phase)| told(story, phase));
    let mut judgement = judge(&plan, &measured(loads), &Circumstances::default());
    (judgement.requirements.remove(0), judgement.message)
}

/// What is measured, and what is told beside it.
#[track_caller]
fn check(requirement: &str, story: Story<'_>, measured: &str, gap: Option<&str>) {
    let (row, _) = row(requirement, &[story]);
    let told = (row.measured.as_deref(), row.gap.as_deref());
    similar_asserts::assert_eq!(told, (Some(measured), gap), "{requirement}");
}

/// Why nothing is.
#[track_caller]
fn check_unknown(requirement: &str, story: Story<'_>, reason: &str) {
    let (row, _) = row(requirement, &[story]);
    let told = (row.tier, row.gap.as_deref());
    similar_asserts::assert_eq!(told, (Tier::Unknown, Some(reason)), "{requirement}");
}

const A: Option<&str> = Some("a");
const B: Option<&str> = Some("b");
const C: Option<&str> = Some("c");
const STORY: Story<'_> =
    &[(600, A, 10, false), (300, B, 40, false), (60, B, 40, true), (40, C, 20, true), (200, None, 90, false)];
const EACH: &str = "where: {group: {account: each}}";
const COARSE: &str = "within 1%, as quantiles of keys are";

#[test]
fn a_row_by_key_is_about_the_responses_with_that_key() {
    for (metric, measured) in [
        ("requests", "600"),
        ("latency.max", "10 ms"),
        ("latency.mean", "10 ms"),
        ("service.max", "10 ms"),
        ("ttfb.min", "10 ms"),
        ("error_rate", "0%"),
        ("status(200)", "600"),
        ("errors(5xx)", "0"),
        ("bytes.received", "600 kB"),
    ] {
        check(&format!("metric: {metric}, where: {{group: {{account: a}}}}"), STORY, measured, None);
    }
    check("metric: latency.p95, where: {group: {account: a}}", STORY, "10 ms", Some(COARSE));
    let of_b = "metric: latency.p95, where: {group: {account: b}, outcome: succeeded}";
    check(of_b, STORY, "40 ms", Some(COARSE));
    check("metric: error_rate, where: {group: {account: c}}", STORY, "100%", None);
}

#[test]
fn a_rate_by_key_is_its_part_of_the_whole_rate() {
    check("metric: rate, where: {group: {account: a}}", STORY, "49.7/s", None);
    check("metric: rate", STORY, "99.3/s", None);
}

#[test]
fn a_key_never_seen_counts_nothing_and_has_no_times() {
    for (metric, none) in [
        ("requests", "0"),
        ("status(200)", "0"),
        ("errors(5xx)", "0"),
        ("bytes.sent", "0 B"),
        ("rate", "0/s"),
    ] {
        let groups = "classify: {groups: [{name: account, header: A}, {name: region, header: R}]}";
        let row = format!("metric: {metric}, where: {{group: {{account: never}}}}");
        let plan = plan(&format!("{}\n{groups}", required(&row)));
        let load = told(STORY, &plan.phases[0]);
        let row = judge(&plan, &measured([load]), &Circumstances::default()).requirements.remove(0);
        assert_eq!(row.measured.as_deref(), Some(none), "{metric}");
    }
    let never = "where: {group: {account: never}}, target: '< 1s'";
    check_unknown(&format!("metric: latency.max, {never}"), STORY, "nothing was measured");
    // Nothing answered, so that nobody knows which key it would have had.
    let a = "metric: requests, where: {group: {account: a}}, target: '== 0'";
    let silent = "no response told account: see spec.classify";
    check_unknown(a, &[], silent);
    check_unknown(a, &[(1000, None, 10, false)], silent);
}

#[test]
fn that_nothing_failed_in_a_window_or_with_a_key_is_known_by_what_succeeded() {
    let fine: Story<'_> = &[(2000, A, 10, false)];
    for narrow in ["group: {account: a}", "window: {from: 50%}", "window: {from: 50%}, group: {account: a}"] {
        let of = |outcome: &str| format!("metric: requests, where: {{outcome: {outcome}, {narrow}}}");
        check(&of("failed"), fine, "0", None);
        check(&of("succeeded"), &[(2000, A, 10, true)], "0", None);
    }
}

#[test]
fn of_all_keys_the_worst_is_judged_and_all_are_listed() {
    let errors = format!("metric: error_rate, {EACH}");
    let list = "account: c 100%, b 16.7%, a 0%";
    let gap = format!("95 percentage points (1,900%) above the target; worst for account c; {list}");
    check(&format!("{errors}, target: '< 5%'"), STORY, "100%", Some(&gap));
    let met = format!("worst for account c; {list}");
    check(&format!("{errors}, target: '<= 100%'"), STORY, "100%", Some(&met));
    check(&errors, STORY, "100%", Some(&format!("greatest for account c; {list}")));
    check(
        &format!("metric: requests, {EACH}, target: '>= 10'"),
        STORY,
        "40",
        Some("worst for account c; account: c 40, b 360, a 600"),
    );
    check(
        &format!("metric: requests, {EACH}, critical: '> 1000'"),
        STORY,
        "600",
        Some("worst for account a; account: a 600, b 360, c 40"),
    );
    check(
        &format!("metric: latency.p95, {EACH}, target: '< 100ms', minSamples: 40"),
        STORY,
        "40 ms",
        Some(&format!("worst for account b; {COARSE}; account: b 40 ms, c 20 ms, a 10 ms")),
    );
}

#[test]
fn the_message_names_the_key_that_decided() {
    let told = |requirement: &str, stories: &[Story<'_>], want: &str| {
        let (_, message) = row(&format!("metric: latency.max, {EACH}, {requirement}"), stories);
        similar_asserts::assert_eq!(message, want);
    };
    let limit = "target: '< 30ms'";
    told(limit, &[STORY], "R1 latency.max for account b = 40 ms, target < 30 ms");
    let each = format!("{limit}, over: each");
    let slow: Story<'_> = &[(100, A, 90, false)];
    told(&each, &[STORY, slow], "R1 latency.max in p1 for account a = 90 ms, target < 30 ms");
}

#[test]
fn keys_and_phases_are_combined_as_the_row_says() {
    let first: Story<'_> = &[(100, A, 10, false), (300, B, 40, false)];
    let second: Story<'_> = &[(300, A, 30, false), (100, B, 20, false)];
    for (over, measured, gap) in [
        ("pooled", "35 ms", "worst for account b; account: b 35 ms, a 25 ms"),
        ("mean", "30 ms", "worst for account b; account: b 30 ms, a 20 ms"),
        ("max", "40 ms", "worst for account b; account: b 40 ms, a 30 ms"),
        ("min", "20 ms", "worst for account b; account: b 20 ms, a 10 ms"),
        (
            "each",
            "40 ms",
            "worst in phase p0 for account b; account: b in p0 40 ms, a in p1 30 ms, b in p1 20 ms, a in p0 10 ms",
        ),
    ] {
        let of = format!("metric: latency.mean, {EACH}, over: {over}, target: '< 1s'");
        let (row, _) = row(&of, &[first, second]);
        let told = (row.measured.as_deref(), row.gap.as_deref());
        similar_asserts::assert_eq!(told, (Some(measured), Some(gap)), "{over}");
    }
}

#[test]
fn a_ratio_of_two_keyed_measures_goes_key_by_key() {
    check(
        &format!("ratio: [{{metric: 'errors(5xx)'}}, {{metric: requests}}], {EACH}, target: '< 50%'"),
        STORY,
        "1",
        Some("0.5 (100%) above the target; worst for account c; account: c 1, b 0.167, a 0"),
    );
    let of_all = "ratio: [{metric: requests, where: {group: {account: each}}}, {metric: requests}]";
    check(
        &format!("{of_all}, target: '< 60%'"),
        STORY,
        "0.5",
        Some("worst for account a; account: a 0.5, b 0.3, c 0.0333"),
    );
    // In the second half no response has the key a: what would be divided by is 0.
    let (early, late) = ("{window: {to: 25%}}", "{window: {from: 50%}}");
    let growth =
        format!("ratio: [{{metric: requests, where: {early}}}, {{metric: requests, where: {late}}}]");
    check_unknown(&format!("{growth}, {EACH}, target: '< 2'"), STORY, "a: what it is divided by is 0");
}

#[test]
fn a_key_without_enough_samples_leaves_the_whole_unknown() {
    let p95 = format!("metric: latency.p95, {EACH}, target: '< 1s'");
    check_unknown(&p95, STORY, "c: needs 200 samples and has 40");
}

#[test]
fn keys_without_a_request_of_that_kind_are_left_out_but_count_nothing() {
    let failed = "where: {group: {account: each}, outcome: failed}";
    check(
        &format!("metric: latency.max, {failed}"),
        STORY,
        "40 ms",
        Some("greatest for account b; account: b 40 ms, c 20 ms"),
    );
    check(
        &format!("metric: requests, {failed}"),
        STORY,
        "60",
        Some("greatest for account b; account: b 60, c 40, a 0"),
    );
    let fine: Story<'_> = &[(300, A, 10, false)];
    let no_failure = format!("metric: requests, {failed}, target: '== 0'");
    check(&no_failure, fine, "0", Some("worst for account a"));
    let fast = format!("metric: latency.max, {failed}, target: '< 1s'");
    check_unknown(&fast, fine, "nothing was measured");
}

#[test]
fn without_any_key_a_row_of_each_is_unknown() {
    let silent: Story<'_> = &[(300, None, 10, false)];
    let row = format!("metric: requests, {EACH}, target: '> 1'");
    check_unknown(&row, silent, "no response told account: see spec.classify");
}

#[test]
fn beyond_sixteen_keys_times_are_unknown_and_beyond_sixty_four_all_is() {
    let names: Vec<String> = (0..70).map(|key| format!("key-{key:02}")).collect();
    let keys = |count: usize| -> Vec<(u64, Option<&str>, u64, bool)> {
        names[..count].iter().map(|key| (20, Some(key.as_str()), 10, false)).collect()
    };
    let latency = format!("metric: latency.max, {EACH}, target: '< 1s'");
    let requests = format!("metric: requests, {EACH}, target: '>= 20'");
    assert_eq!(row(&latency, &[&keys(16)]).0.measured.as_deref(), Some("10 ms"));
    let times = "key-16: more than 16 keys of account came, and times are kept of 16: name one key";
    check_unknown(&latency, &keys(17), times);
    let gap = row(&requests, &[&keys(64)]).0.gap;
    assert!(gap.is_some_and(|gap| gap.ends_with("key-15 20 and 48 more")), "sixteen are listed");
    let many = "more keys of account came than are told apart, so that none of their counts is exact";
    check_unknown(&requests, &keys(65), many);
    check_unknown(&latency, &keys(65), many);
    // One that is named is measured whatever the others are.
    check("metric: latency.max, where: {group: {account: key-69}}", &keys(70), "10 ms", None);
}

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

#[test]
fn what_was_recorded_without_the_cut_is_unknown() {
    let plan = plan(&required("metric: requests, where: {group: {account: a}}, target: '>= 0'"));
    let load = Load::every(10_000).sends(2000, Hit { account: A, ..FINE });
    let row = judge(&plan, &measured([load]), &Circumstances::default()).requirements.remove(0);
    assert_eq!((row.tier, row.gap.as_deref()), (Tier::Unknown, Some("needs 1 sample and has 0")));
}
