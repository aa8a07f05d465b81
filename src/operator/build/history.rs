//! What is kept of past runs: the short history in the status, and the stored results.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;

use crate::api::{LoadTest, LoadTestStatus, PastRun};
use crate::operator::names;

/// How many are kept where the spec doesn't say.
const KEEP: u32 = 5;

/// The history of a status in which another run, or none, takes the place of the latest.
#[must_use]
pub fn past_runs(test: &LoadTest) -> Vec<PastRun> {
    let Some(status) = &test.status else { return Vec::new() };
    let is_there = |run: &PastRun| status.history.iter().any(|past| past.number == run.number);
    let latest = past_run(status).filter(|run| !is_there(run));
    // The latest is one of those that are kept.
    latest.into_iter().chain(status.history.iter().cloned()).take(kept(test) - 1).collect()
}

/// How many runs are kept, the latest included.
#[must_use]
pub fn kept(test: &LoadTest) -> usize {
    let keep = test.spec.history.as_ref().and_then(|history| history.keep).unwrap_or(KEEP);
    usize::try_from(keep.max(1)).unwrap_or(usize::MAX)
}

/// The latest run, if it was carried out.
fn past_run(status: &LoadTestStatus) -> Option<PastRun> {
    let run = status.run.as_ref().filter(|run| run.finished_at.is_some())?;
    Some(PastRun {
        number: run.number,
        verdict: status.verdict,
        score: status.compliance.as_ref().and_then(|compliance| compliance.score),
        finished_at: run.finished_at.clone(),
    })
}

/// The stored results that are kept no longer: all but the newest few and the last that passed.
#[must_use]
pub fn outdated(mut results: Vec<ConfigMap>, kept: usize) -> Vec<ConfigMap> {
    // Times of creation have whole seconds; within one the run's number tells.
    let age = |map: &ConfigMap| (map.creation_timestamp().map(|time| time.0), annotated(map, names::NUMBER));
    results.sort_by_cached_key(|map| std::cmp::Reverse(age(map)));
    let last_pass = results.iter().position(has_passed);
    let places = 0..results.len();
    let is_kept = |place: usize| place < kept || Some(place) == last_pass;
    places.zip(results).filter(|(place, _)| !is_kept(*place)).map(|(_, map)| map).collect()
}

fn annotated(map: &ConfigMap, name: &str) -> Option<u64> {
    map.annotations().get(name)?.parse().ok()
}

fn has_passed(map: &ConfigMap) -> bool {
    let verdict = map.annotations().get(names::VERDICT).map(String::as_str);
    matches!(verdict, Some("Pass" | "Warning"))
}
