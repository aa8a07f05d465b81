//! A worker and a coordinator that has too much to do for a while.

use std::sync::Mutex;

use async_trait::async_trait;

use super::super::*;
use super::played::{Played, Takes, Truth};
use super::quiet;
use crate::ingest::{Admission, Answer, Registration, Report, Session, SharedSession};

/// After how long it says to come again.
const AFTER: Duration = Duration::from_secs(3);
/// So often it says so of each thing that it is told.
const TIMES: usize = 3;

struct Busy {
    session: SharedSession,
    /// What it was told last, and when, as often as it took nothing of it.
    told: Mutex<Vec<(Option<Stage>, Instant)>>,
    pauses: Mutex<Vec<Duration>>,
}

impl Busy {
    /// Whether it has no time for this now.
    fn is(&self, stage: Option<&Stage>) -> bool {
        let (mut told, now) = (self.told.lock().expect("no test panicked with it"), Instant::now());
        match told.last() {
            Some((last, at)) if last.as_ref() == stage => {
                self.pauses.lock().expect("no test panicked with it").push(now - *at);
            }
            Some(_) | None => told.clear(),
        }
        told.push((stage.cloned(), now));
        told.len() <= TIMES
    }
}

#[async_trait]
impl Coordinator for Busy {
    async fn register(&self, registration: Registration) -> Result<Admission, Unreachable> {
        if self.is(None) { Err(Unreachable::Busy(AFTER)) } else { self.session.register(registration).await }
    }

    async fn report(&self, report: Report, patience: Duration) -> Result<Answer, Unreachable> {
        if self.is(Some(&report.stage)) {
            return Err(Unreachable::Busy(AFTER));
        }
        self.session.report(report, patience).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_comes_again_when_it_was_told_to_and_loses_nothing() {
    let session = SharedSession::new(Session::new(&quiet(), 1).without_record());
    let busy = Arc::new(Busy { session, told: Mutex::default(), pauses: Mutex::default() });
    let takes = vec![Takes { making_ready: Duration::from_millis(1), length: Duration::from_secs(30) }; 2];
    let truth = Truth::default();
    let coordinator = Arc::clone(&busy) as Arc<dyn Coordinator>;
    Played::new(0, takes, &truth).works(&quiet(), coordinator).await.expect("it is let go");
    let phases = busy.session.aggregate().phases;
    let counted: Vec<u64> = phases.iter().map(|phase| phase.state.books.completed).collect();
    assert_eq!(counted, truth.all().iter().map(|ran| ran.counted).collect::<Vec<_>>());
    let pauses = busy.pauses.lock().expect("no test panicked with it");
    assert!(pauses.len() > 20, "it was told to often: {pauses:?}");
    // Those of the load are a report apart; whoever was sent away comes no sooner than it was told.
    assert!(pauses.iter().all(|pause| *pause >= AFTER || *pause == Duration::from_secs(1)), "{pauses:?}");
}
