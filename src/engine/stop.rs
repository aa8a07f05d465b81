//! Until when a phase goes on: whether another iteration may begin.

use std::cell::Cell;

/// Whether another iteration may begin. Times are microseconds since the phase began.
#[derive(Debug, Default)]
pub(super) struct Stop {
    aborted: Cell<bool>,
}

impl Stop {
    /// Whether an iteration may begin at `now` where none does from `until` on.
    pub(super) fn allows(&self, now: u64, until: Option<u64>) -> bool {
        !self.aborted.get() && until.is_none_or(|end| now < end)
    }

    /// None begins any more.
    pub(super) fn abort(&self) {
        self.aborted.set(true);
    }

    pub(super) fn aborted(&self) -> bool {
        self.aborted.get()
    }
}
