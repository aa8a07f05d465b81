//! The seconds of a phase: what ended in each of them.

use serde::{Deserialize, Serialize};

use super::dist::{Digits, Dist, LONGEST_MICROS};

/// Later than this no timer can be blamed for: what is less late isn't told apart.
pub const LATE_MICROS: u64 = 5_000;

/// One second of a phase, counted from its start on the worker's clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Requests that ended in it.
    pub requests: u64,
    /// Those that failed.
    pub failed: u64,
    /// Iterations that ended in it.
    pub iterations: u64,
    /// The most users under way in it; over several recorders, the sum of their greatest.
    pub users: u64,
    /// The most requests in flight in it; over several recorders, the sum of their greatest.
    pub in_flight: u64,
    /// Response times of the requests that ended in it, with two digits.
    pub latency: Dist,
    /// Iterations of the steady part that began in it and had a time to begin at.
    pub begun: u64,
    /// By how much those of them were late that were so by more than [`LATE_MICROS`], in microseconds, with two digits.
    /// Where all is well it is empty and costs nothing.
    pub late: Dist,
}

impl Second {
    /// Adds a request that took `micros`.
    pub fn request(&mut self, micros: u64, failed: bool) {
        self.requests += 1;
        self.failed += u64::from(failed);
        self.latency.record(micros, LONGEST_MICROS, Digits::Two);
    }

    /// Adds an iteration that began `lag` microseconds after it was due.
    pub fn begin(&mut self, lag: u64) {
        self.begun += 1;
        if lag > LATE_MICROS {
            self.late.record(lag, LONGEST_MICROS, Digits::Two);
        }
    }

    /// Adds the same second of another recorder.
    pub fn merge(&mut self, other: &Second) {
        self.requests += other.requests;
        self.failed += other.failed;
        self.iterations += other.iterations;
        self.users += other.users;
        self.in_flight += other.in_flight;
        self.latency.merge(&other.latency);
        self.begun += other.begun;
        self.late.merge(&other.late);
    }

    /// Adds a later second: users and requests in flight are not added up, since the same ones go on.
    pub fn append(&mut self, later: &Second) {
        let (users, in_flight) = (self.users.max(later.users), self.in_flight.max(later.in_flight));
        self.merge(later);
        (self.users, self.in_flight) = (users, in_flight);
    }

    /// Puts its histograms away in their wire form.
    pub fn pack(&mut self) {
        self.latency.pack();
        self.late.pack();
    }
}
