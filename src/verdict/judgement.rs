//! The judgement on a run, as a value: what the report shows.

use crate::api::{Finding, Generator, Row, Verdict};

/// What can't be seen in the figures themselves but decides what they are worth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Circumstances {
    /// Why the run was aborted, if it was.
    pub aborted: Option<String>,
    /// Workers that were lost on the way.
    pub workers_lost: u32,
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
    /// Its expectations, in the order of the spec.
    pub expectations: Vec<Row>,
}
