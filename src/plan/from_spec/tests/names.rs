//! Names that are given twice or can't be.

use super::check;

#[test]
fn a_name_is_given_once() {
    check(
        "
scenarios:
- {name: a, steps: [{name: s, request: {path: /}}, {name: s, request: {path: /}}]}
- {name: a, steps: [{name: s, request: {path: /}}]}
phases:
- {name: p, load: {burst: {iterations: 1}}}
- {name: p, load: {burst: {iterations: 1}}}
requirements:
- {id: R, metric: requests}
- {id: R, metric: requests}
classify:
  groups: [{name: g, header: X}, {name: g, header: X}]
  errors: [{name: e, header: X, equals: a}, {name: e, header: X, equals: a}]
  values: [{name: v, header: X}, {name: v, header: X}]",
        &[
            "spec.scenarios[1].name: `a` is taken by spec.scenarios[0].name; choose another name",
            "spec.phases[1].name: `p` is taken by spec.phases[0].name; choose another name",
            "spec.requirements[1].id: `R` is taken by spec.requirements[0].id; choose another name",
            "spec.scenarios[0].steps[1].name: `s` is taken by spec.scenarios[0].steps[0].name; choose another name",
            "spec.classify.groups[1].name: `g` is taken by spec.classify.groups[0].name; choose another name",
            "spec.classify.errors[1].name: `e` is taken by spec.classify.errors[0].name; choose another name",
            "spec.classify.values[1].name: `v` is taken by spec.classify.values[0].name; choose another name",
        ],
    );
}

#[test]
fn a_class_of_ones_own_is_not_called_like_one_of_the_engine_or_a_status() {
    let errors = |name: &str| format!("classify: {{errors: [{{name: {name}, header: X, equals: a}}]}}");
    for name in ["connect", "timeout", "body_limit", "unsent", "5xx", "'404'"] {
        let told = name.trim_matches('\'');
        let want = format!(
            "spec.classify.errors[0].name: `{told}` is a name of Loadgate's own: errors({told}) counts what the \
             engine saw; choose another"
        );
        check(&errors(name), &[&want]);
    }
    check(&errors("timed_out"), &[]);
}

#[test]
fn no_group_is_made_of_credentials() {
    let told = |field: &str, name: &str| {
        format!(
            "spec.classify.{field}: {name} holds credentials, and the values of this header are told in status and \
             reports; choose another"
        )
    };
    for name in
        ["Authorization", "set-cookie", "Cookie", "Proxy-Authorization", "X-Api-Key", "X-Access-Token"]
    {
        let group = format!("classify: {{groups: [{{name: g, header: {name}}}]}}");
        check(&group, &[&told("groups[0].header", name)]);
        let cache = format!("classify: {{cache: {{header: X, hit: [a], miss: [b], layerHeader: {name}}}}}");
        check(&cache, &[&told("cache.layerHeader", name)]);
    }
    check("classify: {groups: [{name: g, header: X-Account}]}", &[]);
}

#[test]
fn an_extracted_name_means_one_thing() {
    check(
        "
scenarios:
- name: browse
  steps:
  - {name: a, request: {path: /}, extract: [{name: id, jsonPath: $.id}, {name: user, jsonPath: $.id}]}
  - {name: b, request: {path: /}, extract: [{name: id, jsonPath: $.id}, {name: model, jsonPath: $.id}]}",
        &[
            "spec.scenarios[0].steps[0].extract[1].name: `user` is a name of Loadgate's own; choose another",
            "spec.scenarios[0].steps[1].extract[0].name: `id` is taken by spec.scenarios[0].steps[0].extract[0].name; choose another name",
            "spec.scenarios[0].steps[1].extract[1].name: `model` is a variable already; choose another name",
        ],
    );
}

#[test]
fn a_variable_can_be_named() {
    check(
        "
variables: {'a b': 1, uuid: 2, ok_1-x: 3}
phases: [{name: p, variables: {'': 1, random: 2}, load: {burst: {iterations: 1}}}]",
        &[
            "spec.variables[\"a b\"]: a variable's name has letters, digits, `_` and `-` only",
            "spec.variables.uuid: `uuid` is a name of Loadgate's own; choose another",
            "spec.phases[0].variables[\"\"]: a variable's name has letters, digits, `_` and `-` only",
            "spec.phases[0].variables.random: `random` is a name of Loadgate's own; choose another",
        ],
    );
}
