//! The runs that this process leads: their plans and sessions, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kube::runtime::reflector::ObjectRef;
use tokio::sync::broadcast;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::seen::Lasted;
use crate::api::LoadTest;
use crate::ingest::SharedSession;
use crate::plan::Plan;

/// A run that this process leads.
#[derive(Clone, Debug)]
pub struct LiveRun {
    /// The object that it is a run of.
    pub test: ObjectRef<LoadTest>,
    /// The UID of its Job, whose pods are its workers.
    pub job_uid: String,
    /// The plan of the spec that it was begun with.
    pub plan: Arc<Plan>,
    /// Who takes part and what was measured.
    pub session: SharedSession,
    /// When the first phase was let begin, once it was.
    pub started_at: Option<Timestamp>,
    /// Since when the load is on.
    pub load: Option<Clock>,
    /// When it was told to abort.
    pub aborted_at: Option<Instant>,
    /// What the API server refuses, so that workers can't be let in.
    pub shut_out: Option<String>,
}

/// Measures how long something has lasted, whatever becomes of the time of day meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    since: Instant,
    head_start: Duration,
}

impl Clock {
    /// The clock of something that began `ago`.
    #[must_use]
    pub fn begun(ago: Duration) -> Self {
        Clock { since: Instant::now(), head_start: ago }
    }

    /// How long it has lasted by now.
    #[must_use]
    pub fn lasted(&self) -> Lasted {
        let here = self.since.elapsed();
        Lasted { in_all: self.head_start + here, here }
    }
}

/// All runs that this process leads, by their UIDs.
#[derive(Clone, Debug)]
pub struct Runs {
    live: Arc<Mutex<BTreeMap<String, Led>>>,
    /// Those that are to begin, by their UIDs: since when.
    waiting: Arc<Mutex<BTreeMap<String, Clock>>>,
    /// Those whose object is being deleted, by their UIDs: since when.
    leaving: Arc<Mutex<BTreeMap<String, Clock>>>,
    /// Whom to look at again, because something of note has changed.
    bell: broadcast::Sender<ObjectRef<LoadTest>>,
}

#[derive(Debug)]
struct Led {
    run: LiveRun,
    /// Rings the bell for it.
    ringer: AbortHandle,
    /// When its status was last written while its load was on.
    shown_at: Option<Instant>,
}

/// What of a session is worth a look at once; everything else is seen at the next regular look.
#[derive(Clone, Debug, PartialEq)]
struct Noteworthy {
    is_gathered: bool,
    admitted: u32,
    lost: u32,
    clocks_off: u32,
    phase: Option<usize>,
    finished: bool,
    is_aborted: bool,
}

impl Runs {
    /// No runs; `bell` is rung for those that are to be looked at.
    #[must_use]
    pub fn new(bell: broadcast::Sender<ObjectRef<LoadTest>>) -> Self {
        Runs { live: Arc::default(), waiting: Arc::default(), leaving: Arc::default(), bell }
    }

    /// The run of this UID.
    #[must_use]
    pub fn get(&self, uid: &str) -> Option<LiveRun> {
        self.lock().get(uid).map(|led| led.run.clone())
    }

    /// Leads `run` from now on.
    pub fn open(&self, uid: &str, run: LiveRun) {
        let ringer = tokio::spawn(ring(run.test.clone(), run.session.clone(), self.bell.clone()));
        let led = Led { run, ringer: ringer.abort_handle(), shown_at: None };
        if let Some(before) = self.lock().insert(uid.to_owned(), led) {
            before.ringer.abort();
            before.run.session.close();
        }
    }

    /// Leads the run no longer. What its workers still say is answered as if it had never been.
    pub fn close(&self, uid: &str) {
        clocks(&self.waiting).remove(uid);
        clocks(&self.leaving).remove(uid);
        if let Some(led) = self.lock().remove(uid) {
            led.ringer.abort();
        }
    }

