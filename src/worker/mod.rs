//! A worker: registers, waits, runs its share phase by phase, tells what it measured, and leaves.

mod ledger;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use crate::engine::{Engine, EngineError, Setup};
use crate::ingest::{
    Answer, Begun, Coordinator, Directive, PROTOCOL, Refusal, Registration, Report, Stage, Unreachable,
};
use crate::metrics::PhaseEnd;
use crate::plan::PhaseIndex;
use ledger::Ledger;

/// How long an answer may be held back while a worker waits for the others.
const PATIENCE: Duration = Duration::from_secs(10);

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
    let worker_index = setup.share.index();
    let registration = Registration {
        protocol: PROTOCOL,
        plan_hash: setup.plan.hash.clone(),
        worker: worker_index,
        process: process.clone(),
    };
    let course: Vec<_> = setup.plan.phases_to_run().map(|(phase, _)| phase).collect();
    let engine = Engine::start(setup)?;
    let mut worker = Worker {
        engine,
        coordinator,
        registration,
        interval: Duration::ZERO,
        begun: Vec::new(),
        ledger: Ledger::new(0),
    };
    worker.register().await?;
    for phase in course {
        if worker.phase(phase).await? == Course::Aborted {
            break;
        }
    }
    worker.leave().await
}

struct Worker {
    engine: Engine,
    coordinator: Arc<dyn Coordinator>,
    registration: Registration,
    interval: Duration,
    /// The phases that it has begun, and when.
    begun: Vec<(PhaseIndex, Instant)>,
    ledger: Ledger,
}

/// Whether the run goes on.
#[derive(PartialEq)]
enum Course {
    GoesOn,
    Aborted,
}

impl Worker {
    /// Asks to take part, until there is an answer.
    async fn register(&mut self) -> Result<(), WorkerError> {
        let since = tokio::time::Instant::now();
        let admission = loop {
            match self.coordinator.register(self.registration.clone()).await {
                Err(Unreachable::Silent(_)) if since.elapsed() < LONGEST_SILENCE => {
                    tokio::time::sleep(RETRY).await;
                }
                told => break told?,
            }
        };
        self.interval = admission.interval;
        self.ledger.acknowledge(admission.epoch, 0);
        info!(worker = self.registration.worker, epoch = admission.epoch, "registered");
        Ok(())
    }

    async fn phase(&mut self, phase: PhaseIndex) -> Result<Course, WorkerError> {
        if self.arrive(phase).await? == Course::Aborted || self.prepare(phase).await? == Course::Aborted {
            return Ok(Course::Aborted);
        }
        let Some(start) = self.wait_for_start(phase).await? else { return Ok(Course::Aborted) };
        self.engine.begin(start)?;
        self.begun.push((phase, start));
        info!(worker = self.registration.worker, phase, "phase begun");
        let end = self.until_ended(phase).await?;
        let (mut state, seconds) = self.engine.collect(0).await?;
        info!(worker = self.registration.worker, phase, ?end, "phase ended");
        state.end = Some(end);
        self.ledger.close(phase, state, seconds);
        Ok(if end == PhaseEnd::Aborted { Course::Aborted } else { Course::GoesOn })
    }

    /// Tells that it is through with what came before until all are.
    async fn arrive(&mut self, phase: PhaseIndex) -> Result<Course, WorkerError> {
        loop {
            match self.wait(Stage::Arrived(phase)).await? {
                Directive::Prepare { phase: told } if told == phase => return Ok(Course::GoesOn),
                Directive::Abort | Directive::Leave => return Ok(Course::Aborted),
                Directive::Prepare { .. }
                | Directive::Begin { .. }
                | Directive::Wait
                | Directive::Continue => {}
            }
        }
    }

    /// Makes ready for `phase`, unless the run is aborted meanwhile.
    async fn prepare(&mut self, phase: PhaseIndex) -> Result<Course, WorkerError> {
        self.engine.prepare(phase)?;
        loop {
            let report = self.report(Stage::Preparing(phase));
            let patience = self.patience(PATIENCE);
            let answer = tokio::select! {
                ready = self.engine.prepared() => return Ok(ready.map(|()| Course::GoesOn)?),
                answer = told(&*self.coordinator, report, patience) => answer,
            };
            match answer {
                Err(Unreachable::Refused(Refusal::Unknown { .. })) if self.begun.is_empty() => {
                    self.register().await?;
                }
                answer => {
                    if self.heed(answer?) == Some(Directive::Abort) {
                        return Ok(Course::Aborted);
                    }
                }
            }
        }
    }

