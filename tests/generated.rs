//! What is generated is committed and up to date; `LOADGATE_BLESS=1 cargo test` writes it.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use clap::CommandFactory;
use loadgate::api;
use loadgate::cli::Cli;
use loadgate::report::json;
use serde_json::Value;
use support::is_as_committed;

#[test]
fn the_definition_in_crds_is_that_of_the_types() {
    is_as_committed("crds/loadtests.loadgate.dev.yaml", &api::crd_yaml());
}

/// A chart reads no file from outside of its folder.
#[test]
fn the_definition_in_the_chart_is_that_of_the_types() {
    is_as_committed("charts/loadgate/files/loadtests.loadgate.dev.yaml", &api::crd_yaml());
}

#[test]
fn the_schema_of_the_report_is_that_of_its_type() {
    let schema = serde_json::to_string_pretty(&json::schema()).unwrap() + "\n";
    is_as_committed("docs/report.schema.json", &schema);
}

#[test]
fn the_reference_of_the_command_line_is_its_help() {
    let mut command = Cli::command().term_width(100);
    command.build();
    let mut text = "# The command line\n\nThe help texts of `loadgate` and its subcommands.\n".to_owned();
    describe(&mut command, &mut text);
    is_as_committed("docs/cli.md", &text);
}

fn describe(command: &mut clap::Command, text: &mut String) {
    let name = command.get_bin_name().unwrap_or("loadgate").to_owned();
    let help = command.render_long_help().to_string();
    let help = help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    text.extend(["\n## `", &name, "`\n\n```text\n", help.trim_end(), "\n```\n"]);
    for subcommand in command.get_subcommands_mut().filter(|subcommand| subcommand.get_name() != "help") {
        describe(subcommand, text);
    }
}

/// `kubectl apply` keeps the whole object in an annotation, which holds 256 KiB.
#[test]
fn the_definition_can_be_applied_from_the_client() {
    let json = serde_json::to_string(&api::crd()).unwrap();
    assert!(json.len() < 256 * 1024, "{} bytes", json.len());
}

/// The API server prunes what a schema doesn't type, and refuses a definition that isn't structural.
#[test]
fn every_part_of_the_schema_is_structural() {
    let crd = serde_json::to_value(api::crd()).unwrap();
    let mut faults = Vec::new();
    structural(&crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"], "", &mut faults);
    assert_eq!(faults, Vec::<String>::new());
}

fn structural(schema: &Value, path: &str, faults: &mut Vec<String>) {
    let is_typed = schema.get("type").is_some()
        || schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true))
        || schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true));
    let mut report = |holds: bool, what: &str| {
        if !holds {
            faults.push(format!("{path}: {what}"));
        }
    };
    report(is_typed, "has no type");
    report(schema.get("$ref").is_none(), "is a reference");
    let format = schema.get("format").and_then(Value::as_str);
    let is_known = format.is_none_or(|format| ["int32", "int64", "date-time"].contains(&format));
    report(is_known, "has a format that the API server warns about");
    if schema.get("type") == Some(&Value::from("array")) {
        report(schema.get("items").is_some(), "is a list of nothing");
    }
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        structural(property, &format!("{path}.{name}"), faults);
    }
    for inner in ["items", "additionalProperties"].iter().filter_map(|key| schema.get(key)) {
        structural(inner, &format!("{path}[]"), faults);
    }
}

#[test]
fn a_fresh_object_is_not_taken_for_a_finished_one() {
    let crd = serde_json::to_value(api::crd()).unwrap();
    let status = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"];
    assert_eq!(status["default"], serde_json::json!({"observedGeneration": -1}));
}
