//! Amounts of bytes such as `128MB` and `64KiB`.

use crate::plan::figure::Dimension;
use crate::plan::quantity;
use crate::plan::text::{Cursor, Misread};

/// Reads a whole number of bytes in B, kB, MB, GB (by thousands), KiB, MiB or GiB (by 1024); 0 is allowed.
pub fn parse_bytes(text: &str) -> Result<u64, Misread> {
    let mut cursor = Cursor::new(text);
    let start = cursor.clone();
    let bytes = quantity::read(&mut cursor, Dimension::Bytes)?;
    cursor.expect_end("an amount of bytes such as 64KiB")?;
    if bytes.denominator() != 1 {
        return Err(start.fault("is not a whole number of bytes"));
    }
    u64::try_from(bytes.numerator()).map_err(|_| start.fault("is more than 64 bits count"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<u64, &str>) {
        let bytes = parse_bytes(text).map_err(|fault| fault.message);
        assert_eq!(bytes, expected.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn thousands_and_powers_of_two_are_told_apart() {
        check("128MB", Ok(128_000_000));
        check("64KiB", Ok(65_536));
        check("1.5kB", Ok(1_500));
        check("0B", Ok(0));
    }

    #[test]
    fn what_is_no_amount_of_bytes_is_refused() {
        check(
            "128",
            Err(
                "a unit is missing: this measures bytes, expected B, kB, MB, GB, KiB, MiB or GiB, such as 64KiB",
            ),
        );
        check("1KB", Err("unknown unit \"KB\", expected B, kB, MB, GB, KiB, MiB or GiB"));
        check("0.5B", Err("is not a whole number of bytes"));
        check("999999999999999GB", Err("is more than 64 bits count"));
    }
}
