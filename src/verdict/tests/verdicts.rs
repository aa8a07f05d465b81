use super::*;
use crate::metrics::Lapse;
use crate::verdict::Verdict::{self, Fail, Inconclusive, Pass, Warning};

/// The p95 of `Load::steady(ms)` is `ms` within 0.1 %.
const BELOW_100: &str = "metric: latency.p95, target: '< 100ms'";
const TIERED: &str = "metric: latency.p95, target: '< 100ms', acceptable: '< 200ms', critical: '> 500ms'";

#[track_caller]
fn check(parts: &str, loads: impl IntoIterator<Item = Load>, verdict: Verdict, message: &str) {
    check_with(&Options::default(), &Circumstances::default(), parts, loads, verdict, message);
}

#[track_caller]
fn check_with(
    options: &Options,
    circumstances: &Circumstances,
    parts: &str,
    loads: impl IntoIterator<Item = Load>,
    verdict: Verdict,
    message: &str,
) {
    let judgement = judge(&plan_with(options, parts), &measured(loads), circumstances);
    similar_asserts::assert_eq!(
        (judgement.verdict, judgement.message.as_str()),
        (verdict, message),
        "{parts}"
    );
    assert_eq!(judgement.gate_closed, matches!(verdict, Fail | Inconclusive), "{parts}");
}

/// Two phases with an expectation on the second, which is `with`.
fn spike(with: &str, expectation: &str) -> String {
    format!(
        "phases:
- {{name: steady, load: {{constantRate: {{rate: 100/s, duration: 20s}}}}}}
- {{name: spike, {with} load: {{constantRate: {{rate: 100/s, duration: 20s}}}}, expect: [{{{expectation}}}]}}"
    )
}

#[test]
fn a_row_with_only_a_target_passes_or_fails() {
    let of = required(BELOW_100);
    check(&of, [Load::steady(50 * MILLI)], Pass, "score 100 (Excellent): 1 of 1 requirements met");
    check(&of, [Load::steady(112 * MILLI)], Fail, "R1 latency.p95 = 112 ms, target < 100 ms");
}

#[test]
fn a_row_with_tiers_warns_until_it_is_critical() {
    let scoring = "scoring: {pass: 1, warning: 0}";
    let of = format!("{}\n{scoring}", required(TIERED));
    check(&of, [Load::steady(50 * MILLI)], Pass, "score 100 (Excellent): 1 of 1 requirements met");
    check(&of, [Load::steady(150 * MILLI)], Warning, "R1 latency.p95 = 150 ms, target < 100 ms");
    check(&of, [Load::steady(300 * MILLI)], Warning, "R1 latency.p95 = 300 ms, acceptable < 200 ms");
    check(&of, [Load::steady(600 * MILLI)], Fail, "R1 latency.p95 = 600 ms, critical > 500 ms");
}

#[test]
fn a_must_fails_when_it_is_missed_beyond_acceptable() {
    let of = format!("{}\nscoring: {{pass: 1, warning: 0}}", required(&format!("{TIERED}, must: true")));
    check(&of, [Load::steady(150 * MILLI)], Warning, "R1 latency.p95 = 150 ms, target < 100 ms (must)");
    check(&of, [Load::steady(300 * MILLI)], Fail, "R1 latency.p95 = 300 ms, acceptable < 200 ms (must)");
}

#[test]
fn the_score_decides_where_no_row_does() {
    let of = |pass: u32, warning: u32| {
        format!("{}\nscoring: {{pass: {pass}, warning: {warning}}}", required(TIERED))
    };
    check(&of(90, 60), [Load::steady(300 * MILLI)], Fail, "score 0 is below 60 (scoring.warning)");
    check(&of(90, 0), [Load::steady(50 * MILLI)], Pass, "score 100 (Excellent): 1 of 1 requirements met");
    let two = "requirements:
- {id: R1, metric: latency.p95, target: '< 100ms'}
- {id: R2, metric: latency.max, weight: 0, target: '< 10ms', acceptable: '< 20ms'}";
    check(two, [Load::steady(50 * MILLI)], Warning, "R2 latency.max = 50 ms, acceptable < 20 ms");
}

