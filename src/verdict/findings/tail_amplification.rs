//! Tail amplification: the slowest requests take many times what the usual one takes.

use super::super::seen::Seen;
use super::{P99_SAMPLES, loads};
use crate::metrics::{Aggregate, Outcome};
use crate::plan::figure::Figure;
use crate::plan::{Plan, StepIndex};
use crate::verdict::{Finding, Severity};

/// Up to this, the tail is that of any queue that is half full.
const LONG_TAIL: f64 = 5.0;
/// From here on the slowest requests do something else than the usual ones.
const GRAVE_TAIL: f64 = 10.0;
/// A tail that is longer by less than this is felt by nobody.
const LEAST_MICROS: u64 = 20_000;

/// One finding: the step with the longest tail, and the other phases in which a step has one.
pub(super) fn find(plan: &Plan, aggregate: &Aggregate) -> Vec<Finding> {
    let mut tails: Vec<Tail<'_>> = loads(plan, aggregate).flat_map(|seen| tails(plan, &seen)).collect();
    tails.sort_by(|one, other| other.times().total_cmp(&one.times()));
    let Some((longest, others)) = tails.split_first() else { return Vec::new() };
    let mut also: Vec<&str> = Vec::new();
    for tail in others {
        if tail.phase != longest.phase && !also.contains(&tail.phase) {
            also.push(tail.phase);
        }
    }
    vec![finding(longest, &also)]
}

/// One step's requests that succeeded: failed ones have a rule of their own, and where steps are put together a
/// slow one looks like the tail of a fast one.
struct Tail<'a> {
    phase: &'a str,
    step: String,
    p50: u64,
    p99: u64,
    requests: u64,
}

impl Tail<'_> {
    fn times(&self) -> f64 {
        self.p99 as f64 / self.p50.max(1) as f64
    }
}

fn tails<'a>(plan: &Plan, seen: &Seen<'a>) -> Vec<Tail<'a>> {
    let steps = seen.phase.scenarios.iter().flat_map(|scenario| plan.scenarios[*scenario].steps.clone());
    steps.filter_map(|step| tail(plan, seen, step)).collect()
}

fn tail<'a>(plan: &Plan, seen: &Seen<'a>, step: StepIndex) -> Option<Tail<'a>> {
    let latency = seen.steady().pooled(Some(&[step]), Some(Outcome::Succeeded)).latency;
    let (p50, p99) = (latency.quantile(0.5)?, latency.quantile(0.99)?);
    let (phase, step) = (seen.phase.name.as_str(), plan.step_label(step));
    let tail = Tail { phase, step, p50, p99, requests: latency.count() };
    let is_long = tail.times() >= LONG_TAIL && p99 - p50 >= LEAST_MICROS && tail.requests >= P99_SAMPLES;
    is_long.then_some(tail)
}

fn finding(tail: &Tail<'_>, others: &[&str]) -> Finding {
    let times = tail.times();
    let also = if others.is_empty() { String::new() } else { format!("; also in {}", others.join(", ")) };
    Finding {
        rule: "tail-amplification".to_owned(),
        severity: if times >= GRAVE_TAIL { Severity::Medium } else { Severity::Low },
        issue: format!(
            "The slowest 1% of {} take {times:.1} times the usual time in phase {}{also}",
            tail.step, tail.phase
        ),
        evidence: format!(
            "p50 {}, p99 {} over {} requests",
            Figure::micros(tail.p50),
            Figure::micros(tail.p99),
            tail.requests
        ),
        impact: "A page that makes 100 such requests nearly always meets one of the slow ones.".to_owned(),
        recommendation:
            "Look at what only some requests do: cache misses, lock waits, garbage collection, a slow \
                         replica, retries. Compare slow and usual requests by step and by group."
                .to_owned(),
    }
}
