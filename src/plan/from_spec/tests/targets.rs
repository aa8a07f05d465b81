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

#[test]
fn a_client_and_what_it_speaks_go_together() {
    let target = |http: &str| format!("target: {{baseUrl: 'http://shop', http: {http}}}");
    let proxy = "proxy: {url: 'http://proxy:3128'}";
    for (http, want) in [
        ("{tier: fast, version: '1.1', redirects: 0}", &[][..]),
        (
            "{tier: fast, version: '2'}",
            &["the fast client speaks HTTP/1.1 only; leave version out, or say auto"],
        ),
        (
            "{tier: fast, redirects: 1}",
            &["the fast client follows no redirects; leave redirects out, or say auto"],
        ),
        (
            &format!("{{tier: fast, version: '2', {proxy}}}"),
            &[
                "the fast client speaks HTTP/1.1 only; leave version out, or say auto",
                "the fast client knows no proxy; leave proxy out, or say auto",
            ],
        ),
    ] {
        let want: Vec<String> = want.iter().map(|what| format!("spec.target.http.tier: {what}")).collect();
        check(&target(http), &want.iter().map(String::as_str).collect::<Vec<_>>());
    }
    check(&target("{redirects: 21}"), &["spec.target.http.redirects: must be at most 20"]);
    for (url, want) in [
        ("https://proxy", "isn't the address of an HTTP proxy; write http://host:port"),
        ("http://me@proxy", "isn't the address of an HTTP proxy; write http://host:port"),
        ("http://proxy/path", "isn't the address of an HTTP proxy; write http://host:port"),
        ("http://proxy:0", "port 0 can't be connected to"),
        ("proxy", "isn't a URL: relative URL without a base; write http://host:port"),
    ] {
        check(
            &target(&format!("{{proxy: {{url: '{url}'}}}}")),
            &[&format!("spec.target.http.proxy.url: {want}")],
        );
    }
}

#[test]
fn a_proxy_is_told_the_targets_own_name_and_http_2_has_no_host_header() {
    let target = |more: &str| format!("target: {{baseUrl: 'https://shop', {more}}}");
    let proxy = "http: {proxy: {url: 'http://proxy:3128'}}";
    check(&target(&format!("{proxy}, tls: {{serverName: shop}}")), &[]);
    check(
        &target(&format!("{proxy}, tls: {{serverName: other}}")),
        &[
            "spec.target.tls.serverName: a proxy is told the host of baseUrl, and no other name; write that name there, or leave the proxy out",
        ],
    );
    let host = "headers: [{name: X-A, value: a}, {name: host, value: b}]";
    check(&target(host), &[]);
    check(
        &target(&format!("{host}, http: {{version: '2'}}")),
        &[
            "spec.target.headers[1].name: HTTP/2 takes the host from spec.target.baseUrl, or tls.serverName; leave Host out, or version",
        ],
    );
}

#[test]
fn the_load_says_in_one_way_who_it_is() {
    let target = |auth: &str| format!("target: {{baseUrl: 'http://shop', auth: {{{auth}}}}}");
    let (basic, bearer) = ("basic: {username: a, password: {value: b}}", "bearer: {value: b}");
    let oauth2 = "oauth2: {tokenUrl: 'http://idp/token', clientId: a, clientSecret: {value: b}}";
    for one in [basic, bearer, oauth2] {
        check(&target(one), &[]);
    }
    check(&target(""), &["spec.target.auth: needs basic, bearer or oauth2"]);
    for two in [[basic, bearer], [basic, oauth2], [bearer, oauth2]] {
        let several = "spec.target.auth: has more than one of basic, bearer and oauth2; keep one";
        check(&target(&two.join(", ")), &[several]);
    }
    check(
        &format!(
            "target: {{baseUrl: 'http://shop', headers: [{{name: authorization, value: a}}], auth: {{{oauth2}}}}}"
        ),
        &["spec.target.auth: is given beside an Authorization of the target's headers; keep one"],
    );
}

#[test]
fn a_token_endpoint_has_an_address_and_is_told_each_thing_once() {
    let check = |oauth2: &str, want: &[&str]| {
        let want: Vec<String> = want.iter().map(|what| format!("spec.target.auth.oauth2.{what}")).collect();
        let want: Vec<&str> = want.iter().map(String::as_str).collect();
        check(&format!("target: {{baseUrl: 'http://shop', auth: {{oauth2: {{{oauth2}}}}}}}"), &want);
    };
    let client = "clientId: a, clientSecret: {valueFrom: {secretKeyRef: {name: idp, key: secret}}}";
    check(
        &format!(
            "tokenUrl: 'https://idp/v2/token?tenant=a', {client}, clientAuth: body, scopes: [a, 'b:c'], params: {{audience: ä}}"
        ),
        &[],
    );
    for (url, want) in [
        ("idp/token", "has no scheme; write http://host:port"),
        ("ftp://idp", "`ftp` isn't spoken; write http://host:port"),
        ("http://idp:0", "port 0 can't be connected to"),
        ("http://id!p", "`id!p` isn't a host's name; write http://host:port"),
        ("http://idp/${realm}", "`${…}` isn't filled in here; write the address itself"),
        ("http://idp/#a", "has a fragment, which is never sent; leave it out"),
        ("http://a:b@idp", "has a user name or password; give clientId and clientSecret instead"),
    ] {
        check(&format!("tokenUrl: '{url}', {client}"), &[&format!("tokenUrl: {want}")]);
    }
    // All at once, also where nothing can be made of the first.
    check(
        "tokenUrl: 'ftp://idp', clientId: a, clientSecret: {value: '${b}'}",
        &[
            "tokenUrl: `ftp` isn't spoken; write http://host:port",
            "clientSecret.value: `${…}` isn't filled in here; give the credential by valueFrom",
        ],
    );
    let url = "tokenUrl: 'http://idp'";
    let line = "holds a line break or another control character; leave it out";
    check(
        &format!("{url}, clientId: \"a\\nb\", clientSecret: {{value: a}}"),
        &[&format!("clientId: {line}")],
    );
    check(
        &format!("{url}, clientId: a, clientSecret: {{}}"),
        &["clientSecret: needs a value or a valueFrom"],
    );
    check(
        &format!("{url}, clientId: a, clientSecret: {{value: \"a\\nb\"}}"),
        &[&format!("clientSecret.value: {line}")],
    );
    check(
        &format!("{url}, clientId: a, clientSecret: {{value: '${{secret}}'}}"),
        &["clientSecret.value: `${…}` isn't filled in here; give the credential by valueFrom"],
    );
    for name in ["grant_type", "scope", "client_id", "client_secret"] {
        check(
            &format!("{url}, {client}, params: {{{name}: a}}"),
            &[
                "params: grant_type, scope, client_id and client_secret are sent as the other fields say; leave them out",
            ],
        );
    }
}
