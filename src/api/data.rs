//! `spec.data`: rows of values for `${name.field}`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rules;

/// Rows of values; a field of one of them is named `${name.field}`. Exactly one of inline, csv and json.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::data()))]
pub struct Data {
    /// What stands before the dot in `${name.field}`.
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[A-Za-z0-9_-]+$"))]
    pub name: String,
    /// The rows themselves; values keep their type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "rows")]
    pub inline: Option<Vec<BTreeMap<String, Value>>>,
    /// A text whose first line names the fields, and whose other lines are rows; all values are texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv: Option<Content>,
    /// A JSON list of objects; values keep their type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Content>,
    /// Which row an iteration has. Default: shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<RowOrder>,
}

fn rows(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "array", "minItems": 1, "maxItems": 1000,
        "items": {
            "type": "object", "minProperties": 1, "maxProperties": 64,
            "additionalProperties": {"x-kubernetes-preserve-unknown-fields": true},
        },
    })
}

/// Which row an iteration has. All of them are the same for any number of workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RowOrder {
    /// One row after the other, over all users; behind the last comes the first again.
    #[default]
    Shared,
    /// Each user has a row of its own and keeps it; where there are more users than rows, some share one.
    PerUser,
    /// Any row, drawn evenly for each iteration.
    Random,
    /// One row after the other, each at most once in a phase: an iteration that finds none left isn't begun.
    Once,
}

/// Content that stands outside the spec: exactly one of configMapKeyRef and file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::content()))]
pub struct Content {
    /// A key of a ConfigMap in the namespace of the test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map_key_ref: Option<ConfigMapKeyRef>,
    /// A file, its path counted from the folder of the test's own file. Without a cluster only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub file: Option<String>,
}

/// A key of a ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigMapKeyRef {
    /// The ConfigMap's name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// The key within it.
    #[schemars(length(min = 1, max = 253), regex(pattern = "^[A-Za-z0-9._-]+$"))]
    pub key: String,
}
