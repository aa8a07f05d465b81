use super::*;
use crate::verdict::{Finding, Severity, put_together};

const TWO_STEPS: &str = "scenarios: [{name: shop, steps: \
    [{name: list, request: {path: /list}}, {name: buy, request: {path: /buy}}]}]\n";

fn found(parts: &str, loads: impl IntoIterator<Item = Load>) -> Vec<Finding> {
    judged(parts, loads).findings
}

/// Rule, severity and issue of each finding.
#[track_caller]
fn check(parts: &str, loads: impl IntoIterator<Item = Load>, want: &[(&str, Severity, &str)]) {
    let found = found(parts, loads);
    let told: Vec<_> = (found.iter())
        .map(|finding| (finding.rule.as_str(), finding.severity, finding.issue.as_str()))
        .collect();
    similar_asserts::assert_eq!(told, want, "{parts}");
}

fn levels(rates: [u32; 3]) -> String {
    let phase = |rate: u32| {
        format!("- {{name: at-{rate}, load: {{constantRate: {{rate: {rate}/s, duration: 20s}}}}}}\n")
    };
    format!("phases:\n{}", rates.map(phase).concat())
}

#[test]
fn healthy_figures_are_silent() {
    check("{}", [Load::steady(20_000)], &[]);
    check(&levels([100, 200, 400]), [20_000, 22_000, 30_000].map(Load::steady), &[]);
    check("{}", [Load::never()], &[]);
    check("{}", [Load::every(10_000).of(2000, 20_000).failing(5, ErrorClass::Timeout)], &[]);
}

#[test]
fn a_knee_is_where_response_times_jump() {
    let issue = "Response times rise 6.0-fold between 200/s (phase at-200) and 400/s (phase at-400)";
    let loads = || [20_000, 25_000, 150_000].map(Load::steady);
    check(&levels([100, 200, 400]), loads(), &[("latency-knee", Severity::High, issue)]);
    let evidence = &found(&levels([100, 200, 400]), loads())[0].evidence;
    assert_eq!(
        evidence,
        "p95 25 ms at 200/s (phase at-200) (99.9/s completed), p95 150 ms at 400/s (phase at-400) (99.3/s completed)"
    );
}

#[test]
fn small_or_thinly_measured_rises_are_no_knee() {
    check(&levels([100, 200, 400]), [1_000, 2_000, 8_000].map(Load::steady), &[]);
    check(&levels([100, 200, 2000]), [20_000, 25_000, 60_000].map(Load::steady), &[]);
    let few = [20_000, 25_000, 150_000].map(|micros| Load::every(10_000).of(199, micros));
    check(&levels([100, 200, 400]), few, &[]);
}

#[test]
fn a_knee_shows_within_a_ramp() {
    let ramp = "phases: [{name: grow, load: {constantUsers: {users: 100, duration: 20s, rampUp: 8s}}}]";
    let rising = |load: Load, micros| {
        let hit = Hit { part: Part::RampUp, micros, ..FINE };
        load.with(|recorder| (0..25).for_each(|_| recorder.user_started(0))).sends(250, hit)
    };
    let load = [20_000, 20_000, 20_000, 90_000].into_iter().fold(Load::every(8_000), rising);
    let found = found(ramp, [load.of(1000, 90_000)]);
    assert_eq!(found.iter().map(|finding| finding.rule.as_str()).collect::<Vec<_>>(), ["latency-knee"]);
}

#[test]
fn failures_at_once_are_a_burst() {
    let load = Load::every(10_000).of(1000, 20_000).failing(80, ErrorClass::Status(503)).of(920, 20_000);
    check(
        "{}",
        [load],
        &[(
            "error-burst",
            Severity::High,
            "Failures came in a burst in phase steady: 80 of 80 fell into 2 of 21 seconds (from 10 s to 11 s)",
        )],
    );
}

#[test]
fn failures_of_one_kind_are_told_by_class() {
    let spread = |load: Load, _| load.of(90, 20_000).failing(10, ErrorClass::Declared(0));
    let load = (0..20).fold(Load::every(10_000), spread);
    check(
        "{}",
        [load],
        &[("error-burst", Severity::Critical, "Failures in phase steady are of one kind: quota")],
    );
    let mixed = |load: Load, _| {
        load.of(90, 20_000).failing(5, ErrorClass::Timeout).failing(5, ErrorClass::Status(500))
    };
    check("{}", [(0..20).fold(Load::every(10_000), mixed)], &[]);
}

fn accounts(counts: [u64; 3]) -> Load {
    let keys = ["a", "b", "c"].into_iter().zip(counts);
    keys.fold(Load::every(10_000), |load, (key, count)| {
        load.sends(count, Hit { account: Some(key), micros: 20_000, ..FINE })
    })
}

