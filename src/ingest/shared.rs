//! A session that many share: workers of the same process by calls, the ingest's server for those of other pods.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::Instant;

use super::coordinator::{Admission, Answer, Coordinator, Refusal, Registration, Report, Unreachable};
use super::room::Room;
use super::session::{Session, SessionView, Untried};
use crate::metrics::{Aggregate, Snapshot, Tried};
use crate::plan::{PhaseIndex, Plan};

/// How far apart the clocks of two machines may be.
const SLACK: Duration = Duration::from_hours(1);

/// A session behind a lock, with a clock and a bell.
#[derive(Clone, Debug)]
pub struct SharedSession {
    session: Arc<Mutex<Session>>,
    /// Ticks when the view may have changed.
    changes: watch::Sender<()>,
    /// Ticks when answers may have become others, so that those whose answer is held back look again.
    words: watch::Sender<()>,
    /// Whether this process leads the run no longer.
    closed: Arc<AtomicBool>,
    clock: Clock,
    /// For what its workers tell.
    room: Room,
}

/// The session's clock: it never goes back and isn't moved by the machine's time of day.
#[derive(Clone, Copy, Debug)]
struct Clock {
    began: Instant,
    head_start: Duration,
}

impl Clock {
    fn now(&self) -> Duration {
        self.head_start + self.began.elapsed()
    }
}

impl SharedSession {
    /// Takes over a session that begins now.
    #[must_use]
    pub fn new(session: Session) -> Self {
        SharedSession::with_clock(session, Clock { began: Instant::now(), head_start: Duration::ZERO })
    }

    /// The session of a run whose load began `ago` under another coordinator.
    #[must_use]
    pub fn resume(plan: &Plan, epoch: u64, owners: &[String], ago: Duration) -> Self {
        // The clock must be past the start of the first phase, even if `ago` was taken from clocks that differ.
        let clock = Clock { began: Instant::now(), head_start: ago + SLACK };
        SharedSession::with_clock(Session::resume(plan, epoch, owners, clock.now()), clock)
    }

    fn with_clock(session: Session, clock: Clock) -> Self {
        SharedSession {
            session: Arc::new(Mutex::new(session.judged_apart())),
            changes: watch::Sender::new(()),
            words: watch::Sender::new(()),
            closed: Arc::default(),
            clock,
            room: Room::of_a_run(),
        }
    }

