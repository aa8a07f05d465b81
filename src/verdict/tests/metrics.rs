use super::*;
use crate::metrics::CacheHit::{Hit as CacheHitIn, Miss};

/// What `metric` measures in one phase: its text, or why there is none.
#[track_caller]
fn figure(metric: &str, load: Load) -> String {
    let mut row =
        judged(&required(&format!("metric: '{metric}', minSamples: 1")), [load]).requirements.remove(0);
    row.measured.take().or(row.gap.take()).unwrap()
}

#[track_caller]
fn check(load: impl Fn() -> Load, figures: &[(&str, &str)]) {
    for (metric, want) in figures {
        similar_asserts::assert_eq!(figure(metric, load()), *want, "{metric}");
    }
}

#[test]
fn times_are_quantiles_and_exact_sums() {
    let load = || Load::every(10_000).of(900, 20_000).of(99, 100_000).of(1, 3_000_000);
    check(
        load,
        &[
            ("latency.p50", "20 ms"),
            ("latency.p90", "20 ms"),
            ("latency.p95", "100 ms"),
            ("latency.min", "20 ms"),
            ("latency.max", "3 s"),
            ("latency.mean", "30.9 ms"),
            ("ttfb.max", "3 s"),
            ("duration", "13 s"),
        ],
    );
}

#[test]
fn service_time_begins_with_sending_where_a_plan_says_when() {
    let late = || Load::every(10_000).sends(300, Hit { lag: 4_000, micros: 20_000, ..FINE });
    check(
        late,
        &[("latency.max", "24 ms"), ("service.max", "20 ms"), ("service.p50", "20 ms"), ("lag.max", "4 ms")],
    );
    let closed = "phases: [{name: calls, load: {iterations: {users: 1, perUser: 10}}}]\n";
    let of = format!("{closed}{}", required("metric: service.max"));
    let rows = judged(&of, [Load::closed(10_000).of(10, 20_000)]).requirements;
    assert_eq!(rows[0].measured.as_deref(), Some("20 ms"));
}

#[test]
fn a_slope_is_that_of_the_means_of_the_seconds() {
    let rising = || (0..20).fold(Load::every(10_000), |load, second| load.of(100, 5_000 + second * 30));
    // Each second has one request of the second before, which ended in it.
    check(rising, &[("latency.slope", "1.8 ms/m")]);
    let falling = || (0..20).fold(Load::every(10_000), |load, second| load.of(100, 9_000 - second * 5));
    check(falling, &[("latency.slope", "-300 us/m")]);
    check(|| Load::steady(5_000), &[("latency.slope", "0 us/m")]);
}

#[test]
fn a_slope_needs_ten_seconds() {
    let row = |seconds: u64, with: &str| {
        let target = format!("metric: latency.slope{with}, target: '< 0.1ms/m'");
        judged(&required(&target), [Load::every(10_000).of(seconds * 100, 5_000)]).requirements.remove(0)
    };
    assert_eq!(row(9, "").gap.as_deref(), Some("needs 10 samples and has 9"));
    assert_eq!(row(10, "").measured.as_deref(), Some("0 us/m"));
    assert_eq!(row(2, ", minSamples: 2").measured.as_deref(), Some("0 us/m"));
    assert_eq!(row(1, ", minSamples: 1").gap.as_deref(), Some("needs 2 samples and has 1"));
}

#[test]
fn counts_and_rates_are_of_the_steady_part() {
    let load = || Load::every(10_000).sends(100, Hit { part: Part::RampUp, ..FINE }).of(1901, 50_000);
    check(
        load,
        &[
            ("requests", "1,901"),
            ("iterations", "1,901"),
            ("dropped", "0"),
            ("rate", "99.8/s"),
            ("rate.iterations", "99.8/s"),
            ("rate.peak", "100/s"),
            ("bytes.sent", "190 kB"),
            ("bytes.received", "1.9 MB"),
        ],
    );
}

