//! Connections that don't come about: refused, unanswered, or more than the machine has.

use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;
use std::sync::mpsc::channel;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::support::program::{LIMIT, Run, run};
use crate::support::server::{Connection, Server, response};
use crate::{FEW, SENT, SOUND, Trial, counts, test};

#[test]
fn a_target_that_dies_amid_the_run_refuses_what_comes_then() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let target = std::thread::spawn(move || {
        // The first is the one that looks whether the target can be reached.
        socket.accept().unwrap();
        let mut connection = Connection::new(socket.accept().unwrap().0);
        connection.request().unwrap();
        drop(socket);
        connection.send_last(&response("200 OK", "", "{}"));
    });
    let trial = Trial {
        about: "a target that dies",
        load: "iterations: {users: 1, perUser: 5}",
        requests: 5,
        failed: Some(("connect", 4)),
        connections: 1,
        reconnects: 1,
        ..SOUND
    };
    counts(&run(&test(&url, &trial), &[]), &trial);
    target.join().unwrap();
}

#[test]
fn a_connection_that_nobody_accepts_times_out_and_took_as_long_as_it_was_waited_for() {
    let trial = Trial {
        about: "a full queue",
        target: ", connectTimeout: 300ms",
        load: FEW,
        failed: Some(("timeout", SENT)),
        connections: 0,
        ..SOUND
    };
    for trial in trial.both() {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        // One connection waits to be accepted, for ever: that which looks whether the target can be reached.
        socket.listen(0).unwrap();
        let socket: TcpListener = socket.into();
        let url = format!("http://{}", socket.local_addr().unwrap());
        let report = counts(&run(&test(&url, &trial), &[]), &trial);
        let median = report.at("/status/summary/latency/p50Micros").as_u64().unwrap();
        assert!(median >= 300_000, "nobody answered for 300 ms, and {median} µs are told");
    }
}

/// A process that may open fewer files in mid-run than there are users; each keeps its connection for a while.
#[test]
fn a_generator_without_descriptors_left_blames_itself() {
    let steps = r#"{name: get, request: {path: "/${phase}"}, think: 1s}"#;
    for trial in (Trial { steps, load: "burst: {iterations: 200}", ..SOUND }).both() {
        finds_no_descriptors(&trial);
    }
}

fn finds_no_descriptors(trial: &Trial<'_>) {
    let (tell, told) = channel();
    let (go_on, limited) = channel();
    let limited = Mutex::new(limited);
    let server = Server::answering(move |request| {
        if request.line() == "GET /one" {
            tell.send(()).unwrap();
            limited.lock().unwrap().recv_timeout(LIMIT).unwrap();
        }
        response("200 OK", "", "{}")
    });
    let one = "{name: one, load: {iterations: {users: 1, perUser: 1}}}";
    let test = test(&server.url(), trial).replace("phases: [", &format!("phases: [{one}, "));
    let running = Run::new(&test, &[]).start();
    told.recv_timeout(LIMIT).unwrap();
    let few = Rlimit { current: Some(100), maximum: Some(100) };
    prlimit(Pid::from_raw(i32::try_from(running.id()).unwrap()), Resource::Nofile, few).unwrap();
    go_on.send(()).unwrap();
    let ended = running.wait(LIMIT);
    let report = ended.report();
    let exhausted = report.errors().remove("exhausted").unwrap_or(0);
    let told = || format!("{:?}\n{}", report.errors(), ended.err);
    assert!(exhausted > 0 && report.total("requests") == 201, "{}", told());
    assert_eq!(report.total("failed"), exhausted, "nothing is wrong with the target: {:?}", report.errors());
    assert_eq!(ended.code, Some(2), "{}", ended.out);
    let reason = report.text("/status/generator/reasons/0");
    assert!(reason.contains(&format!("{exhausted} requests found no descriptor")), "{reason}");
}
