//! What only the way over HTTP refuses: who isn't believed, what is too large, comes too often or to the wrong one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use loadgate::ingest::server::Denial;
use loadgate::ingest::{Coordinator, Report, SharedSession, Stage, Unreachable, wire};
use loadgate::metrics::{PhaseSnapshot, Second, Snapshot};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::house::{Files, House, Ingest, RUN};
use super::{LIMIT, recorded, registration, snapshot, told, unrecorded};

/// A server, and a socket to it for each request.
struct Counter {
    house: Arc<House>,
    ingest: Ingest,
}

impl Counter {
    async fn new() -> Self {
        let house = House::of(&recorded());
        let ingest = Ingest::serve(&house, None).await;
        Counter { house, ingest }
    }

    /// Posts a body with these lines in the head; the status and the rest of the response.
    async fn post(&self, path: &str, head: &str, body: &[u8]) -> (u16, String) {
        let head = format!("{head}Content-Length: {}\r\n", body.len());
        let mut stream = self.send(path, &head, body).await;
        response(&mut stream).await
    }

    async fn send(&self, path: &str, head: &str, body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.ingest.address).await.unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        stream
    }

    /// The line of the head that shows a worker of the run.
    fn shown(&self, worker: u32) -> String {
        format!("Authorization: Bearer {}\r\n", self.house.token(RUN, worker, &format!("p{worker}")))
    }
}

async fn response(stream: &mut TcpStream) -> (u16, String) {
    let mut bytes = Vec::new();
    // It may be reset after the response where not all of the request was read.
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default(), text)
}

