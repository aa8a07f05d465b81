//! What a quick or partial run leaves out: told, and outside score and verdict.

use super::super::measure::{Unmeasured, grows_with_length};
use super::phases;
use crate::plan::{Measure, PhaseIndex, Plan, Requirement};

/// Why the run can't be held against the requirement at all.
pub(super) fn left_out(plan: &Plan, requirement: &Requirement) -> Option<String> {
    let measure = &requirement.measure;
    if let Some(phase) = phases(measure).find(|phase| plan.left_out.contains(phase)) {
        return Some(format!("not run: --phase left out phase {}", plan.phases[phase].name));
    }
    let phase = shortened(plan, measure).filter(|_| grows(measure))?;
    Some(format!(
        "not run: --quick made phase {} shorter, and the figure depends on its length",
        plan.phases[phase].name
    ))
}

/// Why a figure that a full run would have is missing.
pub(super) fn too_short(plan: &Plan, requirement: &Requirement, reason: &Unmeasured) -> Option<String> {
    let phase = shortened(plan, &requirement.measure).filter(|_| reason.is_of_length())?;
    Some(format!("not run: --quick made phase {} shorter, and so it {reason}", plan.phases[phase].name))
}

fn shortened(plan: &Plan, measure: &Measure) -> Option<PhaseIndex> {
    phases(measure).find(|phase| plan.shortened.contains(phase))
}

/// A ratio of two that both grow stays the same.
fn grows(measure: &Measure) -> bool {
    match measure {
        Measure::Metric(one) => grows_with_length(&one.metric),
        Measure::Ratio(above, below) => grows_with_length(&above.metric) != grows_with_length(&below.metric),
    }
}