#[test]
fn a_key_with_far_more_than_its_share_is_an_imbalance() {
    let issue = "account a gets 2.1 times its even share in phase steady";
    check("{}", [accounts([700, 150, 150])], &[("imbalance", Severity::Medium, issue)]);
    let issue = "account b gets 1.6 times its even share in phase steady";
    check("{}", [accounts([230, 540, 230])], &[("imbalance", Severity::Low, issue)]);
    check("{}", [accounts([400, 300, 300])], &[]);
    check("{}", [accounts([20, 5, 5])], &[]);
}

fn steps(list: u64, buy: u64, count: u64) -> Load {
    let load = Load::every(10_000).of(count, list);
    load.sends(count, Hit { step: 1, micros: buy, ..FINE })
}

#[test]
fn a_step_that_takes_most_of_the_time_is_dominant() {
    let issue = "Step shop.buy takes 90% of the time that an iteration waits";
    check(TWO_STEPS, [steps(20_000, 180_000, 500)], &[("dominant-step", Severity::Medium, issue)]);
    check(TWO_STEPS, [steps(50_000, 100_000, 500)], &[]);
    check(TWO_STEPS, [steps(200, 5_000, 500)], &[]);
    check(TWO_STEPS, [steps(20_000, 180_000, 50)], &[]);
}

#[test]
fn a_slow_step_is_not_the_tail_of_a_fast_one() {
    check(
        TWO_STEPS,
        [steps(4_000, 90_000, 1000)],
        &[(
            "dominant-step",
            Severity::Medium,
            "Step shop.buy takes 95.7% of the time that an iteration waits",
        )],
    );
}

#[test]
fn a_tail_many_times_as_long_as_usual_is_told_once() {
    let tail = |slow| Load::every(10_000).of(1960, 10_000).of(40, slow);
    let issue = "The slowest 1% of shop.list take 8.0 times the usual time in phase steady";
    check("{}", [tail(80_000)], &[("tail-amplification", Severity::Low, issue)]);
    check("{}", [tail(40_000)], &[]);
    check("{}", [Load::every(10_000).of(950, 10_000).of(40, 80_000)], &[]);
    let two =
        "phases: [{name: a, load: {burst: {iterations: 1}}}, {name: b, load: {burst: {iterations: 1}}}]";
    let issue = "The slowest 1% of shop.list take 20.0 times the usual time in phase b; also in a";
    check(two, [tail(80_000), tail(200_000)], &[("tail-amplification", Severity::Medium, issue)]);
}

#[test]
fn the_gravest_come_first_and_no_more_than_eight() {
    let phases: String = (0..12)
        .map(|n| format!("- {{name: p{n}, load: {{burst: {{iterations: 1}}}}}}"))
        .collect::<Vec<_>>()
        .join("\n");
    let load = |n| {
        let failed = if n == 7 { 900 } else { 20 };
        (0..20).fold(Load::every(10_000), |load, _| load.of(100, 20_000)).failing(failed, ErrorClass::Timeout)
    };
    let found = found(&format!("phases:\n{phases}"), (0..12).map(load));
    assert_eq!((found.len(), found[0].severity), (8, Severity::Critical));
    assert!(found.is_sorted_by(|one, other| one.severity >= other.severity));
}

/// What fails and what is slow beyond the breaking point was looked for.
#[test]
fn a_search_for_the_breaking_point_shows_no_flaw() {
    let steps = "rate: {from: 100/s, step: 100/s, to: 200/s}, hold: 20s, stopWhen: [{metric: error_rate, is: '> 1%'}]";
    let searching = plan(&format!("{TWO_STEPS}phases: [{{name: search, load: {{steps: {{{steps}}}}}}}]"));
    let failing = || {
        let tail = Load::every(10_000).of(1_950, 20_000).of(50, 900_000);
        tail.failing(400, ErrorClass::Status(503)).aggregate()
    };
    let level = |started| PhaseAggregate { started_micros: Some(started), ..failing() };
    let found =
        |plan: &Plan, aggregate: &Aggregate| judge(plan, aggregate, &Circumstances::default()).findings.len();
    assert_eq!(found(&searching, &put_together(&searching, vec![level(0), level(25 * SECOND)])), 0);
    let plain = plan(&format!(
        "{TWO_STEPS}{}",
        "phases: [{name: plain, load: {constantRate: {rate: 100/s, duration: 20s}}}]"
    ));
    assert!(
        found(&plain, &put_together(&plain, vec![level(0)])) >= 3,
        "the same in a phase that doesn't search"
    );
}
