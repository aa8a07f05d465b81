//! Until when a phase goes on: whether another iteration may begin.

use std::cell::Cell;

/// Whether another iteration may begin. Times are microseconds since the phase began.
#[derive(Debug)]
pub(super) struct Stop {
    /// From when on none begins; none: the executor's own count ends the phase.
    end: Option<u64>,
    aborted: Cell<bool>,
}

impl Stop {
    pub(super) fn new(end: Option<u64>) -> Self {
        Stop { end, aborted: Cell::new(false) }
    }

    /// Whether an iteration may begin at `now`.
    pub(super) fn allows(&self, now: u64) -> bool {
        !self.aborted.get() && self.end.is_none_or(|end| now < end)
    }

    /// `wanted`, or the end of the phase where that comes first.
    pub(super) fn at_most(&self, wanted: u64) -> u64 {
        self.end.map_or(wanted, |end| wanted.min(end))
    }

    /// None begins any more.
    pub(super) fn abort(&self) {
        self.aborted.set(true);
    }

    pub(super) fn aborted(&self) -> bool {
        self.aborted.get()
    }
}
