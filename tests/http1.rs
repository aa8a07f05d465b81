//! Whether both HTTP clients keep to HTTP/1.1, against a raw server that doesn't: counts, classes, connections.
//!
//! Each case is run with the fast client and with the full one. Where the full one does something else, its row says so.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

#[path = "http1/coded.rs"]
mod coded;
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

/// What the full client makes of a case.
#[derive(Clone, Copy)]
enum Full<'a> {
    /// The same as the fast one.
    Same,
    Differs(Came<'a>),
}

/// What a run comes to.
#[derive(Clone, Copy)]
struct Came<'a> {
    /// The one class of failed requests and how many are in it; none: all succeed.
    failed: Option<(&'a str, u64)>,
    connections: u64,
    reconnects: u64,
}

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
    full: Full<'a>,
    /// The client that it is run with.
    tier: &'a str,
}

impl Trial<'_> {
    /// It with each of the clients.
    fn both(self) -> [Self; 2] {
        [Trial { tier: "fast", ..self }, Trial { tier: "full", ..self }]
    }

    fn comes_to(&self) -> Came<'_> {
        match self.full {
            Full::Differs(came) if self.tier == "full" => came,
            Full::Same | Full::Differs(_) => {
                Came { failed: self.failed, connections: self.connections, reconnects: self.reconnects }
            }
        }
    }
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
    full: Full::Same,
    tier: "fast",
};

fn test(url: &str, trial: &Trial<'_>) -> String {
    let Trial { target, steps, load, tier, .. } = trial;
    format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: raw}}
spec:
  target: {{baseUrl: "{url}", http: {{tier: {tier}}}{target}}}
  scenarios: [{{name: visit, steps: [{steps}]}}]
  phases: [{{name: steady, load: {{{load}}}}}]
"#
    )
}

/// Runs a trial against `server` with each of the clients, and compares each count of their reports with what is wanted.
#[track_caller]
fn check(server: &Server, trial: &Trial<'_>) -> [Report; 2] {
    check_beside(server, trial, 0)
}

/// The same where so many connections are opened besides those of users.
#[track_caller]
fn check_beside(server: &Server, trial: &Trial<'_>, others: u64) -> [Report; 2] {
    trial.both().map(|trial| {
        let before = server.accepted();
        let report = counts(&run(&test(&server.url(), &trial), &[]), &trial);
        // One more connection was opened to see whether the target can be reached.
        let accepted = server.accepted() - before;
        assert_eq!(
            accepted,
            trial.comes_to().connections + 1 + others,
            "accepted: {} {}",
            trial.tier,
            trial.about
        );
        report
    })
}

/// The same where nobody counts what the server accepts.
#[track_caller]
fn counts(ended: &Ended, trial: &Trial<'_>) -> Report {
    let Trial { about, requests, tier, .. } = *trial;
    let Came { failed, connections, reconnects } = trial.comes_to();
    let about = format!("{about}, {tier}");
    let report = ended.report();
    let errors: BTreeMap<_, _> = failed.iter().map(|(class, count)| ((*class).to_owned(), *count)).collect();
    let phase = |name: &str| report.at(&format!("/phases/0/{name}")).as_u64().unwrap();
    assert_eq!(report.errors(), errors, "{about}: {}", ended.err);
    assert_eq!(report.total("requests"), requests, "{about}");
    assert_eq!((report.total("cut"), report.total("dropped")), (0, 0), "{about}");
    assert_eq!((phase("connections"), phase("reconnects")), (connections, reconnects), "{about}");
    assert_eq!(report.text("/phases/0/end"), "completed", "{about}");
    assert_eq!(report.text("/phases/0/tier"), format!("{tier} (HTTP/1.1)"), "{about}");
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
