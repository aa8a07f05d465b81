//! Searches for the breaking point: what became of each level, and what that says of the target.

use super::doubts::unbalanced;
use super::measure::{Unmeasured, measure};
use super::seen::Seen;
use crate::metrics::{Aggregate, Books, PhaseAggregate, PhaseEnd, Tried};
use crate::plan::figure::Figure;
use crate::plan::{Phase, PhaseIndex, Plan, Stop};

/// What became of a level of phase number `phase`, by what all of its workers measured in it. Any of the figures that end the
/// search does so by itself; where none does, all of them must be known.
#[must_use]
pub fn tried(plan: &Plan, phase: PhaseIndex, level: &PhaseAggregate) -> Tried {
    let mut alone = Aggregate::new(plan.phases.len());
    alone.phases[phase] = PhaseAggregate { started_micros: Some(0), ..level.clone() };
    let mut unknown = cut_off(level).or_else(|| unbalanced(&level.state.books));
    for stop in &plan.phases[phase].stops {
        match of_level(plan, &alone, stop) {
            Ok(figure) if stop.limit.holds(&figure) => {
                let (figure, _) = figure.show_beside(&stop.limit.nearest_edge(&figure));
                return Tried::Broke(format!("{} = {figure} ({})", stop.measure.metric, stop.limit));
            }
            Ok(_) => {}
            Err(reason) => {
                unknown.get_or_insert_with(|| format!("{} is unknown: {reason}", stop.measure.metric));
            }
        }
    }
    unknown.map_or(Tried::Held, Tried::Unknown)
}

fn of_level(plan: &Plan, alone: &Aggregate, stop: &Stop) -> Result<Figure, Unmeasured> {
    let measured = measure(plan, alone, &stop.measure, None)?;
    let (needed, found) = (stop.measure.metric.min_samples(), measured.samples);
    if found < needed { Err(Unmeasured::TooFewSamples { needed, found }) } else { Ok(measured.figure) }
}

/// Of what was cut off nobody knows how it would have ended.
fn cut_off(level: &PhaseAggregate) -> Option<String> {
    let Books { cut, cut_requests, .. } = level.state.books;
    let open = match level.state.end {
        Some(PhaseEnd::Deadline) => cut.max(cut_requests).max(level.state.books.pending()),
        Some(PhaseEnd::Completed | PhaseEnd::Aborted) | None => cut_requests,
    };
    (open > 0).then(|| format!("{open} iterations were cut off, unfinished"))
}

/// What was measured in each leg, put together phase by phase.
#[must_use]
pub fn put_together(plan: &Plan, legs: Vec<PhaseAggregate>) -> Aggregate {
    let mut aggregate = Aggregate::new(plan.phases.len());
    for (leg, measured) in plan.legs().zip(legs) {
        let phase = &mut aggregate.phases[leg.phase];
        match (leg.level, measured.started_micros) {
            (None, _) => *phase = measured,
            (Some(_), Some(started)) => {
                let first = *phase.started_micros.get_or_insert(started);
                phase.add_level(measured, started.saturating_sub(first));
            }
            (Some(_), None) => {}
        }
    }
    for (index, phase) in aggregate.phases.iter_mut().enumerate() {
        let are_over = |level: &&PhaseAggregate| level.ended > 0 && level.ended == level.workers;
        phase.tried =
            phase.levels.iter().take_while(are_over).map(|level| tried(plan, index, level)).collect();
    }
    aggregate
}

/// What a search has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    /// The highest level that held: `300 users`, `200/s`; `0` where none did; none: nobody can tell.
    pub held: Option<String>,
    /// Whether it is only known to be at least that: nothing stopped the search.
    pub at_least: bool,
    /// How many levels held.
    pub levels_held: u32,
    /// The level at which the search ended.
    pub stopped_at: Option<String>,
    /// What ended it there.
    pub stopped_by: Option<String>,
}

/// What the search of a phase has found; none where it doesn't search or never began.
pub(super) fn capacity(phase: &Phase, measured: &PhaseAggregate) -> Option<Capacity> {
    let names = || phase.levels.iter().filter_map(|level| level.level.as_ref()).map(|rung| &rung.name);
    if phase.levels.is_empty() || measured.started_micros.is_none() {
        return None;
    }
    let held = held(measured);
    let (stopped_at, stopped_by) = match measured.tried.get(held) {
        Some(Tried::Broke(why) | Tried::Unknown(why)) => (names().nth(held).cloned(), Some(why.clone())),
        Some(Tried::Held) | None => (None, None),
    };
    let highest = || held.checked_sub(1).and_then(|last| names().nth(last)).cloned();
    let is_known = figure(phase, measured).is_ok();
    Some(Capacity {
        held: is_known.then(|| highest().unwrap_or_else(|| "0".to_owned())),
        at_least: is_known && held == phase.levels.len(),
        levels_held: u32::try_from(held).unwrap_or(u32::MAX),
        stopped_at,
        stopped_by,
    })
}

/// How many levels held, one after the other.
fn held(measured: &PhaseAggregate) -> usize {
    measured.tried.iter().take_while(|tried| **tried == Tried::Held).count()
}

/// The highest level that held, and whether it is only known to be at least that.
pub(super) fn figure(phase: &Phase, measured: &PhaseAggregate) -> Result<(Figure, bool), Unmeasured> {
    let rungs: Vec<_> = phase.levels.iter().filter_map(|level| level.level.as_ref()).collect();
    let held = held(measured);
    let first = rungs.first().ok_or(Unmeasured::NoData)?;
    if let Some(why) = doubt(phase, measured) {
        return Err(Unmeasured::Search(why));
    }
    let none = Figure::new(0, 1, first.figure.dimension()).ok_or(Unmeasured::NoData)?;
    let highest = held.checked_sub(1).and_then(|last| rungs.get(last)).map_or(none, |rung| rung.figure);
    Ok((highest, held == rungs.len()))
}

/// Why a search that began has found nothing.
pub(super) fn doubt(phase: &Phase, measured: &PhaseAggregate) -> Option<String> {
    let held = held(measured);
    match measured.tried.get(held) {
        Some(Tried::Unknown(why)) => {
            let level = phase.levels.get(held).and_then(|level| level.level.as_ref());
            Some(format!("couldn't tell whether it held {}: {why}", level.map_or("it", |rung| &rung.name)))
        }
        Some(Tried::Broke(_)) => None,
        Some(Tried::Held) | None => {
            (held < phase.levels.len()).then(|| "wasn't led to the end of its search".to_owned())
        }
    }
}

/// The parts of a phase in which the generator is to be sound each by itself: its levels where it searches, with whether the
/// target held them.
pub(super) fn parts(seen: Seen<'_>) -> Vec<(Seen<'_>, bool)> {
    if seen.phase.levels.is_empty() {
        return vec![(seen, true)];
    }
    let levels = seen.phase.levels.iter().zip(&seen.measured.levels).enumerate();
    let has_held = |place| !matches!(seen.measured.tried.get(place), Some(Tried::Broke(_)));
    levels.map(|(place, (phase, measured))| (Seen { phase, measured, ..seen }, has_held(place))).collect()
}
