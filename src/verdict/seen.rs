//! The phases that ran, each beside what was measured in it.

use crate::metrics::{Aggregate, Books, PartState, PhaseAggregate};
use crate::plan::{Phase, PhaseIndex, Plan};

/// A phase that began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) index: PhaseIndex,
    pub(super) phase: &'a Phase,
    pub(super) measured: &'a PhaseAggregate,
}

/// The phases that began, in order.
pub(super) fn seen<'a>(plan: &'a Plan, aggregate: &'a Aggregate) -> impl Iterator<Item = Seen<'a>> {
    plan.phases_to_run().filter_map(|(index, phase)| one(index, phase, aggregate))
}

/// Phase number `index`; none when it never began or was left out.
pub(super) fn seen_phase<'a>(
    plan: &'a Plan,
    aggregate: &'a Aggregate,
    index: PhaseIndex,
) -> Option<Seen<'a>> {
    let is_left_out = plan.left_out.contains(&index);
    plan.phases.get(index).filter(|_| !is_left_out).and_then(|phase| one(index, phase, aggregate))
}

fn one<'a>(index: PhaseIndex, phase: &'a Phase, aggregate: &'a Aggregate) -> Option<Seen<'a>> {
    let measured = aggregate.phases.get(index).filter(|phase| phase.started_micros.is_some())?;
    Some(Seen { index, phase, measured })
}

impl<'a> Seen<'a> {
    /// What is judged: all that was sent after the ramp.
    pub(super) fn steady(&self) -> &'a PartState {
        &self.measured.state.steady
    }

    /// Its iterations.
    pub(super) fn books(&self) -> &'a Books {
        &self.measured.state.books
    }
}
