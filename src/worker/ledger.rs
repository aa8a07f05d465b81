//! What a worker has measured and how much of it is safe: each snapshot holds what isn't acknowledged yet.

use std::collections::BTreeMap;

use crate::metrics::phase::Seconds;
use crate::metrics::{PhaseSnapshot, PhaseState, Snapshot};
use crate::plan::PhaseIndex;

/// What a worker has measured, phase by phase, from its start to now.
#[derive(Debug)]
pub(super) struct Ledger {
    epoch: u64,
    number: u64,
    phases: BTreeMap<PhaseIndex, Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    state: PhaseState,
    seconds: Seconds,
    /// The first second that may differ from what is safe.
    unsafe_from: u32,
    /// Whether anything may differ.
    changed: bool,
    /// The snapshot that tells of the last change, and the last second it tells of.
    told: Option<(u64, u32)>,
}

impl Ledger {
    pub(super) fn new(epoch: u64) -> Self {
        Ledger { epoch, number: 0, phases: BTreeMap::new() }
    }

    /// The first second of `phase` that is worth collecting.
    pub(super) fn first_second(&self, phase: PhaseIndex) -> u32 {
        self.phases.get(&phase).map_or(0, |entry| entry.unsafe_from)
    }

    /// Notes what was measured in `phase` so far.
    pub(super) fn update(&mut self, phase: PhaseIndex, state: PhaseState, seconds: Seconds) {
        let entry = self.phases.entry(phase).or_default();
        entry.state = state;
        entry.seconds.extend(seconds);
        entry.changed = true;
        entry.told = None;
    }

    /// Notes all that was measured in `phase`, which has ended.
    pub(super) fn close(&mut self, phase: PhaseIndex, state: PhaseState, seconds: Seconds) {
        self.update(phase, state, seconds);
        if let Some(entry) = self.phases.get_mut(&phase) {
            entry.unsafe_from = 0;
            entry.pack();
        }
    }

    /// What isn't safe yet; none where everything is.
    pub(super) fn snapshot(&mut self) -> Option<Snapshot> {
        let number = self.number + 1;
        let mut phases = Vec::new();
        for (phase, entry) in self.phases.iter_mut().filter(|(_, entry)| entry.changed) {
            let last = entry.seconds.keys().next_back().copied().unwrap_or(0);
            entry.told = Some((number, last));
            phases.push(PhaseSnapshot {
                // A plan has at most 32 phases.
                phase: u32::try_from(*phase).unwrap_or(u32::MAX),
                state: entry.state.clone(),
                seconds: entry
                    .seconds
                    .range(entry.unsafe_from..)
                    .map(|(at, second)| (*at, second.clone()))
                    .collect(),
            });
        }
        (!phases.is_empty()).then(|| {
            self.number = number;
            Snapshot { number, phases }
        })
    }

    /// Notes that all up to snapshot `number` is safe; in a new epoch, that nothing is.
    pub(super) fn acknowledge(&mut self, epoch: u64, number: u64) {
        if epoch != self.epoch {
            self.epoch = epoch;
            for entry in self.phases.values_mut() {
                entry.changed = true;
                entry.unsafe_from = 0;
                entry.told = None;
            }
            return;
        }
        for entry in self.phases.values_mut() {
            if let Some((told, last)) = entry.told.filter(|(told, _)| *told <= number) {
                debug_assert!(told <= self.number);
                entry.changed = false;
                // The last second told may not have been over.
                entry.unsafe_from = last;
                entry.told = None;
            }
        }
    }
}

impl Entry {
    /// Puts the histograms away in their wire form: a finished phase costs little.
    fn pack(&mut self) {
        self.state.pack();
        for second in self.seconds.values_mut() {
            second.latency.pack();
        }
    }
}
