//! The engine of one worker, as the worker sees it: its shards, commanded together.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::authorization::Authorizations;
use super::compile::CompileError;
use super::compiled::CompiledPhase;
use super::full::{NoClient, Pattern};
use super::shard::{self, Command, Post};
use super::tls::Tls;
use super::watch::Watch;
use crate::metrics::phase::Seconds;
use crate::metrics::{PhaseEnd, PhaseState};
use crate::plan::secrets::Secrets;
use crate::plan::share::Share;
use crate::plan::{Data, LegIndex, Plan};

/// What an engine needs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The worker's share of it.
    pub share: Share,
    /// The target's addresses; never empty.
    pub addresses: Arc<[SocketAddr]>,
    /// How TLS is spoken to it; none: it isn't.
    pub tls: Option<Tls>,
    /// The values of Secrets.
    pub secrets: Secrets,
    /// What stands in the header Authorization, where that changes.
    pub authorization: Option<Authorizations>,
    /// All rows that steps name.
    pub data: Data,
    /// The run.
    pub run_uid: String,
    /// How many threads generate load.
    pub shards: NonZeroU32,
}

/// What keeps an engine from working.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A phase can't be made ready.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The client that speaks everything can't be made.
    #[error("{0}")]
    Client(String),
    /// A thread can't be started.
    #[error("a thread of the load generator can't be started: {0}")]
    Thread(#[source] std::io::Error),
    /// A thread ended before its time.
    #[error("a thread of the load generator has ended unexpectedly; what it measured is lost")]
    Lost,
}

/// The engine of one worker.
#[derive(Debug)]
pub struct Engine {
    setup: Setup,
    shards: Vec<Shard>,
    preparing: Vec<oneshot::Receiver<()>>,
    running: Vec<oneshot::Receiver<PhaseEnd>>,
    worst_end: PhaseEnd,
    /// None: no phase has begun yet.
    watch: Option<Watch>,
}

#[derive(Debug)]
struct Shard {
    commands: Option<mpsc::UnboundedSender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts the threads.
    ///
    /// # Errors
    /// When a thread can't be started, a header refers to a Secret that isn't known, or no client can be made.
    pub fn start(setup: Setup) -> Result<Self, EngineError> {
        for (_, phase) in setup.plan.phases_to_run() {
            CompiledPhase::new(&setup.plan, phase, &setup.secrets, &setup.data, &setup.run_uid)?;
        }
        let full = Pattern::of(&setup.plan.target, setup.tls.as_ref(), &setup.secrets)?;
        let shards: Result<Vec<_>, _> =
            (0..setup.shards.get()).map(|shard| start_shard(&setup, full.clone(), shard)).collect();
        Ok(Engine {
            shards: shards?,
            setup,
            preparing: Vec::new(),
            running: Vec::new(),
            worst_end: PhaseEnd::Completed,
            watch: None,
        })
    }

    /// Begins to make ready for a phase, or for a level of one that searches.
    ///
    /// # Errors
    /// When a thread has ended.
    pub fn prepare(&mut self, leg: LegIndex) -> Result<(), EngineError> {
        let Setup { plan, secrets, data, run_uid, .. } = &self.setup;
        let leg = plan.leg(leg);
        let compiled = Arc::new(CompiledPhase::new(plan, plan.load(leg), secrets, data, run_uid)?);
        self.preparing.clear();
        for shard in &self.shards {
            let (ready, answer) = oneshot::channel();
            shard.tell(Command::Prepare { leg, compiled: Arc::clone(&compiled), ready })?;
            self.preparing.push(answer);
        }
        Ok(())
    }

    /// Waits until all is done that can be done ahead of the phase's start. Can be dropped and called again.
    ///
    /// # Errors
    /// When a thread has ended.
    pub async fn prepared(&mut self) -> Result<(), EngineError> {
        while let Some(shard) = self.preparing.last_mut() {
            shard.await.map_err(|_| EngineError::Lost)?;
            self.preparing.pop();
        }
        Ok(())
    }

