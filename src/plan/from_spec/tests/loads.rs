//! Faults of executors.

use super::{check, plan};

#[track_caller]
fn check_load(load: &str, want: &[&str]) {
    let want: Vec<String> = want.iter().map(|line| format!("spec.phases[0].load{line}")).collect();
    let want: Vec<&str> = want.iter().map(String::as_str).collect();
    check(&format!("phases: [{{name: main, load: {{{load}}}}}]"), &want);
}

#[test]
fn a_phase_has_one_executor() {
    check_load(
        "",
        &[
            ": has no executor; give it one of constantUsers, rampingUsers, iterations, sharedIterations, constantRate, rampingRate, burst, batches and idle",
        ],
    );
    check_load(
        "burst: {iterations: 1}, constantRate: {rate: 0/s, total: 1}",
        &[
            ".constantRate.rate: must be above 0, found 0/s",
            ": has 2 executors: `constantRate` and `burst`; keep one",
        ],
    );
}

#[test]
fn rates_lengths_and_counts_are_above_zero() {
    check_load(
        "constantUsers: {users: 0, duration: 0s}",
        &[".constantUsers.users: must be above 0", ".constantUsers.duration: must be above 0, found 0s"],
    );
    check_load(
        "iterations: {users: 0, perUser: 0}",
        &[".iterations.users: must be above 0", ".iterations.perUser: must be above 0"],
    );
    check_load(
        "constantRate: {rate: 0/m, total: 0, maxUsers: 0}",
        &[
            ".constantRate.rate: must be above 0, found 0/m",
            ".constantRate.maxUsers: must be above 0",
            ".constantRate.total: must be above 0",
        ],
    );
    check_load("burst: {iterations: 0}", &[".burst.iterations: must be above 0"]);
    check_load("idle: {duration: 0s}", &[".idle.duration: must be above 0, found 0s"]);
}

#[test]
fn a_rate_goes_on_for_a_time_or_a_number() {
    check_load("constantRate: {rate: 1/s}", &[".constantRate: needs a duration or a total"]);
    check_load(
        "constantRate: {rate: 1/s, duration: 1s, total: 1}",
        &[".constantRate: has both duration and total; keep one"],
    );
    check_load(
        "constantRate: {rate: fast, duration: soon}",
        &[".constantRate.rate: \"fast\", character 1: …", ".constantRate.duration: \"soon\", character 1: …"],
    );
}

#[test]
fn a_total_is_through_within_a_year() {
    check_load(
        "constantRate: {rate: 0.001/day, total: 1000000000000}",
        &[
            ".constantRate.total: at 0.001/day so many take longer than 366 days (8784h); make it smaller, or raise \
           the rate",
        ],
    );
    check_load("constantRate: {rate: 1/day, total: 366}", &[]);
    check_load("constantRate: {rate: 1/day, total: 367}", &[".constantRate.total: at 1/day so many…"]);
}

#[test]
fn a_duration_and_a_total_say_the_same() {
    for (load, total, millis) in [
        ("rate: 10/s, duration: 2s", 20, 2000),
        ("rate: 10/s, total: 20", 20, 2000),
        ("rate: 3/s, duration: 1.1s", 4, 1100),
        ("rate: 1/m, duration: 90s", 2, 90_000),
    ] {
        let plan = plan(&format!("phases: [{{name: main, load: {{constantRate: {{{load}}}}}}}]"));
        let executor = &plan.phases[0].executor;
        let length = executor.planned_length().map(|length| length.as_millis());
        let told = (executor.total_iterations(), length, executor.users());
        assert_eq!(told, (Some(total), Some(millis), 1000), "{load}");
    }
}

#[test]
fn the_ramp_lies_inside_the_duration() {
    check_load(
        "constantUsers: {users: 1, duration: 10s, rampUp: 10s}",
        &[".constantUsers.rampUp: lies inside the duration (10s); make it shorter than that"],
    );
    check_load("constantUsers: {users: 1, duration: 10s, rampUp: 9s}", &[]);
}
