//! Response times in the report, against what a target of known delays measured itself.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use support::program::{Report, run};
use support::server::{Server, response};

/// The delays, one request after the other. 64 % are of 10 ms, 93 % of up to 50 ms: no percentile that is told lies
/// within two points of a jump.
const MILLIS: [u64; 14] = [10, 50, 10, 10, 200, 10, 50, 10, 10, 50, 10, 10, 50, 10];

/// What lies between the target's measuring and ours: two ways through the loopback, and two threads to be woken.
const TRANSPORT: f64 = 1_000.0;

/// A target with those delays, and how long each of them really took, in microseconds.
fn target() -> (Server, Arc<Mutex<Vec<u64>>>) {
    let (count, measured) = (AtomicUsize::new(0), Arc::<Mutex<Vec<u64>>>::default());
    let measuring = Arc::clone(&measured);
    let server = Server::answering(move |_| {
        let began = Instant::now();
        let place = count.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(MILLIS[place % MILLIS.len()]));
        let micros = began.elapsed().as_micros().try_into().unwrap();
        measuring.lock().unwrap().push(micros);
        response("200 OK", "", "{}")
    });
    (server, measured)
}

fn test(target: &str, load: &str) -> String {
    format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: timed}}
spec:
  target: {{baseUrl: "{target}"}}
  scenarios: [{{name: visit, steps: [{{name: get, request: {{path: /}}}}]}}]
  phases: [{{name: steady, load: {{{load}}}}}]
"#
    )
}

/// The value that `percent` of the sorted `values` reach at most.
fn quantile(values: &[u64], percent: usize) -> u64 {
    values[(values.len() * percent).div_ceil(100) - 1]
}

/// Runs `load`, and compares its response times with those of the target.
fn check(load: &str) {
    let (server, measured) = target();
    let ended = run(&test(&server.url(), load), &[]);
    let report = ended.report();
    let mut measured = std::mem::take(&mut *measured.lock().unwrap());
    measured.sort_unstable();

    assert!(measured.len() >= 500, "{load}: only {} requests", measured.len());
    assert_eq!(report.total("requests"), measured.len() as u64, "{load}: {}", ended.err);
    assert_eq!((report.total("failed"), report.total("dropped")), (0, 0), "{load}: {}", ended.err);
    let mean = measured.iter().sum::<u64>() / measured.len() as u64;
    for (name, want) in [
        ("p50", quantile(&measured, 50)),
        ("p90", quantile(&measured, 90)),
        ("p95", quantile(&measured, 95)),
        ("p99", quantile(&measured, 99)),
        ("mean", mean),
    ] {
        is_told(&report, name, want, load);
    }
}

/// Wherever `name` stands in the report, it is `want` and at most 2 % and the transport more or less.
fn is_told(report: &Report, name: &str, want: u64, load: &str) {
    let allowed = want as f64 * 0.02 + TRANSPORT;
    for place in ["/status/summary", "/phases/0/summary", "/steps/0"] {
        let told = report.at(&format!("{place}/latency/{name}Micros")).as_u64().unwrap();
        let off = told.abs_diff(want) as f64;
        assert!(off <= allowed, "{load}: {place} tells {name} {told} µs, the target measured {want} µs");
    }
}

#[test]
fn one_user_serves_a_rate_that_it_can_keep_up_with_however_many_threads_there_are() {
    let server = Server::answering(|_| response("200 OK", "", "{}"));
    let ended = run(&test(&server.url(), "constantRate: {rate: 40/s, total: 40, maxUsers: 1}"), &[]);
    let report = ended.report();
    assert_eq!((report.total("requests"), report.total("dropped")), (40, 0), "{}", ended.err);
}

#[test]
fn percentiles_of_a_closed_loop_are_those_of_the_target() {
    check("constantUsers: {users: 8, duration: 3s}");
}

#[test]
fn percentiles_of_an_open_loop_are_those_of_the_target() {
    check("constantRate: {rate: 180/s, duration: 3s}");
}
