//! Names a phase by a figure of its own, as `scoring.phaseGrades` says.

use super::measure::measure;
use crate::metrics::Aggregate;
use crate::plan::{Narrowed, PhaseIndex, Plan};

/// The grade of phase number `index`; none where none is defined, or its figure isn't known.
pub(super) fn phase_grade(plan: &Plan, aggregate: &Aggregate, index: PhaseIndex) -> Option<String> {
    let (metric, grades) = plan.scoring.phase_grades.as_ref()?;
    let narrowed = Narrowed {
        metric: metric.clone(),
        phases: vec![index],
        steps: None,
        outcome: None,
        key: None,
        window: None,
    };
    let measured = measure(plan, aggregate, &narrowed, None).ok()?;
    if measured.samples < metric.min_samples() {
        return None;
    }
    grades.iter().find(|(_, limit)| limit.holds(&measured.figure)).map(|(name, _)| name.clone())
}
