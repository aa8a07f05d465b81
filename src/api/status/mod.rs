//! `status`: stage, verdict, figures, compliance and findings of the latest run.
//!
//! Integers carry their unit in their name; shares are parts per million (ppm).

mod judged;
mod summary;

pub use judged::{Capacity, Compliance, Effect, Finding, PhaseStatus, Row, Severity, Tier};
pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use summary::{DropCount, ErrorCount, GroupCounts, KeyCount, Latency, Summary};

/// What is known of the latest run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoadTestStatus {
    /// The stage, for display: Pending, Suspended, Queued, Starting, Running, Judging, Passed, Failed, Inconclusive, Aborted, Invalid or Denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// The verdict, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// One line that says why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The generation of the spec that this status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Complete, Passed, Ready, Reconciling and Stalled; `ResultsStored` where the result could not be kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The columns' texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<Display>,
    /// The run itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// How far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// The workers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<WorkerCounts>,
    /// Figures over all phases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// Figures of each phase.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseStatus>,
    /// What should be true before a deploy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checklist: Vec<ChecklistLine>,
    /// What was put back after the test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Restore>,
    /// The requirements and how they were met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compliance: Option<Compliance>,
    /// Bottlenecks that the figures show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What became worse since the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regression: Option<Regression>,
    /// Whether the load generator itself was sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator: Option<Generator>,
    /// Where the full result is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<Results>,
    /// The runs before this one, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<PastRun>,
}

/// What a run says of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Verdict {
    /// Every requirement that decides is met.
    Pass,
    /// Something is missed that doesn't fail the test.
    Warning,
    /// A requirement that decides is missed.
    Fail,
    /// The run cannot tell.
    Inconclusive,
}

/// The texts of the columns of `kubectl get`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Display {
    /// `phase 2/6 steady 45%`.
    pub progress: String,
    /// `1,204/s`.
    pub rps: String,
    /// `61.2 ms`.
    pub p95: String,
    /// `0.12%`.
    pub errors: String,
    /// `3/3`.
    pub workers: String,
}

/// One execution of the test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Counts the executions of the object, from 1.
    pub number: u64,
    /// Identifies this execution everywhere.
    pub uid: String,
    /// A digest of all that the load consists of.
    pub run_hash: String,
    /// The run that the spec asked for by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// When the first phase began (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// When the last phase had ended (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Of the planned time, 0 to 100.
    pub percent: u32,
    /// The phase under way.
    pub phase: String,
    /// Its place among the phases, from 0.
    pub phase_index: u32,
    /// Users under way.
    pub users: u64,
    /// Requests completed in the last second.
    pub requests_per_second: u64,
}

/// The workers of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerCounts {
    /// How many share the load.
    pub desired: u32,
    /// How many took part.
    pub ready: u32,
    /// How many were lost on the way.
    pub lost: u32,
    /// The time of day of how many is at least 5 s from the operator's. Nothing that is measured goes by it.
    #[serde(default)]
    pub clocks_off: u32,
}

impl WorkerCounts {
    /// None of `desired` workers is there yet.
    #[must_use]
    pub fn none_of(desired: u32) -> Self {
        WorkerCounts { desired, ..WorkerCounts::default() }
    }
}

/// Whether the load generator was sound, so that the figures tell of the target and not of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Generator {
    /// Whether it was.
    pub healthy: bool,
    /// The HTTP client that was used.
    pub engine: String,
    /// What was wrong and what to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// How late requests were sent, 99th percentile.
    pub lag_p99_micros: u64,
    /// Iterations started, as a share of those planned.
    pub achieved_ppm: u32,
}

/// Where the full result is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Results {
    /// A folder, a ConfigMap or an address.
    pub location: String,
    /// What was left out of it because all of it was too large, a line each. What its requirements are judged from is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// One thing that should be true before a deploy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChecklistLine {
    /// What should be true.
    pub title: String,
    /// Done, Open or Manual.
    pub state: String,
}

/// What was put back after the test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Restore {
    /// Whether all of it was.
    pub done: bool,
    /// What couldn't be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
}

/// What became worse since the baseline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Regression {
    /// The run compared with.
    pub baseline: String,
    /// The figures that are worse beyond their tolerance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub worse: Vec<String>,
}

/// A run before this one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PastRun {
    /// Its number.
    pub number: u64,
    /// What it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Its score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u32>,
    /// When it ended (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
}
