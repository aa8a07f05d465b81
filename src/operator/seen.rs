//! What the operator sees of a test: the object, the children of its run, its workers. Plain data, nothing decided.

use std::time::Duration;

use super::record::Record;
use crate::api::{LoadTest, LoadTestSpec, PastRun, Run};
use crate::ingest::{SessionView, leaving};
use crate::plan::{Fault, Plan};

/// All that decides what comes next.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The object.
    pub test: LoadTest,
    /// Whose its status is.
    pub author: Author,
    /// What its spec means now, or what is wrong with it.
    pub plan: Result<Plan, Vec<Fault>>,
    /// The run that its status speaks of; none: there was none yet.
    pub run: Option<SeenRun>,
}

/// Whose a status is: what isn't the own may say what never was.
#[derive(Clone, Debug, PartialEq)]
pub enum Author {
    /// This process has written it, or found it to be what it would write.
    Own,
    /// Another operator, or anybody who may write statuses.
    Anybody {
        /// The latest run that something is stored of, or that this process has told of.
        latest: Option<Run>,
        /// Whether more is stored of it than its result.
        is_on: bool,
        /// All runs that a result is stored of, as that says, newest first.
        past: Vec<PastRun>,
    },
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

impl SeenRun {
    /// Why a worker ended before its time, if one has. Who came in its place, too late, has nothing to say.
    #[must_use]
    pub fn last_words(&self) -> Option<String> {
        self.pods.iter().find_map(|pod| match &pod.state {
            PodState::Ended { code, message } => {
                let is_usual =
                    [leaving::DONE, leaving::FENCED].map(|code| Some(i32::from(code))).contains(code);
                (!is_usual).then(|| format!("worker {}: {message}", pod.index))
            }
            PodState::Waiting(_) | PodState::Running => None,
        })
    }
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
    /// What the API server refuses, so that workers can't be let in.
    pub shut_out: Option<String>,
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
    // A session that is open and hasn't begun was opened when the status told of no start.
    let is_told = run.started_at.is_some() && children.session.is_none();
    led || children.record.ours().is_some() || is_told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(index: u32, code: Option<i32>, message: &str) -> SeenPod {
        let state = PodState::Ended { code, message: message.to_owned() };
        SeenPod { index, uid: format!("uid-{index}"), state }
    }

    #[test]
    fn the_first_words_of_a_lost_worker_are_told_and_those_of_late_ones_are_not() {
        let told = |pods: Vec<SeenPod>| SeenRun { pods, ..SeenRun::default() }.last_words();
        let late = || ended(1, Some(i32::from(leaving::FENCED)), "the load has begun");
        let running = SeenPod { index: 2, uid: "uid-2".to_owned(), state: PodState::Running };
        assert_eq!(told(vec![late(), running, ended(0, Some(i32::from(leaving::DONE)), "")]), None);
        let killed = ended(1, Some(137), "OOMKilled (exit code 137)");
        assert_eq!(told(vec![late(), killed]).unwrap(), "worker 1: OOMKilled (exit code 137)");
        assert_eq!(told(vec![ended(3, None, "Evicted: disk")]).unwrap(), "worker 3: Evicted: disk");
    }
}
