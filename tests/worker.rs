//! `loadgate worker` as the operator starts it: two processes, a coordinator of the test's own, and a target that
//! counts what it serves.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

#[path = "support/house.rs"]
mod house;
#[path = "support/process.rs"]
mod process;
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use house::{Authority, House, Ingest};
use loadgate::ingest::{Session, SharedSession, leaving};
use loadgate::plan::{Document, Options, Plan};
use process::{Post, Worker};
use rustix::process::Signal;
use support::server::{Server, response};
use tokio::sync::watch;

/// Nothing that is awaited takes so long: what does, hangs.
const LIMIT: Duration = Duration::from_mins(1);

/// A target that counts, and a run of two workers against it.
struct Stage {
    served: watch::Sender<u64>,
    target: Server,
    text: String,
    session: SharedSession,
    house: Arc<House>,
    ingest: Ingest,
    authority: Option<Authority>,
}

impl Stage {
    /// A run of these phases, with more lines in the target where wanted.
    async fn of(target_lines: &str, phases: &str, authority: Option<Authority>) -> Self {
        let served = watch::Sender::new(0);
        let counter = served.clone();
        let target = Server::answering(move |request| {
            if request.line() == "GET /health" {
                return response("503 Not Yet", "", "{\"secret\": \"of the target\"}");
            }
            counter.send_modify(|served| *served += 1);
            let status = if request.header("x-key") == Some("open sesame") { "200 OK" } else { "403 No" };
            response(status, "", "{}")
        });
        let text = format!(
            r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: two}}
spec:
  target: {{baseUrl: "{}", {target_lines} headers: [{{name: X-Key, valueFrom: {{secretKeyRef: {{name: door, key: key}}}}}}]}}
  scenarios: [{{name: visit, steps: [{{name: get, request: {{path: "/${{user}}"}}}}]}}]
  phases: [{phases}]
  workers: {{count: 2}}
"#,
            target.url()
        );
        let session = SharedSession::new(Session::new(&plan(&text), 7));
        let house = House::of(&session);
        let ingest = Ingest::serve(&house, authority.as_ref()).await;
        Stage { served, target, text, session, house, ingest, authority }
    }

    /// What starts worker `worker` as a process with this UID.
    fn post(&self, worker: u32, process: &str) -> Post {
        let token = self.house.token(house::RUN, worker, process);
        let post = Post::new(self.ingest.address.port(), self.authority.as_ref().map(Authority::pem));
        post.worker(worker, process, &token).spec(&self.text).env("LOADGATE_SECRET_0", "open sesame")
    }

    /// Both workers; permitted as soon as they are ready.
    async fn both(&self) -> [Worker; 2] {
        let workers = [self.post(0, "p0").start(), self.post(1, "p1").start()];
        self.until("all are ready", |session| session.gathered().is_some()).await;
        assert!(self.session.permit(&["p0".to_owned(), "p1".to_owned()]));
        workers
    }

    /// Waits until something holds.
    async fn until(&self, what: &str, holds: impl Fn(&SharedSession) -> bool) {
        let mut changes = self.session.changes();
        let change = async {
            while !holds(&self.session) {
                changes.changed().await.unwrap();
            }
        };
        assert!(tokio::time::timeout(LIMIT, change).await.is_ok(), "not {what}: {:?}", self.session.view());
    }

    /// Waits until the target has served so many more requests.
    async fn until_served(&self, more: u64) {
        let mut served = self.served.subscribe();
        let want = *served.borrow() + more;
        let is_served = tokio::time::timeout(LIMIT, served.wait_for(|served| *served >= want)).await;
        assert!(is_served.is_ok(), "no {want} requests were served");
    }
}

fn plan(text: &str) -> Plan {
    Document::parse(text).and_then(|document| document.check(&Options::default())).unwrap().plan
}

