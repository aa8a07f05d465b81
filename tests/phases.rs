//! What lies between phases: nothing of one is under way while another is measured, and an abort is heard.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::program::{LIMIT, Run, run};
use support::server::{Server, response};

fn test(url: &str, phases: &str) -> String {
    format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: phases}}
spec:
  target: {{baseUrl: "{url}", connectTimeout: 60s}}
  scenarios: [{{name: visit, steps: [{{name: get, request: {{path: "/${{phase}}/${{user}}"}}}}]}}]
  phases: [{phases}]
"#
    )
}

/// The first user of the first phase is answered late: until then the other worker, which is through with it, must
/// not open the connections of its part of the burst.
#[test]
fn a_burst_opens_no_connection_while_another_worker_is_in_the_phase_before() {
    let opened_early = Arc::<AtomicU64>::default();
    let (opened, early) = (AtomicU64::new(0), Arc::clone(&opened_early));
    let server = Server::start(move |mut connection| {
        opened.fetch_add(1, Ordering::SeqCst);
        while let Some(request) = connection.request() {
            if request.line() == "GET /calm/0" {
                // There is no event to wait for: it is that nothing happens.
                std::thread::sleep(Duration::from_millis(300));
                // One that looked whether the target can be reached, and one of each user.
                early.store(opened.load(Ordering::SeqCst).saturating_sub(3), Ordering::SeqCst);
            }
            connection.send(&response("200 OK", "", "{}"));
        }
    });
    let phases = "{name: calm, load: {iterations: {users: 2, perUser: 1}}}, {name: rush, load: {burst: {iterations: 8}}}";
    let ended = run(&test(&server.url(), phases), &["--workers", "2"]);
    assert_eq!(ended.report().total("requests"), 10, "{}", ended.err);
    assert_eq!(opened_early.load(Ordering::SeqCst), 0, "connections of the burst");
    assert_eq!(server.accepted(), 1 + 2 + 8);
}

#[test]
fn an_abort_is_heard_while_connections_are_opened_ahead_of_a_burst() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    // The only place in the queue is taken by the connection that looks whether the target can be reached.
    socket.listen(0).unwrap();
    let socket: TcpListener = socket.into();
    let address = socket.local_addr().unwrap();
    let running =
        Run::new(&test(&format!("http://{address}"), "{name: rush, load: {burst: {iterations: 3}}}"), &[])
            .start();
    let port = format!(":{:04X}", address.port());
    let is_connecting = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().take(4).collect();
        matches!(fields[..], [_, _, to, "02"] if to.ends_with(&port))
    };
    // The system tells nobody that a connection is asked for: it is looked at until then.
    let began = Instant::now();
    while !std::fs::read_to_string("/proc/net/tcp").unwrap().lines().any(is_connecting) {
        assert!(began.elapsed() < LIMIT, "it opens no connection");
        std::thread::yield_now();
    }
    running.signal(Signal::INT);
    let ended = running.wait(LIMIT);
    assert_eq!(ended.code, Some(130), "{}", ended.err);
    let report = ended.report();
    assert_eq!((report.total("requests"), report.text("/status/phase")), (0, "Aborted"));
    assert!(report.0.pointer("/phases/0/startedAt").is_none(), "it never began");
}
