//! The coordinator of workers in the same process: calls instead of messages.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::watch;

use super::coordinator::{Admission, Answer, Coordinator, Registration, Report, Unreachable};
use super::session::{Session, SessionView};
use crate::metrics::Aggregate;

/// A session that workers of the same process share.
#[derive(Clone, Debug)]
pub struct LocalCoordinator {
    session: Arc<Mutex<Session>>,
    /// Ticks at each change, so that those who wait look again.
    changes: watch::Sender<()>,
    began: Instant,
}

impl LocalCoordinator {
    /// Takes over `session`.
    #[must_use]
    pub fn new(session: Session) -> Self {
        LocalCoordinator {
            session: Arc::new(Mutex::new(session)),
            changes: watch::Sender::new(()),
            began: Instant::now(),
        }
    }

    /// Ends the run early.
    pub fn abort(&self, reason: &str) {
        self.session().abort(reason);
        self.changes.send_replace(());
    }

    /// A worker is gone.
    pub fn lose(&self, worker: u32) {
        self.session().lose(worker, self.now());
        self.changes.send_replace(());
    }

    /// What is to be shown.
    #[must_use]
    pub fn view(&self) -> SessionView {
        self.session().view(self.now())
    }

    /// How long ago the first phase began; none: none did.
    #[must_use]
    pub fn since_start(&self) -> Option<Duration> {
        let first = self.session().first_start()?;
        Some(self.now().saturating_sub(first))
    }

    /// All that was measured so far.
    #[must_use]
    pub fn aggregate(&self) -> Aggregate {
        self.session().aggregate()
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        // A session is never left half changed: each of its methods checks first and then changes.
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Coordinator for LocalCoordinator {
    async fn register(&self, registration: Registration) -> Result<Admission, Unreachable> {
        Ok(self.session().register(&registration)?)
    }

    async fn report(&self, report: Report, patience: Duration) -> Result<Answer, Unreachable> {
        let mut changes = self.changes.subscribe();
        let mut answer = self.session().report(&report, self.now())?;
        self.changes.send_replace(());
        let deadline = tokio::time::Instant::now() + patience;
        while answer.directive.is_idle() {
            if tokio::time::timeout_at(deadline, changes.changed()).await.is_err() {
                break;
            }
            answer = self.session().answer(report.worker, self.now())?;
        }
        Ok(answer)
    }
}
