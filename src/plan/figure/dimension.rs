//! What a figure measures, and what comes of dividing one kind by another.

/// What a figure measures; its documentation names the base unit in which a [`Figure`](super::Figure) holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Microseconds.
    Time,
    /// A fraction of a whole; 1 is 100 %.
    Share,
    /// How many.
    Count,
    /// Events per second.
    Rate,
    /// Bytes.
    Bytes,
    /// Microseconds per second: how fast a time grows.
    TimeSlope,
    /// Bytes per second: how fast bytes grow, or go through.
    BytesSlope,
    /// A number without a unit.
    Number,
}

impl Dimension {
    /// The word for it in messages: `time`, `a share`, …
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Share => "a share",
            Self::Count => "a count",
            Self::Rate => "a rate",
            Self::Bytes => "bytes",
            Self::TimeSlope => "a slope of time",
            Self::BytesSlope => "bytes by time",
            Self::Number => "a number",
        }
    }

    /// Whether figures of the two can be compared: `0.5` and `50%` are one.
    #[must_use]
    pub fn compares_with(self, other: Self) -> bool {
        self == other || (self.is_pure() && other.is_pure())
    }

    /// What a quotient of the two measures; `None` where it has no unit of ours.
    #[must_use]
    pub fn divided_by(self, below: Self) -> Option<Self> {
        match below {
            Self::Number | Self::Share => Some(if self.is_pure() { Self::Number } else { self }),
            Self::Count => match self {
                Self::Count | Self::Number | Self::Share => Some(Self::Number),
                Self::Time | Self::Rate | Self::Bytes | Self::TimeSlope | Self::BytesSlope => Some(self),
            },
            Self::Time => match self {
                Self::Time => Some(Self::Number),
                Self::Count | Self::Number => Some(Self::Rate),
                Self::Bytes => Some(Self::BytesSlope),
                Self::Share | Self::Rate | Self::TimeSlope | Self::BytesSlope => None,
            },
            Self::Rate | Self::Bytes | Self::TimeSlope | Self::BytesSlope => {
                (self == below).then_some(Self::Number)
            }
        }
    }

    fn is_pure(self) -> bool {
        matches!(self, Self::Share | Self::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::Dimension::{self, Bytes, BytesSlope, Count, Number, Rate, Share, Time, TimeSlope};

    #[track_caller]
    fn check(above: Dimension, below: Dimension, expected: Option<Dimension>) {
        assert_eq!(above.divided_by(below), expected, "{above:?} by {below:?}");
    }

    #[test]
    fn the_same_unit_above_and_below_gives_a_number() {
        for dimension in [Time, Share, Count, Rate, Bytes, TimeSlope, BytesSlope, Number] {
            check(dimension, dimension, Some(Number));
        }
    }

    #[test]
    fn a_count_below_keeps_the_unit_above() {
        check(Time, Count, Some(Time));
        check(Bytes, Count, Some(Bytes));
        check(Rate, Count, Some(Rate));
        check(Number, Count, Some(Number));
    }

    #[test]
    fn events_by_time_are_a_rate() {
        check(Count, Time, Some(Rate));
        check(Number, Time, Some(Rate));
        check(Bytes, Time, Some(BytesSlope));
    }

    #[test]
    fn what_has_no_unit_is_refused() {
        check(TimeSlope, Time, None);
        check(BytesSlope, Bytes, None);
        check(Time, Rate, None);
        check(Count, Bytes, None);
    }
}