    /// Leads no longer what is a run of another object of this name than the one that is there by now; none: there is
    /// none.
    pub fn close_others(&self, namespace: &str, name: &str, there: Option<&str>) {
        let is_another = |test: &ObjectRef<LoadTest>| {
            let is_named_so = test.name == name && test.namespace.as_deref() == Some(namespace);
            is_named_so && test.extra.uid.as_deref() != there
        };
        let others = |(uid, led): (&String, &Led)| is_another(&led.run.test).then(|| uid.clone());
        let gone: Vec<_> = self.lock().iter().filter_map(others).collect();
        for uid in &gone {
            self.close(uid);
        }
    }

    /// Notes when the first phase was let begin.
    pub fn started(&self, uid: &str, at: Timestamp) {
        if let Some(led) = self.lock().get_mut(uid) {
            led.run.started_at = Some(at);
            led.run.load = Some(Clock::begun(Duration::ZERO));
        }
    }

    /// Ends the load of the run early; the first reason stays.
    pub fn abort(&self, uid: &str, reason: &str) {
        if let Some(led) = self.lock().get_mut(uid) {
            led.run.aborted_at.get_or_insert_with(Instant::now);
            led.run.session.abort(reason);
        }
    }

    /// Notes what the API server refuses, so that its workers can't be let in; none: they can. Others than before are
    /// to be told.
    pub fn shut_out(&self, uid: &str, refused: Option<String>) {
        if let Some(led) = self.lock().get_mut(uid).filter(|led| led.run.shut_out != refused) {
            led.run.shut_out = refused;
            drop(self.bell.send(led.run.test.clone()));
        }
    }

    /// How long the run has been to begin; `ago` is how long it was so already when this process first saw it.
    #[must_use]
    pub fn waited(&self, uid: &str, ago: Duration) -> Lasted {
        clocks(&self.waiting).entry(uid.to_owned()).or_insert_with(|| Clock::begun(ago)).lasted()
    }

    /// How long the run has been leaving with its object; `ago` is how long it was so already when this process first
    /// saw it.
    #[must_use]
    pub fn leaving(&self, uid: &str, ago: Duration) -> Lasted {
        clocks(&self.leaving).entry(uid.to_owned()).or_insert_with(|| Clock::begun(ago)).lasted()
    }

    /// Whether the status is to be written again while the load is on: every `interval`.
    #[must_use]
    pub fn is_to_be_shown(&self, uid: &str, interval: Duration) -> bool {
        let mut live = self.lock();
        let Some(led) = live.get_mut(uid) else { return false };
        let is_due = led.shown_at.is_none_or(|at| at.elapsed() >= interval);
        if is_due {
            led.shown_at = Some(Instant::now());
        }
        is_due
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<LiveRun> {
        self.lock().values().map(|led| led.run.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Led>> {
        // Each change is one insert or remove.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn clocks(clocks: &Mutex<BTreeMap<String, Clock>>) -> MutexGuard<'_, BTreeMap<String, Clock>> {
    // Each change is one insert or remove.
    clocks.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Rings for `test` at each noteworthy change of its session.
async fn ring(
    test: ObjectRef<LoadTest>,
    session: SharedSession,
    bell: broadcast::Sender<ObjectRef<LoadTest>>,
) {
    let mut changes = session.changes();
    let mut last = None;
    while changes.changed().await.is_ok() {
        let now = Some(noteworthy(&session));
        if now != last {
            // Where nobody listens yet, all is looked at anew once somebody does.
            drop(bell.send(test.clone()));
        }
        last = now;
    }
}

fn noteworthy(session: &SharedSession) -> Noteworthy {
    let view = session.view();
    Noteworthy {
        is_gathered: session.gathered().is_some(),
        admitted: view.admitted,
        lost: view.lost,
        clocks_off: view.clocks_off,
        phase: view.phase.map(|(phase, _)| phase),
        finished: view.finished,
        is_aborted: view.aborted.is_some(),
    }
}
