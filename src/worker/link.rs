//! What a worker and its coordinator say to each other: where the worker is, what it measured, what it is to do.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::ledger::Ledger;
use super::{LONGEST_KEEPING, LONGEST_SILENCE, RETRY, WorkerError};
use crate::ingest::{
    Answer, Begun, Coordinator, Directive, PATIENCE, PROTOCOL, Refusal, Registration, Report, Stage,
    Unreachable, longest_pause,
};
use crate::plan::LegIndex;

/// So far apart workers come that were told to come again at the same moment.
const APART: Duration = Duration::from_millis(20);
/// So many come one after the other.
const IN_TURN: u32 = 50;

pub(super) struct Link {
    coordinator: Arc<dyn Coordinator>,
    registration: Registration,
    interval: Duration,
    /// When the last answer came.
    heard: Instant,
    /// By so many seconds its time of day is ahead of the coordinator's, at least.
    clock_ahead: i64,
    /// The phases that it has begun, and when.
    begun: Vec<(LegIndex, Instant)>,
    pub(super) ledger: Ledger,
}

impl Link {
    pub(super) fn new(
        coordinator: Arc<dyn Coordinator>,
        plan_hash: String,
        data_hash: String,
        worker: u32,
        process: String,
    ) -> Self {
        let registration = Registration { protocol: PROTOCOL, plan_hash, data_hash, worker, process };
        let (interval, heard) = (Duration::ZERO, Instant::now());
        let (begun, ledger) = (Vec::new(), Ledger::new(0));
        Link { coordinator, registration, interval, heard, clock_ahead: 0, begun, ledger }
    }

    pub(super) fn worker(&self) -> u32 {
        self.registration.worker
    }

    /// The time between two reports while a phase is on.
    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// A phase has begun.
    pub(super) fn begin(&mut self, phase: LegIndex, start: Instant) {
        self.begun.push((phase, start));
    }

    /// The first phase that was begun and the last, and when.
    pub(super) fn course(&self) -> Option<((LegIndex, Instant), (LegIndex, Instant))> {
        Some((*self.begun.first()?, *self.begun.last()?))
    }

    /// From when on it is sure that it can't be heard, unless an answer comes before.
    pub(super) fn cut_off(&self) -> Instant {
        self.heard + longest_pause(self.interval)
    }

    /// Asks to take part, until there is an answer.
    pub(super) async fn register(&mut self) -> Result<(), WorkerError> {
        let since = Instant::now();
        let (asked, admission) = loop {
            let asked = SystemTime::now();
            let told = self.coordinator.register(self.registration.clone()).await;
            match self.pause(&told).filter(|_| since.elapsed() < LONGEST_SILENCE) {
                Some(pause) => sleep(pause).await,
                None => break (asked, told?),
            }
        };
        self.interval = admission.interval;
        self.heard = Instant::now();
        self.ledger.acknowledge(admission.epoch, 0);
        self.clock_ahead = ahead(asked, admission.time, SystemTime::now());
        info!(worker = self.worker(), epoch = admission.epoch, clock_ahead = self.clock_ahead, "registered");
        Ok(())
    }

    /// Tells where it is between phases, at least until `until` where there is no answer. Without a coordinator nobody
    /// knows when the next one begins: then the run ends here, and what was measured is kept for it.
    pub(super) async fn wait(
        &mut self,
        stage: Stage,
        until: Option<Instant>,
    ) -> Result<Directive, WorkerError> {
        let longest = Instant::now() + LONGEST_SILENCE;
        match self.tell_until(stage, until.map_or(longest, |until| until.max(longest))).await {
            Err(WorkerError::Coordinator(why @ (Unreachable::Silent(_) | Unreachable::Busy(_))))
                if !self.begun.is_empty() =>
            {
                warn!(worker = self.worker(), "stopped, for want of a coordinator: {why}");
                Ok(Directive::Abort)
            }
            told => told,
        }
    }

