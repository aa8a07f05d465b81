//! What can go wrong around a run: each ends in time, with its exit code, and with a message that names the cause.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use std::sync::mpsc::channel;
use std::time::Duration;

use rustix::process::Signal;
use support::program::{Ended, LIMIT, Run, run};
use support::server::{Server, response};

/// A test of `target`: what stands in it besides the URL, its steps, and its load.
fn test(url: &str, target: &str, steps: &str, load: &str) -> String {
    format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: bad}}
spec:
  target: {{baseUrl: "{url}"{target}}}
  scenarios: [{{name: visit, steps: [{steps}]}}]
  phases: [{{name: steady, load: {{{load}}}}}]
  requirements: [{{id: errors, metric: error_rate, target: "< 1%", must: true}}]
"#
    )
}

const GET: &str = "{name: get, request: {path: /}}";
const FEW: &str = "iterations: {users: 2, perUser: 3}";

fn healthy() -> Server {
    Server::answering(|_| response("200 OK", "", "{}"))
}

#[track_caller]
fn ends(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{}{}", ended.out, ended.err);
    for word in words {
        assert!(ended.err.contains(word), "{word:?} isn't in: {}", ended.err);
    }
}

#[test]
fn everything_that_is_wrong_with_a_file_is_told_at_once() {
    let text = r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {name: wrong}
spec:
  target: {baseUrl: "ftp://shop.test", tmeout: 3s}
  scenarios: [{name: visit, pace: soon, steps: [{name: get, request: {path: "/${itm}", headers: [{name: X-A, value: "${evil}"}]}}]}]
  variables: {evil: "a\r\nX-Injected: 1"}
  phases:
  - {name: one, load: {constantRate: {rate: 0/s, duration: 1s}}}
  - {name: two, load: {burst: {iterations: 1}, idle: {duration: 1s}}}
  requirements: [{id: r, metric: latency.p96, target: "< 1s"}]
"#;
    let ended = run(text, &[]);
    ends(
        &ended,
        3,
        &[
            "spec.target.tmeout",
            "did you mean `timeout`",
            "spec.scenarios[0].pace",
            "spec.phases[0].load.constantRate.rate",
            "spec.phases[1].load",
            "spec.target.baseUrl",
        ],
    );
    assert!(!ended.folder().join("report.json").exists(), "nothing was run");
}

#[test]
fn a_value_that_would_break_a_header_open_is_refused() {
    let step = r#"{name: get, request: {path: /, headers: [{name: X-A, value: "${evil}"}]}}"#;
    let text = test("http://127.0.0.1:1", "", step, FEW)
        .replace("  phases:", "  variables: {evil: \"a\\r\\nX-Injected: 1\"}\n  phases:");
    ends(&run(&text, &[]), 3, &["spec.scenarios[0].steps[0].request.headers[0].value"]);
}

