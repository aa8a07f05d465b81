//! The report of a run, as a value: everything that any rendering shows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts::RunFacts;
use super::phases::{self, PhaseReport, Seen};
use super::redact::without_credentials;
use super::series::{self, PhaseSeries};
use super::steps::{self, StepFigures};
use super::told::{Judgement, PhaseJudgement};
use super::{figures, status};
use crate::api::{LoadTestSpec, LoadTestStatus, Tier};
use crate::metrics::summary::Names;
use crate::metrics::{Aggregate, PartState, PhaseAggregate};
use crate::plan::Plan;

/// The report of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// `loadgate.dev/v1alpha1`.
    pub api_version: String,
    /// `LoadTestReport`.
    pub kind: String,
    /// Whose report it is.
    pub metadata: Metadata,
    /// The spec as it was run, without credentials.
    pub spec: LoadTestSpec,
    /// Exactly the status that the object has.
    pub status: LoadTestStatus,
    /// Each phase in full; the status has room for less.
    pub phases: Vec<PhaseReport>,
    /// The figures of each step in each phase.
    pub steps: Vec<StepFigures>,
    /// Each phase over time.
    pub series: Vec<PhaseSeries>,
    /// What a quick run changed; absent in a full one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quick: Option<Quick>,
}

/// Whose report it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The test's name.
    pub name: String,
    /// The program and its version.
    pub created_by: String,
}

/// What a quick run changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quick {
    /// By how much lengths and counts were divided.
    pub factor: u32,
    /// What that means for this report.
    pub notes: Vec<String>,
}

impl Report {
    /// The report on a run of `spec`, which `plan` was made from.
    #[must_use]
    pub fn new(
        name: &str,
        spec: &LoadTestSpec,
        plan: &Plan,
        aggregate: &Aggregate,
        judgement: &crate::verdict::Judgement,
        facts: &RunFacts,
    ) -> Self {
        let judgement = &Judgement::from(judgement);
        let (errors, groups) = phases::declared(plan);
        let names = Names { errors: &errors, groups: &groups };
        let wholes: Vec<PartState> = aggregate.phases.iter().map(|phase| phase.state.whole()).collect();
        let phases = all_phases(plan, aggregate, judgement, facts, &wholes, &names);
        let steps = plan.phases.iter().zip(&wholes);
        let steps =
            steps.flat_map(|(phase, whole)| steps::of_phase(plan, &phase.name, whole, &names)).collect();
        Report {
            api_version: "loadgate.dev/v1alpha1".to_owned(),
            kind: "LoadTestReport".to_owned(),
            metadata: Metadata { name: name.to_owned(), created_by: created_by() },
            spec: without_credentials(spec),
            status: status::of_run(plan, aggregate, judgement, facts, (&phases, &wholes)),
            quick: plan.quick.map(|factor| quick(plan, factor, &phases, judgement)),
            phases,
            steps,
            series: series::of_run(plan, aggregate),
        }
    }
}

impl Report {
    /// Whether a gate opens by it.
    #[must_use]
    pub fn opens_gate(&self) -> bool {
        self.status
            .conditions
            .iter()
            .any(|condition| condition.type_ == "Passed" && condition.status == "True")
    }
}

fn created_by() -> String {
    format!("loadgate {}", env!("CARGO_PKG_VERSION"))
}

fn all_phases(
    plan: &Plan,
    aggregate: &Aggregate,
    judgement: &Judgement,
    facts: &RunFacts,
    wholes: &[PartState],
    names: &Names<'_>,
) -> Vec<PhaseReport> {
    let engine = &judgement.generator.engine;
    // A run that never began may have measured and judged nothing.
    let (unmeasured, unjudged) = (PhaseAggregate::default(), PhaseJudgement::default());
    let nothing = PartState::default();
    let seen = plan.phases.iter().enumerate().map(|(index, planned)| Seen {
        planned,
        measured: aggregate.phases.get(index).unwrap_or(&unmeasured),
        whole: wholes.get(index).unwrap_or(&nothing),
        judged: judgement.phases.get(index).unwrap_or(&unjudged),
        left_out: plan.left_out.contains(&index),
    });
    seen.map(|seen| PhaseReport::new(&seen, engine, facts, names)).collect()
}

/// What a reader must know before comparing a quick run with a full one.
fn quick(plan: &Plan, factor: u32, phases: &[PhaseReport], judgement: &Judgement) -> Quick {
    let mut notes = plan.quick_changes.clone();
    if notes.is_empty() {
        notes.push("no phase was long enough to be shortened".to_owned());
    }
    let rows = phases.iter().flat_map(|phase| &phase.expectations).chain(&judgement.requirements);
    let not_run = rows.filter(|row| row.tier == Tier::NotRun).count();
    if not_run > 0 {
        notes.push(format!(
            "{} not judged, because only a full run can tell",
            figures::of_these(not_run, "row")
        ));
    }
    notes.push("a quick run never becomes a baseline".to_owned());
    Quick { factor, notes }
}
