//! Lengths of time as a spec would have them.

use std::fmt::Write as _;
use std::time::Duration;

const UNITS: [(&str, u128); 5] =
    [("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];

/// `7m30s`, `2s500ms`: read again, it is the same to the microsecond.
pub(super) fn duration(duration: Duration) -> String {
    let mut rest = duration.as_micros();
    let mut written = String::new();
    for (unit, micros) in UNITS {
        if rest >= micros {
            // Writing to a String never fails.
            _ = write!(written, "{}{unit}", rest / micros);
            rest %= micros;
        }
    }
    if written.is_empty() { "0s".to_owned() } else { written }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::units::parse_duration;

    #[test]
    fn a_length_is_written_in_the_units_of_a_spec() {
        for (micros, want) in
            [(0, "0s"), (450_000_000, "7m30s"), (2_500_000, "2s500ms"), (3_600_000_001, "1h1us")]
        {
            assert_eq!(duration(Duration::from_micros(micros)), want);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(micros in 1..1_000_000_000_000_u64) {
            let length = Duration::from_micros(micros);
            prop_assert_eq!(parse_duration(&duration(length)), Ok(length));
        }
    }
}
