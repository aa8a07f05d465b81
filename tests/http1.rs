//! Whether the HTTP/1.1 client keeps to the protocol, against a raw server that doesn't: counts, classes, connections.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

#[path = "http1/endless.rs"]
mod endless;
#[path = "http1/filling.rs"]
mod filling;
#[path = "http1/framing.rs"]
mod framing;
#[path = "http1/ill.rs"]
mod ill;
#[path = "http1/keeping.rs"]
mod keeping;
#[path = "http1/reaching.rs"]
mod reaching;

use std::collections::BTreeMap;

use support::program::{Ended, Report, run};
use support::server::{Connection, Server};

/// Two users, three requests each.
const FEW: &str = "iterations: {users: 2, perUser: 3}";
/// The requests that they send.
const SENT: u64 = 6;
const GET: &str = "{name: get, request: {path: /}}";

/// A run that is to come to something.
#[derive(Clone, Copy)]
struct Trial<'a> {
    /// What it is about.
    about: &'a str,
    /// More of the target than its URL.
    target: &'a str,
    steps: &'a str,
    load: &'a str,
    requests: u64,
    /// The one class of failed requests and how many are in it; none: all succeed.
    failed: Option<(&'a str, u64)>,
    connections: u64,
    reconnects: u64,
}

/// Two users whose requests all succeed over the connection that each opened first.
const SOUND: Trial<'_> = Trial {
    about: "",
    target: "",
    steps: GET,
    load: FEW,
    requests: SENT,
    failed: None,
    connections: 2,
    reconnects: 0,
};

fn test(url: &str, trial: &Trial<'_>) -> String {
    let Trial { target, steps, load, .. } = trial;
    format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: raw}}
spec:
  target: {{baseUrl: "{url}"{target}}}
  scenarios: [{{name: visit, steps: [{steps}]}}]
  phases: [{{name: steady, load: {{{load}}}}}]
"#
    )
}

/// Runs a trial against `server` and compares each count of its report with what is wanted.
#[track_caller]
fn check(server: &Server, trial: &Trial<'_>) -> Report {
    let ended = run(&test(&server.url(), trial), &[]);
    let report = counts(&ended, trial);
    // One more connection was opened to see whether the target can be reached.
    assert_eq!(server.accepted(), trial.connections + 1, "accepted: {}", trial.about);
    report
}

/// The same where nobody counts what the server accepts.
#[track_caller]
fn counts(ended: &Ended, trial: &Trial<'_>) -> Report {
    let Trial { about, requests, failed, connections, reconnects, .. } = *trial;
    let report = ended.report();
    let errors: BTreeMap<_, _> = failed.iter().map(|(class, count)| ((*class).to_owned(), *count)).collect();
    let phase = |name: &str| report.at(&format!("/phases/0/{name}")).as_u64().unwrap();
    assert_eq!(report.errors(), errors, "{about}: {}", ended.err);
    assert_eq!(report.total("requests"), requests, "{about}");
    assert_eq!((report.total("cut"), report.total("dropped")), (0, 0), "{about}");
    assert_eq!((phase("connections"), phase("reconnects")), (connections, reconnects), "{about}");
    assert_eq!(report.text("/phases/0/end"), "completed", "{about}");
    report
}

/// A server that does `answer` for each request, for as long as the connection is kept.
fn answering(answer: impl Fn(&mut Connection) + Send + Sync + 'static) -> Server {
    Server::start(move |mut connection| {
        while connection.request().is_some() {
            answer(&mut connection);
        }
    })
}
