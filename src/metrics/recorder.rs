//! Takes the samples of one shard in one phase. No clock of its own: every time is an argument.

use super::dist::{Digits, GREATEST_VALUE};
use super::outcome::{ErrorClass, Outcome, Part};
use super::phase::{PartState, PhaseState, Seconds, Span};
use super::sample::{CacheHit, Sample, Timing};
use super::series::Second;

/// What a phase measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// How many groups are declared.
    pub groups: usize,
    /// How many values are declared.
    pub values: usize,
    /// Whether iterations have an intended start of their own, so that service and response times differ.
    pub open_loop: bool,
}

/// Takes the samples of one shard in one phase.
#[derive(Debug)]
pub struct Recorder {
    layout: Layout,
    state: PhaseState,
    seconds: Seconds,
    current: (u32, Second),
    users: u64,
    in_flight: u64,
}

const MICROS_PER_SECOND: u64 = 1_000_000;

impl Recorder {
    /// A recorder that has seen nothing.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        Recorder {
            layout,
            state: PhaseState::default(),
            seconds: Seconds::new(),
            current: (0, Second::default()),
            users: 0,
            in_flight: 0,
        }
    }

    /// Adds a request that ended.
    pub fn request(&mut self, sample: &Sample<'_>) {
        let micros = sample.timing.end.saturating_sub(sample.timing.intended);
        self.second(sample.timing.end).request(micros, sample.error.is_some());
        let outcome = if sample.error.is_none() { Outcome::Succeeded } else { Outcome::Failed };
        let part = self.state.part_mut(sample.part);
        extend(&mut part.span, &sample.timing);
        // A plan has at most 32 × 32 steps.
        let step = u32::try_from(sample.step).unwrap_or(u32::MAX);
        let cell = part.cells.entry((step, outcome)).or_default();
        cell.requests += 1;
        cell.latency.record_micros(micros);
        if self.layout.open_loop {
            cell.service.record_micros(sample.timing.end.saturating_sub(sample.timing.sent));
        }
        if let Some(first_byte) = sample.timing.first_byte {
            cell.ttfb.record_micros(first_byte.saturating_sub(sample.timing.sent));
        }
        cell.bytes_sent += sample.bytes_sent;
        cell.bytes_received += sample.bytes_received;
        if let Some(error) = sample.error {
            cell.errors.count(&error, ErrorClass::clone);
        }
        if let Some(status) = sample.status {
            cell.statuses.count(&status, u16::clone);
        }
        classify(cell, sample, self.layout);
    }

    /// A connection was opened in `micros`.
    pub fn connected(&mut self, part: Part, micros: u64) {
        self.state.books.connections += 1;
        self.state.part_mut(part).connect.record_micros(micros);
    }

    /// A kept connection was found closed and is opened anew.
    pub fn reconnected(&mut self) {
        self.state.books.reconnects += 1;
    }

    /// `count` more iterations became due.
    pub fn scheduled(&mut self, count: u64) {
        self.state.books.scheduled += count;
    }

    /// An iteration began, `lag` microseconds late; none: it had no time of its own to begin at.
    pub fn iteration_started(&mut self, part: Part, lag: Option<u64>) {
        self.state.books.started += 1;
        if let Some(lag) = lag {
            self.state.part_mut(part).lag.record_micros(lag);
        }
    }

    /// An iteration came to its end at `now`.
    pub fn iteration_completed(&mut self, part: Part, now: u64) {
        self.state.books.completed += 1;
        self.state.part_mut(part).iterations += 1;
        self.second(now).iterations += 1;
    }

    /// An iteration was cut off.
    pub fn iteration_cut(&mut self) {
        self.state.books.cut += 1;
    }

    /// An iteration found no free user.
    pub fn iteration_dropped(&mut self, part: Part) {
        self.state.books.dropped += 1;
        self.state.part_mut(part).dropped += 1;
    }

    /// A request was cut off in flight.
    pub fn request_cut(&mut self) {
        self.state.books.cut_requests += 1;
    }

    /// A user began at `now`.
    pub fn user_started(&mut self, now: u64) {
        self.users += 1;
        self.second(now);
    }

    /// A user ended at `now`.
    pub fn user_ended(&mut self, now: u64) {
        self.second(now);
        self.users -= 1;
    }

    /// A request is about to be written at `now`.
    pub fn request_sent(&mut self, now: u64) {
        self.in_flight += 1;
        self.second(now);
    }

    /// A request that was sent is over at `now`; until then it was in flight, in each second that has passed.
    pub fn request_over(&mut self, now: u64) {
        self.second(now);
        self.in_flight -= 1;
    }

    /// The users under way.
    #[must_use]
    pub fn users(&self) -> u64 {
        self.users
    }

    /// All but the seconds, so far.
    pub fn state_mut(&mut self) -> &mut PhaseState {
        &mut self.state
    }

    /// A copy of all so far: the state, and the seconds from `first` on.
    pub fn so_far(&mut self, now: u64, first: u32) -> (PhaseState, Seconds) {
        self.second(now);
        let mut seconds: Seconds =
            self.seconds.range(first..).map(|(at, second)| (*at, second.clone())).collect();
        seconds.insert(self.current.0, self.current.1.clone());
        (self.state.clone(), seconds)
    }

    /// The second that holds `now`; the one before is put away when a new one begins.
    fn second(&mut self, now: u64) -> &mut Second {
        // A phase is shorter than 136 years.
        let at = u32::try_from(now / MICROS_PER_SECOND).unwrap_or(u32::MAX);
        if at > self.current.0 {
            let (last, mut second) = std::mem::replace(&mut self.current, (at, Second::default()));
            second.latency.pack();
            self.seconds.insert(last, second);
            for idle in last + 1..at {
                self.seconds.insert(
                    idle,
                    Second { users: self.users, in_flight: self.in_flight, ..Second::default() },
                );
            }
        }
        let second = &mut self.current.1;
        second.users = second.users.max(self.users);
        second.in_flight = second.in_flight.max(self.in_flight);
        second
    }
}

