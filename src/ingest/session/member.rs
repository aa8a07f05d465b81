//! One share of the load: who runs it, how far they are, and what they measured.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::ingest::coordinator::{Begun, Stage};
use crate::metrics::{PhaseSnapshot, Snapshot};
use crate::plan::LegIndex;
use crate::plan::onward::LATE;

/// Clocks are as far apart as this before anybody is told: those that are kept in step differ by far less.
const CLOCK_TOLERANCE: u64 = 5;

/// One share of the load and who runs it.
#[derive(Debug, Default)]
pub(super) struct Member {
    pub(super) process: Option<String>,
    /// What data it has read; none: nobody has said so to this coordinator.
    pub(super) data_hash: Option<String>,
    pub(super) stage: Option<Stage>,
    pub(super) lost: bool,
    /// Whether it is lost because it ran a phase when nobody else did: what it says it measured may be of any time.
    pub(super) astray: bool,
    /// Whether its time of day is another one than that of the coordinator that admitted it.
    pub(super) clock_is_off: bool,
    /// When it last told something, on the session's clock.
    pub(super) heard: Duration,
    /// The number of the newest snapshot that was taken.
    pub(super) acknowledged: u64,
    /// What it measured. Shared with those who are putting all of it together.
    pub(super) phases: BTreeMap<u32, Arc<PhaseSnapshot>>,
    /// The latest that each phase can have begun there.
    begun: BTreeMap<LegIndex, Duration>,
}

impl Member {
    pub(super) fn is_at(&self, stage: &Stage) -> bool {
        self.stage.as_ref().is_some_and(|own| own.place() >= stage.place())
    }

    /// Whether it is through with all phases.
    pub(super) fn is_through(&self) -> bool {
        self.stage == Some(Stage::Finished)
    }

    /// Moves on to `stage`, and tells whether it wasn't there yet: a report that was overtaken moves nobody.
    pub(super) fn go_to(&mut self, stage: &Stage) -> bool {
        let is_new = !self.is_at(stage);
        if is_new {
            self.stage = Some(stage.clone());
        }
        is_new
    }

    /// Notes by how many seconds its clock is ahead, and tells whether that shows something new.
    pub(super) fn note_clock(&mut self, ahead: i64) -> bool {
        let was_off = std::mem::replace(&mut self.clock_is_off, ahead.unsigned_abs() >= CLOCK_TOLERANCE);
        was_off != self.clock_is_off
    }

    /// Notes when phases began there. A report that was long on its way makes that seem later than it was, so the
    /// earliest of them counts.
    pub(super) fn note_begun(&mut self, begun: &[Begun], now: Duration) {
        for begun in begun {
            let at = begun.at(now);
            let known = self.begun.entry(begun.phase).or_insert(at);
            *known = at.min(*known);
        }
    }

    /// Whether it ran a phase that it is through with beside the others, not with them: the word that `starts` tells
    /// of has reached it too late.
    pub(super) fn was_late(&self, starts: &BTreeMap<LegIndex, Duration>) -> bool {
        self.begun.iter().any(|(phase, at)| {
            let is_over = self.is_at(&Stage::Arrived(phase + 1));
            is_over && starts.get(phase).is_some_and(|start| *start + LATE < *at)
        })
    }

    /// Takes a snapshot; one that isn't newer than what is known changes nothing. Of one that went astray nothing counts
    /// any more: it hears that all is well, so that it leaves.
    pub(super) fn take(&mut self, snapshot: Option<Snapshot>) {
        let Some(Snapshot { number, phases }) = snapshot.filter(|told| told.number > self.acknowledged)
        else {
            return;
        };
        self.acknowledged = number;
        for PhaseSnapshot { phase, state, seconds } in phases.into_iter().filter(|_| !self.astray) {
            let known = Arc::make_mut(self.phases.entry(phase).or_default());
            known.phase = phase;
            known.state = state;
            known.seconds.extend(seconds);
        }
    }
}

impl Begun {
    /// When that was on the clock that shows `now`, or a little earlier.
    pub(super) fn at(&self, now: Duration) -> Duration {
        now.saturating_sub(Duration::from_micros(self.micros_ago))
    }
}
