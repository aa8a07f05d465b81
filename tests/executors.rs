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
  scenarios: [{{name: visit, pace: 100ms, steps: [{{name: get, request: {{path: "/${{user}}/${{index}}"}}}}]}}]
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
}

#[test]
fn users_share_iterations_and_each_is_run_once() {
    let (ended, seen) = play("sharedIterations: {users: 5, total: 43}");
    each_once(&ended, &seen, 43);
    let users: BTreeSet<u64> = seen.iter().map(|seen| seen.user).collect();
    assert!(users.is_subset(&(0..5).collect()), "{users:?}");
}

#[test]
fn where_there_are_more_users_than_iterations_some_have_none() {
    let (ended, seen) = play("sharedIterations: {users: 9, total: 4}");
    each_once(&ended, &seen, 4);
}

#[test]
fn no_batch_begins_before_its_time() {
    let (ended, seen) = play("batches: {iterations: 23, batches: 4, over: 800ms, delay: 100ms}");
    each_once(&ended, &seen, 23);
    let first = |batch: u64| {
        // Of 23 in 4 the first three have 6 each.
        let own = seen.iter().filter(|seen| seen.index / 6 == batch);
        own.map(|seen| seen.at).min().unwrap()
    };
    for batch in 1..4 {
        let apart = first(batch) - first(batch - 1);
        // What was late before makes it less.
        assert!(apart > Duration::from_millis(50), "batch {batch}: {apart:?}");
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
fn users_come_and_go_in_the_order_of_their_numbers() {
    let (ended, seen) = play(
        "rampingUsers: {stages: [{users: 2, duration: 600ms, ramp: step}, {users: 6, duration: 600ms, ramp: step}, \
         {users: 1, duration: 600ms, ramp: step}]}",
    );
    let spans = |user: u64| -> (Instant, Instant) {
        let own = || seen.iter().filter(|seen| seen.user == user).map(|seen| seen.at);
        (own().min().unwrap(), own().max().unwrap())
    };
    let all: BTreeSet<u64> = seen.iter().map(|seen| seen.user).collect();
    assert_eq!(all, (0..6).collect(), "{}", ended.err);
    let ((first, last), (second, second_last)) = (spans(0), spans(1));
    for user in 2..6 {
        let (came, left) = spans(user);
        assert!(came > first && came > second, "user {user} was there from the start");
        assert!(left < last, "user {user} was there until the end");
    }
    assert!(second_last < last, "there is one user in the end");
    assert_eq!(ended.report().total("requests"), seen.len() as u64);
}
