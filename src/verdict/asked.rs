//! What the rows of a plan ask of each phase: to judge them again, so much of it must be kept.

use std::collections::BTreeSet;

use super::measure::paces;
use super::seen::seen_phase;
use crate::metrics::{Aggregate, Pace, Times};
use crate::plan::metric::Metric;
use crate::plan::{Narrowed, PhaseIndex, Plan};

/// What rows ask of one phase, beside what is always kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The steps that they look at by themselves.
    pub steps: BTreeSet<u32>,
    /// The times that they look at.
    pub times: BTreeSet<Times>,
}

/// What is asked of each phase.
#[must_use]
pub fn asked(plan: &Plan) -> Vec<Asked> {
    (0..plan.phases.len()).map(|phase| of_phase(plan, phase)).collect()
}

/// What the seconds of each phase say, as the rows ask; none: it never ran.
#[must_use]
pub fn pace_of_phases(plan: &Plan, aggregate: &Aggregate) -> Vec<Option<Pace>> {
    let phases = 0..plan.phases.len();
    let pace = |phase| seen_phase(plan, aggregate, phase).map(|seen| paces::of(&seen, parts(plan, phase)));
    phases.map(pace).collect()
}

fn of_phase(plan: &Plan, phase: PhaseIndex) -> Asked {
    let mut asked = Asked::default();
    for part in parts(plan, phase) {
        asked.times.extend(times_of(&part.metric));
        let steps = part.steps.iter().flatten();
        asked.steps.extend(steps.filter_map(|step| u32::try_from(*step).ok()));
    }
    let grades = plan.scoring.phase_grades.as_ref();
    asked.times.extend(grades.and_then(|(metric, _)| times_of(metric)));
    asked
}

/// The figures that rows look at in a phase.
fn parts(plan: &Plan, phase: PhaseIndex) -> impl Iterator<Item = &Narrowed> {
    let rows = plan.requirements.iter().chain(&plan.phases[phase].expect);
    rows.flat_map(|row| row.measure.parts()).filter(move |part| part.phases.contains(&phase))
}

/// The times that a metric is read from, beside the response times.
pub(super) fn times_of(metric: &Metric) -> Option<Times> {
    match metric {
        Metric::Service(_) => Some(Times::Service),
        Metric::Ttfb(_) => Some(Times::FirstByte),
        Metric::Connect(_) => Some(Times::Connect),
        Metric::Tls(_) => Some(Times::Tls),
        Metric::Lag(_) => Some(Times::Lag),
        Metric::Value(..) => Some(Times::Declared),
        Metric::Latency(_)
        | Metric::LatencySlope
        | Metric::Duration
        | Metric::Requests
        | Metric::Iterations
        | Metric::Rate
        | Metric::RateIterations
        | Metric::RateSustained
        | Metric::RatePeak
        | Metric::UsersMax
        | Metric::InflightMax
        | Metric::Dropped
        | Metric::BytesSent
        | Metric::BytesReceived
        | Metric::SuccessRate
        | Metric::ErrorRate
        | Metric::Errors(_)
        | Metric::Status(_)
        | Metric::CacheHitRate(_)
        | Metric::CacheHits
        | Metric::CacheMisses
        | Metric::Count(..)
        | Metric::Share(..)
        | Metric::ShareMax(_)
        | Metric::Keys(_)
        | Metric::Spread(_)
        | Metric::Capacity => None,
    }
}
