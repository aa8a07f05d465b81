//! The executors as pure timelines: what is needed when, without a clock.

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