#[tokio::test]
async fn each_fault_has_its_status() {
    let counter = Counter::new().await;
    let path = wire::register_path(RUN);
    let sound = wire::encode(&registration(0, "p0"));
    let elsewhere = format!("Authorization: Bearer {}\r\n", counter.house.token("other", 0, "p0"));
    for (head, body, want, why) in [
        (String::new(), &sound, 401, "no token"),
        ("Authorization: Basic cDA6cDA=\r\n".to_owned(), &sound, 401, "no such token"),
        ("Authorization: Bearer \r\n".to_owned(), &sound, 401, "an empty token"),
        ("Authorization: Bearer forged\r\n".to_owned(), &sound, 401, "a forged token"),
        (elsewhere, &sound, 403, "a token of another run"),
        (counter.shown(1), &sound, 403, "another worker's name in the message"),
        (counter.shown(0), &b"garbage".to_vec(), 400, "garbage"),
        (counter.shown(0), &Vec::new(), 400, "nothing"),
        (counter.shown(0), &sound, 200, "as it should be"),
        (counter.shown(0), &wire::encode(&registration(0, "q0")), 403, "another process's name"),
    ] {
        let (status, response) = counter.post(&path, &head, body).await;
        assert_eq!(status, want, "{why}: {response}");
    }
    assert_eq!(counter.house.noted(), [401, 401, 401, 401, 403, 403, 400, 400, 200, 403]);
    let report = |patience: &str| format!("/v1/runs/{RUN}/report{patience}");
    let body = wire::encode(&told(0, Stage::Arrived(0)));
    for (path, want) in [(report(""), 200), (report("?patience=0"), 200), (report("?patience=x"), 400)] {
        assert_eq!(counter.post(&path, &counter.shown(0), &body).await.0, want, "{path}");
    }
    let nowhere = counter.post("/v1/runs/nobody/register", &counter.shown(0), &sound).await;
    assert_eq!(nowhere.0, 403, "a run that isn't here");
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_refused_unread() {
    let counter = Counter::new().await;
    let token = counter.shown(0);
    for (path, most) in [
        (wire::register_path(RUN), wire::LARGEST_REGISTRATION),
        (wire::report_path(RUN, Duration::ZERO), wire::LARGEST_REPORT),
    ] {
        let head = format!("{token}Content-Length: {}\r\n", most + 1);
        let mut stream = counter.send(&path, &head, b"").await;
        let (status, response) = tokio::time::timeout(LIMIT, response(&mut stream)).await.unwrap();
        assert_eq!(status, 413, "{response}");
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_refused_when_it_is_too_large() {
    let counter = Counter::new().await;
    let head = format!("{}Transfer-Encoding: chunked\r\n", counter.shown(0));
    let mut stream = counter.send(&wire::register_path(RUN), &head, b"").await;
    let chunk = [&b"1000\r\n"[..], &[0; 0x1000], b"\r\n"].concat();
    let mut sent = 0;
    // The answer itself may be lost: whoever closes with something unread resets.
    while stream.write_all(&chunk).await.is_ok() {
        sent += chunk.len();
        assert!(sent < 64 * 1024 * 1024, "it reads on and on");
    }
    assert_eq!(counter.house.noted(), [413]);
}

#[tokio::test]
async fn a_report_of_what_cannot_be_is_refused_and_other_runs_are_unharmed() {
    let counter = Counter::new().await;
    let (run, other) = (running().await, running().await);
    counter.house.open(RUN, &run);
    counter.house.open("other", &other);
    let absurd = |change: fn(&mut PhaseSnapshot)| {
        let mut phase = PhaseSnapshot::default();
        change(&mut phase);
        Snapshot { number: 1, phases: vec![phase] }.to_bytes()
    };
    for (bytes, want, why) in [
        (vec![0xc1; 40], 400, "garbage"),
        (absurd(|phase| phase.state.books.completed = u64::MAX), 400, "nobody does so much"),
        (absurd(|phase| phase.phase = 9), 400, "there is no such phase"),
        (absurd(|phase| drop(phase.seconds.insert(3600, Second::default()))), 400, "it is still to come"),
        (snapshot(1, 10), 200, "as it should be"),
    ] {
        let body = wire::encode(&Report { snapshot: Some(bytes), ..told(0, Stage::Running(0)) });
        let path = wire::report_path(RUN, Duration::ZERO);
        assert_eq!(counter.post(&path, &counter.shown(0), &body).await.0, want, "{why}");
        let expected = if want == 200 { 10 } else { 0 };
        assert_eq!(run.aggregate().phases[0].state.books.completed, expected, "{why}");
    }
    let body = wire::encode(&Report { snapshot: Some(snapshot(1, 7)), ..told(0, Stage::Running(0)) });
    let shown = format!("Authorization: Bearer {}\r\n", counter.house.token("other", 0, "p0"));
    assert_eq!(counter.post(&wire::report_path("other", Duration::ZERO), &shown, &body).await.0, 200);
    assert_eq!(other.aggregate().phases[0].state.books.completed, 7);
    assert_eq!(counter.house.noted(), [400, 400, 400, 400, 200, 200]);
}

/// A run whose first phase is on.
async fn running() -> SharedSession {
    let session = unrecorded();
    for worker in [0, 1] {
        session.register(registration(worker, &format!("p{worker}"))).await.unwrap();
        session.report(told(worker, Stage::Ready(0)), Duration::ZERO).await.unwrap();
    }
    session
}

#[tokio::test]
async fn who_may_not_come_in_now_is_told_so() {
    let counter = Counter::new().await;
    let body = wire::encode(&registration(0, "p0"));
    let leader = "10.0.0.7:8443";
    for (denial, want, line) in [
        (Denial::TooMany, 429, "retry-after: 1\r\n"),
        (Denial::NotNow("the run isn't open yet"), 503, ""),
        (Denial::NotLeading(None), 421, ""),
        (Denial::NotLeading(Some(leader.to_owned())), 421, "x-loadgate-leader: 10.0.0.7:8443\r\n"),
    ] {
        counter.house.deny(Some(denial));
        let (status, response) = counter.post(&wire::register_path(RUN), &counter.shown(0), &body).await;
        assert_eq!(status, want, "{response}");
        assert!(response.contains(line), "{response}");
    }
}

#[tokio::test]
async fn a_client_gives_up_where_it_is_not_believed_and_comes_again_where_it_is_too_early() {
    let house = House::of(&recorded());
    let ingest = Ingest::serve(&house, None).await;
    let files = Files::new();
    let client = files.client(ingest.address.port(), &house.token(RUN, 0, "p0"), None);
    for (denial, may_come_again) in [
        (Denial::NoIdentity, false),
        (Denial::NotOfThisRun, false),
        (Denial::TooMany, true),
        (Denial::NotNow("the run isn't open yet"), true),
        (Denial::NotLeading(None), true),
    ] {
        house.deny(Some(denial.clone()));
        match client.register(registration(0, "p0")).await {
            Err(Unreachable::TurnedAway(why)) => assert!(!may_come_again, "{why}"),
            Err(Unreachable::Silent(why)) => assert!(may_come_again, "{why}"),
            Err(Unreachable::Busy(_)) => assert_eq!(denial, Denial::TooMany),
            other => panic!("{denial}: {other:?}"),
        }
    }
    house.deny(None);
    assert!(client.register(registration(0, "p0")).await.is_ok());
}

#[tokio::test]
async fn the_last_report_is_accepted_until_it_is_stored() {
    let counter = Counter::new().await;
    let session = unrecorded();
    counter.house.open(RUN, &session);
    let register = |worker: u32| wire::encode(&registration(worker, &format!("p{worker}")));
    for worker in [0, 1] {
        let (status, _) =
            counter.post(&wire::register_path(RUN), &counter.shown(worker), &register(worker)).await;
        assert_eq!(status, 200);
    }
    let report = wire::report_path(RUN, Duration::ZERO);
    let last = Report { snapshot: None, ..told(0, Stage::Finished) };
    assert_eq!(
        counter.post(&report, &counter.shown(0), &wire::encode(&last)).await.0,
        200,
        "it may leave at once"
    );

    let session = recorded();
    counter.house.open(RUN, &session);
    for worker in [0, 1] {
        session.register(registration(worker, &format!("p{worker}"))).await.unwrap();
        session.report(told(worker, Stage::Ready(0)), Duration::ZERO).await.unwrap();
    }
    assert!(session.permit(&["p0".to_owned(), "p1".to_owned()]));
    let last = Report { snapshot: Some(snapshot(1, 10)), ..told(0, Stage::Finished) };
    for _ in 0..2 {
        assert_eq!(counter.post(&report, &counter.shown(0), &wire::encode(&last)).await.0, 202);
    }
    let running = told(1, Stage::Running(0));
    assert_eq!(
        counter.post(&report, &counter.shown(1), &wire::encode(&running)).await.0,
        200,
        "it isn't through"
    );
    session.release();
    assert_eq!(counter.post(&report, &counter.shown(0), &wire::encode(&last)).await.0, 200);
}

#[tokio::test]
async fn whoever_answers_with_something_else_is_not_taken_for_the_coordinator() {
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = Files::new();
    let client = client.client(port, "token", None);
    let long = "x".repeat(200_000);
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_owned(),
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 500 Oh\r\nContent-Length: 21\r\n\r\n<html>\n<script>\u{1b}[31m".to_owned(),
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{long}", long.len()),
        "SSH-2.0-OpenSSH_9.9\r\n".to_owned(),
    ] {
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut seen = [0; 16];
            stream.read_exact(&mut seen).await.unwrap();
            let _ = stream
                .write_all(response.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes())
                .await;
            let _ = stream.shutdown().await;
            // Until the other side closes: unread bytes would make a reset of the end.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        };
        let (answer, ()) = tokio::join!(client.register(registration(0, "p0")), server);
        match answer {
            Err(Unreachable::Silent(why)) => {
                assert!(why.len() < 300 && !why.chars().any(char::is_control), "{why:?}");
            }
            other => panic!("{response}: {other:?}"),
        }
    }
}
