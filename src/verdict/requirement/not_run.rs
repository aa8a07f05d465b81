//! What a quick or partial run leaves out: told, and outside score and verdict.

use super::super::measure::{Unmeasured, grows_with_length};
use super::phases;
use crate::plan::metric::Metric;
use crate::plan::{Measure, Narrowed, PhaseIndex, Plan, Requirement, Window};

/// Why the run can't be held against the requirement at all.
pub(super) fn left_out(plan: &Plan, requirement: &Requirement) -> Option<String> {
    let measure = &requirement.measure;
    if let Some(phase) = phases(measure).find(|phase| plan.left_out.contains(phase)) {
        return Some(format!("not run: --phase left out phase {}", plan.phases[phase].name));
    }
    if let Some(phase) = without_all_users(plan, measure) {
        return Some(format!(
            "not run: --quick made phase {} shorter than its pace, so that not every user has its turn",
            plan.phases[phase].name
        ));
    }
    if let Some((phase, window)) = without_window(plan, measure) {
        return Some(format!(
            "not run: --quick made phase {} shorter, and the window from {window} no longer lies in it",
            plan.phases[phase].name
        ));
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

/// A shortened phase in which paced users would begin only after its end, where the users are what is counted.
fn without_all_users(plan: &Plan, measure: &Measure) -> Option<PhaseIndex> {
    let counts_users = measure.parts().any(|part| part.metric == Metric::UsersMax);
    let phase = shortened(plan, measure).filter(|_| counts_users)?;
    let planned = &plan.phases[phase];
    let longest_pace = planned.scenarios.iter().filter_map(|scenario| plan.pace(planned, *scenario)).max()?;
    (planned.executor.shortest_stage()? < longest_pace).then_some(phase)
}

/// A shortened phase that a window given in times lies outside of: times are left as they are.
fn without_window(plan: &Plan, measure: &Measure) -> Option<(PhaseIndex, Window)> {
    measure.parts().find_map(|part| part.misfit(&plan.phases).zip(part.window))
}

fn shortened(plan: &Plan, measure: &Measure) -> Option<PhaseIndex> {
    phases(measure).find(|phase| plan.shortened.contains(phase))
}

/// A ratio of two that grow alike stays the same.
fn grows(measure: &Measure) -> bool {
    let grows = |part: &Narrowed| grows_with_length(&part.metric);
    match measure {
        Measure::Metric(one) => grows(one),
        Measure::Ratio(above, below) if grows(above) && grows(below) => !shrink_alike(above, below),
        Measure::Ratio(above, below) => grows(above) || grows(below),
    }
}

/// Whether a quick run leaves both the same part of what they count. No two phases become shorter by the same factor
/// for sure, since none is made shorter than a least length; and windows in times stay as they are.
fn shrink_alike(above: &Narrowed, below: &Narrowed) -> bool {
    let scales = |part: &Narrowed| part.window.is_none_or(Window::scales);
    above.phases == below.phases && (above.window == below.window || scales(above) && scales(below))
}
