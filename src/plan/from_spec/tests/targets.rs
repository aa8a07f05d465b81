//! Faults of `spec.target`.

use super::check;

#[track_caller]
fn check_url(url: &str, want: &str) {
    check(&format!("target: {{baseUrl: {url:?}}}"), &[&format!("spec.target.baseUrl: {want}")]);
}

#[test]
fn only_an_http_url_with_a_host_and_nothing_else_is_a_base() {
    for (url, want) in [
        ("ftp://shop", "`ftp` isn't spoken; write http://host:port"),
        ("shop:8080", "has no scheme; write http://host:port"),
        ("", "has no scheme; write http://host:port"),
        ("http://", "has no host; write http://host:port"),
        ("http:///v1", "has no host; write http://host:port"),
        ("http://:80", "has no host; write http://host:port"),
        ("http://shop:99999", "isn't a URL: invalid port number; write http://host:port"),
        ("http://[::1", "isn't a URL: invalid IPv6 address; write http://host:port"),
        ("http://${host}", "`${…}` isn't filled in here; write the address itself"),
        ("http://shop/${version}", "`${…}` isn't filled in here; write the address itself"),
        ("http://sh!op", "`sh!op` isn't a host's name; write http://host:port"),
        ("http://shop:0", "port 0 can't be connected to"),
        (
            "http://me:word@shop",
            "has a user name or password; send an Authorization header from a Secret instead",
        ),
        ("http://shop/?a=b", "has a query; give it to the requests that need it"),
        ("http://shop/#top", "has a fragment, which is never sent; leave it out"),
        ("http://shop /", "holds a space, backslash or control character; write http://host:port"),
        ("http:\\\\shop", "holds a space, backslash or control character; write http://host:port"),
    ] {
        check_url(url, want);
    }
}

#[test]
fn time_limits_are_above_zero() {
    check(
        "target: {baseUrl: 'http://shop', timeout: 0s, connectTimeout: '5'}",
        &[
            "spec.target.timeout: must be above 0, found 0s",
            "spec.target.connectTimeout: \"5\", character 2: …",
        ],
    );
}

#[test]
fn the_preflight_knows_variables_of_the_test_only() {
    check(
        "
target:
  baseUrl: http://shop
  preflight:
  - {request: {path: '/${model}/${index}'}, checks: [{bodyContains: '${own}'}], within: 0s}
phases: [{name: main, variables: {own: 1}, load: {burst: {iterations: 1}}}]",
        &[
            "spec.target.preflight[0].request.path: `${index}` can't be used here: the preflight is sent before any phase, and knows variables of the test only",
            "spec.target.preflight[0].checks[0].bodyContains: variable `own` is set by phases only, and the preflight is sent before any phase, and knows variables of the test only; set it in spec.variables",
            "spec.target.preflight[0].within: must be above 0, found 0s",
        ],
    );
}

#[test]
fn a_header_that_the_preflight_sends_too_knows_no_more_than_it() {
    let target = |preflight| {
        format!(
            "target: {{baseUrl: 'http://shop', headers: [{{name: X-Trace, value: '${{uuid}}'}}], preflight: [{preflight}]}}"
        )
    };
    check(&target(""), &[]);
    check(
        &target("{request: {path: /}}"),
        &[
            "spec.target.headers[0].value: `${uuid}` can't be used here: the preflight, which sends this header too, comes before any phase and knows variables of the test only",
        ],
    );
}
