//! What was begun stands in the books: as what became of it, or as cut off where it is dropped before.

use super::floor::Floor;
use crate::metrics::Part;

/// An iteration that was begun: complete, or cut when it is dropped before.
pub(super) struct Begun<'a> {
    floor: &'a Floor,
    part: Part,
    complete: bool,
}

impl<'a> Begun<'a> {
    pub(super) fn new(floor: &'a Floor, due: Option<u64>) -> Self {
        let now = floor.now();
        let part = floor.part(now);
        floor.recorder.borrow_mut().iteration_started(part, now, due.map(|due| now.saturating_sub(due)));
        Begun { floor, part, complete: false }
    }

    pub(super) fn complete(mut self) {
        self.complete = true;
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let mut recorder = self.floor.recorder.borrow_mut();
        if self.complete {
            recorder.iteration_completed(self.part, self.floor.now());
        } else {
            recorder.iteration_cut();
        }
    }
}

/// A request that was written: over, or cut off when it is dropped before.
pub(super) struct InFlight<'a> {
    floor: &'a Floor,
    /// When it was over, in microseconds since the phase began.
    over: Option<u64>,
}

impl<'a> InFlight<'a> {
    pub(super) fn new(floor: &'a Floor, now: u64) -> Self {
        floor.recorder.borrow_mut().request_sent(now);
        InFlight { floor, over: None }
    }

    pub(super) fn over(mut self, end: u64) {
        self.over = Some(end);
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut recorder = self.floor.recorder.borrow_mut();
        recorder.request_over(self.over.unwrap_or_else(|| self.floor.now()));
        if self.over.is_none() {
            recorder.request_cut();
        }
    }
}
