//! Reads a number with its unit: `100ms`, `7m30s`, `0.5%`, `6000/m`, `64KiB`, `0.1ms/m`.

use super::figure::{Dimension, Figure};
use super::text::{Cursor, Misread};

/// Longer numbers are refused, so that no product of a number and a unit overflows.
const MOST_WHOLE_DIGITS: usize = 15;
const MOST_DECIMALS: usize = 9;

/// A unit as it is written: one of it is `numerator / denominator` base units.
#[derive(Clone, Copy)]
struct Unit {
    name: &'static str,
    dimension: Dimension,
    numerator: i128,
    denominator: i128,
}

const fn unit(name: &'static str, dimension: Dimension, numerator: i128, denominator: i128) -> Unit {
    Unit { name, dimension, numerator, denominator }
}

const UNITS: [Unit; 17] = [
    unit("us", Dimension::Time, 1, 1),
    unit("ms", Dimension::Time, 1_000, 1),
    unit("s", Dimension::Time, 1_000_000, 1),
    unit("m", Dimension::Time, 60_000_000, 1),
    unit("h", Dimension::Time, 3_600_000_000, 1),
    unit("B", Dimension::Bytes, 1, 1),
    unit("kB", Dimension::Bytes, 1_000, 1),
    unit("MB", Dimension::Bytes, 1_000_000, 1),
    unit("GB", Dimension::Bytes, 1_000_000_000, 1),
    unit("KiB", Dimension::Bytes, 1 << 10, 1),
    unit("MiB", Dimension::Bytes, 1 << 20, 1),
    unit("GiB", Dimension::Bytes, 1 << 30, 1),
    unit("%", Dimension::Share, 1, 100),
    unit("/s", Dimension::Rate, 1, 1),
    unit("/m", Dimension::Rate, 1, 60),
    unit("/h", Dimension::Rate, 1, 3_600),
    unit("/day", Dimension::Rate, 1, 86_400),
];

/// The units that a quantity of this dimension takes, and an example.
pub(super) fn expected(dimension: Dimension) -> (&'static str, &'static str) {
    match dimension {
        Dimension::Time => ("us, ms, s, m or h", "100ms"),
        Dimension::Share => ("%", "0.5%"),
        Dimension::Count => ("a plain number", "100"),
        Dimension::Rate => ("/s, /m, /h or /day", "100/s"),
        Dimension::Bytes => ("B, kB, MB, GB, KiB, MiB or GiB", "64KiB"),
        Dimension::TimeSlope => ("a time and /s, /m, /h or /day", "0.1ms/m"),
        Dimension::BytesSlope => ("bytes and /s, /m, /h or /day", "1MB/m"),
        Dimension::Number => ("a plain number or %", "0.5"),
    }
}

/// The unit of that name; that of a slope has two parts: `ms/m`.
fn find(name: &str) -> Option<Unit> {
    let plain = |name: &str| UNITS.into_iter().find(|unit| unit.name == name);
    if let Some(unit) = plain(name) {
        return Some(unit);
    }
    let (above, by) = name.split_at(name.find('/')?);
    let (above, by) = (plain(above)?, plain(by)?);
    let dimension = match above.dimension {
        Dimension::Time => Dimension::TimeSlope,
        Dimension::Bytes => Dimension::BytesSlope,
        Dimension::Share
        | Dimension::Count
        | Dimension::Rate
        | Dimension::Number
        | Dimension::TimeSlope
        | Dimension::BytesSlope => return None,
    };
    Some(unit("", dimension, above.numerator * by.numerator, above.denominator * by.denominator))
}

/// Reads one quantity of `dimension`. Times may have several parts, from large to small: `7m30s`.
/// Shares and numbers may be written either way: `0.5` and `50%` are one.
pub(super) fn read(cursor: &mut Cursor<'_>, dimension: Dimension) -> Result<Figure, Misread> {
    let start = cursor.clone();
    let (mut sum, mut part) = read_part(cursor, dimension)?;
    while dimension == Dimension::Time && cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
        let here = cursor.clone();
        let (figure, smaller) = read_part(cursor, dimension)?;
        if smaller.numerator >= part.numerator {
            let message = format!(
                "{:?} comes after {:?}, expected from large to small, such as 7m30s",
                smaller.name, part.name
            );
            return Err(here.fault(message));
        }
        sum = sum.plus(figure).ok_or_else(|| start.fault("too large"))?;
        part = smaller;
    }
    Ok(sum)
}

/// One number with one unit.
fn read_part(cursor: &mut Cursor<'_>, dimension: Dimension) -> Result<(Figure, Unit), Misread> {
    let start = cursor.clone();
    let (digits, scale) = read_decimal(cursor, dimension)?;
    let unit = read_unit(cursor, dimension)?;
    let figure = Figure::new(digits * unit.numerator, scale * unit.denominator, dimension);
    Ok((figure.ok_or_else(|| start.fault("too large"))?, unit))
}

