//! The figures that a limit holds for, as an interval: which limit is looser, and whether two overlap.

use super::figure::Figure;
use super::limit::{Limit, Operator};

/// The end of an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Edge {
    at: Figure,
    included: bool,
}

/// All figures between two edges; an edge that is `None` lies at infinity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    low: Option<Edge>,
    high: Option<Edge>,
}

impl Interval {
    /// The figures for which `limit` holds.
    pub(super) fn of(limit: &Limit) -> Self {
        let edge = |at: &Figure, included| Some(Edge { at: *at, included });
        match limit {
            Limit::Bound { operator, bound } => match operator {
                Operator::Below => Self { low: None, high: edge(bound, false) },
                Operator::AtMost => Self { low: None, high: edge(bound, true) },
                Operator::Above => Self { low: edge(bound, false), high: None },
                Operator::AtLeast => Self { low: edge(bound, true), high: None },
                Operator::Equal => Self { low: edge(bound, true), high: edge(bound, true) },
            },
            Limit::Range { low, high } => Self { low: edge(low, true), high: edge(high, true) },
        }
    }

    /// Whether this holds all that `other` holds, and more.
    pub(super) fn is_looser_than(&self, other: &Self) -> bool {
        let low = reaches_as_far(self.low, other.low, |mine, theirs| mine < theirs);
        let high = reaches_as_far(self.high, other.high, |mine, theirs| mine > theirs);
        low && high && self != other
    }

    /// Whether some figure is in both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        starts_before_end(self.low, other.high) && starts_before_end(other.low, self.high)
    }
}

fn reaches_as_far(mine: Option<Edge>, theirs: Option<Edge>, beyond: impl Fn(Figure, Figure) -> bool) -> bool {
    match (mine, theirs) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(mine), Some(theirs)) => {
            beyond(mine.at, theirs.at) || (mine.at == theirs.at && (mine.included || !theirs.included))
        }
    }
}

fn starts_before_end(low: Option<Edge>, high: Option<Edge>) -> bool {
    match (low, high) {
        (None, _) | (_, None) => true,
        (Some(low), Some(high)) => low.at < high.at || (low.at == high.at && low.included && high.included),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::figure::Dimension;

    fn interval(limit: &str) -> Interval {
        Interval::of(&Limit::parse(limit, Dimension::Count).unwrap())
    }

    #[track_caller]
    fn check(left: &str, right: &str, looser: bool, overlap: bool) {
        let (wide, narrow) = (interval(left), interval(right));
        assert_eq!(wide.is_looser_than(&narrow), looser, "{left} is looser than {right}");
        assert_eq!(wide.overlaps(&narrow), overlap, "{left} overlaps {right}");
        assert_eq!(narrow.overlaps(&wide), overlap, "{right} overlaps {left}");
    }

    #[test]
    fn an_edge_that_is_included_reaches_further() {
        check("<= 5", "< 5", true, true);
        check("< 5", "<= 5", false, true);
        check("< 5", "< 5", false, true);
        check(">= 5", "> 6", true, true);
        check("4..6", "5..6", true, true);
    }

    #[test]
    fn limits_overlap_on_their_edge_only_when_both_include_it() {
        check("<= 5", ">= 5", false, true);
        check("< 5", ">= 5", false, false);
        check("4..5", "5..6", false, true);
        check("4..5", "6..7", false, false);
        check("== 5", "> 5", false, false);
    }
}
