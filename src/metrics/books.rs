//! The books of a phase: what was due, what was started, and what became of it.

use serde::{Deserialize, Serialize};

/// Iterations of a phase. They balance: scheduled = started + dropped + pending, and started = completed + cut.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// Iterations that were due so far.
    pub scheduled: u64,
    /// Iterations that a user began.
    pub started: u64,
    /// Iterations that came to their end.
    pub completed: u64,
    /// Iterations that were begun and then cut off.
    pub cut: u64,
    /// Iterations that weren't begun: they found no free user, or no row left of the data.
    pub dropped: u64,
    /// Of these, those that found no row left.
    #[serde(default)]
    pub without_row: u64,
    /// Requests cut off in flight: sent, perhaps served, but not counted among the requests.
    pub cut_requests: u64,
    /// Kept connections that the target had closed while idle and that were opened anew.
    pub reconnects: u64,
    /// Connections opened.
    pub connections: u64,
}

/// How a phase ended at a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PhaseEnd {
    /// Its executor was done.
    Completed,
    /// Its deadline was reached: what was open has been cut.
    Deadline,
    /// The run was aborted.
    Aborted,
}

impl Books {
    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Books) {
        let Books {
            scheduled,
            started,
            completed,
            cut,
            dropped,
            without_row,
            cut_requests,
            reconnects,
            connections,
        } = *other;
        self.scheduled += scheduled;
        self.started += started;
        self.completed += completed;
        self.cut += cut;
        self.dropped += dropped;
        self.without_row += without_row;
        self.cut_requests += cut_requests;
        self.reconnects += reconnects;
        self.connections += connections;
    }

    /// Iterations that were due but neither begun nor dropped.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.scheduled.saturating_sub(self.started + self.dropped)
    }

    /// Whether every iteration is accounted for, once the phase has ended.
    #[must_use]
    pub fn balance(&self) -> bool {
        self.scheduled == self.started + self.dropped + self.pending()
            && self.started == self.completed + self.cut
    }
}
