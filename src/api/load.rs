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
    /// Users whose number goes up and down in stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramping_users: Option<RampingUsers>,
    /// A fixed number of iterations, shared by a fixed number of users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_iterations: Option<SharedIterations>,
    /// Iterations started at a fixed rate, however long they take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant_rate: Option<ConstantRate>,
    /// Iterations started at a rate that goes up and down in stages, however long they take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramping_rate: Option<RampingRate>,
    /// A number of iterations started all at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<Burst>,
    /// A number of iterations started in batches, each all at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batches: Option<Batches>,
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

/// `rampingUsers`: a closed loop whose users come and go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::ramping_users()))]
pub struct RampingUsers {
    /// One after the other, from no users on. All of it is judged.
    #[schemars(length(min = 1, max = 32))]
    pub stages: Vec<UserStage>,
}

/// A stage of `rampingUsers`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserStage {
    /// How many users there are at its end.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub users: u32,
    /// How long it is.
    #[schemars(schema_with = "schema::duration")]
    pub duration: String,
    /// How it gets there. Default: linear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramp: Option<Ramp>,
}

/// How a stage gets from the one before to its own figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Ramp {
    /// Evenly, over all of it.
    #[default]
    Linear,
    /// At once, at its start.
    Step,
}

/// `sharedIterations`: a closed loop of known length whose users take the next iteration that is left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SharedIterations {
    /// How many users there are.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub users: u32,
    /// How many iterations they run together. Each worker has its part of them.
    #[schemars(range(min = 1, max = 1_000_000_000_000_u64))]
    pub total: u64,
}

/// `constantRate`: an open loop. Give a duration or a total, not both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::constant_rate()))]
pub struct ConstantRate {
    /// Iterations started in a unit of time.
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
    /// How they are spread over it. Default: uniform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<Spread>,
    /// The most users that run iterations at the same time; an iteration that finds none free is dropped and counted. Default: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_users: Option<u32>,
}

/// How the iterations of a rate are spread over its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Spread {
    /// Each as far from the next as any other.
    #[default]
    Uniform,
    /// At random, each without regard to the others, as from many people who know nothing of each other. How many come of the rate
    /// is drawn, too.
    Poisson,
}

/// `rampingRate`: an open loop whose rate changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::ramping_rate()))]
pub struct RampingRate {
    /// One after the other, from a rate of 0 on. All of it is judged.
    #[schemars(length(min = 1, max = 32))]
    pub stages: Vec<RateStage>,
    /// The most users that run iterations at the same time; an iteration that finds none free is dropped and counted. Default: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_users: Option<u32>,
}

/// A stage of `rampingRate`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RateStage {
    /// Iterations started in a unit of time at its end; may be 0.
    #[schemars(schema_with = "schema::rate_or_none")]
    pub rate: String,
    /// How long it is.
    #[schemars(schema_with = "schema::duration")]
    pub duration: String,
    /// How it gets there. Default: linear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramp: Option<Ramp>,
}

/// `batches`: bursts at even distances, one user an iteration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::batches()))]
pub struct Batches {
    /// How many iterations are started in all.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub iterations: u32,
    /// In how many batches, as even as can be: the earlier ones take the remainder.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub batches: u32,
    /// Over how long: batch k of n, from 0, starts at k · over / n.
    #[schemars(schema_with = "schema::duration")]
    pub over: String,
    /// How long before the first one. Default: it starts at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub delay: Option<String>,
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
