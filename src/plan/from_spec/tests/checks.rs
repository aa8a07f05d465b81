//! Faults of checks, extracts, pauses and of `spec.classify`.

use super::{check, check_step, plan};

#[track_caller]
fn check_check(check: &str, want: &[&str]) {
    let want: Vec<String> = want.iter().map(|line| format!("checks[0]{line}")).collect();
    let want: Vec<&str> = want.iter().map(String::as_str).collect();
    check_step(&format!("request: {{path: /}}, checks: [{{{check}}}]"), &want);
}

#[test]
fn every_subject_goes_with_its_conditions() {
    for right in [
        "status: [200, 2xx, '404']",
        "jsonPath: $.id, exists: true",
        "jsonPath: $.id, matches: '^a'",
        "jsonPath: $.n, is: '>= 3'",
        "header: X-A, exists: false",
        "header: X-A, equals: b",
        "header: X-A, matches: b",
        "bodyContains: ok",
        "latency: '< 2s'",
    ] {
        check_check(right, &[]);
    }
}

#[test]
fn a_check_has_one_subject_and_one_condition() {
    for (wrong, want) in [
        ("exists: true", ": checks nothing; give it status, jsonPath, header, bodyContains or latency"),
        ("status: [200], header: X-A", ": checks `status` and `header` at once; make a check of each"),
        ("status: [200], is: '> 3'", ".is: goes with jsonPath or header only"),
        ("bodyContains: a, equals: b", ".equals: goes with jsonPath or header only"),
        ("latency: '< 2s', exists: true", ".exists: goes with jsonPath or header only"),
        ("jsonPath: $.id", ": has no condition; give it one of exists, equals, matches and is"),
        (
            "jsonPath: $.id, exists: true, equals: 1",
            ": has 2 conditions: `exists` and `equals`; keep one of exists, equals, matches and is",
        ),
        ("header: X-A", ": has no condition; give it one of exists, equals and matches"),
        ("header: X-A, is: '> 3'", ".is: goes with jsonPath only; a header takes exists, equals or matches"),
        ("header: X-A, equals: 3", ".equals: must be a text, as all headers are; quote it"),
        (
            "header: 'X A', exists: true",
            ".header: isn't a header's name: letters, digits and !#$%&'*+-.^_`|~ only",
        ),
    ] {
        check_check(wrong, &[want]);
    }
}

#[test]
fn what_a_check_says_must_be_readable() {
    for (wrong, want) in [
        ("status: []", ".status: is empty; list statuses such as 200 or 2xx"),
        ("status: [99]", ".status[0]: isn't a status: 100 to 599, or a family such as 2xx"),
        ("status: [200, 6xx]", ".status[1]: isn't a status: 100 to 599, or a family such as 2xx"),
        ("status: [+2xx]", ".status[0]: isn't a status: 100 to 599, or a family such as 2xx"),
        ("status: ['+20']", ".status[0]: isn't a status: 100 to 599, or a family such as 2xx"),
        ("status: [ok]", ".status[0]: isn't a status: 100 to 599, or a family such as 2xx"),
        (
            "jsonPath: 'id', exists: true",
            ".jsonPath: isn't a JSON path from character 1 on; write one such as $.items[0].id",
        ),
        ("jsonPath: $.id, matches: '(a'", ".matches: isn't a regular expression: unclosed group"),
        ("jsonPath: $.id, is: 'many'", ".is: \"many\", character 1: …"),
        ("latency: '< 2'", ".latency: \"< 2\", character 4: …"),
    ] {
        check_check(wrong, &[want]);
    }
}

