//! How far a run is and what it does right now, from what has been measured so far.

use std::time::Duration;

use super::figures::{micros, of_these, rate, share};
use crate::api::{Display, Progress, WorkerCounts};
use crate::metrics::summary::ppm;
use crate::metrics::{Aggregate, Cell, PhaseAggregate};
use crate::plan::{Phase, PhaseIndex, Plan};

/// What stands where nothing has been measured.
pub const NOTHING: &str = "–";
/// What a phase of unknown length counts as, when the share of the whole is told.
const GUESSED_LENGTH: Duration = Duration::from_secs(10);

/// Where a run stands in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The phase under way.
    pub phase: PhaseIndex,
    /// How long ago it began.
    pub elapsed: Duration,
}

/// What a person who waits for a run wants to see of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Glance {
    /// The phase under way.
    pub phase: PhaseIndex,
    /// How much of it is done, 0 to 1.
    pub done: f64,
    /// Users under way.
    pub users: u64,
    /// Requests completed in the last second.
    pub rps: String,
    /// The 95th percentile of the phase so far.
    pub p95: String,
    /// The share of failed requests in the phase so far.
    pub errors: String,
}

/// The phase under way at a glance.
#[must_use]
pub fn glance(plan: &Plan, aggregate: &Aggregate, moment: Moment) -> Glance {
    let phase = aggregate.phases.get(moment.phase);
    let now = phase.and_then(PhaseAggregate::latest_second);
    let cell = phase.map(so_far).unwrap_or_default();
    Glance {
        phase: moment.phase,
        done: plan.phases.get(moment.phase).map_or(0.0, |planned| part_done(planned, phase, moment.elapsed)),
        users: now.map_or(0, |second| second.users),
        rps: rate(now.map_or(0, |second| second.requests)),
        p95: p95(&cell),
        errors: errors(&cell),
    }
}

/// How far the run is.
#[must_use]
pub fn progress(plan: &Plan, aggregate: &Aggregate, moment: Moment) -> Progress {
    let now = aggregate.phases.get(moment.phase).and_then(PhaseAggregate::latest_second);
    Progress {
        percent: percent(plan, aggregate, moment),
        phase: plan.phases.get(moment.phase).map(|phase| phase.name.clone()).unwrap_or_default(),
        phase_index: u32::try_from(moment.phase).unwrap_or(u32::MAX),
        users: now.map_or(0, |second| second.users),
        requests_per_second: now.map_or(0, |second| second.requests),
    }
}

/// The texts of the columns while the run is under way: the last second's rate, the phase's p95 and errors.
#[must_use]
pub fn display(plan: &Plan, aggregate: &Aggregate, moment: Moment, workers: &WorkerCounts) -> Display {
    let told = progress(plan, aggregate, moment);
    let now = glance(plan, aggregate, moment);
    let place =
        plan.phases_to_run().position(|(index, _)| index == moment.phase).map_or(0, |place| place + 1);
    let (of, phase, percent) = (plan.phases_to_run().count(), &told.phase, told.percent);
    Display {
        progress: format!("phase {place}/{of} {phase} {percent}%"),
        rps: now.rps,
        p95: now.p95,
        errors: now.errors,
        workers: of_workers(workers),
    }
}

/// All requests of a phase so far.
fn so_far(phase: &PhaseAggregate) -> Cell {
    phase.state.whole().pooled(None, None)
}

/// The 95th percentile; a dash where nothing was measured.
fn p95(cell: &Cell) -> String {
    cell.latency.quantile(0.95).map_or_else(|| NOTHING.to_owned(), micros)
}

/// The share of failed requests; a dash where there were none at all.
fn errors(cell: &Cell) -> String {
    match cell.requests {
        0 => NOTHING.to_owned(),
        requests => share(ppm(cell.errors.total(), requests)),
    }
}

/// `3/3`: those that take part, of those that should.
#[must_use]
pub fn of_workers(workers: &WorkerCounts) -> String {
    format!("{}/{}", workers.ready.saturating_sub(workers.lost), workers.desired)
}

/// `4/6 phases`: those that have ended, of those to be run.
pub(super) fn ended(plan: &Plan, aggregate: &Aggregate) -> String {
    let has_ended =
        |index: PhaseIndex| aggregate.phases.get(index).is_some_and(|phase| phase.state.end.is_some());
    let ended = plan.phases_to_run().filter(|(index, _)| has_ended(*index)).count();
    format!("{ended}/{}", of_these(plan.phases_to_run().count(), "phase"))
}

/// The part of the planned time that is behind, in whole percent. Only a run that has ended is at 100.
fn percent(plan: &Plan, aggregate: &Aggregate, moment: Moment) -> u32 {
    let length = |phase: &Phase| phase.executor.planned_length().unwrap_or(GUESSED_LENGTH).as_secs_f64();
    let all: f64 = plan.phases_to_run().map(|(_, phase)| length(phase)).sum();
    let behind = plan.phases_to_run().map(|(index, phase)| match index.cmp(&moment.phase) {
        std::cmp::Ordering::Less => length(phase),
        std::cmp::Ordering::Equal => {
            length(phase) * part_done(phase, aggregate.phases.get(index), moment.elapsed)
        }
        std::cmp::Ordering::Greater => 0.0,
    });
    whole_percent(behind.sum::<f64>() / all)
}

/// How much of a phase is done, 0 to 1: by its length where that is known, else by its iterations.
#[must_use]
pub fn part_done(phase: &Phase, so_far: Option<&PhaseAggregate>, elapsed: Duration) -> f64 {
    let completed = so_far.map_or(0, |phase| phase.state.books.completed);
    let done = match (phase.executor.planned_length(), phase.executor.total_iterations()) {
        (Some(length), _) => elapsed.as_secs_f64() / length.as_secs_f64(),
        (None, Some(total)) => completed as f64 / total as f64,
        (None, None) => 0.0,
    };
    if done.is_finite() { done.clamp(0.0, 1.0) } else { 0.0 }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=99 just before")]
fn whole_percent(part: f64) -> u32 {
    if part.is_finite() { (part * 100.0).clamp(0.0, 99.0) as u32 } else { 0 }
}