#[test]
fn an_extracted_value_that_would_break_a_header_open_is_never_sent() {
    let server = Server::answering(|request| {
        assert!(!request.head.contains("X-Injected"), "{}", request.head);
        response("200 OK", "", r#"{"evil":"a\r\nX-Injected: 1"}"#)
    });
    let steps = r#"{name: first, request: {path: /}, extract: [{name: evil, jsonPath: $.evil}]},
      {name: second, request: {path: /, headers: [{name: X-A, value: "${evil}"}]}}"#;
    let ended = run(&test(&server.url(), "", steps, FEW), &[]);
    ends(&ended, 1, &[]);
    assert_eq!(ended.report().errors().get("unsent"), Some(&6));
}

#[test]
fn a_secret_is_asked_for_by_name_sent_and_shown_nowhere() {
    let (seen, sent) = channel();
    let server = Server::answering(move |request| {
        seen.send(request.header("authorization").map(str::to_owned)).unwrap();
        response("200 OK", "", "{}")
    });
    let header = ", headers: [{name: Authorization, valueFrom: {secretKeyRef: {name: token, key: header}}}]";
    let text = test(&server.url(), header, GET, FEW);

    ends(&run(&text, &[]), 3, &["spec.target.headers[0]", "--secret token/header=env:VARIABLE"]);

    let by_variable = Run::new(&text, &["--secret", "token/header=env:TOKEN"]).env("TOKEN", "Bearer hunter2");
    let by_file =
        Run::new(&text, &["--secret", "token/header=file:token.txt"]).file("token.txt", "Bearer hunter2\n");
    for given in [by_variable, by_file] {
        let ended = given.start().wait(LIMIT);
        ends(&ended, 0, &[]);
        for (name, text) in ended.everything() {
            assert!(!text.contains("hunter2"), "the secret stands in {name}");
        }
    }
    drop(server);
    assert!(sent.iter().all(|value| value.as_deref() == Some("Bearer hunter2")));
}

#[test]
fn who_the_load_says_to_be_is_sent_in_each_request_and_shown_nowhere() {
    let own = ", {name: own, request: {path: /own, headers: [{name: authorization, value: Mine}]}}";
    let (basic, bearer) = ("Basic bG9hZGVyOmh1bnRlcjI=", "Bearer hunter2");
    for (auth, want) in [
        ("basic: {username: loader, password: {valueFrom: {secretKeyRef: {name: shop, key: word}}}}", basic),
        ("basic: {username: loader, password: {value: hunter2}}", basic),
        ("bearer: {valueFrom: {secretKeyRef: {name: shop, key: word}}}", bearer),
        ("bearer: {value: hunter2}", bearer),
    ] {
        let (seen, sent) = channel();
        let server = Server::answering(move |request| {
            let line = request.line().to_owned();
            seen.send((line, request.header("authorization").map(str::to_owned))).unwrap();
            response("200 OK", "", "{}")
        });
        let target = format!(", auth: {{{auth}}}, preflight: [{{request: {{path: /health}}}}]");
        let text = test(&server.url(), &target, &format!("{GET}{own}"), FEW);
        let arguments: &[&str] = if auth.contains("valueFrom") {
            let place =
                if want == basic { "spec.target.auth.basic.password" } else { "spec.target.auth.bearer" };
            ends(&run(&text, &[]), 3, &[place, "--secret shop/word=env:VARIABLE"]);
            &["--secret", "shop/word=file:word.txt"]
        } else {
            &[]
        };
        let ended = Run::new(&text, arguments).file("word.txt", "hunter2\n").start().wait(LIMIT);
        ends(&ended, 0, &[]);
        for (name, text) in ended.everything() {
            let is_shown = text.contains("hunter2") || text.contains("bG9hZGVyOmh1bnRlcjI");
            assert!(!is_shown, "{auth}: the credential stands in {name}");
        }
        drop(server);
        let mut lines = std::collections::BTreeMap::<_, usize>::new();
        for (line, value) in sent {
            let of = if line == "GET /own" { "Mine" } else { want };
            assert_eq!(value.as_deref(), Some(of), "{line}");
            *lines.entry(line).or_default() += 1;
        }
        assert_eq!(lines.values().copied().collect::<Vec<_>>(), [6, 1, 6], "{lines:?}");
    }
}

#[test]
fn a_target_that_cannot_be_reached_is_told_before_any_load() {
    let url = healthy().url();
    ends(
        &run(&test("http://no-such-host.invalid", "", GET, FEW), &[]),
        4,
        &["spec.target.baseUrl", "no-such-host.invalid"],
    );
    ends(&run(&test(&url, "", GET, FEW), &[]), 4, &["spec.target.baseUrl", "takes no connection", "refused"]);
}

#[test]
fn a_preflight_that_fails_names_its_field_and_no_load_is_sent() {
    let server = Server::answering(|request| {
        assert!(request.head.contains("preflight"), "a request of the load was sent: {}", request.head);
        response("503 Service Unavailable", "", r#"{"status":"down"}"#)
    });
    let once = ", preflight: [{request: {path: /health}}]";
    ends(&run(&test(&server.url(), once, GET, FEW), &[]), 4, &["spec.target.preflight[0]", "/health", "503"]);
    let tried =
        ", preflight: [{request: {path: /health}, checks: [{jsonPath: $.status, equals: ok}], within: 1s}]";
    let ended = run(&test(&server.url(), tried, GET, FEW), &[]);
    let complaint = "$.status isn't what the check wants (status 503)";
    ends(&ended, 4, &["spec.target.preflight[0]", complaint, "tried for 1s"]);
    assert!(!ended.err.contains("down"), "a body is told: {}", ended.err);
}

#[test]
fn what_is_done_is_told_on_demand_and_without_colours_where_nobody_looks() {
    let preflight = ", preflight: [{request: {path: /}}]";
    let run = |arguments: &[&str]| run(&test(&healthy().url(), preflight, GET, FEW), arguments).err;
    let lines =
        ["run begins", "target reached", "preflight passed", "phase begun", "phase ended", "run judged"];
    let (told, silent) = (run(&["-v"]), run(&[]));
    for line in lines {
        assert!(told.contains(line) && !silent.contains(line), "{line}: {told}");
    }
    assert!(!told.contains('\u{1b}'), "{told:?}");
}

#[test]
fn a_preflight_whose_answer_has_no_end_is_read_no_further_than_its_checks_can_look() {
    let server = Server::start(|mut connection| {
        while let Some(request) = connection.request() {
            if request.head.contains("preflight") {
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
                connection.send_endlessly(&vec![b'x'; 64 * 1024], || {});
            }
            connection.send(&response("200 OK", "", "{}"));
        }
    });
    let status = ", preflight: [{request: {path: /health}, checks: [{status: [200]}]}]";
    ends(&run(&test(&server.url(), status, GET, FEW), &[]), 0, &[]);
    let text = ", preflight: [{request: {path: /health}, checks: [{bodyContains: ready}]}]";
    ends(
        &run(&test(&server.url(), text, GET, FEW), &[]),
        4,
        &["spec.target.preflight[0]", "/health", "longer than 1 MiB"],
    );
}

#[test]
fn a_target_that_never_answers_ends_in_time_as_timeouts() {
    let server = Server::start(|mut connection| connection.wait_for_its_end());
    let preflight = ", timeout: 500ms, preflight: [{request: {path: /health}}]";
    ends(
        &run(&test(&server.url(), preflight, GET, FEW), &[]),
        4,
        &["spec.target.preflight[0]", "no answer within 500ms"],
    );

    let ended = run(&test(&server.url(), ", timeout: 300ms", GET, FEW), &[]);
    ends(&ended, 1, &[]);
    assert_eq!(ended.report().errors().get("timeout"), Some(&6));
    assert!(ended.took < Duration::from_secs(15), "{:?}", ended.took);
}

#[test]
fn a_run_that_reaches_its_longest_duration_is_cut_and_says_so() {
    let server = Server::start(|mut connection| connection.wait_for_its_end());
    let text = test(&server.url(), "", GET, FEW).replace("name: steady,", "name: steady, maxDuration: 1s,");
    let ended = run(&text, &[]);
    ends(&ended, 2, &[]);
    let report = ended.report();
    assert_eq!((report.total("requests"), report.total("cut")), (0, 2));
    assert!(report.text("/status/message").contains("maxDuration"), "{}", report.text("/status/message"));
}

#[test]
fn what_breaks_off_or_is_not_http_has_a_class_of_its_own() {
    for (class, server) in [
        (
            "reset",
            Server::start(|mut connection| {
                if connection.request().is_some() {
                    connection.reset();
                }
            }),
        ),
        (
            "protocol",
            Server::start(|mut connection| {
                if connection.request().is_some() {
                    connection.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n");
                }
            }),
        ),
    ] {
        let ended = run(&test(&server.url(), "", GET, FEW), &[]);
        ends(&ended, 1, &[]);
        assert_eq!(ended.report().errors().get(class), Some(&6), "{class}");
    }
}

#[test]
fn a_run_that_is_stopped_keeps_what_it_measured() {
    for (signal, word) in [(Signal::INT, "interrupted"), (Signal::TERM, "terminated")] {
        let (seen, sent) = channel();
        let server = Server::answering(move |_| {
            // Nobody listens any longer once the run was told to stop.
            let _ = seen.send(());
            response("200 OK", "", "{}")
        });
        let load = "constantUsers: {users: 4, duration: 5m}";
        let running = Run::new(&test(&server.url(), "", GET, load), &[]).start();
        // Each of the four users has one request under way at most: one more was answered and counted.
        for _ in 0..5 {
            sent.recv_timeout(LIMIT).unwrap();
        }
        running.signal(signal);
        let ended = running.wait(LIMIT);
        ends(&ended, 130, &[]);
        let report = ended.report();
        assert!(report.total("requests") > 0);
        assert_eq!(report.text("/status/verdict"), "Inconclusive");
        assert_eq!(report.text("/status/phase"), "Aborted");
        assert!(report.text("/status/message").contains(word), "{}", report.text("/status/message"));
    }
}
