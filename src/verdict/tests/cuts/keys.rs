//! Rows by key.

use super::*;

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

#[test]
fn what_was_recorded_without_the_cut_is_unknown() {
    let plan = plan(&required("metric: requests, where: {group: {account: a}}, target: '>= 0'"));
    let load = Load::every(10_000).sends(2000, Hit { account: A, ..FINE });
    let row = judge(&plan, &measured([load]), &Circumstances::default()).requirements.remove(0);
    assert_eq!((row.tier, row.gap.as_deref()), (Tier::Unknown, Some("needs 1 sample and has 0")));
}
