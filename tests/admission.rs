//! The admission policies, on a real API server: who may reference which Secret, and who writes a status.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

#[path = "admission/installed.rs"]
mod installed;
mod support;

use installed::{Installed, MINE, OTHER, OURS};
use loadgate::api;
use serde_json::{Value, json};

/// What a spec holds beside the least, given a header.
type With = fn(Value) -> Value;

/// Where a `secretKeyRef` can stand: its path in the definition, and how a test has a header there.
const PLACES: &[(&str, With)] = &[
    (".spec.target.headers[].valueFrom.secretKeyRef", |header| json!({"target": {"headers": [header]}})),
    (".spec.target.tls.ca.valueFrom.secretKeyRef", |header| tls(&json!({"ca": from(&header)}))),
    (".spec.target.tls.clientCertificate.certificate.valueFrom.secretKeyRef", |header| {
        let key = json!({"secretKeyRef": {"name": MINE, "key": "key"}});
        tls(&json!({"clientCertificate": {"certificate": from(&header), "key": key}}))
    }),
    (".spec.target.tls.clientCertificate.key.secretKeyRef", |header| {
        tls(&json!({"clientCertificate": {"certificate": {"value": "-"}, "key": header["valueFrom"]}}))
    }),
    (".spec.target.http.proxy.authorization.secretKeyRef", |header| {
        let proxy = json!({"url": "http://proxy:3128", "authorization": header["valueFrom"]});
        json!({"target": {"baseUrl": "http://shop", "http": {"proxy": proxy}}})
    }),
    (
        ".spec.target.auth.bearer.valueFrom.secretKeyRef",
        |header| json!({"target": {"auth": {"bearer": from(&header)}}}),
    ),
    (
        ".spec.target.auth.basic.password.valueFrom.secretKeyRef",
        |header| json!({"target": {"auth": {"basic": {"username": "loader", "password": from(&header)}}}}),
    ),
    (".spec.target.auth.oauth2.clientSecret.valueFrom.secretKeyRef", |header| {
        let oauth2 = json!({"tokenUrl": "http://idp", "clientId": "loader", "clientSecret": from(&header)});
        json!({"target": {"auth": {"oauth2": oauth2}}})
    }),
    (
        ".spec.target.preflight[].request.headers[].valueFrom.secretKeyRef",
        |header| json!({"target": {"preflight": [{"request": {"path": "/"}}, {"request": {"path": "/", "headers": [header]}}]}}),
    ),
    (".spec.scenarios[].setup[].request.headers[].valueFrom.secretKeyRef", |header| {
        let step = json!({"name": "first", "request": {"path": "/"}});
        let with = json!({"name": "login", "request": {"path": "/", "headers": [header]}});
        json!({"scenarios": [{"name": "a", "steps": [step]}, {"name": "b", "setup": [with], "steps": [step]}]})
    }),
    (".spec.scenarios[].teardown[].request.headers[].valueFrom.secretKeyRef", |header| {
        let step = json!({"name": "first", "request": {"path": "/"}});
        let with = json!({"name": "logout", "request": {"path": "/", "headers": [header]}});
        json!({"scenarios": [{"name": "a", "steps": [step], "teardown": [step, with]}]})
    }),
    (".spec.scenarios[].steps[].request.headers[].valueFrom.secretKeyRef", |header| {
        let without = json!({"name": "first", "request": {"path": "/"}});
        let with = json!({"name": "second", "request": {"path": "/", "headers": [{"name": "X", "value": "x"}, header]}});
        json!({"scenarios": [{"name": "a", "steps": [without]}, {"name": "b", "steps": [without, with]}]})
    }),
];

/// The same Secret as the header's, for what isn't one.
fn from(header: &Value) -> Value {
    json!({"valueFrom": header["valueFrom"]})
}

fn tls(tls: &Value) -> Value {
    json!({"target": {"baseUrl": "https://shop", "tls": tls}})
}

/// A new place needs a line above and an expression in the chart's policy: without it, its Secrets would be anybody's.
#[test]
fn every_place_of_a_secret_in_the_definition_is_known() {
    let definition = serde_json::to_value(api::crd()).unwrap();
    let mut found = Vec::new();
    places(&definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"], "", &mut found);
    let mut known: Vec<_> = PLACES.iter().map(|(path, _)| (*path).to_owned()).collect();
    known.sort();
    found.sort();
    assert_eq!(
        found, known,
        "a secretKeyRef that charts/loadgate/templates/policy-secrets.yaml doesn't check"
    );
}

fn places(schema: &Value, path: &str, found: &mut Vec<String>) {
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let (path, before) = (format!("{path}.{name}"), found.len());
        places(inner, &path, found);
        // What holds a place is none itself: only the innermost refers to a Secret.
        if name.to_lowercase().contains("secret") && found.len() == before {
            found.push(path);
        }
    }
    for (list, suffix) in [("items", "[]"), ("additionalProperties", "{}")] {
        if schema[list].is_object() {
            places(&schema[list], &format!("{path}{suffix}"), found);
        }
    }
}

