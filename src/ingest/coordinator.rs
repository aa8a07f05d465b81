//! What workers and the coordinator say to each other. The transport is left open: calls or HTTP.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::plan::LegIndex;

/// The version of these messages.
pub const PROTOCOL: u32 = 3;
/// How long an answer may be held back while a worker waits for the others.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A worker that reports every `interval` and its coordinator hear each other at least this often: the last report of a
/// phase may be given up with its answer held back, and the answer to the next one be held back for as long as may be.
#[must_use]
pub fn longest_pause(interval: Duration) -> Duration {
    interval + PATIENCE
}

/// A worker asks to take part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Must be [`PROTOCOL`].
    pub protocol: u32,
    /// The digest of the plan that the worker derived.
    pub plan_hash: String,
    /// The digest of the data that it has read beside the spec; empty where there is none.
    pub data_hash: String,
    /// Which share it runs.
    pub worker: u32,
    /// Identifies the process: of two for one share, only the first is admitted.
    pub process: String,
}

/// It may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// The session's epoch.
    pub epoch: u64,
    /// The time between two reports.
    pub interval: Duration,
    /// The coordinator's time of day: a worker whose own is another one says so.
    pub time: SystemTime,
}

/// It may not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// It speaks another version.
    #[error("the coordinator speaks protocol {expected}, the worker {told}: run both from the same release")]
    Protocol {
        /// The coordinator's.
        expected: u32,
        /// The worker's.
        told: u32,
    },
    /// It derived another plan from the spec.
    #[error(
        "the worker derived plan {told}, the coordinator {expected}: run both from the same release and file"
    )]
    Plan {
        /// The coordinator's.
        expected: String,
        /// The worker's.
        told: String,
    },
    /// It has read other data than those before it.
    #[error(
        "the worker has read other data ({told}) than the others ({expected}): a ConfigMap was changed while the run was \
         starting; start another run"
    )]
    Data {
        /// Theirs.
        expected: String,
        /// The worker's.
        told: String,
    },
    /// There is no such share.
    #[error("there is no share {worker}: the run has {workers} workers")]
    NoSuchShare {
        /// The one asked for.
        worker: u32,
        /// How many there are.
        workers: u32,
    },
    /// Another process runs this share.
    #[error("share {worker} is taken by another process")]
    Taken {
        /// The share.
        worker: u32,
    },
    /// The load has begun: whoever comes now would shift it.
    #[error("the run has begun; no worker is admitted any more")]
    TooLate,
    /// It was never admitted.
    #[error("worker {worker} is not part of the run")]
    Unknown {
        /// The worker.
        worker: u32,
    },
    /// What it sent can't be read.
    #[error("{0}")]
    Unreadable(String),
}

impl Refusal {
    /// Refuses who speaks another version than this one.
    pub(super) fn of_protocol(told: u32) -> Result<(), Refusal> {
        if told == PROTOCOL { Ok(()) } else { Err(Refusal::Protocol { expected: PROTOCOL, told }) }
    }
}

/// Where a worker is; for each phase in this order. Here and in all that follows each level of a search is a phase of its own: see
/// [`crate::plan::Leg`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Through with all phases before this one; nothing of it is made ready.
    Arrived(LegIndex),
    /// Making ready for this phase: that may open connections.
    Preparing(LegIndex),
    /// Ready to begin this phase.
    Ready(LegIndex),
    /// In this phase.
    Running(LegIndex),
    /// Through with all phases, or aborted.
    Finished,
}

impl Stage {
    /// How far on its way a worker is by that: it never goes back.
    pub(super) fn place(&self) -> (LegIndex, u8) {
        match self {
            Stage::Arrived(phase) => (*phase, 0),
            Stage::Preparing(phase) => (*phase, 1),
            Stage::Ready(phase) => (*phase, 2),
            Stage::Running(phase) => (*phase, 3),
            Stage::Finished => (LegIndex::MAX, 0),
        }
    }
}

/// What a worker tells, and what it measured since the last report that was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Must be [`PROTOCOL`]: the coordinator may be of another release by now than the one that let it in.
    pub protocol: u32,
    /// Who tells it.
    pub worker: u32,
    /// Which process.
    pub process: String,
    /// The epoch that it knows. In another one nothing of the report counts: it may hold less than everything.
    pub epoch: u64,
    /// Where it is.
    pub stage: Stage,
    /// By so many seconds its time of day is ahead of that of the coordinator that admitted it, at least; below zero: behind.
    pub clock_ahead: i64,
    /// The phases that it has begun: a coordinator that was started anew learns from them when each began.
    pub begun: Vec<Begun>,
    /// A [`crate::metrics::Snapshot`] in its wire form; none where nothing is new.
    #[serde(with = "serde_bytes")]
    pub snapshot: Option<Vec<u8>>,
}

/// A phase that a worker has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The phase.
    pub phase: LegIndex,
    /// Microseconds from its start to the report.
    pub micros_ago: u64,
}

/// What the coordinator says to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The session's epoch; a new one means that everything must be sent again.
    pub epoch: u64,
    /// The number of the greatest snapshot that is safe with the coordinator.
    pub acknowledged: u64,
    /// What to do.
    pub directive: Directive,
}

/// What a worker is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Directive {
    /// Wait: the others aren't ready.
    Wait,
    /// Go on.
    Continue,
    /// Make ready for this phase: all that came before it has ended.
    Prepare {
        /// The phase.
        phase: LegIndex,
    },
    /// Begin this phase, so many microseconds from now.
    Begin {
        /// The phase.
        phase: LegIndex,
        /// Microseconds from now.
        in_micros: u64,
    },
    /// A search has ended: what comes before this phase isn't run. Behind the last one: be through.
    Skip {
        /// The phase.
        to: LegIndex,
    },
    /// Stop the load and finish.
    Abort,
    /// All that was measured is safe: leave.
    Leave,
}

impl Directive {
    /// Whether there is nothing to act on, so that an answer with it may be held back for a while.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self, Directive::Wait | Directive::Continue)
    }
}

/// The coordinator didn't take what was said.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// It refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It doesn't know the worker: what it says of itself isn't believed, or there is no such run.
    #[error("the coordinator turned the worker away: {0}")]
    TurnedAway(String),
    /// It gave no answer in time.
    #[error("the coordinator can't be reached: {0}")]
    Silent(String),
    /// It has too much to do, took nothing of what was said, and is to be asked again after so long.
    #[error("the coordinator has too much to do")]
    Busy(Duration),
}

/// Who workers talk to.
#[async_trait]
pub trait Coordinator: Send + Sync {
    /// Asks to take part.
    async fn register(&self, registration: Registration) -> Result<Admission, Unreachable>;

    /// Tells where the worker is and what it measured. An answer that says only to wait or to go on is held back
    /// for up to `patience`.
    async fn report(&self, report: Report, patience: Duration) -> Result<Answer, Unreachable>;
}
