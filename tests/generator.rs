//! A load generator that lacks something says so itself, and its run is Inconclusive: what it measured tells of it.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::Signal;
use support::faketime;
use support::program::{Ended, Run};
use support::quota::Quota;
use support::server::{Server, response};

/// With a tenth of a CPU even the beginning takes a while.
const LIMIT: Duration = Duration::from_mins(2);

/// Four users who ask again as soon as they are answered: there is no CPU that they don't use.
const WITHOUT_PAUSE: &str = "constantUsers: {users: 4, duration: 3s}";

fn test(url: &str, load: &str) -> String {
    format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: generator}}
spec:
  target: {{baseUrl: "{url}"}}
  scenarios: [{{name: visit, steps: [{{name: get, request: {{path: /}}}}]}}]
  phases: [{{name: steady, load: {{{load}}}}}]
  requirements: [{{id: errors, metric: error_rate, target: "< 1%", must: true}}]
"#
    )
}

/// A target that answers at once, and tells of each request.
fn target() -> (Server, Receiver<()>) {
    let (tell, told) = channel();
    let server = Server::answering(move |_| {
        // Nobody listens any more when the first one has come.
        let _ = tell.send(());
        response("200 OK", "", "{}")
    });
    (server, told)
}

/// The run is Inconclusive, and says all of `words` in one of its reasons and in its message.
#[track_caller]
fn says(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.code, Some(2), "{}{}", ended.out, ended.err);
    let report = ended.report();
    assert_eq!(report.text("/status/verdict"), "Inconclusive");
    assert_eq!(report.at("/status/generator/healthy"), false);
    let message = report.text("/status/message");
    assert!(words.iter().all(|word| message.contains(word)), "{words:?} isn't in: {message}");
    assert!(reasons(ended).iter().any(|reason| words.iter().all(|word| reason.contains(word))), "{message}");
}

/// What it says of its generator.
fn reasons(ended: &Ended) -> Vec<String> {
    let reasons = ended.report().0.pointer("/status/generator/reasons").cloned().unwrap_or_default();
    serde_json::from_value(reasons).unwrap_or_default()
}

#[test]
fn a_generator_with_a_tenth_of_a_cpu_was_throttled_and_is_not_believed() {
    let Some(quota) = Quota::of_percent(10) else { return };
    let (server, told) = target();
    let running = Run::new(&test(&server.url(), WITHOUT_PAUSE), &[]).within(&quota).start();
    told.recv_timeout(LIMIT).unwrap();
    assert_eq!(shards(running.id()), 1, "a thread for each CPU of the quota");
    let ended = running.wait(LIMIT);
    says(
        &ended,
        &["CPU was throttled for", "at its limit of 0.1 CPUs", "raise workers.resources.limits.cpu"],
    );
}

#[test]
fn a_generator_that_needs_less_than_its_quota_was_not_throttled() {
    let Some(quota) = Quota::of_percent(90) else { return };
    let (server, _told) = target();
    let load = "constantRate: {rate: 5/s, duration: 2s}";
    let ended = Run::new(&test(&server.url(), load), &[]).within(&quota).start().wait(LIMIT);
    // Whatever else is wrong with it on a busy machine.
    let of_its_cpu = reasons(&ended).into_iter().filter(|reason| reason.contains("CPUs"));
    assert_eq!(of_its_cpu.collect::<Vec<_>>(), [""; 0]);
    assert_eq!(ended.report().total("requests") + ended.report().total("dropped"), 10, "{}", ended.err);
}

/// The threads of a process that generate load.
fn shards(process: u32) -> usize {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let names = threads.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("comm")));
    names.filter(|name| name.as_ref().is_ok_and(|name| name.starts_with("load-"))).count()
}

#[test]
fn users_for_whom_there_is_no_room_are_told_before_any_load() {
    let (server, _told) = target();
    let few = |load: &str| Run::new(&test(&server.url(), load), &[]).open_files(100).start().wait(LIMIT);
    let files = ["200 users at once need", "this process may have 100", "(ulimit -n "];
    // More than there are ports at all.
    let ports = ["70,000 users at once connect to one address", "net.ipv4.ip_local_port_range"];
    for (load, words) in [
        ("burst: {iterations: 200}", &files[..]),
        ("constantRate: {rate: 1/s, duration: 1s, maxUsers: 200}", &files),
        ("burst: {iterations: 70000}", &ports),
    ] {
        let ended = few(load);
        assert_eq!(ended.code, Some(4), "{load}: {}", ended.err);
        let message = ended.report().text("/status/message").to_owned();
        assert!(message.starts_with("the load never began: "), "{message}");
        for word in words {
            assert!(
                ended.err.contains(word) && message.contains(word),
                "{load}: {word:?} isn't in {message}"
            );
        }
    }
    assert_eq!(server.accepted(), 3, "it was only looked whether the target can be reached");
}