/// A test whose spec is the least there can be, and `with`.
fn test(name: &str, with: Value) -> Value {
    let mut test = json!({
        "apiVersion": "loadgate.dev/v1alpha1",
        "kind": "LoadTest",
        "metadata": {"name": name},
        "spec": {
            "target": {"baseUrl": "http://shop"},
            "scenarios": [{"name": "a", "steps": [{"name": "first", "request": {"path": "/"}}]}],
            "phases": [{"name": "only", "load": {"constantRate": {"rate": "1/s", "duration": "1s"}}}],
        },
    });
    merge(&mut test["spec"], with);
    test
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            from.into_iter().for_each(|(name, value)| merge(into.entry(name).or_insert(Value::Null), value));
        }
        (into, from) => *into = from,
    }
}

fn header(secret: &str) -> Value {
    json!({"name": "Authorization", "valueFrom": {"secretKeyRef": {"name": secret, "key": "token"}}})
}

fn headers<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Value {
    json!({"target": {"headers": secrets.into_iter().map(header).collect::<Vec<_>>()}})
}

#[track_caller]
fn check(said: Result<String, String>, refused: Option<&str>) {
    match (said, refused) {
        (Ok(_), None) => {}
        (Err(said), Some(refused)) if said.contains(refused) => {}
        (said, refused) => panic!("expected {refused:?}, the API server said {said:?}"),
    }
}

/// One installation for all that is asked of it: it takes longer than the questions.
#[test]
fn the_api_server_refuses_what_the_policies_say() {
    let Some(installed) = Installed::new() else { return };
    a_secret_may_be_referenced_by_who_may_get_it(&installed);
    a_change_counts_like_a_creation(&installed);
    the_number_of_secrets_is_bounded(&installed);
    a_status_is_the_operators(&installed);
}

fn a_secret_may_be_referenced_by_who_may_get_it(installed: &Installed) {
    for (path, with) in PLACES {
        for (user, secret, refused) in [
            ("alice", MINE, None),
            ("alice", OURS, None),
            (
                "alice",
                OTHER,
                Some(format!("the spec references Secret \"{OTHER}\", which alice may not get")),
            ),
            ("bob", MINE, Some(format!("the spec references Secret \"{MINE}\", which bob may not get"))),
        ] {
            println!("{user} references {secret} in {path}");
            check(installed.tries(user, &test("tried", with(header(secret)))), refused.as_deref());
        }
    }
    let both = headers([MINE, OURS, MINE, OTHER]);
    check(installed.tries("alice", &test("tried", both)), Some(&format!("\"{OTHER}\"")));
    check(installed.tries("bob", &test("tried", json!({}))), None);
    let null = json!({"target": {"headers": [{"name": "X", "value": "x", "valueFrom": null}]}});
    check(installed.tries("bob", &test("tried", null)), None);
}

fn a_change_counts_like_a_creation(installed: &Installed) {
    check(installed.applies("alice", &test("changed", headers([MINE]))), None);
    let elsewhere = json!({"spec": {"target": {"baseUrl": "http://elsewhere"}}});
    let label = json!({"metadata": {"labels": {"team": "b"}}});
    let finalizer = json!({"metadata": {"finalizers": ["loadgate.dev/run"]}});
    let no_finalizer = json!({"metadata": {"finalizers": null}});
    let operator = installed.operator();
    let refused = Some("which bob may not get");
    check(installed.patches("bob", "changed", &elsewhere), refused);
    check(installed.patches("bob", "changed", &json!({"spec": {"runId": "again"}})), refused);
    check(installed.patches("bob", "changed", &label), None);
    check(installed.patches("alice", "changed", &elsewhere), None);
    // It may set the finalizer of a test whose Secret it may not get, and send that Secret nowhere else.
    check(installed.patches(&operator, "changed", &finalizer), None);
    check(installed.patches(&operator, "changed", &no_finalizer), None);
    let again = json!({"spec": {"runId": "and again"}});
    check(installed.patches(&operator, "changed", &again), Some("loadgate may not get"));
    check(installed.patches("bob", "changed", &json!({"spec": {"target": {"headers": null}}})), None);
}

fn the_number_of_secrets_is_bounded(installed: &Installed) {
    let names = (0..17).map(|number| format!("secret-{number}")).collect::<Vec<_>>();
    let some = |count: usize| headers(names[..count].iter().map(String::as_str));
    check(installed.tries("admin", &test("tried", some(16))), None);
    check(installed.tries("admin", &test("tried", some(17))), Some("more than 16 Secrets"));
    // The last one that is looked at is looked at.
    let last = headers(std::iter::repeat_n(OURS, 15).chain([MINE, OTHER]));
    check(installed.tries("alice", &test("tried", last)), Some(&format!("\"{OTHER}\"")));
}

fn a_status_is_the_operators(installed: &Installed) {
    check(installed.applies("bob", &test("judged", json!({}))), None);
    let forged = json!({"observedGeneration": 1, "verdict": "Pass"});
    let refused = Some("writes the status of a LoadTest");
    check(installed.replaces_status("bob", "judged", &forged), refused);
    check(installed.replaces_status("admin", "judged", &forged), refused);
    check(installed.replaces_status(&installed.operator(), "judged", &forged), None);
}
