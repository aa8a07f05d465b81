//! What each step of each phase measured.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::summary::latency;
use crate::api::{ErrorCount, Latency, Method};
use crate::metrics::summary::Names;
use crate::metrics::{Cell, PartState};
use crate::plan::credential::shown_path;
use crate::plan::{Plan, StepIndex};

/// The figures of one step in one phase, the ramp included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepFigures {
    /// The phase.
    pub phase: String,
    /// The scenario.
    pub scenario: String,
    /// The step.
    pub step: String,
    /// Its method.
    pub method: Method,
    /// Its path and query as the spec has them.
    pub path: String,
    /// Requests that ended.
    pub requests: u64,
    /// Those whose checks all held.
    pub succeeded: u64,
    /// The others.
    pub failed: u64,
    /// Responses by status.
    pub statuses: BTreeMap<String, u64>,
    /// How often it was skipped, as what its `when` names had no value.
    #[serde(default, skip_serializing_if = "is_none")]
    pub skipped: u64,
    /// Failed requests by class, most first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorCount>,
    /// Response times; absent where nothing was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// The steps that `part` of `phase` came to, in the plan's order.
pub(super) fn of_phase(plan: &Plan, phase: &str, part: &PartState, names: &Names<'_>) -> Vec<StepFigures> {
    let sent = part.cells.keys().map(|(step, _)| step);
    let met: BTreeSet<u32> = sent.chain(part.skipped.keys()).copied().collect();
    let known = met.into_iter().filter(|step| (*step as usize) < plan.steps.len());
    let told = known.map(|step| {
        let index = step as usize;
        let figures = figures(plan, phase, index, &part.pooled(Some(&[index]), None), names);
        StepFigures { skipped: part.skipped.get(&step).copied().unwrap_or(0), ..figures }
    });
    told.collect()
}

fn figures(plan: &Plan, phase: &str, index: StepIndex, cell: &Cell, names: &Names<'_>) -> StepFigures {
    let step = &plan.steps[index];
    let failed = cell.errors.total();
    let errors = cell.errors.ranked().into_iter();
    StepFigures {
        phase: phase.to_owned(),
        scenario: plan.scenarios[step.scenario].name.clone(),
        step: step.name.clone(),
        method: step.request.method,
        path: shown_path(&step.request.path),
        requests: cell.requests,
        succeeded: cell.requests.saturating_sub(failed),
        failed,
        statuses: cell.statuses.iter().map(|(code, count)| (code.to_string(), count)).collect(),
        skipped: 0,
        errors: errors.map(|(class, count)| ErrorCount { class: names.class(*class), count }).collect(),
        latency: latency(&cell.latency),
    }
}
