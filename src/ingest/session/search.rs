//! Leads searches for the breaking point: all take the next level together, or none does.
//!
//! ```text
//! level 0 ──all told all of it──▶ held ──settled──▶ level 1 ── … ──▶ broke: on to the phase after the search
//! ```
//! What became of a level follows from what was measured of it. So a coordinator that takes the run up decides the same, once
//! it was told.

use std::time::Duration;

use super::Session;
use crate::ingest::coordinator::Stage;
use crate::metrics::{PhaseAggregate, Tried};
use crate::plan::LegIndex;
use crate::plan::executor::Drive;
use crate::verdict::tried;

impl Session {
    /// Decides whether the search goes on to its next level, once all is known of the one before.
    pub(super) fn search(&mut self, now: Duration) {
        let Some(next) = self.next().filter(|next| self.not_before(*next).is_none()) else { return };
        let before = next - 1;
        if self.aborted.is_some() || !self.all_at(&Stage::Arrived(next)) || !self.is_told(before) {
            return;
        }
        let phase = self.plan.leg(next).phase;
        match tried(&self.plan, phase, &self.level(before)) {
            Tried::Held => {
                let Drive::Levels(_, settle) = self.plan.phases[phase].executor.drive() else { return };
                self.settled.insert(next, now + settle);
            }
            Tried::Broke(_) | Tried::Unknown(_) => {
                let (plan, starts) = (&self.plan, &self.starts);
                self.course.retain(|leg| starts.contains_key(leg) || plan.leg(*leg).phase != phase);
            }
        }
        self.tell_all();
    }

    /// From when on a phase may be made ready; none: that isn't decided yet.
    pub(super) fn not_before(&self, leg: LegIndex) -> Option<Duration> {
        match self.plan.leg(leg).level {
            None | Some(0) => Some(Duration::ZERO),
            Some(_) => self.settled.get(&leg).copied(),
        }
    }

    /// Whether it isn't run, since its search has ended before it.
    pub(super) fn is_skipped(&self, leg: LegIndex) -> bool {
        !self.starts.contains_key(&leg) && self.next().is_none_or(|next| leg < next)
    }

    /// Whether all who take part have told all that they measured in it.
    fn is_told(&self, leg: LegIndex) -> bool {
        let has_told = |snapshot: Option<&std::sync::Arc<crate::metrics::PhaseSnapshot>>| {
            snapshot.is_some_and(|snapshot| snapshot.state.end.is_some())
        };
        let mut taking_part = self.members.iter().filter(|member| !member.lost);
        u32::try_from(leg).is_ok_and(|leg| taking_part.all(|member| has_told(member.phases.get(&leg))))
    }

    /// What those who take part measured in it.
    fn level(&self, leg: LegIndex) -> PhaseAggregate {
        let mut level = PhaseAggregate::default();
        let taking_part = self.members.iter().filter(|member| !member.lost);
        for snapshot in taking_part.filter_map(|member| member.phases.get(&u32::try_from(leg).ok()?)) {
            level.add(&snapshot.state, &snapshot.seconds);
        }
        level
    }
}
