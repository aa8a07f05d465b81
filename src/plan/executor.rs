//! The executors as pure timelines: what is needed when, without a clock.
//!
//! ```text
//! constantUsers, rampUp   user 0 ├──────────────   iterations   user 0 ├───┤      constantRate  ┴┴┴┴┴┴┴┴
//!                         user 1   ├────────────                user 1 ├─────┤    burst         █
//!                         user 2     ├──────────                user 2 ├──┤       idle
//! ```

use std::ops::Range;
use std::time::Duration;

use super::units::Rate;

/// How a phase's load is shaped.
#[derive(Clone, Debug, PartialEq)]
pub enum Executor {
    /// `users` closed loops for `duration`, started evenly over `ramp_up`.
    ConstantUsers {
        /// How many users.
        users: u32,
        /// The ramp included.
        duration: Duration,
        /// Zero: all at once.
        ramp_up: Duration,
        /// Whether the ramp is judged.
        judge_ramp_up: bool,
    },
    /// `users` closed loops of `per_user` iterations each.
    Iterations {
        /// How many users.
        users: u32,
        /// Iterations of each.
        per_user: u64,
    },
    /// `total` iterations, one every `1/rate`, whatever the target does.
    ConstantRate {
        /// The rate.
        rate: Rate,
        /// How many iterations are started in all.
        total: u64,
        /// The time in which they are started.
        length: Duration,
        /// The most users at the same time.
        max_users: u32,
    },
    /// All at once, one user an iteration.
    Burst {
        /// How many.
        iterations: u32,
    },
    /// Nothing for a while.
    Idle {
        /// How long.
        duration: Duration,
    },
}

impl Executor {
    /// Its name in the spec and the status.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Executor::ConstantUsers { .. } => "constantUsers",
            Executor::Iterations { .. } => "iterations",
            Executor::ConstantRate { .. } => "constantRate",
            Executor::Burst { .. } => "burst",
            Executor::Idle { .. } => "idle",
        }
    }

    /// How long it goes on starting iterations; none where that depends on the target.
    #[must_use]
    pub fn planned_length(&self) -> Option<Duration> {
        match self {
            Executor::ConstantUsers { duration, .. } | Executor::Idle { duration } => Some(*duration),
            Executor::ConstantRate { length, .. } => Some(*length),
            Executor::Iterations { .. } | Executor::Burst { .. } => None,
        }
    }

    /// The most users at the same time.
    #[must_use]
    pub fn users(&self) -> u32 {
        match self {
            Executor::ConstantUsers { users, .. } | Executor::Iterations { users, .. } => *users,
            Executor::ConstantRate { max_users, .. } => *max_users,
            Executor::Burst { iterations } => *iterations,
            Executor::Idle { .. } => 0,
        }
    }

    /// How many iterations are started in all; none where that depends on the target.
    #[must_use]
    pub fn total_iterations(&self) -> Option<u64> {
        match self {
            Executor::ConstantUsers { .. } => None,
            Executor::Iterations { users, per_user } => Some(u64::from(*users).saturating_mul(*per_user)),
            Executor::ConstantRate { total, .. } => Some(*total),
            Executor::Burst { iterations } => Some(u64::from(*iterations)),
            Executor::Idle { .. } => Some(0),
        }
    }

    /// Whether iterations start by a schedule, whatever the target does. A burst has none: each of its users sends
    /// when its turn comes, and the spread of that is judged.
    #[must_use]
    pub fn is_open_loop(&self) -> bool {
        match self {
            Executor::ConstantRate { .. } => true,
            Executor::ConstantUsers { .. }
            | Executor::Iterations { .. }
            | Executor::Burst { .. }
            | Executor::Idle { .. } => false,
        }
    }

    /// Whether its connections are opened before it begins: a burst is to hit all at once.
    #[must_use]
    pub fn connects_ahead(&self) -> bool {
        match self {
            Executor::Burst { .. } => true,
            Executor::ConstantUsers { .. }
            | Executor::Iterations { .. }
            | Executor::ConstantRate { .. }
            | Executor::Idle { .. } => false,
        }
    }

    /// When user number `user` (from 0, over all workers) connects, from the phase's start. Open loops have no
    /// users of their own: zero.
    #[must_use]
    pub fn user_start(&self, user: u64) -> Duration {
        match self {
            Executor::ConstantUsers { users, ramp_up, .. } => part(*ramp_up, user, *users),
            Executor::Iterations { .. }
            | Executor::ConstantRate { .. }
            | Executor::Burst { .. }
            | Executor::Idle { .. } => Duration::ZERO,
        }
    }

    /// When that user begins its first iteration. With a pace, first iterations are spread over at least one pace,
    /// so that the rate is even from the start instead of coming in waves of one pace.
    #[must_use]
    pub fn first_iteration(&self, user: u64, pace: Option<Duration>) -> Duration {
        let pace = pace.unwrap_or_default();
        match self {
            Executor::ConstantUsers { users, ramp_up, .. } => part(pace.max(*ramp_up), user, *users),
            Executor::Iterations { users, .. } => part(pace, user, *users),
            Executor::ConstantRate { .. } | Executor::Burst { .. } | Executor::Idle { .. } => Duration::ZERO,
        }
    }

    /// When arrival number `arrival` (from 0, over all workers) is due, from the phase's start. Closed loops have
    /// none: zero.
    #[must_use]
    pub fn arrival(&self, arrival: u64) -> Duration {
        match self {
            Executor::ConstantRate { rate, .. } => Duration::from_nanos(rate.offset_nanos(arrival)),
            Executor::ConstantUsers { .. }
            | Executor::Iterations { .. }
            | Executor::Burst { .. }
            | Executor::Idle { .. } => Duration::ZERO,
        }
    }

    /// The whole seconds of what is judged, by number from the phase's start; none where its length depends on the
    /// target.
    #[must_use]
    pub fn whole_seconds(&self) -> Option<Range<u64>> {
        let ramp = self.ramp_end();
        let from = ramp.as_secs() + u64::from(ramp.subsec_nanos() > 0);
        self.planned_length().map(|length| from..length.as_secs())
    }

    /// Until when what is sent isn't judged, from the phase's start.
    #[must_use]
    pub fn ramp_end(&self) -> Duration {
        match self {
            Executor::ConstantUsers { ramp_up, judge_ramp_up: false, .. } => *ramp_up,
            Executor::ConstantUsers { .. }
            | Executor::Iterations { .. }
            | Executor::ConstantRate { .. }
            | Executor::Burst { .. }
            | Executor::Idle { .. } => Duration::ZERO,
        }
    }
}