    /// Begins the prepared phase at `start`. On a runtime of tokio: what the process goes through is watched there.
    ///
    /// # Errors
    /// When a thread has ended.
    pub fn begin(&mut self, start: Instant) -> Result<(), EngineError> {
        self.running.clear();
        self.worst_end = PhaseEnd::Completed;
        for shard in &self.shards {
            let (ended, answer) = oneshot::channel();
            shard.tell(Command::Begin { start, ended })?;
            self.running.push(answer);
        }
        self.watch = Some(Watch::begin(start, self.setup.authorization.clone()));
        Ok(())
    }

    /// Waits until the phase has ended on all threads; tells the worst end. Can be dropped and called again.
    ///
    /// # Errors
    /// When a thread has ended.
    pub async fn ended(&mut self) -> Result<PhaseEnd, EngineError> {
        while let Some(shard) = self.running.last_mut() {
            let end = shard.await.map_err(|_| EngineError::Lost)?;
            self.worst_end = self.worst_end.max(end);
            self.running.pop();
        }
        if let Some(watch) = &self.watch {
            watch.end();
        }
        Ok(self.worst_end)
    }

    /// All that was measured in the current phase so far, and its seconds from `first_second` on.
    ///
    /// # Errors
    /// When a thread has ended.
    pub async fn collect(&self, first_second: u32) -> Result<(PhaseState, Seconds), EngineError> {
        let mut waiting = Vec::new();
        for shard in &self.shards {
            let (answer, received) = oneshot::channel();
            shard.tell(Command::Collect { first_second, answer })?;
            waiting.push(received);
        }
        // Most workers have one shard: what it tells is all there is, and is taken as it comes.
        let mut all: Option<(PhaseState, Seconds)> = None;
        for received in waiting {
            let theirs = received.await.map_err(|_| EngineError::Lost)?;
            let Some((state, seconds)) = &mut all else {
                all = Some(theirs);
                continue;
            };
            state.merge(&theirs.0);
            for (at, second) in theirs.1 {
                seconds.entry(at).or_default().merge(&second);
            }
        }
        let (mut state, seconds) = all.unwrap_or_default();
        state.strain = self.watch.as_ref().map(Watch::strain).unwrap_or_default();
        state.lapse = self.watch.as_ref().and_then(Watch::lapse);
        Ok((state, seconds))
    }

    /// Ends the current phase at once: what is in flight is cut off and counted as that.
    ///
    /// # Errors
    /// When a thread has ended.
    pub fn abort(&self) -> Result<(), EngineError> {
        self.shards.iter().try_for_each(|shard| shard.tell(Command::Abort))
    }
}

impl From<NoClient> for EngineError {
    fn from(error: NoClient) -> Self {
        EngineError::Client(error.to_string())
    }
}

impl Shard {
    fn tell(&self, command: Command) -> Result<(), EngineError> {
        let told = self.commands.as_ref().map(|commands| commands.send(command));
        if matches!(told, Some(Ok(()))) { Ok(()) } else { Err(EngineError::Lost) }
    }
}

impl Drop for Shard {
    /// A shard ends when nobody commands it any more; its thread is waited for, so that no load outlives its engine.
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was told where its answers were awaited.
            let _ = thread.join();
        }
    }
}

fn start_shard(setup: &Setup, full: Option<Arc<Pattern>>, shard: u32) -> Result<Shard, EngineError> {
    let (commands, received) = mpsc::unbounded_channel();
    let post = Post {
        plan: Arc::clone(&setup.plan),
        share: setup.share,
        shard,
        shards: setup.shards,
        addresses: Arc::clone(&setup.addresses),
        tls: setup.tls.clone(),
        full,
        authorization: setup.authorization.clone(),
    };
    let runtime = shard::runtime().map_err(EngineError::Thread)?;
    let thread = std::thread::Builder::new()
        .name(format!("load-{}-{shard}", setup.share.index()))
        .spawn(move || shard::run(&post, &runtime, received))
        .map_err(EngineError::Thread)?;
    Ok(Shard { commands: Some(commands), thread: Some(thread) })
}
