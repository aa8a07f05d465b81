//! `rampingUsers`: users whose number goes up and down in stages.

use std::time::Duration;

use super::read::Specified;
use super::stages::{self, Said, Stage};
use super::timeline::{Budget, Drive, Stint, Timeline, Users, part};
use crate::api;
use crate::plan::fault::At;
use crate::plan::hash;
use crate::plan::quick::Scale;
use crate::plan::words;

/// Closed loops that come in the order of their numbers, and go in the opposite one.
#[derive(Clone, Debug, PartialEq)]
pub struct RampingUsers {
    /// One after the other.
    stages: Vec<Stage<u32>>,
}

impl RampingUsers {
    fn length(&self) -> Duration {
        self.stages.last().map_or(Duration::ZERO, Stage::ends)
    }

    /// Each stage with the number of users when the one before ended.
    fn steps(&self) -> impl Iterator<Item = (u64, &Stage<u32>)> {
        let before = std::iter::once(0).chain(self.stages.iter().map(|stage| u64::from(stage.to)));
        before.zip(&self.stages)
    }
}

impl Timeline for RampingUsers {
    fn in_words(&self) -> String {
        let stages = words::of_these(self.stages.len(), "stage");
        format!("up to {} in {stages} over {}", words::people(self.users()), words::length(self.length()))
    }

    fn planned_length(&self) -> Option<Duration> {
        Some(self.length())
    }

    fn users(&self) -> u32 {
        self.stages.iter().map(|stage| stage.to).max().unwrap_or(0)
    }

    fn total_iterations(&self) -> Option<u64> {
        None
    }

    fn shortest_stage(&self) -> Option<Duration> {
        self.stages.iter().map(|stage| stage.length).min()
    }

    fn lasts_to_its_end(&self) -> bool {
        true
    }

    fn drive(&self) -> Drive<'_> {
        Drive::Users(self)
    }
}

impl Users for RampingUsers {
    /// A user comes in a stage that adds it, and goes in the next one that takes it away.
    fn stint(&self, user: u64, stint: usize, pace: Duration) -> Option<Stint> {
        let adds = |(before, stage): &(u64, &Stage<u32>)| (*before..stage.to.into()).contains(&user);
        let mut coming = self.steps().enumerate().filter(|(_, step)| adds(step));
        let (number, (before, stage)) = coming.nth(stint)?;
        let added = u64::from(stage.to) - before;
        let begins = stage.begins + part(pace.max(stage.ramp()), user - before, added);
        let gone = self.steps().skip(number + 1).find_map(|(before, stage)| goes(user, before, stage));
        Some(Stint { begins, until: Some(gone.unwrap_or(self.length())) })
    }

    fn budget(&self) -> Budget {
        Budget::Time
    }
}

impl Stage<u32> {
    /// Over how long users come or go.
    fn ramp(&self) -> Duration {
        if self.from == self.to { Duration::ZERO } else { self.length }
    }
}

/// When a stage takes the user away; none: it doesn't. The last to come goes first.
fn goes(user: u64, before: u64, stage: &Stage<u32>) -> Option<Duration> {
    let after = u64::from(stage.to);
    (after..before).contains(&user).then(|| stage.begins + part(stage.ramp(), before - user, before - after))
}

impl Specified for RampingUsers {
    type Spec = api::RampingUsers;

    fn read(spec: &api::RampingUsers, at: &At) -> Option<Self> {
        let at = at.field("stages");
        let said = spec.stages.iter().enumerate().map(|(index, stage)| {
            let api::UserStage { users, duration, ramp } = stage;
            (Said { to: Some(*users), duration, ramp: *ramp }, at.item(index))
        });
        let stages = stages::read(said, 0, &at);
        let is_some = spec.stages.iter().any(|stage| stage.users > 0);
        at.require(is_some || spec.stages.is_empty(), "has no users at all; give a stage some");
        Some(RampingUsers { stages: stages? })
    }

    fn write_alike(spec: &mut api::RampingUsers) {
        for stage in &mut spec.stages {
            hash::length(&mut stage.duration);
            hash::drop_default(&mut stage.ramp, &api::Ramp::Linear);
        }
    }

    fn shorten(spec: &mut api::RampingUsers, scale: &mut Scale<'_>) {
        stages::shorten(spec.stages.iter_mut().map(|stage| &mut stage.duration), scale);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::in_stages;
    use super::*;

    #[track_caller]
    fn check(stages: &[(u32, u64, bool)], pace: u64, user: u64, want: &[(u64, u64)]) {
        let ramping = in_stages("rampingUsers", "users", stages);
        let Drive::Users(users) = ramping.drive() else { panic!("{ramping:?}") };
        let stints = (0..).map_while(|stint| users.stint(user, stint, Duration::from_secs(pace)));
        let millis = |length: Duration| u64::try_from(length.as_millis()).unwrap();
        let told: Vec<_> =
            stints.map(|Stint { begins, until }| (millis(begins), millis(until.unwrap()))).collect();
        assert_eq!(told, want, "user {user} of {stages:?}");
    }

    #[test]
    fn users_come_evenly_in_a_linear_stage_and_go_in_the_opposite_order() {
        let up_and_down = &[(4, 8, false), (4, 2, false), (0, 8, false)];
        check(up_and_down, 0, 0, &[(0, 18_000)]);
        check(up_and_down, 0, 1, &[(2_000, 16_000)]);
        check(up_and_down, 0, 3, &[(6_000, 12_000)]);
        check(up_and_down, 0, 4, &[]);
    }

    #[test]
    fn in_a_step_they_come_and_go_at_once() {
        let steps = &[(2, 5, true), (4, 5, true), (1, 5, true)];
        check(steps, 0, 0, &[(0, 15_000)]);
        check(steps, 0, 1, &[(0, 10_000)]);
        check(steps, 0, 3, &[(5_000, 10_000)]);
    }

    #[test]
    fn a_pace_spreads_those_who_come_together() {
        check(&[(4, 20, true)], 2, 3, &[(1_500, 20_000)]);
        check(&[(2, 20, true), (4, 20, true)], 2, 3, &[(21_000, 40_000)]);
        check(&[(4, 8, false)], 2, 3, &[(6_000, 8_000)]);
    }

    #[test]
    fn who_is_gone_comes_again_when_there_are_to_be_more() {
        let twice = &[(2, 1, true), (1, 1, true), (3, 2, false)];
        check(twice, 0, 0, &[(0, 4_000)]);
        check(twice, 0, 1, &[(0, 1_000), (2_000, 4_000)]);
        check(twice, 0, 2, &[(3_000, 4_000)]);
    }
}
