//! What a right spec becomes.

use std::time::Duration;

use super::plan;
use crate::plan::executor::Burst;
use crate::plan::model::Check;

#[test]
fn the_smallest_spec_has_every_default() {
    let plan = plan("");
    assert_eq!((plan.title.as_str(), plan.workers, plan.seed, plan.hash.len()), ("shop", 1, 0, 32));
    let target = &plan.target;
    assert_eq!((target.host.as_str(), target.port, target.authority.as_str()), ("shop", 8080, "shop:8080"));
    assert_eq!((target.timeout.as_secs(), target.connect_timeout.as_secs()), (30, 5));
    assert_eq!((plan.scoring.pass, plan.scoring.warning), (90, 70));
    let grades: Vec<_> = plan.scoring.grades.iter().map(|(name, from)| format!("{name} {from}")).collect();
    assert_eq!(grades, ["Excellent 95", "Good 85", "Acceptable 70", "Needs Work 0"]);
    let phase = &plan.phases[0];
    assert_eq!((phase.title.as_str(), phase.judge, phase.critical), ("main", true, true));
    assert_eq!((phase.executor.clone(), &phase.scenarios), (Burst { iterations: 10 }.into(), &vec![0]));
    assert!(matches!(plan.steps[0].checks[..], [Check::BelowFourHundred]));
    assert_eq!((plan.steps[0].probability_ppm, plan.scenarios[0].weight), (1_000_000, 1));
}

#[test]
fn the_base_url_is_taken_apart() {
    for (url, want) in [
        ("http://shop", ("shop", 80, "shop", "")),
        ("http://shop:80/", ("shop", 80, "shop", "")),
        ("http://shop:8080/api/v1/", ("shop", 8080, "shop:8080", "/api/v1")),
        ("http://10.0.0.1:9", ("10.0.0.1", 9, "10.0.0.1:9", "")),
        ("http://[::1]:9/x", ("::1", 9, "[::1]:9", "/x")),
    ] {
        let target = plan(&format!("target: {{baseUrl: '{url}'}}")).target;
        let found = (target.host.as_str(), target.port, target.authority.as_str(), target.base_path.as_str());
        assert_eq!(found, want);
    }
}

#[test]
fn a_deadline_is_the_planned_end_and_a_graceful_stop_or_the_longest_iteration() {
    for (load, want) in [
        ("constantUsers: {users: 5, duration: 2m, rampUp: 30s}", 150),
        ("constantRate: {rate: 10/s, duration: 1m}", 90),
        ("constantRate: {rate: 10/s, total: 100}", 40),
        ("idle: {duration: 7s}", 7),
        ("burst: {iterations: 10}", 3 * 13),
        ("iterations: {users: 2, perUser: 4}", 15 + 3 * 13 * 4),
        ("iterations: {users: 2, perUser: 100}", 3600),
    ] {
        let plan = plan(&format!(
            "
target: {{baseUrl: 'http://shop', timeout: 8s, connectTimeout: 2s}}
scenarios:
- name: a
  pace: 30s
  steps:
  - {{name: a, request: {{path: /}}, think: 3s}}
  - {{name: b, request: {{path: /}}, think: 1s..3s}}
  - {{name: c, request: {{path: /}}, think: 3s}}
phases: [{{name: main, load: {{{load}}}}}]"
        ));
        assert_eq!(plan.phases[0].deadline, Duration::from_secs(want), "{load}");
    }
}
