//! From `spec.phases[].load` to its executor, and the same shortened.

use super::{Executor, NAMES, named};
use crate::api::Load;
use crate::plan::fault::At;
use crate::plan::near;
use crate::plan::quick::Scale;

/// The most users of an open loop that doesn't say how many.
pub(super) const MAX_USERS: u32 = 1000;

/// An executor as a spec asks for it.
pub(super) trait Specified: Sized {
    /// What the spec says of it.
    type Spec;

    /// Why a pace changes nothing; none: it does.
    const NO_PACE: Option<&'static str> = None;

    /// The same, where that depends on what the spec says.
    fn no_pace(_spec: &Self::Spec) -> Option<&'static str> {
        Self::NO_PACE
    }

    /// The same of one that was read.
    fn heeds_no_pace(&self) -> Option<&'static str> {
        Self::NO_PACE
    }

    /// Reads it, and reports its faults.
    fn read(spec: &Self::Spec, at: &At) -> Option<Self>;

    /// Writes it in the one way of all that mean the same: what it is hashed as.
    fn write_alike(_spec: &mut Self::Spec) {}

    /// Makes its lengths and large counts smaller.
    fn shorten(spec: &mut Self::Spec, scale: &mut Scale<'_>);
}

/// The executor of a phase.
pub(in crate::plan) fn read(load: &Load, at: &At) -> Option<Executor> {
    let mut executors = named(load, at);
    let names: Vec<&str> = executors.iter().map(|(name, _)| *name).collect();
    match executors.len() {
        1 => executors.pop().and_then(|(_, executor)| executor),
        0 => {
            let (last, others) = NAMES.split_last().unwrap_or((&"", &[]));
            at.fault(format!("has no executor; give it one of {} and {last}", others.join(", ")));
            None
        }
        more => {
            at.fault(format!("has {more} executors: {}; keep one", near::listed(&names, " and ")));
            None
        }
    }
}

/// Reports a number that is 0.
pub(super) fn above_zero(number: impl Into<u64>, at: &At) {
    at.require(number.into() > 0, "must be above 0");
}
