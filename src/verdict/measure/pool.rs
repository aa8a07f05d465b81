//! What is pooled of the phases that a metric covers: their steady parts only.

use super::super::seen::{Seen, seen_phase};
use super::Unmeasured;
use crate::metrics::{Aggregate, Cell, Dist, Outcome, PartState};
use crate::plan::OutcomeFilter;
use crate::plan::{Narrowed, Plan};

/// The phases that a metric covers, all of which ran.
pub(super) struct Pool<'a> {
    pub(super) plan: &'a Plan,
    pub(super) phases: Vec<Seen<'a>>,
    narrowed: &'a Narrowed,
}

impl<'a> Pool<'a> {
    /// A phase that never began leaves the whole unknown.
    pub(super) fn new(
        plan: &'a Plan,
        aggregate: &'a Aggregate,
        narrowed: &'a Narrowed,
    ) -> Result<Self, Unmeasured> {
        let seen = |&phase: &usize| {
            seen_phase(plan, aggregate, phase)
                .ok_or_else(|| Unmeasured::NeverRan(plan.phases[phase].name.clone()))
        };
        let phases = narrowed.phases.iter().map(seen).collect::<Result<Vec<_>, _>>()?;
        Ok(Pool { plan, phases, narrowed })
    }

    /// The requests of all phases, of the steps and the outcome asked for.
    pub(super) fn cell(&self) -> Cell {
        let mut pooled = Cell::default();
        for seen in &self.phases {
            pooled.merge(&self.cell_of(seen));
        }
        pooled
    }

    /// Those of one phase.
    pub(super) fn cell_of(&self, seen: &Seen<'_>) -> Cell {
        let outcome = self.narrowed.outcome.map(|outcome| match outcome {
            OutcomeFilter::Succeeded => Outcome::Succeeded,
            OutcomeFilter::Failed => Outcome::Failed,
        });
        seen.steady().pooled(self.narrowed.steps.as_deref(), outcome)
    }

    /// A distribution that is kept beside the requests.
    pub(super) fn dist(&self, of: impl Fn(&PartState) -> &Dist) -> Dist {
        let mut pooled = Dist::default();
        for seen in &self.phases {
            pooled.merge(of(seen.steady()));
        }
        pooled
    }

    /// The sum of a count of each phase.
    pub(super) fn sum(&self, of: impl Fn(&Seen<'_>) -> u64) -> u64 {
        self.phases.iter().map(of).sum()
    }

    /// From the first request to the last response: the sum over the phases.
    pub(super) fn micros(&self) -> u64 {
        self.sum(|seen| seen.steady().span.map_or(0, |span| span.micros()))
    }
}
