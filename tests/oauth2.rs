//! Access tokens by client credentials: from a token endpoint of the test's own, in the requests of both clients, renewed while
//! the load is on.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use support::program::{Ended, LIMIT, Run, run};
use support::server::{Request, Server, response};

/// What nobody may read anywhere; written as in a form, and with the client's name in Base64.
const SECRET: &str = "hunter 2";
const FORMS: [&str; 3] = [SECRET, "hunter+2", "bG9hZGVyOmh1bnRlcisy"];
const TIERS: [&str; 2] = ["fast", "full"];

/// A token endpoint that notes what it was asked.
struct Endpoint {
    server: Server,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Endpoint {
    /// It answers with status and body, by how often it was asked before.
    fn answering(answer: impl Fn(usize) -> (&'static str, String) + Send + Sync + 'static) -> Self {
        let asked = Arc::<Mutex<Vec<Request>>>::default();
        let noted = Arc::clone(&asked);
        let server = Server::answering(move |request| {
            let before = {
                let mut asked = noted.lock().unwrap();
                asked.push(request.clone());
                asked.len() - 1
            };
            let (status, body) = answer(before);
            response(status, "", &body)
        });
        Endpoint { server, asked }
    }

    fn url(&self) -> String {
        format!("{}/token", self.server.url())
    }

    fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }
}

fn granted(token: &str, expires_in: u64) -> (&'static str, String) {
    let body = json!({"access_token": token, "token_type": "bearer", "expires_in": expires_in});
    ("200 OK", body.to_string())
}

/// A target that notes what it was asked, with what Authorization, and when.
struct Target {
    server: Server,
    seen: Arc<Mutex<Vec<(String, String, Instant)>>>,
}

impl Target {
    fn start() -> Self {
        let seen = Arc::<Mutex<Vec<(String, String, Instant)>>>::default();
        let noted = Arc::clone(&seen);
        let server = Server::answering(move |request| {
            let authorization = request.header("authorization").unwrap_or_default().to_owned();
            noted.lock().unwrap().push((request.line().to_owned(), authorization, Instant::now()));
            response("200 OK", "", "{}")
        });
        Target { server, seen }
    }

    fn seen(&self) -> Vec<(String, String, Instant)> {
        self.seen.lock().unwrap().clone()
    }
}

/// Four users, with something before and after, and a step that says itself who it is.
fn test(target: &Target, endpoint: &str, tier: &str, more: &str, load: &str) -> String {
    format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: tokens}}
spec:
  target:
    baseUrl: "{}"
    http: {{tier: {tier}}}
    auth: {{oauth2: {{tokenUrl: "{endpoint}", clientId: loader, clientSecret: {{valueFrom: {{secretKeyRef: {{name: idp, key: secret}}}}}}{more}}}}}
    preflight: [{{request: {{path: /health}}}}]
  scenarios:
  - name: visit
    setup: [{{name: login, request: {{method: POST, path: /login, text: "me"}}}}]
    steps:
    - {{name: get, request: {{path: /get}}, think: 30ms}}
    - {{name: post, request: {{method: POST, path: "/post?${{user}}", json: {{user: "${{user}}"}}}}}}
    - {{name: own, request: {{path: /own, headers: [{{name: authorization, value: Mine}}]}}}}
    teardown: [{{name: logout, request: {{path: /logout}}}}]
  phases: [{{name: steady, load: {{{load}}}}}]
  requirements: [{{id: errors, metric: error_rate, target: "< 1%", must: true}}]
"#,
        target.server.url()
    )
}

const FEW: &str = "iterations: {users: 4, perUser: 3}";

/// A run with the client's secret from a file.
fn with_secret(text: &str) -> Ended {
    Run::new(text, &["--secret", "idp/secret=file:secret"])
        .file("secret", format!("{SECRET}\n"))
        .start()
        .wait(LIMIT)
}

#[track_caller]
fn shows(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{}{}", ended.out, ended.err);
    let said = format!("{}{}", ended.out, ended.err);
    for word in words {
        assert!(said.contains(word), "{word:?} isn't in: {said}");
    }
    for (name, text) in ended.everything() {
        for form in FORMS {
            assert!(!text.contains(form), "the secret stands in {name}: {text}");
        }
        assert!(!text.contains("t0ken"), "a token stands in {name}: {text}");
    }
}

