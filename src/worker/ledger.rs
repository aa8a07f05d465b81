//! What a worker has measured and how much of it is safe: each snapshot holds what isn't acknowledged yet.
//!
//! A coordinator that begins anew is told everything, which can be a day's seconds of many phases. So a snapshot is a
//! part of that: one phase, and so many of its seconds. The next one goes on from there.

use std::collections::BTreeMap;

use crate::metrics::phase::Seconds;
use crate::metrics::{PhaseSnapshot, PhaseState, Second, Snapshot};
use crate::plan::LegIndex;

/// The most seconds that one snapshot tells of. They come to about a megabyte.
const MOST_SECONDS: usize = 3600;

/// What a worker has measured, phase by phase, from its start to now.
#[derive(Debug)]
pub(super) struct Ledger {
    epoch: u64,
    number: u64,
    phases: BTreeMap<LegIndex, Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    state: PhaseState,
    seconds: Seconds,
    /// The first second that may differ from what is safe.
    unsafe_from: u32,
    /// Whether anything may differ.
    changed: bool,
    /// What tells of the last change.
    told: Option<Told>,
}

/// A snapshot that isn't acknowledged yet.
#[derive(Clone, Copy, Debug)]
struct Told {
    number: u64,
    /// The last second that it tells of.
    last: u32,
    /// Whether later seconds are left to be told.
    is_part: bool,
}

impl Ledger {
    pub(super) fn new(epoch: u64) -> Self {
        Ledger { epoch, number: 0, phases: BTreeMap::new() }
    }

    /// The coordinator's epoch, as far as it is known.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The first second of `phase` that is worth collecting.
    pub(super) fn first_second(&self, phase: LegIndex) -> u32 {
        self.phases.get(&phase).map_or(0, |entry| entry.unsafe_from)
    }

    /// Notes what was measured in `phase` so far.
    pub(super) fn update(&mut self, phase: LegIndex, state: PhaseState, seconds: Seconds) {
        let entry = self.phases.entry(phase).or_default();
        entry.state = state;
        // It is told as it is put away here, once or several times, and takes next to no room meanwhile.
        entry.state.pack();
        // Threads' seconds come merged, ready for more: a long phase would hold thousands of whole histograms.
        entry.seconds.extend(seconds.into_iter().map(packed));
        entry.changed = true;
        entry.told = None;
    }

    /// Notes all that was measured in `phase`, which has ended.
    pub(super) fn close(&mut self, phase: LegIndex, state: PhaseState, seconds: Seconds) {
        self.update(phase, state, seconds);
        if let Some(entry) = self.phases.get_mut(&phase) {
            entry.unsafe_from = 0;
        }
    }

    /// What isn't safe yet, or the first part of it; none where everything is.
    pub(super) fn snapshot(&mut self) -> Option<Snapshot> {
        let (phase, entry) = self.phases.iter_mut().find(|(_, entry)| entry.changed)?;
        self.number += 1;
        let seconds = entry.tell(self.number);
        // A plan has at most 32 phases of at most 100 levels.
        let phase = u32::try_from(*phase).unwrap_or(u32::MAX);
        let phases = vec![PhaseSnapshot { phase, state: entry.state.clone(), seconds }];
        Some(Snapshot { number: self.number, phases })
    }

    /// Whether more than the last snapshot must be acknowledged before everything is safe.
    pub(super) fn has_more(&self) -> bool {
        let mut unsafe_phases = self.phases.values().filter(|entry| entry.changed);
        let is_part = unsafe_phases.next().is_some_and(|entry| entry.told.is_none_or(|told| told.is_part));
        is_part || unsafe_phases.next().is_some()
    }

    /// Whether the coordinator has all that was measured.
    pub(super) fn is_safe(&self) -> bool {
        self.phases.values().all(|entry| !entry.changed)
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
            if let Some(Told { last, is_part, .. }) = entry.told.take_if(|told| told.number <= number) {
                entry.changed = is_part;
                // The last second told wasn't over; nor was the one before, for those who were asked in time for it.
                entry.unsafe_from = last.saturating_sub(1);
            }
        }
    }
}

