//! What the operator sees of a test: the object, the children of its run, its workers. Plain data, nothing decided.

use std::time::Duration;

use super::record::Record;
use crate::api::{LoadTest, LoadTestSpec, Run};
use crate::ingest::SessionView;
use crate::plan::{Fault, Plan};

/// All that decides what comes next.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The object.
    pub test: LoadTest,
    /// What its spec means now, or what is wrong with it.
    pub plan: Result<Plan, Vec<Fault>>,
    /// The run that its status speaks of; none: there was none yet.
    pub run: Option<SeenRun>,
}

/// The latest run and its children.
#[derive(Clone, Debug, Default)]
pub struct SeenRun {
    /// The frozen spec.
    pub spec: Child<FrozenSpec>,
    /// The record.
    pub record: Child<Record>,
    /// The workers' Job.
    pub job: Child<SeenJob>,
    /// Its stored result.
    pub result: Child<()>,
    /// Since when it is to begin.
    pub waited: Lasted,
    /// Its pods, as they are now.
    pub pods: Vec<SeenPod>,
    /// Its session, while this process leads it.
    pub session: Option<SeenSession>,
}

/// A child by its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Child<T> {
    /// There is none.
    #[default]
    Absent,
    /// It is that of this run.
    Ours(T),
    /// Something else has its name; what it is called.
    Foreign(String),
}

impl<T> Child<T> {
    /// The child, if it is that of this run.
    pub fn ours(&self) -> Option<&T> {
        match self {
            Child::Ours(child) => Some(child),
            Child::Absent | Child::Foreign(_) => None,
        }
    }

    /// What has its name instead.
    pub fn foreign(&self) -> Option<&str> {
        match self {
            Child::Foreign(name) => Some(name),
            Child::Absent | Child::Ours(_) => None,
        }
    }
}

/// The spec that a run was begun with.
#[derive(Clone, Debug, PartialEq)]
pub struct FrozenSpec {
    /// The spec.
    pub spec: LoadTestSpec,
    /// The generation of the object that it is.
    pub generation: Option<i64>,
}

/// The Job of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenJob {
    /// Its UID.
    pub uid: String,
    /// Why it failed, if it has.
    pub failed: Option<String>,
    /// Why its pods can't be made, if so: a quota, an admission.
    pub hindered: Option<String>,
}

/// A pod of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenPod {
    /// Its share.
    pub index: u32,
    /// Its UID.
    pub uid: String,
    /// What it is at.
    pub state: PodState,
}

/// What a pod is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodState {
    /// Not yet running, with the reason that it gives, if any.
    Waiting(Option<String>),
    /// Running.
    Running,
    /// Ended: exit code and last words.
    Ended {
        /// The exit code; none: it ended before it could have one.
        code: Option<i32>,
        /// Its last words, or the reason that Kubernetes gives.
        message: String,
    },
}

/// The session of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenSession {
    /// What it shows.
    pub view: SessionView,
    /// The processes of all shares, once only the permission to start is missing.
    pub gathered: Option<Vec<String>>,
    /// Whether the load has begun, or may have.
    pub has_begun: bool,
    /// How long the load has been on.
    pub load: Lasted,
    /// How long ago it was told to abort; none: it wasn't.
    pub aborted_for: Option<Duration>,
}

/// How long something has lasted, on a clock that nobody sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lasted {
    /// In all; what was before this process saw it is taken from the times that were written down.
    pub in_all: Duration,
    /// Under the eyes of this process.
    pub here: Duration,
}

impl Lasted {
    /// Whether it has lasted for `limit`. A process that saw only the end of it is `patient` first: what it waits for
    /// may have happened meanwhile, and be told at any moment.
    #[must_use]
    pub fn is_beyond(self, limit: Duration, patience: Duration) -> bool {
        self.in_all >= limit && self.here >= patience.min(limit)
    }
}

/// Whether the load of `run` has begun, or may have: whatever still tells of it counts, as none of it may run twice.
#[must_use]
pub fn has_begun(run: &Run, children: &SeenRun) -> bool {
    let led = children.session.as_ref().is_some_and(|session| session.has_begun);
    led || children.record.ours().is_some() || run.started_at.is_some()
}
