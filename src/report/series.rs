//! A run second by second, thinned to a bounded number of points.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::metrics::phase::Seconds;
use crate::metrics::{Aggregate, PhaseAggregate, Second};
use crate::plan::Plan;

/// The most points of a run.
pub const MOST_POINTS: u32 = 600;

/// One phase over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhaseSeries {
    /// The phase.
    pub phase: String,
    /// How many seconds each point covers: 1, unless the run is too long for that.
    pub seconds_per_point: u32,
    /// The points; a stretch in which nothing happened has none.
    pub points: Vec<Point>,
}

/// What happened in a stretch of a phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    /// Where it begins, in seconds from the phase's start.
    pub second: u32,
    /// Requests that ended in it.
    pub requests: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Iterations that ended in it.
    pub iterations: u64,
    /// The most users under way.
    pub users: u64,
    /// The 95th percentile of the response times, within 1 %; absent where no request ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_micros: Option<u64>,
}

/// The series of each phase that began.
#[must_use]
pub fn of_run(plan: &Plan, aggregate: &Aggregate) -> Vec<PhaseSeries> {
    let begun = || plan.phases.iter().zip(&aggregate.phases).filter(|(_, phase)| !phase.seconds.is_empty());
    let lengths: Vec<u32> = begun().map(|(_, phase)| length(&phase.seconds)).collect();
    // Those of a kept run may stand together already.
    let width = |phase: &PhaseAggregate| phase.thinned.pace.as_ref().map_or(1, |pace| pace.width);
    let together = aggregate.phases.iter().map(width).max().unwrap_or(1);
    let seconds_per_point = fitting(&lengths).max(together);
    let series = begun().map(|(planned, phase)| PhaseSeries {
        phase: planned.name.clone(),
        seconds_per_point,
        points: points(&phase.seconds, seconds_per_point),
    });
    series.collect()
}

fn length(seconds: &Seconds) -> u32 {
    seconds.keys().next_back().map_or(0, |last| last.saturating_add(1))
}

/// The fewest seconds a point must cover so that all phases together need no more points than there may be.
fn fitting(lengths: &[u32]) -> u32 {
    let points = |width: u32| lengths.iter().map(|length| u64::from(length.div_ceil(width))).sum::<u64>();
    let all: u64 = lengths.iter().map(|length| u64::from(*length)).sum();
    let least = u32::try_from(all.div_ceil(u64::from(MOST_POINTS))).unwrap_or(u32::MAX).max(1);
    (least..=u32::MAX).find(|width| points(*width) <= u64::from(MOST_POINTS)).unwrap_or(u32::MAX)
}

fn points(seconds: &Seconds, width: u32) -> Vec<Point> {
    let mut points = Vec::new();
    // Merged, a histogram is no longer put away: of hundreds only one is at a time.
    let mut merged: Option<(u32, Second)> = None;
    for (at, second) in seconds {
        let start = at / width * width;
        match &mut merged {
            Some((begun, merged)) if *begun == start => merged.append(second),
            _ => points.extend(merged.replace((start, second.clone())).map(point)),
        }
    }
    points.extend(merged.map(point));
    points
}

fn point((start, second): (u32, Second)) -> Point {
    Point {
        second: start,
        requests: second.requests,
        failed: second.failed,
        iterations: second.iterations,
        users: second.users,
        p95_micros: second.latency.quantile(0.95),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_as_narrow_as_their_number_allows() {
        for (lengths, want) in [
            (vec![], 1),
            (vec![60, 30], 1),
            (vec![600], 1),
            (vec![601], 2),
            (vec![120, 300, 450, 600, 300, 1800], 6),
            (vec![1; 32], 1),
        ] {
            assert_eq!(fitting(&lengths), want, "{lengths:?}");
        }
    }

    #[test]
    fn merged_seconds_keep_every_request_and_the_most_users() {
        let second = |requests, users| Second { requests, users, ..Second::default() };
        let seconds = [(0, second(5, 2)), (1, second(7, 4)), (3, second(1, 3))].into_iter().collect();
        let told: Vec<_> = points(&seconds, 2).iter().map(|p| (p.second, p.requests, p.users)).collect();
        assert_eq!(told, [(0, 12, 4), (2, 1, 3)]);
    }
}
