//! Which changes of a spec make another load of it.

use super::spec;
use crate::plan::{Options, Plan};

const BASE: &str = "
seed: 7
target: {baseUrl: 'http://shop', timeout: 1m}
scenarios:
- {name: a, pace: 10s, steps: [{name: s, request: {path: /, query: {x: y, z: w}}, think: 1s}]}
- {name: b, weight: 2, steps: [{name: s, request: {path: /b}, probability: 50%}]}
phases:
- {name: p, load: {constantUsers: {users: 5, duration: 2m}}}
- {name: q, scenarios: [b], load: {constantRate: {rate: 5/s, duration: 60s}}}
requirements: [{id: R, metric: requests, target: '> 5'}]
";

fn hash(text: &str) -> String {
    let plan = Plan::from_spec("shop", &spec(text), &Options::default());
    plan.unwrap_or_else(|faults| panic!("{faults:#?}")).hash
}

/// The hash of `BASE` with `old` written as `new`.
fn hash_with((old, new): (&str, &str)) -> String {
    assert!(BASE.contains(old), "{old}");
    hash(&BASE.replace(old, new))
}

#[test]
fn what_is_only_judged_or_written_otherwise_is_the_same_load() {
    for change in [
        ("query: {x: y, z: w}", "query: {z: w, x: y}"),
        ("timeout: 1m", "timeout: 60s, connectTimeout: 5s"),
        ("duration: 60s", "duration: 1m, maxUsers: 1000"),
        ("think: 1s", "think: 1s, checks: []"),
        ("think: 1s", "think: 1000ms"),
        ("name: p,", "name: p, title: First, judge: false, critical: false, expect: [{metric: requests}],"),
        ("name: p,", "name: p, scenarios: [a, b],"),
        ("path: /,", "path: /, method: GET,"),
        ("pace: 10s", "weight: 1, pace: 10000ms"),
        ("> 5", "> 6"),
        (
            "seed: 7",
            "seed: 7\ntitle: Shop\nscoring: {pass: 80}\ngate: {failOn: Warning}\nworkers: {count: 1}",
        ),
    ] {
        assert_eq!(hash_with(change), hash(BASE), "{change:?}");
    }
}

#[test]
fn a_client_that_says_who_it_is_by_default_is_the_same_load() {
    let hash = |more: &str| {
        let oauth2 = "tokenUrl: 'http://idp', clientId: a, clientSecret: {value: b}";
        hash_with(("timeout: 1m", &format!("timeout: 1m, auth: {{oauth2: {{{oauth2}{more}}}}}")))
    };
    assert_eq!(hash(", clientAuth: basic, scopes: [], params: {}"), hash(""));
    for other in [", clientAuth: body", ", scopes: [a]", ", params: {audience: a}"] {
        assert_ne!(hash(other), hash(""), "{other}");
    }
}

#[test]
fn what_is_sent_otherwise_is_another_load() {
    for change in [
        ("seed: 7", "seed: 8"),
        ("seed: 7", "seed: 7\nworkers: {count: 2}"),
        ("seed: 7", "seed: 7\nvariables: {a: 1}"),
        ("seed: 7", "seed: 7\nclassify: {groups: [{name: g, header: X}]}"),
        ("timeout: 1m", "timeout: 2m"),
        ("users: 5", "users: 6"),
        ("users: 5", "rampUp: 1s, users: 5"),
        ("rate: 5/s", "rate: 6/s"),
        ("scenarios: [b]", "scenarios: [a]"),
        ("think: 1s", "think: 2s"),
        ("name: q,", "name: q, variables: {a: 1},"),
        ("name: q,", "name: q, maxDuration: 5m,"),
    ] {
        assert_ne!(hash_with(change), hash(BASE), "{change:?}");
    }
}

#[test]
fn the_digest_is_the_same_in_every_process() {
    assert_eq!(hash(BASE), "72850400255896ebaf73906fd4ac49ba");
}

#[test]
fn each_executor_may_be_written_in_ways_that_mean_the_same() {
    let of = |load: &str| hash(&BASE.replace("constantUsers: {users: 5, duration: 2m}", load));
    for (one, other) in [
        (
            "constantUsers: {users: 5, duration: 2m}",
            "constantUsers: {users: 5, duration: 120s, judgeRampUp: false}",
        ),
        ("constantRate: {rate: 60/m, total: 5}", "constantRate: {rate: 1/s, total: 5, maxUsers: 1000}"),
        ("batches: {iterations: 9, batches: 2, over: 1m}", "batches: {iterations: 9, batches: 2, over: 60s}"),
        (
            "constantRate: {rate: 60/m, duration: 1m}",
            "constantRate: {rate: 1/s, duration: 60s, arrivals: uniform}",
        ),
        (
            "steps: {rate: {from: 60/m, step: 0.5/s, to: 5/s}, hold: 1m, stopWhen: [{metric: rate, is: '< 1/s'}]}",
            "steps: {rate: {from: 1/s, step: 30/m, to: 300/m}, hold: 60s, maxUsers: 1000, stopWhen: [{metric: rate, is: '< 1/s'}]}",
        ),
        ("idle: {duration: 1m}", "idle: {duration: 60s}"),
        (
            "rampingUsers: {stages: [{users: 5, duration: 1m}]}",
            "rampingUsers: {stages: [{users: 5, duration: 60s, ramp: linear}]}",
        ),
        (
            "rampingRate: {stages: [{rate: 0/s, duration: 1m}, {rate: 60/m, duration: 1m}]}",
            "rampingRate: {maxUsers: 1000, stages: [{rate: 0.0/h, duration: 60s, ramp: linear}, {rate: 1/s, duration: 60s}]}",
        ),
    ] {
        assert_eq!(of(one), of(other), "{one}");
    }
    let step = "rampingUsers: {stages: [{users: 5, duration: 1m, ramp: step}]}";
    assert_ne!(of("rampingUsers: {stages: [{users: 5, duration: 1m}]}"), of(step));
}
