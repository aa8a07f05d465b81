//! A worker and a coordinator that says nothing any more.

use std::sync::Mutex;

use async_trait::async_trait;

use super::super::*;
use super::played::{Played, Takes, Truth};
use super::quiet;
use crate::ingest::{Admission, Answer, Registration, Report, Session, SharedSession};

/// A coordinator that is away as long as a worker tells it of one stage.
struct Away {
    session: SharedSession,
    during: Stage,
    /// How long it was asked in vain.
    asked: Mutex<Vec<tokio::time::Instant>>,
}

impl Away {
    fn during(stage: Stage) -> Arc<Self> {
        let session = SharedSession::new(Session::new(&quiet(), 1).without_record());
        Arc::new(Away { session, during: stage, asked: Mutex::default() })
    }

    /// For how long it was asked in vain, in seconds.
    fn asked_for(&self) -> Option<u64> {
        let asked = self.asked.lock().expect("no test panicked with it");
        Some((*asked.last()? - *asked.first()?).as_secs())
    }

    /// What comes of the only worker of a run.
    async fn leads(self: &Arc<Self>) -> Result<(), WorkerError> {
        let millisecond = Duration::from_millis(1);
        let takes = vec![Takes { making_ready: millisecond, length: millisecond }; 2];
        Played::new(0, takes, &Truth::default()).works(&quiet(), Arc::clone(self) as _).await
    }
}

#[async_trait]
impl Coordinator for Away {
    async fn register(&self, registration: Registration) -> Result<Admission, Unreachable> {
        self.session.register(registration).await
    }

    async fn report(&self, report: Report, patience: Duration) -> Result<Answer, Unreachable> {
        if report.stage == self.during {
            self.asked.lock().expect("no test panicked with it").push(tokio::time::Instant::now());
            return Err(Unreachable::Silent("it is away".to_owned()));
        }
        self.session.report(report, patience).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_waits_a_minute_for_the_next_phase_and_then_tells_what_it_measured() {
    let coordinator = Away::during(Stage::Arrived(1));
    coordinator.leads().await.expect("it is let go");
    assert_eq!(coordinator.asked_for(), Some(60));
    let ended: Vec<_> = coordinator.session.aggregate().phases.iter().map(|phase| phase.ended).collect();
    assert_eq!(ended, [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_has_not_begun_waits_a_minute_and_fails() {
    let coordinator = Away::during(Stage::Arrived(0));
    let failed = coordinator.leads().await;
    assert!(matches!(failed, Err(WorkerError::Coordinator(Unreachable::Silent(_)))), "{failed:?}");
    assert_eq!(coordinator.asked_for(), Some(60));
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_through_keeps_what_it_measured_for_ten_minutes() {
    let coordinator = Away::during(Stage::Finished);
    let failed = coordinator.leads().await;
    assert!(matches!(failed, Err(WorkerError::Coordinator(Unreachable::Silent(_)))), "{failed:?}");
    assert_eq!(coordinator.asked_for(), Some(600));
}
