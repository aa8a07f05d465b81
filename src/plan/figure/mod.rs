//! A measured or demanded quantity as an exact fraction, so that limits are compared as integers.

mod dimension;
mod show;

use std::cmp::Ordering;

pub use dimension::Dimension;

/// Microseconds in a second: the bridge between time (microseconds) and rates (per second).
const MICROS_PER_SECOND: i128 = 1_000_000;

/// Below this a float may have a fractional part; from here on it is a whole number.
const WHOLE_FLOATS_FROM: f64 = 9_007_199_254_740_992.0;

/// An exact quantity: a reduced fraction in the base unit of its [`Dimension`].
///
/// Figures of one dimension are ordered, a share and a number count as one; others neither equal nor order.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    numerator: i128,
    denominator: i128,
    dimension: Dimension,
}

impl Figure {
    /// A fraction in the base unit of `dimension`; `None` when the denominator is not above zero.
    #[must_use]
    pub fn new(numerator: i128, denominator: i128, dimension: Dimension) -> Option<Self> {
        (denominator > 0).then(|| Self::reduced(numerator, denominator, dimension))
    }

    /// A time in microseconds.
    #[must_use]
    pub fn micros(micros: u64) -> Self {
        Self::whole(micros, Dimension::Time)
    }

    /// How many.
    #[must_use]
    pub fn count(count: u64) -> Self {
        Self::whole(count, Dimension::Count)
    }

    /// An amount of bytes.
    #[must_use]
    pub fn bytes(bytes: u64) -> Self {
        Self::whole(bytes, Dimension::Bytes)
    }

    /// `part` of `whole`; `None` when the whole is zero: a share of nothing is unknown, not zero.
    #[must_use]
    pub fn share(part: u64, whole: u64) -> Option<Self> {
        Self::new(part.into(), whole.into(), Dimension::Share)
    }

    /// `count` events within `over_micros` microseconds, per second; `None` when no time passed.
    #[must_use]
    pub fn per_second(count: u64, over_micros: u64) -> Option<Self> {
        Self::new(i128::from(count) * MICROS_PER_SECOND, over_micros.into(), Dimension::Rate)
    }

    /// A float in base units, to twelve decimals: for what is irrational, such as a coefficient of variation.
    /// `None` when it is not finite or too large.
    #[must_use]
    pub fn from_f64(value: f64, dimension: Dimension) -> Option<Self> {
        const SCALE: i128 = 1_000_000_000_000;
        let scale = if value.abs() < WHOLE_FLOATS_FROM { SCALE } else { 1 };
        let scaled = (value * scale as f64).round();
        if !scaled.is_finite() || scaled.abs() > 1e38 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 1e38, which an i128 holds")]
        Self::new(scaled as i128, scale, dimension)
    }

    /// What it measures.
    #[must_use]
    pub fn dimension(&self) -> Dimension {
        self.dimension
    }

    /// The upper part of the reduced fraction, in base units; it carries the sign.
    #[must_use]
    pub fn numerator(&self) -> i128 {
        self.numerator
    }

    /// The lower part of the reduced fraction, above zero.
    #[must_use]
    pub fn denominator(&self) -> i128 {
        self.denominator
    }

    /// The nearest float in base units: for charts and scores, never for comparing.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// This by `below`, with the unit that [`Dimension::divided_by`] gives.
    /// `None` when `below` is zero, or when the quotient has no unit of ours.
    #[must_use]
    pub fn divide(self, below: Self) -> Option<Self> {
        let dimension = self.dimension.divided_by(below.dimension)?;
        // Time is held in microseconds, rates and slopes are per second.
        let is_by_time = matches!(dimension, Dimension::Rate | Dimension::BytesSlope);
        let to_base = if is_by_time && below.dimension == Dimension::Time { MICROS_PER_SECOND } else { 1 };
        let sign = below.numerator.signum();
        let inverse = Self::new(below.denominator * sign, below.numerator.checked_abs()?, dimension)?;
        self.times(inverse.numerator, inverse.denominator, dimension)?.times(to_base, 1, dimension)
    }

    /// This plus `other`; `None` when they cannot be compared or the sum is too large.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        if !self.dimension.compares_with(other.dimension) {
            return None;
        }
        let left = self.numerator.checked_mul(other.denominator)?;
        let right = other.numerator.checked_mul(self.denominator)?;
        Self::new(left.checked_add(right)?, self.denominator.checked_mul(other.denominator)?, self.dimension)
    }

    /// This by the fraction `numerator / denominator` (above zero), exactly; where that overflows, as near
    /// as a float comes.
    fn times(self, numerator: i128, denominator: i128, dimension: Dimension) -> Option<Self> {
        let left = Self::reduced(self.numerator, denominator, dimension);
        let right = Self::reduced(numerator, self.denominator, dimension);
        match (left.numerator.checked_mul(right.numerator), left.denominator.checked_mul(right.denominator)) {
            (Some(numerator), Some(denominator)) => Self::new(numerator, denominator, dimension),
            _ => Self::from_f64(left.to_f64() * right.to_f64(), dimension),
        }
    }

    /// So many base units.
    pub(super) const fn whole(amount: u64, dimension: Dimension) -> Self {
        Self { numerator: amount as i128, denominator: 1, dimension }
    }

    /// The fraction in lowest terms; `denominator` must be above zero.
    pub(super) fn reduced(numerator: i128, denominator: i128, dimension: Dimension) -> Self {
        let divisor = greatest_common_divisor(numerator, denominator);
        Self { numerator: numerator / divisor, denominator: denominator / divisor, dimension }
    }
}

