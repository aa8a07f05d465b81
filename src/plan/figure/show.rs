//! Figures in the words of people: `73.4 ms`, `0.5%`, `1,200/s`.

use std::fmt;

use super::{Dimension, Figure};

/// Significant digits where nothing asks for more.
const USUAL_DIGITS: u32 = 3;

/// More digits than this are never shown.
const MOST_DIGITS: u32 = 30;

/// A unit to show a figure in: the shown number is the figure by `numerator / denominator`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Scale {
    suffix: &'static str,
    numerator: i128,
    denominator: i128,
}

impl fmt::Display for Figure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&text(self, scale_of(self), USUAL_DIGITS))
    }
}

impl Figure {
    /// This and the limit it is held against, with as many digits as it takes to tell them apart:
    /// a message never says "75 ms < 75 ms".
    #[must_use]
    pub fn show_beside(&self, limit: &Self) -> (String, String) {
        let (mine, theirs) = scales_of(self, limit);
        let pair = |digits| (text(self, mine, digits), text(limit, theirs, digits));
        let enough = (USUAL_DIGITS..MOST_DIGITS).find(|&digits| {
            let (measured, limit) = pair(digits);
            measured != limit
        });
        match enough {
            Some(digits) if self != limit => pair(digits),
            Some(_) | None if self == limit => pair(USUAL_DIGITS),
            Some(_) | None => pair(MOST_DIGITS),
        }
    }
}

/// Neighbours share the limit's unit, so that 999.99 ms beside 1 s does not become "1,000 ms" and "1 s";
/// what is far apart keeps its own.
fn scales_of(measured: &Figure, limit: &Figure) -> (Scale, Scale) {
    let theirs = scale_of(limit);
    let apart = measured.to_f64().abs() / limit.to_f64().abs();
    if measured.dimension == limit.dimension && (0.1..10.0).contains(&apart) {
        (theirs, theirs)
    } else {
        (scale_of(measured), theirs)
    }
}

fn scale_of(figure: &Figure) -> Scale {
    let size = figure.to_f64().abs();
    let scale = |suffix, numerator, denominator| Scale { suffix, numerator, denominator };
    match figure.dimension {
        Dimension::Time => match size {
            size if size < 1e3 => scale(" us", 1, 1),
            size if size < 1e6 => scale(" ms", 1, 1_000),
            size if size < 60e6 => scale(" s", 1, 1_000_000),
            size if size < 3_600e6 => scale(" m", 1, 60_000_000),
            _ => scale(" h", 1, 3_600_000_000),
        },
        Dimension::Bytes => match size {
            size if size < 1e3 => scale(" B", 1, 1),
            size if size < 1e6 => scale(" kB", 1, 1_000),
            size if size < 1e9 => scale(" MB", 1, 1_000_000),
            _ => scale(" GB", 1, 1_000_000_000),
        },
        // A slope reads by the minute, what goes through a network by the second.
        Dimension::TimeSlope => match size * 60.0 {
            size if size < 1e3 => scale(" us/m", 60, 1),
            size if size < 1e6 => scale(" ms/m", 60, 1_000),
            _ => scale(" s/m", 60, 1_000_000),
        },
        Dimension::BytesSlope => match size {
            size if size * 60.0 < 1e3 => scale(" B/m", 60, 1),
            size if size * 60.0 < 1e6 => scale(" kB/m", 60, 1_000),
            size if size < 1e6 => scale(" MB/m", 60, 1_000_000),
            size if size < 1e9 => scale(" MB/s", 1, 1_000_000),
            _ => scale(" GB/s", 1, 1_000_000_000),
        },
        Dimension::Share => scale("%", 100, 1),
        Dimension::Rate => scale("/s", 1, 1),
        Dimension::Count | Dimension::Number => scale("", 1, 1),
    }
}

/// The figure in one unit. A share that is not the whole never reads "100%".
fn text(figure: &Figure, scale: Scale, digits: u32) -> String {
    let Some(shown) = figure.times(scale.numerator, scale.denominator, figure.dimension) else {
        return format!(
            "{:e}{}",
            figure.to_f64() * scale.numerator as f64 / scale.denominator as f64,
            scale.suffix
        );
    };
    let sign = if shown.numerator < 0 { "-" } else { "" };
    let number = decimal(shown.numerator.unsigned_abs(), shown.denominator.unsigned_abs(), digits);
    let rounded_to_the_whole =
        figure.dimension == Dimension::Share && number == "100" && figure.numerator != figure.denominator;
    if rounded_to_the_whole && digits < MOST_DIGITS {
        return text(figure, scale, digits + 1);
    }
    format!("{sign}{number}{}", scale.suffix)
}

