//! From points to a score and its name.

use super::requirement::Judged;
use crate::plan::Scoring;

/// Sums of floats differ in their last digits by the order of adding; a limit of a grade must not hang on them.
const STEPS_PER_POINT: f64 = 1e9;

/// The weighted mean of the points of `rows`, 0 to 100; none where nothing is scored.
pub(super) fn score<'a>(rows: impl IntoIterator<Item = &'a Judged>) -> Option<f64> {
    mean(rows.into_iter().filter_map(|row| Some((row.points?, row.scored_weight()))))
}

/// The score if every row that is unknown had all of its points: what a better measurement could make of it.
pub(super) fn best_possible<'a>(rows: impl IntoIterator<Item = &'a Judged>) -> Option<f64> {
    let points = |row: &Judged| row.points.or(row.is_unknown().then_some(1.0));
    mean(rows.into_iter().filter_map(|row| Some((points(row)?, row.scored_weight()))))
}

fn mean(weighted: impl Iterator<Item = (f64, u32)>) -> Option<f64> {
    let (points, weights) = weighted.fold((0.0, 0.0), |(points, weights), (point, weight)| {
        (points + point * f64::from(weight), weights + f64::from(weight))
    });
    (weights > 0.0).then(|| (points / weights * 100.0 * STEPS_PER_POINT).round() / STEPS_PER_POINT)
}

/// What a score is called.
pub(super) fn grade(score: f64, scoring: &Scoring) -> Option<String> {
    let earned = scoring.grades.iter().find(|(_, from)| score >= f64::from(*from));
    earned.map(|(name, _)| name.clone())
}
