//! How hard a phase was for the processes that generate its load: how near each came to the limit of its CPU, and
//! whether its clock kept still.
//!
//! Each worker judges itself: with many of them, what one lacks is a small part of everything, and still all that was sent by
//! that one tells of it. So nothing here is added up over workers: the worst one stands for all.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// Of the periods of a look, one in more than so many may be throttled.
const ONE_PERIOD_IN: u64 = 100;
/// So much of its limit a process may use, in percent.
const MOST_USED_PERCENT: u64 = 90;
/// A shorter look says nothing of how much is used: to begin and to end takes a moment of all that there is.
const SHORTEST_LOOK_MICROS: u64 = 500_000;
/// A clock that is kept in step is moved by less.
const CLOCK_STEP_MILLIS: u64 = 1_000;

/// What the worst of the workers went through in one phase. Merging is order-free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strain {
    /// Of the worker whose CPU was throttled for the greatest part of the phase; its amounts are periods.
    pub throttled: Tight,
    /// Of the worker that used nearly all of its CPU for the greatest part of the phase; its amounts are microseconds of
    /// CPU.
    pub used: Tight,
    /// By so many milliseconds the time of day of a worker was set forward, at most; below zero: back.
    pub clock_step_millis: i64,
}

/// How a worker stood to a limit of its CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tight {
    /// For so many microseconds it was too near to it.
    pub micros: u64,
    /// It was looked at for so many.
    pub of_micros: u64,
    /// What it had of `whole`, over all that time.
    pub amount: u64,
    /// What there was.
    pub whole: u64,
    /// The limit.
    pub limit: CpuLimit,
}

/// How much CPU a process may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CpuLimit {
    /// In thousandths of a CPU.
    pub thousandths: u64,
    /// Whether that is a quota, or just how many CPUs there are.
    pub is_quota: bool,
}

/// What was seen of a process from one look to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// How long that was.
    pub micros: u64,
    /// The CPU that was used.
    pub used_micros: u64,
    /// The CPU that might have been.
    pub limit: CpuLimit,
    /// The periods of the quota that passed.
    pub periods: u64,
    /// Those in which it was used up, so that the process stood still.
    pub throttled: u64,
    /// By how much the time of day moved more than the time that passed; below zero: less.
    pub clock_step_millis: i64,
}

impl Strain {
    /// Adds what was seen of one process since the last look.
    pub fn add(&mut self, look: &Look) {
        let Look { micros, used_micros, limit, periods, throttled, clock_step_millis } = *look;
        if limit.is_quota {
            let is_tight = throttled * ONE_PERIOD_IN > periods;
            self.throttled.add(micros, is_tight, (throttled, periods), limit);
        }
        if micros >= SHORTEST_LOOK_MICROS {
            // A CPU for so many microseconds is so many microseconds of CPU.
            let allowed = micros.saturating_mul(limit.thousandths) / 1_000;
            let is_tight = used_micros * 100 > allowed * MOST_USED_PERCENT;
            self.used.add(micros, is_tight, (used_micros, allowed), limit);
        }
        if clock_step_millis.unsigned_abs() > CLOCK_STEP_MILLIS {
            self.clock_step_millis = farther(self.clock_step_millis, clock_step_millis);
        }
    }

    /// Takes over what was worse for another worker.
    pub fn merge(&mut self, other: &Strain) {
        let Strain { throttled, used, clock_step_millis } = *other;
        self.throttled = self.throttled.worse(throttled);
        self.used = self.used.worse(used);
        self.clock_step_millis = farther(self.clock_step_millis, clock_step_millis);
    }
}

impl Tight {
    fn add(&mut self, micros: u64, is_tight: bool, (amount, whole): (u64, u64), limit: CpuLimit) {
        self.micros += if is_tight { micros } else { 0 };
        self.of_micros += micros;
        self.amount += amount;
        self.whole += whole;
        self.limit = limit;
    }

    /// The one that was too near for the greater part of its time.
    fn worse(self, other: Tight) -> Tight {
        let product = |one: u64, two: u64| u128::from(one) * u128::from(two);
        let parts = product(self.micros, other.of_micros).cmp(&product(other.micros, self.of_micros));
        // Who wasn't looked at has no part, and any other is more than that.
        let looked = (self.of_micros > 0).cmp(&(other.of_micros > 0));
        match parts.then(looked).then(self.cmp(&other)) {
            Ordering::Less => other,
            Ordering::Equal | Ordering::Greater => self,
        }
    }
}

