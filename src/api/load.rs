//! `spec.phases[].load`: the executors, which shape load over time. All count and pace iterations.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{rules, schema};

/// The shape of a phase's load: exactly one executor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::load()))]
pub struct Load {
    /// A fixed number of users, each starting its next iteration when the last has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant_users: Option<ConstantUsers>,
    /// A fixed number of users, each running a fixed number of iterations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iterations: Option<Iterations>,
    /// Iterations started at a fixed rate, however long they take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant_rate: Option<ConstantRate>,
    /// A number of iterations started all at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<Burst>,
    /// No load for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<Idle>,
}

/// `constantUsers`: a closed loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::constant_users()))]
pub struct ConstantUsers {
    /// How many users there are.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub users: u32,
    /// How long they go on, the ramp included.
    #[schemars(schema_with = "schema::duration")]
    pub duration: String,
    /// Over how long they start, evenly. What is sent in it isn't judged. Default: they all start at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub ramp_up: Option<String>,
    /// Judge what is sent during the ramp as well. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge_ramp_up: Option<bool>,
}

/// `iterations`: a closed loop of known length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Iterations {
    /// How many users there are.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub users: u32,
    /// How many iterations each of them runs.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub per_user: u64,
}

/// `constantRate`: an open loop. Give a duration or a total, not both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::constant_rate()))]
pub struct ConstantRate {
    /// Iterations started in a unit of time, evenly spaced.
    #[schemars(schema_with = "schema::rate")]
    pub rate: String,
    /// How long they go on starting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub duration: Option<String>,
    /// How many are started in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000_000_u64))]
    pub total: Option<u64>,
    /// The most users that run iterations at the same time; an iteration that finds none free is dropped and counted. Default: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_users: Option<u32>,
}

/// `burst`: everything at once, one user an iteration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Burst {
    /// How many iterations are started.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub iterations: u32,
}

/// `idle`: a pause between phases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Idle {
    /// How long nothing is sent.
    #[schemars(schema_with = "schema::duration")]
    pub duration: String,
}
