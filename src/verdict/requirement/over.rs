//! How the figures of several phases become the one, or the several, that a requirement is held against.

use super::super::measure::{Measured, Unmeasured, measure};
use super::Candidate;
use crate::metrics::Aggregate;
use crate::plan::Over;
use crate::plan::figure::Figure;
use crate::plan::{Measure, Narrowed, PhaseIndex, Plan, Requirement};

/// The figures to judge: one, or one a phase where each is judged.
///
/// One phase without a figure leaves the whole without: what wasn't measured might have been the worst.
pub(super) fn candidates(
    plan: &Plan,
    aggregate: &Aggregate,
    requirement: &Requirement,
) -> Result<Vec<Candidate>, Unmeasured> {
    let sight = Sight { plan, aggregate, least: requirement.min_samples };
    let (above, _) = sides(&requirement.measure);
    let each = || -> Result<Vec<Measured>, Unmeasured> {
        above.phases.iter().map(|phase| sight.in_phase(&requirement.measure, *phase)).collect()
    };
    let all = |measured| vec![Candidate { phases: above.phases.clone(), measured }];
    Ok(match requirement.over {
        Over::Pooled => all(sight.pooled(&requirement.measure)?),
        Over::Mean => all(mean(&each()?)?),
        Over::Min => all(extreme(each()?, |one, other| one < other)?),
        Over::Max => all(extreme(each()?, |one, other| one > other)?),
        Over::Each => (above.phases.iter().zip(each()?))
            .map(|(phase, measured)| Candidate { phases: vec![*phase], measured })
            .collect(),
    })
}

/// What is measured from, and by how many samples at least.
struct Sight<'a> {
    plan: &'a Plan,
    aggregate: &'a Aggregate,
    least: Option<u64>,
}

impl Sight<'_> {
    fn pooled(&self, measure: &Measure) -> Result<Measured, Unmeasured> {
        match sides(measure) {
            (one, None) => self.figure(one),
            (above, Some(below)) => divide(self.figure(above)?, &self.figure(below)?),
        }
    }

    /// A lower side that doesn't cover the phase is a yardstick for all of them: it is taken as it is.
    fn in_phase(&self, measure: &Measure, phase: PhaseIndex) -> Result<Measured, Unmeasured> {
        let only = |part: &Narrowed| {
            let is_covered = part.phases.contains(&phase);
            let phases = if is_covered { vec![phase] } else { part.phases.clone() };
            Narrowed { phases, ..part.clone() }
        };
        match sides(measure) {
            (one, None) => self.figure(&only(one)),
            (above, Some(below)) => divide(self.figure(&only(above))?, &self.figure(&only(below))?),
        }
    }

    fn figure(&self, part: &Narrowed) -> Result<Measured, Unmeasured> {
        let measured = measure(self.plan, self.aggregate, part)?;
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
    let notes = above.notes.into_iter().chain(below.notes.iter().cloned()).collect();
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
