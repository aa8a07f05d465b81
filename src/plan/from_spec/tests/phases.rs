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
