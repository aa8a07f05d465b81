//! How fast response times grow: a straight line through the means of the seconds, by least squares.

use std::ops::Range;

use super::super::seen::Seen;
use super::flow::{MICROS_PER_SECOND, whole_seconds};
use super::pool::Pool;
use super::{Measured, Unmeasured};
use crate::metrics::{Line, Stretch};
use crate::plan::Window;
use crate::plan::figure::{Dimension, Figure};

/// Two points make a line.
const FEWEST_POINTS: u64 = 2;

/// The mean of one second, in microseconds, at its place in the phase, in seconds.
type Point = (f64, f64);

/// The slope of response times over the whole seconds of the steady part, or of the window; a sample of it is a second in which
/// requests ended. Over several phases it is the one slope that fits all of them, each at a level of its own: from
/// one phase to the next the load differs, and that is no growth.
pub(super) fn of_latency(pool: &Pool<'_>) -> Result<Measured, Unmeasured> {
    let lines = pool.phases.iter().map(|seen| line(pool, seen)).collect::<Result<Vec<Line>, _>>()?;
    let found = lines.iter().map(|line| line.points).sum();
    let slope = common_slope(&lines).ok_or(Unmeasured::TooFewSamples { needed: FEWEST_POINTS, found })?;
    Measured::part_of(Figure::from_f64(slope, Dimension::TimeSlope), found)
}

/// The line of one phase; of one whose seconds stand together, as it was before.
fn line(pool: &Pool<'_>, seen: &Seen<'_>) -> Result<Line, Unmeasured> {
    let stretch = stretch(seen, pool.narrowed.window);
    let Some(pace) = &seen.measured.thinned.pace else { return Ok(line_through(seen, stretch)) };
    let known = pace.lines.iter().find(|(known, _)| *known == stretch);
    known.map(|(_, line)| *line).ok_or(Unmeasured::NotKept("the single seconds of such a window"))
}

/// The whole seconds of a phase, or of a window of it.
pub(super) fn stretch(seen: &Seen<'_>, window: Option<Window>) -> Stretch {
    let (mut from, mut to) = whole_seconds(seen);
    if let Some(window) = window {
        // One that doesn't fit holds nothing.
        let Range { start, end } = window.within(&seen.phase.executor).unwrap_or(0..0);
        from = from.max(second(start.div_ceil(MICROS_PER_SECOND)));
        to = to.min(second(end / MICROS_PER_SECOND));
    }
    (from, to.max(from))
}

/// A second without a request says nothing of how long one takes.
pub(super) fn line_through(seen: &Seen<'_>, (from, to): Stretch) -> Line {
    let seconds = seen.measured.seconds.range(from..to);
    let points = seconds.filter_map(|(at, second)| Some((f64::from(*at), second.latency.mean_f64()?)));
    through(&points.collect::<Vec<Point>>())
}

fn second(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Least squares around the points' own middle.
fn through(points: &[Point]) -> Line {
    let count = points.len().max(1) as f64;
    let middle = points.iter().map(|(at, _)| at).sum::<f64>() / count;
    let level = points.iter().map(|(_, mean)| mean).sum::<f64>() / count;
    Line {
        points: points.len() as u64,
        together: points.iter().map(|(at, mean)| (at - middle) * (mean - level)).sum(),
        square: points.iter().map(|(at, _)| (at - middle).powi(2)).sum(),
    }
}

/// None where no phase has two points.
fn common_slope(lines: &[Line]) -> Option<f64> {
    // Not from -0.0, which an empty sum is.
    let sum = |of: fn(&Line) -> f64| lines.iter().map(of).fold(0.0, |sum, one| sum + one);
    let (together, square) = (sum(|line| line.together), sum(|line| line.square));
    (square > 0.0).then(|| together / square)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(phases: &[&[Point]], want: Option<f64>) {
        let lines: Vec<Line> = phases.iter().map(|points| through(points)).collect();
        assert_eq!(common_slope(&lines), want, "{phases:?}");
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