#[test]
fn extracts_pauses_and_probabilities_must_be_readable() {
    check_step(
        "request: {path: /}, extract: [{name: a, jsonPath: '$['}]",
        &["extract[0].jsonPath: isn't a JSON path from character 2 on; write one such as $.items[0].id"],
    );
    for (extract, want) in [
        ("name: a", ": takes nothing; give it jsonPath, header or regex"),
        (
            "name: a, jsonPath: $.a, header: X",
            ": takes several at once; keep one of jsonPath, header and regex, or a regex with its header",
        ),
        (
            "name: a, jsonPath: $.a, header: X, regex: b",
            ": takes several at once; keep one of jsonPath, header and regex, or a regex with its header",
        ),
        (
            "name: a, header: 'X Y'",
            ".header: isn't a header's name: letters, digits and !#$%&'*+-.^_`|~ only",
        ),
        ("name: a, regex: '(a'", ".regex: isn't a regular expression: unclosed group"),
    ] {
        check_step(
            &format!("request: {{path: /}}, extract: [{{{extract}}}]"),
            &[&format!("extract[0]{want}")],
        );
    }
    check_step(
        "request: {path: /}, extract: [{name: a, header: Location, regex: '/(.)'}, {name: b, regex: 'id=(.)'}]",
        &[],
    );
    check_step("request: {path: /}, think: 3s..1s", &["think: \"3s..1s\", character 1: …"]);
    check_step(
        "request: {path: /}, probability: 0%",
        &["probability: must be above 0%; leave out a step that is never taken"],
    );
    check_step("request: {path: /}, probability: 101%", &["probability: must be at most 100%, found 101%"]);
}

#[test]
fn what_a_step_cannot_do_without_is_one_name_that_may_have_no_value() {
    check_step("request: {path: /}, when: '${model}'", &[]);
    for (when, want) in [
        ("token", "must be one name and nothing else, such as ${token}"),
        ("${model}${model}", "must be one name and nothing else, such as ${token}"),
        ("${modle}", "there is no `${modle}`; did you mean `model`?"),
        (
            "${user}",
            "`${user}` always has a value; name a variable, a field of a row or what a step extracts",
        ),
        (
            "${random(1,2)}",
            "`${random(1,2)}` always has a value; name a variable, a field of a row or what a step extracts",
        ),
    ] {
        check_step(&format!("request: {{path: /}}, when: '{when}'"), &[&format!("when: {want}")]);
    }
}

#[test]
fn classes_read_from_one_place_and_compare_with_one_value() {
    for (classify, want) in [
        ("groups: [{name: a}]", "groups[0]: needs a header or a jsonPath to read from"),
        (
            "groups: [{name: a, header: X, jsonPath: $.a}]",
            "groups[0]: has both header and jsonPath; keep one",
        ),
        (
            "values: [{name: a, jsonPath: a}]",
            "values[0].jsonPath: isn't a JSON path from character 1 on; write one such as $.items[0].id",
        ),
        ("errors: [{name: a, header: X}]", "errors[0]: has no condition; give it equals or matches"),
        (
            "errors: [{name: a, header: X, equals: b, matches: c}]",
            "errors[0]: has both equals and matches; keep one",
        ),
        (
            "errors: [{name: a, header: X, equals: 3}]",
            "errors[0].equals: must be a text, as all headers are; quote it",
        ),
        (
            "errors: [{name: a, jsonPath: $.a, matches: '['}]",
            "errors[0].matches: isn't a regular expression: unclosed character class",
        ),
        (
            "cache: {header: X, hit: [1], miss: [MISS]}",
            "cache.hit[0]: must be a text, as all headers are; quote it",
        ),
        ("cache: {header: X, hit: [], miss: [MISS]}", "cache.hit: is empty; list the values that mean a hit"),
        (
            "cache: {header: X, hit: [A, B], miss: [C, A]}",
            "cache.miss[1]: \"A\" means a hit already; keep it in one list",
        ),
        ("cache: {hit: [A], miss: [B]}", "cache: needs a header or a jsonPath to read from"),
        (
            "cache: {header: X, hit: [A], miss: [B], layerHeader: 'X Y'}",
            "cache.layerHeader: isn't a header's name: letters, digits and !#$%&'*+-.^_`|~ only",
        ),
    ] {
        check(&format!("classify: {{{classify}}}"), &[&format!("spec.classify.{want}")]);
    }
}

#[test]
fn a_cache_may_be_told_by_values_of_any_type() {
    let plan =
        plan("classify: {cache: {jsonPath: $.cached, hit: [true], miss: [false], layerHeader: X-Layer}}");
    let cache = plan.classify.cache.expect("a cache rule");
    assert_eq!((cache.hit, cache.miss), (vec![true.into()], vec![false.into()]));
    assert_eq!(cache.layer_header.as_deref(), Some("x-layer"));
}