#[test]
fn a_clock_that_is_set_amid_a_phase_is_told() {
    let said = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(said.path(), "+0").unwrap();
    let file = ("FAKETIME_TIMESTAMP_FILE", said.path().to_str().unwrap());
    let Some(clock) = faketime::clock(file) else { return };
    let (server, told) = target();
    let run = Run::new(&test(&server.url(), "constantRate: {rate: 10/s, duration: 3s}"), &[]);
    let run = clock.iter().fold(run, |run, (name, value)| run.env(name, value));
    let running = run.start();
    // It has begun, and is at most a moment on.
    told.recv_timeout(LIMIT).unwrap();
    std::fs::write(said.path(), "+3600").unwrap();
    let ended = running.wait(LIMIT);
    assert_eq!(ended.code, Some(2), "{}{}", ended.out, ended.err);
    let told = |reason: &String| reason.contains("the time of day of a worker went forward by 1 h");
    assert!(reasons(&ended).iter().any(told), "{:?}", reasons(&ended));
}

/// How many iterations were dropped for each reason: together all that were, and with those that were begun all that were
/// due.
#[track_caller]
fn dropped(ended: &Ended, scheduled: u64) -> BTreeMap<String, u64> {
    let report = ended.report();
    let by = report.at("/status/summary/droppedBy").as_array().unwrap().iter();
    let by: BTreeMap<_, _> = by
        .map(|drop| (drop["reason"].as_str().unwrap().to_owned(), drop["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(by.values().sum::<u64>(), report.total("dropped"), "{by:?}");
    assert_eq!(report.total("iterations") + report.total("dropped"), scheduled, "{by:?}");
    by
}

#[test]
fn iterations_that_a_generator_comes_to_late_are_told_as_that() {
    let (server, told) = target();
    let load = "constantRate: {rate: 400/s, duration: 3s, maxUsers: 1}";
    let running = Run::new(&test(&server.url(), load), &[]).start();
    told.recv_timeout(LIMIT).unwrap();
    running.signal(Signal::STOP);
    // There is no event to wait for: it is that nothing happens.
    std::thread::sleep(Duration::from_secs(1));
    running.signal(Signal::CONT);
    let ended = running.wait(LIMIT);
    let by = dropped(&ended, 1200);
    // Four hundred were due by then, and they wait for 5 ms for the only user.
    assert!(by.get("late").is_some_and(|late| *late > 200), "{by:?}");
    assert!(ended.out.contains("begun too late, and no user was free any more"), "{}", ended.out);
    assert_eq!(ended.code, Some(2), "{}", ended.err);
}

/// How many iterations of a rate are dropped when the generator stands still for 30 ms, five times: 60 come due each time.
fn dropped_by_standstills() -> u64 {
    let (server, told) = target();
    let load = "constantRate: {rate: 2000/s, duration: 2s, maxUsers: 40}";
    let running = Run::new(&test(&server.url(), load), &[]).start();
    for _ in 0..5 {
        // All that it sent before are told of by now, so that the next one told of is a new one.
        told.try_iter().for_each(drop);
        told.recv_timeout(LIMIT).unwrap();
        running.signal(Signal::STOP);
        // There is no event to wait for: it is that nothing happens.
        std::thread::sleep(Duration::from_millis(30));
        running.signal(Signal::CONT);
    }
    let ended = running.wait(LIMIT);
    dropped(&ended, 4000).values().sum()
}

#[test]
fn what_comes_due_while_the_generator_stands_still_for_a_moment_is_made_up_for() {
    // Those that don't wait are a hundred at least, always. A machine that is busy keeps users from being free again.
    let mut seen = Vec::new();
    let is_made_up_for = (0..5).any(|_| {
        seen.push(dropped_by_standstills());
        seen.last().is_some_and(|dropped| *dropped < 50)
    });
    assert!(is_made_up_for, "{seen:?}");
}

#[test]
fn iterations_that_a_target_leaves_no_user_for_are_told_as_that() {
    let server = Server::start(|mut connection| connection.wait_for_its_end());
    let load = "constantRate: {rate: 20/s, duration: 1s, maxUsers: 2}";
    let text = test(&server.url(), load).replace("baseUrl:", "timeout: 3s, baseUrl:");
    let ended = Run::new(&text, &[]).start().wait(LIMIT);
    let by = dropped(&ended, 20);
    // On a machine that is busy with other things some of them were come to late.
    assert!(by.keys().all(|why| ["noFreeUser", "late"].contains(&why.as_str())), "{by:?}");
    assert!(by.values().sum::<u64>() > 0, "two users can't begin twenty: {by:?}");
    assert_eq!(ended.code, Some(2), "{}", ended.err);
}
