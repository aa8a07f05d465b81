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
    /// Iterations that were due and never begun, for whatever reason.
    pub dropped: u64,
    /// Those of them that came late, to users that were all busy by then: the generator had stood still.
    #[serde(default)]
    pub dropped_late: u64,
    /// Those of them for which there was no timer. The others found no free user when they were due.
    #[serde(default)]
    pub dropped_untimed: u64,
    /// Those of them that found no row left of the data.
    #[serde(default)]
    pub without_row: u64,
    /// Requests cut off in flight: sent, perhaps served, but not counted among the requests.
    pub cut_requests: u64,
    /// Kept connections that the target had closed while idle and that were opened anew.
    pub reconnects: u64,
    /// Connections opened.
    pub connections: u64,
}

/// Why an iteration that was due was never begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// All users were busy when it was due.
    NoFreeUser,
    /// All users were busy when the generator came to it, and that was late.
    Late,
    /// There was nothing to wait with until it was due.
    NoTimer,
    /// No row of its data was left.
    NoRow,
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
            dropped_late,
            dropped_untimed,
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
        self.dropped_late += dropped_late;
        self.dropped_untimed += dropped_untimed;
        self.without_row += without_row;
        self.cut_requests += cut_requests;
        self.reconnects += reconnects;
        self.connections += connections;
    }

    /// An iteration that was due is never begun.
    pub fn drop_one(&mut self, why: DropReason) {
        self.dropped += 1;
        match why {
            DropReason::NoFreeUser => {}
            DropReason::Late => self.dropped_late += 1,
            DropReason::NoTimer => self.dropped_untimed += 1,
            DropReason::NoRow => self.without_row += 1,
        }
    }

    /// How many were dropped for each reason.
    #[must_use]
    pub fn drops(&self) -> [(DropReason, u64); 4] {
        let others = [
            (DropReason::Late, self.dropped_late),
            (DropReason::NoTimer, self.dropped_untimed),
            (DropReason::NoRow, self.without_row),
        ];
        let no_free_user = others.iter().fold(self.dropped, |left, (_, count)| left.saturating_sub(*count));
        let [late, untimed, without_row] = others;
        [(DropReason::NoFreeUser, no_free_user), late, untimed, without_row]
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
