//! The judgement on a run, as a value: what the report shows.

use serde::{Deserialize, Serialize};

use super::Capacity;

/// What can't be seen in the figures themselves but decides what they are worth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Circumstances {
    /// Why the run was aborted, if it was.
    pub aborted: Option<String>,
    /// Why the run couldn't go on, if it couldn't: the load generator's own fault.
    #[serde(default)]
    pub failed: Option<String>,
    /// Workers that were lost on the way.
    pub workers_lost: u32,
    /// What became of one of them, where that is known: `worker 1: OOMKilled (exit code 137)`.
    #[serde(default)]
    pub lost_because: Option<String>,
    /// Why the load never began (preflight, target not reached), if it didn't.
    pub not_started: Option<String>,
}

/// The judgement on a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether the gate closes: by the verdict and `spec.gate`.
    pub gate_closed: bool,
    /// One line that says why: figures with their limits and units.
    pub message: String,
    /// The weighted mean of the points, 0 to 100, exact; none where nothing could be scored.
    pub score: Option<f64>,
    /// The score's name.
    pub grade: Option<String>,
    /// Each requirement, in the order of the spec.
    pub requirements: Vec<Row>,
    /// Each phase of the plan, in order.
    pub phases: Vec<PhaseJudgement>,
    /// Bottlenecks that the figures show, gravest first.
    pub findings: Vec<Finding>,
    /// Whether the load generator itself was sound.
    pub generator: Generator,
}

/// The judgement on one phase.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PhaseJudgement {
    /// What its expectations say; none where it has none or wasn't run.
    pub verdict: Option<Verdict>,
    /// Its grade by `scoring.phaseGrades`; none where there is none.
    pub grade: Option<String>,
    /// What its search has found; none where it doesn't search.
    pub capacity: Option<Capacity>,
    /// Its expectations, in the order of the spec.
    pub expectations: Vec<Row>,
}

/// What a run says of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// How a requirement was met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

/// What a row does to the verdict, from nothing to the worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Shown only, or left out of a quick or partial run.
    #[default]
    Outside,
    /// Its target is reached.
    Met,
    /// Something is missed that doesn't fail the test.
    Warns,
    /// It couldn't be measured.
    Unknown,
    /// It fails the test.
    Fails,
}

/// A requirement or expectation and how it was met.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Its id; absent for an expectation.
    pub id: Option<String>,
    /// What is required, in words.
    pub title: String,
    /// The figure that is judged.
    pub metric: String,
    /// What was measured, with its unit; absent where it couldn't be.
    pub measured: Option<String>,
    /// What was aimed at.
    pub target: Option<String>,
    /// What could be lived with.
    pub acceptable: Option<String>,
    /// What fails the test.
    pub critical: Option<String>,
    /// How it was met.
    pub tier: Tier,
    /// What that does to the verdict.
    pub effect: Effect,
    /// 0 to 100, rounded down; absent where it wasn't judged.
    pub points: Option<u32>,
    /// Its share in the score.
    pub weight: u32,
    /// Whether missing it fails the test.
    pub must: bool,
    /// How far from the target, or why it wasn't judged.
    pub gap: Option<String>,
}

/// A bottleneck that the figures show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each name is its own documentation")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

/// Whether the load generator was sound, so that the figures tell of the target and not of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// Whether it was.
    pub healthy: bool,
    /// The HTTP client that was used.
    pub engine: String,
    /// What was wrong and what to do.
    pub reasons: Vec<String>,
    /// How late requests were sent, 99th percentile.
    pub lag_p99_micros: u64,
    /// Iterations started, as a share of those planned.
    pub achieved_ppm: u32,
}
