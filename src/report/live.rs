//! What the status tells of a run while its load is on.

use super::progress::{self, Moment};
use super::status::over_all;
use crate::api::{Display, Progress, Summary, WorkerCounts};
use crate::metrics::{Aggregate, PartState};
use crate::plan::Plan;

/// What the status tells of a run while its load is on.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// How far it is.
    pub progress: Progress,
    /// The columns' texts.
    pub display: Display,
    /// The figures so far, over all phases.
    pub summary: Summary,
}

impl Live {
    /// What is to be told at `moment`.
    #[must_use]
    pub fn new(plan: &Plan, aggregate: &Aggregate, moment: Moment, workers: &WorkerCounts) -> Self {
        let wholes: Vec<PartState> = aggregate.phases.iter().map(|phase| phase.state.whole()).collect();
        Live {
            progress: progress::progress(plan, aggregate, moment),
            display: progress::display(plan, aggregate, moment, workers),
            summary: over_all(plan, aggregate, &wholes),
        }
    }
}
