//! A phase with less of what was measured, so that it fits where it is kept. What is left out is written down: whoever
//! asks for it later hears that it is gone, and not that there was nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::aggregate::{Aggregate, PhaseAggregate};
use super::cell::Cell;
use super::dist::Dist;
use super::phase::PartState;

/// The number of no step: under it stand together the requests of all steps that aren't told apart any more.
const NO_STEP: u32 = u32::MAX;

/// What was left out of a phase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Thinned {
    /// What single seconds said, where they aren't told apart any more.
    pub pace: Option<Pace>,
    /// Times of which there are no histograms any more.
    pub times: BTreeSet<Times>,
    /// Steps whose requests aren't told apart any more.
    pub steps: BTreeSet<u32>,
    /// Whether the levels of its search aren't told apart any more.
    #[serde(default)]
    pub levels: bool,
}

/// Times and values beside the response time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Times {
    /// From the moment of sending.
    Service,
    /// To the first byte.
    FirstByte,
    /// To open a connection.
    Connect,
    /// To agree on TLS over it.
    Tls,
    /// By which iterations were late.
    Lag,
    /// Values that the spec declares.
    Declared,
}

/// What the seconds of a phase said, worked out before they were put together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// How many seconds stand together.
    pub width: u32,
    /// The least completed requests in a window of whole seconds; none: the phase was too short for one.
    pub sustained: Option<u64>,
    /// The most completed requests in one whole second.
    pub peak: u64,
    /// How response times grew, by the seconds looked at.
    pub lines: Vec<(Stretch, Line)>,
}

/// Whole seconds of a phase: the first, and the first that isn't among them.
pub type Stretch = (u32, u32);

/// The sums of which least squares make a straight line through points around their middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// How many points there are.
    pub points: u64,
    /// Of the products of both distances from the middle.
    pub together: f64,
    /// Of the squares of the distances in time.
    pub square: f64,
}

impl Times {
    /// All of them.
    pub const ALL: [Times; 6] =
        [Times::Service, Times::FirstByte, Times::Connect, Times::Tls, Times::Lag, Times::Declared];
}

impl Aggregate {
    /// Puts all histograms away in their wire form.
    pub fn pack(&mut self) {
        self.phases.iter_mut().for_each(PhaseAggregate::pack);
    }

    /// Lets go of what single levels of searches were. What became of them stays.
    pub fn drop_levels(&mut self) {
        for phase in self.phases.iter_mut().filter(|phase| !phase.levels.is_empty()) {
            phase.levels.clear();
            phase.thinned.levels = true;
        }
    }

    /// Puts seconds together so that about `points` are left of all phases. `paces`: what those of each phase said.
    pub fn merge_seconds(&mut self, points: u32, paces: Vec<Option<Pace>>) {
        let lasted = |phase: &PhaseAggregate| phase.seconds.keys().next_back().map_or(0, |last| last + 1);
        let all: u64 = self.phases.iter().map(|phase| u64::from(lasted(phase))).sum();
        let width = u32::try_from(all.div_ceil(u64::from(points.max(1)))).unwrap_or(u32::MAX);
        if width < 2 {
            return;
        }
        for (phase, pace) in self.phases.iter_mut().zip(paces) {
            phase.merge_seconds(width, pace.unwrap_or_default());
        }
    }
}

impl PhaseAggregate {
    fn pack(&mut self) {
        self.state.pack();
        self.seconds.values_mut().for_each(super::Second::pack);
        self.levels.iter_mut().for_each(PhaseAggregate::pack);
    }

    fn merge_seconds(&mut self, width: u32, pace: Pace) {
        let pace = self.thinned.pace.get_or_insert(pace);
        // Points that stand together already aren't taken apart.
        pace.width = width.div_ceil(pace.width.max(1)) * pace.width.max(1);
        let mut merged = BTreeMap::new();
        for (at, second) in std::mem::take(&mut self.seconds) {
            let start = at - at % pace.width;
            merged.entry(start).and_modify(|one: &mut super::Second| one.append(&second)).or_insert(second);
        }
        self.seconds = merged;
    }

    /// Lets go of the histograms of all times but those that are `asked` for.
    pub fn drop_times(&mut self, asked: &BTreeSet<Times>) {
        for times in Times::ALL.into_iter().filter(|times| !asked.contains(times)) {
            let parts = [&mut self.state.ramp_up, &mut self.state.steady];
            if parts.map(|part| part.drop_times(times)) != [0, 0] {
                self.thinned.times.insert(times);
            }
        }
    }

