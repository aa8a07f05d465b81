//! Who is lost, and runs that end early: nobody waits for them any more.

use std::time::Duration;

use super::Session;
use crate::ingest::coordinator::Stage;
use crate::plan::onward::LATE;

/// A worker that says nothing for so long is taken for lost.
const SILENCE: Duration = Duration::from_mins(1);

impl Session {
    /// Ends the run early; the first reason stays.
    pub fn abort(&mut self, reason: &str) {
        self.aborted.get_or_insert_with(|| reason.to_owned());
        self.tell_all();
    }

    /// A worker is gone and won't come back: nobody waits for it any more.
    pub fn lose(&mut self, worker: u32, now: Duration) {
        if let Some(member) = self.members.get_mut(worker as usize) {
            member.lost |= !member.is_through();
            self.tell_all();
        }
        self.advance(now);
    }

    /// Whoever has said nothing for too long, while the load is on, is lost.
    pub fn lose_the_silent(&mut self, now: Duration) {
        if !self.has_begun() {
            return;
        }
        let mut is_any = false;
        for member in self.members.iter_mut().filter(|member| !member.lost && !member.is_through()) {
            member.lost = now.saturating_sub(member.heard) > SILENCE;
            is_any |= member.lost;
        }
        if is_any {
            self.tell_all();
        }
        self.advance(now);
    }

    /// A worker that hears of a start too late runs nothing of it.
    pub(super) fn lose_if_late(&mut self, place: usize, now: Duration) {
        let member = &self.members[place];
        if let Some(Stage::Ready(phase)) = &member.stage {
            let is_late = self.starts.get(phase).is_some_and(|start| *start + LATE < now);
            if is_late && !member.lost && self.aborted.is_none() {
                self.members[place].lost = true;
                self.tell_all();
            }
        }
    }
}
