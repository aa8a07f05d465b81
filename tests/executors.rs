//! Executors through the program and its workers: each iteration that is planned is begun once, when it is due.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use support::program::{Ended, run};
use support::server::{Server, response};

/// A request as the target saw it: which user, which iteration of the phase, and when.
struct Seen {
    user: u64,
    index: u64,
    at: Instant,
}

/// Runs a phase of this load on two workers.
fn play(load: &str) -> (Ended, Vec<Seen>) {
    play_scenarios(
        r#"[{name: visit, pace: 100ms, steps: [{name: get, request: {path: "/${user}/${index}"}}]}]"#,
        load,
    )
}

fn play_scenarios(scenarios: &str, load: &str) -> (Ended, Vec<Seen>) {
    let seen = Arc::<Mutex<Vec<Seen>>>::default();
    let log = Arc::clone(&seen);
    let server = Server::start(move |mut connection| {
        while let Some(request) = connection.request() {
            let line = request.line();
            let numbers: Vec<u64> = line.split('/').filter_map(|part| part.parse().ok()).collect();
            // Whether the target can be reached is asked without a number.
            if let [user, index] = numbers[..] {
                log.lock().unwrap().push(Seen { user, index, at: Instant::now() });
            }
            connection.send(&response("200 OK", "", "{}"));
        }
    });
    let test = format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: executors}}
spec:
  target: {{baseUrl: "{}"}}
  scenarios: {scenarios}
  phases: [{{name: only, load: {{{load}}}}}]
"#,
        server.url()
    );
    let ended = run(&test, &["--workers", "2"]);
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    (ended, seen)
}

/// That each of `total` iterations was begun once, and counted.
#[track_caller]
fn each_once(ended: &Ended, seen: &[Seen], total: u64) {
    let indices: BTreeSet<u64> = seen.iter().map(|seen| seen.index).collect();
    assert_eq!(seen.len() as u64, total, "{}", ended.err);
    assert_eq!(indices, (0..total).collect(), "{}", ended.err);
    assert_eq!(ended.report().total("requests"), total);
    assert_eq!(ended.report().total("iterations"), total);
    let series = ended.report().at("/series/0/points").as_array().unwrap().clone();
    let by_second = |name: &str| series.iter().map(|point| point[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((by_second("iterations"), by_second("requests")), (total, total), "second by second");
    // The first may be due a second after the phase has begun.
    let (last, lasted) = (series.last().unwrap()["second"].as_u64(), "/phases/0/summary/durationMillis");
    let lasted = ended.report().at(lasted).as_u64().unwrap();
    assert!(last.is_some_and(|last| 1000 * last <= lasted + 1000), "{last:?} of {lasted} ms");
}

#[test]
fn users_share_iterations_and_each_is_run_once() {
    let (ended, seen) = play("sharedIterations: {users: 5, total: 43}");
    each_once(&ended, &seen, 43);
    let users: BTreeSet<u64> = seen.iter().map(|seen| seen.user).collect();
    assert_eq!(users, (0..5).collect(), "each has its turn: {}", ended.err);
}

#[test]
fn where_there_are_more_users_than_iterations_some_have_none() {
    let (ended, seen) = play("sharedIterations: {users: 9, total: 4}");
    each_once(&ended, &seen, 4);
}

#[test]
fn no_batch_begins_before_its_time() {
    let began = Instant::now();
    let (ended, seen) = play("batches: {iterations: 23, batches: 4, over: 2s, delay: 500ms}");
    each_once(&ended, &seen, 23);
    for Seen { index, at, .. } in &seen {
        // Of 23 in 4 the first three have 6 each.
        let due = Duration::from_millis(500 + 500 * (index / 6));
        assert!(*at >= began + due, "iteration {index} came {:?} after the program began", *at - began);
    }
}

#[test]
fn a_rate_that_rises_begins_as_many_as_the_area_below_it() {
    let (ended, seen) = play(
        "rampingRate: {stages: [{rate: 60/s, duration: 1s}, {rate: 60/s, duration: 500ms}, {rate: 0/s, duration: 500ms}]}",
    );
    each_once(&ended, &seen, 30 + 30 + 15);
}

#[test]
fn what_comes_at_random_is_begun_once_each_and_counted_as_it_was_due() {
    let (ended, seen) = play("constantRate: {rate: 40/s, duration: 2s, arrivals: poisson}");
    let total = seen.len() as u64;
    // About 80: chance alone makes as few as 40, or as many as 120, of none of a million seeds, and this is one of them.
    assert!((40..120).contains(&total), "{total}: {}", ended.err);
    each_once(&ended, &seen, total);
}

#[test]
fn users_are_there_in_the_stages_that_have_so_many() {
    let began = Instant::now();
    let (ended, seen) = play(
        "rampingUsers: {stages: [{users: 2, duration: 1s, ramp: step}, {users: 6, duration: 2s}, \
         {users: 1, duration: 1s, ramp: step}, {users: 3, duration: 2s, ramp: step}]}",
    );
    let first = |user: u64, later: Duration| {
        let own = || seen.iter().filter(|seen| seen.user == user && seen.at >= began + later);
        own()
            .map(|seen| seen.at - began)
            .min()
            .unwrap_or_else(|| panic!("user {user} isn't there: {}", ended.err))
    };
    // However slow the machine is, nobody comes before its time; each comes, and who went comes again.
    for (user, millis) in [(0, 0), (1, 0), (2, 1_000), (3, 1_500), (4, 2_000), (5, 2_500)] {
        assert!(first(user, Duration::ZERO) >= Duration::from_millis(millis), "user {user}");
    }
    for user in [1, 2] {
        first(user, Duration::from_secs(4));
    }
    let asked = ended.report().total("requests");
    assert_eq!((asked, ended.report().total("failed")), (seen.len() as u64, 0));
}

/// A user with a pace is waited for although the next iteration has none, and is never late by what went before.
#[test]
fn the_pace_of_the_iteration_that_has_ended_is_kept() {
    let (ended, seen) = play_scenarios(
        r#"[{name: paced, pace: 300ms, steps: [{name: get, request: {path: "/${user}/${index}"}}]},
            {name: free, weight: 3, steps: [{name: wait, think: 200ms, request: {path: "/${user}/${index}"}}]}]"#,
        "iterations: {users: 4, perUser: 12}",
    );
    each_once(&ended, &seen, 48);
    // All of it takes some seconds, and no machine stands still for so long.
    let lag = ended.report().at("/status/generator/lagP99Micros").as_u64().unwrap();
    assert!(lag < 1_000_000, "{lag} µs: {}", ended.err);
}
