//! Faults of requests: path, query, body, method.

use super::check_step;

#[test]
fn a_path_begins_with_a_slash_and_fits_the_request_line() {
    let spoilt = "holds a space, a control character or one beyond ASCII; percent-encode it (%20)";
    for (path, want) in [
        ("v1/users", "must begin with `/`; it is appended to spec.target.baseUrl"),
        ("/a b", spoilt),
        ("/a\\r\\nHost: x", spoilt),
        ("/é", spoilt),
        ("/a#b", "holds a `#`; what is behind it is never sent, so leave it out or write %23"),
    ] {
        check_step(&format!("request: {{path: \"{path}\"}}"), &[&format!("request.path: {want}")]);
    }
    check_step("request: {path: '/a/${random(1, 5)}?b=c'}", &[]);
}

#[test]
fn a_variable_must_fit_the_path_as_well() {
    super::check(
        "
variables: {a: 'x y'}
scenarios: [{name: browse, steps: [{name: home, request: {path: '/${a}', query: {q: '${a}'}}}]}]",
        &[
            "spec.scenarios[0].steps[0].request.path: variable `a` holds a space, a control character or one beyond ASCII; percent-encode it (%20)",
        ],
    );
}

#[test]
fn a_request_has_one_body_and_a_method_that_sends_it() {
    check_step("request: {path: /, method: POST, json: {a: 1}}", &[]);
    check_step("request: {path: /, method: GET, json: {a: 1}}", &[]);
    check_step(
        "request: {path: /, method: POST, json: {a: 1}, text: b}",
        &["request: has more than one body; keep one of json, text, form, multipart and file"],
    );
    check_step(
        "request: {path: /, form: {a: b}}",
        &["request.method: is missing, and there is a body; say POST, PUT, PATCH or what is meant"],
    );
    check_step(
        "request: {path: /, method: HEAD, text: a}",
        &["request.method: HEAD has no body; leave the body out"],
    );
}