/// `whole · index / of`, exact to the nanosecond.
fn part(whole: Duration, index: u64, of: u32) -> Duration {
    let nanos = whole.as_nanos() * u128::from(index) / u128::from(of.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn users(users: u32, ramp_up: Duration) -> Executor {
        Executor::ConstantUsers { users, duration: 60 * SECOND, ramp_up, judge_ramp_up: false }
    }

    fn first_iterations(executor: &Executor, pace: Option<Duration>) -> Vec<u128> {
        (0..4).map(|user| executor.first_iteration(user, pace).as_millis()).collect()
    }

    #[test]
    fn users_connect_evenly_over_the_ramp() {
        let starts: Vec<_> = (0..4).map(|user| users(4, 2 * SECOND).user_start(user).as_millis()).collect();
        assert_eq!(starts, [0, 500, 1000, 1500]);
    }

    #[test]
    fn a_pace_spreads_the_first_iterations_over_itself_or_the_ramp() {
        for (executor, pace, want) in [
            (users(4, Duration::ZERO), None, [0, 0, 0, 0]),
            (users(4, Duration::ZERO), Some(2 * SECOND), [0, 500, 1000, 1500]),
            (users(4, 4 * SECOND), Some(2 * SECOND), [0, 1000, 2000, 3000]),
            (users(4, 4 * SECOND), None, [0, 1000, 2000, 3000]),
            (Executor::Iterations { users: 4, per_user: 1 }, None, [0, 0, 0, 0]),
            (Executor::Iterations { users: 4, per_user: 1 }, Some(SECOND), [0, 250, 500, 750]),
        ] {
            assert_eq!(first_iterations(&executor, pace), want, "{executor:?} paced {pace:?}");
        }
    }

    #[test]
    fn the_ramp_is_left_out_unless_it_is_judged() {
        let judged =
            Executor::ConstantUsers { users: 1, duration: SECOND, ramp_up: SECOND, judge_ramp_up: true };
        assert_eq!(users(1, SECOND).ramp_end(), SECOND);
        assert_eq!(judged.ramp_end(), Duration::ZERO);
        assert_eq!(Executor::Burst { iterations: 5 }.ramp_end(), Duration::ZERO);
    }

    #[test]
    fn arrivals_follow_the_rate_and_a_burst_has_them_all_at_once() {
        let rate = Rate::parse("3/s").expect("a rate");
        let steady = Executor::ConstantRate { rate, total: 4, length: 2 * SECOND, max_users: 10 };
        let due: Vec<_> = (0..4).map(|arrival| steady.arrival(arrival).as_micros()).collect();
        assert_eq!(due, [0, 333_333, 666_666, 1_000_000]);
        assert_eq!(Executor::Burst { iterations: 5 }.arrival(4), Duration::ZERO);
    }

    #[test]
    fn each_executor_tells_its_name_length_users_and_iterations() {
        let rate = Rate::parse("10/s").expect("a rate");
        for (executor, want) in [
            (users(4, SECOND), ("constantUsers", Some(60), 4, None, false)),
            (Executor::Iterations { users: 5, per_user: 4 }, ("iterations", None, 5, Some(20), false)),
            (
                Executor::ConstantRate { rate, total: 20, length: 2 * SECOND, max_users: 7 },
                ("constantRate", Some(2), 7, Some(20), true),
            ),
            (Executor::Burst { iterations: 1000 }, ("burst", None, 1000, Some(1000), false)),
            (Executor::Idle { duration: 3 * SECOND }, ("idle", Some(3), 0, Some(0), false)),
        ] {
            let length = executor.planned_length().map(|length| length.as_secs());
            let told = (
                executor.name(),
                length,
                executor.users(),
                executor.total_iterations(),
                executor.is_open_loop(),
            );
            assert_eq!(told, want);
        }
    }
}