impl PartialEq for Figure {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl Eq for Figure {}

impl PartialOrd for Figure {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.dimension
            .compares_with(other.dimension)
            .then(|| compare((self.numerator, self.denominator), (other.numerator, other.denominator)))
    }
}

/// Compares two fractions by cross multiplication, or by parts where that would overflow.
fn compare(left: (i128, i128), right: (i128, i128)) -> Ordering {
    match (left.0.checked_mul(right.1), right.0.checked_mul(left.1)) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => compare_by_parts(left, right),
    }
}

/// Compares the whole parts; equal ones leave two proper fractions, whose reciprocals compare the other
/// way round. Exact, and nothing is multiplied.
fn compare_by_parts((a, b): (i128, i128), (c, d): (i128, i128)) -> Ordering {
    a.div_euclid(b).cmp(&c.div_euclid(d)).then_with(|| match (a.rem_euclid(b), c.rem_euclid(d)) {
        (0, 0) => Ordering::Equal,
        (0, _) => Ordering::Less,
        (_, 0) => Ordering::Greater,
        (left, right) => compare_by_parts((d, right), (b, left)),
    })
}

/// Above zero, since `below` is.
fn greatest_common_divisor(above: i128, below: i128) -> i128 {
    let (mut larger, mut smaller) = (below, above % below);
    while smaller != 0 {
        (larger, smaller) = (smaller, larger % smaller);
    }
    larger.abs()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(left: Option<Figure>, right: Option<Figure>, expected: Option<Ordering>) {
        let (left, right) = (left.unwrap(), right.unwrap());
        assert_eq!(left.partial_cmp(&right), expected, "{left:?} and {right:?}");
    }

    #[test]
    fn a_third_is_a_third_however_it_was_counted() {
        check(Figure::share(1, 3), Figure::share(333, 999), Some(Ordering::Equal));
        check(Figure::share(1, 3), Figure::share(333, 1000), Some(Ordering::Greater));
    }

    #[test]
    fn half_and_fifty_percent_are_one_but_time_and_count_are_not() {
        check(Figure::share(1, 2), Figure::from_f64(0.5, Dimension::Number), Some(Ordering::Equal));
        check(Some(Figure::micros(1)), Some(Figure::count(1)), None);
    }

    #[test]
    fn rates_stay_exact() {
        check(Figure::per_second(1, 3_000_000), Figure::new(1, 3, Dimension::Rate), Some(Ordering::Equal));
    }

    #[test]
    fn a_quotient_takes_its_unit_from_both_sides() {
        let per_request = Figure::micros(900).divide(Figure::count(4));
        check(per_request, Figure::new(225, 1, Dimension::Time), Some(Ordering::Equal));
        let rate = Figure::count(30).divide(Figure::micros(60_000_000));
        check(rate, Figure::new(1, 2, Dimension::Rate), Some(Ordering::Equal));
        let throughput = Figure::bytes(30).divide(Figure::micros(60_000_000));
        check(throughput, Figure::new(1, 2, Dimension::BytesSlope), Some(Ordering::Equal));
        let writes = Figure::count(1).divide(Figure::count(2));
        check(writes, Figure::share(1, 2), Some(Ordering::Equal));
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!(Figure::count(1).divide(Figure::count(0)), None);
        assert_eq!(Figure::share(0, 0), None);
        assert_eq!(Figure::per_second(1, 0), None);
    }

    #[test]
    fn a_float_that_is_no_number_is_no_figure() {
        for value in [f64::NAN, f64::INFINITY, 1e39] {
            assert_eq!(Figure::from_f64(value, Dimension::Number), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn comparing_by_parts_agrees_with_cross_multiplication(
            a in -1_000_000_000_i64..1_000_000_000, b in 1_i64.., c in -1_000_000_000_i64..1_000_000_000, d in 1_i64..,
        ) {
            let (left, right) = ((a.into(), b.into()), (c.into(), d.into()));
            prop_assert_eq!(compare_by_parts(left, right), compare(left, right));
        }

        #[test]
        fn figures_too_large_to_multiply_still_compare(n in 1_i128 << 100..i128::MAX, d in 1_i128 << 100..i128::MAX - 1) {
            let (here, more) = (Figure::new(n, d + 1, Dimension::Number), Figure::new(n, d, Dimension::Number));
            prop_assert!(here < more);
        }
    }
}
