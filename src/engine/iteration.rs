//! What a user does: one pass through a scenario, step by step.

use std::borrow::Cow;
use std::rc::Rc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::compile::{CompiledClassify, CompiledFeeder, CompiledPhase, CompiledStep, Cookies, Guard, micros};
use super::connection::{Connection, Exchange};
use super::evaluate::Response;
use super::floor::Floor;
use super::jar::{Jar, Now};
use super::once::Once;
use super::render::{CompiledRequest, Filling, Rows, Unfit, fill};
use crate::metrics::{ErrorClass, Part, Sample, Timing};
use crate::plan::draw::Draws;
use crate::plan::{Data, condition};

/// The most groups and the most values that a test declares.
const MOST_DECLARED: usize = 8;

/// Whether steps go on behind one whose request failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Failing {
    GoesOn,
    Ends,
}

/// A user: its number over all workers, its connection, and what it has extracted.
pub(super) struct User {
    pub(super) floor: Rc<Floor>,
    pub(super) number: u64,
    pub(super) connection: Connection,
    pub(super) slots: Vec<Option<Value>>,
    /// The number of its row, feeder by feeder; empty where no step names one.
    rows: Vec<usize>,
    /// What it did once.
    pub(super) once: Once,
    jar: Jar,
    /// The path that was asked for last; only where cookies are kept.
    asked: String,
}

/// One iteration to be run.
pub(super) struct Turn {
    /// Of this user, from 0; in open loops the same as `index`.
    pub(super) iteration: u64,
    /// In the phase, over all workers.
    pub(super) index: u64,
    /// Which of the phase's scenarios.
    pub(super) scenario: usize,
    /// Its random choices.
    pub(super) draws: Draws,
    /// When it should begin, in microseconds since the phase began; none: whenever its user is ready.
    pub(super) due: Option<u64>,
    /// Whether the first request counts from `due`: an open loop.
    pub(super) counts_from_due: bool,
}

impl User {
    pub(super) fn new(floor: &Rc<Floor>, number: u64) -> Self {
        User {
            floor: Rc::clone(floor),
            number,
            connection: Connection::default(),
            slots: Vec::new(),
            rows: Vec::new(),
            once: Once::default(),
            jar: Jar::default(),
            asked: String::new(),
        }
    }

    /// Opens the connection ahead of the first request. Where that fails, the request will try again and tell.
    pub(super) async fn connect(&mut self) {
        let _ = self.connection.ensure_open(&self.floor, self.number).await;
    }

    /// Runs one iteration to its end.
    pub(super) async fn run(&mut self, mut turn: Turn) {
        let floor = Rc::clone(&self.floor);
        let compiled = Rc::clone(&floor);
        let compiled: &CompiledPhase = &compiled.compiled;
        let scenario = &compiled.scenarios[turn.scenario];
        let iteration = Begun::new(&floor, turn.due);
        self.slots.clear();
        self.slots.resize(scenario.slots, None);
        self.choose_rows(&scenario.feeders, &mut turn);
        let mut intended = turn.due.filter(|_| turn.counts_from_due);
        // In a place of its own, as it is rare: each user would hold room for it all the time.
        if !scenario.has_once() || Box::pin(self.is_set_up(&floor, scenario, &mut turn, &mut intended)).await
        {
            self.steps(&floor, &scenario.steps, &mut turn, &mut intended, Failing::GoesOn).await;
        }
        iteration.complete();
    }

    /// Takes steps one after the other; tells whether all of their requests have succeeded.
    pub(super) async fn steps(
        &mut self,
        floor: &Floor,
        steps: &[CompiledStep],
        turn: &mut Turn,
        intended: &mut Option<u64>,
        failing: Failing,
    ) -> bool {
        let compiled = &floor.compiled;
        let mut all_succeeded = true;
        for step in steps {
            if !turn.draws.chance_ppm(step.probability_ppm) {
                continue;
            }
            if step.when.is_some_and(|guard| self.is_missing(&compiled.data, guard)) {
                floor.skipped(step.index);
                continue;
            }
            all_succeeded &= self.step(floor, &compiled.classify, step, turn, intended.take()).await;
            if !all_succeeded && failing == Failing::Ends {
                return false;
            }
            if let Some((least, most)) = step.think {
                tokio::time::sleep(turn.draws.duration_between(least, most)).await;
            }
        }
        all_succeeded
    }

