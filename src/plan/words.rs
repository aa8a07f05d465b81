//! Counts and lengths as people read them: `1,204`, `6 phases`, `7m30s`.

use std::time::Duration;

/// `1,204`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `250ms`, `2.5s`, `7m30s`, `1h05m`.
#[must_use]
pub fn length(length: Duration) -> String {
    let millis = length.as_millis();
    let seconds = millis / 1_000;
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match millis {
        0 => "0s".to_owned(),
        1..1_000 => format!("{millis}ms"),
        1_000..60_000 if millis.is_multiple_of(1_000) => format!("{rest}s"),
        1_000..60_000 => format!("{:.1}s", millis as f64 / 1_000.0),
        60_000..3_600_000 if rest == 0 => format!("{minutes}m"),
        60_000..3_600_000 => format!("{minutes}m{rest:02}s"),
        _ if minutes == 0 && rest == 0 => format!("{hours}h"),
        _ => format!("{hours}h{minutes:02}m"),
    }
}

/// `1 phase`, `6 phases`.
#[must_use]
pub fn of_these(number: usize, one: &str) -> String {
    let number = number as u64;
    if number == 1 { format!("1 {one}") } else { format!("{} {one}s", count(number)) }
}

/// `1 user`, `500 users`.
pub(super) fn people(users: u32) -> String {
    of_these(users as usize, "user")
}
