//! What is seen of a session from outside: where it stands, and what was measured.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Session;
use super::member::Member;
use crate::metrics::{Aggregate, PhaseAggregate, PhaseSnapshot};
use crate::plan::{LegIndex, PhaseIndex, Plan};
use crate::verdict::put_together;

/// What is shown of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// How many workers there should be.
    pub desired: u32,
    /// How many take part.
    pub admitted: u32,
    /// How many were lost.
    pub lost: u32,
    /// The time of day of how many is another one than the coordinator's.
    pub clocks_off: u32,
    /// The phase that was begun last, and for how long it has been on; none: none was.
    pub phase: Option<(PhaseIndex, Duration)>,
    /// Whether all workers are through.
    pub finished: bool,
    /// How many of the others aren't through.
    pub missing: u32,
    /// For how long nothing was heard of any who aren't through; of those from whom this coordinator hasn't heard yet, it
    /// may be at any moment.
    pub unheard: Duration,
    /// Why the run was aborted, if it was.
    pub aborted: Option<String>,
}

/// What each worker measured so far, not yet put together: that takes a while, in which reports must go on.
#[derive(Debug)]
pub struct Measured {
    plan: Arc<Plan>,
    starts: BTreeMap<LegIndex, Duration>,
    snapshots: Vec<Arc<PhaseSnapshot>>,
}

impl Session {
    /// What is to be shown.
    #[must_use]
    pub fn view(&self, now: Duration) -> SessionView {
        let count = |condition: &dyn Fn(&Member) -> bool| {
            u32::try_from(self.members.iter().filter(|member| condition(member)).count()).unwrap_or(u32::MAX)
        };
        SessionView {
            desired: count(&|_| true),
            admitted: count(&|member| member.process.is_some()),
            lost: count(&|member| self.is_lost(member)),
            clocks_off: count(&|member| member.clock_is_off),
            phase: self.phase(now),
            finished: self.members.iter().all(|member| member.lost || member.is_through()),
            missing: count(&|member| !member.lost && !member.is_through()),
            unheard: self.unheard(now),
            aborted: self.aborted.clone(),
        }
    }

    /// The phase that was begun last, by its first level where it searches.
    fn phase(&self, now: Duration) -> Option<(PhaseIndex, Duration)> {
        let (last, _) = self.starts.last_key_value()?;
        let phase = self.plan.leg(*last).phase;
        let start = self.starts.iter().find(|(leg, _)| self.plan.leg(**leg).phase == phase)?.1;
        Some((phase, now.saturating_sub(*start)))
    }

    fn unheard(&self, now: Duration) -> Duration {
        let missing = self.members.iter().filter(|member| !member.lost && !member.is_through());
        let unheard = |member: &Member| match member.stage {
            Some(_) => now.saturating_sub(member.heard),
            None => Duration::ZERO,
        };
        missing.map(unheard).min().unwrap_or_default()
    }

    fn is_lost(&self, member: &Member) -> bool {
        member.lost || member.was_late(&self.starts)
    }

    /// Those that were lost.
    #[cfg(test)]
    pub(crate) fn lost(&self) -> Vec<u32> {
        let members = (0..).zip(&self.members);
        members.filter(|(_, member)| self.is_lost(member)).map(|(worker, _)| worker).collect()
    }

    /// What was measured so far: the last snapshot of each worker.
    #[must_use]
    pub fn measured(&self) -> Measured {
        let snapshots = self.members.iter().flat_map(|member| member.phases.values());
        Measured {
            plan: Arc::clone(&self.plan),
            starts: self.starts.clone(),
            snapshots: snapshots.cloned().collect(),
        }
    }
}

impl Measured {
    /// Only what belongs to one phase.
    #[must_use]
    pub fn of_phase(mut self, phase: PhaseIndex) -> Self {
        self.snapshots.retain(|snapshot| self.plan.leg(snapshot.phase as usize).phase == phase);
        self
    }

    /// All of it put together: the sum of the last snapshot of each worker.
    #[must_use]
    pub fn aggregate(&self) -> Aggregate {
        let mut legs = vec![PhaseAggregate::default(); self.plan.legs().count()];
        let first = self.starts.values().min().copied().unwrap_or_default();
        for (leg, start) in &self.starts {
            let since_first = start.saturating_sub(first).as_micros();
            legs[*leg].started_micros = u64::try_from(since_first).ok();
        }
        for snapshot in &self.snapshots {
            legs[snapshot.phase as usize].add(&snapshot.state, &snapshot.seconds);
        }
        put_together(&self.plan, legs)
    }
}
