//! Faults of headers.

use super::{check, check_step};

#[track_caller]
fn check_header(header: &str, want: &[&str]) {
    let want: Vec<String> = want.iter().map(|line| format!("request.headers[0]{line}")).collect();
    let want: Vec<&str> = want.iter().map(String::as_str).collect();
    check_step(&format!("request: {{path: /, headers: [{header}]}}"), &want);
}

#[test]
fn a_header_has_a_valid_name_and_one_value() {
    check_header("{name: X-A, value: b}", &[]);
    check_header("{name: Host, value: other}", &[]);
    check_header("{name: X-A, valueFrom: {secretKeyRef: {name: a, key: b}}}", &[]);
    for name in ["'X A'", "'X:'", "'Ä'", "''", "\"X\\r\\nY\""] {
        let want = ".name: isn't a header's name: letters, digits and !#$%&'*+-.^_`|~ only";
        check_header(&format!("{{name: {name}, value: b}}"), &[want]);
    }
    check_header("{name: X-A}", &[": needs a value or a valueFrom"]);
    check_header(
        "{name: X-A, value: b, valueFrom: {secretKeyRef: {name: a, key: b}}}",
        &[": has both value and valueFrom; keep one"],
    );
}

#[test]
fn a_header_that_the_engine_owns_is_refused_with_the_reason() {
    for (name, reason) in [
        ("Content-Length", "the engine counts the body"),
        ("transfer-encoding", "the engine sends each body whole, with its length"),
        ("CONNECTION", "the engine keeps its connections itself"),
        ("Upgrade", "the engine keeps its connections itself"),
        ("Expect", "the engine sends the body at once"),
    ] {
        check_header(
            &format!("{{name: {name}, value: b}}"),
            &[&format!(".name: `{name}` can't be set: {reason}")],
        );
    }
}

#[test]
fn what_would_begin_another_header_is_refused() {
    for value in ["a\\r\\nX: y", "a\\ny", "a\\0"] {
        let want = ".value: holds a line break or control character, which a header can't";
        check_header(&format!("{{name: X-A, value: \"{value}\"}}"), &[want]);
    }
    check(
        "
variables: {a: \"1\\r\\nX: y\", b: fine}
scenarios:
- name: browse
  steps:
  - {name: home, request: {path: /, headers: [{name: X-A, value: 'v ${a} ${b}'}]}}
phases: [{name: main, variables: {b: \"\\n\"}, load: {burst: {iterations: 1}}}]",
        &[
            "spec.scenarios[0].steps[0].request.headers[0].value: variable `a` holds a line break or control character, which a header can't",
            "spec.scenarios[0].steps[0].request.headers[0].value: variable `b` of phase `main` holds a line break or control character, which a header can't",
        ],
    );
}

#[test]
fn a_header_that_servers_take_once_is_given_once() {
    check_step(
        "request: {path: /, headers: [{name: Host, value: a}, {name: X, value: a}, {name: host, value: b}, {name: X, value: b}]}",
        &["request.headers[2].name: `host` is given twice; keep one"],
    );
}
