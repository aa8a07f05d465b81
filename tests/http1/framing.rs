//! Where a response ends: lengths, chunks, heads alone, and what contradicts itself.

use crate::support::server::{Server, response};
use crate::{Came, Full, GET, SENT, SOUND, Trial, answering, check};

/// Checks that the body is `abcde` and the header is seen.
const WHOLE: &str = "{name: get, request: {path: /}, checks: [{status: [200]}, {bodyContains: abcde}, {header: X-Kind, equals: odd}]}";

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nX-Kind: odd\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;name=\"v;w\"\r\nde\r\n0\r\nX-Sum: 1\r\nX-Kind: trailer\r\n\r\n";
const SIZED: &str = "HTTP/1.1 200 OK\r\nX-Kind: odd\r\nContent-Length: 5\r\n\r\nabcde";

/// Answers every request with `bytes`.
fn telling(bytes: impl Into<Vec<u8>>) -> Server {
    let bytes = bytes.into();
    answering(move |connection| connection.send(&bytes))
}

#[test]
fn a_response_is_read_to_its_end_and_its_connection_is_kept() {
    for (about, answer) in [
        ("a length", SIZED.to_owned()),
        ("the same length twice", SIZED.replace("X-Kind", "Content-Length: 5\r\nX-Kind")),
        ("chunks with trailers", CHUNKED.to_owned()),
        ("chunks that a coding precedes", CHUNKED.replace(": chunked", ": x, chunked")),
        (
            "interim responses",
            format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Kind: even\r\n\r\n{SIZED}"),
        ),
        ("a head of 60 KB", SIZED.replace("X-Kind", &format!("X-Long: {}\r\nX-Kind", "x".repeat(60_000)))),
        ("98 more headers", SIZED.replace("X-Kind", &format!("{}X-Kind", "X: y\r\n".repeat(98)))),
        (
            "an old version that keeps",
            SIZED.replace("HTTP/1.1", "HTTP/1.0").replace("X-K", "Connection: keep-alive\r\nX-K"),
        ),
    ] {
        check(&telling(answer), &Trial { about, steps: WHOLE, ..SOUND });
    }
}

