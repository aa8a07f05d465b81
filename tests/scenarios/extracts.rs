//! What steps take from responses, and what becomes of a step whose value isn't there.

use crate::play::{ONCE, play};
use crate::support::server::{Request, response};

/// An order is placed at a path that the response tells in three ways.
fn shop(request: &Request) -> Vec<u8> {
    let headers = "Location: /orders/17\r\nLocation: /other\r\nX-Empty: \r\n";
    match request.line() {
        "POST /orders" => {
            response("201 Created", headers, "{\"id\": 17, \"more\": false, \"page\": \"<a href='?p=b2'>\"}")
        }
        _ => response("200 OK", "", "{}"),
    }
}

const ORDER: &str = "{name: order, request: {method: POST, path: /orders}, extract: [
    {name: place, header: location, regex: \"/orders/(.*)\"}, {name: id, jsonPath: $.id}, {name: page, regex: \"[?]p=([a-z0-9]+)\"},
    {name: word, regex: \"[?]p=[a-z]\"}, {name: none, header: X-None}, {name: empty, header: X-Empty},
    {name: more, jsonPath: $.more}, {name: nothing, regex: \"never(.)\"}]}";

#[test]
fn a_value_is_taken_from_the_body_a_header_or_by_a_pattern() {
    let played = play(
        &format!(
            "scenarios: [{{name: buy, steps: [{ORDER},
    {{name: look, request: {{path: \"/orders/${{place}}?id=${{id}}&page=${{page}}&word=${{word}}\"}}}}]}}]
{ONCE}"
        ),
        shop,
    );
    assert_eq!(
        played.lines(),
        ["POST /orders", "GET /orders/17?id=17&page=b2&word=?p=b"],
        "{}",
        played.ended.err
    );
}

#[test]
fn a_request_that_needs_what_is_not_there_is_not_sent_and_fails() {
    for name in ["none", "nothing"] {
        let played = play(
            &format!(
                "scenarios: [{{name: buy, steps: [{ORDER}, {{name: look, request: {{path: \"/${{{name}}}\"}}}}]}}]
{ONCE}"
            ),
            shop,
        );
        assert_eq!(played.lines(), ["POST /orders"], "{}", played.ended.err);
        assert_eq!((played.step("look", "requests"), played.step("look", "failed")), (1, 1));
    }
}

/// Of what is beyond a MiB nobody knows whether it is there.
#[test]
fn nothing_is_taken_from_a_body_that_is_too_long() {
    let played = play(
        &format!(
            "scenarios: [{{name: read, steps: [
    {{name: get, request: {{path: /long}}, extract: [{{name: first, regex: \"id=(.)\"}}]}},
    {{name: look, when: \"${{first}}\", request: {{path: \"/${{first}}\"}}}}]}}]
{ONCE}"
        ),
        |_| response("200 OK", "", &format!("id=1{}", "x".repeat(1024 * 1024))),
    );
    assert_eq!(played.lines(), ["GET /long"], "{}", played.ended.err);
    assert_eq!((played.step("get", "failed"), played.step("look", "skipped")), (1, 1));
}

#[test]
fn a_step_is_skipped_and_told_where_what_it_needs_is_empty() {
    let steps = ["place", "none", "empty", "more", "nothing", "blank", "zero", "void"]
        .map(|name| format!("{{name: \"{name}\", when: \"${{{name}}}\", request: {{path: /{name}}}}}"));
    let played = play(
        &format!(
            "variables: {{blank: \"\", zero: 0, void: false}}
scenarios: [{{name: buy, steps: [{ORDER}, {}]}}]
phases: [{{name: only, load: {{iterations: {{users: 3, perUser: 2}}}}}}]",
            steps.join(", ")
        ),
        shop,
    );
    assert_eq!(
        played.sorted_lines(),
        [["GET /place"; 6], ["GET /zero"; 6], ["POST /orders"; 6]].concat(),
        "{}",
        played.ended.err
    );
    for (step, skipped, failed) in [
        ("place", 0, 0),
        ("none", 6, 0),
        ("empty", 6, 0),
        ("more", 6, 0),
        ("nothing", 6, 0),
        ("blank", 6, 0),
        ("zero", 0, 0),
        ("void", 6, 0),
    ] {
        assert_eq!((played.step(step, "skipped"), played.step(step, "failed")), (skipped, failed), "{step}");
    }
    let told = &played.ended.out;
    assert!(told.contains("Skipped"), "{told}");
}
