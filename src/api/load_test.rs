//! The `LoadTest` object: its spec as a whole and how Kubernetes lists it.

use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Classify, Data, Deadlines, Gate, History, LoadTestStatus, Phase, Requirement, Scenario, Scoring, Target,
    Workers, drop_rules,
};
use super::{rules, schema};

/// The group and version of the object.
pub const API_VERSION: &str = "loadgate.dev/v1alpha1";
/// The kind of the object.
pub const KIND: &str = "LoadTest";

/// The JSON schema of the spec, without references: what a file can be checked against without a server.
#[must_use]
pub fn spec_schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<LoadTestSpec>().to_value();
    drop_rules(&mut schema);
    schema
}

/// A load test: where the load goes, what users do, in which phases, and what the product must reach.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "loadgate.dev",
    version = "v1alpha1",
    kind = "LoadTest",
    plural = "loadtests",
    shortname = "ldt",
    category = "loadgate",
    namespaced,
    status = "LoadTestStatus",
    doc = "A load test and the verdict on it.",
    derive = "PartialEq",
    printcolumn = r#"{"name":"Phase","type":"string","jsonPath":".status.phase"}"#,
    printcolumn = r#"{"name":"Verdict","type":"string","jsonPath":".status.verdict"}"#,
    printcolumn = r#"{"name":"Score","type":"integer","jsonPath":".status.compliance.score"}"#,
    printcolumn = r#"{"name":"Grade","type":"string","jsonPath":".status.compliance.grade"}"#,
    printcolumn = r#"{"name":"Progress","type":"string","jsonPath":".status.display.progress"}"#,
    printcolumn = r#"{"name":"RPS","type":"string","jsonPath":".status.display.rps"}"#,
    printcolumn = r#"{"name":"P95","type":"string","jsonPath":".status.display.p95"}"#,
    printcolumn = r#"{"name":"Errors","type":"string","jsonPath":".status.display.errors"}"#,
    printcolumn = r#"{"name":"Workers","type":"string","jsonPath":".status.display.workers"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#,
    printcolumn = r#"{"name":"Target","type":"string","jsonPath":".spec.target.baseUrl","priority":1}"#,
    printcolumn = r#"{"name":"Reason","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].reason","priority":1}"#
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::spec()))]
pub struct LoadTestSpec {
    /// What is tested, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub title: Option<String>,
    /// The service under test.
    pub target: Target,
    /// Values for `${…}`; they keep their type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::values")]
    pub variables: BTreeMap<String, Value>,
    /// Rows of values for `${name.field}`: one row an iteration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), transform = rules::by_name)]
    pub data: Vec<Data>,
    /// What users do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 32), transform = rules::ordered_by_name)]
    pub scenarios: Vec<Scenario>,
    /// How responses are told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classify: Option<Classify>,
    /// The stretches of load, in order.
    #[schemars(length(min = 1, max = 32), transform = rules::ordered_by_name)]
    pub phases: Vec<Phase>,
    /// The product's requirements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), transform = rules::requirements)]
    pub requirements: Vec<Requirement>,
    /// How rows become a score and a verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scoring: Option<Scoring>,
    /// What closes the gate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// The processes that share the load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<Workers>,
    /// How long a run may take. In a cluster only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadlines: Option<Deadlines>,
    /// Names a run: another name starts another run of the same load. In a cluster only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub run_id: Option<String>,
    /// While true, no run starts and one under way is ended; unsetting it starts none. In a cluster only. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort: Option<bool>,
    /// What is kept of past runs. In a cluster only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// What every random choice is drawn from. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 9_007_199_254_740_991_i64))]
    pub seed: Option<u64>,
}
