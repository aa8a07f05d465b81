//! `constantUsers`: a fixed number of users for a while, started evenly over a ramp.

use std::time::Duration;

use super::read::{Specified, above_zero};
use super::timeline::{Budget, Drive, Level, Stint, Timeline, Users, part};
use crate::api;
use crate::plan::fault::At;
use crate::plan::from_spec::length;
use crate::plan::hash;
use crate::plan::quick::{FINEST, SHORTEST, Scale};
use crate::plan::words;

/// `users` closed loops for `duration`.
#[derive(Clone, Debug, PartialEq)]
pub struct ConstantUsers {
    /// How many users.
    pub users: u32,
    /// The ramp included.
    pub duration: Duration,
    /// Zero: all at once.
    pub ramp_up: Duration,
    /// Whether the ramp is judged.
    pub judge_ramp_up: bool,
}

impl Timeline for ConstantUsers {
    fn in_words(&self) -> String {
        let ramp = match self.ramp_up {
            Duration::ZERO => String::new(),
            ramp => format!(", ramp {}", words::length(ramp)),
        };
        format!("{} for {}{ramp}", words::people(self.users), words::length(self.duration))
    }

    fn planned_length(&self) -> Option<Duration> {
        Some(self.duration)
    }

    fn users(&self) -> u32 {
        self.users
    }

    fn total_iterations(&self) -> Option<u64> {
        None
    }

    fn drive(&self) -> Drive<'_> {
        Drive::Users(self)
    }

    fn ramp_end(&self) -> Duration {
        if self.judge_ramp_up { Duration::ZERO } else { self.ramp_up }
    }

    fn ramp(&self) -> Duration {
        self.ramp_up
    }

    fn level(&self) -> Option<Level> {
        Some(Level::of_users(self.users))
    }
}

impl Users for ConstantUsers {
    fn stint(&self, user: u64, stint: usize, pace: Duration) -> Option<Stint> {
        let begins = part(pace.max(self.ramp_up), user, self.users.into());
        (stint == 0).then_some(Stint { begins, until: Some(self.duration) })
    }

    fn budget(&self) -> Budget {
        Budget::Time
    }
}

impl Specified for ConstantUsers {
    type Spec = api::ConstantUsers;

    fn read(spec: &api::ConstantUsers, at: &At) -> Option<Self> {
        above_zero(spec.users, &at.field("users"));
        let duration = length::required(&spec.duration, &at.field("duration"));
        let ramp_up = length::or_default(spec.ramp_up.as_ref(), Duration::ZERO, &at.field("rampUp"));
        let (duration, ramp_up) = (duration?, ramp_up?);
        at.field("rampUp").require(
            ramp_up < duration,
            format!("lies inside the duration ({}); make it shorter than that", spec.duration),
        );
        let judge_ramp_up = spec.judge_ramp_up.unwrap_or(false);
        Some(ConstantUsers { users: spec.users, duration, ramp_up, judge_ramp_up })
    }

    fn write_alike(spec: &mut api::ConstantUsers) {
        hash::length(&mut spec.duration);
        hash::optional_length(&mut spec.ramp_up, "0s");
        hash::drop_default(&mut spec.judge_ramp_up, &false);
    }

    fn shorten(spec: &mut api::ConstantUsers, scale: &mut Scale<'_>) {
        scale.length("duration", &mut spec.duration, SHORTEST);
        if let Some(ramp_up) = &mut spec.ramp_up {
            scale.length("rampUp", ramp_up, FINEST);
        }
    }
}
