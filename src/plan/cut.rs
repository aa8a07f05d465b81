//! What a row asks for by key or by window: a cut of a phase, which is measured in cells of its own.

use std::fmt;
use std::ops::Range;

use super::model::{OutcomeFilter, Phase, StepIndex};
use super::objective::{Key, KeyOf, Narrowed};

/// The most keys of a cut that have histograms; those beyond are only counted.
pub const TIMED_KEYS: usize = 16;

/// Requests of one phase. Its text form is its name: the same in every process, and different from that of every
/// other cut of the phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Only responses with a key; none: any request.
    pub key: Option<KeyOf>,
    /// Only requests that should begin in it, in microseconds from the phase's start; none: all.
    pub window: Option<Range<u64>>,
    /// Only these steps; none: all.
    pub steps: Option<Vec<StepIndex>>,
    /// Only those that ended so; none: both.
    pub outcome: Option<OutcomeFilter>,
}

impl Cut {
    /// How many cells it has at most.
    pub(super) fn cells(&self) -> usize {
        match &self.key {
            Some(KeyOf { key: Key::Each, .. }) => TIMED_KEYS,
            Some(KeyOf { key: Key::One(_), .. }) | None => 1,
        }
    }
}

impl Narrowed {
    /// Its cut of `phase`; none where what is measured by step and outcome is enough. A window that doesn't fit the
    /// phase takes nothing.
    #[must_use]
    pub fn cut(&self, phase: &Phase) -> Option<Cut> {
        let is_cut = self.key.is_some() || self.window.is_some();
        (is_cut && self.metric.belongs_to_steps()).then(|| Cut {
            key: self.key.clone(),
            window: self.window.map(|window| window.within(&phase.executor).unwrap_or(0..0)),
            steps: self.steps.clone(),
            outcome: self.outcome,
        })
    }
}

impl fmt::Display for Cut {
    /// The key stands last: it may hold any character.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cut { key, window, steps, outcome } = self;
        if let Some(Range { start, end }) = window {
            write!(out, "window={start}..{end} ")?;
        }
        if let Some(steps) = steps {
            let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
            write!(out, "steps={} ", steps.join(","))?;
        }
        match outcome {
            Some(OutcomeFilter::Succeeded) => write!(out, "outcome=succeeded ")?,
            Some(OutcomeFilter::Failed) => write!(out, "outcome=failed ")?,
            None => {}
        }
        match key {
            Some(KeyOf { group, key: Key::Each, .. }) => write!(out, "each={group}"),
            Some(KeyOf { group, key: Key::One(key), .. }) => write!(out, "{group}={key}"),
            None => Ok(()),
        }
    }
}
