//! A target that is ill: whatever it does, each request is counted in its class, little is kept of it, and the run ends.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::net::sockopt::set_socket_reuseport;

use crate::endless::most_memory;
use crate::support::program::{LIMIT, Run};
use crate::support::server::{Connection, Server, response};
use crate::{SENT, SOUND, Trial, counts, test};

const MEBIBYTE: usize = 1024 * 1024;
/// The most memory that a run of two users takes, in KiB: it would be ten times as much if a body was kept.
const MOST_MEMORY: u64 = 64 * 1024;
/// So long, in microseconds, a response is waited for.
const PATIENCE: u64 = 300_000;

/// What befalls each request, and the class that it is counted in. The connection is given back where it goes on.
type Illness = (&'static str, &'static str, fn(Connection) -> Option<Connection>);

const ILLNESSES: [Illness; 6] = [
    ("an error", "503", |mut connection| {
        connection.send(&response("503 Service Unavailable", "", "{}"));
        Some(connection)
    }),
    ("a reset", "reset", |connection| {
        connection.reset();
        None
    }),
    ("a hang", "timeout", |mut connection| {
        connection.wait_for_its_end();
        None
    }),
    ("a byte a second", "timeout", |mut connection| {
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
        connection.send_endlessly(b"x", || std::thread::sleep(Duration::from_secs(1)));
        None
    }),
    ("ten gigabytes", "timeout", |mut connection| {
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n");
        connection.send_endlessly(&vec![b'x'; MEBIBYTE], || {});
        None
    }),
    ("no end at all", "timeout", |mut connection| {
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n");
        connection.send_endlessly(&vec![b'x'; MEBIBYTE], || {});
        None
    }),
];

#[test]
fn whatever_ails_a_target_is_counted_takes_no_memory_and_ends() {
    for (illness, tier) in ILLNESSES.into_iter().flat_map(|illness| [(illness, "fast"), (illness, "full")]) {
        let (about, class, ail) = illness;
        let (pid, peak) = (Arc::<OnceLock<u32>>::default(), Arc::<AtomicU64>::default());
        let (known, greatest) = (Arc::clone(&pid), Arc::clone(&peak));
        let server = Server::start(move |connection| {
            let mut next = Some(connection);
            while let Some(mut connection) = next.take() {
                if connection.request().is_some() {
                    next = ail(connection);
                    greatest.fetch_max(most_memory(*known.wait()), Ordering::SeqCst);
                }
            }
        });
        let keeps = class == "503";
        let trial = Trial {
            about,
            target: ", timeout: 300ms",
            failed: Some((class, SENT)),
            connections: if keeps { 2 } else { SENT },
            tier,
            ..SOUND
        };
        let running = Run::new(&test(&server.url(), &trial), &[]).start();
        pid.set(running.id()).unwrap();
        let ended = running.wait(LIMIT);
        let report = counts(&ended, &trial);
        let slowest = report.at("/status/summary/latency/maxMicros").as_u64().unwrap();
        let in_time = (PATIENCE..20 * PATIENCE).contains(&slowest);
        assert!(class != "timeout" || in_time, "{about}: given up after {slowest} µs");
        let kibibytes = peak.load(Ordering::SeqCst);
        assert!(kibibytes < MOST_MEMORY, "{about}: {kibibytes} KiB");
    }
}

/// A target whose process dies with its port, and one that takes its place.
#[test]
fn a_target_that_dies_and_returns_is_told_by_its_refusals_only() {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let bound = |address: SocketAddr| {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        set_socket_reuseport(&socket, true).unwrap();
        socket.bind(&address.into()).unwrap();
        socket
    };
    let first = bound(address);
    let address = first.local_addr().unwrap().as_socket().unwrap();
    // It keeps the port, and listens only when it is its turn.
    let second = bound(address);
    first.listen(64).unwrap();
    let first = TcpListener::from(first);
    let url = format!("http://{address}");
    let trial = Trial { about: "dies and returns", ..SOUND };
    let phase = |name: &str, count: u64| {
        format!("{{name: {name}, pace: 100ms, load: {{iterations: {{users: 1, perUser: {count}}}}}}}")
    };
    let phases = [phase("before", 3), phase("away", 3), phase("back", 30)].join(", ");
    let text = test(&url, &trial);
    let start = text.find("  phases:").unwrap();
    let text = format!("{}  phases: [{phases}]\n", &text[..start]);
    let serving = std::thread::spawn(move || {
        // The first one looks whether the target can be reached.
        first.accept().unwrap();
        let mut connection = Connection::new(first.accept().unwrap().0);
        for left in (0..3).rev() {
            connection.request().unwrap();
            if left > 0 {
                connection.send(&response("200 OK", "", "{}"));
            }
        }
        drop(first);
        connection.send_last(&response("200 OK", "", "{}"));
    });
    let running = Run::new(&text, &["-v"]).start();
    running.until_it_says("phase=1 end=Completed");
    second.listen(64).unwrap();
    let back = Server::on(TcpListener::from(second), |mut connection| {
        while connection.request().is_some() {
            connection.send(&response("200 OK", "", "{}"));
        }
    });
    let ended = running.wait(LIMIT);
    serving.join().unwrap();
    let report = ended.report();
    let of =
        |phase: usize, name: &str| report.at(&format!("/phases/{phase}/summary/{name}")).as_u64().unwrap();
    assert_eq!([of(0, "succeeded"), of(1, "failed"), of(2, "requests")], [3, 3, 30], "{}", ended.err);
    assert!(of(2, "succeeded") > 0, "it came back: {}", ended.err);
    // A machine that is busy may be slow to let it come back.
    let connect = of(1, "failed") + of(2, "failed");
    assert_eq!(report.errors(), [("connect".to_owned(), connect)].into());
    assert!(back.accepted() > 0);
}
