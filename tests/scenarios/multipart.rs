//! Forms of several parts: what a target reads of them, by either client, of the load and of the preflight.

use std::sync::Mutex;

use crate::play::{ONCE, Play, Played};
use crate::support::server::{Request, response};

/// Bytes that are no text, and look like a line between parts.
const BINARY: &[u8] = b"\x89PNG\r\n\x1a\n\0\xff\xfe${uuid}\r\n--loadgate-\r\n--";

/// A part as a target reads it: the lines of its head, and its content.
type Part = (Vec<String>, Vec<u8>);

/// What stands between the parts of a request.
fn boundary(request: &Request) -> String {
    let content_type = request.header("content-type").unwrap_or_default();
    content_type
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap_or_else(|| panic!("{content_type}"))
        .to_owned()
}

/// By RFC 2046: what stands between lines of the boundary, without the line breaks that belong to those.
fn parts(request: &Request) -> Vec<Part> {
    let boundary = boundary(request);
    let body = [b"\r\n", &request.body[..]].concat();
    let mut pieces = split(&body, format!("\r\n--{boundary}").as_bytes());
    assert_eq!(pieces.first(), Some(&Vec::new()), "there is nothing before the first part");
    assert_eq!(pieces.pop().as_deref(), Some(&b"--\r\n"[..]), "the last line closes the form");
    pieces[1..].iter().map(|piece| part(piece.strip_prefix(b"\r\n").unwrap())).collect()
}

fn part(piece: &[u8]) -> Part {
    let end = piece.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(piece[..end].to_vec()).unwrap();
    (head.split("\r\n").map(str::to_owned).collect(), piece[end + 4..].to_vec())
}

fn split(bytes: &[u8], at: &[u8]) -> Vec<Vec<u8>> {
    match bytes.windows(at.len()).position(|window| window == at) {
        Some(place) => [vec![bytes[..place].to_vec()], split(&bytes[place + at.len()..], at)].concat(),
        None => vec![bytes.to_vec()],
    }
}

fn is(part: &Part, head: &[&str], content: &[u8]) {
    assert_eq!(
        (&part.0[..], &part.1[..]),
        (&head.iter().map(ToString::to_string).collect::<Vec<_>>()[..], content)
    );
}

/// `steps` by one of the clients.
fn played(
    tier: &str,
    spec: &str,
    files: &[(&str, &[u8])],
    answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static,
) -> Played {
    let arguments = &["--config-map", "shop/k.bin=k.bin"];
    Play { spec, arguments, files }.with_target(&format!(", http: {{tier: {tier}}}"), answer)
}

fn fine(_: &Request) -> Vec<u8> {
    response("200 OK", "X-Said: \"said\"\r\n", "{}")
}

#[test]
fn a_target_reads_what_was_written() {
    const SPEC: &str = r#"
variables: {word: "a\"b"}
data: [{name: people, inline: [{name: "ada\r\nX-Own: 1", plan: "pro\r\n"}]}]
scenarios:
- name: send
  blocks: [{name: twice, repeat: 2}]
  setup:
  - {name: first, request: {method: PUT, path: /setup, multipart: [{name: a, text: b}]}, extract: [{name: said, header: x-said}]}
  steps:
  - name: form
    block: twice
    request:
      method: POST
      path: /form
      headers: [{name: X-Own, value: "1"}]
      multipart:
      - {name: plain, text: ""}
      - {name: "${word} ${people.name}", text: "${people.plan}${said} $${x} ${round}\r\n--", contentType: "text/plain; charset=utf-8"}
      - {name: image, file: {file: "a\"b.png"}}
      - {name: image, file: {configMapKeyRef: {name: shop, key: k.bin}}, fileName: "${said}é-${round}.JPG"}
      - {name: note, text: "<a/>", fileName: note.svg, contentType: image/svg+xml}
  teardown:
  - {name: last, request: {method: PUT, path: /teardown, multipart: [{name: a, text: "${said}"}]}}
"#;
    for tier in ["fast", "full"] {
        let files: &[(&str, &[u8])] = &[("a\"b.png", BINARY), ("k.bin", b"\r\n")];
        let played = played(tier, &format!("{}\n{ONCE}", SPEC.trim()), files, fine);
        let lines = ["PUT /setup", "POST /form", "POST /form", "PUT /teardown"];
        assert_eq!(played.lines(), lines, "{tier}: {}", played.ended.err);
        let [first, forms @ .., last] = &played.requests[..] else { unreachable!("there are four") };
        is(&parts(first)[0], &["Content-Disposition: form-data; name=\"a\""], b"b");
        is(&parts(last)[0], &["Content-Disposition: form-data; name=\"a\""], b"\"said\"");
        assert_eq!(boundary(&forms[0]), boundary(&forms[1]), "what is filled in doesn't count");
        assert_ne!(boundary(&forms[0]), boundary(last));
        for (round, form) in forms.iter().enumerate() {
            assert_eq!(form.head.to_lowercase().matches("content-type").count(), 1, "{}", form.head);
            let parts = parts(form);
            assert_eq!(parts.len(), 5);
            is(&parts[0], &["Content-Disposition: form-data; name=\"plain\""], b"");
            let name = "Content-Disposition: form-data; name=\"a%22b ada%0D%0AX-Own: 1\"";
            let text = format!("pro\r\n\"said\" ${{x}} {round}\r\n--");
            is(&parts[1], &[name, "Content-Type: text/plain; charset=utf-8"], text.as_bytes());
            let name = "Content-Disposition: form-data; name=\"image\"; filename=";
            is(&parts[2], &[&format!("{name}\"a%22b.png\""), "Content-Type: image/png"], BINARY);
            let named = format!("{name}\"%22said%22é-{round}.JPG\"");
            is(&parts[3], &[&named, "Content-Type: image/jpeg"], b"\r\n");
            let name = "Content-Disposition: form-data; name=\"note\"; filename=\"note.svg\"";
            is(&parts[4], &[name, "Content-Type: image/svg+xml"], b"<a/>");
        }
    }
}

