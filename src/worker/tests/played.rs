//! A load that is played: its phases last as long as they are told to, in tokio's time, and what happened is noted.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::watch;

use super::super::*;
use crate::metrics::phase::Seconds;
use crate::metrics::{PhaseState, Second};

/// The requests of a second.
const PER_SECOND: u64 = 10;
/// Seconds that are told as one.
const SLOT: u32 = 5;
/// The requests of those.
const PER_SLOT: u64 = 50;

/// What one worker did in one phase.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ran {
    pub(super) worker: u32,
    pub(super) phase: LegIndex,
    pub(super) start: Instant,
    /// None: it isn't over.
    pub(super) end: Option<Instant>,
    pub(super) counted: u64,
}

/// What all workers did.
#[derive(Clone, Debug, Default)]
pub(super) struct Truth(Arc<Mutex<Vec<Ran>>>);

impl Truth {
    fn lock(&self) -> MutexGuard<'_, Vec<Ran>> {
        self.0.lock().expect("no test panicked with it")
    }

    pub(super) fn all(&self) -> Vec<Ran> {
        self.lock().clone()
    }

    pub(super) fn of(&self, worker: u32, phase: LegIndex) -> Option<Ran> {
        self.lock().iter().copied().find(|ran| ran.worker == worker && ran.phase == phase)
    }
}

/// How long a phase takes at one worker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Takes {
    pub(super) making_ready: Duration,
    pub(super) length: Duration,
}

/// Plays the load of one worker.
pub(super) struct Played {
    worker: u32,
    takes: Vec<Takes>,
    truth: Truth,
    is_ready_at: (LegIndex, Instant),
    abort: watch::Sender<bool>,
}

impl Played {
    pub(super) fn new(worker: u32, takes: Vec<Takes>, truth: &Truth) -> Self {
        let (is_ready_at, abort) = ((0, Instant::now()), watch::Sender::new(false));
        Played { worker, takes, truth: truth.clone(), is_ready_at, abort }
    }

    /// The worker whose load it is, at a coordinator.
    pub(super) async fn works(
        self,
        plan: &Arc<Plan>,
        coordinator: Arc<dyn Coordinator>,
    ) -> Result<(), WorkerError> {
        let link = Link::new(
            coordinator,
            plan.hash.clone(),
            String::new(),
            self.worker,
            format!("p{}", self.worker),
        );
        Worker { plan: Arc::clone(plan), generator: self, link }.run().await
    }

    fn ran(&self) -> Ran {
        self.truth.of(self.worker, self.is_ready_at.0).expect("it has begun")
    }

    /// Requests until now, or the end.
    fn counted(ran: &Ran) -> u64 {
        let lasted = ran.end.unwrap_or_else(Instant::now).saturating_duration_since(ran.start);
        u64::try_from(lasted.as_millis()).expect("it is short") * PER_SECOND / 1000
    }
}

impl Generator for Played {
    fn prepare(&mut self, phase: LegIndex) -> Result<(), EngineError> {
        self.is_ready_at = (phase, Instant::now() + self.takes[phase].making_ready);
        Ok(())
    }

    async fn prepared(&mut self) -> Result<(), EngineError> {
        sleep_until(self.is_ready_at.1).await;
        Ok(())
    }

    fn begin(&mut self, start: Instant) -> Result<(), EngineError> {
        let (worker, phase) = (self.worker, self.is_ready_at.0);
        assert!(self.truth.of(worker, phase).is_none(), "worker {worker} begins phase {phase} a second time");
        assert!(self.is_ready_at.1 <= start, "worker {worker} isn't ready for phase {phase}");
        self.truth.lock().push(Ran { worker, phase, start, end: None, counted: 0 });
        Ok(())
    }

    async fn ended(&mut self) -> Result<PhaseEnd, EngineError> {
        let ran = self.ran();
        let mut aborted = self.abort.subscribe();
        let end = tokio::select! {
            () = sleep_until(ran.start + self.takes[ran.phase].length) => PhaseEnd::Completed,
            _ = aborted.wait_for(|aborted| *aborted) => PhaseEnd::Aborted,
        };
        let now = Instant::now();
        let mut truth = self.truth.lock();
        let ran =
            truth.iter_mut().find(|it| it.worker == ran.worker && it.phase == ran.phase).expect("it ran");
        ran.end = Some(now);
        ran.counted = Self::counted(ran);
        Ok(end)
    }

    async fn collect(&self, first_second: u32) -> Result<(PhaseState, Seconds), EngineError> {
        let counted = Self::counted(&self.ran());
        let mut state = PhaseState::default();
        state.books.completed = counted;
        // Of each five seconds one is told, for all of them: it is time that tests have too little of.
        let slot = |at: u32| {
            let requests = counted.saturating_sub(u64::from(at) * PER_SECOND).min(PER_SLOT);
            (at, Second { requests, ..Second::default() })
        };
        let last = u32::try_from(counted / PER_SECOND).expect("there are few");
        Ok((state, (first_second / SLOT * SLOT..=last).step_by(SLOT as usize).map(slot).collect()))
    }

    fn abort(&self) -> Result<(), EngineError> {
        self.abort.send_replace(true);
        Ok(())
    }
}
