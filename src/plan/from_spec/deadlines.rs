//! Checks `spec.deadlines` and fills in what they are by default.

use std::time::Duration;

use super::length;
use crate::api;
use crate::plan::fault::At;
use crate::plan::model::{Deadlines, Phase};

/// Until all workers are ready, by default.
const START: Duration = Duration::from_mins(2);
/// What a graceful end, hooks and messages may add to a phase's own deadline.
const BETWEEN_PHASES: Duration = Duration::from_secs(30);

pub(super) fn deadlines(given: Option<&api::Deadlines>, phases: &[Phase], at: &At) -> Option<Deadlines> {
    let given = given.cloned().unwrap_or_default();
    let start = length::if_given(given.start.as_ref(), &at.field("start"));
    let run = length::if_given(given.run.as_ref(), &at.field("run"));
    Some(Deadlines { start: start?.unwrap_or(START), run: run?.unwrap_or_else(|| longest(phases)) })
}

/// The sum of the phases' longest, plus 10 %.
fn longest(phases: &[Phase]) -> Duration {
    let sum = phases
        .iter()
        .fold(Duration::ZERO, |sum, phase| sum.saturating_add(phase.deadline).saturating_add(BETWEEN_PHASES));
    sum.saturating_add(sum / 10)
}