/// `above / below` rounded to so many significant digits; whole digits are never dropped, closing zeros are.
fn decimal(above: u128, below: u128, digits: u32) -> String {
    // Each step multiplies a rest by ten: a denominator this large loses bits that no one will see.
    let spare = 5_u32.saturating_sub(below.leading_zeros());
    let (above, below) = (above >> spare, below >> spare);
    let (mut whole, mut rest) = (above / below, above % below);
    let (mut fraction, mut places) = (0_u128, 0_u32);
    let mut shown = whole.checked_ilog10().map_or(0, |log| log + 1);
    while shown < digits && rest != 0 && places < MOST_DIGITS {
        rest *= 10;
        fraction = fraction * 10 + rest / below;
        rest %= below;
        places += 1;
        shown += u32::from(whole > 0 || fraction > 0);
    }
    fraction += u128::from(rest * 2 >= below);
    if fraction == 10_u128.pow(places) {
        (whole, fraction) = (whole + 1, 0);
    }
    let decimals = format!(".{fraction:0>places$}", places = places as usize);
    format!("{}{}", thousands(whole), decimals.trim_end_matches('0').trim_end_matches('.'))
}

fn thousands(whole: u128) -> String {
    let digits = whole.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(figure: Option<Figure>, expected: &str) {
        assert_eq!(figure.unwrap().to_string(), expected);
    }

    #[track_caller]
    fn check_beside(measured: Option<Figure>, limit: Option<Figure>, expected: (&str, &str)) {
        let (measured, limit) = measured.unwrap().show_beside(&limit.unwrap());
        assert_eq!((measured.as_str(), limit.as_str()), expected);
    }

    #[test]
    fn a_time_picks_its_unit() {
        check(Some(Figure::micros(0)), "0 us");
        check(Some(Figure::micros(73_400)), "73.4 ms");
        check(Some(Figure::micros(250)), "250 us");
        check(Some(Figure::micros(1_234_567)), "1.23 s");
        check(Some(Figure::micros(450_000_000)), "7.5 m");
        check(Some(Figure::micros(7_200_000_000)), "2 h");
        check(Figure::new(10, 3, Dimension::Time), "3.33 us");
    }

    #[test]
    fn counts_rates_and_bytes_read_as_people_write_them() {
        check(Some(Figure::count(1_234_567)), "1,234,567");
        check(Figure::per_second(1200, 1_000_000), "1,200/s");
        check(Figure::per_second(5, 3_600_000_000), "0.00139/s");
        check(Some(Figure::bytes(1_500_000)), "1.5 MB");
        check(Figure::from_f64(-0.25, Dimension::Number), "-0.25");
    }

    #[test]
    fn slopes_read_by_the_minute_and_throughput_by_the_second() {
        check(Figure::new(5, 3, Dimension::TimeSlope), "100 us/m");
        check(Figure::new(-50, 1, Dimension::TimeSlope), "-3 ms/m");
        check(Figure::new(100_000, 1, Dimension::TimeSlope), "6 s/m");
        check(Figure::new(10, 1, Dimension::BytesSlope), "600 B/m");
        check(Figure::new(1_000, 60, Dimension::BytesSlope), "1 kB/m");
        check(Figure::new(1_000_000, 60, Dimension::BytesSlope), "1 MB/m");
        check(Figure::new(2_500_000, 1, Dimension::BytesSlope), "2.5 MB/s");
        check(Figure::new(3_000_000_000, 1, Dimension::BytesSlope), "3 GB/s");
    }

    #[test]
    fn a_share_that_is_not_the_whole_never_reads_as_the_whole() {
        check(Figure::share(1, 200), "0.5%");
        check(Figure::share(1, 1), "100%");
        check(Figure::share(99_999, 100_000), "99.999%");
        check(Figure::share(1, 100_000), "0.001%");
    }

    #[test]
    fn a_measured_value_beside_its_limit_gets_the_digits_it_needs() {
        check_beside(Some(Figure::micros(75_004)), Some(Figure::micros(75_000)), ("75.004 ms", "75 ms"));
        check_beside(Some(Figure::micros(999_990)), Some(Figure::micros(1_000_000)), ("0.99999 s", "1 s"));
        check_beside(Some(Figure::micros(75_000)), Some(Figure::micros(75_000)), ("75 ms", "75 ms"));
        check_beside(Some(Figure::micros(200)), Some(Figure::micros(1_000_000)), ("200 us", "1 s"));
        check_beside(Figure::share(9_899_999, 10_000_000), Figure::share(99, 100), ("98.99999%", "99%"));
    }

    proptest! {
        #[test]
        fn different_figures_never_look_equal(a in 0_u32.., b in 1_u32.., c in 0_u32.., d in 1_u32..) {
            let left = Figure::share(a.into(), b.into()).unwrap();
            let right = Figure::share(c.into(), d.into()).unwrap();
            let (measured, limit) = left.show_beside(&right);
            prop_assert_eq!(measured == limit, left == right);
        }
    }
}
