//! `--quick`: the same test, shorter. Users, waits and time limits stay as they are.

use std::time::Duration;

use super::fault::Fault;
use super::model::PhaseIndex;
use super::units::parse_duration;
use super::written;
use crate::api::{Load, LoadTestSpec};

/// The usual factor.
pub const FACTOR: u32 = 60;
/// A phase isn't made shorter than this.
const SHORTEST: Duration = Duration::from_secs(2);
/// A ramp isn't made shorter than this: a spec has no finer length, and none of 0.
const FINEST: Duration = Duration::from_micros(1);
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
        scale.load(&mut phase.load);
        if !scale.changes.is_empty() {
            short.phases.push(index);
            short.changes.append(&mut scale.changes);
        }
    }
    Ok(short)
}

struct Scale<'a> {
    factor: u32,
    phase: &'a str,
    changes: Vec<String>,
}

impl Scale<'_> {
    /// An idle phase is a wait: what it waits for takes its time.
    fn load(&mut self, load: &mut Load) {
        let Load { constant_users, iterations, constant_rate, burst, idle: _ } = load;
        if let Some(users) = constant_users {
            self.length("duration", &mut users.duration, SHORTEST);
            if let Some(ramp_up) = &mut users.ramp_up {
                self.length("rampUp", ramp_up, FINEST);
            }
        }
        if let Some(iterations) = iterations {
            self.count("perUser", &mut iterations.per_user);
        }
        if let Some(rate) = constant_rate {
            if let Some(duration) = &mut rate.duration {
                self.length("duration", duration, SHORTEST);
            }
            if let Some(total) = &mut rate.total {
                self.count("total", total);
            }
        }
        if let Some(burst) = burst {
            let mut count = u64::from(burst.iterations);
            self.count("iterations", &mut count);
            burst.iterations = u32::try_from(count).unwrap_or(burst.iterations);
        }
    }

    /// Divides a length, but never below `shortest`.
    fn length(&mut self, field: &str, text: &mut String, shortest: Duration) {
        let Ok(length) = parse_duration(text) else {
            return;
        };
        let short = (length / self.factor).max(shortest);
        if short < length {
            let short = written::duration(short);
            self.changes.push(format!("{}: {field} {text} → {short}", self.phase));
            *text = short;
        }
    }

    fn count(&mut self, field: &str, count: &mut u64) {
        let short = (*count / u64::from(self.factor)).max(SMALLEST);
        if short < *count {
            self.changes.push(format!("{}: {field} {count} → {short}", self.phase));
            *count = short;
        }
    }
}