impl Entry {
    /// The seconds that snapshot `number` tells of.
    fn tell(&mut self, number: u64) -> Seconds {
        let mut untold = self.seconds.range(self.unsafe_from..);
        let seconds: Seconds =
            untold.by_ref().take(MOST_SECONDS).map(|(at, second)| (*at, second.clone())).collect();
        let last = seconds.keys().next_back().copied().unwrap_or(self.unsafe_from);
        self.told = Some(Told { number, last, is_part: untold.next().is_some() });
        seconds
    }
}

fn packed((at, mut second): (u32, Second)) -> (u32, Second) {
    second.pack();
    (at, second)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds from `first` to `last`.
    fn seconds(first: u32, last: u32) -> Seconds {
        (first..=last).map(|at| (at, Second { requests: 1, ..Second::default() })).collect()
    }

    /// The number of the next snapshot and the seconds it tells of.
    fn told(ledger: &mut Ledger) -> Option<(u64, Vec<u32>)> {
        let snapshot = ledger.snapshot()?;
        let seconds = snapshot.phases.iter().flat_map(|phase| phase.seconds.keys().copied());
        Some((snapshot.number, seconds.collect()))
    }

    #[test]
    fn only_what_is_not_acknowledged_is_told_again() {
        let mut ledger = Ledger::new(1);
        assert_eq!(told(&mut ledger), None);
        ledger.update(0, PhaseState::default(), seconds(0, 2));
        assert_eq!(told(&mut ledger), Some((1, vec![0, 1, 2])));
        ledger.update(0, PhaseState::default(), seconds(0, 3));
        assert_eq!(told(&mut ledger), Some((2, vec![0, 1, 2, 3])), "the first was lost");
        ledger.acknowledge(1, 2);
        assert_eq!(told(&mut ledger), None, "everything is safe");
        assert_eq!(
            ledger.first_second(0),
            2,
            "a thread that was asked earlier may have been within second 2"
        );
        ledger.update(0, PhaseState::default(), seconds(2, 4));
        assert_eq!(told(&mut ledger), Some((3, vec![2, 3, 4])), "the last seconds told may have grown");
    }

    #[test]
    fn a_new_epoch_is_told_everything() {
        let mut ledger = Ledger::new(1);
        ledger.update(0, PhaseState::default(), seconds(0, 2));
        let (number, _) = told(&mut ledger).unwrap();
        ledger.acknowledge(1, number);
        ledger.acknowledge(2, 0);
        assert_eq!(told(&mut ledger), Some((2, vec![0, 1, 2])));
    }

    #[test]
    fn everything_is_told_in_parts_that_the_coordinator_can_read() {
        let mut ledger = Ledger::new(1);
        ledger.update(0, PhaseState::default(), seconds(0, 5000));
        ledger.update(1, PhaseState::default(), seconds(0, 1));
        let mut parts = Vec::new();
        while let Some((number, seconds)) = told(&mut ledger) {
            parts.push((seconds.first().copied(), seconds.last().copied(), ledger.has_more()));
            assert!(!ledger.is_safe());
            ledger.acknowledge(1, number);
        }
        let want = [(0, 3599, true), (3598, 5000, true), (0, 1, false)];
        assert_eq!(parts, want.map(|(first, last, more)| (Some(first), Some(last), more)));
        assert!(ledger.is_safe() && !ledger.has_more());
    }

    #[test]
    fn a_part_that_was_lost_is_told_again_before_the_next() {
        let mut ledger = Ledger::new(1);
        ledger.update(0, PhaseState::default(), seconds(0, 0));
        ledger.update(1, PhaseState::default(), seconds(0, 0));
        let phase = |ledger: &mut Ledger| ledger.snapshot().unwrap().phases[0].phase;
        assert_eq!((phase(&mut ledger), phase(&mut ledger)), (0, 0));
        ledger.acknowledge(1, 2);
        assert_eq!(phase(&mut ledger), 1);
    }

    #[test]
    fn an_acknowledgement_of_what_came_before_a_change_does_not_cover_the_change() {
        let mut ledger = Ledger::new(1);
        ledger.update(0, PhaseState::default(), seconds(0, 0));
        let (number, _) = told(&mut ledger).unwrap();
        ledger.update(0, PhaseState::default(), seconds(0, 1));
        ledger.acknowledge(1, number);
        assert_eq!(told(&mut ledger), Some((2, vec![0, 1])));
    }
}