#[test]
fn an_uncritical_phase_only_warns() {
    let loads = || [Load::steady(50 * MILLI), Load::steady(150 * MILLI)];
    check(&spike("", BELOW_100), loads(), Fail, "phase spike: latency.p95 = 150 ms, target < 100 ms");
    let uncritical = spike("critical: false,", BELOW_100);
    check(&uncritical, loads(), Warning, "phase spike: latency.p95 = 150 ms, target < 100 ms");
    let each = "requirements: [{id: R1, metric: latency.p95, over: each, target: '< 100ms'}]";
    let message = "R1 latency.p95 in spike = 150 ms, target < 100 ms";
    check(&format!("{each}\n{}", spike("", BELOW_100)), loads(), Fail, &format!("{message}; and 1 more"));
    check(&format!("{each}\n{uncritical}"), loads(), Warning, &format!("{message}; and 1 more"));
}

#[test]
fn a_phase_that_is_not_judged_decides_but_is_not_scored() {
    let of = spike("judge: false,", BELOW_100);
    let loads = || [Load::steady(50 * MILLI), Load::steady(150 * MILLI)];
    check(&of, loads(), Fail, "phase spike: latency.p95 = 150 ms, target < 100 ms");
    assert_eq!(judged(&of, loads()).score, None);
    let both = format!("{of}\n{}", required(BELOW_100));
    assert_eq!(judged(&both, loads()).score, Some(100.0));
}

#[test]
fn nothing_required_is_never_a_pass() {
    let nothing = "nothing is required: give the test spec.requirements or phases with expect";
    check("requirements: []", [Load::steady(50 * MILLI)], Inconclusive, nothing);
    let shown = required("metric: latency.p95");
    let no_limit = "nothing is required: no row has a target or a critical limit";
    check(&shown, [Load::steady(50 * MILLI)], Inconclusive, no_limit);
}

#[test]
fn what_is_not_known_is_never_a_pass_but_a_proven_miss_fails_beside_it() {
    let cache = "metric: cache.hit_rate, target: '> 50%'";
    let unknown = "R1 cache.hit_rate is unknown: no response told hit or miss: see spec.classify";
    check(&required(cache), [Load::steady(50 * MILLI)], Inconclusive, unknown);
    let few = "R1 latency.p95 is unknown: needs 200 samples and has 100";
    check(&required(BELOW_100), [Load::every(10 * MILLI).of(100, 50 * MILLI)], Inconclusive, few);
    let both = format!("requirements: [{{id: R1, {cache}}}, {{id: R2, {BELOW_100}}}]");
    check(&both, [Load::steady(50 * MILLI)], Inconclusive, unknown);
    check(&both, [Load::steady(150 * MILLI)], Fail, "R2 latency.p95 = 150 ms, target < 100 ms");
}

#[test]
fn a_low_score_fails_only_when_no_unknown_row_could_lift_it() {
    let of = |weight: u32| {
        format!(
            "requirements: [{{id: R1, weight: {weight}, metric: cache.hit_rate, target: '> 50%'}}, {{id: R2, {TIERED}}}]"
        )
    };
    let unknown = "R1 cache.hit_rate is unknown: no response told hit or miss: see spec.classify";
    check(&of(9), [Load::steady(300 * MILLI)], Inconclusive, unknown);
    check(&of(1), [Load::steady(300 * MILLI)], Fail, "score 0 is below 70 (scoring.warning)");
}

#[test]
fn an_unknown_row_can_lift_a_score_that_uncritical_misses_lowered() {
    let phases = "phases:
- {name: steady, load: {constantRate: {rate: 100/s, duration: 20s}}}
- {name: extra, critical: false, load: {constantRate: {rate: 100/s, duration: 20s}}, expect: [{metric: rate, target: '> 1/s'}]}";
    let of = format!(
        "{phases}\nscoring: {{pass: 90, warning: 60}}\nrequirements: [{{id: R1, metric: cache.hit_rate, target: '> 50%'}}, \
         {{id: R2, {TIERED}, where: {{phases: [steady]}}}}]"
    );
    let unknown = "R1 cache.hit_rate is unknown: no response told hit or miss: see spec.classify";
    check(&of, [Load::steady(300 * MILLI), Load::steady(50 * MILLI)], Inconclusive, unknown);
}

