//! Keys and windows through the program: what a row tells of them, against what the target itself counted.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::nginx;
use support::program::{Ended, run};
use support::server::{Server, response};

const WORKERS: [&str; 3] = ["1", "2", "3"];

fn test(target: &str, load: &str, rows: &[(&str, String)]) -> String {
    let rows: Vec<String> = rows.iter().map(|(id, row)| format!("- {{id: {id}, {row}}}")).collect();
    format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: cut}}
spec:
  target: {{baseUrl: "{target}"}}
  classify:
    groups: [{{name: account, header: X-Account}}]
  scenarios: [{{name: visit, steps: [{{name: get, request: {{path: /ok}}}}]}}]
  phases: [{{name: steady, load: {{{load}}}}}]
  requirements:
  {}
"#,
        rows.join("\n  ")
    )
}

/// What each requirement measured, and what is told beside it.
fn rows(ended: &Ended) -> BTreeMap<String, (String, String)> {
    let report = ended.report();
    let rows = report.at("/status/compliance/requirements").as_array().unwrap().iter();
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    rows.map(|row| (text(row, "id"), (text(row, "measured"), text(row, "gap")))).collect()
}

fn by_key(metric: &str, key: &str) -> String {
    format!("metric: {metric}, where: {{group: {{account: {key}}}}}")
}

fn in_window(metric: &str, window: &str) -> String {
    format!("metric: {metric}, where: {{window: {{{window}}}}}")
}

/// The milliseconds in a text such as `20.3 ms`.
fn millis(text: &str) -> f64 {
    let (number, unit) = text.split_once(' ').unwrap_or_else(|| panic!("{text} is no time"));
    number.parse::<f64>().unwrap()
        * match unit {
            "us" => 0.001,
            "ms" => 1.0,
            "s" => 1_000.0,
            other => panic!("{other} is no unit of a short time"),
        }
}

#[test]
fn counts_by_key_equal_the_log_of_nginx_for_any_number_of_workers() {
    const KEYS: [&str; 3] = ["acme", "globex", "initech"];
    let mut asked: Vec<(&str, String)> = KEYS.iter().map(|key| (*key, by_key("requests", key))).collect();
    asked.push(("never", by_key("requests", "never")));
    asked.push(("each", format!("{}, target: '>= 1'", by_key("requests", "each"))));
    for workers in WORKERS {
        let Some(nginx) = nginx::start() else { return };
        let test = test(&nginx.url(), "iterations: {users: 10, perUser: 60}", &asked);
        let ended = run(&test, &["--workers", workers]);
        let mut logged: BTreeMap<String, u64> = BTreeMap::new();
        for line in nginx.log() {
            *logged.entry(line.account).or_default() += 1;
        }
        assert_eq!(logged.values().sum::<u64>(), 600, "{}", ended.err);
        let rows = rows(&ended);
        for key in KEYS {
            assert_eq!(rows[key].0, logged[key].to_string(), "{key} with {workers} workers");
        }
        assert_eq!(rows["never"].0, "0");
        let mut least: Vec<(u64, &str)> = KEYS.iter().map(|key| (logged[*key], *key)).collect();
        least.sort_unstable();
        let list: Vec<String> = least.iter().map(|(count, key)| format!("{key} {count}")).collect();
        let told = format!("worst for account {}; account: {}", least[0].1, list.join(", "));
        assert_eq!(rows["each"], (least[0].0.to_string(), told), "{workers} workers");
    }
}

/// A target whose accounts take turns, `slow` with every fifth response, and how often each had its turn.
fn slow_account() -> (Server, Arc<Mutex<BTreeMap<&'static str, u64>>>) {
    let (turn, counts) = (AtomicUsize::new(0), Arc::<Mutex<BTreeMap<_, _>>>::default());
    let counting = Arc::clone(&counts);
    let server = Server::answering(move |_| {
        let is_slow = turn.fetch_add(1, Ordering::SeqCst) % 5 == 4;
        let (account, millis) = if is_slow { ("slow", 60) } else { ("fast", 5) };
        std::thread::sleep(Duration::from_millis(millis));
        *counting.lock().unwrap().entry(account).or_default() += 1;
        response("200 OK", &format!("X-Account: {account}\r\n"), "{}")
    });
    (server, counts)
}

