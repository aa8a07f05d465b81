//! Takes the samples of one shard in one phase. No clock of its own: every time is an argument.

use super::books::DropReason;
use super::dist::Digits;
use super::outcome::Part;
use super::phase::{PartState, PhaseState, Seconds};
use super::sample::Sample;
use super::series::Second;
use super::slice::{Filter, Slice};

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
    /// None where no row names a key or a window: then a request costs nothing more.
    slices: Vec<(Filter, Slice)>,
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
            slices: Vec::new(),
            state: PhaseState::default(),
            seconds: Seconds::new(),
            current: (0, Second::default()),
            users: 0,
            in_flight: 0,
        }
    }

    /// Also keeps a slice for each of `filters`. Only what is judged goes into them: the steady part.
    #[must_use]
    pub fn sliced(self, filters: Vec<Filter>) -> Self {
        Recorder { slices: filters.into_iter().map(|filter| (filter, Slice::default())).collect(), ..self }
    }

    /// Adds a request that ended.
    pub fn request(&mut self, sample: &Sample<'_>) {
        let micros = sample.timing.response_micros();
        self.second(sample.timing.end).request(micros, sample.error.is_some());
        let part = self.state.part_mut(sample.part);
        // A plan has at most 32 × 32 steps.
        let step = u32::try_from(sample.step).unwrap_or(u32::MAX);
        let cell = part.cells.entry((step, sample.outcome())).or_default();
        cell.enter(sample, self.layout, Some(Digits::Three));
        if sample.part == Part::Steady {
            for (filter, slice) in &mut self.slices {
                filter.take(slice, sample, self.layout);
            }
        }
    }

    /// A step was skipped, as what it can't do without had no value.
    pub fn skipped(&mut self, part: Part, step: usize) {
        let step = u32::try_from(step).unwrap_or(u32::MAX);
        *self.state.part_mut(part).skipped.entry(step).or_default() += 1;
    }

    /// A connection was opened in `micros`, and TLS agreed on over it in `tls`; none: it speaks none.
    pub fn connected(&mut self, part: Part, micros: u64, tls: Option<u64>) {
        self.state.books.connections += 1;
        let part = self.state.part_mut(part);
        part.connect.record_micros(micros);
        if let Some(tls) = tls {
            part.tls.record_micros(tls);
        }
    }

    /// A kept connection was found closed and is opened anew.
    pub fn reconnected(&mut self) {
        self.state.books.reconnects += 1;
    }

    /// `count` more iterations became due.
    pub fn scheduled(&mut self, count: u64) {
        self.state.books.scheduled += count;
    }

    /// An iteration began at `now`, `lag` microseconds late; none: it had no time of its own to begin at.
    pub fn iteration_started(&mut self, part: Part, now: u64, lag: Option<u64>) {
        self.state.books.started += 1;
        if let Some(lag) = lag {
            self.state.part_mut(part).lag.record_micros(lag);
            if part == Part::Steady {
                self.second(now).begin(lag);
            }
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

    /// An iteration that was due is never begun.
    pub fn iteration_dropped(&mut self, part: Part, why: DropReason) {
        self.state.books.drop_one(why);
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
        let slices = self.slices.iter().map(|(filter, slice)| (filter.name.clone(), slice.clone()));
        (PhaseState { slices: slices.collect(), ..self.state.clone() }, seconds)
    }

    /// The second that holds `now`; the one before is put away when a new one begins.
    fn second(&mut self, now: u64) -> &mut Second {
        // A phase is shorter than 136 years.
        let at = u32::try_from(now / MICROS_PER_SECOND).unwrap_or(u32::MAX);
        if at > self.current.0 {
            let (last, mut second) = std::mem::replace(&mut self.current, (at, Second::default()));
            second.pack();
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

impl PartState {
    /// Requests of all steps and outcomes.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests_of(None)
    }

    /// Requests of some steps (none: all), whatever their outcome.
    #[must_use]
    pub fn requests_of(&self, steps: Option<&[usize]>) -> u64 {
        let is_meant = |step: u32| steps.is_none_or(|steps| steps.contains(&(step as usize)));
        self.cells.iter().filter(|((step, _), _)| is_meant(*step)).map(|(_, cell)| cell.requests).sum()
    }
}
