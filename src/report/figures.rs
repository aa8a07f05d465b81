//! Figures as people read them: `1,204/s`, `61.2 ms`, `0.12%`, `7m30s`.

use std::time::Duration;

pub use crate::plan::words::{count, length, of_these};

/// `1,204/s`.
#[must_use]
pub fn rate(per_second: u64) -> String {
    format!("{}/s", count(per_second))
}

/// `850 us`, `61.2 ms`, `3.05 s`, `2m05s`: three digits that count.
#[must_use]
pub fn micros(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} us"),
        1_000..1_000_000 => format!("{} ms", three_digits(micros)),
        1_000_000..60_000_000 => format!("{} s", three_digits(micros / 1_000)),
        _ => length(Duration::from_micros(micros)),
    }
}

/// Thousandths as a whole number with as many decimals as make three digits. Halves go up, as in what rows tell.
fn three_digits(thousandths: u64) -> String {
    let rounded = |to: u64| (thousandths + to / 2) / to;
    match thousandths {
        0..9_995 => format!("{}.{:02}", rounded(10) / 100, rounded(10) % 100),
        9_995..99_950 => format!("{}.{}", rounded(100) / 10, rounded(100) % 10),
        _ => rounded(1_000).to_string(),
    }
}

/// `0.12%`. Cut off, not rounded, so that 99.999 % never reads as all of it, and nothing never as something.
#[must_use]
pub fn share(ppm: u32) -> String {
    match ppm {
        0 => "0%".to_owned(),
        1..100 => "<0.01%".to_owned(),
        100..100_000 => decimals(ppm / 100, 100),
        _ => decimals(ppm / 1_000, 10),
    }
}

/// `number / of` percent, without zeros at the end.
fn decimals(number: u32, of: u32) -> String {
    let (whole, part) = (number / of, number % of);
    let width = if of == 100 { 2 } else { 1 };
    match part {
        0 => format!("{whole}%"),
        part => format!("{}%", format!("{whole}.{part:0width$}").trim_end_matches('0')),
    }
}

/// `12.4 MB`, in powers of 1000.
#[must_use]
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut unit = 0;
    let mut scaled = number as f64;
    while scaled >= 999.95 && unit + 1 < UNITS.len() {
        scaled /= 1_000.0;
        unit += 1;
    }
    if unit == 0 { format!("{number} B") } else { format!("{scaled:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_thousands() {
        for (number, want) in [(0, "0"), (999, "999"), (1_204, "1,204"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), want);
        }
        assert_eq!(rate(47_619), "47,619/s");
    }

    #[test]
    fn times_have_three_digits_that_count() {
        for (number, want) in [
            (0, "0 us"),
            (850, "850 us"),
            (1_234, "1.23 ms"),
            (1_305, "1.31 ms"),
            (9_994, "9.99 ms"),
            (9_995, "10.0 ms"),
            (61_249, "61.2 ms"),
            (99_960, "100 ms"),
            (999_400, "999 ms"),
            (3_049_000, "3.05 s"),
            (12_340_000, "12.3 s"),
            (125_000_000, "2m05s"),
        ] {
            assert_eq!(micros(number), want, "{number} us");
        }
    }

    #[test]
    fn shares_never_round_up_to_all_or_down_to_none() {
        for (ppm, want) in [
            (0, "0%"),
            (1, "<0.01%"),
            (1_200, "0.12%"),
            (5_000, "0.5%"),
            (50_000, "5%"),
            (953_000, "95.3%"),
            (999_999, "99.9%"),
            (1_000_000, "100%"),
        ] {
            assert_eq!(share(ppm), want, "{ppm} ppm");
        }
    }

    #[test]
    fn lengths_read_as_in_the_spec() {
        for (millis, want) in [
            (0, "0s"),
            (250, "250ms"),
            (2_500, "2.5s"),
            (120_000, "2m"),
            (450_000, "7m30s"),
            (3_900_000, "1h05m"),
            (7_200_000, "2h"),
        ] {
            assert_eq!(length(Duration::from_millis(millis)), want);
        }
    }

    #[test]
    fn bytes_are_told_in_powers_of_a_thousand() {
        for (number, want) in
            [(999, "999 B"), (1_000, "1.0 kB"), (999_960, "1.0 MB"), (12_400_000, "12.4 MB")]
        {
            assert_eq!(bytes(number), want);
        }
    }
}
