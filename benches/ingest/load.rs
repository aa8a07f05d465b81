//! A load that nobody sends: what a worker of ten requests a second would have recorded of it. And how long answers took.

use std::fmt;
use std::time::Duration;

use loadgate::metrics::{Layout, PhaseEnd, PhaseSnapshot, Recorder, Snapshot};

use crate::sample::served;

const PER_SECOND: u64 = 10;
const LAYOUT: Layout = Layout { groups: 0, values: 0, open_loop: true };

/// What was recorded so far, and how much of it was told.
pub(crate) struct Load {
    recorder: Recorder,
    pub(crate) requests: u64,
    number: u64,
    told: u32,
}

impl Load {
    pub(crate) fn new() -> Self {
        Load { recorder: Recorder::new(LAYOUT), requests: 0, number: 0, told: 0 }
    }

    /// What is to be told after so long: all that was recorded by then.
    pub(crate) fn snapshot(&mut self, after: Duration, end: Option<PhaseEnd>) -> Vec<u8> {
        let micros = u64::try_from(after.as_micros()).unwrap();
        while self.requests < micros * PER_SECOND / 1_000_000 {
            self.request();
        }
        let (mut state, seconds) = self.recorder.so_far(micros, self.told.saturating_sub(1));
        state.end = end;
        self.told = *seconds.keys().next_back().unwrap();
        self.number += 1;
        Snapshot { number: self.number, phases: vec![PhaseSnapshot { phase: 0, state, seconds }] }.to_bytes()
    }

    /// Each takes between 1 and 100 ms.
    fn request(&mut self) {
        let intended = self.requests * 1_000_000 / PER_SECOND;
        let took = 1_000 + self.requests.wrapping_mul(2_654_435_761) % 99_000;
        served(&mut self.recorder, intended, took);
        self.requests += 1;
    }
}

/// How long answers took.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn of<'a>(times: impl Iterator<Item = &'a Duration>) -> Self {
        let mut times: Vec<Duration> = times.copied().collect();
        times.sort_unstable();
        Times(times)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Times(times) = self;
        let Some(last) = times.last() else { return f.write_str("none") };
        let at = |percent: usize| times[(times.len() * percent).div_ceil(100).max(1) - 1].as_secs_f64() * 1e3;
        let last = last.as_secs_f64() * 1e3;
        write!(f, "p50 {:.1} ms, p99 {:.1} ms, max {last:.1} ms, of {}", at(50), at(99), times.len())
    }
}
