//! What a process has used of its CPU and what it may, at one moment; and what passed between two of them.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use rustix::time::{ClockId, clock_gettime};

use super::group::{Figures, Group};
use crate::metrics::{CpuLimit, Look};

/// Reads what there is to know.
#[derive(Debug)]
pub(super) struct Gauge {
    /// None: no quota, or one that is more than there are CPUs.
    group: Option<Group>,
    /// How many CPUs the process may run on.
    cpus: u64,
}

/// What was read at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// When the time of day was looked at: not before the first, not after the second.
    at: (Instant, Instant),
    day: SystemTime,
    used_micros: u64,
    limit: CpuLimit,
    periods: u64,
    throttled: u64,
}

impl Gauge {
    pub(super) fn of_this_process() -> Self {
        // A quota of less than that is known here already, in whole CPUs: what is left of it is less than one more.
        let cpus = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
        let within = |figures: &Figures| figures.limit.thousandths < (cpus + 1) * 1_000;
        let group = Group::of_this_process(Path::new("/"));
        Gauge { group: group.filter(|group| group.figures().is_some_and(|figures| within(&figures))), cpus }
    }

    /// One of a group that has gone.
    #[cfg(test)]
    pub(super) fn unreadable() -> Self {
        Gauge { group: Some(Group::Two { folder: "/nowhere".into() }), cpus: 1 }
    }

    /// None: the group can't be read.
    pub(super) fn read(&self) -> Option<Reading> {
        let figures = match &self.group {
            Some(group) => group.figures()?,
            None => Figures {
                limit: CpuLimit { thousandths: self.cpus * 1_000, is_quota: false },
                periods: 0,
                throttled: 0,
                used_micros: None,
            },
        };
        let Figures { limit, periods, throttled, used_micros } = figures;
        let used_micros = used_micros.unwrap_or_else(own_micros);
        let (before, day, after) = (Instant::now(), SystemTime::now(), Instant::now());
        Some(Reading { at: (before, after), day, used_micros, limit, periods, throttled })
    }
}

/// The CPU that this process has used, in microseconds.
fn own_micros() -> u64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    let [seconds, nanos] = [used.tv_sec, used.tv_nsec].map(|part| u64::try_from(part).unwrap_or(0));
    seconds * 1_000_000 + nanos / 1_000
}

/// What passed from one reading to a later one.
pub(super) fn between(last: &Reading, now: &Reading) -> Look {
    let since = |now: u64, last: u64| now.saturating_sub(last);
    Look {
        micros: whole(now.at.0.saturating_duration_since(last.at.0).as_micros()),
        used_micros: since(now.used_micros, last.used_micros),
        limit: now.limit,
        periods: since(now.periods, last.periods),
        throttled: since(now.throttled, last.throttled),
        clock_step_millis: step(last, now),
    }
}

/// By how much the time of day was set at least: a process may stand still while it looks.
fn step(last: &Reading, now: &Reading) -> i64 {
    let passed = |from: Instant, to: Instant| to.saturating_duration_since(from);
    let (shortest, longest) = (passed(last.at.1, now.at.0), passed(last.at.0, now.at.1));
    let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    match now.day.duration_since(last.day) {
        Ok(forward) => millis(forward.saturating_sub(longest)) - millis(shortest.saturating_sub(forward)),
        Err(back) => millis(back.duration() + shortest).saturating_neg(),
    }
}

fn whole(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: CpuLimit = CpuLimit { thousandths: 500, is_quota: true };

    fn reading() -> Reading {
        let now = Instant::now();
        Reading {
            at: (now, now),
            day: SystemTime::UNIX_EPOCH + Duration::from_hours(24),
            used_micros: 1_000,
            limit: QUOTA,
            periods: 100,
            throttled: 10,
        }
    }

    /// The step that is seen when so many milliseconds pass and the time of day goes so far; the second look takes `took`.
    #[track_caller]
    fn check(passed: u64, day: i64, took: u64, want: i64) {
        let last = reading();
        let at = last.at.0 + Duration::from_millis(passed);
        let goes = Duration::from_millis(day.unsigned_abs());
        let day = if day < 0 { last.day - goes } else { last.day + goes };
        let now = Reading { at: (at, at + Duration::from_millis(took)), day, ..last };
        assert_eq!(between(&last, &now).clock_step_millis, want);
    }

    #[test]
    fn the_time_of_day_is_held_against_the_time_that_passed() {
        check(1_000, 1_000, 0, 0);
        check(1_000, 1_200, 0, 200);
        check(1_000, 900, 0, -100);
        check(1_000, 3_601_000, 0, 3_600_000);
        check(1_000, -3_599_000, 0, -3_600_000);
        // It stood still while it looked, before or after it saw the time of day.
        check(1_000, 1_000, 5_000, 0);
        check(1_000, 6_000, 5_000, 0);
        check(1_000, 6_500, 5_000, 500);
    }

    #[test]
    fn what_was_used_and_throttled_is_told_from_the_last_look_on() {
        let last = reading();
        let at = last.at.0 + Duration::from_millis(1_500);
        let now = Reading {
            at: (at, at),
            day: last.day + Duration::from_millis(1_500),
            used_micros: 701_000,
            periods: 115,
            throttled: 13,
            ..last
        };
        let want = Look {
            micros: 1_500_000,
            used_micros: 700_000,
            limit: QUOTA,
            periods: 15,
            throttled: 3,
            clock_step_millis: 0,
        };
        assert_eq!(between(&last, &now), want);
    }

    #[test]
    fn what_this_process_uses_is_seen() {
        let gauge = Gauge { group: None, cpus: 2 };
        let first = gauge.read().unwrap();
        let mut used = 0;
        while used == 0 {
            used = between(&first, &gauge.read().unwrap()).used_micros;
        }
        assert_eq!(first.limit, CpuLimit { thousandths: 2_000, is_quota: false });
    }
}