#[test]
fn the_gravest_row_is_named_first_and_the_others_are_counted() {
    let target = "metric: latency.p95, target: '< 100ms'";
    let critical = "metric: latency.max, target: '< 100ms', critical: '> 120ms'";
    let of = |rows: &[&str]| format!("requirements: [{}]", rows.join(", "));
    let (plain, must) = (format!("{{id: R1, {target}}}"), format!("{{id: R2, {target}, must: true}}"));
    let beyond = format!("{{id: R3, {critical}}}");
    let slow = || [Load::steady(150 * MILLI)];
    check(&of(&[&plain, &must]), slow(), Fail, "R2 latency.p95 = 150 ms, target < 100 ms (must); and 1 more");
    let message = "R3 latency.max = 150 ms, critical > 120 ms; and 2 more";
    check(&of(&[&plain, &must, &beyond]), slow(), Fail, message);
}

#[test]
fn doubts_about_the_run_win_over_a_failed_row() {
    let slow = || [Load::steady(150 * MILLI)];
    let of = required(BELOW_100);
    let with = |circumstances: Circumstances, message: &str| {
        check_with(&Options::default(), &circumstances, &of, slow(), Inconclusive, message);
    };
    let nothing = Circumstances::default;
    with(Circumstances { aborted: Some("Ctrl-C".to_owned()), ..nothing() }, "the run was aborted: Ctrl-C");
    with(
        Circumstances { failed: Some("worker 0 failed: it panicked".to_owned()), ..nothing() },
        "the run couldn't go on: worker 0 failed: it panicked",
    );
    with(
        Circumstances { workers_lost: 1, ..nothing() },
        "1 of 1 workers were lost, and with them what they measured last",
    );
    let because = Some("worker 0: OOMKilled (exit code 137)".to_owned());
    with(
        Circumstances { workers_lost: 1, lost_because: because, ..nothing() },
        "1 of 1 workers were lost, and with them what they measured last (worker 0: OOMKilled (exit code 137))",
    );
    let refused = Circumstances { not_started: Some("preflight failed".to_owned()), ..nothing() };
    with(refused, "the load never began: preflight failed");
}

#[test]
fn lost_data_is_never_a_pass() {
    let of = required(BELOW_100);
    let steady = || Load::steady(50 * MILLI);
    let cut = |recorder: &mut Recorder| {
        recorder.scheduled(3);
        (0..3).for_each(|_| recorder.iteration_started(Part::Steady, 0, None));
        (0..3).for_each(|_| recorder.iteration_cut());
    };
    for (load, message) in [
        (Load::never(), "phase steady never ran"),
        (steady().ending(None), "phase steady lost data: 0 of 1 workers told of its end"),
        (steady().ending(Some(PhaseEnd::Aborted)), "phase steady was aborted"),
        (
            steady().with(cut).ending(Some(PhaseEnd::Deadline)),
            "phase steady was cut off after 50 s with 3 iterations unfinished: set spec.phases[0].maxDuration",
        ),
        (steady().with(Recorder::request_cut), "phase steady lost data: 1 requests were cut off in flight"),
        (
            steady().with(|recorder| recorder.scheduled(2)),
            "phase steady lost data: of 2002 iterations due, 2000 were started, 0 dropped, 2000 completed and 0 cut, \
             which doesn't add up",
        ),
        (
            steady().with(|recorder| {
                recorder.scheduled(1);
                recorder.iteration_started(Part::Steady, 0, None);
            }),
            "phase steady lost data: of 2001 iterations due, 2001 were started, 0 dropped, 2000 completed and 0 cut, \
             which doesn't add up",
        ),
    ] {
        check(&of, [load], Inconclusive, message);
    }
    check(
        &of,
        [steady().ending(Some(PhaseEnd::Deadline))],
        Pass,
        "score 100 (Excellent): 1 of 1 requirements met",
    );
    let workers = format!("{of}\nworkers: {{count: 3}}");
    check(&workers, [steady()], Inconclusive, "phase steady lost data: 1 of 3 workers told of its end");
}

