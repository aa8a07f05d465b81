//! The `CustomResourceDefinition` of the `LoadTest`, as the API server takes it without a warning.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{CustomResourceDefinition, JSON};
use kube::CustomResourceExt;
use serde_json::{Value, json};

use super::LoadTest;
use super::rules::RULES;

/// The definition, ready to be applied.
#[must_use]
pub fn crd() -> CustomResourceDefinition {
    let mut definition = LoadTest::crd();
    for version in &mut definition.spec.versions {
        let schema = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut());
        if let Some(status) = schema.and_then(|schema| schema.properties.as_mut()?.get_mut("status")) {
            // Without it, kstatus takes an object that no operator has seen yet for one that is done.
            status.default = Some(JSON(json!({"observedGeneration": -1})));
        }
    }
    as_the_server_takes_it(&definition)
}

/// The definition as YAML, as it stands in `crds/`.
#[must_use]
pub fn crd_yaml() -> String {
    match serde_yaml::to_string(&crd()) {
        Ok(yaml) => yaml,
        Err(_) => unreachable!("a definition consists of texts, numbers, lists and maps with texts as keys"),
    }
}

fn as_the_server_takes_it(definition: &CustomResourceDefinition) -> CustomResourceDefinition {
    let Ok(mut value) = serde_json::to_value(definition) else { unreachable!("a definition is plain data") };
    drop_foreign_formats(&mut value);
    drop_empty_choices(&mut value);
    for version in value["spec"]["versions"].as_array_mut().into_iter().flatten() {
        describe_steps_once(&mut version["schema"]["openAPIV3Schema"]);
    }
    match serde_json::from_value(value) {
        Ok(definition) => definition,
        Err(_) => unreachable!("only formats of numbers and empty choices were changed"),
    }
}

/// Setup and teardown have the steps of `steps`: there they are described. A definition may only be so large.
fn describe_steps_once(schema: &mut Value) {
    for part in ["setup", "teardown"] {
        let place = format!("/properties/spec/properties/scenarios/items/properties/{part}/items");
        if let Some(step) = schema.pointer_mut(&place) {
            drop_descriptions(step);
            step["description"] = json!("A step: its fields are described at `steps`.");
        }
    }
}

fn drop_descriptions(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.retain(|name, value| name != "description" || !value.is_string());
            fields.values_mut().for_each(drop_descriptions);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_descriptions),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Of an integer-or-string, making the schema structural leaves a choice between two schemas that say nothing.
fn drop_empty_choices(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.retain(|name, value| name != "anyOf" || !is_empty_choice(value));
            fields.values_mut().for_each(drop_empty_choices);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_empty_choices),
        _ => {}
    }
}

fn is_empty_choice(value: &Value) -> bool {
    value.as_array().is_some_and(|choices| choices.iter().all(|choice| *choice == json!({})))
}

/// Rewrites the formats of Rust's integers, which the API server warns about, as those of `OpenAPI`.
pub fn drop_foreign_formats(schema: &mut Value) {
    if let Value::Object(fields) = schema {
        let known = match fields.get("format").and_then(Value::as_str) {
            Some("uint8" | "uint16" | "uint32") => Some("int32"),
            Some("uint" | "uint64") => Some("int64"),
            _ => None,
        };
        if let Some(known) = known {
            fields.insert("format".to_owned(), json!(known));
            fields.entry("minimum").or_insert(json!(0));
        }
    }
    match schema {
        Value::Object(fields) => fields.values_mut().for_each(drop_foreign_formats),
        Value::Array(items) => items.iter_mut().for_each(drop_foreign_formats),
        _ => {}
    }
}

/// Takes out the rules in CEL, which only an API server can read.
pub fn drop_rules(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.remove(RULES);
            fields.values_mut().for_each(drop_rules);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_rules),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
