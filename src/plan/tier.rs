//! The tiers of one row: full points at target, falling to half at acceptable, none beyond, and critical.

use std::fmt;

use super::figure::{Dimension, Figure};
use super::interval::Interval;
use super::limit::{Direction, Limit};
use super::text::Misread;

const EXACT: &str = "== knows nothing between hit and miss: give target and acceptable as bounds or ranges";
const DIFFERS: &str = "differs in form from the target: both are upper bounds, lower bounds or ranges";
const BAD_SIDE: &str = "names the bad side, in the form of the others: > beside a target of <, < beside >, a range beside a range";
const OVERLAPS: &str = "must lie beyond target and acceptable: some figures would be both good and critical";

/// The limits of one row, each optional; a row without any is shown, not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tiers {
    /// Holds when the row is met.
    pub target: Option<Limit>,
    /// Holds when the row is met well enough; looser than the target, and only beside one.
    pub acceptable: Option<Limit>,
    /// Holds when the row is far beyond: it names the bad side.
    pub critical: Option<Limit>,
}

/// The fields of a row that hold its tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TierField {
    /// `target`
    Target,
    /// `acceptable`
    Acceptable,
    /// `critical`
    Critical,
}

/// What is wrong with one tier of a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {fault}")]
pub struct TierFault {
    /// The field that is wrong.
    pub field: TierField,
    /// What is wrong in its text.
    pub fault: Misread,
}

/// What a measured figure reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The target holds; in a row with only a critical limit, that one does not.
    Target,
    /// The target is missed, acceptable holds.
    Acceptable,
    /// Neither holds.
    Missed,
    /// The critical limit holds.
    Critical,
}

impl Tiers {
    /// Reads the tiers of a row that measures `dimension`, and gives every fault there is.
    pub fn parse(
        dimension: Dimension,
        target: Option<&str>,
        acceptable: Option<&str>,
        critical: Option<&str>,
    ) -> Result<Self, Vec<TierFault>> {
        let mut faults = Vec::new();
        let mut read = |field, text: Option<&str>| {
            let limit = Limit::parse(text?, dimension);
            limit.map_err(|fault| faults.push(TierFault { field, fault })).ok()
        };
        let tiers = Self {
            target: read(TierField::Target, target),
            acceptable: read(TierField::Acceptable, acceptable),
            critical: read(TierField::Critical, critical),
        };
        let mut refuse = |field, text: Option<&str>, message: Option<&str>| {
            let (text, Some(message)) = (text.unwrap_or_default().to_owned(), message) else { return };
            faults.push(TierFault { field, fault: Misread { text, at: 0, message: message.to_owned() } });
        };
        if acceptable.is_some() && target.is_none() {
            refuse(TierField::Acceptable, acceptable, Some("needs a target beside it"));
        }
        refuse(TierField::Acceptable, acceptable, tiers.fault_of_acceptable());
        refuse(TierField::Critical, critical, tiers.fault_of_critical());
        if faults.is_empty() { Ok(tiers) } else { Err(faults) }
    }

    /// The tier that a figure reaches, with its points from 0 to 1; `None` when there is no tier to reach.
    #[must_use]
    pub fn judge(&self, measured: &Figure) -> Option<(Tier, f64)> {
        let holds = |limit: &Option<Limit>| limit.as_ref().is_some_and(|limit| limit.holds(measured));
        match (&self.target, &self.acceptable) {
            (None, None) if self.critical.is_none() => None,
            _ if holds(&self.critical) => Some((Tier::Critical, 0.0)),
            (None, None) => Some((Tier::Target, 1.0)),
            _ if holds(&self.target) => Some((Tier::Target, 1.0)),
            (Some(target), Some(acceptable)) if acceptable.holds(measured) => {
                Some((Tier::Acceptable, points_between(target, acceptable, measured)))
            }
            _ => Some((Tier::Missed, 0.0)),
        }
    }

