//! Rows of data: which of them each iteration has, for any number of workers.

use std::collections::BTreeSet;

use crate::play::{Play, Played};
use crate::support::server::{Request, response};

fn fine(_: &Request) -> Vec<u8> {
    response("200 OK", "", "{}")
}

const ROWS: &str = "id,city\n0,Rome\n1,\"New York, NY\"\n2,Oslo\n3,\n4,Bonn\n";

/// Plays iterations that name rows in this order.
fn rows(order: &str, load: &str, workers: &str) -> Played {
    let spec = format!(
        "data: [{{name: places, csv: {{file: places.csv}}, order: {order}}}]
scenarios: [{{name: visit, steps: [{{name: go, request: {{path: \"/${{user}}/${{index}}/${{places.id}}\"}}}}]}}]
phases: [{{name: only, load: {{{load}}}}}]
seed: 3"
    );
    Play { spec: &spec, arguments: &["--workers", workers], files: &[("places.csv", ROWS.as_bytes())] }
        .with(fine)
}

/// User, iteration and row of each request.
fn seen(played: &Played) -> BTreeSet<[u64; 3]> {
    let numbers = |line: &str| {
        let numbers: Vec<u64> = line.split('/').filter_map(|part| part.parse().ok()).collect();
        <[u64; 3]>::try_from(numbers).ok()
    };
    played.lines().into_iter().filter_map(numbers).collect()
}

const CLOSED: &str = "iterations: {users: 4, perUser: 5}";

#[test]
fn an_iteration_has_the_row_of_its_number_or_of_its_user() {
    for workers in ["1", "2", "3", "7"] {
        let played = rows("shared", CLOSED, workers);
        assert!(seen(&played).iter().all(|[_, index, row]| *row == index % 5), "{}", played.ended.err);
        assert_eq!(seen(&played).len(), 20);
        let played = rows("perUser", CLOSED, workers);
        assert!(seen(&played).iter().all(|[user, _, row]| *row == user % 5), "{}", played.ended.err);
        assert_eq!(seen(&played).len(), 20);
    }
}

#[test]
fn a_row_is_drawn_alike_for_any_number_of_workers() {
    for load in [CLOSED, "constantRate: {rate: 100/s, total: 20}"] {
        let drawn = |workers| -> BTreeSet<[u64; 2]> {
            let played = rows("random", load, workers);
            seen(&played).iter().map(|[_, index, row]| [*index, *row]).collect()
        };
        let alone = drawn("1");
        assert_eq!(alone.len(), 20);
        assert!(alone.iter().map(|[_, row]| row).collect::<BTreeSet<_>>().len() > 2, "{alone:?}");
        for workers in ["2", "3", "7"] {
            assert_eq!(drawn(workers), alone, "{workers} workers, {load}");
        }
    }
}

/// Whose iterations have numbers is told of each that found no row left; who goes on by time stops.
#[test]
fn a_row_is_used_once_and_what_finds_none_left_is_not_begun_and_told() {
    for (load, without) in [
        (CLOSED, 15),
        ("sharedIterations: {users: 3, total: 12}", 7),
        ("constantRate: {rate: 100/s, total: 9}", 4),
        ("burst: {iterations: 8}", 3),
        ("constantUsers: {users: 2, duration: 1s}", 2),
    ] {
        for workers in ["1", "2", "3"] {
            let played = rows("once", load, workers);
            let used: Vec<u64> = seen(&played).iter().map(|[_, _, row]| *row).collect();
            assert_eq!(used.iter().collect::<BTreeSet<_>>().len(), used.len(), "{load}: {used:?}");
            assert_eq!(used.len(), 5, "{load}, {workers} workers: {}", played.ended.err);
            let report = played.ended.report();
            assert_eq!((report.total("requests"), report.total("dropped")), (5, without), "{load}");
            let reasons = report.at("/status/generator/reasons").to_string();
            assert!(reasons.contains(&format!("{without} iterations found no row left")), "{reasons}");
            assert_eq!(played.ended.code, Some(2), "it isn't the load that was planned");
        }
    }
}

#[test]
fn values_keep_their_type_and_a_field_that_a_row_lacks_has_no_value() {
    let spec = "
data:
- {name: people, json: {configMapKeyRef: {name: shop, key: people.json}}}
- {name: words, inline: [{word: \"a b\"}]}
scenarios:
- name: visit
  steps:
  - {name: send, request: {method: POST, path: /send, query: {word: \"${words.word}\"}, json: {id: \"${people.id}\", all: \"${people.tags}\"}}}
  - {name: nick, when: \"${people.nick}\", request: {path: \"/${people.nick}\"}}
  - {name: none, request: {path: \"/${people.nick}\"}}
phases: [{name: only, load: {iterations: {users: 1, perUser: 2}}}]";
    let people =
        "[{\"id\": 1, \"tags\": [true, null]}, {\"id\": \"two\", \"nick\": \"bo\", \"tags\": {\"a\": 1.5}}]";
    let play = Play {
        spec,
        arguments: &["--config-map", "shop/people.json=people.json"],
        files: &[("people.json", people.as_bytes())],
    };
    let played = play.with(fine);
    let bodies: Vec<String> =
        played.requests.iter().map(|request| String::from_utf8_lossy(&request.body).into_owned()).collect();
    assert_eq!(
        played.lines(),
        ["POST /send?word=a%20b", "POST /send?word=a%20b", "GET /bo", "GET /bo"],
        "{}",
        played.ended.err
    );
    assert_eq!(bodies[..2], ["{\"all\":[true,null],\"id\":1}", "{\"all\":{\"a\":1.5},\"id\":\"two\"}"]);
    assert_eq!((played.step("nick", "skipped"), played.step("none", "failed")), (1, 1));
}

#[test]
fn what_is_wrong_with_content_is_told_before_any_load() {
    let spec = "
data: [{name: places, csv: {file: places.csv}}, {name: more, json: {configMapKeyRef: {name: shop, key: more}}}]
scenarios: [{name: visit, steps: [{name: go, request: {path: \"/${places.city}/${more.id}\"}}]}]
phases: [{name: only, load: {burst: {iterations: 1}}}]";
    let played = Play { spec, arguments: &[], files: &[("places.csv", b"id\n1\n")] }.with(fine);
    assert_eq!((played.ended.code, played.lines()), (Some(3), vec![]));
    for want in [
        "test.yaml: spec.data[0].csv: has no field `city`; there are `id`; step visit.go names it",
        "test.yaml: spec.data[1].json: needs its content: --config-map shop/more=PATH",
    ] {
        assert!(played.ended.err.contains(want), "{want}: {}", played.ended.err);
    }
}