/// Load that goes on for longer than any test looks at it.
const LONG: &str = "{name: long, load: {constantUsers: {users: 4, duration: 5m}}}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_count_together_what_the_target_served() {
    for authority in [None, Some(Authority::new())] {
        let phases = "{name: one, load: {iterations: {users: 6, perUser: 50}}}, {name: two, load: {burst: {iterations: 41}}}";
        let stage = Stage::of("", phases, authority).await;
        let workers = stage.both().await;
        stage.until("all are through", |session| session.view().finished).await;
        let aggregate = stage.session.aggregate();
        stage.session.release();
        for worker in workers {
            let ended = worker.wait(LIMIT).await;
            assert_eq!(ended.code, Some(leaving::DONE.into()), "{}", ended.err);
            for said in ["registered", "phase begun", "phase ended", "through", "left"] {
                assert!(ended.err.contains(said), "it doesn't say {said:?}: {}", ended.err);
            }
            assert!(!ended.err.contains("sesame"), "{}", ended.err);
            assert_eq!(ended.reason, "");
        }
        let requests: Vec<u64> = aggregate
            .phases
            .iter()
            .map(|phase| {
                phase.state.whole().pooled(None, Some(loadgate::metrics::Outcome::Succeeded)).requests
            })
            .collect();
        assert_eq!(requests, [300, 41]);
        assert_eq!(*stage.served.borrow(), 341);
        assert_eq!(aggregate.phases.iter().map(|phase| phase.ended).collect::<Vec<_>>(), [2, 2]);
        assert_eq!(stage.session.view().lost, 0);
    }
}

