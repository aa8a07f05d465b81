//! Bodies that stand outside the spec: sent as they are, by the load and by the preflight.

use crate::play::{ONCE, Play};
use crate::support::server::{Request, response};

fn fine(_: &Request) -> Vec<u8> {
    response("200 OK", "", "{}")
}

/// Longer than what a socket takes at once, and nothing that a template would leave as it is.
fn long() -> String {
    "${nobody} $${x}\r\n\u{0}é\n".repeat(100_000)
}

#[test]
fn a_file_is_sent_as_it_is() {
    let long = long();
    let spec = format!(
        "scenarios:
- name: send
  blocks: [{{name: twice, repeat: 2}}]
  steps:
  - {{name: file, block: twice, request: {{method: PUT, path: /file, file: {{file: long.PDF}}}}}}
  - {{name: map, block: twice, request: {{method: POST, path: \"/map/${{round}}\", headers: [{{name: content-type, value: text/x-own}}],
      file: {{configMapKeyRef: {{name: shop, key: order.json}}}}}}}}
{ONCE}"
    );
    let played = Play {
        spec: &spec,
        arguments: &["--config-map", "shop/order.json=order.json"],
        files: &[("long.PDF", long.as_bytes()), ("order.json", b"{ \"a\": 1 }\n")],
    }
    .with(fine);
    assert_eq!(
        played.lines(),
        ["PUT /file", "POST /map/0", "PUT /file", "POST /map/1"],
        "{}",
        played.ended.err
    );
    let [file, map, ..] = &played.requests[..] else { panic!("{}", played.ended.err) };
    assert!(file.body == long.as_bytes(), "{} bytes of {}", file.body.len(), long.len());
    assert_eq!(file.header("content-type"), Some("application/pdf"));
    assert_eq!((map.header("content-type"), &map.body[..]), (Some("text/x-own"), &b"{ \"a\": 1 }\n"[..]));
}

#[test]
fn the_preflight_sends_files_too() {
    let target = ", preflight: [{request: {method: POST, path: /ready, file: {file: a.xml}}},
    {request: {method: POST, path: /own, headers: [{name: Content-Type, value: text/x-own}], file: {file: a.xml}}}]";
    let played = Play {
        spec: &format!("scenarios: [{{name: send, steps: [{{name: get, request: {{path: /}}}}]}}]\n{ONCE}"),
        arguments: &[],
        files: &[("a.xml", "<a>é</a>".as_bytes())],
    }
    .with_target(target, fine);
    assert_eq!(played.lines(), ["POST /ready", "POST /own", "GET /"], "{}", played.ended.err);
    let [ready, own, _] = &played.requests[..] else { panic!("{}", played.ended.err) };
    assert_eq!(ready.header("content-type"), Some("application/xml"));
    assert_eq!(own.header("content-type"), Some("text/x-own"));
    assert_eq!(own.head.to_lowercase().matches("content-type").count(), 1, "{}", own.head);
    assert_eq!((&ready.body, &own.body), (&b"<a>\xc3\xa9</a>".to_vec(), &b"<a>\xc3\xa9</a>".to_vec()));
}

#[test]
fn a_file_that_is_not_there_is_told_before_any_load() {
    for (file, want) in [
        ("file: none.bin", "spec.scenarios[0].steps[0].request.file: "),
        ("configMapKeyRef: {name: shop, key: a.bin}", "needs its content: --config-map shop/a.bin=PATH"),
    ] {
        let spec = format!(
            "scenarios: [{{name: send, steps: [{{name: put, request: {{method: PUT, path: /, file: {{{file}}}}}}}]}}]\n{ONCE}"
        );
        let played = Play { spec: &spec, arguments: &[], files: &[] }.with(fine);
        assert_eq!(played.ended.code, Some(3), "{}", played.ended.err);
        assert!(played.ended.err.contains(want), "{}", played.ended.err);
        assert!(played.lines().is_empty());
    }
}
