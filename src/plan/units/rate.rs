//! Rates such as `6000/m`, and when the events of a rate are due.

use std::fmt;
use std::time::Duration;

use crate::plan::figure::{Dimension, Figure};
use crate::plan::quantity;
use crate::plan::text::{Cursor, Misread};

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// One event each nanosecond, the resolution of an offset.
const HIGHEST_PER_SECOND: Figure = Figure::whole(1_000_000_000, Dimension::Rate);

/// Three decimals of the longest unit, a day: with more, an offset of 64 bits would not be exact in 128.
const FINEST: u64 = 86_400 * 1_000;

/// The units a rate is written in, with their seconds; the first in which it is a whole number is taken.
const UNITS: [(&str, u128); 4] = [("s", 1), ("m", 60), ("h", 3_600), ("day", 86_400)];

/// So many events in so many seconds: reduced, above zero, exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    events: u64,
    seconds: u64,
}

impl Rate {
    /// Reads `100/s`, `6000/m`, `5/h`, `2/day`: above 0, up to three decimals, at most 1000000000/s.
    pub fn parse(text: &str) -> Result<Self, Misread> {
        let mut cursor = Cursor::new(text);
        let start = cursor.clone();
        let rate = quantity::read(&mut cursor, Dimension::Rate)?;
        cursor.expect_end("a rate such as 100/s")?;
        if rate == Figure::whole(0, Dimension::Rate) {
            return Err(start.fault("must be above 0"));
        }
        if rate > HIGHEST_PER_SECOND {
            return Err(start.fault("must be at most 1000000000/s"));
        }
        match (u64::try_from(rate.numerator()), u64::try_from(rate.denominator())) {
            (Ok(events), Ok(seconds)) if FINEST.is_multiple_of(seconds) => Ok(Self { events, seconds }),
            _ => Err(start.fault("has too many decimals: give at most three, or a longer unit, such as 5/h")),
        }
    }

    /// The same, where `0/s` stands for none.
    pub fn parse_or_none(text: &str) -> Result<Option<Self>, Misread> {
        let mut cursor = Cursor::new(text);
        let is_none = quantity::read(&mut cursor, Dimension::Rate) == Ok(Figure::whole(0, Dimension::Rate));
        if is_none && cursor.expect_end("a rate such as 100/s").is_ok() {
            return Ok(None);
        }
        Self::parse(text).map(Some)
    }

    /// When event `index`, counted from 0, is due: nanoseconds after the start, rounded down. Each is worked
    /// out from the start, so nothing adds up. What lies beyond 584 years stays at the largest number.
    #[must_use]
    pub fn offset_nanos(&self, index: u64) -> u64 {
        // At most 2^64 · 86,400,000 · 10^9, which is below 2^121.
        let offset =
            u128::from(index) * u128::from(self.seconds) * NANOS_PER_SECOND / u128::from(self.events);
        u64::try_from(offset).unwrap_or(u64::MAX)
    }

