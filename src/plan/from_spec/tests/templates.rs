//! What `${…}` may name, and how it is written where it stands.

use super::{check, check_step, plan};
use crate::plan::Body;
use crate::plan::template::{Part, Template};

/// A template as a line: `/v1/«Variable("a") Percent»`.
fn written(template: &Template) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Slot(name, encoding) => format!("«{name:?} {encoding:?}»"),
    };
    template.parts.iter().map(part).collect()
}

fn request_of(request: &str) -> crate::plan::Request {
    let plan =
        plan(&format!("scenarios: [{{name: browse, steps: [{{name: home, request: {{{request}}}}}]}}]"));
    plan.steps[0].request.clone()
}

fn body_of(body: &str) -> crate::plan::template::Body {
    match request_of(&format!("path: /, method: POST, {body}")).body {
        Some(Body::Written(body)) => body,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_path_is_raw_and_the_query_sorted_and_encoded() {
    for (request, want) in [
        ("path: '/a/${model}'", "/a/«Variable(\"model\") Raw»"),
        ("path: /a, query: {z: 'b c', k: '${user}&'}", "/a?k=«User Percent»%26&z=b%20c"),
        ("path: '/a?x=1', query: {k: v}", "/a?x=1&k=v"),
        ("path: '/$${a}/$$/${random(-1, 5)}'", "/${a}/$$/«Random(-1, 5) Raw»"),
    ] {
        assert_eq!(written(&request_of(request).target), want, "{request}");
    }
}

#[test]
fn a_json_value_that_is_one_name_keeps_its_type() {
    for (json, want) in [
        ("{n: '${index}', t: 'no ${index}'}", r#"{"n":«Index JsonValue»,"t":"no «Index JsonText»"}"#),
        ("[1, true, null, 'a\"b', '$${x}', 1.5]", r#"[1,true,null,"a\"b","${x}",1.5]"#),
        ("'${uuid}'", "«Uuid JsonValue»"),
        ("{'k-${user}': []}", r#"{"k-«User JsonText»":[]}"#),
        ("'${user}${user}'", r#""«User JsonText»«User JsonText»""#),
    ] {
        let body = body_of(&format!("json: {json}"));
        assert_eq!(
            (written(&body.content).as_str(), body.content_type),
            (want, "application/json"),
            "{json}"
        );
    }
}

#[test]
fn text_and_form_are_bodies_too() {
    let text = body_of("text: 'a ${now}'");
    assert_eq!(
        (written(&text.content).as_str(), text.content_type),
        ("a «Now Raw»", "text/plain; charset=utf-8")
    );
    let form = body_of("form: {b: 'x y', a: '${phase}'}");
    assert_eq!(written(&form.content), "a=«Phase Percent»&b=x%20y");
    assert_eq!(form.content_type, "application/x-www-form-urlencoded");
}

#[test]
fn every_name_of_our_own_is_known() {
    check_step(
        "request: {path: '/${user}/${iteration}/${index}/${phase}/${iterations}/${level}/${runUID}/${uuid}/${random(1,2)}/${now}'}",
        &[],
    );
}

#[test]
fn an_unknown_name_is_told_with_those_near_to_it() {
    for (name, want) in [
        ("modle", "there is no `${modle}`; did you mean `model`?"),
        (
            "zzz",
            "there is no `${zzz}`; there are `model`, `user`, `iteration`, `index`, `round`, `phase`, `iterations`, `level`, `runUID`, `uuid`, `random(a,b)` and `now`",
        ),
        ("random(5,1)", "`random` takes two whole numbers, the smaller first: `${random(1,100)}`"),
        ("random(a,b)", "`random` takes two whole numbers, the smaller first: `${random(1,100)}`"),
        ("random", "`random` takes two whole numbers, the smaller first: `${random(1,100)}`"),
    ] {
        check_step(&format!("request: {{path: '/${{{name}}}'}}"), &[&format!("request.path: {want}")]);
    }
    check_step(
        "request: {path: '/${model'}",
        &["request.path: `${` has no `}` behind it; close it, or write `$${` for the characters themselves"],
    );
}

#[test]
fn every_part_of_a_request_and_its_checks_is_looked_at() {
    let places = [
        "request.path",
        "request.query.q",
        "request.headers[0].value",
        "request.json.x[1][\"k ${modle}\"]",
        "request.json.x[1].y",
        "request.json.x[1].z",
        "checks[0].bodyContains",
        "checks[1].equals",
    ];
    let want = places.map(|place| format!("{place}: there is no `${{modle}}`; did you mean `model`?"));
    check_step(
        "
  request: {
    path: '/${modle}', method: POST, query: {q: '${modle}'}, headers: [{name: X, value: '${modle}'}],
    json: {x: [1, {y: '${modle}', 'k ${modle}': 1, z: 'a ${modle}'}]}},
  checks: [{bodyContains: '${modle}'}, {jsonPath: $.id, equals: '${modle}'}]",
        &want.each_ref().map(String::as_str),
    );
}

const CHAIN: &str = "
scenarios:
- name: chain
  steps:
  - {name: first, request: {path: '/FIRST'}, extract: [{name: id, jsonPath: $.id}, {name: at, jsonPath: $.at}]}
  - {name: second, request: {path: '/SECOND'}, extract: [{name: token, jsonPath: $.token}]}
- name: other
  steps:
  - {name: third, request: {path: '/THIRD'}}";

#[track_caller]
fn check_chain(place: &str, name: &str, want: &[&str]) {
    let path = format!("/{place}");
    check(&CHAIN.replace(&path, &format!("/${{{name}}}")), want);
}

#[test]
fn what_a_step_extracts_is_known_to_the_later_steps_of_its_scenario() {
    check_chain("SECOND", "at", &[]);
    let plan = plan(&CHAIN.replace("/SECOND", "/${at}"));
    assert_eq!(written(&plan.steps[1].request.target), "/«Extracted(1) Raw»");
    assert_eq!(plan.scenarios[0].slots, ["id", "at", "token"]);
    assert_eq!(plan.steps[1].extract[0].slot, 2);
    check_chain(
        "FIRST",
        "id",
        &[
            "spec.scenarios[0].steps[0].request.path: `${id}` is extracted by step `first`, which isn't before this one; only what earlier steps extract is known",
        ],
    );
    check_chain(
        "FIRST",
        "token",
        &[
            "spec.scenarios[0].steps[0].request.path: `${token}` is extracted by step `second`, which isn't before this one; only what earlier steps extract is known",
        ],
    );
    check_chain(
        "THIRD",
        "id",
        &[
            "spec.scenarios[1].steps[0].request.path: `${id}` is extracted in scenario `chain`; what a step extracts is known within its own iteration only",
        ],
    );
}

#[test]
fn a_variable_is_known_in_every_phase_that_runs_the_scenario() {
    let phases = |second: &str| {
        format!(
            "
scenarios: [{{name: browse, steps: [{{name: home, request: {{path: '/${{own}}'}}}}]}}]
phases:
- {{name: one, variables: {{own: 1}}, load: {{burst: {{iterations: 1}}}}}}
- {{name: two, variables: {{{second}}}, load: {{burst: {{iterations: 1}}}}}}
- {{name: pause, load: {{idle: {{duration: 1s}}}}}}"
        )
    };
    check(&phases("own: 2"), &[]);
    check(
        &phases(""),
        &[
            "spec.scenarios[0].steps[0].request.path: variable `own` isn't set in phase `two`; set it there, or set it in spec.variables",
        ],
    );
    let plan = plan(&phases("own: 2, model: large"));
    let values: Vec<_> = plan.phases.iter().map(|phase| format!("{:?}", phase.variables)).collect();
    assert_eq!(
        values,
        [
            r#"{"model": String("small"), "own": Number(1)}"#,
            r#"{"model": String("large"), "own": Number(2)}"#,
            r#"{"model": String("small")}"#
        ]
    );
}
