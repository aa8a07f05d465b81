//! The short history in the status: the runs before the one that begins.

use crate::api::{LoadTest, LoadTestStatus, PastRun};

/// How many are kept where the spec doesn't say.
const KEEP: u32 = 5;

/// The history of a status in which a new run takes the place of the latest.
#[must_use]
pub fn past_runs(test: &LoadTest) -> Vec<PastRun> {
    let Some(status) = &test.status else { return Vec::new() };
    let before = status.history.iter().cloned();
    // The latest is one of those that are kept.
    past_run(status).into_iter().chain(before).take(kept(test) - 1).collect()
}

/// How many runs are kept, the latest included.
#[must_use]
pub fn kept(test: &LoadTest) -> usize {
    let keep = test.spec.history.as_ref().and_then(|history| history.keep).unwrap_or(KEEP);
    usize::try_from(keep.max(1)).unwrap_or(usize::MAX)
}

fn past_run(status: &LoadTestStatus) -> Option<PastRun> {
    let run = status.run.as_ref()?;
    Some(PastRun {
        number: run.number,
        verdict: status.verdict,
        score: status.compliance.as_ref().and_then(|compliance| compliance.score),
        finished_at: run.finished_at.clone(),
    })
}