    fn fault_of_acceptable(&self) -> Option<&'static str> {
        let (target, acceptable) = (self.target?, self.acceptable?);
        if target.direction() == Direction::Exact || acceptable.direction() == Direction::Exact {
            return Some(EXACT);
        }
        if target.direction() != acceptable.direction() {
            return Some(DIFFERS);
        }
        (!Interval::of(&acceptable).is_looser_than(&Interval::of(&target)))
            .then_some("must be looser than the target")
    }

    fn fault_of_critical(&self) -> Option<&'static str> {
        let critical = self.critical?;
        for good in [self.target, self.acceptable].into_iter().flatten() {
            let same_form = match good.direction() {
                Direction::UpperBound => critical.direction() == Direction::LowerBound,
                Direction::LowerBound => critical.direction() == Direction::UpperBound,
                Direction::Range => critical.direction() == Direction::Range,
                Direction::Exact => critical.direction() != Direction::Range,
            };
            if !same_form {
                return Some(BAD_SIDE);
            }
            if Interval::of(&good).overlaps(&Interval::of(&critical)) {
                return Some(OVERLAPS);
            }
        }
        None
    }
}

/// The points of a figure between target and acceptable, both of one form: 1 at the target, falling along a
/// straight line to one half at acceptable.
#[must_use]
pub fn points_between(target: &Limit, acceptable: &Limit, measured: &Figure) -> f64 {
    // A range has two slopes: the one on the side where the target was missed counts.
    let full = target.nearest_edge(measured);
    let half = match acceptable {
        Limit::Bound { bound, .. } => *bound,
        Limit::Range { low, .. } if *measured < full => *low,
        Limit::Range { high, .. } => *high,
    };
    let (full, half) = (full.to_f64(), half.to_f64());
    // `< 5` and `<= 5` leave one figure between them: it is the acceptable one.
    let way = if full < half || half < full { (measured.to_f64() - full) / (half - full) } else { 1.0 };
    1.0 - way.clamp(0.0, 1.0) / 2.0
}

impl fmt::Display for TierField {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Target => "target",
            Self::Acceptable => "acceptable",
            Self::Critical => "critical",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Target, acceptable and critical of a row that counts; an empty text is a tier that is not given.
    fn row(limits: [&str; 3]) -> Result<Tiers, Vec<TierFault>> {
        let [target, acceptable, critical] = limits.map(|limit| (!limit.is_empty()).then_some(limit));
        Tiers::parse(Dimension::Count, target, acceptable, critical)
    }

    #[track_caller]
    fn check(limits: [&str; 3], judged: &[(u64, Tier, f64)]) {
        let tiers = row(limits).unwrap();
        for (measured, tier, points) in judged {
            let result = tiers.judge(&Figure::count(*measured));
            assert_eq!(result, Some((*tier, *points)), "{measured} in {limits:?}");
        }
    }

    #[track_caller]
    fn check_faults(limits: [&str; 3], expected: &[(TierField, &str)]) {
        let faults = row(limits).unwrap_err();
        let faults: Vec<_> = faults.iter().map(|tier| (tier.field, tier.fault.message.as_str())).collect();
        assert_eq!(faults, expected, "{limits:?}");
    }

    #[test]
    fn points_fall_from_target_to_acceptable_and_end_there() {
        check(
            ["< 100", "< 200", "> 500"],
            &[
                (99, Tier::Target, 1.0),
                (100, Tier::Acceptable, 1.0),
                (150, Tier::Acceptable, 0.75),
                (200, Tier::Missed, 0.0),
                (500, Tier::Missed, 0.0),
                (501, Tier::Critical, 0.0),
            ],
        );
        check([">= 100", ">= 80", "< 50"], &[(90, Tier::Acceptable, 0.75), (80, Tier::Acceptable, 0.5)]);
        check(["< 5", "<= 5", ""], &[(5, Tier::Acceptable, 0.5)]);
    }

