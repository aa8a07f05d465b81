//! `sharedIterations`: a fixed number of iterations, shared by a fixed number of users.

use std::time::Duration;

use super::read::{Specified, above_zero};
use super::timeline::{Budget, Drive, Level, Stint, Timeline, Users, part};
use crate::api;
use crate::plan::fault::At;
use crate::plan::quick::Scale;
use crate::plan::words;

/// `total` iterations by `users` closed loops, of which each takes the next that is left. Each worker has its part of them, so that
/// what is drawn for an iteration is the same for any number of workers.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedIterations {
    /// How many users.
    pub users: u32,
    /// Iterations of all of them.
    pub total: u64,
}

impl Timeline for SharedIterations {
    fn in_words(&self) -> String {
        format!("{} by {}", words::count(self.total), words::people(self.users))
    }

    fn planned_length(&self) -> Option<Duration> {
        None
    }

    fn users(&self) -> u32 {
        self.users
    }

    fn total_iterations(&self) -> Option<u64> {
        Some(self.total)
    }

    fn drive(&self) -> Drive<'_> {
        Drive::Users(self)
    }

    fn level(&self) -> Option<Level> {
        Some(Level::of_users(self.users))
    }
}

impl Users for SharedIterations {
    fn stint(&self, user: u64, stint: usize, pace: Duration) -> Option<Stint> {
        (stint == 0).then(|| Stint { begins: part(pace, user, self.users.into()), until: None })
    }

    fn budget(&self) -> Budget {
        Budget::Shared(self.total)
    }
}

impl Specified for SharedIterations {
    type Spec = api::SharedIterations;

    fn read(spec: &api::SharedIterations, at: &At) -> Option<Self> {
        above_zero(spec.users, &at.field("users"));
        above_zero(spec.total, &at.field("total"));
        Some(SharedIterations { users: spec.users, total: spec.total })
    }

    fn shorten(spec: &mut api::SharedIterations, scale: &mut Scale<'_>) {
        scale.count("total", &mut spec.total);
    }
}
