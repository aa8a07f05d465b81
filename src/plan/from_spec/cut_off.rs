//! When a phase is cut off, and whether its load can be through by then.

use std::time::Duration;

use crate::api::{self, LoadTestSpec};
use crate::plan::executor::{Drive, Executor, Rung};
use crate::plan::fault::At;
use crate::plan::units::{Pause, Shape, parse_duration};
use crate::plan::written;

use super::target::longest_request;

/// What is under way at the planned end of a phase may take this much longer.
const GRACEFUL_STOP: Duration = Duration::from_secs(30);
/// A phase without a planned end is given no more than this.
const LONGEST: Duration = Duration::from_hours(1);

/// A phase with what its length depends on.
pub(super) struct Timed<'a> {
    pub(super) executor: &'a Executor,
    pub(super) phase: &'a api::Phase,
    /// The scenarios that it runs.
    pub(super) scenarios: Vec<&'a api::Scenario>,
    pub(super) spec: &'a LoadTestSpec,
}

impl Timed<'_> {
    /// When it is cut if it has no `maxDuration`.
    pub(super) fn deadline(&self) -> Duration {
        match (self.executor.drive(), self.executor.planned_length()) {
            (Drive::Pause(length), _) => length,
            (Drive::Users(_) | Drive::Arrivals(_), Some(length)) => length + GRACEFUL_STOP,
            (Drive::Users(_) | Drive::Arrivals(_), None) => self.longest().min(LONGEST),
            (Drive::Levels(levels, settle), _) => levels.iter().fold(Duration::ZERO, |sum, level| {
                sum.saturating_add(self.of_level(level).deadline()).saturating_add(settle)
            }),
        }
    }

    /// The same of one level alone.
    pub(super) fn of_level<'b>(&'b self, level: &'b Rung) -> Timed<'b> {
        Timed { executor: &level.executor, scenarios: self.scenarios.clone(), ..*self }
    }

    /// Reports a load that takes longer than it is given, even if every response came at once.
    pub(super) fn check(&self, max_duration: Option<Duration>, at: &At) {
        if matches!(self.executor.drive(), Drive::Levels(..)) {
            let message = "a search ends by itself; make it shorter by its hold, its step or its to";
            return at.field("maxDuration").require(max_duration.is_none(), message);
        }
        let least = self.executor.planned_length().unwrap_or_else(|| self.least());
        match max_duration {
            Some(most) if most < least => at.field("maxDuration").fault(format!(
                "is shorter than the load itself; give at least {}",
                written::duration(least)
            )),
            None if self.executor.planned_length().is_none() && least > LONGEST => {
                at.field("maxDuration").fault(format!(
                    "is needed: the load takes at least {}, and a phase without it is cut off after {}",
                    written::duration(least),
                    written::duration(LONGEST)
                ));
            }
            Some(_) | None => {}
        }
    }

    /// When the last user is through with its last iteration if every request takes all the time it may.
    fn longest(&self) -> Duration {
        let pace = self.paces().max().unwrap_or_default();
        let iteration = self.each(|scenario, step| {
            let rounds = block(scenario, step).and_then(|block| block.repeat).unwrap_or(1);
            times(longest_request(&self.spec.target) + think(step).most, rounds.into())
        });
        let iteration = iteration.max().unwrap_or_default();
        let once = self.scenarios.iter().flat_map(|scenario| scenario.setup.iter().chain(&scenario.teardown));
        let once: Duration = once.map(|step| longest_request(&self.spec.target) + think(step).most).sum();
        let (_, done) = self.last();
        let last_user = u64::from(self.executor.users()).saturating_sub(1);
        self.begins(last_user, done, pace, iteration.max(pace)).saturating_add(iteration.saturating_add(once))
    }

    /// When its last iteration begins if no request takes any time.
    fn least(&self) -> Duration {
        let pace = self.paces().min().unwrap_or_default();
        let iteration = self.each(|scenario, step| times(think(step).least, least_rounds(scenario, step)));
        let iteration = iteration.min().unwrap_or_default();
        let (user, done) = self.last();
        self.begins(user, done, pace, iteration.max(pace))
    }

    /// When user number `user` begins its iteration number `done`. `pace`: what the first iterations are spread over; `each`:
    /// from one to the next.
    fn begins(&self, user: u64, done: u64, pace: Duration, each: Duration) -> Duration {
        let Drive::Users(users) = self.executor.drive() else { return Duration::ZERO };
        let first = users.stint(user, 0, pace).map_or(Duration::ZERO, |stint| stint.begins);
        first.saturating_add(times(each, done))
    }

    /// The last iteration: which user's it is, and how many that one has begun before. They are dealt to all in turn.
    fn last(&self) -> (u64, u64) {
        let users = u64::from(self.executor.users()).max(1);
        let last = self.executor.total_iterations().unwrap_or(0).saturating_sub(1);
        (last % users, last / users)
    }

    /// The pace of each scenario.
    fn paces(&self) -> impl Iterator<Item = Duration> {
        let pace = |scenario: &&api::Scenario| self.phase.pace.as_ref().or(scenario.pace.as_ref()).cloned();
        self.scenarios.iter().map(move |scenario| {
            pace(scenario).and_then(|text| parse_duration(&text).ok()).unwrap_or_default()
        })
    }

    /// The sum of a time of its steps, for each scenario.
    fn each(&self, time: impl Fn(&api::Scenario, &api::Step) -> Duration) -> impl Iterator<Item = Duration> {
        let sum = |sum: Duration, more| sum.saturating_add(more);
        self.scenarios.iter().map(move |scenario| {
            scenario.steps.iter().map(|step| time(scenario, step)).fold(Duration::ZERO, sum)
        })
    }
}

/// The block of a step, where it has one.
fn block<'s>(scenario: &'s api::Scenario, step: &api::Step) -> Option<&'s api::Block> {
    let name = step.block.as_ref()?;
    scenario.blocks.iter().find(|block| block.name == *name)
}

/// How often an iteration takes a step at least: what depends on chance or on a value may never be.
fn least_rounds(scenario: &api::Scenario, step: &api::Step) -> u64 {
    let block = block(scenario, step);
    let is_sure = step.probability.is_none()
        && step.when.is_none()
        && block.is_none_or(|block| block.probability.is_none() && block.when.is_none());
    if is_sure { block.and_then(|block| block.repeat).unwrap_or(1).into() } else { 0 }
}

/// What can't be read is reported where it stands.
fn think(step: &api::Step) -> Pause {
    let none = Pause { shape: Shape::Even, least: Duration::ZERO, most: Duration::ZERO };
    step.think.as_deref().and_then(|text| Pause::parse(text).ok()).unwrap_or(none)
}

fn times(length: Duration, count: u64) -> Duration {
    let nanos = length.as_nanos().saturating_mul(u128::from(count));
    u64::try_from(nanos).map_or(Duration::MAX, Duration::from_nanos)
}
