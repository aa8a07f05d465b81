//! `docs/measures.md`: its table is that of the grammar, and its examples are right.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use loadgate::plan::metric::{EngineClass, catalogue};
use loadgate::plan::{Document, Options};
use support::{is_as_committed, path};

const PAGE: &str = "docs/measures.md";
/// What the table stands between.
const BEGIN: &str = "<!-- metrics -->";
const END: &str = "<!-- end -->";

fn page() -> String {
    std::fs::read_to_string(path(PAGE)).unwrap()
}

/// One row for all metrics that are described alike: the statistics of a time.
fn table() -> String {
    let mut rows: Vec<(String, &str)> = Vec::new();
    for (form, meaning) in catalogue() {
        match rows.last_mut().filter(|(_, last)| *last == meaning) {
            Some((forms, _)) => forms.extend([" `", &form, "`"]),
            None => rows.push((format!("`{form}`"), meaning)),
        }
    }
    let rows: Vec<String> =
        rows.iter().map(|(forms, meaning)| format!("| {forms} | {meaning} |\n")).collect();
    format!("\n\n| metric | what it is |\n|---|---|\n{}\n", rows.concat())
}

#[test]
fn the_table_of_metrics_is_that_of_the_grammar() {
    let page = page();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    is_as_committed(PAGE, &format!("{before}{BEGIN}{}{END}{after}", table()));
}

#[test]
fn the_examples_are_right() {
    let page = page();
    let (_, rows) = page.split_once("```yaml\n").unwrap();
    let rows = rows.split_once("```").unwrap().0.replace('\n', "\n  ");
    let test = format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: measured}}
spec:
  target: {{baseUrl: "http://127.0.0.1:8080"}}
  scenarios: [{{name: visit, steps: [{{name: get, request: {{path: /}}}}]}}]
  classify: {{groups: [{{name: account, header: X-Account}}]}}
  phases: [{{name: steady, load: {{constantRate: {{rate: 10/s, duration: 10m}}}}}}]
  requirements:
  {rows}
"#
    );
    let checked = Document::parse(&test).and_then(|document| document.check(&Options::default()));
    let plan = checked.unwrap_or_else(|faults| panic!("{faults:#?}")).plan;
    assert_eq!(plan.requirements.len(), 5);
    let cuts: Vec<String> = plan.phases[0].cuts.iter().map(ToString::to_string).collect();
    assert_eq!(cuts[..2], ["each=account", "account=acc-1"]);
}

#[test]
fn every_class_of_the_engine_is_named() {
    let page = page();
    for class in EngineClass::ALL {
        assert!(page.contains(class.name()), "{class}");
    }
}
