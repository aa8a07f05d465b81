//! What is filled into a request can't break out of its place; where it would, nothing is sent.

use crate::support::server::{Server, response};
use crate::{SENT, SOUND, Trial, check};

/// Extracts what the first response says, and fills it into `request`.
fn steps(request: &str) -> String {
    format!(
        "{{name: first, request: {{path: /first}}, extract: [{{name: evil, jsonPath: $.evil}}]}}, \
         {{name: second, request: {request}}}"
    )
}

/// A target whose first response says `evil`; it refuses every other request that isn't just as one `wanted`.
fn saying(evil: &'static str, wanted: [&'static str; 2]) -> Server {
    Server::answering(move |request| {
        let seen = format!("{}|{}", request.line(), String::from_utf8_lossy(&request.body));
        let is_fine = seen == "GET /first|" || wanted.contains(&seen.as_str());
        let status = if is_fine { "200 OK" } else { "400 Bad Request" };
        response(status, "", &serde_json::json!({ "evil": evil }).to_string())
    })
}

#[test]
fn a_value_that_would_end_a_header_or_the_path_is_never_sent() {
    let header = r#"{path: /second, headers: [{name: X-A, value: "a ${evil}"}]}"#;
    let path = r#"{path: "/second/${evil}"}"#;
    for (request, evil) in [
        (header, "b\r\nX-Injected: 1"),
        (header, "b\nX-Injected: 1"),
        (header, "b\rX-Injected: 1"),
        (header, "b\0"),
        (path, "b HTTP/1.1\r\nX-Injected: 1\r\n\r\n"),
        (path, "b c"),
        (path, "b\tc"),
        (path, "bé"),
        (path, "b#c"),
    ] {
        let trial = Trial {
            about: &format!("{request} with {evil:?}"),
            steps: &steps(request),
            requests: 2 * SENT,
            failed: Some(("unsent", SENT)),
            ..SOUND
        };
        check(&saying(evil, ["", ""]), &trial);
    }
}

#[test]
fn a_value_that_its_place_can_hold_is_written_as_the_place_asks() {
    for (request, evil, wanted) in [
        (r#"{path: /s, query: {q: "${evil}"}}"#, "b\r\nX-Injected: 1", "GET /s?q=b%0D%0AX-Injected%3A%201|"),
        (r#"{path: /s, method: POST, json: {a: "${evil}"}}"#, "\"},\r\n", "POST /s|{\"a\":\"\\\"},\\r\\n\"}"),
        (r#"{path: /s, method: POST, json: {a: "b ${evil}"}}"#, "\"\n", "POST /s|{\"a\":\"b \\\"\\n\"}"),
        (r#"{path: /s, method: POST, form: {a: "${evil}"}}"#, "&b=\r\n", "POST /s|a=%26b%3D%0D%0A"),
        (r#"{path: /s, method: POST, text: "a ${evil}"}"#, "b\r\n\tc", "POST /s|a b\r\n\tc"),
        (r#"{path: "/s/${evil}"}"#, "../x%20y", "GET /s/../x%20y|"),
    ] {
        let trial = Trial { about: request, steps: &steps(request), requests: 2 * SENT, ..SOUND };
        // The full client takes the dots out of a path, as browsers do.
        let by_full = if wanted.contains("/../") { "GET /x%20y|" } else { wanted };
        check(&saying(evil, [wanted, by_full]), &trial);
    }
}