#[test]
fn a_slow_key_is_found_whose_times_a_pooled_row_would_hide() {
    let (server, counts) = slow_account();
    let limit = "target: '< 40ms', minSamples: 10";
    let asked = [
        ("pooled", format!("metric: latency.p50, {limit}")),
        ("fast", format!("{}, {limit}", by_key("latency.p50", "fast"))),
        ("each", format!("{}, {limit}", by_key("latency.p50", "each"))),
        ("counts", by_key("requests", "each")),
        ("ratio", format!("ratio: [{{{}}}, {{metric: requests}}]", by_key("requests", "each"))),
    ];
    let test = test(&server.url(), "iterations: {users: 4, perUser: 50}", &asked);
    let ended = run(&test, &["--workers", "2"]);
    assert_eq!(ended.code, Some(1), "the slow account is too slow: {}", ended.err);
    let rows = rows(&ended);
    assert!(millis(&rows["pooled"].0) < 40.0 && millis(&rows["fast"].0) < 40.0, "{rows:?}");
    assert!(millis(&rows["each"].0) >= 60.0, "{rows:?}");
    assert!(rows["each"].1.contains("worst for account slow; within 1%"), "{rows:?}");
    let message = ended.report().text("/status/message").to_owned();
    assert!(message.starts_with("each latency.p50 for account slow = "), "{message}");
    let counts = counts.lock().unwrap();
    let (slow, fast) = (counts["slow"], counts["fast"]);
    assert_eq!(slow + fast, 200);
    let told = format!("greatest for account fast; account: fast {fast}, slow {slow}");
    assert_eq!(rows["counts"], (fast.to_string(), told));
    assert_eq!(rows["ratio"].1, "greatest for account fast; account: fast 0.8, slow 0.2");
}

#[test]
fn windows_of_a_rate_hold_exactly_the_arrivals_that_are_due_in_them() {
    // It becomes slow with the 150th request: the last quarter of 200.
    let (turn, slow) = (AtomicUsize::new(0), Duration::from_millis(40));
    let server = Server::answering(move |_| {
        if turn.fetch_add(1, Ordering::SeqCst) >= 150 {
            std::thread::sleep(slow);
        }
        response("200 OK", "", "{}")
    });
    let asked = [
        ("first", in_window("requests", "to: 25%")),
        ("middle", in_window("requests", "from: 25%, to: 75%")),
        ("last", in_window("requests", "from: 75%")),
        ("times", in_window("requests", "from: 500ms, to: 1s")),
        ("early", in_window("latency.min", "to: 25%")),
        ("late", in_window("latency.p50", "from: 75%")),
        ("rate", in_window("rate", "from: 50%, to: 75%")),
    ];
    let test = test(&server.url(), "constantRate: {rate: 100/s, duration: 2s}", &asked);
    let ended = run(&test, &["--workers", "3"]);
    let rows = rows(&ended);
    let told: Vec<&str> =
        ["first", "middle", "last", "times"].iter().map(|id| rows[*id].0.as_str()).collect();
    assert_eq!(told, ["50", "100", "50", "50"], "{}", ended.err);
    assert!(millis(&rows["late"].0) >= 40.0 && millis(&rows["early"].0) < 40.0, "{rows:?}");
    assert!(rows["rate"].1.ends_with("which is shorter than a second"), "{rows:?}");
}

#[test]
fn a_quick_run_does_not_judge_a_window_that_no_longer_lies_in_its_phase() {
    let server = Server::answering(|_| response("200 OK", "", "{}"));
    let limit = "target: '< 10s', minSamples: 1";
    let asked = [
        ("times", format!("{}, {limit}", in_window("latency.max", "from: 30s, to: 60s"))),
        ("shares", format!("{}, {limit}", in_window("latency.max", "from: 50%, to: 100%"))),
    ];
    let test = test(&server.url(), "constantRate: {rate: 50/s, duration: 1m}", &asked);
    let report = run(&test, &["--quick=60"]).report();
    let tier = |place: &str| report.text(&format!("/status/compliance/requirements/{place}/tier")).to_owned();
    assert_eq!([tier("0"), tier("1")], ["NotRun", "Target"]);
    let gap = report.text("/status/compliance/requirements/0/gap");
    assert!(gap.ends_with("the window from 30s to 1m no longer lies in it"), "{gap}");
}
