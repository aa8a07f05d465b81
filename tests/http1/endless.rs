//! Responses that never end: time is up at the time limit, and what is kept of them is bounded.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use crate::support::program::{LIMIT, Run};
use crate::support::server::{Server, response};
use crate::{SENT, SOUND, Trial, answering, check, counts, test};

/// All requests end so, each at its time limit.
const LATE: Trial<'_> =
    Trial { target: ", timeout: 100ms", failed: Some(("timeout", SENT)), connections: SENT, ..SOUND };

const LEAST_MICROS: u64 = 100_000;
const MEBIBYTE: u64 = 1024 * 1024;

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
        for report in check(&dripping(start, drop), &Trial { about, ..LATE }) {
            let median = report.at("/status/summary/latency/p50Micros").as_u64().unwrap();
            assert!(median >= LEAST_MICROS, "{about}: given up after {median} µs");
        }
    }
}

/// Answers that took nearly their time leave that of a later one as it is.
#[test]
fn a_response_that_hangs_behind_others_ends_at_its_own_time_limit() {
    let server = Server::start(|mut connection| {
        for answers in [true, true, false] {
            if connection.request().is_none() {
                return;
            }
            if answers {
                std::thread::sleep(Duration::from_millis(60));
                connection.send(&response("200 OK", "", "{}"));
            }
        }
        connection.wait_for_its_end();
    });
    for report in check(&server, &Trial { failed: Some(("timeout", 2)), connections: 2, ..LATE }) {
        let slowest = report.at("/status/summary/latency/maxMicros").as_u64().unwrap();
        assert!((LEAST_MICROS..20 * LEAST_MICROS).contains(&slowest), "given up after {slowest} µs");
    }
}

#[test]
fn a_body_of_a_terabyte_ends_at_the_time_limit_and_is_not_kept() {
    is_not_kept(1_000_000_000_000, &LATE);
}

#[test]
fn a_body_larger_than_what_checks_look_through_is_read_to_its_end_and_not_kept() {
    let failed = Some(("body_limit", SENT));
    is_not_kept(128 * MEBIBYTE, &Trial { target: "", failed, connections: 2, ..LATE });
}

/// A check needs the body, of `length`; the program never has as much memory as the half of it.
fn is_not_kept(length: u64, trial: &Trial<'_>) {
    for trial in trial.both() {
        is_not_kept_by_one(length, &trial);
    }
}

fn is_not_kept_by_one(length: u64, trial: &Trial<'_>) {
    let (tell, told) = channel::<u32>();
    let (pid, peak) = (Mutex::new(told), Arc::<AtomicU64>::default());
    let (known, greatest) = (OnceLock::new(), Arc::clone(&peak));
    let server = answering(move |connection| {
        let pid = *known.get_or_init(|| pid.lock().unwrap().recv().unwrap());
        connection.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").as_bytes());
        let piece = vec![b'x'; usize::try_from(MEBIBYTE).unwrap()];
        // Whoever has hung up makes the rest short.
        for _ in 0..length / MEBIBYTE {
            if !connection.sends(&piece) {
                break;
            }
            greatest.fetch_max(most_memory(pid), Ordering::SeqCst);
        }
    });
    let steps = "{name: get, request: {path: /}, checks: [{bodyContains: end}]}";
    let trial = Trial { about: "a large body", steps, ..*trial };
    let running = Run::new(&test(&server.url(), &trial), &[]).start();
    tell.send(running.id()).unwrap();
    counts(&running.wait(LIMIT), &trial);
    let kibibytes = peak.load(Ordering::SeqCst);
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
pub(crate) fn most_memory(pid: u32) -> u64 {
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
