//! What users do once: setup before their first iteration, teardown when they leave.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::play::{Play, Played, play};
use crate::support::server::{Request, response};

/// Each login gives another token.
fn shop() -> impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static {
    let logins = AtomicU64::new(0);
    move |request| {
        if request.line().starts_with("POST /login") {
            let token = logins.fetch_add(1, Ordering::SeqCst);
            return response("200 OK", "", &format!("{{\"token\": \"t{token}\"}}"));
        }
        response("200 OK", "", "{}")
    }
}

const SCENARIO: &str = "scenarios:
- name: shop
  setup: [{name: login, request: {method: POST, path: \"/login?${user}\"}, extract: [{name: token, jsonPath: $.token}]}]
  steps:
  - {name: work, request: {path: \"/work?${user}\", headers: [{name: Authorization, value: \"Bearer ${token}\"}]}, extract: [{name: item, jsonPath: $.item}]}
  - {name: item, when: \"${item}\", request: {path: /item}}
  teardown: [{name: logout, request: {path: \"/logout?${user}\", headers: [{name: Authorization, value: \"Bearer ${token}\"}]}}]
";

/// What each user asked for, in its order, with the token that it had.
fn by_user(played: &Played) -> BTreeMap<String, Vec<String>> {
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for request in &played.requests {
        let (path, user) = request.line().split_once('?').unwrap();
        let token = request.header("authorization").unwrap_or_default();
        users.entry(user.to_owned()).or_default().push(format!("{path} {token}"));
    }
    users
}

/// Each user logs in, works with its own token, and logs out.
#[track_caller]
fn each_logs_in_once(load: &str, workers: &str, least: usize, users: usize) -> Played {
    let spec = format!("{SCENARIO}phases: [{{name: only, load: {{{load}}}}}]");
    let played = Play { spec: &spec, arguments: &["--workers", workers], files: &[] }.with(shop());
    let seen = by_user(&played);
    assert!(seen.len() <= users && !seen.is_empty(), "{load}: {seen:?} {}", played.ended.err);
    for (user, requests) in &seen {
        let [login, work @ .., logout] = &requests[..] else { panic!("{user}: {requests:?}") };
        let token = work[0].rsplit(' ').next().unwrap();
        assert_eq!(login, "POST /login ");
        assert!(
            work.len() >= least && work.iter().all(|one| *one == format!("GET /work Bearer {token}")),
            "{work:?}"
        );
        assert_eq!(*logout, format!("GET /logout Bearer {token}"));
    }
    played
}

#[test]
fn a_user_is_set_up_before_its_first_iteration_and_leaves_after_its_last() {
    for workers in ["1", "2"] {
        for (load, least, users) in [
            ("iterations: {users: 4, perUser: 3}", 3, 4),
            ("sharedIterations: {users: 3, total: 9}", 1, 3),
            ("constantUsers: {users: 2, duration: 500ms}", 1, 2),
            ("constantRate: {rate: 50/s, total: 20, maxUsers: 4}", 1, 4),
            ("burst: {iterations: 5}", 1, 5),
        ] {
            let played = each_logs_in_once(load, workers, least, users);
            let count = by_user(&played).len() as u64;
            assert_eq!((played.step("login", "requests"), played.step("logout", "requests")), (count, count));
            let report = played.ended.report();
            let work = played.step("work", "requests");
            assert_eq!(
                (report.total("requests"), report.total("iterations")),
                (work + 2 * count, work),
                "{load}"
            );
            assert_eq!(played.step("item", "skipped"), work, "what an iteration extracts ends with it");
        }
    }
}

/// A setup whose second request fails is begun anew with the next iteration.
#[test]
fn a_setup_that_fails_ends_the_iteration_and_is_tried_again_by_the_next_one() {
    let tries = AtomicU64::new(0);
    let played = play(
        "scenarios:
- name: shop
  setup:
  - {name: hello, request: {path: /hello}}
  - {name: login, request: {path: /login}, extract: [{name: token, jsonPath: $.token}]}
  - {name: greet, request: {path: /greet}}
  steps: [{name: work, request: {path: \"/work/${token}\"}}]
  teardown: [{name: bye, request: {path: \"/bye/${token}\"}}]
phases: [{name: only, load: {iterations: {users: 1, perUser: 4}}}]",
        move |request| match request.line() {
            "GET /login" if tries.fetch_add(1, Ordering::SeqCst) < 2 => response("503 Busy", "", "{}"),
            "GET /login" => response("200 OK", "", "{\"token\": \"a\"}"),
            _ => response("200 OK", "", "{}"),
        },
    );
    assert_eq!(
        played.lines(),
        [
            "GET /hello",
            "GET /login",
            "GET /hello",
            "GET /login",
            "GET /hello",
            "GET /login",
            "GET /greet",
            "GET /work/a",
            "GET /work/a",
            "GET /bye/a",
        ],
        "{}",
        played.ended.err
    );
    let report = played.ended.report();
    assert_eq!((report.total("iterations"), report.total("failed")), (4, 2));
}

#[test]
fn who_was_never_set_up_has_nothing_to_tear_down() {
    let played = play(
        "scenarios:
- name: shop
  setup: [{name: login, request: {path: /login}}]
  steps: [{name: work, request: {path: /work}}]
  teardown: [{name: bye, request: {path: /bye}}]
phases: [{name: only, load: {iterations: {users: 2, perUser: 2}}}]",
        |_| response("401 Unauthorized", "", "{}"),
    );
    assert_eq!(played.lines(), ["GET /login"; 4], "{}", played.ended.err);
}

/// What is drawn in a setup goes by the user, whichever worker has it.
#[test]
fn draws_of_setup_and_teardown_are_the_same_for_any_number_of_workers() {
    let spec = "seed: 5
scenarios:
- name: shop
  setup: [{name: login, request: {path: \"/login/${user}/${uuid}\"}}, {name: maybe, probability: 50%, request: {path: \"/maybe/${user}\"}}]
  steps: [{name: work, request: {path: \"/work/${index}/${random(1,1000000)}\"}}]
  teardown: [{name: bye, request: {path: \"/bye/${user}/${uuid}\"}}]
phases: [{name: only, load: {iterations: {users: 8, perUser: 2}}}]";
    let lines = |workers: &str| -> Vec<String> {
        let play = Play { spec, arguments: &["--workers", workers], files: &[] };
        let played = play.with(|_| response("200 OK", "", "{}"));
        played.sorted_lines().into_iter().map(str::to_owned).collect()
    };
    let alone = lines("1");
    assert!(alone.len() > 8 * 4 && alone.len() < 8 * 5, "{alone:?}");
    for workers in ["2", "3", "7"] {
        assert_eq!(lines(workers), alone, "{workers} workers");
    }
}