#[test]
fn a_load_with_a_token_that_had_expired_is_never_a_pass() {
    let target = "target: {baseUrl: 'http://shop', auth: {oauth2: {tokenUrl: 'http://idp/token?key=x', clientId: a, \
                  clientSecret: {value: b}}}}";
    let of = |phases: &str| format!("{}\n{target}\n{phases}", required(BELOW_100));
    let lapsed = |load: Load| {
        let why = "it answered with status 503".to_owned();
        load.with(|recorder| recorder.state_mut().lapse = Some(Lapse { micros: 2 * SECOND, why }))
    };
    check(
        &of(""),
        [lapsed(Load::steady(50 * MILLI))],
        Inconclusive,
        "phase steady was sent for 2 s with an access token that had expired, as the token endpoint \
         http://idp/token?key=(left out) of spec.target.auth.oauth2 gave no other one: it answered with status 503",
    );
    let idle = "phases: [{name: steady, load: {constantRate: {rate: 100/s, duration: 20s}}}, {name: rest, load: {idle: {duration: 5s}}}]";
    let loads = [Load::steady(50 * MILLI), lapsed(Load::every(SECOND))];
    check(&of(idle), loads, Pass, "score 100 (Excellent): 1 of 1 requirements met");
}

#[test]
fn the_message_tells_of_a_maximum_that_the_spec_sets() {
    let of = "phases: [{name: calls, maxDuration: 2s, load: {iterations: {users: 1, perUser: 10}}}]";
    let load = Load::every(SECOND).of(2, MILLI).ending(Some(PhaseEnd::Deadline));
    let message =
        "phase calls was cut off after 2 s with 8 iterations unfinished: raise spec.phases[0].maxDuration";
    check(of, [load], Inconclusive, message);
}

#[test]
fn an_unsound_generator_wins_over_a_failed_row() {
    let late = Load::every(10 * MILLI).sends(2000, Hit { lag: 40 * MILLI, micros: 150 * MILLI, ..FINE });
    let message = "the load generator was not sound in phase steady: 2,000 of 2,000 iterations began more than 19 ms \
                   late, up to 40 ms, in 21 of 21 seconds: raise workers.count or give the workers more CPU";
    check(&required(BELOW_100), [late], Inconclusive, message);
}

#[test]
fn a_partial_run_is_judged_by_what_it_ran() {
    let only = |pattern: &str| Options { phases: Some(pattern.to_owned()), ..Options::default() };
    let nothing = Circumstances::default();
    let of = format!("{}\n{}", required(BELOW_100), spike("", BELOW_100));
    let loads = |micros| [Load::never(), Load::steady(micros)];
    let passed = "score 100 (Excellent): 1 of 1 requirements met, 1 not run";
    check_with(&only("spike"), &nothing, &of, loads(50 * MILLI), Pass, passed);
    let failed = "phase spike: latency.p95 = 150 ms, target < 100 ms";
    check_with(&only("spike"), &nothing, &of, loads(150 * MILLI), Fail, failed);
    let none = "no requirement was judged: a quick or partial run left out all of them";
    let loads = [Load::steady(50 * MILLI), Load::never()];
    check_with(&only("steady"), &nothing, &of, loads, Inconclusive, none);
}

#[test]
fn the_gate_closes_for_a_warning_where_it_should() {
    let of = |gate: &str| format!("{}\nscoring: {{pass: 1, warning: 0}}\n{gate}", required(TIERED));
    let warned = |gate: &str| judged(&of(gate), [Load::steady(150 * MILLI)]);
    assert_eq!((warned("").verdict, warned("").gate_closed), (Warning, false));
    let closed = warned("gate: {failOn: Warning}");
    assert!(closed.gate_closed);
    assert_eq!(
        closed.message,
        format!("{}; the gate is closed by spec.gate.failOn: Warning", warned("").message)
    );
    assert!(!judged(&of("gate: {failOn: Warning}"), [Load::steady(50 * MILLI)]).gate_closed);
}

#[test]
fn a_phase_has_a_verdict_of_its_own() {
    let verdicts = |of: &str, loads: [Load; 2]| -> Vec<_> {
        judged(of, loads).phases.iter().map(|phase| phase.verdict).collect()
    };
    let steady = || Load::steady(50 * MILLI);
    assert_eq!(verdicts(&spike("", BELOW_100), [steady(), steady()]), [None, Some(Pass)]);
    assert_eq!(verdicts(&spike("", BELOW_100), [steady(), Load::steady(150 * MILLI)]), [None, Some(Fail)]);
    assert_eq!(verdicts(&spike("", BELOW_100), [steady(), Load::never()]), [None, None]);
    assert_eq!(
        verdicts(&spike("", BELOW_100), [steady().ending(None), steady()]),
        [Some(Inconclusive), Some(Pass)]
    );
}
