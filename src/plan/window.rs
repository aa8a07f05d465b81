//! A part of a phase, counted from its start: `75%` to `100%`, `30s` to `1m`.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use super::executor::Executor;
use super::units::Moment;

/// A part of a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Where it begins.
    pub from: Moment,
    /// Where it ends.
    pub to: Moment,
}

impl Window {
    /// Whether it is the same part of a phase of any length.
    #[must_use]
    pub fn scales(self) -> bool {
        [self.from, self.to].iter().all(|moment| match moment {
            Moment::Share(_) => true,
            Moment::After(time) => time.is_zero(),
        })
    }

    /// The window in a phase of this load, in microseconds from its start. One that reaches to the phase's end has
    /// none, so that it also holds what is sent while the last iterations come to theirs. None where it doesn't fit:
    /// the load has no length that is known beforehand, or it is shorter.
    #[must_use]
    pub fn within(&self, executor: &Executor) -> Option<Range<u64>> {
        let length = executor.planned_length()?;
        let (from, to) = (self.from.micros_of(length), self.to.micros_of(length));
        let end = micros(length);
        let is_whole = from < to && to <= end;
        is_whole.then_some(from..if to == end { u64::MAX } else { to })
    }
}

fn micros(length: Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Display for Window {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} to {}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::plan::executor::{Burst, Idle};

    const HOUR: u64 = 3_600_000_000;

    #[track_caller]
    fn check(from: &str, to: &str, seconds: u64, want: Option<(u64, u64)>) {
        let read = |text: &str| Moment::parse(text).expect(text);
        let window = Window { from: read(from), to: read(to) };
        let duration = Duration::from_secs(seconds);
        let told = window.within(&Executor::from(Idle { duration })).map(|Range { start, end }| (start, end));
        assert_eq!(told, want, "{window} of {seconds} s");
    }

    #[test]
    fn shares_go_by_the_length_and_times_do_not() {
        check("25%", "75%", 20, Some((5_000_000, 15_000_000)));
        check("5s", "75%", 20, Some((5_000_000, 15_000_000)));
        check("0s", "1ms", 20, Some((0, 1_000)));
        check("33.3333%", "50%", 3, Some((999_999, 1_500_000)));
        check("30m", "90%", 3600, Some((HOUR / 2, HOUR / 10 * 9)));
    }

    #[test]
    fn windows_beside_each_other_share_no_moment_and_miss_none() {
        for (from, to, want) in [
            ("0%", "33%", (0, 2_310_000)),
            ("33%", "66%", (2_310_000, 4_620_000)),
            ("66%", "100%", (4_620_000, u64::MAX)),
        ] {
            check(from, to, 7, Some(want));
        }
    }

    #[test]
    fn a_window_that_does_not_lie_in_the_phase_does_not_fit() {
        check("30s", "100%", 20, None);
        check("0%", "21s", 20, None);
        check("50%", "10s", 20, None);
        check("75%", "25%", 20, None);
        let window = Window { from: Moment::START, to: Moment::END };
        assert_eq!(window.within(&Executor::from(Burst { iterations: 5 })), None);
    }
}
