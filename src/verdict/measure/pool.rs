//! What is pooled of the phases that a metric covers: their steady parts only.

use super::super::seen::{Seen, seen_phase};
use super::Unmeasured;
use super::cut;
use crate::metrics::{Aggregate, Cell, Dist, Outcome, PartState, Span};
use crate::plan::{Narrowed, OutcomeFilter, Plan};

/// The phases that a metric covers, all of which ran.
pub(super) struct Pool<'a> {
    pub(super) plan: &'a Plan,
    pub(super) phases: Vec<Seen<'a>>,
    pub(super) narrowed: &'a Narrowed,
    /// The key it is about, where each key has a figure of its own.
    pub(super) key: Option<&'a str>,
}

impl<'a> Pool<'a> {
    /// A phase that never began leaves the whole unknown.
    pub(super) fn new(
        plan: &'a Plan,
        aggregate: &'a Aggregate,
        narrowed: &'a Narrowed,
        key: Option<&'a str>,
    ) -> Result<Self, Unmeasured> {
        let seen = |&phase: &usize| {
            seen_phase(plan, aggregate, phase)
                .ok_or_else(|| Unmeasured::NeverRan(plan.phases[phase].name.clone()))
        };
        let phases = narrowed.phases.iter().map(seen).collect::<Result<Vec<_>, _>>()?;
        Ok(Pool { plan, phases, narrowed, key })
    }

    /// The requests of all phases, of the steps, the outcome, the key and the window asked for.
    pub(super) fn cell(&self) -> Cell {
        let mut pooled = Cell::default();
        for seen in &self.phases {
            pooled.merge(&self.cell_of(seen));
        }
        pooled
    }

    /// Those of one phase.
    pub(super) fn cell_of(&self, seen: &Seen<'_>) -> Cell {
        if let Some(cut) = self.narrowed.cut(seen.phase) {
            return cut::cell(seen, &cut, self.key).map(|one| one.cell.clone()).unwrap_or_default();
        }
        let outcome = self.narrowed.outcome.map(|outcome| match outcome {
            OutcomeFilter::Succeeded => Outcome::Succeeded,
            OutcomeFilter::Failed => Outcome::Failed,
        });
        seen.steady().pooled(self.narrowed.steps.as_deref(), outcome)
    }

    /// The same of both outcomes, where it is known; else of the whole steady part: what tells whether anything was
    /// classified at all.
    pub(super) fn both_outcomes(&self) -> Cell {
        if self.narrowed.outcome.is_none() {
            return self.cell();
        }
        let mut pooled = Cell::default();
        for seen in &self.phases {
            pooled.merge(&seen.steady().pooled(self.narrowed.steps.as_deref(), None));
        }
        pooled
    }

    /// By how many samples a count is known: by all requests that might have been counted. Which of them ended in
    /// the way asked for, or had the key asked for, is what is measured.
    pub(super) fn counted_by(&self) -> u64 {
        let steps = self.narrowed.steps.as_deref();
        self.sum(|seen| match self.narrowed.cut(seen.phase) {
            Some(cut) => cut::slice(seen, &cut).map_or(0, |slice| {
                // Without a response there is no key.
                if cut.key.is_some() { slice.responses } else { slice.requests }
            }),
            None => seen.steady().requests_of(steps),
        })
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

    /// From the first request to the last response of the steady part or of the window: the sum over the phases.
    pub(super) fn micros(&self) -> u64 {
        self.sum(|seen| self.span(seen).map_or(0, |span| span.micros()))
    }

    fn span(&self, seen: &Seen<'_>) -> Option<Span> {
        match self.narrowed.cut(seen.phase) {
            Some(cut) => cut::slice(seen, &cut)?.span,
            None => seen.steady().span(),
        }
    }
}
