//! `iterations`: a fixed number of users, each running a fixed number of iterations.

use std::time::Duration;

use super::read::{Specified, above_zero};
use super::timeline::{Budget, Drive, Level, Stint, Timeline, Users, part};
use crate::api;
use crate::plan::fault::At;
use crate::plan::quick::Scale;
use crate::plan::words;

/// `users` closed loops of `per_user` iterations each.
#[derive(Clone, Debug, PartialEq)]
pub struct Iterations {
    /// How many users.
    pub users: u32,
    /// Iterations of each.
    pub per_user: u64,
}

impl Timeline for Iterations {
    fn in_words(&self) -> String {
        format!("{} × {}", words::people(self.users), words::count(self.per_user))
    }

    fn planned_length(&self) -> Option<Duration> {
        None
    }

    fn users(&self) -> u32 {
        self.users
    }

    fn total_iterations(&self) -> Option<u64> {
        Some(u64::from(self.users).saturating_mul(self.per_user))
    }

    fn drive(&self) -> Drive<'_> {
        Drive::Users(self)
    }

    fn level(&self) -> Option<Level> {
        Some(Level::of_users(self.users))
    }
}

impl Users for Iterations {
    fn stint(&self, user: u64, stint: usize, pace: Duration) -> Option<Stint> {
        (stint == 0).then(|| Stint { begins: part(pace, user, self.users.into()), until: None })
    }

    fn budget(&self) -> Budget {
        Budget::PerUser(self.per_user)
    }
}

impl Specified for Iterations {
    type Spec = api::Iterations;

    fn read(spec: &api::Iterations, at: &At) -> Option<Self> {
        above_zero(spec.users, &at.field("users"));
        above_zero(spec.per_user, &at.field("perUser"));
        Some(Iterations { users: spec.users, per_user: spec.per_user })
    }

    fn shorten(spec: &mut api::Iterations, scale: &mut Scale<'_>) {
        scale.count("perUser", &mut spec.per_user);
    }
}
