//! How long a connection is kept: closed while idle, closed too late, answered too early.

use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use crate::support::program::run;
use crate::support::server::{Server, response};
use crate::{Came, Full, SENT, SOUND, Trial, answering, check, counts, test};

#[test]
fn a_connection_closed_while_idle_is_opened_anew_and_that_is_no_error() {
    let ok = response("200 OK", "", "{}");
    let old = b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\n{}".to_vec();
    for (about, steps, answer) in [
        ("the next request follows at once", "{name: get, request: {path: /}}", ok.clone()),
        ("the next request follows later", "{name: get, request: {path: /}, think: 20ms}", ok),
        ("HTTP/1.0 that says to keep it", "{name: get, request: {path: /}}", old),
    ] {
        let server = answering(move |connection| connection.send_last(&answer));
        check(&server, &Trial { about, steps, connections: SENT, reconnects: SENT - 2, ..SOUND });
    }
}

#[test]
fn a_connection_closed_after_a_request_was_written_is_stale_and_nothing_is_sent_twice() {
    let (seen, sent) = channel();
    let server = Server::start(move |mut connection| {
        let mut index = || {
            let request = connection.request()?;
            seen.send(request.header("x-index")?.to_owned()).ok()?;
            Some(())
        };
        if index().is_some() {
            connection.send(&response("200 OK", "", "{}"));
            // The second request is taken and never answered: the connection ends with this.
            if let Some(request) = connection.request() {
                let _ = seen.send(request.header("x-index").unwrap().to_owned());
            }
        }
    });
    let steps = r#"{name: get, request: {path: /, headers: [{name: X-Index, value: "${index}"}]}}"#;
    // Of each user's three, the second finds its connection closed.
    check(&server, &Trial { steps, failed: Some(("stale", 2)), connections: 4, ..SOUND });
    drop(server);
    let mut indexes: Vec<String> = sent.try_iter().collect();
    indexes.sort_unstable();
    assert_eq!(indexes, ["0", "0", "1", "1", "2", "2", "3", "3", "4", "4", "5", "5"]);
}

#[test]
fn a_new_connection_that_ends_without_an_answer_is_a_reset() {
    let server = Server::start(|mut connection| {
        connection.request();
    });
    check(&server, &Trial { failed: Some(("reset", SENT)), connections: SENT, ..SOUND });
}

#[test]
fn a_connection_reset_amid_a_body_is_a_reset_and_the_next_request_opens_one() {
    let server = Server::start(|mut connection| {
        if connection.request().is_some() {
            connection.send_until_read(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
            connection.reset();
        }
    });
    check(&server, &Trial { failed: Some(("reset", SENT)), connections: SENT, ..SOUND });
}

/// Whoever had an answer already knows that its request was taken: that is no stale connection.
#[test]
fn a_kept_connection_reset_amid_a_later_body_is_a_reset_and_not_stale() {
    let server = Server::start(|mut connection| {
        if connection.request().is_some() {
            connection.send(&response("200 OK", "", "{}"));
        }
        if connection.request().is_some() {
            connection.send_until_read(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
            connection.reset();
        }
    });
    // Of each user's three, the second is cut short, and the third needs another connection.
    check(&server, &Trial { failed: Some(("reset", 2)), connections: 4, ..SOUND });
}

/// More than the kernel takes of a request that isn't read.
const LARGE: usize = 5_000_000;

/// A target that takes little at once.
fn listener() -> TcpListener {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(64).unwrap();
    socket.into()
}

/// A target that answers what it hasn't read, and then `stays` or closes.
fn hasty(stays: bool) -> Server {
    let kept = Mutex::new(Vec::new());
    Server::on(listener(), move |mut connection| {
        if connection.head().is_some() {
            connection.send(&response("413 Content Too Large", "", "{}"));
            if stays {
                kept.lock().unwrap().push(connection);
            }
        }
    })
}

fn large_step() -> String {
    format!(
        r#"{{name: post, request: {{path: /, method: POST, json: "{}"}}, checks: [{{status: [413]}}]}}"#,
        "x".repeat(LARGE)
    )
}

#[test]
fn an_answer_before_the_request_was_read_counts_and_its_connection_is_not_used_again() {
    // The full client closes the connection by itself, so that the next one looks like a reconnect.
    let full = Full::Differs(Came { failed: None, connections: SENT, reconnects: SENT - 2 });
    let trial = Trial { about: "and stays", steps: &large_step(), connections: SENT, full, ..SOUND };
    let [fast, full] = check(&hasty(true), &trial);
    for report in [&fast, &full] {
        assert_eq!(report.statuses().get("POST / 413"), Some(&SENT));
    }
    assert!(fast.total("bytesSent") < SENT * LARGE as u64, "{}", fast.total("bytesSent"));
}

/// The full client may find that it can't write before it reads what there is: then it is a reset.
#[test]
fn an_answer_before_the_request_was_read_counts_also_where_the_connection_is_closed() {
    let server = hasty(false);
    let steps = large_step();
    let [fast, full] = Trial { steps: &steps, connections: SENT, ..SOUND }.both();
    let report = counts(&run(&test(&server.url(), &fast), &[]), &fast);
    assert_eq!(report.statuses().get("POST / 413"), Some(&SENT));
    assert!(report.total("bytesSent") < SENT * LARGE as u64, "{}", report.total("bytesSent"));
    let report = run(&test(&server.url(), &full), &[]).report();
    let answered = report.statuses().get("POST / 413").copied().unwrap_or(0);
    let reset = report.errors().get("reset").copied().unwrap_or(0);
    assert_eq!((answered + reset, report.total("requests")), (SENT, SENT), "{:?}", report.errors());
}