    /// One row of each feeder for this iteration. That there is one was asked before.
    pub(super) fn choose_rows(&mut self, feeders: &[CompiledFeeder], turn: &mut Turn) {
        self.rows.clear();
        for feeder in feeders {
            self.rows.resize(self.rows.len().max(feeder.index + 1), 0);
            let row = feeder.order.row(feeder.rows, self.number, turn.index, &mut turn.draws);
            self.rows[feeder.index] = row.unwrap_or(usize::MAX);
        }
    }

    /// Whether what a step can't do without has no value.
    fn is_missing(&self, data: &Data, guard: Guard) -> bool {
        let value = match guard {
            Guard::Never => None,
            Guard::Extracted(slot) => self.slots.get(slot).and_then(Option::as_ref),
            Guard::Cell(feeder, column) => Rows { data, chosen: &self.rows }.cell(feeder, column),
        };
        value.is_none_or(condition::is_empty)
    }

    /// What requests and checks of this iteration are filled in with.
    fn filling<'a>(&'a self, data: &'a Data, turn: &'a mut Turn) -> Filling<'a> {
        Filling {
            user: self.number,
            iteration: turn.iteration,
            index: turn.index,
            slots: &self.slots,
            rows: Rows { data, chosen: &self.rows },
            draws: &mut turn.draws,
            unix_millis,
        }
    }

    async fn step(
        &mut self,
        floor: &Floor,
        classify: &CompiledClassify,
        step: &CompiledStep,
        turn: &mut Turn,
        intended: Option<u64>,
    ) -> bool {
        let tried = floor.now();
        let (sent_at, size) = match self.send(floor, step, turn).await {
            Ok(sent) => sent,
            Err(error) => {
                record_unsent(floor, step, intended, tried, error);
                return false;
            }
        };
        let sent = micros(sent_at.saturating_duration_since(floor.at(0)));
        let in_flight = InFlight::new(floor, sent);
        let exchange = self.connection.receive(floor, &step.wants, sent_at, size).await;
        in_flight.over();
        let timing = Timing {
            intended: intended.unwrap_or(sent),
            sent,
            first_byte: exchange.first_byte,
            end: exchange.end,
        };
        self.record(floor, classify, step, turn, &exchange, timing)
    }

    /// Connects where needed and writes the request; gives when that was, and its size.
    async fn send(
        &mut self,
        floor: &Floor,
        step: &CompiledStep,
        turn: &mut Turn,
    ) -> Result<(Instant, usize), ErrorClass> {
        self.connection.ensure_open(floor, self.number).await?;
        let draws = turn.draws.clone();
        match self.write(floor, step, turn) {
            // Closed by the target while it was idle; not a byte was written, so that nothing is sent twice.
            Err(ErrorClass::Stale) => {
                floor.recorder.borrow_mut().reconnected();
                self.connection.ensure_open(floor, self.number).await?;
                turn.draws = draws;
                self.write(floor, step, turn)
            }
            done => done,
        }
    }

    fn write(
        &mut self,
        floor: &Floor,
        step: &CompiledStep,
        turn: &mut Turn,
    ) -> Result<(Instant, usize), ErrorClass> {
        match &step.request {
            CompiledRequest::Fixed(bytes) if step.wants.cookies != Cookies::Ignored => {
                let out = &mut floor.out.borrow_mut().0;
                out.clear();
                out.extend_from_slice(bytes);
                self.add_cookies(step, out);
                let sent_at = Instant::now();
                self.connection.write(out)?;
                Ok((sent_at, out.len()))
            }
            CompiledRequest::Fixed(bytes) => {
                let sent_at = Instant::now();
                self.connection.write(bytes)?;
                Ok((sent_at, bytes.len()))
            }
            CompiledRequest::Filled { head, body } => {
                let (out, scratch) = &mut *floor.out.borrow_mut();
                let mut filling = self.filling(&floor.compiled.data, turn);
                fill(head, body.as_ref(), &mut filling, scratch, out).map_err(|Unfit| ErrorClass::Unsent)?;
                if step.wants.cookies != Cookies::Ignored {
                    self.add_cookies(step, out);
                }
                let sent_at = Instant::now();
                self.connection.write(out)?;
                Ok((sent_at, out.len()))
            }
        }
    }

    /// Forgets what it was told to keep.
    pub(super) fn forget(&mut self) {
        self.jar.clear();
    }

    /// Puts the Cookie header behind the request line, where there is one to be sent and the step has none of its own.
    fn add_cookies(&mut self, step: &CompiledStep, request: &mut Vec<u8>) {
        self.note_path(request);
        if step.wants.cookies != Cookies::Sent || self.jar.is_empty() {
            return;
        }
        let Some(end) = memchr::memmem::find(request, b"\r\n") else { return };
        let mut header = Vec::new();
        self.jar.write(&self.asked, Instant::now(), &mut header);
        request.splice(end + 2..end + 2, header);
    }

    /// Keeps the cookies of the response to what was asked for.
    fn keep_cookies(&mut self, floor: &Floor) {
        for header in self.connection.reader.cookies() {
            self.jar.take(header, floor.host(), &self.asked, Now::new());
        }
    }

    /// Notes what is asked for: a cookie without a path is kept for what lies beside it.
    fn note_path(&mut self, request: &[u8]) {
        let end = memchr::memmem::find(request, b"\r\n").unwrap_or(request.len());
        self.asked.clear();
        self.asked.push_str(path_of(&request[..end]));
    }

    fn record(
        &mut self,
        floor: &Floor,
        classify: &CompiledClassify,
        step: &CompiledStep,
        turn: &mut Turn,
        exchange: &Exchange,
        timing: Timing,
    ) -> bool {
        let mut sample = sample(floor, step, exchange, timing);
        if exchange.error.is_some() {
            floor.recorder.borrow_mut().request(&sample);
            return false;
        }
        if step.wants.cookies != Cookies::Ignored {
            self.keep_cookies(floor);
        }
        let response = Response::new(&self.connection.reader, step, timing.end - timing.sent);
        sample.error = response.error(step, classify, &mut self.filling(&floor.compiled.data, turn));
        sample.status = Some(self.connection.reader.status());
        sample.cache = response.cache(classify);
        let keys: [Option<Cow<'_, str>>; MOST_DECLARED] =
            std::array::from_fn(|place| classify.groups.get(place).and_then(|source| response.text(source)));
        let keys: [Option<&str>; MOST_DECLARED] = std::array::from_fn(|place| keys[place].as_deref());
        sample.groups = &keys[..classify.groups.len()];
        let values: [Option<f64>; MOST_DECLARED] = std::array::from_fn(|place| {
            classify.values.get(place).and_then(|source| response.number(source))
        });
        sample.values = &values[..classify.values.len()];
        floor.recorder.borrow_mut().request(&sample);
        response.extract(step, &mut self.slots);
        sample.error.is_none()
    }
}