/// The one that is farther from 0; of two that are as far, the one above it.
fn farther(one: i64, other: i64) -> i64 {
    if (one.unsigned_abs(), one) >= (other.unsigned_abs(), other) { one } else { other }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000;
    const TENTH: CpuLimit = CpuLimit { thousandths: 100, is_quota: true };
    const TWO: CpuLimit = CpuLimit { thousandths: 2_000, is_quota: false };

    /// For how long a process was throttled and used too much, and of how long, when this was seen of it.
    #[track_caller]
    fn check(looks: &[Look], throttled: (u64, u64), used: (u64, u64)) {
        let mut strain = Strain::default();
        for look in looks {
            strain.add(look);
        }
        let parts = |tight: Tight| (tight.micros, tight.of_micros);
        assert_eq!((parts(strain.throttled), parts(strain.used)), (throttled, used), "{looks:?}");
    }

    fn periods(throttled: u64, periods: u64) -> Look {
        Look { micros: SECOND, periods, throttled, limit: TENTH, ..Look::default() }
    }

    fn uses(micros: u64, used_micros: u64, limit: CpuLimit) -> Look {
        Look { micros, used_micros, limit, ..Look::default() }
    }

    #[test]
    fn more_than_one_period_in_a_hundred_is_too_many() {
        check(&[periods(0, 10), periods(1, 10)], (SECOND, 2 * SECOND), (0, 2 * SECOND));
        check(&[periods(1, 100), periods(2, 100)], (SECOND, 2 * SECOND), (0, 2 * SECOND));
        check(&[periods(0, 0)], (0, SECOND), (0, SECOND));
    }

    #[test]
    fn more_than_nine_tenths_of_the_limit_are_too_much() {
        let quota = |used| uses(SECOND, used, TENTH);
        check(&[quota(90_000), quota(90_001)], (0, 2 * SECOND), (SECOND, 2 * SECOND));
        let machine = |used| uses(SECOND, used, TWO);
        check(&[machine(1_800_000), machine(1_800_001)], (0, 0), (SECOND, 2 * SECOND));
        // Without a quota nobody throttles.
        check(&[Look { throttled: 9, periods: 9, ..machine(0) }], (0, 0), (0, SECOND));
    }

    #[test]
    fn a_moment_says_nothing_of_how_much_is_used() {
        check(&[uses(499_999, 999_999, TWO)], (0, 0), (0, 0));
        check(&[uses(500_000, 999_999, TWO)], (0, 0), (500_000, 500_000));
        let stopped = Look { periods: 1, throttled: 1, ..uses(50_000, 10_000, TENTH) };
        check(&[stopped], (50_000, 50_000), (0, 0));
    }

    #[test]
    fn a_clock_that_is_set_by_more_than_a_second_is_told_and_the_farthest_counts() {
        for (steps, want) in [
            (vec![1_000, -1_000], 0),
            (vec![1_001, 0], 1_001),
            (vec![2_000, -3_600_000, 5_000], -3_600_000),
            (vec![-2_000, 2_000], 2_000),
        ] {
            let mut strain = Strain::default();
            for step in &steps {
                strain.add(&Look { clock_step_millis: *step, ..Look::default() });
            }
            assert_eq!(strain.clock_step_millis, want, "{steps:?}");
        }
    }

    fn any_strain() -> impl Strategy<Value = Strain> {
        let tight = || {
            // Few values, so that some are as bad as others.
            let numbers = (0..4_u64, 0..4_u64, 0..3_u64, any::<bool>());
            numbers.prop_map(|(micros, more, amount, is_quota)| Tight {
                micros,
                of_micros: micros + more,
                amount,
                whole: amount,
                limit: CpuLimit { thousandths: 100, is_quota },
            })
        };
        (tight(), tight(), -3..3_i64).prop_map(|(throttled, used, clock_step_millis)| Strain {
            throttled,
            used,
            clock_step_millis,
        })
    }

    proptest! {
        #[test]
        fn the_worst_of_the_workers_is_found_in_any_order(
            mut all in prop::collection::vec(any_strain(), 1..6),
            turn in any::<prop::sample::Index>(),
        ) {
            let merged = |all: &[Strain]| {
                let mut whole = Strain::default();
                for one in all {
                    whole.merge(one);
                }
                whole
            };
            let forwards = merged(&all);
            let turn = turn.index(all.len());
            all.rotate_left(turn);
            all.reverse();
            prop_assert_eq!(forwards, merged(&all));
            let (one, other) = all.split_at(all.len() / 2);
            prop_assert_eq!(forwards, merged(&[merged(one), merged(other)]));
            let worst = all.iter().map(|one| one.throttled).max_by_key(|tight| part(*tight));
            prop_assert_eq!(worst.map(part), Some(part(forwards.throttled)));
        }
    }

    fn part(tight: Tight) -> u64 {
        (tight.micros * 12).checked_div(tight.of_micros).unwrap_or(0)
    }
}
