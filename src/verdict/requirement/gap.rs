//! How far a figure is from its target, in its unit and in percent.

use super::Candidate;
use super::place::Place;
use crate::plan::Requirement;
use crate::plan::figure::{Dimension, Figure};
use crate::plan::limit::Limit;
use crate::verdict::Tier;

/// What stands beside a row that was judged: the gap, the phase and key that decided, what the figure's reader must know.
pub(super) fn told(
    requirement: &Requirement,
    tier: Tier,
    candidate: &Candidate,
    place: &Place,
) -> Option<String> {
    let measured = &candidate.measured;
    let limit = requirement.tiers.target.or(requirement.tiers.critical);
    let gap = limit.filter(|_| is_unmet(tier)).map(|limit| gap(&measured.figure, &limit, requirement));
    let parts: Vec<String> =
        gap.into_iter().chain(place.told(tier)).chain(measured.notes.iter().cloned()).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn is_unmet(tier: Tier) -> bool {
    match tier {
        Tier::Acceptable | Tier::Missed | Tier::Critical => true,
        Tier::Target | Tier::Shown | Tier::Unknown | Tier::NotRun => false,
    }
}

/// `12 ms (12%) above the target`.
fn gap(figure: &Figure, limit: &Limit, requirement: &Requirement) -> String {
    let edge = limit.nearest_edge(figure);
    let word = if requirement.tiers.target.is_some() { "target" } else { "critical limit" };
    if *figure == edge {
        return format!("exactly on the edge of the {word}");
    }
    let side = if *figure > edge { "above" } else { "below" };
    let percent = percent(figure, &edge).map(|percent| format!(" ({percent})")).unwrap_or_default();
    match distance(figure, &edge) {
        Some(distance) => format!("{distance}{percent} {side} the {word}"),
        None => format!("{side} the {word}"),
    }
}

/// The difference of shares is told in points: 0.5 % is twice 0.25 %, and 0.25 points more.
fn distance(figure: &Figure, edge: &Figure) -> Option<String> {
    let negative = Figure::new(-edge.numerator(), edge.denominator(), figure.dimension())?;
    let difference = figure.plus(negative)?;
    let distance =
        Figure::new(difference.numerator().abs(), difference.denominator(), difference.dimension())?;
    let text = distance.to_string();
    Some(match distance.dimension() {
        Dimension::Share => format!("{} percentage points", text.trim_end_matches('%')),
        Dimension::Time
        | Dimension::Count
        | Dimension::Rate
        | Dimension::Bytes
        | Dimension::TimeSlope
        | Dimension::BytesSlope
        | Dimension::Number => text,
    })
}

/// Of the edge; none where that is 0.
fn percent(figure: &Figure, edge: &Figure) -> Option<Figure> {
    let part = (figure.to_f64() - edge.to_f64()).abs() / edge.to_f64().abs();
    Figure::from_f64(part, Dimension::Share)
}
