//! How long a connection is kept: closed while idle, closed too late, answered too early.

use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use crate::support::server::{Server, response};
use crate::{SENT, SOUND, Trial, answering, check};

#[test]
fn a_connection_closed_while_idle_is_opened_anew_and_that_is_no_error() {
    let ok = response("200 OK", "", "{}");
    for (about, steps) in [
        ("the next request follows at once", "{name: get, request: {path: /}}"),
        ("the next request follows later", "{name: get, request: {path: /}, think: 20ms}"),
    ] {
        let answer = ok.clone();
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
    assert_eq!(indexes, ["0", "1", "2", "3", "4", "5"]);
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

#[test]
fn an_answer_before_the_request_was_read_counts_and_its_connection_is_not_used_again() {
    let steps = format!(
        r#"{{name: post, request: {{path: /, method: POST, json: "{}"}}, checks: [{{status: [413]}}]}}"#,
        "x".repeat(LARGE)
    );
    for (about, stays) in [("and stays", true), ("and closes", false)] {
        let kept = Mutex::new(Vec::new());
        let server = Server::on(listener(), move |mut connection| {
            if connection.head().is_some() {
                connection.send(&response("413 Content Too Large", "", "{}"));
                if stays {
                    kept.lock().unwrap().push(connection);
                }
            }
        });
        let report = check(&server, &Trial { about, steps: &steps, connections: SENT, ..SOUND });
        assert_eq!(report.statuses().get("POST / 413"), Some(&SENT), "{about}");
        assert!(report.total("bytesSent") < SENT * LARGE as u64, "{about}: {}", report.total("bytesSent"));
    }
}
