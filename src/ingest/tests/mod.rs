//! The session alone, and many who share it in one process. The way through sockets is tested in `tests/ingest.rs`.

mod onward;
mod phases;
mod record;
mod search;
mod shared;
mod snapshots;

use std::time::{Duration, UNIX_EPOCH};

use super::{
    Answer, Begun, Coordinator, Directive, PROTOCOL, Refusal, Registration, Report, Session, SharedSession,
    Stage, Unreachable,
};
use crate::metrics::{PhaseSnapshot, PhaseState, Snapshot};
use crate::plan::{Document, Options, Plan};

const NOW: Duration = Duration::from_secs(100);
const SECOND: Duration = Duration::from_secs(1);

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
    Document::parse(&text).and_then(|document| document.check(&Options::default())).expect("it is sound").plan
}

fn registration(plan: &Plan, worker: u32, process: &str) -> Registration {
    Registration {
        protocol: PROTOCOL,
        plan_hash: plan.hash.clone(),
        data_hash: String::new(),
        worker,
        process: process.to_owned(),
    }
}

/// The processes of both workers.
fn owners() -> Vec<String> {
    vec!["p0".to_owned(), "p1".to_owned()]
}

/// `session` with both workers registered.
fn with_workers(mut session: Session) -> Session {
    for worker in [0, 1] {
        session
            .register(&registration(&plan(), worker, &format!("p{worker}")), UNIX_EPOCH)
            .expect("it is admitted");
    }
    session
}

/// A session without a record in which both workers take part.
fn session() -> Session {
    with_workers(Session::new(&plan(), 7).without_record())
}

fn told(worker: u32, stage: Stage) -> Report {
    let process = format!("p{worker}");
    Report {
        protocol: PROTOCOL,
        worker,
        process,
        epoch: 7,
        stage,
        clock_ahead: 0,
        begun: Vec::new(),
        snapshot: None,
    }
}

/// A snapshot that says `completed` iterations of the first phase.
fn snapshot(number: u64, completed: u64) -> Vec<u8> {
    let mut state = PhaseState::default();
    state.books.completed = completed;
    let phases = vec![PhaseSnapshot { phase: 0, state, seconds: std::collections::BTreeMap::new() }];
    Snapshot { number, phases }.to_bytes()
}

/// Gives the session a report as one who shares it does: what was measured is read first.
fn hear(session: &mut Session, report: &Report, now: Duration) -> Result<Answer, Refusal> {
    let snapshot = report.snapshot.as_deref().map(Snapshot::from_bytes).transpose();
    session.report(report, snapshot.map_err(|error| Refusal::Unreadable(error.to_string()))?, now)
}

fn directive(session: &mut Session, report: &Report) -> Directive {
    directive_at(session, report, NOW)
}

fn directive_at(session: &mut Session, report: &Report, now: Duration) -> Directive {
    hear(session, report, now).expect("it is taken").directive
}

/// Both workers tell the same.
fn both(session: &mut Session, stage: &Stage) {
    for worker in [0, 1] {
        directive(session, &told(worker, stage.clone()));
    }
}

/// Brings both workers into the first phase; tells when it begins.
fn begin(session: &mut Session) -> Duration {
    for stage in [Stage::Ready(0), Stage::Running(0)] {
        both(session, &stage);
    }
    session.first_start().expect("it was begun")
}
