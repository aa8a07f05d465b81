//! `spec.requirements` and `spec.phases[].expect`: what the product must reach.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{rules, schema};

/// A line of the product's requirements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Requirement {
    /// Its number or short name, unique in the test.
    #[schemars(schema_with = "schema::name")]
    pub id: String,
    /// What is measured and what it must be.
    #[serde(flatten)]
    pub objective: Objective,
}

/// A figure and the limits it is judged by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::objective()))]
pub struct Objective {
    /// What is required, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub title: Option<String>,
    /// The figure: `latency.p95`, `error_rate`, `rate.sustained`. Exactly one of metric and ratio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub metric: Option<String>,
    /// Two figures, the first divided by the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 2))]
    pub ratio: Option<Vec<RatioPart>>,
    /// Narrows what is measured.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub narrow: Option<Where>,
    /// How the figures of several phases become one. Default: pooled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Over>,
    /// What is aimed at: `< 100ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::limit")]
    pub target: Option<String>,
    /// What can still be lived with: `< 200ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::limit")]
    pub acceptable: Option<String>,
    /// What fails the test at once: `> 500ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::limit")]
    pub critical: Option<String>,
    /// Its share in the score; 0 is judged but not scored. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000))]
    pub weight: Option<u32>,
    /// Whether missing it fails the test whatever the score. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must: Option<bool>,
    /// The fewest samples it can be judged by. Default: from the metric; a quantile q needs 10/(1−q).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000_000_u64))]
    pub min_samples: Option<u64>,
}

/// One side of a ratio.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RatioPart {
    /// The figure.
    #[schemars(length(min = 1, max = 128))]
    pub metric: String,
    /// Narrows what is measured on this side; what it leaves out comes from the row's own `where`.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub narrow: Option<Where>,
}

/// Narrows a figure to some phases, steps or outcomes, to a key of a group, or to a part of a phase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Where {
    /// Only these phases. Default: all that are judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::names")]
    pub phases: Vec<String>,
    /// Only these steps, by `step` or `scenario.step`, or by their block's name. Default: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::names")]
    pub steps: Vec<String>,
    /// Only requests that ended so. Default: both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OutcomeFilter>,
    /// Only responses with this key of a declared group: `{account: acc-2}`; `each` gives every key a figure of its
    /// own, and the worst is judged.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::group_key")]
    pub group: BTreeMap<String, String>,
    /// Only requests that begin in this part of the phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

/// A part of a phase, counted from its start. It needs an executor whose length is known beforehand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::window()))]
pub struct Window {
    /// Where it begins: a share of the phase or a time, `75%` or `30s`. Default: with the phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::moment")]
    pub from: Option<String>,
    /// Where it ends; what begins then is no more in it. Default: with the phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::moment")]
    pub to: Option<String>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OutcomeFilter {
    /// All its checks held.
    Succeeded,
    /// It didn't end, or a check didn't hold.
    Failed,
}

/// How the figures of several phases become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Over {
    /// All samples are taken together.
    #[default]
    Pooled,
    /// The mean of the phases' figures.
    Mean,
    /// The least of them.
    Min,
    /// The greatest of them.
    Max,
    /// Each phase is judged; the worst decides.
    Each,
}
