//! Imbalance: one key of a declared group gets far more than its even share.

use super::super::seen::{Seen, seen};
use crate::metrics::{Aggregate, Tally};
use crate::plan::Plan;
use crate::plan::figure::Figure;
use crate::verdict::{Finding, Severity};

/// Up to half more than the even share, keys differ by weights and chance.
const FAR_FROM_EVEN: f64 = 1.5;
/// A key with twice its share fills up when the others are half idle.
const GRAVE: f64 = 2.0;
/// With fewer responses a key, chance alone makes such differences.
const FEWEST_PER_KEY: u64 = 30;
/// So many standard deviations are no chance.
const BEYOND_CHANCE: f64 = 4.0;

/// The greatest share in one phase.
struct Lopsided {
    times_even: f64,
    finding: Finding,
}

/// One finding a group: that of the phase where it is worst.
pub(super) fn find(plan: &Plan, aggregate: &Aggregate) -> Vec<Finding> {
    let groups = plan.classify.groups.iter().enumerate();
    groups
        .filter_map(|(place, group)| {
            let lopsided = seen(plan, aggregate).filter_map(|seen| in_phase(&seen, place, &group.name));
            let worst = lopsided.max_by(|one, other| one.times_even.total_cmp(&other.times_even))?;
            Some(worst.finding)
        })
        .collect()
}

fn in_phase(seen: &Seen<'_>, place: usize, group: &str) -> Option<Lopsided> {
    let cell = seen.steady().pooled(None, None);
    let tally = cell.groups.get(place)?;
    let even = even_count(tally)?;
    let (key, most) = tally.ranked().into_iter().next()?;
    let (times_even, deviations) = (most as f64 / even, (most as f64 - even) / even.sqrt());
    if times_even < FAR_FROM_EVEN || deviations < BEYOND_CHANCE {
        return None;
    }
    let share = Figure::share(most, tally.total())?;
    let fair = Figure::share(1, tally.keys() as u64)?;
    let phase = &seen.phase.name;
    let finding = Finding {
        rule: "imbalance".to_owned(),
        severity: if times_even >= GRAVE { Severity::Medium } else { Severity::Low },
        issue: format!("{group} {key} gets {times_even:.1} times its even share in phase {phase}"),
        evidence: format!("{most} of {} responses ({share}) are from {key}; {} keys would get {fair} each", tally.total(), tally.keys()),
        impact: "It is full while the others are idle: the whole carries less than the sum of its parts.".to_owned(),
        recommendation: "Look at how requests are dealt: sticky sessions, weights, long-lived connections behind a \
                         balancer of connections, keys that were taken out and came back. If it is meant so, don't mind."
            .to_owned(),
    };
    Some(Lopsided { times_even, finding })
}

/// What each key would have; none where there is nothing to compare, or too little.
fn even_count(tally: &Tally<String>) -> Option<f64> {
    let keys = tally.keys() as u64;
    let is_enough = keys >= 2 && tally.other() == 0 && tally.total() >= keys * FEWEST_PER_KEY;
    is_enough.then(|| tally.total() as f64 / keys as f64)
}