    /// How many events are due before `time` has passed; the first is due at once.
    #[must_use]
    pub fn count_in(&self, time: Duration) -> u64 {
        let nanos = u128::from(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        let events = (nanos * u128::from(self.events)).div_ceil(u128::from(self.seconds) * NANOS_PER_SECOND);
        u64::try_from(events).unwrap_or(u64::MAX)
    }

    /// How many `parts`, of which an event is made up of so many, come together in `time`, rounded down.
    #[must_use]
    pub fn count_parts(&self, time: Duration, parts: u128) -> u128 {
        time.as_nanos() * u128::from(self.events) * (parts / NANOS_PER_SECOND) / u128::from(self.seconds)
    }

    /// This and `count` times another one.
    #[must_use]
    pub fn plus(&self, step: Self, count: u64) -> Self {
        let events = self.finest().saturating_add(step.finest().saturating_mul(u128::from(count)));
        let reduced =
            Figure::reduced(i128::try_from(events).unwrap_or(i128::MAX), i128::from(FINEST), Dimension::Rate);
        match (u64::try_from(reduced.numerator()), u64::try_from(reduced.denominator())) {
            (Ok(events), Ok(seconds)) => Self { events, seconds },
            _ => unreachable!("the highest rate is a billion a second, and a step leads to no higher one"),
        }
    }

    /// How many rates there are from this one to `highest`, each by `step` more than the one before.
    #[must_use]
    pub fn steps_to(&self, step: Self, highest: Self) -> u64 {
        let way = highest.finest().checked_sub(self.finest());
        way.map_or(0, |way| u64::try_from(way / step.finest() + 1).unwrap_or(u64::MAX))
    }

    /// Events in the time of which that of each rate is a part.
    fn finest(&self) -> u128 {
        u128::from(self.events) * u128::from(FINEST / self.seconds)
    }

    /// Events per second, exactly.
    #[must_use]
    pub fn figure(&self) -> Figure {
        Figure::reduced(self.events.into(), self.seconds.into(), Dimension::Rate)
    }
}

/// As it can be read again: `100/s`, `5/h`, `0.5/day`.
impl fmt::Display for Rate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (events, seconds) = (u128::from(self.events), u128::from(self.seconds));
        for (name, unit) in UNITS {
            if (events * unit).is_multiple_of(seconds) {
                return write!(out, "{}/{name}", events * unit / seconds);
            }
        }
        let thousandths = events * u128::from(FINEST) / seconds;
        let decimals = format!("{:03}", thousandths % 1_000);
        write!(out, "{}.{}/day", thousandths / 1_000, decimals.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let shown = Rate::parse(text).map(|rate| rate.to_string()).map_err(|fault| fault.message);
        assert_eq!(shown, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
    }

    #[track_caller]
    fn check_due(text: &str, index: u64, nanos: u64) {
        assert_eq!(Rate::parse(text).unwrap().offset_nanos(index), nanos, "event {index} of {text}");
    }

    #[test]
    fn a_rate_is_shown_in_the_first_unit_in_which_it_is_whole() {
        check("100/s", Ok("100/s"));
        check("6000/m", Ok("100/s"));
        check("0.5/s", Ok("30/m"));
        check("5/h", Ok("5/h"));
        check("2/day", Ok("2/day"));
        check("0.25/day", Ok("0.25/day"));
    }

    #[test]
    fn a_rate_that_sends_nothing_or_too_much_is_refused() {
        check("0/s", Err("must be above 0"));
        check("1000000001/s", Err("must be at most 1000000000/s"));
        check(
            "100",
            Err("a unit is missing: this measures a rate, expected /s, /m, /h or /day, such as 100/s"),
        );
        check("100/week", Err("unknown unit \"/week\", expected /s, /m, /h or /day"));
        check("0.00001/day", Err("has too many decimals: give at most three, or a longer unit, such as 5/h"));
    }

    #[test]
    fn an_event_is_due_at_its_exact_time_rounded_down() {
        check_due("3/s", 1, 333_333_333);
        check_due("3/s", 2, 666_666_666);
        check_due("3/s", 3, 1_000_000_000);
        check_due("5/h", 5, 3_600_000_000_000);
        check_due("1000000000/s", 7, 7);
        check_due("1/day", u64::MAX, u64::MAX);
    }

    #[test]
    fn the_event_at_the_very_end_belongs_to_the_next() {
        let rate = Rate::parse("10/s").unwrap();
        assert_eq!(rate.count_in(Duration::from_secs(2)), 20);
        assert_eq!(rate.count_in(Duration::from_millis(2_001)), 21);
        assert_eq!(rate.count_in(Duration::ZERO), 0);
        assert_eq!(rate.count_in(Duration::from_nanos(1)), 1);
    }

    fn any_rate() -> impl Strategy<Value = Rate> {
        ("[1-9][0-9]{0,7}(\\.[0-9]{1,3})?", "/(s|m|h|day)")
            .prop_map(|(number, unit)| Rate::parse(&format!("{number}{unit}")).unwrap())
    }

    proptest! {
        #[test]
        fn after_n_seconds_exactly_n_times_the_rate_is_due(per_second in 1_u64..1_000_000, seconds in 0_u64..31_622_400) {
            let rate = Rate::parse(&format!("{per_second}/s")).unwrap();
            prop_assert_eq!(rate.offset_nanos(per_second * seconds), seconds * 1_000_000_000);
            prop_assert_eq!(rate.count_in(Duration::from_secs(seconds)), per_second * seconds);
        }

        #[test]
        fn an_event_counts_exactly_from_the_moment_it_is_due(rate in any_rate(), index in 0_u64..1_000_000) {
            let due = rate.offset_nanos(index);
            prop_assume!(due < u64::MAX);
            prop_assert!(rate.count_in(Duration::from_nanos(due)) <= index);
            prop_assert!(rate.count_in(Duration::from_nanos(due + 1)) > index);
        }

        #[test]
        fn what_is_shown_reads_back_as_the_same_rate(rate in any_rate()) {
            prop_assert_eq!(Rate::parse(&rate.to_string()), Ok(rate));
        }
    }
}
