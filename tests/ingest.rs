//! The way between workers and their coordinator: what is said by calls, over HTTP and over TLS comes to the same; and
//! what only HTTP can refuse, lose or find elsewhere.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

#[path = "ingest/away.rs"]
mod away;
#[path = "ingest/crowd.rs"]
mod crowd;
#[path = "support/house.rs"]
mod house;
#[path = "ingest/refusals.rs"]
mod refusals;
#[path = "ingest/talks.rs"]
mod talks;

use std::time::Duration;

use loadgate::ingest::{PROTOCOL, Registration, Report, Session, SharedSession, Stage};
use loadgate::metrics::{PhaseSnapshot, PhaseState, Snapshot};
use loadgate::plan::{Document, Options, Plan};

/// Nothing that is awaited takes so long: what does, hangs.
const LIMIT: Duration = Duration::from_secs(20);

/// A plan of two phases and two workers.
fn plan() -> Plan {
    plan_of(2)
}

/// A plan of two phases and so many workers.
fn plan_of(workers: u32) -> Plan {
    let text = format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: two}}
spec:
  target: {{baseUrl: "http://127.0.0.1:1"}}
  scenarios: [{{name: visit, steps: [{{name: get, request: {{path: /}}}}]}}]
  phases: [{{name: one, load: {{burst: {{iterations: 1}}}}}}, {{name: two, load: {{burst: {{iterations: 1}}}}}}]
  workers: {{count: {workers}}}
"#
    );
    Document::parse(&text).and_then(|document| document.check(&Options::default())).unwrap().plan
}

/// The session of a run with a record.
fn recorded() -> SharedSession {
    SharedSession::new(Session::new(&plan(), 7))
}

/// The session of a run without one.
fn unrecorded() -> SharedSession {
    SharedSession::new(Session::new(&plan(), 7).without_record())
}

fn registration(worker: u32, process: &str) -> Registration {
    Registration {
        protocol: PROTOCOL,
        plan_hash: plan().hash,
        data_hash: String::new(),
        worker,
        process: process.to_owned(),
    }
}

fn told(worker: u32, stage: Stage) -> Report {
    let process = format!("p{worker}");
    let (begun, snapshot) = (Vec::new(), None);
    Report { protocol: PROTOCOL, worker, process, epoch: 7, stage, clock_ahead: 0, begun, snapshot }
}

/// A snapshot that says `completed` iterations of the first phase.
fn snapshot(number: u64, completed: u64) -> Vec<u8> {
    let mut phase = PhaseSnapshot { state: PhaseState::default(), ..PhaseSnapshot::default() };
    phase.state.books.completed = completed;
    Snapshot { number, phases: vec![phase] }.to_bytes()
}
