//! The seconds of a phase: what ended in each of them.

use serde::{Deserialize, Serialize};

use super::dist::{Digits, Dist, LONGEST_MICROS};

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
}

impl Second {
    /// Adds a request that took `micros`.
    pub fn request(&mut self, micros: u64, failed: bool) {
        self.requests += 1;
        self.failed += u64::from(failed);
        self.latency.record(micros, LONGEST_MICROS, Digits::Two);
    }

    /// Adds the same second of another recorder.
    pub fn merge(&mut self, other: &Second) {
        self.requests += other.requests;
        self.failed += other.failed;
        self.iterations += other.iterations;
        self.users += other.users;
        self.in_flight += other.in_flight;
        self.latency.merge(&other.latency);
    }
}
