//! `--quick`: the same test, shorter. Users, waits and time limits stay as they are.

use std::time::Duration;

use super::executor;
use super::fault::Fault;
use super::model::PhaseIndex;
use super::units::parse_duration;
use super::written;
use crate::api::LoadTestSpec;

/// The usual factor.
pub const FACTOR: u32 = 60;
/// A phase isn't made shorter than this.
pub(super) const SHORTEST: Duration = Duration::from_secs(2);
/// A ramp isn't made shorter than this: a spec has no finer length, and none of 0.
pub(super) const FINEST: Duration = Duration::from_micros(1);
/// A count isn't made smaller than this.
const SMALLEST: u64 = 100;

/// A spec made shorter.
pub(super) struct Shortened {
    /// The spec.
    pub(super) spec: LoadTestSpec,
    /// The phases that are shorter now.
    pub(super) phases: Vec<PhaseIndex>,
    /// What was changed, a line each: `prd: duration 10m → 10s`.
    pub(super) changes: Vec<String>,
}

/// `spec` with its lengths and large counts divided by `factor`.
pub(super) fn shorten(spec: &LoadTestSpec, factor: u32) -> Result<Shortened, Fault> {
    if factor == 0 {
        return Err(Fault::new("--quick", "must be above 0"));
    }
    let mut short = Shortened { spec: spec.clone(), phases: Vec::new(), changes: Vec::new() };
    for (index, phase) in short.spec.phases.iter_mut().enumerate() {
        let mut scale = Scale { factor, phase: &phase.name, changes: Vec::new() };
        executor::shorten(&mut phase.load, &mut scale);
        if !scale.changes.is_empty() {
            short.phases.push(index);
            short.changes.append(&mut scale.changes);
        }
    }
    Ok(short)
}

/// What makes the lengths and counts of a phase smaller, and notes what it changed.
pub(super) struct Scale<'a> {
    factor: u32,
    phase: &'a str,
    changes: Vec<String>,
}

impl Scale<'_> {
    /// So many times shorter.
    pub(super) fn factor(&self) -> u32 {
        self.factor
    }

    /// Notes what was changed.
    pub(super) fn note(&mut self, field: &str, from: &str, to: &str) {
        self.changes.push(format!("{}: {field} {from} → {to}", self.phase));
    }

    /// Divides a length, but never below `shortest`.
    pub(super) fn length(&mut self, field: &str, text: &mut String, shortest: Duration) {
        let Ok(length) = parse_duration(text) else {
            return;
        };
        let short = (length / self.factor).max(shortest);
        if short < length {
            let short = written::duration(short);
            self.note(field, text, &short);
            *text = short;
        }
    }

    /// Divides a count, but never below a hundred.
    pub(super) fn count(&mut self, field: &str, count: &mut u64) {
        let short = (*count / u64::from(self.factor)).max(SMALLEST);
        if short < *count {
            self.note(field, &count.to_string(), &short.to_string());
            *count = short;
        }
    }
}
