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
            ": has no executor; give it one of constantUsers, rampingUsers, iterations, sharedIterations, constantRate, rampingRate, burst, batches, steps and idle",
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

const STOP: &str = "stopWhen: [{metric: error_rate, is: '> 1%'}]";

#[track_caller]
fn check_steps(steps: &str, want: &[&str]) {
    let want: Vec<String> = want.iter().map(|line| format!(".steps{line}")).collect();
    let want: Vec<&str> = want.iter().map(String::as_str).collect();
    check_load(&format!("steps: {{{steps}}}"), &want);
}

#[test]
fn a_search_has_one_form_and_what_belongs_to_it() {
    let users = "users: {from: 1, step: 1, to: 5}";
    let burst = "burst: {from: 1, step: 1, to: 5}";
    check_steps(&format!("{users}, hold: 1s, settle: 1s, {STOP}"), &[]);
    check_steps(&format!("rate: {{from: 1/s, step: 1/s, to: 5/s}}, hold: 1s, maxUsers: 5, {STOP}"), &[]);
    check_steps(&format!("{burst}, {STOP}"), &[]);
    check_steps(&format!("hold: 1s, {STOP}"), &[": needs burst, users or rate, which is what goes up"]);
    check_steps(
        &format!("{users}, {burst}, hold: 1s, {STOP}"),
        &[
            ".hold: goes with users and rate only: a burst lasts until all of it is through",
            ": has more than one of burst, users and rate; keep one",
        ],
    );
    check_steps(&format!("{users}, {STOP}"), &[": needs a hold, which is how long each level lasts"]);
    check_steps(
        &format!("{users}, hold: 1s, maxUsers: 5, {STOP}"),
        &[".maxUsers: goes with rate only: users and bursts have as many as their level says"],
    );
    check_steps(&format!("{burst}, stopWhen: []"), &[".stopWhen: is empty; give it one at least"]);
}

#[test]
fn levels_go_up_and_there_are_not_too_many() {
    for (burst, want) in [
        ("from: 5, step: 1, to: 4", &[".burst.to: is below from; give at least as much"][..]),
        ("from: 1, step: 1, to: 100", &[]),
        ("from: 1, step: 1, to: 101", &[".burst.step: makes more than 100 levels; make it larger"]),
    ] {
        check_steps(&format!("burst: {{{burst}}}, {STOP}"), want);
    }
    let rate = "rate: {from: 1/s, step: 0.001/day, to: 1000000000/s}";
    let many = ".rate.step: makes more than 100 levels; make it larger";
    check_steps(&format!("{rate}, hold: 1s, {STOP}"), &[many]);
}

#[test]
fn what_ends_a_search_is_a_figure_of_a_level() {
    let of = |metric: &str, is: &str| {
        format!("burst: {{from: 1, step: 1, to: 5}}, stopWhen: [{{metric: '{metric}', is: '{is}'}}]")
    };
    check_steps(&of("rate", "< 100/s"), &[]);
    check_steps(&of("errors(5xx)", ">= 1"), &[]);
    check_steps(&of("latency.p95", "> 100"), &[".stopWhen[0].is: \"> 100\", character…"]);
    check_steps(&of("latncy.p95", "> 1ms"), &[".stopWhen[0].metric: \"latncy.p95\", character 1: …"]);
    check_steps(&of("errors(quota)", "> 1"), &[".stopWhen[0].metric: …"]);
    check_steps(
        &of("capacity", "> 1"),
        &[".stopWhen[0].metric: is what the search finds, and can't end it; give it a figure of a level"],
    );
}

/// A row about two phases, of which the first has this load.
#[track_caller]
fn check_row(load: &str, row: &str, want: &[&str]) {
    let of = "phases: [{name: main, load: {LOAD}}, {name: other, load: {burst: {iterations: 1}}}]";
    check(&format!("{}\nrequirements: [{{id: one, {row}}}]", of.replace("LOAD", load)), want);
}

#[test]
fn a_capacity_is_required_of_phases_that_search_for_it_and_only_where_any_end_tells() {
    let users =
        "steps: {users: {from: 1, step: 1, to: 50}, hold: 1s, stopWhen: [{metric: error_rate, is: '> 1%'}]}";
    let rate = "steps: {rate: {from: 1/s, step: 1/s, to: 50/s}, hold: 1s, stopWhen: [{metric: error_rate, is: '> 1%'}]}";
    let of = |limits: &str| format!("metric: capacity, where: {{phases: [main]}}, {limits}");
    check_row(users, &of("target: '>= 50', acceptable: '> 40', critical: '< 20'"), &[]);
    check_row(rate, &of("target: '>= 3000/m'"), &[]);
    check_row(rate, &of("target: '>= 50'"), &["spec.requirements[0].target: …"]);
    let undecided = "spec.requirements[0].target: isn't decided where nothing stops the search, which then knows only that it \
                     is at least 50; require >= that or less, or raise steps' to";
    for target in [">= 51", "> 50", "< 51", "== 50", "40..50"] {
        check_row(users, &of(&format!("target: '{target}'")), &[undecided]);
    }
    check_row(
        users,
        "metric: capacity, target: '>= 5'",
        &[
            "spec.requirements[0].metric: is found by steps, and phase other has none; name the phases that have them in where.phases",
        ],
    );
    check_row(
        users,
        "ratio: [{metric: capacity}, {metric: requests}], where: {phases: [main]}",
        &[
            "spec.requirements[0].ratio[0].metric: can't be divided: where nothing stops the search, only its least is known",
        ],
    );
}

#[test]
fn a_search_has_no_max_duration() {
    let load = "steps: {burst: {from: 1, step: 1, to: 5}, stopWhen: [{metric: error_rate, is: '> 1%'}]}";
    check(
        &format!("phases: [{{name: main, maxDuration: 5m, load: {{{load}}}}}]"),
        &[
            "spec.phases[0].maxDuration: a search ends by itself; make it shorter by its hold, its step or its to",
        ],
    );
}
