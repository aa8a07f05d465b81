//! What was measured in one phase, by one recorder or by many put together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::books::{Books, PhaseEnd};
use super::cell::Cell;
use super::dist::Dist;
use super::lapse::Lapse;
use super::outcome::{Outcome, Part};
use super::sample::Timing;
use super::series::Second;
use super::slice::Slice;
use super::strain::Strain;

/// All but the seconds of a phase. Merging is order-free.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PhaseState {
    /// What was sent while users were still starting.
    pub ramp_up: PartState,
    /// What was sent from then on.
    pub steady: PartState,
    /// What rows ask for by key or by window, by the name of the slice; only of the steady part.
    pub slices: BTreeMap<String, Slice>,
    /// Iterations and what became of them.
    pub books: Books,
    /// What the worst of the workers went through. Results that were kept before it was looked at have none.
    #[serde(default)]
    pub strain: Strain,
    /// For how long a worker had no access token that hadn't expired; none: all of them had one, or need none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lapse: Option<Lapse>,
    /// How it ended, once it has: the worst, where several recorders ended differently.
    pub end: Option<PhaseEnd>,
}

/// One part of a phase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PartState {
    /// Requests by step and outcome.
    pub cells: BTreeMap<(u32, Outcome), Cell>,
    /// How late iterations began, in microseconds.
    pub lag: Dist,
    /// How long opening connections took, in microseconds.
    pub connect: Dist,
    /// How long it took to agree on TLS over them, in microseconds.
    pub tls: Dist,
    /// Iterations that ended.
    pub iterations: u64,
    /// Iterations that were due and never begun.
    pub dropped: u64,
    /// How often each step was skipped, as what it can't do without had no value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skipped: BTreeMap<u32, u64>,
}

/// A stretch of time, in microseconds since the phase began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// When the first request was sent.
    pub first_sent: u64,
    /// When the last request was sent.
    pub last_sent: u64,
    /// When the last response ended.
    pub last_end: u64,
}

/// The seconds of a phase, by their number from 0.
pub type Seconds = BTreeMap<u32, Second>;

impl PhaseState {
    /// One part of it.
    #[must_use]
    pub fn part(&self, part: Part) -> &PartState {
        match part {
            Part::RampUp => &self.ramp_up,
            Part::Steady => &self.steady,
        }
    }

    /// One part of it, to be changed.
    pub fn part_mut(&mut self, part: Part) -> &mut PartState {
        match part {
            Part::RampUp => &mut self.ramp_up,
            Part::Steady => &mut self.steady,
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &PhaseState) {
        self.ramp_up.merge(&other.ramp_up);
        self.steady.merge(&other.steady);
        for (name, slice) in &other.slices {
            self.slices.entry(name.clone()).or_default().merge(slice);
        }
        self.books.merge(&other.books);
        self.strain.merge(&other.strain);
        if let Some(lapse) = &other.lapse {
            self.lapse.get_or_insert_default().merge(lapse);
        }
        self.end = self.end.max(other.end);
    }

    /// The same, where all of it was so many microseconds later.
    #[must_use]
    pub fn later(mut self, micros: u64) -> Self {
        let parts = [&mut self.ramp_up, &mut self.steady];
        let cells = parts.into_iter().flat_map(|part| part.cells.values_mut()).map(|cell| &mut cell.span);
        let in_slices = self.slices.values_mut().flat_map(|slice| {
            let cells = slice.cells.values_mut().map(|one| &mut one.cell.span);
            std::iter::once(&mut slice.span).chain(cells)
        });
        for span in cells.chain(in_slices).flatten() {
            *span = span.later(micros);
        }
        self
    }

    /// Puts all histograms away in their wire form.
    pub fn pack(&mut self) {
        for part in [&mut self.ramp_up, &mut self.steady] {
            part.lag.pack();
            part.connect.pack();
            part.tls.pack();
            part.cells.values_mut().for_each(Cell::pack);
        }
        self.slices.values_mut().for_each(Slice::pack);
    }

    /// Both parts together.
    #[must_use]
    pub fn whole(&self) -> PartState {
        let mut whole = self.ramp_up.clone();
        whole.merge(&self.steady);
        whole
    }
}

impl PartState {
    /// Adds all of `other`.
    pub fn merge(&mut self, other: &PartState) {
        for (key, cell) in &other.cells {
            self.cells.entry(*key).or_default().merge(cell);
        }
        self.lag.merge(&other.lag);
        self.connect.merge(&other.connect);
        self.tls.merge(&other.tls);
        self.iterations += other.iterations;
        self.dropped += other.dropped;
        for (step, count) in &other.skipped {
            *self.skipped.entry(*step).or_default() += count;
        }
    }

    /// From the first request sent to the last response.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.cells.values().fold(None, |all, cell| Span::union(all, cell.span))
    }

    /// The cells of some steps (none: all) and one outcome (none: both), put together.
    #[must_use]
    pub fn pooled(&self, steps: Option<&[usize]>, outcome: Option<Outcome>) -> Cell {
        let mut pooled = Cell::default();
        for ((step, ended), cell) in &self.cells {
            let of_steps = steps.is_none_or(|steps| steps.contains(&(*step as usize)));
            if of_steps && outcome.is_none_or(|outcome| outcome == *ended) {
                pooled.merge(cell);
            }
        }
        pooled
    }
}

impl Span {
    /// That of one request.
    #[must_use]
    pub fn of(timing: &Timing) -> Span {
        Span { first_sent: timing.sent, last_sent: timing.sent, last_end: timing.end }
    }

    /// The least stretch that holds both.
    #[must_use]
    pub fn union(one: Option<Span>, other: Option<Span>) -> Option<Span> {
        let (Some(one), Some(other)) = (one, other) else { return one.or(other) };
        Some(Span {
            first_sent: one.first_sent.min(other.first_sent),
            last_sent: one.last_sent.max(other.last_sent),
            last_end: one.last_end.max(other.last_end),
        })
    }

    fn later(self, micros: u64) -> Self {
        let Span { first_sent, last_sent, last_end } = self;
        Span { first_sent: first_sent + micros, last_sent: last_sent + micros, last_end: last_end + micros }
    }

    /// From the first request sent to the last response, in microseconds.
    #[must_use]
    pub fn micros(&self) -> u64 {
        self.last_end.saturating_sub(self.first_sent)
    }
}