    #[test]
    fn each_side_of_a_range_falls_on_its_own() {
        check(
            ["480..500", "440..1000", "0..400"],
            &[
                (480, Tier::Target, 1.0),
                (460, Tier::Acceptable, 0.75),
                (750, Tier::Acceptable, 0.75),
                (1000, Tier::Acceptable, 0.5),
                (430, Tier::Missed, 0.0),
                (400, Tier::Critical, 0.0),
            ],
        );
    }

    #[test]
    fn a_row_with_only_a_target_is_met_or_missed() {
        check(["== 0", "", ""], &[(0, Tier::Target, 1.0), (1, Tier::Missed, 0.0)]);
        check(["== 0", "", "> 5"], &[(5, Tier::Missed, 0.0), (6, Tier::Critical, 0.0)]);
    }

    #[test]
    fn exactly_on_the_edge_between_target_and_critical_is_missed() {
        check(
            ["> 99", "", "< 99"],
            &[(100, Tier::Target, 1.0), (99, Tier::Missed, 0.0), (98, Tier::Critical, 0.0)],
        );
    }

    #[test]
    fn a_row_with_only_a_critical_limit_is_met_while_that_does_not_hold() {
        check(["", "", "> 5"], &[(5, Tier::Target, 1.0), (6, Tier::Critical, 0.0)]);
    }

    #[test]
    fn a_row_without_tiers_is_not_judged() {
        assert_eq!(Tiers::default().judge(&Figure::count(1)), None);
    }

    #[test]
    fn tiers_that_do_not_fit_together_are_refused() {
        let acceptable = TierField::Acceptable;
        let critical = TierField::Critical;
        check_faults(["", "< 5", ""], &[(acceptable, "needs a target beside it")]);
        check_faults(["< 5", "< 4", ""], &[(acceptable, "must be looser than the target")]);
        check_faults(["< 5", "< 5", ""], &[(acceptable, "must be looser than the target")]);
        check_faults(["4..5", "4..5", ""], &[(acceptable, "must be looser than the target")]);
        check_faults(["4..6", "5..7", ""], &[(acceptable, "must be looser than the target")]);
        check_faults(["4..5", "< 7", ""], &[(acceptable, DIFFERS)]);
        check_faults(["< 5", "> 7", ""], &[(acceptable, DIFFERS)]);
        check_faults(["== 0", "<= 2", ""], &[(acceptable, EXACT)]);
        check_faults(["< 5", "", "< 9"], &[(critical, BAD_SIDE)]);
        check_faults(["4..5", "", "> 9"], &[(critical, BAD_SIDE)]);
        check_faults(["< 5", "< 9", "> 7"], &[(critical, OVERLAPS)]);
        check_faults([">= 99", "", "<= 99"], &[(critical, OVERLAPS)]);
        check_faults(["== 0", "", ">= 0"], &[(critical, OVERLAPS)]);
    }

    #[test]
    fn every_fault_of_a_row_is_told_at_once() {
        let unit = "\"ms\" does not fit: this measures a count, expected a plain number, such as 100";
        check_faults(["< 5ms", "<= 7ms", "< 9"], &[(TierField::Target, unit), (TierField::Acceptable, unit)]);
        check_faults(
            ["< 5", "< 4", "> 3"],
            &[(TierField::Acceptable, "must be looser than the target"), (TierField::Critical, OVERLAPS)],
        );
    }

    proptest! {
        #[test]
        fn a_worse_figure_never_has_more_points(target in 0_u64..100, more in 1_u64..100, left in 0_u64..300, right in 0_u64..300) {
            let (target, acceptable) = (format!("<= {target}"), format!("<= {}", target + more));
            let tiers = row([&target, &acceptable, ""]).unwrap();
            let points = |measured| tiers.judge(&Figure::count(measured)).unwrap().1;
            prop_assert!(points(left.min(right)) >= points(left.max(right)));
        }
    }
}
