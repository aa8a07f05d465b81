//! Bottlenecks that the figures show: one rule a file, each silent on healthy figures and on too few of them.

mod dominant_step;
mod error_burst;
mod imbalance;
mod latency_knee;
mod tail_amplification;

use super::seen::{Seen, seen};
use crate::metrics::Aggregate;
use crate::plan::Plan;
use crate::verdict::Finding;

/// What a rule is: from the plan and what was measured to what it found.
type Rule = fn(&Plan, &Aggregate) -> Vec<Finding>;

/// All rules. Of equally grave findings, those of earlier rules come first.
const RULES: [Rule; 5] =
    [error_burst::find, latency_knee::find, tail_amplification::find, dominant_step::find, imbalance::find];
/// More than these aren't read.
const MOST_FINDINGS: usize = 8;
/// What a quantile q needs, 10/(1−q): with fewer samples it is the word of a handful of requests.
const P95_SAMPLES: u64 = 200;
const P99_SAMPLES: u64 = 1_000;

/// What all rules found, gravest first.
pub(super) fn findings(plan: &Plan, aggregate: &Aggregate) -> Vec<Finding> {
    let mut found: Vec<Finding> = RULES.iter().flat_map(|rule| rule(plan, aggregate)).collect();
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found.truncate(MOST_FINDINGS);
    found
}

/// The phases whose figures tell of a load. One that searches for the breaking point goes beyond it: what fails and what is slow there
/// was looked for, and is told as its capacity.
fn loads<'a>(plan: &'a Plan, aggregate: &'a Aggregate) -> impl Iterator<Item = Seen<'a>> {
    seen(plan, aggregate).filter(|seen| seen.phase.levels.is_empty())
}
