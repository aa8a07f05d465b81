//! What a figure does in stages: it goes evenly to another one, or jumps there.
//!
//! ```text
//! linear      ╱‾‾‾      step   ┌────
//!           ╱                  │
//!         ╱                 ───┘
//! ```

use std::time::Duration;

use crate::api::Ramp;
use crate::plan::fault::At;
use crate::plan::from_spec::length;
use crate::plan::units::LONGEST_DURATION;

/// A stage: the figure goes from one to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage<T> {
    /// When it begins, from the phase's start.
    pub begins: Duration,
    /// How long it is.
    pub length: Duration,
    /// The figure when it begins: with a step that is its own already.
    pub from: T,
    /// The figure at its end.
    pub to: T,
}

impl<T> Stage<T> {
    /// When it ends.
    pub fn ends(&self) -> Duration {
        self.begins + self.length
    }
}

/// What a spec says of a stage.
pub(super) struct Said<'a, T> {
    pub(super) to: Option<T>,
    pub(super) duration: &'a str,
    pub(super) ramp: Option<Ramp>,
}

/// Strings stages together. The first one begins with none.
pub(super) fn read<'a, T: Copy>(
    said: impl ExactSizeIterator<Item = (Said<'a, T>, At<'a>)>,
    none: T,
    at: &At,
) -> Option<Vec<Stage<T>>> {
    at.require(said.len() > 0, "is empty; give it one at least");
    let (mut stages, mut begins, mut before) = (Some(Vec::new()), Duration::ZERO, none);
    for (Said { to, duration, ramp }, at) in said {
        let length = length::required(duration, &at.field("duration"));
        let (Some(to), Some(length)) = (to, length) else {
            stages = None;
            continue;
        };
        let from = if ramp == Some(Ramp::Step) { to } else { before };
        if let Some(stages) = &mut stages {
            stages.push(Stage { begins, length, from, to });
        }
        (before, begins) = (to, begins + length);
    }
    at.require(
        begins <= LONGEST_DURATION,
        "take together more than 366 days (8784h); make one of them shorter",
    );
    stages
}
