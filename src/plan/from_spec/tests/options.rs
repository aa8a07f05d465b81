//! What a command line adds: workers, quick runs, phases left out.

use super::{check, check_with, spec};
use crate::plan::{Options, Plan};

const PHASES: &str = "
phases:
- {name: main, load: {constantUsers: {users: 500, duration: 10m, rampUp: 90s}}}
- {name: pause, load: {idle: {duration: 5m}}}
- {name: spike, load: {burst: {iterations: 50}}, maxDuration: 10m}
- {name: steady, load: {constantRate: {rate: 10/s, total: 20000}}}
- {name: loops, load: {iterations: {users: 3, perUser: 7000}}}
- {name: short, load: {constantRate: {rate: 10/s, duration: 1s}}}
- {name: flood, load: {burst: {iterations: 50000}}}
";

#[track_caller]
fn planned(options: &Options) -> Plan {
    Plan::from_spec("shop", &spec(PHASES), options).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

#[test]
fn a_quick_run_shortens_lengths_and_large_counts_and_tells_what() {
    let plan = planned(&Options { quick: Some(60), ..Options::default() });
    assert_eq!(
        plan.quick_changes,
        [
            "main: duration 10m → 10s",
            "main: rampUp 90s → 1s500ms",
            "steady: total 20000 → 333",
            "loops: perUser 7000 → 116",
            "flood: iterations 50000 → 833",
        ]
    );
    assert_eq!((plan.shortened, plan.quick), (vec![0, 3, 4, 6], Some(60)));
    let full = planned(&Options::default());
    assert!(full.shortened.is_empty() && full.quick_changes.is_empty() && full.quick.is_none());
    assert_ne!(full.hash, plan.hash);
    for index in [1, 2, 5] {
        assert_eq!(full.phases[index].executor, plan.phases[index].executor);
    }
}

#[test]
fn a_phase_is_never_shorter_than_two_seconds_nor_a_count_below_a_hundred() {
    let plan = planned(&Options { quick: Some(100_000), ..Options::default() });
    assert_eq!(plan.quick_changes[0], "main: duration 10m → 2s");
    assert_eq!(plan.quick_changes[2], "steady: total 20000 → 100");
}

#[test]
fn batches_become_fewer_and_stay_what_they_are() {
    for (batches, changes) in [
        (
            "{iterations: 750, batches: 10, over: 60s, delay: 5s}",
            &["a: iterations 750 → 375", "a: batches 10 → 5", "a: over 60s → 30s"][..],
        ),
        ("{iterations: 7, batches: 1, over: 60s}", &[]),
    ] {
        let spec = spec(&format!("phases: [{{name: a, load: {{batches: {batches}}}}}]"));
        let quick = Options { quick: Some(2), ..Options::default() };
        let plan = Plan::from_spec("shop", &spec, &quick).expect("the file is valid");
        assert_eq!(plan.quick_changes, changes, "{batches}");
    }
}

#[test]
fn a_ramp_is_never_shortened_to_nothing() {
    let ramp = "phases: [{name: a, load: {constantUsers: {users: 1, duration: 10m, rampUp: 50us}}}]";
    let quick = Options { quick: Some(60), ..Options::default() };
    let plan = Plan::from_spec("shop", &spec(ramp), &quick).expect("the file is valid");
    assert_eq!(plan.quick_changes, ["a: duration 10m → 10s", "a: rampUp 50us → 1us"]);
}

#[test]
fn what_is_wrong_with_the_full_test_is_wrong_with_the_quick_one() {
    let quick = Options { quick: Some(60), ..Options::default() };
    check_with(
        &quick,
        "phases: [{name: a, maxDuration: 1m, load: {constantUsers: {users: 1, duration: 10m}}}]",
        &["spec.phases[0].maxDuration: is shorter than the load itself; give at least 10m"],
    );
    check_with(&Options { quick: Some(0), ..Options::default() }, "", &["--quick: must be above 0"]);
}

#[test]
fn phases_that_do_not_match_are_left_out() {
    let select = |pattern: &str| Options { phases: Some(pattern.to_owned()), ..Options::default() };
    assert_eq!(planned(&select("s*")).left_out, [0, 1, 4, 6]);
    assert_eq!(planned(&select("*")).left_out, [0_usize; 0]);
    check_with(&select("spiek"), PHASES, &["--phase: there is no phase `spiek`; did you mean `spike`?"]);
}

#[test]
fn there_is_at_least_one_worker() {
    check("workers: {count: 0}", &["spec.workers.count: must be at least 1"]);
    check_with(&Options { workers: Some(0), ..Options::default() }, "", &["--workers: must be at least 1"]);
    let three = planned(&Options { workers: Some(3), ..Options::default() });
    assert_eq!(three.workers, 3);
}