/// A decimal number as digits over a power of ten. Only plain numbers and slopes may be below zero.
fn read_decimal(cursor: &mut Cursor<'_>, dimension: Dimension) -> Result<(i128, i128), Misread> {
    let start = cursor.clone();
    let negative = cursor.eat("-");
    let may_fall = matches!(dimension, Dimension::Number | Dimension::TimeSlope | Dimension::BytesSlope);
    if negative && !may_fall {
        return Err(start.fault(format!("{} is never below 0", dimension.name())));
    }
    let whole = cursor.take_while(|c| c.is_ascii_digit());
    if whole.is_empty() {
        return Err(cursor.fault(format!("expected a number, such as {}", expected(dimension).1)));
    }
    // Two dots are a range: `480..500`.
    let decimals = match cursor.rest().strip_prefix('.') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => {
            cursor.eat(".");
            cursor.take_while(|c| c.is_ascii_digit())
        }
        Some(_) | None => "",
    };
    if whole.len() > MOST_WHOLE_DIGITS || decimals.len() > MOST_DECIMALS {
        return Err(start
            .fault(format!("a number has at most {MOST_WHOLE_DIGITS} digits and {MOST_DECIMALS} decimals")));
    }
    let digits =
        whole.bytes().chain(decimals.bytes()).fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    let scale = decimals.bytes().fold(1, |scale, _| scale * 10);
    Ok((if negative { -digits } else { digits }, scale))
}

fn read_unit(cursor: &mut Cursor<'_>, dimension: Dimension) -> Result<Unit, Misread> {
    let number_end = cursor.clone();
    cursor.skip_spaces();
    let start = cursor.clone();
    let name = cursor.take_while(|c| c.is_alphabetic() || c == '/' || c == '%');
    let (units, example) = expected(dimension);
    if name.is_empty() {
        return match dimension {
            Dimension::Share | Dimension::Count | Dimension::Number => Ok(unit("", dimension, 1, 1)),
            Dimension::Time
            | Dimension::Rate
            | Dimension::Bytes
            | Dimension::TimeSlope
            | Dimension::BytesSlope => {
                let measured = dimension.name();
                Err(number_end.fault(format!(
                    "a unit is missing: this measures {measured}, expected {units}, such as {example}"
                )))
            }
        };
    }
    match find(name) {
        Some(unit) if unit.dimension.compares_with(dimension) => Ok(unit),
        Some(_) => Err(start.fault(format!(
            "{name:?} does not fit: this measures {}, expected {units}, such as {example}",
            dimension.name(),
        ))),
        None => Err(start.fault(format!("unknown unit {name:?}, expected {units}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, dimension: Dimension, expected: Result<(i128, i128), (usize, &str)>) {
        let mut cursor = Cursor::new(text);
        let read = read(&mut cursor, dimension).and_then(|figure| {
            cursor.expect_end("the end")?;
            Ok((figure.numerator(), figure.denominator()))
        });
        let read = read.map_err(|fault| (fault.at, fault.message));
        assert_eq!(read, expected.map_err(|(at, message)| (at, message.to_owned())), "{text}");
    }

    #[test]
    fn every_unit_is_exact_in_base_units() {
        check("100ms", Dimension::Time, Ok((100_000, 1)));
        check("0.5 us", Dimension::Time, Ok((1, 2)));
        check("7m30s", Dimension::Time, Ok((450_000_000, 1)));
        check("1.5h", Dimension::Time, Ok((5_400_000_000, 1)));
        check("64KiB", Dimension::Bytes, Ok((65_536, 1)));
        check("0.5%", Dimension::Share, Ok((1, 200)));
        check("0.5", Dimension::Share, Ok((1, 2)));
        check("50%", Dimension::Number, Ok((1, 2)));
        check("-2", Dimension::Number, Ok((-2, 1)));
        check("6000/m", Dimension::Rate, Ok((100, 1)));
        check("2/day", Dimension::Rate, Ok((1, 43_200)));
        check("0.1ms/m", Dimension::TimeSlope, Ok((5, 3)));
        check("-3 s/h", Dimension::TimeSlope, Ok((-2_500, 3)));
        check("1MB/m", Dimension::BytesSlope, Ok((50_000, 3)));
        check("2KiB/s", Dimension::BytesSlope, Ok((2_048, 1)));
    }

    #[test]
    fn what_cannot_be_read_is_pointed_at() {
        check("100mss", Dimension::Time, Err((3, "unknown unit \"mss\", expected us, ms, s, m or h")));
        check(
            "100",
            Dimension::Time,
            Err((3, "a unit is missing: this measures time, expected us, ms, s, m or h, such as 100ms")),
        );
        check("fast", Dimension::Time, Err((0, "expected a number, such as 100ms")));
        check("-1s", Dimension::Time, Err((0, "time is never below 0")));
        check(
            "30s7m",
            Dimension::Time,
            Err((3, "\"m\" comes after \"s\", expected from large to small, such as 7m30s")),
        );
        check(
            "5%",
            Dimension::Time,
            Err((1, "\"%\" does not fit: this measures time, expected us, ms, s, m or h, such as 100ms")),
        );
        let slopes = "a time and /s, /m, /h or /day";
        check(
            "1ms",
            Dimension::TimeSlope,
            Err((
                1,
                &format!(
                    "\"ms\" does not fit: this measures a slope of time, expected {slopes}, such as 0.1ms/m"
                ),
            )),
        );
        check("1%/m", Dimension::TimeSlope, Err((1, &format!("unknown unit \"%/m\", expected {slopes}"))));
        check(
            "1234567890123456",
            Dimension::Count,
            Err((0, "a number has at most 15 digits and 9 decimals")),
        );
        check("1.", Dimension::Count, Err((1, "unexpected \".\", expected the end")));
    }
}