    /// Puts the requests of all steps together but those that are `asked` for.
    pub fn merge_steps(&mut self, asked: &BTreeSet<u32>) {
        for part in [&mut self.state.ramp_up, &mut self.state.steady] {
            let merged = part.merge_steps(asked);
            self.thinned.steps.extend(merged);
        }
    }
}

impl PartState {
    /// How many of them there were.
    fn drop_times(&mut self, times: Times) -> u64 {
        let cells = self.cells.values_mut();
        let counted = |dist: &mut Dist| std::mem::take(dist).count();
        match times {
            Times::Service => cells.map(|cell| counted(&mut cell.service)).sum(),
            Times::FirstByte => cells.map(|cell| counted(&mut cell.ttfb)).sum(),
            Times::Connect => counted(&mut self.connect),
            Times::Tls => counted(&mut self.tls),
            Times::Lag => counted(&mut self.lag),
            Times::Declared => cells.flat_map(|cell| &mut cell.values).map(counted).sum(),
        }
    }

    /// The steps that aren't told apart any more.
    fn merge_steps(&mut self, asked: &BTreeSet<u32>) -> BTreeSet<u32> {
        let mut merged = BTreeSet::new();
        for ((step, outcome), cell) in std::mem::take(&mut self.cells) {
            let is_asked = asked.contains(&step);
            if !is_asked && step != NO_STEP {
                merged.insert(step);
            }
            let step = if is_asked { step } else { NO_STEP };
            self.cells.entry((step, outcome)).or_default().merge(&cell);
        }
        self.cells.values_mut().for_each(Cell::pack);
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Outcome, Second};

    fn phase(seconds: impl IntoIterator<Item = (u32, Second)>) -> PhaseAggregate {
        PhaseAggregate { seconds: seconds.into_iter().collect(), ..PhaseAggregate::default() }
    }

    #[test]
    fn seconds_that_stand_together_count_as_much_and_know_the_most_users() {
        let second = |requests, users| Second { requests, users, in_flight: users, ..Second::default() };
        let seconds = (0..100).map(|at| (at, second(u64::from(at), u64::from(at % 7))));
        let mut all = Aggregate { phases: vec![phase(seconds), phase([(3, second(1, 1))])] };
        for (points, left) in [(200, [100, 1]), (50, [34, 1]), (10, [9, 1]), (1, [1, 1])] {
            let pace = |peak| Some(Pace { peak, ..Pace::default() });
            all.merge_seconds(points, vec![pace(99), pace(1)]);
            let counts = |phase: &PhaseAggregate| phase.seconds.values().map(|one| one.requests).sum::<u64>();
            assert_eq!(all.phases.iter().map(counts).collect::<Vec<_>>(), [4950, 1]);
            let lengths = |phase: &PhaseAggregate| phase.seconds.len();
            assert_eq!(all.phases.iter().map(lengths).collect::<Vec<_>>(), left, "{points} points");
            assert_eq!((all.phases[0].most_users(), all.phases[0].most_in_flight()), (6, 6));
            let width = all.phases[0].thinned.pace.as_ref().map_or(1, |pace| pace.width);
            assert!(all.phases[0].seconds.keys().all(|at| at % width == 0), "{width} s a point");
        }
    }

    #[test]
    fn steps_that_stand_together_are_pooled_as_before_and_are_said_to_be_gone() {
        let mut all = PhaseAggregate::default();
        for step in 0..5_u32 {
            let cell = all.state.steady.cells.entry((step, Outcome::Succeeded)).or_default();
            cell.requests = 1;
            cell.latency.record_micros(u64::from(step) * 1000);
            cell.ttfb.record_micros(1);
        }
        let before = all.state.steady.pooled(None, None);
        all.merge_steps(&[1, 3].into());
        assert_eq!(all.state.steady.pooled(None, None), before);
        assert_eq!(all.state.steady.pooled(Some(&[1]), None).latency.greatest(), Some(1000));
        assert_eq!((all.thinned.steps.clone(), all.state.steady.cells.len()), ([0, 2, 4].into(), 3));
        all.merge_steps(&BTreeSet::new());
        assert_eq!((all.thinned.steps.clone(), all.state.steady.cells.len()), ((0..5).collect(), 1));
        all.drop_times(&[Times::Lag].into());
        assert_eq!(all.thinned.times, [Times::FirstByte].into(), "only what was there is gone");
        assert_eq!(all.state.steady.pooled(None, None).latency, before.latency);
    }
}
