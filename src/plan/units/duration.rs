//! Durations such as `7m30s`.

use std::time::Duration;

use crate::plan::figure::{Dimension, Figure};
use crate::plan::quantity;
use crate::plan::text::{Cursor, Misread};

/// Nothing in a test takes longer than 366 days.
pub const LONGEST_DURATION: Duration = Duration::from_hours(366 * 24);

/// Reads a duration in us, ms, s, m and h, from large to small (`7m30s`, `1.5s`): whole microseconds, above
/// zero, at most 366 days.
pub fn parse_duration(text: &str) -> Result<Duration, Misread> {
    let mut cursor = Cursor::new(text);
    let duration = read_duration(&mut cursor)?;
    cursor.expect_end("a duration such as 7m30s")?;
    Ok(duration)
}

pub(super) fn read_duration(cursor: &mut Cursor<'_>) -> Result<Duration, Misread> {
    let start = cursor.clone();
    let time = quantity::read(cursor, Dimension::Time)?;
    if time == Figure::micros(0) {
        return Err(start.fault("must be above 0"));
    }
    if time.denominator() != 1 {
        return Err(start.fault("is finer than a microsecond"));
    }
    match u64::try_from(time.numerator()).map(Duration::from_micros) {
        Ok(duration) if duration <= LONGEST_DURATION => Ok(duration),
        Ok(_) | Err(_) => Err(start.fault("must be at most 366 days (8784h)")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<u64, (usize, &str)>) {
        let parsed = parse_duration(text).map_err(|fault| (fault.at, fault.message));
        assert_eq!(
            parsed,
            expected.map(Duration::from_micros).map_err(|(at, message)| (at, message.to_owned())),
            "{text}"
        );
    }

    #[test]
    fn parts_add_up() {
        check("7m30s", Ok(450_000_000));
        check("500ms", Ok(500_000));
        check("2h", Ok(7_200_000_000));
        check("1.5s", Ok(1_500_000));
        check(" 1us ", Ok(1));
        check("8784h", Ok(366 * 24 * 3_600_000_000));
    }

    #[test]
    fn what_is_no_time_to_wait_is_refused() {
        check("0s", Err((0, "must be above 0")));
        check("0.5us", Err((0, "is finer than a microsecond")));
        check("8785h", Err((0, "must be at most 366 days (8784h)")));
        check("5 days", Err((2, "unknown unit \"days\", expected us, ms, s, m or h")));
        check("5s!", Err((2, "unexpected \"!\", expected a duration such as 7m30s")));
        check("", Err((0, "expected a number, such as 100ms")));
    }
}
