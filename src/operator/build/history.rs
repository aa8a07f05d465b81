//! What is kept of past runs: the short history in the status, and the stored results.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;

use super::read_run;
use crate::api::{LoadTest, LoadTestStatus, PastRun, Verdict};
use crate::operator::names;
use crate::operator::seen::Author;
use crate::report::facts::rfc3339;

/// How many are kept where the spec doesn't say.
const KEEP: u32 = 5;

/// The history of a status in which another run, or none, takes the place of the latest.
#[must_use]
pub fn past_runs(test: &LoadTest) -> Vec<PastRun> {
    let Some(status) = &test.status else { return Vec::new() };
    let is_there = |run: &PastRun| status.history.iter().any(|past| past.number == run.number);
    let latest = past_run(status).filter(|run| !is_there(run));
    shortened(test, latest.into_iter().chain(status.history.iter().cloned()))
}

/// The runs of `test` that a result is stored of, as that says: all but their scores, newest first.
#[must_use]
pub fn stored_runs(test: &LoadTest, stored: &[ObjectMeta]) -> Vec<PastRun> {
    let note = |map: &ObjectMeta, name: &str| map.annotations.as_ref()?.get(name).cloned();
    let past = |map: &ObjectMeta| {
        let run = read_run(map).filter(|run| names::is_run_of(test, run))?;
        let verdict = serde_json::from_value(note(map, names::VERDICT)?.into()).ok()?;
        let finished_at = map.creation_timestamp.as_ref().map(|time| rfc3339(time.0));
        Some(PastRun { number: run.number, verdict: Some(verdict), score: None, finished_at })
    };
    let mut runs: Vec<_> = stored.iter().filter_map(past).collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.number));
    runs
}

/// `status`, whose history was taken over from one that `author` has written. Of what is anybody's word only that stands
/// which is stored, and what opens nothing: a run that has passed counts for later ones.
#[must_use]
pub fn believed(author: &Author, test: &LoadTest, status: LoadTestStatus) -> LoadTestStatus {
    let Author::Anybody { past: stored, latest: _, is_on: _ } = author else { return status };
    let latest = status.run.as_ref().map_or(u64::MAX, |run| run.number);
    let told = status.history.iter().filter_map(|run| proved(run, stored));
    let is_told = |run: &&PastRun| status.history.iter().any(|told| told.number == run.number);
    let untold = stored.iter().filter(|run| !is_told(run)).cloned();
    let mut history: Vec<_> = told.chain(untold).filter(|run| run.number < latest).collect();
    history.sort_by_key(|run| std::cmp::Reverse(run.number));
    history.dedup_by_key(|run| run.number);
    let history = shortened(test, history.into_iter());
    LoadTestStatus { history, ..status }
}

/// What is told of a run, as far as it is proved. A verdict that is worse than the stored one may come of a later
/// judgement; so may a better one, but nothing says so.
fn proved(told: &PastRun, stored: &[PastRun]) -> Option<PastRun> {
    let is_told_pass = told.verdict.is_some_and(is_pass);
    match stored.iter().find(|run| run.number == told.number) {
        Some(run) if is_told_pass && !run.verdict.is_some_and(is_pass) => Some(run.clone()),
        None if is_told_pass => None,
        Some(_) | None => Some(told.clone()),
    }
}

/// As many of these runs, newest first, as are kept beside the latest, and the last that passed, however old.
pub fn shortened(test: &LoadTest, past: impl Iterator<Item = PastRun>) -> Vec<PastRun> {
    let past: Vec<PastRun> = past.collect();
    let last_pass = past.iter().position(|run| run.verdict.is_some_and(is_pass));
    // The latest is one of those that are kept.
    let is_kept = |place: usize| place < kept(test) - 1 || Some(place) == last_pass;
    let places = 0..past.len();
    places.zip(past).filter(|(place, _)| is_kept(*place)).map(|(_, run)| run).collect()
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

/// The stored results that are kept no longer: all but the newest few and the last that passed. A run may have been
/// judged again since it was stored: its annotation says what was said of it then, the status what is said of it now.
#[must_use]
pub fn outdated(test: &LoadTest, mut results: Vec<ConfigMap>) -> Vec<ConfigMap> {
    let kept = kept(test);
    // Times of creation have whole seconds; within one the run's number tells.
    let age = |map: &ConfigMap| (map.creation_timestamp().map(|time| time.0), annotated(map, names::NUMBER));
    results.sort_by_cached_key(|map| std::cmp::Reverse(age(map)));
    let told = told(test);
    let last_pass = results.iter().position(|map| has_passed(map, &told));
    let places = 0..results.len();
    let is_kept = |place: usize| place < kept || Some(place) == last_pass;
    places.zip(results).filter(|(place, _)| !is_kept(*place)).map(|(_, map)| map).collect()
}

fn annotated(map: &ConfigMap, name: &str) -> Option<u64> {
    map.annotations().get(name)?.parse().ok()
}

/// What the status says of each run that it tells of, by the runs' UIDs.
fn told(test: &LoadTest) -> BTreeMap<String, Verdict> {
    let Some(status) = &test.status else { return BTreeMap::new() };
    let object = test.uid().unwrap_or_default();
    let runs = past_run(status).into_iter().chain(status.history.iter().cloned());
    runs.filter_map(|run| Some((names::run_uid(&object, run.number), run.verdict?))).collect()
}

fn has_passed(map: &ConfigMap, told: &BTreeMap<String, Verdict>) -> bool {
    let told = map.labels().get(names::RUN_LABEL).and_then(|run| told.get(run));
    told.map_or_else(
        || matches!(map.annotations().get(names::VERDICT).map(String::as_str), Some("Pass" | "Warning")),
        |verdict| is_pass(*verdict),
    )
}

fn is_pass(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Pass | Verdict::Warning => true,
        Verdict::Fail | Verdict::Inconclusive => false,
    }
}
