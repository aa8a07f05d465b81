//! Faults of phases.

use super::{check, plan};

#[test]
fn a_phase_runs_scenarios_that_exist() {
    check(
        "
phases:
- {name: p, scenarios: [brwose, browse, browse], load: {burst: {iterations: 1}}}",
        &[
            "spec.phases[0].scenarios[0]: there is no scenario `brwose`; did you mean `browse`?",
            "spec.phases[0].scenarios[2]: is listed twice; a scenario's weight says how often it runs",
        ],
    );
    check("scenarios: []", &["spec.phases[0].scenarios: there is none to run; give the test spec.scenarios"]);
    check("phases: []", &["spec.phases: is empty; a test has at least one phase"]);
    check(
        "scenarios: [{name: a, steps: []}]",
        &["spec.scenarios[0].steps: is empty; a scenario has at least one step"],
    );
}

#[test]
fn weights_of_a_phase_add_up_above_zero() {
    let scenarios = "
scenarios:
- {name: a, weight: 0, steps: [{name: s, request: {path: /}}]}
- {name: b, steps: [{name: s, request: {path: /}}]}";
    check(&format!("{scenarios}\nphases: [{{name: p, load: {{burst: {{iterations: 1}}}}}}]"), &[]);
    check(
        &format!("{scenarios}\nphases: [{{name: p, scenarios: [a], load: {{burst: {{iterations: 1}}}}}}]"),
        &["spec.phases[0].scenarios: the weights of its scenarios add up to 0; give one of them more"],
    );
}

#[test]
fn an_idle_phase_sends_nothing() {
    check(
        "
phases:
- {name: p, load: {burst: {iterations: 1}}}
- {name: i, scenarios: [browse], pace: 1s, load: {idle: {duration: 1s}}, expect: [{metric: requests}]}",
        &[
            "spec.phases[1].scenarios: an idle phase sends nothing; leave it out",
            "spec.phases[1].pace: an idle phase has no iterations; leave it out",
            "spec.phases[1].expect: an idle phase sends nothing that could be measured; leave it out",
        ],
    );
    let plan = plan("{scenarios: [], phases: [{name: i, load: {idle: {duration: 1s}}}]}");
    assert!(plan.phases[0].scenarios.is_empty());
}

#[test]
fn paces_and_longest_durations_make_sense() {
    check(
        "
scenarios: [{name: browse, pace: 0s, steps: [{name: home, request: {path: /}}]}]
phases:
- {name: a, pace: x, maxDuration: 0s, load: {burst: {iterations: 1}}}
- {name: b, maxDuration: 59s, load: {constantUsers: {users: 1, duration: 1m}}}
- {name: c, maxDuration: 1s, load: {constantRate: {rate: 10/s, total: 11}}}
- {name: d, maxDuration: 1s, load: {burst: {iterations: 11}}}",
        &[
            "spec.scenarios[0].pace: must be above 0, found 0s",
            "spec.phases[0].pace: \"x\", character 1: …",
            "spec.phases[0].maxDuration: must be above 0, found 0s",
            "spec.phases[1].maxDuration: is shorter than the load itself; give at least 1m",
            "spec.phases[2].maxDuration: is shorter than the load itself; give at least 1s100ms",
        ],
    );
}

#[test]
fn a_pace_stands_only_where_it_can_be_kept() {
    let phase = |load: &str| format!("phases: [{{name: p, pace: 1s, load: {{{load}}}}}]");
    check(
        &phase("constantRate: {rate: 10/s, duration: 1s}"),
        &["spec.phases[0].pace: the rate says when iterations begin; leave it out"],
    );
    check(
        &phase("burst: {iterations: 1}"),
        &["spec.phases[0].pace: a burst begins all its iterations at once; leave it out"],
    );
    check(&phase("constantUsers: {users: 1, duration: 1s}"), &[]);
    check(&phase("iterations: {users: 1, perUser: 1}"), &[]);
    // That of a scenario is for the phases that have closed loops.
    let scenario = "scenarios: [{name: browse, pace: 1s, steps: [{name: home, request: {path: /}}]}]";
    check(&format!("{scenario}\nphases: [{{name: p, load: {{burst: {{iterations: 1}}}}}}]"), &[]);
}

/// A scenario of one step that may take 1 s to connect and 1 s to be answered, with a pause, and a phase of it.
fn paced(step: &str, pace: &str, phase: &str) -> String {
    format!(
        "target: {{baseUrl: 'http://shop', timeout: 1s, connectTimeout: 1s}}
scenarios: [{{name: browse, pace: {pace}, steps: [{{name: home, request: {{path: /}}{step}}}]}}]
phases: [{{name: p, {phase}}}]"
    )
}

#[test]
fn the_last_user_has_time_for_its_last_iteration() {
    for (step, pace, load, millis) in [
        // User 99 begins at 2970 ms and may take 2 s, and 400 ms of thinking.
        (", think: 400ms", "3s", "iterations: {users: 100, perUser: 1}", 2_970 + 2_400),
        (", think: 400ms", "3s", "iterations: {users: 100, perUser: 3}", 2_970 + 2 * 3_000 + 2_400),
        ("", "1s", "iterations: {users: 2, perUser: 3}", 500 + 3 * 2_000),
        ("", "1s", "burst: {iterations: 5}", 2_000),
        ("", "1s", "constantUsers: {users: 2, duration: 10s}", 40_000),
        ("", "1s", "iterations: {users: 2, perUser: 3000}", 3_600_000),
    ] {
        let plan = plan(&paced(step, pace, &format!("load: {{{load}}}")));
        assert_eq!(plan.phases[0].deadline.as_millis(), millis, "{load}");
    }
}

#[test]
fn iterations_are_through_before_they_are_cut_off() {
    let of = |count: u64, with: &str| format!("{with}load: {{iterations: {{users: 2, perUser: {count}}}}}");
    let needed = |least: &str| {
        format!(
            "spec.phases[0].maxDuration: is needed: the load takes at least {least}, and a phase without it is cut \
             off after 1h"
        )
    };
    check(&paced("", "3s", &of(2_000, "")), &[&needed("1h39m58s500ms")]);
    check(&paced(", think: 2s..9s", "1s", &of(2_000, "")), &[&needed("1h6m38s500ms")]);
    check(&paced(", think: 2s, probability: 50%", "1s", &of(2_000, "")), &[]);
    check(&paced("", "3s", &of(1_200, "")), &[]);
    check(&paced("", "3s", &of(2_000, "maxDuration: 2h, ")), &[]);
    check(
        &paced("", "3s", &of(3, "maxDuration: 7s, ")),
        &["spec.phases[0].maxDuration: is shorter than the load itself; give at least 7s500ms"],
    );
}
