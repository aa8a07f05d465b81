//! Durations such as `7m30s`, and ranges of them such as `1s..3s`.

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

/// A time drawn anew each time it is needed: from `least` to `most`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DurationRange {
    /// Not above `most`.
    pub least: Duration,
    /// Equal to `least` where there is nothing to draw.
    pub most: Duration,
}

impl DurationRange {
    /// Reads `1s..3s`, or `2s` for always the same.
    pub fn parse(text: &str) -> Result<Self, Misread> {
        let mut cursor = Cursor::new(text);
        let start = cursor.clone();
        let least = read_duration(&mut cursor)?;
        cursor.skip_spaces();
        let mut most = least;
        if cursor.eat("..") {
            cursor.skip_spaces();
            most = read_duration(&mut cursor)?;
        }
        cursor.expect_end("a duration such as 2s or a range such as 1s..3s")?;
        if most < least {
            return Err(start.fault("the range runs backwards, expected the smaller first, such as 1s..3s"));
        }
        Ok(Self { least, most })
    }
}

fn read_duration(cursor: &mut Cursor<'_>) -> Result<Duration, Misread> {
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

    #[track_caller]
    fn check_range(text: &str, expected: Option<(u64, u64)>) {
        let range = DurationRange::parse(text).ok();
        let expected = expected.map(|(least, most)| DurationRange {
            least: Duration::from_millis(least),
            most: Duration::from_millis(most),
        });
        assert_eq!(range, expected, "{text}");
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

    #[test]
    fn a_range_runs_from_small_to_large() {
        check_range("1s..3s", Some((1_000, 3_000)));
        check_range("500ms .. 1.5s", Some((500, 1_500)));
        check_range("2s", Some((2_000, 2_000)));
        check_range("3s..1s", None);
        check_range("1s..", None);
        check_range("1..3s", None);
    }
}
