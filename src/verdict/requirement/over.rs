//! How the figures of several phases become the one, or the several, that a requirement is held against.

use super::super::measure::{Measured, Unmeasured, measure};
use super::{Candidate, keys};
use crate::metrics::Aggregate;
use crate::plan::Over;
use crate::plan::figure::Figure;
use crate::plan::{Measure, Narrowed, PhaseIndex, Plan, Requirement};

/// The figures to judge: one, or one a phase where each is judged, and of those one a key where each key is.
///
/// One phase or key without a figure leaves the whole without: what wasn't measured might have been the worst.
pub(super) fn candidates(
    plan: &Plan,
    aggregate: &Aggregate,
    requirement: &Requirement,
) -> Result<Vec<Candidate>, Unmeasured> {
    let sight = Sight { plan, aggregate, least: requirement.min_samples, over: requirement.over, key: None };
    let mut all = Vec::new();
    for (phases, measure) in in_turn(requirement) {
        match measure.each_of() {
            Some(group) => all.extend(keys::candidates(sight, &measure, &group.group, &phases)?),
            None => all.push(Candidate { phases, key: None, measured: sight.of(&measure)? }),
        }
    }
    Ok(all)
}

/// What is judged one by one: the measure in each phase, or over all of them.
fn in_turn(requirement: &Requirement) -> Vec<(Vec<PhaseIndex>, Measure)> {
    let measure = &requirement.measure;
    let (above, _) = sides(measure);
    match requirement.over {
        Over::Each => above.phases.iter().map(|phase| (vec![*phase], in_phase(measure, *phase))).collect(),
        Over::Pooled | Over::Mean | Over::Min | Over::Max => vec![(above.phases.clone(), measure.clone())],
    }
}

/// A lower side that doesn't cover the phase is a yardstick for all of them: it is taken as it is.
fn in_phase(measure: &Measure, phase: PhaseIndex) -> Measure {
    let only = |part: &Narrowed| {
        let is_covered = part.phases.contains(&phase);
        let phases = if is_covered { vec![phase] } else { part.phases.clone() };
        Narrowed { phases, ..part.clone() }
    };
    match measure {
        Measure::Metric(one) => Measure::Metric(only(one)),
        Measure::Ratio(above, below) => Measure::Ratio(only(above), only(below)),
    }
}

/// What is measured from, by how many samples at least, how phases become one, and of which key.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    pub(super) plan: &'a Plan,
    pub(super) aggregate: &'a Aggregate,
    least: Option<u64>,
    over: Over,
    pub(super) key: Option<&'a str>,
}

impl<'a> Sight<'a> {
    /// The same of one key.
    pub(super) fn of_key(self, key: &'a str) -> Self {
        Sight { key: Some(key), ..self }
    }

    /// The figure of `measure`.
    pub(super) fn of(&self, measure: &Measure) -> Result<Measured, Unmeasured> {
        let (above, _) = sides(measure);
        let each = || -> Result<Vec<Measured>, Unmeasured> {
            above.phases.iter().map(|phase| self.pooled(&in_phase(measure, *phase))).collect()
        };
        match self.over {
            Over::Pooled | Over::Each => self.pooled(measure),
            Over::Mean => mean(&each()?),
            Over::Min => extreme(each()?, |one, other| one < other),
            Over::Max => extreme(each()?, |one, other| one > other),
        }
    }

    fn pooled(&self, measure: &Measure) -> Result<Measured, Unmeasured> {
        match sides(measure) {
            (one, None) => self.figure(one),
            (above, Some(below)) => divide(self.figure(above)?, &self.figure(below)?),
        }
    }

    fn figure(&self, part: &Narrowed) -> Result<Measured, Unmeasured> {
        let measured = measure(self.plan, self.aggregate, part, self.key)?;
        let needed = self.least.unwrap_or_else(|| part.metric.min_samples());
        if measured.samples < needed {
            return Err(Unmeasured::TooFewSamples { needed, found: measured.samples });
        }
        Ok(measured)
    }
}

fn sides(measure: &Measure) -> (&Narrowed, Option<&Narrowed>) {
    match measure {
        Measure::Metric(one) => (one, None),
        Measure::Ratio(above, below) => (above, Some(below)),
    }
}

fn divide(above: Measured, below: &Measured) -> Result<Measured, Unmeasured> {
    let figure = above.figure.divide(below.figure).ok_or(Unmeasured::DividedByZero)?;
    let mut notes = above.notes;
    notes.extend(below.notes.iter().filter(|note| !notes.contains(note)).cloned().collect::<Vec<_>>());
    Ok(Measured { figure, samples: above.samples.min(below.samples), notes })
}

fn mean(figures: &[Measured]) -> Result<Measured, Unmeasured> {
    let add = |sum: Figure, next: &Measured| sum.plus(next.figure);
    let (first, rest) = figures.split_first().ok_or(Unmeasured::NoPhase)?;
    let sum = rest.iter().try_fold(first.figure, add).ok_or(Unmeasured::TooLarge)?;
    let count = i128::try_from(figures.len()).map_err(|_| Unmeasured::TooLarge)?;
    let below = sum.denominator().checked_mul(count).ok_or(Unmeasured::TooLarge)?;
    let figure = Figure::new(sum.numerator(), below, sum.dimension()).ok_or(Unmeasured::TooLarge)?;
    let notes = figures.iter().flat_map(|measured| measured.notes.clone()).collect();
    Ok(Measured { figure, samples: figures.iter().map(|measured| measured.samples).sum(), notes })
}

fn extreme(figures: Vec<Measured>, beats: fn(&Figure, &Figure) -> bool) -> Result<Measured, Unmeasured> {
    let better = |best: Measured, next: Measured| if beats(&next.figure, &best.figure) { next } else { best };
    figures.into_iter().reduce(better).ok_or(Unmeasured::NoPhase)
}
