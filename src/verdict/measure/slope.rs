//! How fast response times grow: a straight line through the means of the seconds, by least squares.

use std::ops::Range;

use super::super::seen::Seen;
use super::flow::{MICROS_PER_SECOND, whole_seconds};
use super::pool::Pool;
use super::{Measured, Unmeasured};
use crate::plan::figure::{Dimension, Figure};

/// Two points make a line.
const FEWEST_POINTS: u64 = 2;

/// The mean of one second, in microseconds, at its place in the phase, in seconds.
type Point = (f64, f64);

/// The slope of response times over the whole seconds of the steady part, or of the window; a sample of it is a second in which
/// requests ended. Over several phases it is the one slope that fits all of them, each at a level of its own: from
/// one phase to the next the load differs, and that is no growth.
pub(super) fn of_latency(pool: &Pool<'_>) -> Result<Measured, Unmeasured> {
    let phases: Vec<Vec<Point>> = pool.phases.iter().map(|seen| points(pool, seen)).collect();
    let found = phases.iter().map(|points| points.len() as u64).sum();
    let slope = common_slope(&phases).ok_or(Unmeasured::TooFewSamples { needed: FEWEST_POINTS, found })?;
    Measured::part_of(Figure::from_f64(slope, Dimension::TimeSlope), found)
}

/// A second without a request says nothing of how long one takes.
fn points(pool: &Pool<'_>, seen: &Seen<'_>) -> Vec<Point> {
    let (mut from, mut to) = whole_seconds(seen);
    if let Some(window) = pool.narrowed.window {
        // One that doesn't fit holds nothing.
        let Range { start, end } = window.within(&seen.phase.executor).unwrap_or(0..0);
        from = from.max(second(start.div_ceil(MICROS_PER_SECOND)));
        to = to.min(second(end / MICROS_PER_SECOND));
    }
    let seconds = seen.measured.seconds.range(from..to.max(from));
    let point = |(at, mean): (u32, f64)| (f64::from(at), mean);
    seconds.filter_map(|(at, second)| Some(point((*at, second.latency.mean_f64()?)))).collect()
}

fn second(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Least squares around each phase's own middle. None where no phase has two points.
fn common_slope(phases: &[Vec<Point>]) -> Option<f64> {
    let (mut together, mut square) = (0.0, 0.0);
    for points in phases {
        let count = points.len().max(1) as f64;
        let middle = points.iter().map(|(at, _)| at).sum::<f64>() / count;
        let level = points.iter().map(|(_, mean)| mean).sum::<f64>() / count;
        together += points.iter().map(|(at, mean)| (at - middle) * (mean - level)).sum::<f64>();
        square += points.iter().map(|(at, _)| (at - middle).powi(2)).sum::<f64>();
    }
    (square > 0.0).then(|| together / square)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(phases: &[&[Point]], want: Option<f64>) {
        let phases: Vec<Vec<Point>> = phases.iter().map(|points| points.to_vec()).collect();
        assert_eq!(common_slope(&phases), want, "{phases:?}");
    }

    #[test]
    fn the_line_is_that_of_least_squares() {
        check(&[&[(0.0, 5.0), (1.0, 7.0), (2.0, 9.0)]], Some(2.0));
        check(&[&[(0.0, 1.0), (1.0, 3.0), (2.0, 2.0)]], Some(0.5));
        check(&[&[(3.0, 4.0), (9.0, 4.0)]], Some(0.0));
        check(&[&[(0.0, 9.0), (5.0, 4.0)]], Some(-1.0));
    }

    #[test]
    fn a_step_between_phases_is_no_slope() {
        check(&[&[(0.0, 5.0), (1.0, 6.0)], &[(0.0, 100.0), (1.0, 101.0)]], Some(1.0));
        check(&[&[(0.0, 5.0), (1.0, 6.0)], &[(0.0, 100.0)], &[]], Some(1.0));
    }

    #[test]
    fn less_than_two_points_are_no_line() {
        check(&[], None);
        check(&[&[(4.0, 5.0)], &[(2.0, 6.0)]], None);
    }
}