    /// Stops leading: answers that are held back are given at once, and nobody is answered any more. Whoever leads
    /// the run next takes it up with [`SharedSession::resume`]. A server can then end without waiting for workers.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.changes.send_replace(());
        self.words.send_replace(());
    }

    /// How many answers are held back now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.words.receiver_count()
    }

    /// Ends the run early.
    pub fn abort(&self, reason: &str) {
        self.change(|session, _| session.abort(reason));
    }

    /// A worker is gone.
    pub fn lose(&self, worker: u32) {
        self.change(|session, now| session.lose(worker, now));
    }

    /// The process of a worker is gone: see [`Session::gone`].
    pub fn gone(&self, worker: u32, process: &str) {
        self.change(|session, now| session.gone(worker, process, now));
    }

    /// Whoever has said nothing for too long is lost.
    pub fn lose_the_silent(&self) {
        self.change(Session::lose_the_silent);
    }

    /// Lets the first phase begin with `owners`; `false`: they aren't those who are ready.
    #[must_use]
    pub fn permit(&self, owners: &[String]) -> bool {
        self.change(|session, now| session.permit(owners, now))
    }

    /// What was measured is stored: those who are through may leave.
    pub fn release(&self) {
        self.change(|session, _| session.release());
    }

    /// The processes of all shares, once only the permission to start is missing.
    #[must_use]
    pub fn gathered(&self) -> Option<Vec<String>> {
        self.session().gathered()
    }

    /// Whether the load has begun, or may have.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.session().has_begun()
    }

    /// The process of each share; none: nobody runs it yet.
    #[must_use]
    pub fn owners(&self) -> Vec<Option<String>> {
        self.session().owners()
    }

    /// What is to be shown.
    #[must_use]
    pub fn view(&self) -> SessionView {
        self.session().view(self.clock.now())
    }

    /// Those that were lost.
    #[cfg(test)]
    pub(crate) fn lost(&self) -> Vec<u32> {
        self.session().lost()
    }

    /// How long ago the first phase began; none: none did.
    #[must_use]
    pub fn since_start(&self) -> Option<Duration> {
        let first = self.session().first_start()?;
        Some(self.clock.now().saturating_sub(first))
    }

    /// All that was measured so far.
    #[must_use]
    pub fn aggregate(&self) -> Aggregate {
        // Reports are taken while it is put together.
        let measured = self.session().measured();
        measured.aggregate()
    }

    /// The same of one phase, for whoever looks at it often: a long run has thousands of seconds.
    #[must_use]
    pub fn aggregate_of(&self, phase: PhaseIndex) -> Aggregate {
        let measured = self.session().measured();
        measured.of_phase(phase).aggregate()
    }

    /// The whole beside other work: that of a thousand workers takes a second or more, in which they want to be heard.
    pub async fn aggregate_apart(&self) -> Aggregate {
        let measured = self.session().measured();
        match tokio::task::spawn_blocking(move || measured.aggregate()).await {
            Ok(aggregate) => aggregate,
            Err(broken) => match broken.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The program ends, and nobody waits for it any more.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Ticks when a worker has come, gone or moved on, a phase begins, or the run is aborted, released or closed; not
    /// when there is only more that was measured.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// The room for what its workers tell.
    pub(super) fn room(&self) -> &Room {
        &self.room
    }

    /// Takes a report whose snapshot was read, and says what its worker is to do now.
    pub(super) fn take(&self, report: &Report, snapshot: Option<Snapshot>) -> Result<Answer, Unreachable> {
        self.open()?;
        Ok(self.change(|session, now| session.report(report, snapshot, now))?)
    }

    /// Holds back an answer with nothing to do, for up to `patience`: the one that there is then.
    pub(super) async fn hold(
        &self,
        answer: Answer,
        report: &Report,
        patience: Duration,
    ) -> Result<Answer, Unreachable> {
        let is_idle = |answer: &Answer| {
            answer.directive.is_idle() && answer.epoch == report.epoch && self.open().is_ok()
        };
        if !is_idle(&answer) {
            return Ok(answer);
        }
        let (mut words, deadline) = (self.words.subscribe(), Instant::now() + patience);
        // Something may have changed before it was listened for.
        let mut answer = self.answer(report.worker)?;
        while is_idle(&answer) {
            let moment = self.next_moment().filter(|moment| *moment < deadline);
            let is_over = tokio::time::timeout_at(moment.unwrap_or(deadline), words.changed()).await.is_err();
            if is_over && moment.is_none() {
                break;
            }
            if is_over {
                self.change(Session::look);
            }
            answer = self.answer(report.worker)?;
        }
        Ok(answer)
    }

    fn answer(&self, worker: u32) -> Result<Answer, Refusal> {
        self.session().answer(worker, self.clock.now())
    }

    fn change<T>(&self, change: impl FnOnce(&mut Session, Duration) -> T) -> T {
        let mut session = self.session();
        let before = (session.turn(), session.word());
        let changed = change(&mut session, self.clock.now());
        let (is_to_be_seen, is_to_be_said) = (session.turn() != before.0, session.word() != before.1);
        let untried = session.untried();
        drop(session);
        if let Some(untried) = untried {
            self.judge(untried);
        }
        // Not at each report: a thousand workers that wait would wake a thousand times a second each.
        if is_to_be_seen {
            self.changes.send_replace(());
        }
        if is_to_be_said {
            self.words.send_replace(());
        }
        changed
    }

    /// Judges a level of a search beside other work, where there is any: reports are taken meanwhile.
    fn judge(&self, untried: Untried) {
        let session = self.clone();
        let judge = move || {
            // Whatever becomes of it, nobody waits for ever.
            let tried = catch_unwind(AssertUnwindSafe(|| untried.tried()));
            let tried = tried.unwrap_or_else(|_| Tried::Unknown("judging it failed".to_owned()));
            session.change(|session, now| session.decide(&untried, &tried, now));
        };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(judge)),
            Err(_) => judge(),
        }
    }

    /// When an answer may become another one though nothing changes.
    fn next_moment(&self) -> Option<Instant> {
        let now = self.clock.now();
        let moment = self.session().next_moment(now)?;
        Some(Instant::now() + moment.saturating_sub(now))
    }

    fn open(&self) -> Result<(), Unreachable> {
        let closed = self.closed.load(Ordering::SeqCst);
        if closed { Err(Unreachable::Silent("it leads the run no longer".to_owned())) } else { Ok(()) }
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        // A session is never left half changed: each of its methods checks first and then changes.
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Coordinator for SharedSession {
    async fn register(&self, registration: Registration) -> Result<Admission, Unreachable> {
        self.open()?;
        Ok(self.change(|session, _| session.register(&registration, SystemTime::now()))?)
    }

    async fn report(&self, mut report: Report, patience: Duration) -> Result<Answer, Unreachable> {
        // Read before the session is locked: the others don't wait for it.
        let snapshot = read(&mut report)?;
        let answer = self.take(&report, snapshot)?;
        self.hold(answer, &report, patience).await
    }
}

/// What a report says was measured. In another version of the messages it may mean something else.
pub(super) fn read(report: &mut Report) -> Result<Option<Snapshot>, Refusal> {
    Refusal::of_protocol(report.protocol)?;
    let read = |bytes: Vec<u8>| Snapshot::from_bytes(&bytes);
    report.snapshot.take().map(read).transpose().map_err(|error| Refusal::Unreadable(error.to_string()))
}
