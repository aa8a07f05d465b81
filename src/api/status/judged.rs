//! What is said of the figures: phases, rows and how they were met, findings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Summary, Verdict};

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
    /// What its search for the breaking point has found; absent where it doesn't search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// Its expectations and how they were met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expectations: Vec<Row>,
}

/// What a search for the breaking point has found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Capacity {
    /// The highest level that held, `300 users` or `200/s`; `0` where none did; absent where that isn't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// Whether it may be more: nothing stopped the search.
    pub at_least: bool,
    /// How many levels held.
    pub levels_held: u32,
    /// The level at which the search ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<String>,
    /// What ended it there: `latency.p95 = 312 ms (> 200 ms)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<String>,
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
