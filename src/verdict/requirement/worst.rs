//! Of several figures that one requirement is held against, the worst.

use std::cmp::Ordering;

use super::place::Place;
use super::{Candidate, Judged, keys, not_judged, of_figure};
use crate::plan::limit::Direction;
use crate::plan::tier::Tiers;
use crate::plan::{Plan, Requirement};
use crate::verdict::Tier;

/// A requirement on each phase or key is judged by the worst. All keys are listed, worst first.
pub(super) fn worst(plan: &Plan, requirement: &Requirement, candidates: &[Candidate]) -> Judged {
    let judge = |candidate| (candidate, of_figure(plan, requirement, candidate));
    let mut judged: Vec<(&Candidate, Judged)> = candidates.iter().map(judge).collect();
    // Of equals, the first.
    judged.sort_by(|one, other| badness(requirement, other, one));
    let list = requirement.measure.each_of().filter(|_| judged.len() > 1).map(|of| {
        let phase = |candidate: &Candidate| Place::of(plan, requirement, candidate).in_phase();
        keys::listed(&of.group, &judged, phase)
    });
    let worst = judged.into_iter().next().map(|(_, judged)| judged);
    let Some(mut worst) = worst else {
        return not_judged(plan, requirement, Tier::Unknown, "it covers no phase".to_owned());
    };
    let told: Vec<String> = worst.row.gap.take().into_iter().chain(list).collect();
    worst.row.gap = (!told.is_empty()).then(|| told.join("; "));
    worst
}

/// Which of two is worse: first by what it does to the verdict, then by points, then by the side that the limits keep
/// figures from; without limits the greater.
fn badness(
    requirement: &Requirement,
    (one, judged_one): &(&Candidate, Judged),
    (other, judged_other): &(&Candidate, Judged),
) -> Ordering {
    let points = |judged: &Judged| judged.points.unwrap_or(1.0);
    let by_figure = one.measured.figure.partial_cmp(&other.measured.figure).unwrap_or(Ordering::Equal);
    let by_side = match greater_is_worse(&requirement.tiers) {
        Some(true) => by_figure,
        Some(false) => by_figure.reverse(),
        None => Ordering::Equal,
    };
    (judged_one.row.effect.cmp(&judged_other.row.effect))
        .then_with(|| points(judged_other).total_cmp(&points(judged_one)))
        .then(by_side)
}

/// None where the limits keep figures to neither side.
fn greater_is_worse(tiers: &Tiers) -> Option<bool> {
    let good = tiers.target.map(|limit| limit.direction());
    let bad = tiers.critical.map(|limit| limit.direction());
    match good.or(bad) {
        Some(Direction::UpperBound) => Some(good.is_some()),
        Some(Direction::LowerBound) => Some(good.is_none()),
        Some(Direction::Exact | Direction::Range) => None,
        None => Some(true),
    }
}
