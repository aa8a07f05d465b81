//! The cuts that a phase's rows ask for, as the recorder takes them.

use crate::metrics::{Filter, Keys, Outcome};
use crate::plan::cut::TIMED_KEYS;
use crate::plan::{Cut, Key, OutcomeFilter, Phase};

/// A filter for each cut of `phase`; none where no row names a key or a window.
pub(super) fn filters(phase: &Phase) -> Vec<Filter> {
    phase.cuts.iter().map(filter).collect()
}

fn filter(cut: &Cut) -> Filter {
    let keys = cut.key.as_ref().map(|of| match &of.key {
        Key::One(key) => Keys::One(of.place, key.clone()),
        Key::Each => Keys::Each(of.place, TIMED_KEYS),
    });
    let outcome = cut.outcome.map(|outcome| match outcome {
        OutcomeFilter::Succeeded => Outcome::Succeeded,
        OutcomeFilter::Failed => Outcome::Failed,
    });
    let window = cut.window.as_ref().map(|window| (window.start, window.end));
    Filter { name: cut.to_string(), keys, window, steps: cut.steps.clone(), outcome }
}
