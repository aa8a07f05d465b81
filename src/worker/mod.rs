//! A worker: registers, waits, runs its share phase by phase, tells what it measured, and leaves.

mod alone;
mod generator;
mod ledger;
mod link;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tracing::info;

use crate::engine::{Engine, EngineError, Setup};
use crate::ingest::{Coordinator, Directive, PATIENCE, Stage, Unreachable};
use crate::metrics::PhaseEnd;
use crate::plan::{LegIndex, Plan};
use alone::Alone;
use generator::Generator;
use link::Link;

/// How long a worker waits between phases for a coordinator that gives no answer.
const LONGEST_SILENCE: Duration = Duration::from_mins(1);
/// How long a worker that is through keeps what it measured for a coordinator that gives no answer.
const LONGEST_KEEPING: Duration = Duration::from_mins(10);
/// The pause after which a coordinator that gave no answer is asked again.
const RETRY: Duration = Duration::from_millis(500);

/// What ends a worker before its time.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The engine can't go on.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The coordinator doesn't take what it is told.
    #[error(transparent)]
    Coordinator(#[from] Unreachable),
}

/// Runs one share of the load from registration to leave.
///
/// # Errors
/// When the engine can't go on, or the coordinator refuses the worker.
pub async fn run(
    setup: Setup,
    coordinator: Arc<dyn Coordinator>,
    process: String,
) -> Result<(), WorkerError> {
    let plan = Arc::clone(&setup.plan);
    let (plan_hash, data_hash) = (plan.hash.clone(), setup.data.digest().to_owned());
    let link = Link::new(coordinator, plan_hash, data_hash, setup.share.index(), process);
    Worker { generator: Engine::start(setup)?, plan, link }.run().await
}

struct Worker<G> {
    plan: Arc<Plan>,
    generator: G,
    link: Link,
}

/// Whether the run goes on.
#[derive(PartialEq)]
enum Course {
    GoesOn,
    /// At this leg: a search has ended before its highest level.
    GoesOnFrom(LegIndex),
    Aborted,
}

/// What comes of having ended a leg.
enum Next {
    /// Everybody has: the next one is to be made ready.
    Prepare,
    /// The next one begins now.
    Begin(Instant),
    /// The next one isn't run: it goes on with this one.
    Skip(LegIndex),
    Aborted,
}

impl<G: Generator> Worker<G> {
    async fn run(mut self) -> Result<(), WorkerError> {
        self.link.register().await?;
        let course: Vec<LegIndex> = self.plan.legs_to_run().collect();
        let mut from = 0;
        for leg in course {
            if leg < from {
                continue;
            }
            match self.leg(leg).await? {
                Course::GoesOn => {}
                Course::GoesOnFrom(next) => from = next,
                Course::Aborted => break,
            }
        }
        self.link.leave().await
    }

    /// Runs a phase, or a level of one that searches.
    async fn leg(&mut self, phase: LegIndex) -> Result<Course, WorkerError> {
        let start = match self.start(phase).await? {
            Next::Begin(start) => start,
            Next::Skip(to) => return Ok(Course::GoesOnFrom(to)),
            Next::Prepare | Next::Aborted => return Ok(Course::Aborted),
        };
        self.generator.begin(start)?;
        // It isn't told of as begun before: that would seem earlier than it is.
        sleep_until(start).await;
        self.link.begin(phase, start);
        info!(worker = self.link.worker(), phase, "phase begun");
        let end = self.until_ended(phase).await?;
        let (mut state, seconds) = self.generator.collect(0).await?;
        info!(worker = self.link.worker(), phase, ?end, "phase ended");
        state.end = Some(end);
        self.link.ledger.close(phase, state, seconds);
        Ok(if end == PhaseEnd::Aborted { Course::Aborted } else { Course::GoesOn })
    }

    /// When `phase` begins, if it does.
    async fn start(&mut self, phase: LegIndex) -> Result<Next, WorkerError> {
        match self.arrive(phase).await? {
            Next::Prepare if self.prepare(phase).await? == Course::GoesOn => self.wait_for_start(phase).await,
            Next::Prepare => Ok(Next::Aborted),
            next => Ok(next),
        }
    }

    /// Tells that it is through with what came before until all are, or until the next phase begins by itself.
    async fn arrive(&mut self, phase: LegIndex) -> Result<Next, WorkerError> {
        loop {
            let alone = Alone::after(&self.link, &self.plan, phase);
            let begins_by_itself = async {
                match alone {
                    Some(alone) => alone.start(&mut self.generator, phase).await,
                    None => std::future::pending().await,
                }
            };
            let directive = tokio::select! {
                // What the coordinator says comes first, and then all is as if nothing had been made ready.
                biased;
                told = self.link.wait(Stage::Arrived(phase), alone.map(|alone| alone.until())) => told?,
                start = begins_by_itself => return Ok(Next::Begin(start?)),
            };
            match directive {
                Directive::Prepare { phase: told } if told == phase => return Ok(Next::Prepare),
                Directive::Skip { to } if phase < to => return Ok(Next::Skip(to)),
                Directive::Abort | Directive::Leave => return Ok(Next::Aborted),
                Directive::Prepare { .. }
                | Directive::Begin { .. }
                | Directive::Skip { .. }
                | Directive::Wait
                | Directive::Continue => {}
            }
        }
    }

    /// Makes ready for `phase`, unless the run is aborted meanwhile.
    async fn prepare(&mut self, phase: LegIndex) -> Result<Course, WorkerError> {
        self.generator.prepare(phase)?;
        loop {
            let directive = tokio::select! {
                ready = self.generator.prepared() => return Ok(ready.map(|()| Course::GoesOn)?),
                told = self.link.tell_once(Stage::Preparing(phase), PATIENCE) => told?,
            };
            if directive == Some(Directive::Abort) {
                return Ok(Course::Aborted);
            }
        }
    }

    /// Tells that it is ready until the start is told.
    async fn wait_for_start(&mut self, phase: LegIndex) -> Result<Next, WorkerError> {
        loop {
            match self.link.wait(Stage::Ready(phase), None).await? {
                Directive::Begin { phase: told, in_micros } if told == phase => {
                    return Ok(Next::Begin(Instant::now() + Duration::from_micros(in_micros)));
                }
                Directive::Skip { to } if phase < to => return Ok(Next::Skip(to)),
                Directive::Abort | Directive::Leave => return Ok(Next::Aborted),
                Directive::Prepare { .. }
                | Directive::Begin { .. }
                | Directive::Skip { .. }
                | Directive::Wait
                | Directive::Continue => {}
            }
        }
    }

    /// Tells what is measured, interval by interval, until the phase has ended.
    async fn until_ended(&mut self, phase: LegIndex) -> Result<PhaseEnd, WorkerError> {
        // All begin at the same moment: from then on they tell one after the other.
        let mut pause = self.link.interval() * (self.link.worker() + 1) / self.plan.workers.max(1);
        loop {
            let (state, seconds) = self.generator.collect(self.link.ledger.first_second(phase)).await?;
            self.link.ledger.update(phase, state, seconds);
            let directive = tokio::select! {
                end = self.generator.ended() => return Ok(end?),
                told = self.link.tell_once(Stage::Running(phase), pause) => told?,
            };
            pause = self.link.interval();
            if directive == Some(Directive::Abort) {
                self.generator.abort()?;
                return Ok(self.generator.ended().await?);
            }
        }
    }
}
