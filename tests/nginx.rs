//! What is reported, against the access log of nginx: equal to the last request, for each executor and any number of workers.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use std::collections::BTreeMap;

use support::nginx::{self, Line};
use support::program::{Report, Statuses, run};

const WORKERS: [&str; 4] = ["1", "2", "3", "7"];

const USERS: &str =
    "{name: users, pace: 25ms, load: {constantUsers: {users: 22, duration: 1200ms, rampUp: 400ms}}}";
const ITERATIONS: &str = "{name: iterations, load: {iterations: {users: 13, perUser: 23}}}";
const RATE: &str = "{name: rate, load: {constantRate: {rate: 310/s, duration: 1s, maxUsers: 310}}}";
const BURST: &str = "{name: burst, load: {burst: {iterations: 211}}}";
const IDLE: &str = "{name: idle, load: {idle: {duration: 100ms}}}";

/// How many iterations the phases above are to run, where their executor knows.
const PLANNED: [(&str, u64); 3] = [("iterations", 13 * 23), ("rate", 310), ("burst", 211)];

/// Two scenarios that between them hit every location, some of them from several steps, some rarely.
fn test(target: &str, phases: &[&str]) -> String {
    let phases = phases.join(", ");
    format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: counted}}
spec:
  seed: 11
  target:
    baseUrl: "{target}"
    preflight: [{{request: {{path: /ok}}}}, {{request: {{path: /created, method: POST}}, checks: [{{status: [201]}}]}}]
  scenarios:
  - name: browse
    weight: 3
    steps:
    - {{name: look, request: {{path: /ok}}, checks: [{{status: [200]}}, {{jsonPath: $.id, equals: 17}}]}}
    - {{name: gone, probability: 40%, request: {{path: /missing}}, checks: [{{status: [404]}}]}}
    - {{name: note, probability: 25%, request: {{path: /created, method: POST, json: {{by: "${{user}}"}}}}}}
  - name: buy
    weight: 1
    steps:
    - {{name: order, request: {{path: /created, method: POST, text: "number ${{index}}"}}, checks: [{{status: [201]}}]}}
    - {{name: broken, probability: 30%, request: {{path: /error}}}}
    - {{name: again, probability: 50%, request: {{path: /ok, headers: [{{name: X-Draw, value: "${{random(1,9)}}"}}]}}}}
  classify:
    cache: {{header: X-Cache, hit: [HIT], miss: [MISS]}}
    groups: [{{name: account, header: X-Account}}]
  phases: [{phases}]
"#
    )
}

/// Runs `phases` with each number of workers, and compares each report with the log. Gives the counts of each run;
/// none where there is no nginx.
fn check(phases: &[&str]) -> Vec<Statuses> {
    let mut counts = Vec::new();
    for workers in WORKERS {
        let Some(nginx) = nginx::start() else { return counts };
        let ended = run(&test(&nginx.url(), phases), &["--workers", workers]);
        let report = ended.report();
        let (preflight, load): (Vec<Line>, Vec<Line>) =
            nginx.log().into_iter().partition(|line| line.user_agent.ends_with(" preflight"));
        let about = format!("{phases:?} with {workers} workers: {}", ended.err);

        assert_eq!(tally(&preflight, |line| &line.seen).into_values().collect::<Vec<_>>(), [1, 1], "{about}");
        assert_eq!(report.statuses(), tally(&load, |line| &line.seen), "{about}");
        has_the_totals_of(&report, &load, &about);
        ran_as_planned(&report, &about);
        counts.push(report.statuses());
    }
    counts
}

fn tally(lines: &[Line], key: impl Fn(&Line) -> &String) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(key(line).clone()).or_default() += 1;
    }
    counts
}

fn has_the_totals_of(report: &Report, load: &[Line], about: &str) {
    let logged = |part: &str| load.iter().filter(|line| line.seen.ends_with(part)).count() as u64;
    assert_eq!(report.total("requests"), load.len() as u64, "{about}");
    assert_eq!(report.total("cut"), 0, "{about}");
    // A 404 is what its step checks for; nobody asked for the 500.
    assert_eq!(report.total("failed"), logged(" 500"), "{about}");
    assert_eq!(report.errors(), BTreeMap::from([("500".to_owned(), logged(" 500"))]), "{about}");

    let caches = tally(load, |line| &line.cache);
    let (hits, misses) = (caches["HIT"], caches["MISS"]);
    let ppm = hits.saturating_mul(1_000_000).saturating_add((hits + misses).div_euclid(2)) / (hits + misses);
    assert_eq!(report.total("cacheHitPpm"), ppm, "{about}");
    let mut accounts = tally(load, |line| &line.account);
    accounts.remove("-");
    assert_eq!(report.keys(), accounts, "{about}");
}

fn ran_as_planned(report: &Report, about: &str) {
    assert_eq!(report.total("dropped"), 0, "{about}");
    let mut sum = 0;
    for phase in report.at("/phases").as_array().unwrap() {
        let (name, summary) = (phase["name"].as_str().unwrap(), &phase["summary"]);
        let iterations = summary["iterations"].as_u64().unwrap();
        if let Some((_, planned)) = PLANNED.iter().find(|(planned, _)| *planned == name) {
            assert_eq!(iterations, *planned, "{name}: {about}");
        }
        assert_eq!(phase["end"], "completed", "{name}: {about}");
        sum += iterations;
    }
    assert_eq!(report.total("iterations"), sum, "{about}");
}

/// Draws are seeded by their place in the plan: who sends a request changes nothing.
fn are_alike(counts: &[Statuses]) {
    for others in counts.windows(2) {
        assert_eq!(others[0], others[1]);
    }
}

#[test]
fn counts_of_constant_users_equal_the_log() {
    check(&[USERS]);
}

#[test]
fn counts_of_iterations_equal_the_log_and_are_the_same_for_any_number_of_workers() {
    are_alike(&check(&[ITERATIONS]));
}

#[test]
fn counts_of_a_constant_rate_equal_the_log_and_are_the_same_for_any_number_of_workers() {
    are_alike(&check(&[RATE]));
}

#[test]
fn counts_of_a_burst_equal_the_log_and_are_the_same_for_any_number_of_workers() {
    are_alike(&check(&[BURST]));
}

#[test]
fn counts_of_all_executors_in_one_run_equal_the_log() {
    check(&[USERS, ITERATIONS, IDLE, RATE, BURST]);
}
