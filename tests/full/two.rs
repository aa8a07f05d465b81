//! HTTP/2, over TLS and without: whose connection it is, what is counted, and targets that don't speak it.

#[path = "multiplexed.rs"]
mod multiplexed;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::server::{Server, response};
use crate::{SENT, counted, run, test};
use multiplexed::{Multiplexed, Seen};

const GET: &str = "/v1/things?a=b";

/// One that speaks it over TLS.
pub(crate) fn tls_target() -> Multiplexed {
    Multiplexed::start(true)
}

fn steps() -> Value {
    json!([{"name": "get", "request": {"path": GET, "headers": [{"name": "X-Asked", "value": "${user}"}]},
            "checks": [{"status": [200]}, {"bodyContains": "abcde"}, {"header": "X-Kind", "equals": "odd"},
                       {"jsonPath": "$.a", "equals": "abcde"}]}])
}

#[test]
fn each_user_has_a_connection_of_its_own_over_which_http_2_is_spoken() {
    for is_tls in [false, true] {
        let target = Multiplexed::start(is_tls);
        let mut own = json!({"http": {"version": "2"}});
        if let Some(certificate) = target.certificate() {
            own["tls"] = json!({"ca": {"value": certificate}, "serverName": "shop.test"});
        }
        let mut test = test(&target.url(), &own, &steps());
        let rows = test["spec"]["requirements"].as_array_mut().unwrap();
        rows.push(json!({"id": "opened", "metric": "connect.max", "target": "< 10s", "minSamples": 1}));
        if is_tls {
            rows.push(json!({"id": "agreed", "metric": "tls.max", "target": "< 10s", "minSamples": 1}));
        }
        let ended = run(&test);
        counted(&ended, "HTTP/2", SENT, None);
        let report = ended.report();
        assert_eq!(ended.code, Some(0), "{}", ended.out);
        assert_eq!(report.text("/phases/0/tier"), "full (HTTP/2)");
        assert_eq!(report.text("/status/phases/0/tier"), "full (HTTP/2)");
        assert_eq!(report.text("/status/generator/engine"), "full (HTTP/2)");
        let opened = report.at("/phases/0/connections").as_u64().unwrap();
        assert_eq!((opened, report.at("/phases/0/reconnects").as_u64()), (2, Some(0)));
        let host =
            if is_tls { target.authority().replace("127.0.0.1", "shop.test") } else { target.authority() };
        let mut seen = target.seen();
        seen.sort();
        let asked = |connection: usize, user: &str| Seen {
            connection,
            user: user.to_owned(),
            line: format!("HTTP/2.0 GET {host} {GET}"),
            has_host: false,
            authorization: None,
            to_a_proxy: None,
        };
        let first = seen[0].user.clone();
        let second = if first == "0" { "1" } else { "0" };
        let own = |connection, user: &str| vec![asked(connection, user); 3];
        let places: Vec<usize> = seen.iter().map(|seen| seen.connection).collect();
        let wanted = [own(places[0], &first), own(places[3], second)].concat();
        assert_eq!(seen, wanted);
        assert_ne!(places[0], places[3], "each has its own");
    }
}

#[test]
fn a_connection_that_the_target_ends_is_opened_anew_and_that_is_no_error() {
    let target = Multiplexed::start_ending_after(1);
    let mut test = test(&target.url(), &json!({"http": {"version": "2"}}), &steps());
    test["spec"]["phases"][0]["load"]["iterations"]["perUser"] = json!(20);
    let ended = run(&test);
    counted(&ended, "each response is the last of its connection", 40, None);
    let report = ended.report();
    let of = |name: &str| report.at(&format!("/phases/0/{name}")).as_u64().unwrap();
    // A request that overtakes the end of its connection is still served over it.
    assert!(of("connections") > 2, "{}", of("connections"));
    assert_eq!(of("connections"), of("reconnects") + 2);
}