/// A request that was given up before a byte of it was written took as long as that was `tried`.
fn record_unsent(floor: &Floor, step: &CompiledStep, intended: Option<u64>, tried: u64, error: ErrorClass) {
    let end = floor.now();
    let exchange = Exchange { first_byte: None, end, bytes_sent: 0, bytes_received: 0, error: Some(error) };
    let timing = Timing { intended: intended.unwrap_or(tried), sent: tried, first_byte: None, end };
    floor.recorder.borrow_mut().request(&sample(floor, step, &exchange, timing));
}

fn sample<'a>(floor: &Floor, step: &CompiledStep, exchange: &Exchange, timing: Timing) -> Sample<'a> {
    Sample {
        step: step.index,
        part: floor.part(timing.sent),
        timing,
        status: None,
        error: exchange.error,
        cache: None,
        groups: &[],
        values: &[],
        bytes_sent: exchange.bytes_sent,
        bytes_received: exchange.bytes_received,
    }
}

/// The path of a request line.
fn path_of(line: &[u8]) -> &str {
    let path = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    std::str::from_utf8(path).unwrap_or_default()
}

fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// An iteration that was begun: complete, or cut when it is dropped before.
struct Begun<'a> {
    floor: &'a Floor,
    part: Part,
    complete: bool,
}

impl<'a> Begun<'a> {
    fn new(floor: &'a Floor, due: Option<u64>) -> Self {
        let now = floor.now();
        let part = floor.part(now);
        floor.recorder.borrow_mut().iteration_started(part, now, due.map(|due| now.saturating_sub(due)));
        Begun { floor, part, complete: false }
    }

    fn complete(mut self) {
        self.complete = true;
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let mut recorder = self.floor.recorder.borrow_mut();
        if self.complete {
            recorder.iteration_completed(self.part, self.floor.now());
        } else {
            recorder.iteration_cut();
        }
    }
}

/// A request that was written: over, or cut off when it is dropped before.
struct InFlight<'a> {
    floor: &'a Floor,
    over: bool,
}

impl<'a> InFlight<'a> {
    fn new(floor: &'a Floor, now: u64) -> Self {
        floor.recorder.borrow_mut().request_sent(now);
        InFlight { floor, over: false }
    }

    fn over(mut self) {
        self.over = true;
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut recorder = self.floor.recorder.borrow_mut();
        recorder.request_over(self.floor.now());
        if !self.over {
            recorder.request_cut();
        }
    }
}
