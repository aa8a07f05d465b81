//! Places in a phase: a share of its length, or a time from its start.

use std::fmt;
use std::time::Duration;

use super::share::Share;
use crate::plan::figure::{Dimension, Figure};
use crate::plan::quantity;
use crate::plan::text::{Cursor, Misread};
use crate::plan::written;

use super::duration::LONGEST_DURATION;

/// A place in a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// After this share of the phase.
    Share(Share),
    /// After this time, whatever the phase's length.
    After(Duration),
}

impl Moment {
    /// The start of the phase.
    pub const START: Self = Moment::Share(Share::NONE);
    /// Its end.
    pub const END: Self = Moment::Share(Share::ALL);

    /// Reads `75%` or `1m30s`. Unlike other times it may be 0.
    pub fn parse(text: &str) -> Result<Self, Misread> {
        if text.trim_end().ends_with('%') {
            return Share::parse(text).map(Moment::Share);
        }
        let mut cursor = Cursor::new(text);
        let start = cursor.clone();
        let time = quantity::read(&mut cursor, Dimension::Time)?;
        cursor.expect_end("a share such as 75% or a time such as 30s")?;
        if time.denominator() != 1 {
            return Err(start.fault("is finer than a microsecond"));
        }
        let longest = Figure::micros(u64::try_from(LONGEST_DURATION.as_micros()).unwrap_or(u64::MAX));
        match u64::try_from(time.numerator()) {
            Ok(micros) if time <= longest => Ok(Moment::After(Duration::from_micros(micros))),
            Ok(_) | Err(_) => Err(start.fault("must be at most 366 days (8784h)")),
        }
    }

    /// Where it lies in a phase of this length, in microseconds from its start.
    #[must_use]
    pub fn micros_of(self, length: Duration) -> u64 {
        let micros = |length: Duration| u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        match self {
            Moment::Share(share) => share.of(micros(length)),
            Moment::After(time) => micros(time),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moment::Share(share) => share.fmt(out),
            Moment::After(time) => out.write_str(&written::duration(*time)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<(&str, u64), &str>) {
        let read = Moment::parse(text).map_err(|fault| fault.message);
        let told = read.map(|moment| (moment.to_string(), moment.micros_of(Duration::from_mins(1))));
        let want = want.map(|(shown, micros)| (shown.to_owned(), micros)).map_err(str::to_owned);
        assert_eq!(told, want, "{text}");
    }

    #[test]
    fn a_moment_is_a_share_or_a_time_and_may_be_the_start() {
        check("75%", Ok(("75%", 45_000_000)));
        check("0.5%", Ok(("0.5%", 300_000)));
        check("0%", Ok(("0%", 0)));
        check("0s", Ok(("0s", 0)));
        check(" 1m30s", Ok(("1m30s", 90_000_000)));
    }

    #[test]
    fn what_is_no_place_in_a_phase_is_refused() {
        check("101%", Err("must be at most 100%"));
        check("30", Err("a unit is missing: this measures time, expected us, ms, s, m or h, such as 100ms"));
        check("30s later", Err("unexpected \"later\", expected a share such as 75% or a time such as 30s"));
        check("0.5us", Err("is finer than a microsecond"));
        check("8785h", Err("must be at most 366 days (8784h)"));
    }
}