    /// Tells that it is ready until the start is told; none: aborted.
    async fn wait_for_start(&mut self, phase: PhaseIndex) -> Result<Option<Instant>, WorkerError> {
        loop {
            match self.wait(Stage::Ready(phase)).await? {
                Directive::Begin { phase: told, in_micros } if told == phase => {
                    return Ok(Some(Instant::now() + Duration::from_micros(in_micros)));
                }
                Directive::Abort | Directive::Leave => return Ok(None),
                Directive::Prepare { .. }
                | Directive::Begin { .. }
                | Directive::Wait
                | Directive::Continue => {}
            }
        }
    }

    /// Tells what is measured, interval by interval, until the phase has ended.
    async fn until_ended(&mut self, phase: PhaseIndex) -> Result<PhaseEnd, WorkerError> {
        loop {
            let (state, seconds) = self.engine.collect(self.ledger.first_second(phase)).await?;
            self.ledger.update(phase, state, seconds);
            let report = self.report(Stage::Running(phase));
            let patience = self.patience(self.interval);
            let answer = tokio::select! {
                end = self.engine.ended() => return Ok(end?),
                answer = told(&*self.coordinator, report, patience) => answer?,
            };
            if self.heed(answer) == Some(Directive::Abort) {
                self.engine.abort()?;
                return Ok(self.engine.ended().await?);
            }
        }
    }

    /// Tells that it is through until everything is safe. A coordinator that has just begun anew lets everybody go
    /// who is through, before it has been told what it doesn't know.
    async fn leave(&mut self) -> Result<(), WorkerError> {
        info!(worker = self.registration.worker, "through");
        while self.tell(Stage::Finished).await? != Directive::Leave || !self.ledger.is_safe() {}
        info!(worker = self.registration.worker, "left");
        Ok(())
    }

    /// Tells where it is between phases. Without a coordinator nobody knows when the next one begins: then the run ends
    /// here, and what was measured is kept for it.
    async fn wait(&mut self, stage: Stage) -> Result<Directive, WorkerError> {
        match self.tell(stage).await {
            Err(WorkerError::Coordinator(Unreachable::Silent(why))) if !self.begun.is_empty() => {
                warn!(worker = self.registration.worker, "stopped, for want of a coordinator: {why}");
                Ok(Directive::Abort)
            }
            told => told,
        }
    }

    /// Tells where it is, until there is an answer.
    async fn tell(&mut self, stage: Stage) -> Result<Directive, WorkerError> {
        let since = tokio::time::Instant::now();
        let longest = if stage == Stage::Finished { LONGEST_KEEPING } else { LONGEST_SILENCE };
        loop {
            let report = self.report(stage.clone());
            let patience = self.patience(PATIENCE);
            match self.coordinator.report(report, patience).await {
                Err(Unreachable::Silent(_)) if since.elapsed() < longest => tokio::time::sleep(RETRY).await,
                // A coordinator that was started anew knows nobody until the load has begun.
                Err(Unreachable::Refused(Refusal::Unknown { .. })) if self.begun.is_empty() => {
                    self.register().await?;
                }
                answer => {
                    let Answer { epoch, acknowledged, directive } = answer?;
                    self.ledger.acknowledge(epoch, acknowledged);
                    return Ok(directive);
                }
            }
        }
    }

    /// Notes what is safe; the directive, if there was an answer.
    fn heed(&mut self, answer: Option<Answer>) -> Option<Directive> {
        let Answer { epoch, acknowledged, directive } = answer?;
        self.ledger.acknowledge(epoch, acknowledged);
        Some(directive)
    }

    /// How long the answer to the last report may be held back: not at all while there is more to be told.
    fn patience(&self, patience: Duration) -> Duration {
        if self.ledger.has_more() { Duration::ZERO } else { patience }
    }

    /// What is to be told now. It is through only with the last part of what it measured.
    fn report(&mut self, stage: Stage) -> Report {
        let snapshot = self.ledger.snapshot().map(|snapshot| snapshot.to_bytes());
        let stage = match (stage, self.begun.last()) {
            (Stage::Finished, Some((last, _))) if self.ledger.has_more() => Stage::Running(*last),
            (stage, _) => stage,
        };
        let begun = self.begun.iter().map(|(phase, start)| Begun {
            phase: *phase,
            // A phase is never so long that its microseconds don't fit.
            micros_ago: u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
        });
        Report {
            worker: self.registration.worker,
            process: self.registration.process.clone(),
            epoch: self.ledger.epoch(),
            stage,
            begun: begun.collect(),
            snapshot,
        }
    }
}

/// The coordinator's answer; none where it gives none: the load goes on without.
async fn told(
    coordinator: &dyn Coordinator,
    report: Report,
    patience: Duration,
) -> Result<Option<Answer>, Unreachable> {
    match coordinator.report(report, patience).await {
        Ok(answer) => Ok(Some(answer)),
        Err(Unreachable::Silent(_)) => {
            tokio::time::sleep(RETRY).await;
            Ok(None)
        }
        Err(refused) => Err(refused),
    }
}