#[test]
fn the_sustained_rate_is_the_least_over_ten_seconds() {
    let load = || Load::every(10_000).of(1000, 5_000).with(|_| ()).of(1, 5_000);
    // 20 s were planned; in the second half nothing came.
    check(load, &[("rate.sustained", "0.1/s")]);
    let steady = || Load::steady(5_000);
    check(steady, &[("rate.sustained", "100/s"), ("rate.peak", "100/s")]);
}

#[test]
fn rates_by_the_second_begin_after_the_ramp() {
    let ramp = "phases: [{name: grow, load: {constantUsers: {users: 10, duration: 15s, rampUp: 4500ms}}}]\n";
    let after = |metric: &str| {
        let rising = Load::closed(2_000).sends(2250, Hit { part: Part::RampUp, micros: 1_000, ..FINE });
        let load = rising.paced(10_000).of(1050, 1_000);
        judged(&format!("{ramp}{}", required(metric)), [load]).requirements.remove(0).measured.unwrap()
    };
    assert_eq!(after("metric: rate.peak"), "100/s");
    assert_eq!(after("metric: rate.sustained"), "100/s");
}

#[test]
fn a_rate_over_less_than_a_second_says_so() {
    let burst = |metric: &str| {
        let parts =
            format!("phases: [{{name: all, load: {{burst: {{iterations: 100}}}}}}]\n{}", required(metric));
        let row = judged(&parts, [Load::every(0).of(100, 400_000)]).requirements.remove(0);
        (row.measured.unwrap(), row.gap.unwrap())
    };
    let told = ("250/s".to_owned(), "over 400 ms, which is shorter than a second".to_owned());
    assert_eq!(burst("metric: rate"), told);
    assert_eq!(burst("metric: rate.peak"), told);
}

#[test]
fn users_and_requests_in_flight_are_the_most_in_any_second() {
    let load = || {
        Load::every(10_000).of(10, 1_000).with(|recorder| {
            (0..7).for_each(|_| recorder.user_started(SECOND));
            (0..5).for_each(|_| recorder.request_sent(SECOND));
        })
    };
    check(load, &[("users.max", "7"), ("inflight.max", "5")]);
}

#[test]
fn errors_go_by_declared_name_code_family_and_kind() {
    let load = || {
        (Load::every(10_000).of(974, 50_000))
            .failing(10, ErrorClass::Status(503))
            .failing(5, ErrorClass::Status(500))
            .failing(4, ErrorClass::Status(404))
            .failing(3, ErrorClass::Timeout)
            .failing(2, ErrorClass::Check)
            .failing(2, ErrorClass::Declared(0))
    };
    check(
        load,
        &[
            ("error_rate", "2.6%"),
            ("success_rate", "97.4%"),
            ("errors(503)", "10"),
            ("errors(5xx)", "15"),
            ("errors(4xx)", "4"),
            ("errors(timeout)", "3"),
            ("errors(check)", "2"),
            ("errors(quota)", "2"),
            ("errors(reset)", "0"),
            ("status(200)", "974"),
            ("status(503)", "10"),
            ("status(5xx)", "15"),
            ("status(201)", "0"),
        ],
    );
}

#[test]
fn more_statuses_than_are_told_apart_leave_each_count_unknown() {
    let load =
        || (500..570).fold(Load::every(10_000), |load, code| load.failing(3, ErrorClass::Status(code)));
    check(
        load,
        &[
            (
                "errors(500)",
                "more kinds of errors came than are told apart, so that none of their counts is exact",
            ),
            ("status(500)", "more statuses came than are told apart, so that none of their counts is exact"),
            ("error_rate", "100%"),
        ],
    );
}

#[test]
fn hits_are_a_share_of_what_said_hit_or_miss() {
    let cached = |cache| Hit { cache: Some(cache), ..FINE };
    let load = || {
        (Load::every(10_000).of(100, 50_000))
            .sends(60, cached(CacheHitIn(Some("L1"))))
            .sends(30, cached(CacheHitIn(Some("L2"))))
            .sends(110, cached(Miss))
    };
    check(
        load,
        &[
            ("cache.hit_rate", "45%"),
            ("cache.hit_rate(layer=L1)", "30%"),
            ("cache.hit_rate(layer=L3)", "0%"),
            ("cache.hits", "90"),
            ("cache.misses", "110"),
        ],
    );
    let silent = "no response told hit or miss: see spec.classify";
    check(
        || Load::steady(50_000),
        &[("cache.hit_rate", silent), ("cache.hits", silent), ("cache.misses", silent)],
    );
}

