//! What is to happen in a run that is played, and what came of it.

use std::sync::Arc;
use std::time::Duration;

use super::super::WorkerError;
use super::played::{Takes, Truth};
use crate::ingest::SessionView;
use crate::metrics::Aggregate;
use crate::plan::Plan;

/// A stretch of time from the run's beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) from: Duration,
    pub(super) lasts: Duration,
}

impl Stretch {
    pub(super) fn is_on(&self, at: Duration) -> bool {
        self.from <= at && at < self.from.saturating_add(self.lasts)
    }
}

/// How a worker is cut off.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// It is told at once that there is nobody.
    Refused,
    /// Nothing arrives anywhere.
    Hole,
    /// What it says arrives, and no answer does.
    Deaf,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// None: all.
    pub(super) worker: Option<u32>,
    pub(super) when: Stretch,
    pub(super) how: How,
}

/// What is to happen.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) plan: Arc<Plan>,
    /// Worker by worker, phase by phase.
    pub(super) takes: Vec<Vec<Takes>>,
    pub(super) cuts: Vec<Cut>,
    /// When there is no coordinator. After that there is another one.
    pub(super) away: Vec<Stretch>,
    pub(super) mail: Mail,
}

/// How long messages are on their way, and what else becomes of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mail {
    pub(super) seed: u64,
    /// The longest that a report takes.
    pub(super) report: Duration,
    /// The longest that an answer takes.
    pub(super) answer: Duration,
    /// One report in so many arrives once more, much later. 0: none.
    pub(super) strays: u64,
}

impl Mail {
    /// Nothing ever goes wrong.
    pub(super) const SOUND: Mail =
        Mail { seed: 0, report: Duration::from_millis(1), answer: Duration::from_millis(1), strays: 0 };
}

/// What came of it, as the coordinator saw it when it first called the run finished.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) view: SessionView,
    pub(super) lost: Vec<u32>,
    pub(super) aggregate: Aggregate,
    /// Whether a coordinator took up the run of another one.
    pub(super) is_taken_up: bool,
}

#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) judged: Option<Judged>,
    pub(super) truth: Truth,
    /// When the last worker has ended.
    pub(super) lasted: Duration,
    pub(super) workers: Vec<Result<(), WorkerError>>,
}
