//! What all workers of a run measured, put together.

use serde::{Deserialize, Serialize};

use super::phase::{PhaseState, Seconds};
use super::series::Second;
use super::thinned::Thinned;

/// What all workers measured, phase by phase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    /// The phases of the plan, in order; those that never began are empty.
    pub phases: Vec<PhaseAggregate>,
}

/// What all workers measured in one phase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PhaseAggregate {
    /// All but the seconds.
    pub state: PhaseState,
    /// The seconds, from the phase's common start.
    pub seconds: Seconds,
    /// How many workers told of it.
    pub workers: u32,
    /// How many of them told of its end.
    pub ended: u32,
    /// When it began, in microseconds since the first phase began; none: it never did.
    pub started_micros: Option<u64>,
    /// What was left out of it, once it is kept.
    #[serde(default)]
    pub thinned: Thinned,
    /// The levels of a search that began, each as if it were a phase; they are in the rest of this too.
    #[serde(default)]
    pub levels: Vec<PhaseAggregate>,
    /// What became of each of them.
    #[serde(default)]
    pub tried: Vec<Tried>,
}

/// What became of a level of a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tried {
    /// The target held it.
    Held,
    /// It didn't, and by what that is known: `latency.p95 = 312 ms, > 200 ms`.
    Broke(String),
    /// Nobody can tell, and why.
    Unknown(String),
}

impl Aggregate {
    /// Room for `phases` phases.
    #[must_use]
    pub fn new(phases: usize) -> Self {
        Aggregate { phases: vec![PhaseAggregate::default(); phases] }
    }
}

impl PhaseAggregate {
    /// Adds what one worker (or one recorder) measured. The order of adding changes nothing.
    pub fn add(&mut self, state: &PhaseState, seconds: &Seconds) {
        self.workers += 1;
        self.ended += u32::from(state.end.is_some());
        self.state.merge(state);
        for (at, second) in seconds {
            self.seconds.entry(*at).or_default().merge(second);
        }
    }

    /// Adds a level of a search, which began later than this, in microseconds.
    pub fn add_level(&mut self, level: PhaseAggregate, later: u64) {
        let later_seconds = u32::try_from(later / 1_000_000).unwrap_or(u32::MAX);
        // A worker that tells of a level has told of all before it, or tells of them yet.
        self.ended = if self.levels.is_empty() { level.ended } else { self.ended.min(level.ended) };
        self.workers = self.workers.max(level.workers);
        self.state.merge(&level.state.clone().later(later));
        for (at, second) in &level.seconds {
            let at = at.saturating_add(later_seconds);
            self.seconds.entry(at).and_modify(|one| one.append(second)).or_insert_with(|| second.clone());
        }
        self.levels.push(level);
    }

    /// Completed requests in the last whole second before the greatest one told.
    #[must_use]
    pub fn latest_second(&self) -> Option<&Second> {
        self.seconds.values().rev().nth(1).or_else(|| self.seconds.values().next_back())
    }

    /// The most completed requests in one second.
    #[must_use]
    pub fn peak(&self) -> Option<u64> {
        self.seconds.values().map(|second| second.requests).max()
    }

    /// The least completed requests in any `window` whole seconds between `from` and `to` (seconds since the
    /// phase's start, `to` excluded), missing seconds counting as none; none where there are fewer seconds.
    #[must_use]
    pub fn least_in_window(&self, window: u32, from: u32, to: u32) -> Option<u64> {
        let requests = |at: u32| self.seconds.get(&at).map_or(0, |second| second.requests);
        let last_start = to.checked_sub(window)?;
        (from..=last_start).map(|start| (start..start + window).map(requests).sum()).min()
    }

    /// The most users under way at once.
    #[must_use]
    pub fn most_users(&self) -> u64 {
        self.seconds.values().map(|second| second.users).max().unwrap_or(0)
    }

    /// The most requests in flight at once.
    #[must_use]
    pub fn most_in_flight(&self) -> u64 {
        self.seconds.values().map(|second| second.in_flight).max().unwrap_or(0)
    }
}
