//! The definition's rules on a real API server, beside `loadgate validate`: both refuse the same, in the same words.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

#[path = "rules/bounds.rs"]
mod bounds;
#[path = "rules/definition.rs"]
mod definition;
#[path = "rules/largest.rs"]
mod largest;
mod support;
#[path = "rules/table.rs"]
mod table;

use std::collections::BTreeSet;
use std::pin::pin;

use definition::Definition;
use futures_util::{StreamExt, stream};
use loadgate::plan::{Document, Options};
use serde_json::{Value, json};
use support::cluster::in_own_namespace;
use table::{Case, Said};

/// One definition for all that is asked of it: it takes longer than the questions.
#[tokio::test]
async fn the_api_server_and_validate_refuse_the_same() {
    in_own_namespace(|own| async move {
        let Some(defined) = Definition::new(&own).await else { return };
        it_can_be_explained(&defined).await;
        a_fresh_object_is_not_taken_for_a_finished_one(&defined).await;
        both_say_what_the_table_says(&defined).await;
        both_keep_every_bound_of_the_schema(&defined).await;
        both_accept_the_examples_and_the_largest_test(&defined).await;
    })
    .await;
}

async fn it_can_be_explained(defined: &Definition) {
    let said = defined.explains("spec.phases.load.constantRate.rate").await;
    assert!(said.contains("Iterations started in a unit of time."), "{said}");
}

/// kstatus, and with it Flux and Helm, takes an object for done unless it has seen less than was asked for.
async fn a_fresh_object_is_not_taken_for_a_finished_one(defined: &Definition) {
    let mut fresh = table::good();
    fresh["metadata"]["name"] = json!("fresh");
    let stored = defined.stores(&fresh).await;
    assert_eq!(stored["status"], json!({"observedGeneration": -1}));
    assert_eq!(stored["metadata"]["generation"], 1);
}

async fn both_say_what_the_table_says(defined: &Definition) {
    let told = check(defined, table::cases()).await;
    let messages = messages();
    assert!(messages.len() > 60, "the walk over the schema finds {} rules only", messages.len());
    let is_told = |message: &String| told.iter().any(|told| told.contains(message.as_str()));
    let untold: Vec<String> = messages.into_iter().filter(|message| !is_told(message)).collect();
    assert!(untold.is_empty(), "tests/rules/cases.yaml has no row in which the API server says {untold:#?}");
}

async fn both_keep_every_bound_of_the_schema(defined: &Definition) {
    check(defined, bounds::cases(&definition::spec_schema(), &table::good()["spec"])).await;
}

/// What rules may cost is bounded by the API server twice: when it reads them, and for each object.
async fn both_accept_the_examples_and_the_largest_test(defined: &Definition) {
    let examples =
        ["examples/quickstart.yaml", "examples/language.yaml", "examples/velro-prd.yaml"].map(table::read);
    for object in examples.into_iter().chain([largest::test()]) {
        let name = object["metadata"]["name"].clone();
        assert_eq!((validate(&object), defined.tries(&object).await), (Vec::new(), Vec::new()), "{name}");
    }
}

/// All cases that end otherwise than they say are told at once. The messages of the API server.
async fn check(defined: &Definition, cases: Vec<Case>) -> BTreeSet<String> {
    const AT_ONCE: usize = 4;
    let count = cases.len();
    let answers = stream::iter(cases).map(|case| async move {
        let object = case.object();
        (case, defined.tries(&object).await, validate(&object))
    });
    let (mut failed, mut told) = (Vec::new(), BTreeSet::new());
    let mut answers = pin!(answers.buffered(AT_ONCE));
    while let Some((case, server, validate)) = answers.next().await {
        failed.extend(case.server.missing("the API server", &case, &server));
        failed.extend(case.validate.missing("validate", &case, &validate));
        told.extend(server.into_iter().map(|said| said.message));
    }
    assert!(failed.is_empty(), "{} of {count} cases:\n{}", failed.len(), failed.join("\n"));
    told
}

/// What `loadgate validate` says of a file with this object in it.
fn validate(object: &Value) -> Vec<Said> {
    let checked = Document::parse(&object.to_string()).and_then(|read| read.check(&Options::default()));
    let faults = checked.err().unwrap_or_default();
    faults.into_iter().map(|fault| Said { at: fault.path, message: fault.message }).collect()
}

/// The messages of all rules.
fn messages() -> BTreeSet<String> {
    let mut messages = BTreeSet::new();
    collect(&definition::spec_schema(), &mut messages);
    messages
}

fn collect(schema: &Value, messages: &mut BTreeSet<String>) {
    let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
    messages.extend(rules.map(|rule| rule["message"].as_str().unwrap().to_owned()));
    let inner = schema.as_object().into_iter().flatten().map(|(_, inner)| inner);
    inner.filter(|inner| inner.is_object()).for_each(|inner| collect(inner, messages));
}

#[test]
fn validate_finds_no_fault_in_the_good_test() {
    assert_eq!(validate(&table::good()), []);
}
