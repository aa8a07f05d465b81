//! For how long a worker's access token had expired in a phase, with no other one in its place.

use serde::{Deserialize, Serialize};

/// Of why there was none, so many characters are told.
pub const LONGEST_WHY: usize = 512;

/// Of the worker that was without a token for longest. Merging is order-free.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lapse {
    /// For so many microseconds; looked at once a second.
    pub micros: u64,
    /// Why there was none.
    pub why: String,
}

impl Lapse {
    /// Adds what was seen of one process since the last look. What was told last is told.
    pub fn add(&mut self, micros: u64, why: &str) {
        self.micros += micros;
        self.why = why.chars().filter(|c| !c.is_control()).take(LONGEST_WHY).collect();
    }

    /// Takes over what was worse for another worker.
    pub fn merge(&mut self, other: &Lapse) {
        if *self < *other {
            self.clone_from(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{PhaseSnapshot, PhaseState, Snapshot};

    fn lapse(micros: u64, why: &str) -> Lapse {
        Lapse { micros, why: why.to_owned() }
    }

    #[test]
    fn the_longest_lapse_of_all_workers_stands_for_all() {
        let state = |lapse: Option<Lapse>| PhaseState { lapse, ..PhaseState::default() };
        let (none, short, long) = (state(None), state(Some(lapse(5, "b"))), state(Some(lapse(7, "a"))));
        for order in [[&none, &short, &long], [&long, &none, &short], [&short, &long, &none]] {
            let mut all = PhaseState::default();
            for one in order {
                all.merge(one);
            }
            assert_eq!(all, long);
        }
        let mut all = PhaseState::default();
        all.merge(&none);
        assert_eq!(all, none);
    }

    #[test]
    fn what_can_t_be_told_is_left_out_of_the_reason() {
        let mut told = Lapse::default();
        told.add(3, "first");
        told.add(4, &format!("\u{1b}[31m{}", "x".repeat(1_000)));
        assert_eq!(told.micros, 7);
        assert_eq!(told.why, format!("[31m{}", "x".repeat(LONGEST_WHY - 4)));
    }

    /// Who tells of none is understood by those who know of it, and the other way round.
    #[test]
    fn a_snapshot_without_a_lapse_is_as_it_was_before_there_were_any() {
        let of = |lapse| {
            let state = PhaseState { lapse, ..PhaseState::default() };
            Snapshot {
                number: 1,
                phases: vec![PhaseSnapshot { phase: 0, state, ..PhaseSnapshot::default() }],
            }
        };
        let without = of(None).to_bytes();
        assert!(!without.windows(5).any(|bytes| bytes == b"lapse"));
        for snapshot in [of(None), of(Some(lapse(1, "a")))] {
            assert_eq!(Snapshot::from_bytes(&snapshot.to_bytes()).expect("it was written so"), snapshot);
        }
    }
}
