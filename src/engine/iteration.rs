//! What a user does: one pass through a scenario, step by step.

use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::begun::{Begun, InFlight};
use super::compile::micros;
use super::compiled::{CompiledFeeder, CompiledStep, Cookies, Guard};
use super::cookies::OwnCookies;
use super::floor::Floor;
use super::once::Once;
use super::pieces::{Filling, Rows, Unfit};
use super::record;
use super::render::{CompiledRequest, fill};
use super::way::Way;
use crate::metrics::{ErrorClass, Timing};
use crate::plan::draw::Draws;
use crate::plan::{Data, condition};

/// Who waits for so long needs no room meanwhile.
pub(super) const LONG_WAIT: Duration = Duration::from_secs(1);

/// Whether steps go on behind one whose request failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Failing {
    GoesOn,
    Ends,
}

/// A user: its number over all workers, its way to the target, and what it has extracted.
pub(super) struct User {
    pub(super) floor: Rc<Floor>,
    pub(super) number: u64,
    pub(super) way: Way,
    pub(super) slots: Vec<Option<Value>>,
    /// The number of its row, feeder by feeder; empty where no step names one.
    rows: Vec<usize>,
    /// What it did once.
    pub(super) once: Once,
    pub(super) cookies: OwnCookies,
}

/// One iteration to be run.
pub(super) struct Turn {
    /// Of this user, from 0; in open loops the same as `index`.
    pub(super) iteration: u64,
    /// In the phase, over all workers.
    pub(super) index: u64,
    /// Of the block that it is at, from 0.
    pub(super) round: u32,
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
            way: Way::new(floor, number),
            slots: Vec::new(),
            rows: Vec::new(),
            once: Once::default(),
            cookies: OwnCookies::default(),
        }
    }

    /// Opens the connection ahead of the first request. Where that fails, the request will try again and tell.
    pub(super) async fn connect(&mut self) {
        let _ = self.way.ensure_open(&self.floor, self.number).await;
    }

    /// Gives back all room that only an iteration needs: of thousands of users most wait for their pace.
    pub(super) fn put_away(&mut self) {
        self.slots = Vec::new();
        self.way.put_away();
    }

    /// Runs one iteration to its end. `turn` stays where it is: as an argument it would have two places in each user.
    #[allow(
        clippy::manual_async_fn,
        reason = "an `async fn` would hold each argument twice, in thousands of users"
    )]
    pub(super) fn run(&mut self, turn: &mut Turn) -> impl Future<Output = ()> {
        async move {
            let floor = Rc::clone(&self.floor);
            let scenario = &floor.compiled.scenarios[turn.scenario];
            let iteration = Begun::new(&floor, turn.due);
            self.slots.clear();
            self.slots.resize(scenario.slots, None);
            self.choose_rows(&scenario.feeders, turn);
            let mut intended = turn.due.filter(|_| turn.counts_from_due);
            // In a place of its own, as is what comes in blocks: each user would hold room for it all the time.
            let goes_on =
                !scenario.has_once() || Box::pin(self.is_set_up(&floor, scenario, turn, &mut intended)).await;
            if goes_on && scenario.has_blocks() {
                Box::pin(self.pass(&floor, scenario, turn, &mut intended)).await;
            } else if goes_on {
                self.steps(&floor, &scenario.steps, turn, &mut intended, Failing::GoesOn).await;
            }
            iteration.complete();
        }
    }

    /// Takes steps one after the other; tells whether all of their requests have succeeded.
    #[allow(
        clippy::manual_async_fn,
        reason = "an `async fn` would hold each argument twice, in thousands of users"
    )]
    pub(super) fn steps(
        &mut self,
        floor: &Floor,
        steps: &[CompiledStep],
        turn: &mut Turn,
        intended: &mut Option<u64>,
        failing: Failing,
    ) -> impl Future<Output = bool> {
        async move {
            let mut all_succeeded = true;
            for step in steps {
                if !turn.draws.chance_ppm(step.probability_ppm) {
                    continue;
                }
                if step.when.is_some_and(|guard| self.is_missing(&floor.compiled.data, guard)) {
                    floor.skipped(step.index);
                    continue;
                }
                all_succeeded &= self.step(floor, step, turn, intended.take()).await;
                if !all_succeeded && failing == Failing::Ends {
                    return false;
                }
                if let Some(think) = &step.think {
                    let pause = turn.draws.pause(think);
                    if pause >= LONG_WAIT {
                        self.way.put_away();
                    }
                    tokio::time::sleep(pause).await;
                }
            }
            all_succeeded
        }
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

    /// Whether what a step or a block can't do without has no value.
    pub(super) fn is_missing(&self, data: &Data, guard: Guard) -> bool {
        let value = match guard {
            Guard::Never => None,
            Guard::Extracted(slot) => self.slots.get(slot).and_then(Option::as_ref),
            Guard::Cell(feeder, column) => Rows { data, chosen: &self.rows }.cell(feeder, column),
        };
        value.is_none_or(condition::is_empty)
    }

    /// What requests and checks of this iteration are filled in with.
    pub(super) fn filling<'a>(&'a self, data: &'a Data, turn: &'a mut Turn) -> Filling<'a> {
        Filling {
            user: self.number,
            iteration: turn.iteration,
            index: turn.index,
            round: turn.round,
            slots: &self.slots,
            rows: Rows { data, chosen: &self.rows },
            draws: &mut turn.draws,
            authorization: &[],
            unix_millis,
        }
    }

    #[allow(
        clippy::manual_async_fn,
        reason = "an `async fn` would hold each argument twice, in thousands of users"
    )]
    fn step(
        &mut self,
        floor: &Floor,
        step: &CompiledStep,
        turn: &mut Turn,
        intended: Option<u64>,
    ) -> impl Future<Output = bool> {
        async move {
            let tried = floor.now();
            let (sent_at, size) = match self.send(floor, step, turn).await {
                Ok(sent) => sent,
                Err(error) => {
                    record::unsent(floor, step, intended, tried, error);
                    return false;
                }
            };
            let sent = micros(sent_at.saturating_duration_since(floor.at(0)));
            let in_flight = InFlight::new(floor, sent);
            let exchange = self.way.receive(floor, &step.wants, &mut self.cookies, sent_at, size).await;
            in_flight.over(exchange.end);
            let sent = self.way.sent().unwrap_or(sent);
            let timing = Timing {
                intended: intended.unwrap_or(sent),
                sent,
                first_byte: exchange.first_byte,
                end: exchange.end,
            };
            self.record(floor, step, turn, &exchange, timing)
        }
    }

    /// Connects where needed and writes the request; gives when that was, and its size.
    async fn send(
        &mut self,
        floor: &Floor,
        step: &CompiledStep,
        turn: &mut Turn,
    ) -> Result<(Instant, usize), ErrorClass> {
        self.way.ensure_open(floor, self.number).await?;
        let draws = turn.draws.clone();
        match self.write(floor, step, turn) {
            // Closed by the target while it was idle; not a byte was written, so that nothing is sent twice.
            Err(ErrorClass::Stale) => {
                floor.recorder.borrow_mut().reconnected();
                self.way.ensure_open(floor, self.number).await?;
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
            CompiledRequest::Fixed(bytes) if step.wants.cookies == Cookies::Ignored => {
                self.write_out(floor, step, bytes)
            }
            request => {
                let (out, scratch) = &mut *floor.out.borrow_mut();
                match request {
                    CompiledRequest::Fixed(bytes) => bytes.clone_into(out),
                    CompiledRequest::Filled { head, body } => {
                        let authorization = floor.authorization();
                        let filling = self.filling(&floor.compiled.data, turn);
                        let mut filling = Filling { authorization: &authorization, ..filling };
                        fill(head, body.as_ref(), &mut filling, scratch, out)
                            .map_err(|Unfit| ErrorClass::Unsent)?;
                    }
                }
                self.cookies.put_into(step.wants.cookies, out);
                self.write_out(floor, step, out)
            }
        }
    }

    fn write_out(
        &mut self,
        floor: &Floor,
        step: &CompiledStep,
        bytes: &[u8],
    ) -> Result<(Instant, usize), ErrorClass> {
        let sent_at = Instant::now();
        self.way.write(floor, step.index, bytes)?;
        Ok((sent_at, bytes.len()))
    }

    /// Hangs up and forgets what it was told to keep: who comes then is somebody new.
    pub(super) fn hang_up(&mut self) {
        self.cookies.clear();
        self.way = Way::new(&self.floor, self.number);
    }
}

fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
