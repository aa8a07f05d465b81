//! What the figures don't tell of a run: its number, its names and its times.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::api::WorkerCounts;
use crate::verdict::Circumstances;

/// What the figures don't tell of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// Counts the executions of the object, from 1.
    pub number: u64,
    /// Identifies this execution everywhere.
    pub uid: String,
    /// The run that the spec asked for by name.
    pub run_id: Option<String>,
    /// The generation of the spec that was run; none where there is no cluster.
    pub generation: Option<i64>,
    /// When the first phase began; none where none did.
    pub started_at: Option<Timestamp>,
    /// When the run had ended.
    pub finished_at: Timestamp,
    /// How many workers should share the load.
    pub workers_desired: u32,
    /// How many took part.
    pub workers_ready: u32,
    /// The time of day of how many of them was another one than the coordinator's.
    #[serde(default)]
    pub clocks_off: u32,
    /// What decides the worth of the figures.
    pub circumstances: Circumstances,
    /// What ended it before its time, in one `CamelCase` word; none: a person did, or nothing.
    #[serde(default)]
    pub word: Option<String>,
    /// Where the full result is, once it is stored.
    pub results: Option<String>,
    /// What was left out of it so that it fits there, a line each.
    #[serde(default)]
    pub left_out: Vec<String>,
}

impl RunFacts {
    /// The workers, as the status counts them.
    #[must_use]
    pub fn workers(&self) -> WorkerCounts {
        let lost = self.circumstances.workers_lost;
        let (desired, ready, clocks_off) = (self.workers_desired, self.workers_ready, self.clocks_off);
        WorkerCounts { desired, ready, lost, clocks_off }
    }

    /// The wall-clock time of `micros` after the first phase began.
    #[must_use]
    pub fn wall_clock(&self, micros: u64) -> Option<String> {
        let since = std::time::Duration::from_micros(micros);
        Some(rfc3339(self.started_at?.checked_add(since).ok()?))
    }
}

/// `2026-03-01T12:00:00.250Z`: to the millisecond, always of the same length.
#[must_use]
pub fn rfc3339(time: Timestamp) -> String {
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_to_the_millisecond() {
        let facts = RunFacts { started_at: Some(Timestamp::UNIX_EPOCH), ..RunFacts::default() };
        assert_eq!(facts.wall_clock(1_500_999).as_deref(), Some("1970-01-01T00:00:01.500Z"));
        assert_eq!(RunFacts::default().wall_clock(0), None);
    }
}
