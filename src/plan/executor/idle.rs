//! `idle`: no load for a while.

use std::time::Duration;

use super::read::Specified;
use super::timeline::{Drive, Timeline};
use crate::api;
use crate::plan::fault::At;
use crate::plan::from_spec::length;
use crate::plan::hash;
use crate::plan::quick::Scale;
use crate::plan::words;

/// Nothing for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Idle {
    /// How long.
    pub duration: Duration,
}

impl Timeline for Idle {
    fn in_words(&self) -> String {
        format!("idle for {}", words::length(self.duration))
    }

    fn planned_length(&self) -> Option<Duration> {
        Some(self.duration)
    }

    fn users(&self) -> u32 {
        0
    }

    fn total_iterations(&self) -> Option<u64> {
        Some(0)
    }

    fn drive(&self) -> Drive<'_> {
        Drive::Pause(self.duration)
    }
}

impl Specified for Idle {
    type Spec = api::Idle;

    const NO_PACE: Option<&'static str> = Some("an idle phase has no iterations");

    fn read(spec: &api::Idle, at: &At) -> Option<Self> {
        length::required(&spec.duration, &at.field("duration")).map(|duration| Idle { duration })
    }

    fn write_alike(spec: &mut api::Idle) {
        hash::length(&mut spec.duration);
    }

    /// It is a wait: what it waits for takes its time.
    fn shorten(_spec: &mut api::Idle, _scale: &mut Scale<'_>) {}
}
