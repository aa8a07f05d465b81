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
use crate::plan::quick::{SHORTEST, Scale};
use crate::plan::units::LONGEST_DURATION;

/// A stage: the figure goes from one to another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stage<T> {
    /// When it begins, from the phase's start.
    pub(super) begins: Duration,
    /// How long it is.
    pub(super) length: Duration,
    /// The figure when it begins: with a step that is its own already.
    pub(super) from: T,
    /// The figure at its end.
    pub(super) to: T,
}

impl<T> Stage<T> {
    /// When it ends.
    pub(super) fn ends(&self) -> Duration {
        self.begins + self.length
    }
}

/// Makes the durations of stages smaller.
pub(super) fn shorten<'a>(durations: impl Iterator<Item = &'a mut String>, scale: &mut Scale<'_>) {
    for (index, duration) in durations.enumerate() {
        scale.length(&format!("stages[{index}].duration"), duration, SHORTEST);
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
