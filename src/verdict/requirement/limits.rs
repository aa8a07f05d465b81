//! Figures beside their limits, with as many digits as it takes to tell them apart.

use super::name;
use super::place::Place;
use crate::plan::Requirement;
use crate::plan::figure::Figure;
use crate::plan::limit::Limit;
use crate::plan::tier::Tiers;
use crate::verdict::Tier;

/// The texts of a row.
pub(super) struct Shown {
    pub(super) measured: String,
    pub(super) target: Option<String>,
    pub(super) acceptable: Option<String>,
    pub(super) critical: Option<String>,
}

/// A row has one text for what was measured: the one that differs from the nearest limit.
pub(super) fn shown(tiers: &Tiers, figure: &Figure) -> Shown {
    let limits = [tiers.target, tiers.acceptable, tiers.critical];
    let nearest = limits.iter().flatten().map(|limit| limit.nearest_edge(figure)).min_by(|one, other| {
        let apart = |edge: &Figure| (edge.to_f64() - figure.to_f64()).abs();
        apart(one).total_cmp(&apart(other))
    });
    let [target, acceptable, critical] = limits.map(|limit| limit.map(|limit| beside(&limit, figure).1));
    let measured = nearest.map_or_else(|| figure.to_string(), |edge| figure.show_beside(&edge).0);
    Shown { measured, target, acceptable, critical }
}

/// `latency.p95 = 112 ms, target < 100 ms`: the figure and the limit that decided.
pub(super) fn because(requirement: &Requirement, tier: Tier, figure: &Figure, place: &Place) -> String {
    let metric = name(&requirement.measure);
    let place = place.behind_metric();
    let tiers = &requirement.tiers;
    let (word, limit) = match tier {
        Tier::Critical => ("critical", tiers.critical),
        Tier::Missed if tiers.acceptable.is_some() => ("acceptable", tiers.acceptable),
        _ => ("target", tiers.target),
    };
    let must = if requirement.must { " (must)" } else { "" };
    match limit {
        Some(limit) => {
            let (measured, limit) = beside(&limit, figure);
            format!("{metric}{place} = {measured}, {word} {limit}{must}")
        }
        None => format!("{metric}{place} = {figure}"),
    }
}

/// The figure and the limit beside each other.
fn beside(limit: &Limit, figure: &Figure) -> (String, String) {
    match limit {
        Limit::Bound { operator, bound } => {
            let (measured, bound) = figure.show_beside(bound);
            (measured, format!("{operator} {bound}"))
        }
        Limit::Range { low, high } => {
            let (measured, _) = figure.show_beside(&limit.nearest_edge(figure));
            (measured, format!("{}..{}", figure.show_beside(low).1, figure.show_beside(high).1))
        }
    }
}
