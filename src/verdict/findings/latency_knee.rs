//! Latency knee: from one level of load to the next, response times rise sharply.
//!
//! ```text
//! p95 │          ╱        levels are phases of the same scenarios by their users or rate,
//!     │         ╱         or the quarters of a ramp
//!     │________╱
//!     └────────┴───── load
//!            knee
//! ```

use std::collections::BTreeMap;

use super::super::seen::Seen;
use super::{P95_SAMPLES, loads};
use crate::metrics::{Aggregate, Dist};
use crate::plan::Plan;
use crate::plan::figure::Figure;
use crate::verdict::{Finding, Severity};

/// Response times that double are felt; below that, levels differ by noise and warm-up.
const SHARP_RISE: f64 = 2.0;
/// Ten times the load may take twice the time without a knee: the rise has to keep up with half of the load's.
const PART_OF_LOAD_RISE: f64 = 0.5;
/// A rise of less than this is felt by nobody, however many times it is.
const LEAST_RISE_MICROS: u64 = 10_000;
/// From here on what the users feel isn't a slower answer but a broken one.
const GRAVE_RISE: f64 = 5.0;
/// A ramp shorter than this has quarters of less than two seconds.
const SHORTEST_RAMP_SECONDS: u64 = 8;
/// A ramp is cut into so many levels.
const LEVELS_OF_A_RAMP: u64 = 4;

/// One load and how long responses took under it.
struct Level {
    load: f64,
    name: String,
    p95: u64,
    per_second: Option<Figure>,
}

/// The sharpest knee of each row of levels.
pub(super) fn find(plan: &Plan, aggregate: &Aggregate) -> Vec<Finding> {
    let across = across_phases(plan, aggregate);
    let within = loads(plan, aggregate).map(|seen| within_ramp(&seen));
    across.into_iter().chain(within).filter_map(|mut levels| knee(&mut levels)).collect()
}

fn knee(levels: &mut [Level]) -> Option<Finding> {
    levels.sort_by(|one, other| one.load.total_cmp(&other.load));
    let rise = |pair: &&[Level]| pair[1].p95 as f64 / pair[0].p95.max(1) as f64;
    let pairs = levels.windows(2).filter(|pair| is_knee(&pair[0], &pair[1]));
    let sharpest = pairs.max_by(|one, other| rise(one).total_cmp(&rise(other)))?;
    Some(finding(&sharpest[0], &sharpest[1], rise(&sharpest)))
}

fn is_knee(low: &Level, high: &Level) -> bool {
    let rise = high.p95 as f64 / low.p95.max(1) as f64;
    let more_load = high.load / low.load;
    more_load > 1.0
        && rise >= SHARP_RISE.max(more_load * PART_OF_LOAD_RISE)
        && high.p95.saturating_sub(low.p95) >= LEAST_RISE_MICROS
}

fn finding(low: &Level, high: &Level, rise: f64) -> Finding {
    let told = |level: &Level| {
        let rate = level.per_second.map(|rate| format!(" ({rate} completed)")).unwrap_or_default();
        format!("p95 {} at {}{rate}", Figure::micros(level.p95), level.name)
    };
    Finding {
        rule: "latency-knee".to_owned(),
        severity: if rise >= GRAVE_RISE { Severity::High } else { Severity::Medium },
        issue: format!("Response times rise {rise:.1}-fold between {} and {}", low.name, high.name),
        evidence: format!("{}, {}", told(low), told(high)),
        impact: "Beyond this load requests queue: more load brings waiting, not throughput.".to_owned(),
        recommendation:
            "Find what is full at the knee: a connection or thread pool, a lock, the CPU, the database. \
                         Raise that or add replicas, and plan capacity below the knee."
                .to_owned(),
    }
}

/// Phases can be compared when they run the same scenarios in the same way.
fn across_phases(plan: &Plan, aggregate: &Aggregate) -> Vec<Vec<Level>> {
    let mut rows: BTreeMap<(&str, &[usize]), Vec<Level>> = BTreeMap::new();
    for seen in loads(plan, aggregate) {
        if let (Some(level), Some(p95)) =
            (seen.phase.executor.level(), p95(&seen.steady().pooled(None, None).latency))
        {
            let row = rows.entry((seen.phase.executor.name(), &seen.phase.scenarios)).or_default();
            row.push(Level {
                load: level.load,
                name: format!("{} (phase {})", level.name, seen.phase.name),
                p95,
                per_second: rate(&seen),
            });
        }
    }
    rows.into_values().collect()
}

fn rate(seen: &Seen<'_>) -> Option<Figure> {
    let steady = seen.steady();
    Figure::per_second(steady.requests(), steady.span()?.micros())
}

/// The quarters of a phase's ramp, by the most users in each.
fn within_ramp(seen: &Seen<'_>) -> Vec<Level> {
    let seconds = seen.phase.executor.ramp().as_secs();
    if seconds < SHORTEST_RAMP_SECONDS {
        return Vec::new();
    }
    (0..LEVELS_OF_A_RAMP)
        .filter_map(|quarter| {
            let edge = |quarter: u64| u32::try_from(seconds * quarter / LEVELS_OF_A_RAMP).unwrap_or(u32::MAX);
            level_between(seen, edge(quarter), edge(quarter + 1))
        })
        .collect()
}

fn level_between(seen: &Seen<'_>, from: u32, to: u32) -> Option<Level> {
    let (mut latency, mut users, mut requests) = (Dist::default(), 0, 0);
    for (_, second) in seen.measured.seconds.range(from..to) {
        latency.merge(&second.latency);
        users = users.max(second.users);
        requests += second.requests;
    }
    let name = format!("{users} users (ramp of phase {})", seen.phase.name);
    let per_second = Figure::per_second(requests, u64::from(to - from) * 1_000_000);
    Some(Level { load: users as f64, name, p95: p95(&latency)?, per_second })
}

fn p95(latency: &Dist) -> Option<u64> {
    latency.quantile(0.95).filter(|_| latency.count() >= P95_SAMPLES)
}
