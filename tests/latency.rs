//! Response times in the report, between the least and the most that they can have been by what the target saw.
//!
//! ```text
//!            written          read       delay      written          the next is read
//! target  ──────┤               ├──────────────────────┤                     ├──────
//! at least                      ├──────────────────────┤
//! at most       ├────────────────────────────────────────────────────────────┤
//! ```
//!
//! Both hold however long threads wait for a processor; the less they do, the closer they are.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use support::program::{Report, run};
use support::server::{Request, Server, response};

/// The delays, in milliseconds. 64 % are of 2 ms, 93 % of up to 10 ms: no percentile that is told lies within two
/// points of a jump.
const MILLIS: [u64; 14] = [2, 10, 2, 2, 40, 2, 10, 2, 2, 10, 2, 2, 10, 2];

/// What a bucket of the histogram may add.
const BUCKET: f64 = 1.001;

/// A timed request as the target saw it, in microseconds since the target was there.
#[derive(Clone, Copy, Debug)]
struct Seen {
    index: u64,
    /// When the response before it was written; it was sent later.
    sent_after: u64,
    read: u64,
    written: u64,
    /// When the next request on the connection was read, or its end; the response was read earlier.
    over_before: u64,
}

/// A target with those delays, and what it saw, once it has all been closed.
fn target(began: Instant) -> (Server, Arc<Mutex<Vec<Seen>>>) {
    let log = Arc::<Mutex<Vec<Seen>>>::default();
    let seen = Arc::clone(&log);
    let now = move || u64::try_from(began.elapsed().as_micros()).unwrap();
    let server = Server::start(move |mut connection| {
        let (mut sent_after, mut last) = (0, None::<Seen>);
        loop {
            let request = connection.request();
            let read = now();
            seen.lock().unwrap().extend(last.take().map(|last| Seen { over_before: read, ..last }));
            let Some(request) = request else { return };
            let timed = timed(&request);
            if let Some(index) = timed {
                std::thread::sleep(delay(index));
            }
            let written = now();
            connection.send(&response("200 OK", "", "{}"));
            last = timed.map(|index| Seen { index, sent_after, read, written, over_before: written });
            sent_after = written;
        }
    });
    (server, log)
}

/// The number of a request whose response is timed.
fn timed(request: &Request) -> Option<u64> {
    request.line().strip_prefix("GET /timed/").map(|index| index.parse().unwrap())
}

fn delay(index: u64) -> Duration {
    Duration::from_millis(MILLIS[usize::try_from(index).unwrap() % MILLIS.len()])
}

fn test(target: &str, steps: &str, load: &str) -> String {
    format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: timed}}
spec:
  target: {{baseUrl: "{target}"}}
  scenarios: [{{name: visit, steps: [{{name: timed, request: {{path: "/timed/${{index}}"}}}}{steps}]}}]
  phases: [{{name: steady, load: {{{load}}}}}]
"#
    )
}

/// Runs `load` and gives its report, and what the target saw of each of the `count` timed requests.
fn measure(began: Instant, steps: &str, load: &str, count: usize) -> (Report, Vec<Seen>) {
    let (server, log) = target(began);
    let ended = run(&test(&server.url(), steps, load), &[]);
    let report = ended.report();
    assert_eq!((report.total("failed"), report.total("dropped")), (0, 0), "{load}: {}", ended.err);
    // The last end of a connection is seen a moment after the program has ended.
    while log.lock().unwrap().len() < count {
        std::thread::yield_now();
    }
    let seen = std::mem::take(&mut *log.lock().unwrap());
    assert_eq!(report.at("/steps/0/requests").as_u64(), Some(seen.len() as u64), "{load}");
    (report, seen)
}

/// What is told at `places` lies between the same figures of what each response took at least and at most.
fn lies_between(report: &Report, places: &[&str], mut least: Vec<u64>, mut most: Vec<u64>) {
    least.sort_unstable();
    most.sort_unstable();
    for (name, quantile) in [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)] {
        is_told(report, places, name, at(&least, quantile), at(&most, quantile));
    }
    let mean = |values: &[u64]| values.iter().sum::<u64>() / values.len() as u64;
    is_told(report, places, "mean", mean(&least), mean(&most) + 1);
}

/// The value that this part of the sorted `values` reaches at most.
fn at(values: &[u64], quantile: f64) -> u64 {
    let reached =
        values.iter().enumerate().find(|(place, _)| (place + 1) as f64 >= quantile * values.len() as f64);
    *reached.unwrap().1
}

fn is_told(report: &Report, places: &[&str], name: &str, least: u64, most: u64) {
    for place in places {
        let told = report.at(&format!("{place}/latency/{name}Micros")).as_u64().unwrap();
        let fits = told >= least && told as f64 <= most as f64 * BUCKET + 1.0;
        assert!(fits, "{place} tells {name} {told} µs; the target saw {least} to {most} µs");
    }
}

#[test]
fn percentiles_of_a_closed_loop_are_those_of_the_target() {
    let load = "iterations: {users: 8, perUser: 200}";
    let (report, seen) = measure(Instant::now(), "", load, 1600);
    let least = seen.iter().map(|seen| seen.written - seen.read).collect();
    let most = seen.iter().map(|seen| seen.over_before - seen.sent_after).collect();
    lies_between(&report, &["/status/summary", "/phases/0/summary", "/steps/0"], least, most);
}

/// Each response is followed at once by another request, which tells that it was read.
#[test]
fn percentiles_of_an_open_loop_count_from_when_each_request_was_due() {
    // In this order, so that a pause between the two lengthens what is at most.
    let (began, wall) = (Instant::now(), Timestamp::now());
    let (steps, load) =
        (", {name: over, request: {path: /over}}", "constantRate: {rate: 200/s, total: 600, maxUsers: 600}");
    let (report, seen) = measure(began, steps, load, 600);
    let due = |seen: &Seen| seen.index * 5_000;
    // No request comes before it is due: none of them before the phase's start and what lies between.
    let latest_start = seen.iter().map(|seen| seen.read.saturating_sub(due(seen))).min().unwrap();
    let least = seen.iter().map(|seen| {
        let (of_target, since_due) =
            (seen.written - seen.read, seen.written.saturating_sub(latest_start + due(seen)));
        of_target.max(since_due)
    });
    let told: Timestamp = report.text("/phases/0/startedAt").parse().unwrap();
    // It is told to the millisecond.
    let earliest_start = u64::try_from(told.as_microsecond() - wall.as_microsecond() - 1_000).unwrap();
    let most = seen.iter().map(|seen| seen.over_before - (earliest_start + due(seen)));
    lies_between(&report, &["/steps/0"], least.collect(), most.collect());
}