fn extend(span: &mut Option<Span>, timing: &Timing) {
    let this = Span { first_sent: timing.sent, last_sent: timing.sent, last_end: timing.end };
    *span = Span::union(*span, Some(this));
}

fn classify(cell: &mut super::cell::Cell, sample: &Sample<'_>, layout: Layout) {
    match sample.cache {
        Some(CacheHit::Hit(layer)) => {
            cell.cache.hits += 1;
            if let Some(layer) = layer {
                cell.cache.layers.count_text(layer);
            }
        }
        Some(CacheHit::Miss) => cell.cache.misses += 1,
        None => {}
    }
    if layout.groups > 0 {
        cell.groups.resize_with(layout.groups, Default::default);
        for (tally, key) in cell.groups.iter_mut().zip(sample.groups) {
            if let Some(key) = key {
                tally.count_text(key);
            }
        }
    }
    if layout.values > 0 {
        cell.values.resize_with(layout.values, Default::default);
        for (dist, value) in cell.values.iter_mut().zip(sample.values) {
            match value.and_then(thousandths) {
                Some(value) => dist.record(value, GREATEST_VALUE, Digits::Three),
                None => cell.unreadable_values += 1,
            }
        }
    }
}

/// A number in thousandths; none where it is negative, not finite or too great to be exact.
fn thousandths(value: f64) -> Option<u64> {
    let scaled = (value * 1000.0).round();
    // The range was checked just before.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 and 2^53")]
    (0.0..=GREATEST_VALUE as f64).contains(&scaled).then_some(scaled as u64)
}

impl PartState {
    /// Requests of all steps and outcomes.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.cells.values().map(|cell| cell.requests).sum()
    }
}