/// Both are of rows that nobody names: what is read is what is there.
const ROWS: &str = "{name: one, load: {burst: {iterations: 2}}}]
  data: [{name: rows, csv: {configMapKeyRef: {name: shop, key: rows}}}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_finds_no_data_or_other_data_than_the_others_says_so_and_fails_the_run() {
    let stage = Stage::of("", ROWS, None).await;
    let mut first = stage.post(0, "p0").data(&["a,b\n1,2\n"]).start();
    first.until_it_says("registered").await;
    for (contents, want) in [
        (
            &[][..],
            "spec.data[0].csv: there is no key \"rows\" in a ConfigMap \"shop\" in the namespace of the test",
        ),
        (&["a,b\n1\n"], "spec.data[0].csv: line 2 has 1 values, and the first line names 2 fields"),
        (&["a,b\n1,3\n"], "a ConfigMap was changed while the run was starting; start another run"),
    ] {
        let ended = stage.post(1, "p1").data(contents).start().wait(LIMIT).await;
        assert_eq!(ended.code, Some(leaving::INVALID.into()), "{}", ended.err);
        assert!(ended.reason.contains(want), "{}", ended.reason);
    }
    let second = stage.post(1, "p1").data(&["a,b\n1,2\n"]).start();
    stage.until("both are ready", |session| session.gathered().is_some()).await;
    drop((first, second));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_killed_is_lost_and_the_other_goes_on_until_it_is_told() {
    let stage = Stage::of("", LONG, None).await;
    let [mut first, second] = stage.both().await;
    stage.until_served(20).await;
    let again = stage.post(1, "q1").start().wait(LIMIT).await;
    assert_eq!(again.code, Some(leaving::FENCED.into()), "{}", again.err);
    assert_eq!(again.reason, "share 1 is taken by another process");

    first.signal(Signal::KILL);
    assert_eq!(first.ended().await, None, "a signal ended it");
    stage.session.gone(0, "p0");
    assert_eq!(stage.session.view().lost, 1);
    let late = stage.post(0, "q0").start().wait(LIMIT).await;
    assert_eq!(late.code, Some(leaving::FENCED.into()), "{}", late.err);

    stage.until_served(20).await;
    stage.session.abort("enough");
    stage.until("the other is through", |session| session.view().finished).await;
    stage.session.release();
    let ended = second.wait(LIMIT).await;
    assert_eq!(ended.code, Some(leaving::DONE.into()), "{}", ended.err);
    let served = *stage.served.borrow();
    // There is no event for what must not come: another request.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(*stage.served.borrow(), served);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_asked_to_stop_stops_at_once_whatever_it_is_at() {
    let stage = Stage::of("", LONG, None).await;
    let workers = stage.both().await;
    stage.until_served(20).await;
    // And one that looks for its coordinator.
    let mut waiting = stage.post(0, "q0").coordinator("http://192.0.2.1:1").start();
    waiting.until_it_says("started").await;
    for worker in workers.into_iter().chain([waiting]) {
        let asked = Instant::now();
        worker.signal(Signal::TERM);
        let ended = worker.wait(LIMIT).await;
        assert!(asked.elapsed() < LIMIT / 3, "{:?}: {}", asked.elapsed(), ended.err);
        assert_eq!(ended.code, Some(leaving::STOPPED.into()), "{}", ended.err);
        assert_eq!(ended.reason, "stopped by a signal");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preflight_that_fails_is_told_by_the_conductor_alone() {
    let preflight = "preflight: [{request: {path: /health}, checks: [{status: [503]}, {jsonPath: $.secret, equals: x}]}],";
    let stage = Stage::of(preflight, LONG, None).await;
    let ended = stage.post(0, "p0").start().wait(LIMIT).await;
    assert_eq!(ended.code, Some(leaving::NOT_STARTED.into()), "{}", ended.err);
    assert!(
        ended
            .reason
            .starts_with("spec.target.preflight[0]: GET /health: $.secret isn't what the check wants"),
        "{}",
        ended.reason
    );
    assert!(!ended.err.contains("of the target") && ended.reason.lines().count() == 1, "{}", ended.reason);
    assert!(ended.err.contains(&ended.reason), "{}", ended.err);
    assert_eq!(stage.session.owners(), [None, None], "it never came");

    let other = stage.post(1, "p1").start();
    stage.until("the other is there", |session| session.owners()[1].is_some()).await;
    other.signal(Signal::TERM);
    other.wait(LIMIT).await;
}

/// A token endpoint that answers by how often it was asked before, and what a target says of it.
fn token_endpoint(
    answer: impl Fn(usize) -> (&'static str, &'static str) + Send + Sync + 'static,
) -> (Server, String) {
    let asked = AtomicUsize::new(0);
    let endpoint = Server::answering(move |_| {
        let (status, body) = answer(asked.fetch_add(1, Ordering::SeqCst));
        response(status, "", body)
    });
    let secret = "{valueFrom: {secretKeyRef: {name: idp, key: secret}}}";
    let url = endpoint.url();
    let lines =
        format!("auth: {{oauth2: {{tokenUrl: \"{url}\", clientId: loader, clientSecret: {secret}}}}},");
    (endpoint, lines)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_without_a_token_does_not_take_part_and_says_what_the_endpoint_said() {
    let (_endpoint, lines) =
        token_endpoint(|_| ("401 No", r#"{"error": "invalid_client", "error_description": "not hunter2"}"#));
    let stage = Stage::of(&lines, LONG, None).await;
    for worker in [0, 1] {
        let post = stage.post(worker, "p").env("LOADGATE_SECRET_1", "hunter2");
        let ended = post.start().wait(LIMIT).await;
        assert_eq!(ended.code, Some(leaving::NOT_STARTED.into()), "{}", ended.err);
        let want = "gave no token: it answered with status 401, invalid_client (not (left out))";
        assert!(
            ended.reason.starts_with("spec.target.auth.oauth2: ") && ended.reason.ends_with(want),
            "{}",
            ended.reason
        );
        assert!(!ended.err.contains("hunter2"), "{}", ended.err);
    }
    assert_eq!((stage.session.owners(), *stage.served.borrow()), (vec![None, None], 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_worker_has_a_token_of_its_own_and_tells_when_it_lapses() {
    // Two for the workers, and no third one.
    let (_endpoint, lines) = token_endpoint(|before| match before {
        0 | 1 => ("200 OK", r#"{"access_token": "t0ken", "token_type": "Bearer", "expires_in": 2}"#),
        _ => ("503 No", ""),
    });
    let stage = Stage::of(&lines, "{name: one, load: {constantUsers: {users: 2, duration: 6s}}}", None).await;
    let start = |worker, process| stage.post(worker, process).env("LOADGATE_SECRET_1", "hunter2").start();
    let workers = [start(0, "p0"), start(1, "p1")];
    stage.until("all are ready", |session| session.gathered().is_some()).await;
    assert!(stage.session.permit(&["p0".to_owned(), "p1".to_owned()]));
    stage.until("all are through", |session| session.view().finished).await;
    let lapse = stage.session.aggregate().phases[0].state.lapse.clone().unwrap();
    assert_eq!(lapse.why, "it answered with status 503");
    assert!(lapse.micros >= 1_000_000, "{lapse:?}");
    stage.session.release();
    for worker in workers {
        let ended = worker.wait(LIMIT).await;
        assert_eq!(ended.code, Some(leaving::DONE.into()), "{}", ended.err);
        assert!(!ended.err.contains("hunter2") && !ended.err.contains("t0ken"), "{}", ended.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_fails_the_run_and_says_why() {
    let stage = Stage::of("", LONG, None).await;
    let post = || stage.post(0, "p0");
    let address = stage.target.url();
    for (post, code, reason) in [
        (post().spec("kind: Pod"), leaving::INVALID, "kind: must be LoadTest"),
        (post().spec(&stage.text.replace("users: 4", "users: 0")), leaving::INVALID, "constantUsers.users: "),
        (stage.post(2, "p2"), leaving::INVALID, "--worker 2: "),
        (
            post().env("LOADGATE_SECRET_0", "open\nsesame"),
            leaving::INVALID,
            "LOADGATE_SECRET_0, for key key of ",
        ),
        (post().coordinator("https://localhost:1"), leaving::INVALID, "--ca: is missing"),
        (post().coordinator("ftp://localhost:1"), leaving::INVALID, "--coordinator: "),
        (post().spec(&stage.text.replace("users: 4", "users: 3")), leaving::INVALID, "derived plan"),
        (
            post().spec(&stage.text.replace(&address, "http://127.0.0.1:1")),
            leaving::NOT_STARTED,
            "spec.target.baseUrl: 127.0.0.1:1 takes no connection",
        ),
        (post().token("forged"), leaving::FAILED, "401 Unauthorized"),
    ] {
        let ended = post.start().wait(LIMIT).await;
        assert_eq!(ended.code, Some(code.into()), "{reason}: {}", ended.err);
        assert!(
            ended.reason.contains(reason) && ended.reason.lines().count() == 1,
            "{reason}: {}",
            ended.reason
        );
        assert!(!ended.err.contains("sesame") && !ended.reason.contains("sesame"), "{}", ended.err);
    }
    assert_eq!(stage.session.owners(), [None, None]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_counted_outlives_the_coordinator() {
    let phases = "{name: one, load: {iterations: {users: 2, perUser: 300}}}";
    let stage = Stage::of("", phases, None).await;
    let workers = stage.both().await;
    stage.until_served(20).await;
    // Another process takes the run up, at the same address.
    let Stage { session, house, ingest, text, served, .. } = stage;
    session.close();
    let address = ingest.address;
    ingest.end().await;
    let owners = ["p0".to_owned(), "p1".to_owned()];
    let next = SharedSession::resume(&plan(&text), 8, &owners, Duration::from_secs(1));
    house.open(house::RUN, &next);
    let _ingest = Ingest::serve_at(address, &house, None).await;
    let through = async {
        let mut changes = next.changes();
        while !next.view().finished {
            changes.changed().await.unwrap();
        }
    };
    assert!(tokio::time::timeout(LIMIT, through).await.is_ok(), "{:?}", next.view());
    let aggregate = next.aggregate();
    next.release();
    for worker in workers {
        let ended = worker.wait(LIMIT).await;
        assert_eq!(ended.code, Some(leaving::DONE.into()), "{}", ended.err);
    }
    let requests = aggregate.phases[0].state.whole().pooled(None, None).requests;
    assert_eq!((requests, *served.borrow()), (600, 600));
    assert_eq!(next.view().lost, 0);
}
