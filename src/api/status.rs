//! `status`: stage, verdict, figures, compliance and findings of the latest run.
//!
//! Integers carry their unit in their name; shares are parts per million (ppm).

pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
}

/// Figures of a phase or of all of them. Percentiles come from merged histograms.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Requests that ended, well or badly.
    pub requests: u64,
    /// Those whose checks all held.
    pub succeeded: u64,
    /// Those that didn't end or had a failed check.
    pub failed: u64,
    /// Iterations that should have started but didn't.
    pub dropped: u64,
    /// Requests cut off at the end of a phase or by an abort; they are not among `requests`.
    pub cut: u64,
    /// Iterations that ended.
    pub iterations: u64,
    /// From the first request sent to the last response.
    pub duration_millis: u64,
    /// Completed requests in a second, over the duration.
    pub requests_per_second: u64,
    /// Response times; absent where nothing was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// Failed requests, as a share of all.
    pub error_ppm: u32,
    /// Failed requests by class, most first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorCount>,
    /// Cache hits, as a share of hits and misses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_hit_ppm: Option<u32>,
    /// Responses by key, for each declared group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupCounts>,
    /// Bytes written to the target.
    pub bytes_sent: u64,
    /// Bytes read from the target.
    pub bytes_received: u64,
}

/// Response times in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "each name is its own documentation")]
pub struct Latency {
    pub p50_micros: u64,
    pub p90_micros: u64,
    pub p95_micros: u64,
    pub p99_micros: u64,
    pub max_micros: u64,
    pub mean_micros: u64,
}

/// How many requests failed in one way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorCount {
    /// A declared class, or connect, timeout, reset, stale, protocol, check, `body_limit` or a status.
    pub class: String,
    /// How many.
    pub count: u64,
}

/// Responses by the keys of a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupCounts {
    /// The group.
    pub name: String,
    /// Its keys, most frequent first.
    pub keys: Vec<KeyCount>,
}

/// How often a key was seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyCount {
    /// The key.
    pub key: String,
    /// Responses that had it.
    pub count: u64,
    /// Their share of all that had a key.
    pub share_ppm: u32,
}

/// What became of a phase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhaseStatus {
    /// Its name.
    pub name: String,
    /// Its executor.
    pub executor: String,
    /// The HTTP client that sent its requests.
    pub tier: String,
    /// What its expectations say; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Its grade; absent where none is defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<String>,
    /// When it began (RFC 3339); absent where it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// Its figures, the ramp included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// Its expectations and how they were met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expectations: Vec<Row>,
}

/// The requirements and how they were met.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Compliance {
    /// The weighted mean of the points, 0 to 100, rounded down; absent where nothing could be scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u32>,
    /// The score's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<String>,
    /// The class that the figures reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Each requirement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<Row>,
}

/// A requirement or expectation and how it was met.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Its id; absent for an expectation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is required, in words.
    pub title: String,
    /// The figure that is judged.
    pub metric: String,
    /// What was measured, with its unit; absent where it couldn't be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<String>,
    /// What was aimed at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What could be lived with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptable: Option<String>,
    /// What fails the test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical: Option<String>,
    /// How it was met.
    pub tier: Tier,
    /// What that does to the verdict.
    #[serde(default)]
    pub effect: Effect,
    /// 0 to 100, rounded down; absent where it wasn't judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<u32>,
    /// Its share in the score.
    pub weight: u32,
    /// Whether missing it fails the test.
    pub must: bool,
    /// How far from the target, or why it wasn't judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<String>,
}

/// What a row does to the verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Effect {
    /// None: it is only shown, or a quick or partial run left it out.
    #[default]
    Outside,
    /// Its target is reached.
    Met,
    /// It isn't met, or only as far as is acceptable, without failing the test.
    Warns,
    /// It couldn't be judged, and so the run can't tell.
    Unknown,
    /// It fails the test.
    Fails,
}

/// How a requirement was met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Tier {
    /// The target is reached.
    Target,
    /// Not the target, but what is acceptable.
    Acceptable,
    /// Neither.
    Missed,
    /// As bad as to fail the test.
    Critical,
    /// It has no limits and is only shown.
    Shown,
    /// It couldn't be measured, or not well enough.
    #[default]
    Unknown,
    /// The run, being a quick or partial one, left it out.
    NotRun,
}

/// A bottleneck that the figures show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule that found it.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub issue: String,
    /// The figures that show it.
    pub evidence: String,
    /// What follows from it.
    pub impact: String,
    /// What to do.
    pub recommendation: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "each name is its own documentation")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
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