#[test]
fn a_response_without_a_body_ends_with_its_head_whatever_its_length_says() {
    for (about, steps, answer) in [
        (
            "HEAD",
            "{name: head, request: {path: /, method: HEAD}}",
            "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
        ),
        (
            "HEAD, chunked",
            "{name: head, request: {path: /, method: HEAD}}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        ("204", GET, "HTTP/1.1 204 No Content\r\n\r\n"),
        ("204 with a length", GET, "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n"),
        ("304", GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"),
    ] {
        check(&telling(answer), &Trial { about, steps, ..SOUND });
    }
}

#[test]
fn a_response_in_pieces_of_one_byte_is_the_same_response() {
    for (about, answer) in [("a length", SIZED), ("chunks", CHUNKED)] {
        let server = answering(|connection| {
            for byte in answer.as_bytes() {
                connection.send_until_read(&[*byte]);
            }
        });
        // One is enough: to see that a byte was read takes longer than to read it.
        let load = "iterations: {users: 1, perUser: 1}";
        let trial = Trial { about, steps: WHOLE, load, requests: 1, connections: 1, ..SOUND };
        let [fast, full] = check(&server, &trial);
        assert_eq!(fast.total("bytesReceived"), answer.len() as u64, "{about}");
        // It doesn't see how a body is cut into chunks.
        assert!(full.total("bytesReceived") <= answer.len() as u64, "{about}");
    }
}

#[test]
fn an_interim_response_in_a_packet_of_its_own_is_passed_over() {
    let server = answering(|connection| {
        connection.send_until_read(b"HTTP/1.1 100 Continue\r\n\r\n");
        connection.send_until_read(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
        connection.send(SIZED.as_bytes());
    });
    check(&server, &Trial { steps: WHOLE, ..SOUND });
}

#[test]
fn a_response_after_which_the_connection_ends_is_a_success_and_the_next_request_opens_one() {
    for (about, answer) in [
        ("no length", SIZED.replace("Content-Length: 5\r\n", "")),
        ("close", SIZED.replace("X-Kind", "Connection: close\r\nX-Kind")),
        ("close among others", SIZED.replace("X-Kind", "Connection: close, keep-alive\r\nX-Kind")),
        ("an old version", SIZED.replace("HTTP/1.1", "HTTP/1.0")),
    ] {
        let server = answering(move |connection| connection.send_last(answer.as_bytes()));
        check(&server, &Trial { about, steps: WHOLE, connections: SENT, ..SOUND });
    }
}

#[test]
fn a_connection_that_brought_more_than_was_asked_for_is_not_used_again() {
    // The full client closes such a connection by itself, so that the next one looks like a reconnect; a length beside
    // chunks is nothing to it.
    let (closes, keeps) = ((SENT, SENT - 2), (2, 0));
    for (about, answer, (connections, reconnects)) in [
        ("two responses in one packet", SIZED.repeat(2), closes),
        ("a length that is too small", SIZED.replace("abcde", "abcdefgh"), closes),
        ("a body where there is none", SIZED.replace("200 OK", "204 No Content"), closes),
        ("a length beside chunks", CHUNKED.replace("X-Kind: odd", "X-Kind: odd\r\nContent-Length: 5"), keeps),
    ] {
        let steps = if about.contains("none") { GET } else { WHOLE };
        let full = Full::Differs(Came { failed: None, connections, reconnects });
        check(&telling(answer), &Trial { about, steps, connections: SENT, full, ..SOUND });
    }
}

#[test]
fn what_contradicts_itself_or_has_no_end_in_sight_is_refused() {
    for (about, answer) in [
        ("two lengths", SIZED.replace("X-Kind", "Content-Length: 6\r\nX-Kind")),
        ("a negative length", SIZED.replace(": 5", ": -5")),
        ("a length with a sign", SIZED.replace(": 5", ": +5")),
        ("a length beyond 64 bits", SIZED.replace(": 5", ": 99999999999999999999")),
        ("no length", SIZED.replace(": 5", ": ")),
        ("a coding that isn't known", CHUNKED.replace(": chunked", ": gzip")),
        ("chunks that aren't the last coding", CHUNKED.replace(": chunked", ": chunked, x")),
        ("a size that is none", CHUNKED.replace("3\r\n", "zz\r\n")),
        ("a size beyond 64 bits", CHUNKED.replace("3\r\n", "10000000000000003\r\n")),
        ("a chunk that is longer than its size", CHUNKED.replace("3\r\n", "2\r\n")),
        ("a header of 70 KB", SIZED.replace("X-Kind", &format!("X-Long: {}\r\nX-Kind", "x".repeat(70_000)))),
        ("99 more headers", SIZED.replace("X-Kind", &format!("{}X-Kind", "X: y\r\n".repeat(99)))),
        ("a change of protocol", SIZED.replace("200 OK", "101 Switching Protocols")),
        ("a status that is none", SIZED.replace("200 OK", "042 What")),
    ] {
        let failed = Some(("protocol", SENT));
        // The full client has read such a head, and finds it too long only then.
        let full = if about.contains("70 KB") {
            Full::Differs(Came { failed, connections: 2, reconnects: 0 })
        } else {
            Full::Same
        };
        check(&telling(answer), &Trial { about, failed, connections: SENT, full, ..SOUND });
    }
}

#[test]
fn a_body_that_breaks_off_is_a_reset() {
    for (about, answer) in [
        ("within a length", response("200 OK", "", "abcde")),
        ("within a chunk", CHUNKED.as_bytes().to_vec()),
        ("within a head", SIZED.as_bytes()[..30].to_vec()),
    ] {
        let trial = Trial { about, failed: Some(("reset", SENT)), connections: SENT, ..SOUND };
        let short = answer[..answer.len() - 2].to_vec();
        check(&answering(move |connection| connection.send_last(&short)), &trial);
    }
}
