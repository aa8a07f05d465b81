//! Bodies that come compressed: readable for checks and extracts, counted as they came, never larger than what is kept.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::support::server::Server;
use crate::{SENT, SOUND, Trial, check, check_beside};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// Sends `body`, said to be coded so, to who asks for it, and refuses others.
fn coded(coding: &'static str, body: Vec<u8>) -> Server {
    Server::answering(move |request| {
        let status = match request.header("accept-encoding") {
            Some("gzip, deflate") => "200 OK",
            _ => "406 Not Acceptable",
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), &body].concat()
    })
}

const TARGET: &str = r#", headers: [{name: Accept-Encoding, value: "gzip, deflate"}], preflight: [{request: {path: /}, checks: [{jsonPath: $.a, equals: abcde}]}]"#;
const UNTRIED: &str = r#", headers: [{name: Accept-Encoding, value: "gzip, deflate"}]"#;
const STEPS: &str = "{name: get, request: {path: /}, checks: [{status: [200]}, {bodyContains: abcde}, {jsonPath: $.a, equals: abcde}]}";
const LONG: usize = 20_000;

#[test]
fn a_compressed_body_is_read_by_checks_and_counted_as_it_came() {
    let text = format!(r#"{{"a": "abcde", "b": "{}"}}"#, "x".repeat(LONG));
    for (coding, body) in [("gzip", gzip(text.as_bytes())), ("deflate", zlib(text.as_bytes()))] {
        // The preflight goes over a connection of its own.
        let server = coded(coding, body.clone());
        let trial = Trial { about: coding, target: TARGET, steps: STEPS, ..SOUND };
        for report in check_beside(&server, &trial, 1) {
            let received = report.total("bytesReceived");
            assert!(received >= SENT * body.len() as u64 && received < LONG as u64, "{coding}: {received}");
        }
    }
}

#[test]
fn what_is_not_compressed_as_it_says_is_no_http_and_what_is_too_large_is_not_kept() {
    let bomb = gzip(&vec![b'x'; 20 * 1024 * 1024]);
    for (about, body, class) in [
        ("not compressed", b"{\"a\": \"abcde\"}".to_vec(), "protocol"),
        ("cut short", gzip(b"{\"a\": \"abcde\"}")[..20].to_vec(), "protocol"),
        ("twenty megabytes", bomb, "body_limit"),
    ] {
        let trial = Trial { about, target: UNTRIED, steps: STEPS, failed: Some((class, SENT)), ..SOUND };
        check(&coded("gzip", body), &trial);
    }
}
