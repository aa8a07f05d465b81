//! Whether there was an access token that hadn't expired.

use std::time::Instant;

use crate::engine::authorization::Authorizations;
use crate::engine::compile::micros;
use crate::metrics::Lapse;
use crate::plan::Lapses;

/// Looks at what stands in the header Authorization.
#[derive(Debug)]
pub(super) struct Tokens {
    told: Authorizations,
    sight: Sight,
}

#[derive(Debug, Default)]
struct Sight {
    /// The last look: when it was, how many lapses had begun by then, and whether one was going on. None: the phase
    /// hasn't begun.
    last: Option<(Instant, u64, bool)>,
    lapse: Option<Lapse>,
}

impl Tokens {
    pub(super) fn new(told: Authorizations) -> Self {
        Tokens { told, sight: Sight::default() }
    }

    /// The first look is the phase's beginning.
    pub(super) fn look(&mut self, now: Instant) {
        self.sight.look(&self.told.borrow().lapses, now);
    }

    pub(super) fn lapse(&self) -> Option<Lapse> {
        self.sight.lapse.clone()
    }
}

impl Sight {
    /// A lapse counts for all of the time between two looks that it touches: nothing is known any closer.
    fn look(&mut self, lapses: &Lapses, now: Instant) {
        let last = self.last.replace((now, lapses.count, lapses.is_on));
        let Some((then, count, was_on)) = last else { return };
        if was_on || lapses.is_on || lapses.count > count {
            let passed = micros(now.saturating_duration_since(then));
            self.lapse.get_or_insert_default().add(passed, &lapses.why);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// For how many seconds there was no token, where so many lapses had begun and one went on or not, second by second.
    #[track_caller]
    fn check(looks: &[(u64, bool)], want: Option<u64>) {
        let (mut sight, start) = (Sight::default(), Instant::now());
        for (second, (count, is_on)) in (0..).zip(looks) {
            let lapses = Lapses { count: *count, is_on: *is_on, why: "status 503".to_owned() };
            sight.look(&lapses, start + Duration::from_secs(second));
        }
        let want = want.map(|seconds| Lapse { micros: seconds * 1_000_000, why: "status 503".to_owned() });
        assert_eq!(sight.lapse, want, "{looks:?}");
    }

    #[test]
    fn a_lapse_counts_from_the_look_before_it_to_the_one_behind_it() {
        check(&[(0, false), (0, false)], None);
        check(&[(0, false), (1, true), (1, true)], Some(2));
        check(&[(0, false), (1, false), (1, false)], Some(1));
        check(&[(0, false), (1, true), (1, false), (1, false)], Some(2));
    }

    #[test]
    fn what_lapsed_before_the_phase_began_counts_only_as_far_as_it_goes_on_in_it() {
        check(&[(3, false), (3, false)], None);
        check(&[(3, true), (3, false), (3, false)], Some(1));
        check(&[(3, true)], None);
    }
}
