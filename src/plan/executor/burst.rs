//! `burst`: everything at once, one user an iteration.

use std::time::Duration;

use super::read::{Specified, above_zero};
use super::timeline::{Budget, Drive, Stint, Timeline, Users};
use crate::api;
use crate::plan::fault::At;
use crate::plan::quick::Scale;
use crate::plan::words;

/// So many iterations at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Burst {
    /// How many.
    pub iterations: u32,
}

impl Timeline for Burst {
    fn in_words(&self) -> String {
        format!("{} at once", words::count(self.iterations.into()))
    }

    fn planned_length(&self) -> Option<Duration> {
        None
    }

    fn users(&self) -> u32 {
        self.iterations
    }

    fn total_iterations(&self) -> Option<u64> {
        Some(self.iterations.into())
    }

    fn drive(&self) -> Drive<'_> {
        Drive::Users(self)
    }
}

/// Each of its users sends when its turn comes, and the spread of that is judged.
impl Users for Burst {
    fn stint(&self, _user: u64, stint: usize, _pace: Duration) -> Option<Stint> {
        (stint == 0).then_some(Stint { begins: Duration::ZERO, until: None })
    }

    fn budget(&self) -> Budget {
        Budget::PerUser(1)
    }

    fn connects_ahead(&self) -> bool {
        true
    }
}

impl Specified for Burst {
    type Spec = api::Burst;

    const NO_PACE: Option<&'static str> = Some("a burst begins all its iterations at once");

    fn read(spec: &api::Burst, at: &At) -> Option<Self> {
        above_zero(spec.iterations, &at.field("iterations"));
        Some(Burst { iterations: spec.iterations })
    }

    fn shorten(spec: &mut api::Burst, scale: &mut Scale<'_>) {
        let mut count = u64::from(spec.iterations);
        scale.count("iterations", &mut count);
        spec.iterations = u32::try_from(count).unwrap_or(spec.iterations);
    }
}