#[test]
fn all_workers_draw_the_same_boundary_and_it_stands_in_no_file() {
    const SPEC: &str = "scenarios: [{name: send, steps: [{name: form, request: {method: POST, path: /, multipart: [{name: a, file: {file: a.bin}}]}}]}]
phases: [{name: only, load: {iterations: {users: 3, perUser: 1}}}]";
    for tier in ["fast", "full"] {
        let target = format!(
            ", http: {{tier: {tier}}}, preflight: [{{request: {{method: POST, path: /, multipart: [{{name: a, file: {{file: a.bin}}}}]}}}}]"
        );
        let sent = |content: &[u8]| {
            let play = Play { spec: SPEC, arguments: &["--workers", "3"], files: &[("a.bin", content)] };
            let played = play.with_target(&target, fine);
            let mut boundaries: Vec<String> = played.requests.iter().map(boundary).collect();
            assert!(
                played.requests.iter().all(|request| parts(request)[0].1 == content),
                "{}",
                played.ended.err
            );
            assert_eq!(boundaries.len(), 4, "the preflight has it too");
            boundaries.dedup();
            assert_eq!(boundaries.len(), 1);
            boundaries.remove(0)
        };
        let first = sent(b"a");
        assert_eq!(sent(b"b"), first);
        assert_ne!(sent(format!("a\r\n--{first}--\r\nb").as_bytes()), first);
    }
}

/// The target has seen the boundary, and says it where a value is taken from.
#[test]
fn a_value_that_would_end_its_part_is_never_sent() {
    for part in [
        "{name: a, text: \"b ${said}\"}",
        "{name: \"b ${said}\", text: a}",
        "{name: b, fileName: \"${said}\", text: a}",
    ] {
        for tier in ["fast", "full"] {
            let spec = format!(
                "scenarios:
- name: send
  steps:
  - {{name: ask, request: {{path: /}}, extract: [{{name: said, header: x-said}}]}}
  - {{name: form, request: {{method: POST, path: /form, multipart: [{part}]}}}}
phases: [{{name: only, load: {{iterations: {{users: 1, perUser: 2}}}}}}]"
            );
            let seen = Mutex::new("nothing".to_owned());
            let played = played(tier, &spec, &[("k.bin", b"")], move |request| {
                if request.line() == "POST /form" {
                    *seen.lock().unwrap() = boundary(request);
                }
                response("200 OK", &format!("X-Said: {}\r\n", seen.lock().unwrap()), "{}")
            });
            assert_eq!(
                played.lines(),
                ["GET /", "POST /form", "GET /"],
                "{part} {tier}: {}",
                played.ended.err
            );
            assert_eq!(played.ended.report().errors(), [("unsent".to_owned(), 1)].into());
        }
    }
}

#[test]
fn the_preflight_sends_forms_too_and_a_content_type_of_the_target_gives_way() {
    for tier in ["fast", "full"] {
        let target = format!(
            r#", http: {{tier: {tier}}}, headers: [{{name: content-type, value: text/x-own}}],
    preflight: [{{request: {{method: POST, path: /ready, multipart: [{{name: a, text: "${{word}}"}}, {{name: "${{word}}", file: {{file: a.png}}}}]}}}}]"#
        );
        let form = "{method: POST, path: /, multipart: [{name: a, text: \"${word}\"}, {name: \"${word}\", file: {file: a.png}}]}";
        let spec = format!(
            "variables: {{word: \"b\\\"\"}}
scenarios: [{{name: send, steps: [{{name: form, request: {form}}}, {{name: other, request: {{method: POST, path: /other, text: a}}}}]}}]\n{ONCE}"
        );
        let played =
            Play { spec: &spec, arguments: &[], files: &[("a.png", BINARY)] }.with_target(&target, fine);
        assert_eq!(played.lines(), ["POST /ready", "POST /", "POST /other"], "{tier}: {}", played.ended.err);
        assert_eq!(played.requests[2].header("content-type"), Some("text/x-own"));
        for request in &played.requests[..2] {
            assert_eq!(request.head.to_lowercase().matches("content-type").count(), 1, "{}", request.head);
            let parts = parts(request);
            is(&parts[0], &["Content-Disposition: form-data; name=\"a\""], b"b\"");
            let name = "Content-Disposition: form-data; name=\"b%22\"; filename=\"a.png\"";
            is(&parts[1], &[name, "Content-Type: image/png"], BINARY);
        }
        assert_eq!(played.requests[0].body, played.requests[1].body);
    }
}