#[test]
fn each_request_has_a_token_that_is_good_when_it_is_sent_however_often_that_is_renewed() {
    let life = Duration::from_secs(4);
    let tiers = TIERS.map(|tier| {
        std::thread::spawn(move || {
            let given = Arc::<Mutex<Vec<Instant>>>::default();
            let noted = Arc::clone(&given);
            let endpoint = Endpoint::answering(move |before| {
                noted.lock().unwrap().push(Instant::now());
                granted(&format!("t0ken-{before}"), life.as_secs())
            });
            let target = Target::start();
            let load = "constantUsers: {users: 4, duration: 8s}";
            let text = test(&target, &endpoint.url(), tier, "", load);
            shows(&with_secret(&text), 0, &[]);
            let given = given.lock().unwrap();
            assert!((3..=4).contains(&given.len()), "{tier}: {} tokens in 8 s of 4 s each", given.len());
            let mut counts = vec![0; given.len()];
            for (line, authorization, at) in target.seen() {
                if line == "GET /own" {
                    assert_eq!(authorization, "Mine");
                    continue;
                }
                let number: usize = authorization.strip_prefix("Bearer t0ken-").unwrap().parse().unwrap();
                assert!(
                    at < given[number] + life,
                    "{tier}: {line} came with a token of {:?}",
                    at - given[number]
                );
                counts[number] += 1;
            }
            assert!(counts[..3].iter().all(|count| *count > 10), "{tier}: {counts:?}");
            let lines: std::collections::BTreeSet<_> =
                target.seen().into_iter().map(|(line, ..)| line).collect();
            for line in ["GET /health", "POST /login", "GET /get", "POST /post?0", "GET /logout"] {
                assert!(lines.contains(line), "{tier}: {line} isn't among {lines:?}");
            }
        })
    });
    for tier in tiers {
        tier.join().unwrap();
    }
}

#[test]
fn the_endpoint_is_told_the_client_and_what_for_and_that_it_is_no_load() {
    for (more, header, body) in [
        ("", Some("Basic bG9hZGVyOmh1bnRlcisy"), "grant_type=client_credentials"),
        (
            ", scopes: [read, 'orders:write'], params: {audience: 'https://shop'}",
            Some("Basic bG9hZGVyOmh1bnRlcisy"),
            "grant_type=client_credentials&scope=read+orders%3Awrite&audience=https%3A%2F%2Fshop",
        ),
        (", clientAuth: body", None, "grant_type=client_credentials&client_id=loader&client_secret=hunter+2"),
    ] {
        let (endpoint, target) = (Endpoint::answering(|_| granted("t0ken", 3600)), Target::start());
        shows(&with_secret(&test(&target, &endpoint.url(), "fast", more, FEW)), 0, &[]);
        let asked = endpoint.asked();
        let [request] = &asked[..] else { panic!("{asked:?}") };
        assert_eq!(request.line(), "POST /token");
        assert_eq!(request.header("authorization"), header);
        assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert_eq!(std::str::from_utf8(&request.body), Ok(body));
        let agent = request.header("user-agent").unwrap();
        assert!(agent.starts_with("loadgate/") && agent.ends_with(" token"), "{agent}");
    }
}

