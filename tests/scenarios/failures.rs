//! Failures that have names of their own, and failures that are wanted.

use crate::play::play;
use crate::support::server::{Request, response};

/// Each account refuses in its own way.
fn accounts(request: &Request) -> Vec<u8> {
    match request.line() {
        "GET /full" => response("503 Busy", "", "{\"error\": \"No account available\"}"),
        "GET /open" => response("503 Busy", "X-Circuit: open-since-noon\r\n", "{}"),
        "GET /slow" => response("429 Slow down", "", "not JSON"),
        _ => response("200 OK", "", "{\"error\": \"No account available\"}"),
    }
}

const CLASSES: &str = "classify:
  errors:
  - {name: no-capacity, jsonPath: $.error, equals: No account available}
  - {name: circuit-open, header: x-circuit, matches: \"^open\"}
  - {name: never, header: x-circuit, matches: open}
phases: [{name: only, load: {iterations: {users: 2, perUser: 5}}}]
";

#[test]
fn a_failure_has_the_first_class_that_it_fits_and_rows_ask_for_it() {
    let played = play(
        &format!(
            "scenarios: [{{name: ask, steps: [
  {{name: full, request: {{path: /full}}}}, {{name: open, request: {{path: /open}}}}, {{name: slow, request: {{path: /slow}}}},
  {{name: fine, request: {{path: /fine}}}}, {{name: wrong, request: {{path: /wrong}}, checks: [{{status: [201]}}]}}]}}]
{CLASSES}
requirements:
- {{id: FULL, metric: errors(no-capacity), target: '== 20'}}
- {{id: ONE, metric: errors(no-capacity), where: {{steps: [full]}}, target: '== 10'}}
- {{id: OPEN, metric: errors(circuit-open), target: '== 10'}}
- {{id: STATUS, metric: errors(429), target: '== 10'}}
- {{id: NONE, metric: success_rate, where: {{steps: [full]}}, target: '== 0%'}}"
        ),
        accounts,
    );
    assert_eq!(played.ended.code, Some(0), "{} {}", played.ended.out, played.ended.err);
    let errors = [("429", 10), ("circuit-open", 10), ("no-capacity", 20)];
    let errors: Vec<_> = errors.into_iter().map(|(class, count)| (class.to_owned(), count)).collect();
    assert_eq!(played.ended.report().errors().into_iter().collect::<Vec<_>>(), errors);
}

#[test]
fn what_a_check_expects_has_succeeded() {
    let played = play(
        &format!(
            "scenarios: [{{name: ask, steps: [
  {{name: full, request: {{path: /full}}, checks: [{{status: [503]}}, {{jsonPath: $.error, equals: No account available}}]}},
  {{name: slow, request: {{path: /slow}}, checks: [{{status: [200, 429]}}]}}]}}]
{CLASSES}
requirements:
- {{id: RATE, metric: error_rate, target: '== 0%'}}
- {{id: SLOW, metric: status(429), target: '== 10'}}"
        ),
        accounts,
    );
    assert_eq!(played.ended.code, Some(0), "{} {}", played.ended.out, played.ended.err);
    assert!(played.ended.report().errors().is_empty());
}
