//! Shares such as `0.5%`, kept as parts per million.

use std::fmt;

use crate::plan::figure::{Dimension, Figure};
use crate::plan::quantity;
use crate::plan::text::{Cursor, Misread};

const WHOLE: u32 = 1_000_000;

/// A part of a whole, from 0 to 100 %, exact to a ten-thousandth of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    /// Nothing of it.
    pub const NONE: Self = Self(0);
    /// All of it.
    pub const ALL: Self = Self(WHOLE);

    /// Reads `0.5%`: 0 % to 100 %, up to four decimals.
    pub fn parse(text: &str) -> Result<Self, Misread> {
        let mut cursor = Cursor::new(text);
        let start = cursor.clone();
        let share = quantity::read(&mut cursor, Dimension::Share)?;
        if !text.trim_end().ends_with('%') {
            return Err(cursor.fault("a share needs its unit: %, such as 0.5%"));
        }
        cursor.expect_end("a share such as 0.5%")?;
        let millionths = share.numerator() * i128::from(WHOLE);
        if millionths % share.denominator() != 0 {
            return Err(start.fault("has more than four decimals"));
        }
        match u32::try_from(millionths / share.denominator()) {
            Ok(ppm) if ppm <= WHOLE => Ok(Self(ppm)),
            Ok(_) | Err(_) => Err(start.fault("must be at most 100%")),
        }
    }

    /// Parts per million: 0 to 1,000,000.
    #[must_use]
    pub fn ppm(self) -> u32 {
        self.0
    }

    /// This share of `total`, rounded down.
    #[must_use]
    pub fn of(self, total: u64) -> u64 {
        let part = u128::from(total) * u128::from(self.0) / u128::from(WHOLE);
        // A part is never above its whole.
        u64::try_from(part).unwrap_or(total)
    }

    /// As a figure; 1 is 100 %.
    #[must_use]
    pub fn figure(self) -> Figure {
        Figure::reduced(self.0.into(), WHOLE.into(), Dimension::Share)
    }
}

/// As it can be read again.
impl fmt::Display for Share {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!(".{:04}", self.0 % 10_000);
        write!(out, "{}{}%", self.0 / 10_000, decimals.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<u32, &str>) {
        let ppm = Share::parse(text).map(Share::ppm).map_err(|fault| fault.message);
        assert_eq!(ppm, expected.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn a_share_is_exact_to_four_decimals() {
        check("0.5%", Ok(5_000));
        check("0%", Ok(0));
        check("100%", Ok(1_000_000));
        check("0.0001%", Ok(1));
        check("33.3333 %", Ok(333_333));
    }

    #[test]
    fn what_is_no_part_of_a_whole_is_refused() {
        check("0.00001%", Err("has more than four decimals"));
        check("100.1%", Err("must be at most 100%"));
        check("0.5", Err("a share needs its unit: %, such as 0.5%"));
        check("-1%", Err("a share is never below 0"));
        check("5%%", Err("unknown unit \"%%\", expected %"));
    }

    #[test]
    fn a_part_is_rounded_down() {
        let share = Share::parse("33.3333%").unwrap();
        assert_eq!(share.of(10), 3);
        assert_eq!(Share::parse("100%").unwrap().of(u64::MAX), u64::MAX);
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back_as_the_same_share(ppm in 0_u32..=1_000_000) {
            prop_assert_eq!(Share::parse(&Share(ppm).to_string()), Ok(Share(ppm)));
        }
    }
}
