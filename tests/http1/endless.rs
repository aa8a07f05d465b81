//! Responses that never end: time is up at the time limit, and what is kept of them is bounded.

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::support::program::{LIMIT, Run};
use crate::support::server::Server;
use crate::{SENT, SOUND, Trial, answering, check, counts, test};

/// All requests end so, each at its time limit.
const LATE: Trial<'_> =
    Trial { target: ", timeout: 300ms", failed: Some(("timeout", SENT)), connections: SENT, ..SOUND };

const LEAST_MICROS: u64 = 300_000;

fn dripping(start: &'static str, drop: &'static [u8]) -> Server {
    answering(move |connection| {
        connection.send(start.as_bytes());
        connection.send_endlessly(drop, || std::thread::sleep(Duration::from_millis(10)));
    })
}

#[test]
fn what_comes_byte_by_byte_ends_at_the_time_limit() {
    for (about, start, drop) in [
        ("a body", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", &b"x"[..]),
        ("a body until the end", "HTTP/1.1 200 OK\r\n\r\n", b"x"),
        ("a head", "HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        ("trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
        ("interim responses", "", b"HTTP/1.1 102 Processing\r\n\r\n"),
    ] {
        let report = check(&dripping(start, drop), &Trial { about, ..LATE });
        let median = report.at("/status/summary/latency/p50Micros").as_u64().unwrap();
        assert!(median >= LEAST_MICROS, "{about}: given up after {median} µs");
    }
}

#[test]
fn a_body_of_a_terabyte_ends_at_the_time_limit_and_is_not_kept() {
    let (tell, told) = channel::<u32>();
    let (told, peak) = (Mutex::new(told), std::sync::Arc::<Mutex<u64>>::default());
    let greatest = std::sync::Arc::clone(&peak);
    let pid = std::sync::OnceLock::new();
    let server = answering(move |connection| {
        let pid = *pid.get_or_init(|| told.lock().unwrap().recv().unwrap());
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
        connection.send_endlessly(&vec![b'x'; 256 * 1024], || {
            let now = most_memory(pid);
            let mut peak = greatest.lock().unwrap();
            *peak = now.max(*peak);
        });
    });
    let steps = "{name: get, request: {path: /}, checks: [{bodyContains: end}]}";
    let trial = Trial { about: "a terabyte", steps, ..LATE };
    let running = Run::new(&test(&server.url(), &trial), &[]).start();
    tell.send(running.id()).unwrap();
    let report = counts(&running.wait(LIMIT), &trial);
    let (received, kibibytes) = (report.total("bytesReceived"), *peak.lock().unwrap());
    assert!(received > SENT * 1_048_576, "the limit of what is kept was passed: {received}");
    assert!((1..64 * 1024).contains(&kibibytes), "{kibibytes} KiB of memory");
}

/// There is always more to be read than was, so that nobody ever waits for the next byte.
#[test]
fn what_comes_faster_than_it_can_be_read_ends_at_the_time_limit() {
    let server = answering(|connection| {
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        connection.send_endlessly("1\r\nx\r\n".repeat(100_000).as_bytes(), || {});
    });
    check(&server, &LATE);
}

/// The most memory that process `pid` ever had, in KiB; 0 where it has ended.
fn most_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or(0, |line| line.trim().trim_end_matches(" kB").parse().unwrap())
}

#[test]
fn a_head_without_end_is_refused_long_before_the_time_limit() {
    let server = answering(|connection| {
        connection.send(b"HTTP/1.1 200 OK\r\nX-Long: ");
        connection.send_endlessly(&vec![b'x'; 64 * 1024], || {});
    });
    check(&server, &Trial { failed: Some(("protocol", SENT)), connections: SENT, ..SOUND });
}
