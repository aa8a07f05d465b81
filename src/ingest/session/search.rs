//! Leads searches for the breaking point: all take the next level together, or none does.
//!
//! ```text
//! level 0 ──all told all of it──▶ held ──settled──▶ level 1 ── … ──▶ broke: on to the phase after the search
//! ```
//! What became of a level follows from what was measured of it. So a coordinator that takes the run up decides the same, once
//! it was told.

use std::sync::Arc;
use std::time::Duration;

use super::Session;
use crate::ingest::coordinator::Stage;
use crate::metrics::{PhaseAggregate, PhaseSnapshot, Tried};
use crate::plan::executor::Drive;
use crate::plan::{LegIndex, Plan};
use crate::verdict::tried;

/// A level that all have told all of, before it is known what became of it.
#[derive(Debug)]
pub(crate) struct Untried {
    plan: Arc<Plan>,
    /// The leg that comes next if it held.
    next: LegIndex,
    /// What those who take part measured in it.
    level: Vec<Arc<PhaseSnapshot>>,
}

impl Untried {
    /// What became of it. Of a thousand workers that takes a while.
    pub(crate) fn tried(&self) -> Tried {
        let mut level = PhaseAggregate::default();
        for snapshot in &self.level {
            level.add(&snapshot.state, &snapshot.seconds);
        }
        tried(&self.plan, self.plan.leg(self.next).phase, &level)
    }
}

/// Who judges levels, and which of them.
#[derive(Debug, Default)]
pub(super) struct Judging {
    /// Whether somebody else does, who asks for them.
    apart: bool,
    /// The leg that waits for it.
    next: Option<LegIndex>,
    /// What nobody has asked for yet.
    untried: Option<Untried>,
}

impl Session {
    /// Leaves it to others to judge levels, so that reports are taken meanwhile: they ask for [`Session::untried`].
    #[must_use]
    pub(crate) fn judged_apart(mut self) -> Self {
        self.judging.apart = true;
        self
    }

    /// The level that is to be judged; it is given once.
    pub(crate) fn untried(&mut self) -> Option<Untried> {
        self.judging.untried.take()
    }

    /// Goes on from a level that was judged.
    pub(crate) fn decide(&mut self, level: &Untried, tried: &Tried, now: Duration) {
        self.settle(level.next, tried, now);
        self.advance(now);
    }

    /// Has a level judged, once all is known of it.
    pub(super) fn search(&mut self, now: Duration) {
        let Some(next) = self.next().filter(|next| self.not_before(*next).is_none()) else { return };
        if self.aborted.is_some()
            || self.judging.next == Some(next)
            || !self.all_at(&Stage::Arrived(next))
            || !self.is_told(next - 1)
        {
            return;
        }
        let untried = Untried { plan: Arc::clone(&self.plan), next, level: self.level(next - 1) };
        if self.judging.apart {
            self.judging = Judging { apart: true, next: Some(next), untried: Some(untried) };
        } else {
            self.settle(next, &untried.tried(), now);
        }
    }

    /// Decides whether the search goes on to its next level, unless that is known by now.
    fn settle(&mut self, next: LegIndex, tried: &Tried, now: Duration) {
        if self.aborted.is_some() || self.next() != Some(next) || self.not_before(next).is_some() {
            return;
        }
        let phase = self.plan.leg(next).phase;
        match tried {
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
        let has_told = |snapshot: Option<&Arc<PhaseSnapshot>>| {
            snapshot.is_some_and(|snapshot| snapshot.state.end.is_some())
        };
        let mut taking_part = self.members.iter().filter(|member| !member.lost);
        u32::try_from(leg).is_ok_and(|leg| taking_part.all(|member| has_told(member.phases.get(&leg))))
    }

    /// What those who take part measured in it.
    fn level(&self, leg: LegIndex) -> Vec<Arc<PhaseSnapshot>> {
        let taking_part = self.members.iter().filter(|member| !member.lost);
        let told = taking_part.filter_map(|member| member.phases.get(&u32::try_from(leg).ok()?));
        told.map(Arc::clone).collect()
    }
}