#[test]
fn groups_count_responses_by_key() {
    let load = || {
        let of = |load: Load, count, account| load.sends(count, Hit { account, ..FINE });
        of(of(of(Load::every(10_000), 30, Some("a")), 10, Some("b")), 60, None)
    };
    check(
        load,
        &[
            ("count(account=a)", "30"),
            ("count(account=never)", "0"),
            ("share(account=a)", "75%"),
            ("share.max(account)", "75%"),
            ("keys(account)", "2"),
            ("spread(account)", "0.5"),
        ],
    );
}

#[test]
fn a_key_never_seen_counts_nothing_only_where_the_group_was_seen() {
    let silent = "no response told account: see spec.classify";
    let unclassified =
        [("count(account=a)", silent), ("share(account=a)", silent), ("spread(account)", silent)];
    check(|| Load::steady(50_000), &unclassified);
    check(|| Load::every(10_000).failing(300, ErrorClass::Connect), &unclassified);
    check(
        || Load::steady(50_000).sends(1, Hit { account: Some("b"), ..FINE }),
        &[("count(account=a)", "0"), ("share(account=a)", "0%")],
    );
}

/// What is measured of the requests that ended in one way.
#[track_caller]
fn check_outcome(outcome: &str, load: impl Fn() -> Load, figures: &[(&str, &str)]) {
    for (metric, want) in figures {
        let row = required(&format!("metric: '{metric}', where: {{outcome: {outcome}}}"));
        let mut row = judged(&row, [load()]).requirements.remove(0);
        let told = row.measured.take().or(row.gap.take());
        similar_asserts::assert_eq!(told.as_deref(), Some(*want), "{metric}");
    }
}

#[test]
fn that_nothing_ended_in_one_way_is_known_by_what_ended_in_the_other() {
    let hit = Hit { account: Some("a"), cache: Some(Miss), ..FINE };
    check_outcome(
        "failed",
        || Load::every(10_000).sends(1000, hit),
        &[
            ("requests", "0"),
            ("rate", "0/s"),
            ("status(500)", "0"),
            ("bytes.received", "0 B"),
            ("count(account=a)", "0"),
            ("cache.misses", "0"),
            ("cache.hit_rate", "no response told hit or miss: see spec.classify"),
            ("latency.max", "nothing was measured"),
        ],
    );
    check_outcome(
        "succeeded",
        || Load::every(10_000).failing(1000, ErrorClass::Connect),
        &[("requests", "0"), ("status(200)", "0")],
    );
    check_outcome("failed", || Load::every(10_000), &[("requests", "needs 1 sample and has 0")]);
}

#[test]
fn more_keys_than_are_told_apart_leave_each_count_unknown() {
    let load = || {
        let keys = (0..70).map(|key| format!("key-{key}"));
        keys.fold(Load::every(10_000), |load, key| load.sends(3, Hit { account: Some(&key), ..FINE }))
    };
    let many = "more keys of account came than are told apart, so that none of their counts is exact";
    check(load, &[("count(account=key-1)", many), ("share.max(account)", many), ("keys(account)", many)]);
}

#[test]
fn declared_values_have_their_unit() {
    let load = || {
        let waited = |millis| Hit { waited: Some(millis), ..FINE };
        Load::every(10_000).sends(99, waited(1.5)).sends(1, waited(250.0))
    };
    check(
        load,
        &[("value(waited).p50", "1.5 ms"), ("value(waited).max", "250 ms"), ("value(waited).sum", "399 ms")],
    );
    check(|| Load::steady(50_000), &[("value(waited).max", "no response told waited: see spec.classify")]);
}