#[test]
fn a_target_that_does_not_speak_it_is_told_apart() {
    let plain = Server::answering(|_| response("200 OK", "", "{}"));
    let ended = run(&test(&plain.url(), &json!({"http": {"version": "2"}}), &steps()));
    counted(&ended, "HTTP/1.1 only", SENT, Some(("protocol", SENT)));
    let closing = Server::start(drop);
    let ended = run(&test(&closing.url(), &json!({"http": {"version": "2"}}), &steps()));
    counted(&ended, "closed at once", SENT, Some(("reset", SENT)));
    let old = Multiplexed::start_speaking("http/1.1");
    let own = json!({"http": {"version": "2"}, "tls": {"insecureSkipVerify": true}});
    let ended = run(&test(&old.url(), &own, &steps()));
    counted(&ended, "HTTP/1.1 only, over TLS", SENT, Some(("tls", SENT)));
}

/// It is its stream that ends.
#[test]
fn a_response_that_comes_too_late_leaves_its_connection_to_the_next_request() {
    let target = Multiplexed::start(false);
    let own = json!({"http": {"version": "2"}, "timeout": "200ms"});
    let ended = run(&test(&target.url(), &own, &json!([{"name": "get", "request": {"path": "/never"}}])));
    counted(&ended, "no response", SENT, Some(("timeout", SENT)));
    let of = |name: &str| ended.report().at(&format!("/phases/0/{name}")).as_u64();
    assert_eq!((of("connections"), of("reconnects")), (Some(2), Some(0)));
    // On a busy machine it may not have come as far as the target.
    assert!(target.seen().len() as u64 <= SENT, "nothing is sent again");
}

#[test]
fn a_head_is_read_up_to_what_is_kept_of_one() {
    let target = Multiplexed::start(false);
    for (path, failed) in [("/long", None), ("/longer", Some(("protocol", SENT)))] {
        let steps = json!([{"name": "get", "request": {"path": path}}]);
        counted(&run(&test(&target.url(), &json!({"http": {"version": "2"}}), &steps)), path, SENT, failed);
    }
}

#[test]
fn a_response_has_its_time_from_when_there_is_a_connection() {
    let target = Multiplexed::start_late(Duration::from_secs(5));
    let own = json!({"http": {"version": "2"}, "tls": {"insecureSkipVerify": true}, "timeout": "4s", "connectTimeout": "30s"});
    let ended = run(&test(&target.url(), &own, &steps()));
    counted(&ended, "TLS that takes longer than a response may", SENT, None);
    let longest = ended.report().at("/phases/0/summary/latency/maxMicros").as_u64();
    assert!(
        longest.is_some_and(|micros| micros < 4_000_000),
        "{longest:?} microseconds, connecting included"
    );
}

/// A stream that a target refuses it has done nothing with, so a library would send it again. A load says what happened.
#[test]
fn a_stream_that_the_target_refuses_has_failed_and_is_not_sent_again() {
    let (target, refused) = refusing();
    let ended = run(&test(&target.url(), &json!({"http": {"version": "2"}}), &steps()));
    let report = ended.report();
    assert_eq!((report.total("requests"), report.total("failed")), (SENT, SENT), "{}", ended.err);
    assert_eq!(refused.load(Ordering::SeqCst), SENT);
}

/// A target that refuses each stream, and how many it has refused.
fn refusing() -> (Server, Arc<AtomicU64>) {
    let refused = Arc::<AtomicU64>::default();
    let count = Arc::clone(&refused);
    // A connection is over when the program ends it, and its thread with it.
    let target = Server::start(move |connection| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stream = connection.into_stream();
        stream.set_nonblocking(true).unwrap();
        runtime.block_on(async {
            let stream = tokio::net::TcpStream::from_std(stream).unwrap();
            let Ok(mut served) = h2::server::handshake(stream).await else { return };
            while let Some(Ok((_, mut answer))) = served.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                answer.send_reset(h2::Reason::REFUSED_STREAM);
            }
        });
    });
    (target, refused)
}

#[test]
fn the_preflight_speaks_it_too() {
    let target = Multiplexed::start(false);
    let own = json!({"http": {"version": "2"}, "preflight": [{"request": {"path": "/health"}}]});
    let ended = run(&test(&target.url(), &own, &steps()));
    counted(&ended, "with a preflight", SENT, None);
    let lines: Vec<String> = target.seen().into_iter().map(|seen| seen.line).collect();
    assert!(lines.contains(&format!("HTTP/2.0 GET {} /health", target.authority())), "{lines:?}");
}
