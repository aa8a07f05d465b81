//! `spec.phases`: stretches of load, in order, with barriers between them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Load, Objective};
use super::{rules, schema};

/// A stretch of load with its own executor and expectations. Users do not carry over to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::phase()))]
pub struct Phase {
    /// The name that requirements select it by.
    #[schemars(schema_with = "schema::name")]
    pub name: String,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub title: Option<String>,
    /// The scenarios drawn from, by weight. Default: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::names", transform = rules::set)]
    pub scenarios: Vec<String>,
    /// Variables that override the test's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::values")]
    pub variables: BTreeMap<String, Value>,
    /// Overrides the pace of its scenarios. Only with users: rates, bursts and batches say themselves when iterations begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub pace: Option<String>,
    /// The shape of the load.
    pub load: Load,
    /// The longest it may take; what is open by then is cut and the phase is inconclusive. Default: from the executor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub max_duration: Option<String>,
    /// Whether it counts in figures of the whole test. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<bool>,
    /// Whether its misses can fail the test; otherwise they are at most a warning. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical: Option<bool>,
    /// Requirements on this phase alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), transform = rules::expectations)]
    pub expect: Vec<Objective>,
}