    /// Tells that it is through until everything is safe. A coordinator that has just begun anew lets everybody go
    /// who is through, before it has been told what it doesn't know.
    pub(super) async fn leave(&mut self) -> Result<(), WorkerError> {
        info!(worker = self.worker(), "through");
        loop {
            let longest = Instant::now() + LONGEST_KEEPING;
            let directive = self.tell_until(Stage::Finished, longest).await?;
            if directive == Directive::Leave && self.ledger.is_safe() {
                info!(worker = self.worker(), "left");
                return Ok(());
            }
        }
    }

    /// Tells where it is, until there is an answer.
    async fn tell_until(&mut self, stage: Stage, longest: Instant) -> Result<Directive, WorkerError> {
        loop {
            let told = self.tell(stage.clone(), PATIENCE).await;
            if let Some(pause) = self.pause(&told).filter(|_| Instant::now() < longest) {
                sleep(pause).await;
                continue;
            }
            match told {
                // A coordinator that was started anew knows nobody until the load has begun.
                Err(Unreachable::Refused(Refusal::Unknown { .. })) if self.begun.is_empty() => {
                    self.register().await?;
                }
                answer => return Ok(answer?),
            }
        }
    }

    /// Tells where it is; none where there is no answer: the load goes on without.
    pub(super) async fn tell_once(
        &mut self,
        stage: Stage,
        patience: Duration,
    ) -> Result<Option<Directive>, WorkerError> {
        let told = self.tell(stage, patience).await;
        if let Some(pause) = self.pause(&told) {
            sleep(pause).await;
            return Ok(None);
        }
        match told {
            Ok(directive) => Ok(Some(directive)),
            Err(Unreachable::Refused(Refusal::Unknown { .. })) if self.begun.is_empty() => {
                self.register().await?;
                Ok(None)
            }
            Err(refused) => Err(refused.into()),
        }
    }

    /// After what pause a coordinator that took nothing is asked again; none: it took it, or never will. Who has too much
    /// to do isn't asked by all at the same moment.
    fn pause<T>(&self, told: &Result<T, Unreachable>) -> Option<Duration> {
        match told {
            Err(Unreachable::Silent(_)) => Some(RETRY),
            Err(Unreachable::Busy(after)) => Some(*after + APART * (self.worker() % IN_TURN)),
            Ok(_) | Err(Unreachable::Refused(_) | Unreachable::TurnedAway(_)) => None,
        }
    }

    /// Tells where it is, and notes what is safe. Can be dropped.
    async fn tell(&mut self, stage: Stage, patience: Duration) -> Result<Directive, Unreachable> {
        let report = self.report(stage);
        // Nothing is held back while there is more to be told.
        let patience = if self.ledger.has_more() { Duration::ZERO } else { patience };
        let Answer { epoch, acknowledged, directive } = self.coordinator.report(report, patience).await?;
        self.ledger.acknowledge(epoch, acknowledged);
        self.heard = Instant::now();
        Ok(directive)
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
            protocol: PROTOCOL,
            worker: self.worker(),
            process: self.registration.process.clone(),
            epoch: self.ledger.epoch(),
            stage,
            clock_ahead: self.clock_ahead,
            begun: begun.collect(),
            snapshot,
        }
    }
}

/// By how many seconds this clock is ahead of the one that showed `told` at some moment between `asked` and `answered`, at least;
/// below zero: behind.
fn ahead(asked: SystemTime, told: SystemTime, answered: SystemTime) -> i64 {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match (asked.duration_since(told), told.duration_since(answered)) {
        (Ok(ahead), _) => seconds(ahead),
        (_, Ok(behind)) => -seconds(behind),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn a_clock_is_ahead_or_behind_by_what_the_way_of_the_answer_cannot_explain() {
        let at = |seconds: u64| UNIX_EPOCH + Duration::from_secs(seconds);
        for (asked, told, answered, want) in [
            (100, 100, 100, 0),
            (100, 105, 110, 0),
            (100, 110, 110, 0),
            (400, 100, 400, 300),
            (400, 100, 420, 300),
            (100, 400, 100, -300),
            (100, 400, 120, -280),
        ] {
            assert_eq!(ahead(at(asked), at(told), at(answered)), want, "{asked} {told} {answered}");
        }
    }
}
