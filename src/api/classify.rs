//! `spec.classify`: what is read from each response besides its status and time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{rules, schema};

/// How responses are told apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Classify {
    /// Hits and misses of the target's cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheRule>,
    /// Responses counted by a key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), transform = rules::by_name)]
    pub groups: Vec<GroupRule>,
    /// Error classes of one's own, before the generic ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), transform = rules::ordered_by_name)]
    pub errors: Vec<ErrorRule>,
    /// Numbers read from responses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), transform = rules::by_name)]
    pub values: Vec<ValueRule>,
}

/// Tells hits from misses by a header or by a JSON path. A value in neither list is outside the rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::source()))]
pub struct CacheRule {
    /// The header that says it. Exactly one of header and jsonPath.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = schema::HEADER_NAME))]
    pub header: Option<String>,
    /// The JSON path that says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub json_path: Option<String>,
    /// The values that mean a hit: texts for a header, values of any type for a JSON path.
    #[schemars(schema_with = "any_values")]
    pub hit: Vec<Value>,
    /// The values that mean a miss.
    #[schemars(schema_with = "any_values")]
    pub miss: Vec<Value>,
    /// The header that names the layer which answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = schema::HEADER_NAME))]
    pub layer_header: Option<String>,
}

fn any_values(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "array", "minItems": 1, "maxItems": 16,
        "items": {"x-kubernetes-preserve-unknown-fields": true},
    })
}

/// Counts responses by the value of a header or JSON path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::source()))]
pub struct GroupRule {
    /// The group's name in metrics.
    #[schemars(schema_with = "schema::name")]
    pub name: String,
    /// The header that holds the key. Exactly one of header and jsonPath.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = schema::HEADER_NAME))]
    pub header: Option<String>,
    /// The JSON path that holds the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub json_path: Option<String>,
}

/// Names an error by what the response says. It applies to failed requests, in the order given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::error_rule()))]
pub struct ErrorRule {
    /// The class's name in metrics and reports.
    #[schemars(schema_with = "schema::name")]
    pub name: String,
    /// The header to look at. Exactly one of header and jsonPath.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = schema::HEADER_NAME))]
    pub header: Option<String>,
    /// The JSON path to look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub json_path: Option<String>,
    /// The value is exactly this. Exactly one of equals and matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::any")]
    pub equals: Option<Value>,
    /// The value matches this regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub matches: Option<String>,
}

/// Reads a number from a header or JSON path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::source()))]
pub struct ValueRule {
    /// The value's name in metrics: `value(name).p95`.
    #[schemars(schema_with = "schema::name")]
    pub name: String,
    /// The header that holds the number. Exactly one of header and jsonPath.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = schema::HEADER_NAME))]
    pub header: Option<String>,
    /// The JSON path that holds the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub json_path: Option<String>,
    /// What the number counts. Default: it has no unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<ValueUnit>,
}

/// Units of a value read from a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ValueUnit {
    /// Microseconds.
    #[serde(rename = "us")]
    Micros,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Millis,
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Bytes.
    #[serde(rename = "B")]
    Bytes,
}
