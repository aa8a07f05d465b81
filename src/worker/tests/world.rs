//! A run in which workers are cut off and coordinators come and go, in tokio's time: real workers and sessions, a played
//! load, and a way between them that loses, doubles and delays.

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::super::*;
use super::played::{Played, Truth};
pub(super) use super::script::{Cut, How, Judged, Mail, Outcome, Script, Stretch};
use crate::ingest::{Admission, Answer, Registration, Report, Session, SharedSession};

/// How long an answer that isn't held back may take before a worker gives up.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Where there is no coordinator, that takes about so long to be noticed.
const NOTICED: Duration = Duration::from_secs(4);
/// How often the coordinator looks at its run.
pub(super) const GLANCE: Duration = Duration::from_secs(1);

/// When all must be ready.
const START_DEADLINE: Duration = Duration::from_mins(3);
/// Nothing that is played takes so long.
const LONGEST: Duration = Duration::from_hours(1);

/// Plays it.
pub(super) fn play(script: &Script) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let stage = Stage::new(script);
        let mut workers = JoinSet::new();
        for (worker, takes) in (0..).zip(&script.takes) {
            let played = Played::new(worker, takes.clone(), &stage.truth);
            let way: Arc<dyn Coordinator> = Arc::new(Way { worker, stage: Arc::clone(&stage) });
            let plan = Arc::clone(&script.plan);
            workers.spawn(async move { played.works(&plan, way).await });
        }
        let leads = tokio::spawn(Arc::clone(&stage).leads());
        let ended = tokio::time::timeout(LONGEST, workers.join_all()).await;
        let workers = ended.expect("everybody comes to an end");
        let lasted = stage.began.elapsed();
        leads.abort();
        Outcome { judged: stage.state().judged.take(), truth: stage.truth.clone(), lasted, workers }
    })
}

struct Stage {
    script: Script,
    began: Instant,
    truth: Truth,
    state: Mutex<State>,
    /// Ticks when the coordinator has changed.
    change: watch::Sender<()>,
}

struct State {
    session: Option<SharedSession>,
    epoch: u64,
    draws: SplitMix64,
    judged: Option<Judged>,
}

impl Stage {
    fn new(script: &Script) -> Arc<Self> {
        let session = Some(SharedSession::new(Session::new(&script.plan, 1)));
        let draws = SplitMix64::seed_from_u64(script.mail.seed);
        Arc::new(Stage {
            script: script.clone(),
            began: Instant::now(),
            truth: Truth::default(),
            state: Mutex::new(State { session, epoch: 1, draws, judged: None }),
            change: watch::Sender::new(()),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panicked with it")
    }

    fn session(&self) -> Option<SharedSession> {
        self.state().session.clone()
    }

    /// What coordinators do, one after the other.
    async fn leads(self: Arc<Self>) {
        loop {
            self.comes_or_goes();
            if let Some(session) = self.session() {
                if let Some(owners) = session.gathered() {
                    assert!(session.permit(&owners));
                }
                session.lose_the_silent();
                if !session.has_begun() && self.began.elapsed() > START_DEADLINE {
                    session.abort("not all have come");
                    session.release();
                }
                if session.view().finished {
                    self.judges(&session);
                    session.release();
                }
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    fn comes_or_goes(&self) {
        let is_away = self.script.away.iter().any(|away| away.is_on(self.began.elapsed()));
        let mut state = self.state();
        match &state.session {
            // Before there is a record, nobody could take the run up.
            Some(session) if is_away && session.has_begun() => state.session = None,
            None if !is_away => {
                state.epoch += 1;
                let owners: Vec<_> =
                    (0..self.script.plan.workers).map(|worker| format!("p{worker}")).collect();
                let (plan, ago) = (&self.script.plan, self.began.elapsed());
                state.session = Some(SharedSession::resume(plan, state.epoch, &owners, ago));
            }
            Some(_) | None => return,
        }
        drop(state);
        self.change.send_replace(());
    }

    fn judges(&self, session: &SharedSession) {
        let mut state = self.state();
        let is_taken_up = state.epoch > 1;
        state.judged.get_or_insert_with(|| Judged {
            view: session.view(),
            lost: session.lost(),
            aggregate: session.aggregate(),
            is_taken_up,
        });
    }

    /// How `worker` is cut off now.
    fn cut(&self, worker: u32) -> Option<How> {
        let now = self.began.elapsed();
        let cut = self
            .script
            .cuts
            .iter()
            .find(|cut| cut.worker.is_none_or(|cut| cut == worker) && cut.when.is_on(now));
        cut.map(|cut| cut.how)
    }

    /// Up to `most`, mostly far below.
    fn delay(&self, most: Duration) -> Duration {
        let mut state = self.state();
        let is_slow = state.draws.next_u64().is_multiple_of(20);
        let most = if is_slow { most } else { most / 50 };
        Duration::from_micros(
            state.draws.next_u64() % u64::try_from(most.as_micros()).expect("it is short").max(1),
        )
    }

    fn is_stray(&self) -> bool {
        let strays = self.script.mail.strays;
        strays > 0 && self.state().draws.next_u64().is_multiple_of(strays)
    }
}

/// The way of one worker to the coordinator of now.
struct Way {
    worker: u32,
    stage: Arc<Stage>,
}

fn nobody() -> Unreachable {
    Unreachable::Silent("there is nobody".to_owned())
}

impl Way {
    /// The answer, unless the coordinator goes away meanwhile.
    async fn asked(&self, report: Report, patience: Duration) -> Result<Answer, Unreachable> {
        let mut change = self.stage.change.subscribe();
        let Some(session) = self.stage.session() else {
            tokio::time::sleep(self.stage.delay(NOTICED) + NOTICED / 2).await;
            return Err(nobody());
        };
        tokio::select! {
            answer = session.report(report, patience) => answer,
            _ = change.changed() => Err(nobody()),
        }
    }

    /// The same, on a way that is long and may end anywhere.
    async fn told(&self, report: Report, patience: Duration) -> Result<Answer, Unreachable> {
        let mail = self.stage.script.mail;
        match self.stage.cut(self.worker) {
            Some(How::Refused) => return Err(nobody()),
            Some(How::Hole) => std::future::pending().await,
            Some(How::Deaf) | None => {}
        }
        tokio::time::sleep(self.stage.delay(mail.report)).await;
        let answer = self.asked(report, patience).await;
        if self.stage.cut(self.worker).is_some() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(self.stage.delay(mail.answer)).await;
        answer
    }

    /// A report that arrives once more when its worker has long gone on.
    fn strays(&self, report: Report) {
        let late = self.stage.delay(Duration::from_secs(20));
        let way = Way { worker: self.worker, stage: Arc::clone(&self.stage) };
        tokio::spawn(async move {
            tokio::time::sleep(late).await;
            drop(way.asked(report, Duration::ZERO).await);
        });
    }
}

#[async_trait]
impl Coordinator for Way {
    async fn register(&self, registration: Registration) -> Result<Admission, Unreachable> {
        match (self.stage.cut(self.worker), self.stage.session()) {
            (None, Some(session)) => session.register(registration).await,
            (Some(_), _) | (None, None) => Err(nobody()),
        }
    }

    async fn report(&self, report: Report, patience: Duration) -> Result<Answer, Unreachable> {
        if self.stage.is_stray() {
            self.strays(report.clone());
        }
        let told = tokio::time::timeout(patience + ANSWER_TIMEOUT, self.told(report, patience));
        told.await.unwrap_or_else(|_| Err(nobody()))
    }
}
