//! Blocks: steps that are taken together, in rounds.

use std::collections::BTreeSet;

use crate::play::{ONCE, Play, play};
use crate::support::server::{Request, response};

fn fine(_: &Request) -> Vec<u8> {
    response("200 OK", "", "{\"id\": 7}")
}

#[test]
fn the_steps_of_a_block_are_taken_in_rounds() {
    let played = play(
        &format!(
            "scenarios:
- name: shop
  blocks: [{{name: look, repeat: 3}}, {{name: end}}]
  steps:
  - {{name: home, request: {{path: /home}}}}
  - {{name: view, block: look, request: {{path: \"/view/${{round}}\"}}, extract: [{{name: id, jsonPath: $.id}}]}}
  - {{name: rate, block: look, request: {{method: POST, path: /rate, json: {{item: \"${{id}}\", nth: \"${{round}}\"}}}}}}
  - {{name: pay, block: end, request: {{path: \"/pay/${{round}}/${{id}}\"}}}}
{ONCE}
requirements:
- {{id: BLOCK, metric: requests, where: {{steps: [look]}}, target: '== 6'}}
- {{id: ALL, metric: requests, target: '== 8'}}"
        ),
        fine,
    );
    assert_eq!(
        played.lines(),
        [
            "GET /home",
            "GET /view/0",
            "POST /rate",
            "GET /view/1",
            "POST /rate",
            "GET /view/2",
            "POST /rate",
            "GET /pay/0/7"
        ],
        "{}",
        played.ended.err
    );
    assert_eq!(played.requests[4].body, b"{\"item\":7,\"nth\":1}", "a number stays one");
    assert_eq!(played.ended.code, Some(0), "{}", played.ended.err);
    assert_eq!(played.ended.report().total("iterations"), 1);
}

/// A value of the round before would be taken for this round's own.
#[test]
fn a_round_knows_nothing_of_the_one_before() {
    let played = play(
        &format!(
            "scenarios:
- name: shop
  blocks: [{{name: look, repeat: 3}}]
  steps:
  - {{name: find, block: look, request: {{path: \"/find/${{round}}\"}}, extract: [{{name: id, jsonPath: $.id}}]}}
  - {{name: view, block: look, request: {{path: \"/view/${{round}}/${{id}}\"}}}}
  - {{name: gone, when: \"${{id}}\", request: {{path: /gone}}}}
{ONCE}"
        ),
        |request| match request.line() {
            // Not a response at all, so that nothing is taken from it.
            "GET /find/1" | "GET /find/2" => b"nonsense\r\n\r\n".to_vec(),
            _ => fine(request),
        },
    );
    assert_eq!(
        played.lines(),
        ["GET /find/0", "GET /view/0/7", "GET /find/1", "GET /find/2"],
        "{}",
        played.ended.err
    );
    assert_eq!((played.step("view", "failed"), played.step("gone", "skipped")), (2, 1));
}

#[test]
fn a_block_without_its_value_is_skipped_and_told() {
    let played = play(
        &format!(
            "scenarios:
- name: shop
  blocks: [{{name: look, repeat: 5, when: \"${{token}}\"}}, {{name: buy, repeat: 2, when: \"${{id}}\"}}]
  steps:
  - {{name: login, request: {{path: /login}}, extract: [{{name: token, jsonPath: $.token}}, {{name: id, jsonPath: $.id}}]}}
  - {{name: view, block: look, request: {{path: /view}}}}
  - {{name: rate, block: look, probability: 50%, request: {{path: /rate}}}}
  - {{name: order, block: buy, request: {{path: /order}}}}
{ONCE}"
        ),
        fine,
    );
    assert_eq!(played.lines(), ["GET /login", "GET /order", "GET /order"], "{}", played.ended.err);
    let skipped = ["view", "rate", "order"].map(|step| played.step(step, "skipped"));
    assert_eq!(skipped, [1, 1, 0]);
}

#[test]
fn what_is_drawn_in_rounds_is_the_same_for_any_number_of_workers() {
    let spec = "seed: 3
scenarios:
- name: shop
  blocks: [{name: look, repeat: 4, probability: 50%}]
  steps:
  - {name: view, block: look, probability: 50%, request: {path: \"/${index}/${round}/${random(1,1000000000)}\"}}
  - {name: pay, request: {path: \"/${index}/pay/${uuid}\"}}
phases: [{name: only, load: {iterations: {users: 5, perUser: 8}}}]";
    let lines = |workers: &str| -> Vec<String> {
        let played = Play { spec, arguments: &["--workers", workers], files: &[] }.with(fine);
        played.sorted_lines().into_iter().map(str::to_owned).collect()
    };
    let alone = lines("1");
    let views: Vec<&String> = alone.iter().filter(|line| !line.contains("pay")).collect();
    let drawn: BTreeSet<&str> = views.iter().filter_map(|line| line.rsplit('/').next()).collect();
    assert_eq!(drawn.len(), views.len(), "each round draws its own");
    let taken: BTreeSet<&str> = views.iter().filter_map(|line| line.split('/').nth(1)).collect();
    assert!((8..=32).contains(&taken.len()), "an iteration takes the block or not: {taken:?}");
    assert!(views.len() > taken.len() && views.len() < 4 * taken.len(), "{views:?}");
    for workers in ["2", "3"] {
        assert_eq!(lines(workers), alone, "{workers} workers");
    }
}

/// What is drawn for pauses is drawn from the same place as all else: what comes behind it tells.
#[test]
fn pauses_are_drawn_alike_for_any_number_of_workers() {
    let lines = |think: &str, workers: &str| -> Vec<String> {
        let spec = format!(
            "scenarios: [{{name: shop, steps: [
  {{name: view, think: \"{think}\", request: {{path: /view}}}},
  {{name: pay, request: {{path: \"/pay/${{index}}/${{random(1,1000000000)}}\"}}}}]}}]
phases: [{{name: only, load: {{iterations: {{users: 5, perUser: 2}}}}}}]"
        );
        let played = Play { spec: &spec, arguments: &["--workers", workers], files: &[] }.with(fine);
        played.sorted_lines().into_iter().map(str::to_owned).collect()
    };
    let [fixed, exponential, normal] =
        ["1us", "exponential(1us, 1us..5us)", "normal(2us,1us)"].map(|think| {
            let alone = lines(think, "1");
            assert_eq!(lines(think, "3"), alone, "{think}");
            alone
        });
    assert_eq!(fixed, exponential, "one figure is drawn for each of them");
    assert_ne!(fixed, normal, "for this one there are two");
}