#[test]
fn without_a_token_nothing_is_sent_and_the_endpoint_s_own_words_are_told() {
    let long = "x".repeat(70_000);
    for (status, body, want) in [
        (
            "401 Unauthorized",
            r#"{"error": "invalid_client", "error_description": "hunt\u0001er 2 is wrong, as is hunter%202"}"#,
            "status 401, invalid_client ((left out) is wrong, as is (left out))",
        ),
        ("200 OK", r#"{"access_token": "t0ken", "token_type": "mac"}"#, "its token_type isn't Bearer"),
        ("200 OK", &long, "longer than 64 KiB"),
        ("302 Found", "", "status 302"),
    ] {
        let body = body.to_owned();
        let (endpoint, target) = (Endpoint::answering(move |_| (status, body.clone())), Target::start());
        let ended = with_secret(&test(&target, &endpoint.url(), "fast", "", FEW));
        let url = endpoint.url();
        shows(&ended, 4, &["spec.target.auth.oauth2: the token endpoint", &url, want]);
        assert_eq!((endpoint.asked().len(), target.seen().len()), (1, 0), "{want}");
        let report = ended.report();
        let message = report.text("/status/message");
        assert!(message.starts_with("the load never began: ") && message.contains(want), "{message}");
    }
}

#[test]
fn an_endpoint_that_is_not_there_yet_is_asked_again_a_few_times() {
    let late = Endpoint::answering(|before| match before {
        0 => ("503 Service Unavailable", String::new()),
        _ => granted("t0ken", 3600),
    });
    let target = Target::start();
    shows(&with_secret(&test(&target, &late.url(), "fast", "", FEW)), 0, &[]);
    assert_eq!(late.asked().len(), 2);

    let never = Endpoint::answering(|_| ("503 Service Unavailable", String::new()));
    let ended = with_secret(&test(&target, &never.url(), "fast", "", FEW));
    shows(&ended, 4, &["status 503"]);
    assert_eq!(never.asked().len(), 4);
    let url = never.url();
    drop(never);
    shows(&with_secret(&test(&target, &url, "fast", "", FEW)), 4, &["spec.target.auth.oauth2", "refused"]);
}

#[test]
fn an_endpoint_that_is_too_busy_is_asked_again_when_it_says() {
    let asked = Arc::<Mutex<Vec<Instant>>>::default();
    let noted = Arc::clone(&asked);
    let busy = Endpoint::answering(move |before| {
        noted.lock().unwrap().push(Instant::now());
        match before {
            0 => ("503 Service Unavailable\r\nRetry-After: 2", String::new()),
            _ => granted("t0ken", 3600),
        }
    });
    shows(&with_secret(&test(&Target::start(), &busy.url(), "fast", "", FEW)), 0, &["no access token yet"]);
    let asked = asked.lock().unwrap();
    let [first, second] = asked[..] else { panic!("asked {} times", asked.len()) };
    assert!(second - first >= Duration::from_secs(2), "{:?}", second - first);
}

#[test]
fn a_token_that_expires_without_another_makes_the_run_inconclusive() {
    for tier in TIERS {
        let endpoint = Endpoint::answering(|before| match before {
            0 => granted("t0ken", 1),
            _ => ("400 Bad Request", r#"{"error": "unauthorized_client"}"#.to_owned()),
        });
        let target = Target::start();
        let load = "constantUsers: {users: 2, duration: 3s}";
        let text = test(&target, &endpoint.url(), tier, "", load);
        let ended = with_secret(&text);
        shows(&ended, 2, &["INCONCLUSIVE"]);
        let report = ended.report();
        let message = report.text("/status/message");
        for word in [
            "phase steady",
            "had expired",
            &endpoint.url(),
            "spec.target.auth.oauth2",
            "status 400, unauthorized_client",
        ] {
            assert!(message.contains(word), "{word:?} isn't in {message:?}");
        }
        assert_eq!(report.text("/status/verdict"), "Inconclusive");
    }
}

#[test]
fn a_token_that_expires_while_nothing_is_sent_spoils_nothing() {
    let first = Mutex::new(None);
    let endpoint = Endpoint::answering(move |before| {
        let first = *first.lock().unwrap().get_or_insert_with(Instant::now);
        match (before, first.elapsed() > Duration::from_millis(1_500)) {
            (0, _) => granted("t0ken", 1),
            (_, true) => granted("t0ken", 3600),
            (_, false) => ("503 Service Unavailable", String::new()),
        }
    });
    let target = Target::start();
    let phases = "idle: {duration: 8s}}}, {name: load, load: {iterations: {users: 2, perUser: 3}";
    let text = test(&target, &endpoint.url(), "fast", "", phases);
    shows(&with_secret(&text), 0, &["has expired"]);
}

#[test]
fn a_token_without_an_end_is_said_to_have_none() {
    let body = json!({"access_token": "t0ken", "token_type": "Bearer"}).to_string();
    let (endpoint, target) = (Endpoint::answering(move |_| ("200 OK", body.clone())), Target::start());
    shows(&with_secret(&test(&target, &endpoint.url(), "fast", "", FEW)), 0, &["no expires_in"]);
    assert_eq!(endpoint.asked().len(), 1);
}

#[test]
fn a_secret_that_is_not_given_is_told_with_its_field() {
    let ended = run(&test(&Target::start(), "http://127.0.0.1:1/token", "fast", "", FEW), &[]);
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    for word in ["spec.target.auth.oauth2.clientSecret", "--secret idp/secret=env:VARIABLE"] {
        assert!(ended.err.contains(word), "{}", ended.err);
    }
}
