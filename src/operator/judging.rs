//! Judges a run that is through, stores it, and tells the status; or judges a stored one by a changed spec.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;

use super::api::{CallError, Objects};
use super::build::{config_maps, read_run, status};
use super::context::Context;
use super::decide::{Ending, is_asked_for, is_failed, is_told, is_without_figures, run_of};
use super::keeping::{Kept, keep, keep_told};
use super::names;
use super::seen::{Child, Seen, SeenRun, SeenSession, has_begun};
use super::storing::NotStored;
use crate::api::{LoadTest, LoadTestSpec, LoadTestStatus, Run, Verdict};
use crate::metrics::Aggregate;
use crate::plan::{Fault, Options, Plan};
use crate::report::RunFacts;
use crate::report::kept::KeptRun;
use crate::store;
use crate::verdict::Circumstances;

/// Why a run isn't judged.
#[derive(Debug, thiserror::Error)]
pub enum JudgingError {
    /// A call of the API server failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// There is no run to be judged.
    #[error("there is no {0} to judge")]
    Missing(&'static str),
}

/// The plan of `spec`.
pub fn plan(test: &LoadTest, spec: &LoadTestSpec) -> Result<Plan, Vec<Fault>> {
    Plan::from_spec(&test.name_any(), spec, &Options::default())
}

/// Judges what was measured, stores it where there is something to store, and tells the status.
pub async fn judge(
    context: &Context,
    test: &LoadTest,
    seen: &Seen,
    ending: &Ending,
    now: Timestamp,
) -> Result<LoadTestStatus, JudgingError> {
    let run = run_of(test).ok_or(JudgingError::Missing("run"))?;
    let measured = match context.runs.get(&run.uid) {
        Some(live) => Some(live.session.aggregate_apart().await),
        None => None,
    };
    let Some(case) = case(seen, run, ending, measured, now) else {
        let told = without_plan(test, ending, now);
        if is_to_be_kept(seen, run) {
            keep_told(context, test, run, &told).await?;
        }
        return Ok(told);
    };
    let mut told = tell(test, &case, ending, now);
    let mut unstored = name_taken(seen, run);
    if is_to_be_kept(seen, run) {
        match keep(context, test, run, &case, told.verdict.unwrap_or(Verdict::Inconclusive)).await? {
            Kept::Stored(results) => told.results = Some(results),
            Kept::Not(why) => unstored = Some(why),
        }
    }
    let Some(why) = unstored else { return Ok(told) };
    let told = status::not_stored(test, told, &why, now);
    if why.is_for_good() {
        // So that the verdict can be told from one that nobody has measured.
        keep_told(context, test, run, &told).await?;
    }
    Ok(told)
}

/// What there is to judge; none: the spec that the run was begun with is lost, or this release can't read it.
#[must_use]
pub fn case(
    seen: &Seen,
    run: &Run,
    ending: &Ending,
    measured: Option<Aggregate>,
    now: Timestamp,
) -> Option<KeptRun> {
    let none = SeenRun::default();
    let children = seen.run.as_ref().unwrap_or(&none);
    let (spec, generation) = spec_to_judge_by(seen, run, children)?;
    let plan = plan(&seen.test, &spec).ok()?;
    let aggregate = measured.unwrap_or_else(|| Aggregate::new(plan.phases.len()));
    let facts = RunFacts { workers_desired: plan.workers, ..facts(run, generation, children, ending, now) };
    Some(KeptRun::new(&seen.test.name_any(), &spec, facts, aggregate))
}

/// Of a load that never began there is nothing to keep, and what isn't ours isn't overwritten.
#[must_use]
pub fn is_to_be_kept(seen: &Seen, run: &Run) -> bool {
    seen.run.as_ref().is_some_and(|children| has_begun(run, children) && children.result == Child::Absent)
}

/// Something else has the name of the result, and what isn't ours isn't overwritten.
fn name_taken(seen: &Seen, run: &Run) -> Option<NotStored> {
    let children = seen.run.as_ref().filter(|children| has_begun(run, children))?;
    let name = children.result.foreign()?;
    let message = format!("{name} exists and isn't of this run");
    Some(NotStored { reason: "NameTaken", message })
}

/// The status that says what the judgement is.
#[must_use]
pub fn tell(test: &LoadTest, case: &KeptRun, ending: &Ending, now: Timestamp) -> LoadTestStatus {
    match case.report(&case.spec, case.facts.generation) {
        Ok(report) => status::finished(test, report.status),
        Err(_) => without_plan(test, ending, now),
    }
}

/// The spec as it is now, where it asks for this run: requirements may be changed while it is on. Else the frozen one,
/// and the generation stays behind, so that every gate keeps waiting. None: it is lost.
fn spec_to_judge_by(seen: &Seen, run: &Run, children: &SeenRun) -> Option<(LoadTestSpec, Option<i64>)> {
    if is_asked_for(seen, run) {
        return Some((seen.test.spec.clone(), seen.test.metadata.generation));
    }
    children.spec.ours().map(|frozen| (frozen.spec.clone(), frozen.generation))
}

/// What can be said where the spec that the run was begun with can't be read.
#[must_use]
pub fn without_plan(test: &LoadTest, ending: &Ending, now: Timestamp) -> LoadTestStatus {
    let because = ending.line().map(|line| format!(": {line}")).unwrap_or_default();
    let message = format!("the spec that the run was begun with can't be read any more{because}");
    let generation = test.status.as_ref().and_then(|status| status.observed_generation);
    status::unjudged(test, generation, ending.word().unwrap_or("SpecLost"), &message, now)
}

/// What is kept of a run that can't be judged.
#[must_use]
pub fn told_of(test: &LoadTest, run: &Run, told: &LoadTestStatus) -> KeptRun {
    let facts = RunFacts {
        number: run.number,
        uid: run.uid.clone(),
        run_id: run.run_id.clone(),
        generation: told.observed_generation,
        ..RunFacts::default()
    };
    KeptRun::told_only(&test.name_any(), &test.spec, facts, told.clone())
}

fn facts(
    run: &Run,
    generation: Option<i64>,
    children: &SeenRun,
    ending: &Ending,
    now: Timestamp,
) -> RunFacts {
    let view = children.session.as_ref().map(|session| &session.view);
    let recorded = children.record.ours().map(|record| record.started_at);
    RunFacts {
        number: run.number,
        uid: run.uid.clone(),
        run_id: run.run_id.clone(),
        generation,
        started_at: recorded.or_else(|| run.started_at.as_ref()?.parse().ok()),
        finished_at: now,
        workers_desired: 0,
        workers_ready: view.map_or(0, |view| view.admitted),
        clocks_off: view.map_or(0, |view| view.clocks_off),
        circumstances: circumstances(ending, lost(children), children.last_words()),
        word: ending.word().map(str::to_owned),
        results: None,
        left_out: Vec::new(),
    }
}

/// Who is judged without being through is lost, though nobody has waited until that was sure.
fn lost(children: &SeenRun) -> u32 {
    let lost =
        |session: &SeenSession| session.view.lost + if session.has_begun { session.view.missing } else { 0 };
    children.session.as_ref().map_or(0, lost)
}

fn circumstances(ending: &Ending, workers_lost: u32, lost_because: Option<String>) -> Circumstances {
    let sound = Circumstances { workers_lost, lost_because, ..Circumstances::default() };
    match ending.clone() {
        Ending::Planned => sound,
        Ending::Aborted(line) => Circumstances { aborted: Some(line), ..sound },
        Ending::NotStarted(_, line) => Circumstances { not_started: Some(line), ..sound },
        Ending::Broken(_, line) => Circumstances { failed: Some(line), ..sound },
    }
}

/// Judges the stored result of the latest run by the spec as it is now.
pub async fn judge_stored(
    context: &Context,
    seen: &Seen,
    now: Timestamp,
) -> Result<LoadTestStatus, JudgingError> {
    let test = &seen.test;
    let run = run_of(test).ok_or(JudgingError::Missing("run"))?;
    let maps = Objects::<ConfigMap>::new(&context.client, &test.namespace().unwrap_or_default());
    let map = maps.get(&names::result(&test.name_any(), run.number, &run.uid)).await?;
    let map = map.filter(|map| is_result_of(&map.metadata, run));
    if let Some(packed) = map.as_ref().and_then(config_maps::read_result) {
        return judge_apart(seen, run, packed, now).await;
    }
    // What couldn't be stored yet says as much.
    let left = context.storing.left(&run.uid);
    let left = left.as_ref().and_then(|(map, why)| Some((config_maps::read_result(map)?, why)));
    Ok(match left {
        Some((packed, why)) => status::not_stored(test, judge_apart(seen, run, packed, now).await?, why, now),
        None => without_result(test, run, now),
    })
}

/// Beside the other work: what a long run measured is large, and other runs are led meanwhile.
async fn judge_apart(
    seen: &Seen,
    run: &Run,
    packed: &[u8],
    now: Timestamp,
) -> Result<LoadTestStatus, JudgingError> {
    let (seen, run, packed) = (seen.clone(), run.clone(), packed.to_vec());
    let judged = tokio::task::spawn_blocking(move || judge_packed(&seen, &run, &packed, now)).await;
    judged.map_err(|_| JudgingError::Missing("readable result"))
}

/// A stored result is that of the run only if its load and its name are the run's: where runs were numbered anew,
/// their UIDs come again.
#[must_use]
pub fn is_result_of(result: &ObjectMeta, run: &Run) -> bool {
    read_run(result).is_some_and(|of| {
        (of.uid, of.run_hash, of.run_id) == (run.uid.clone(), run.run_hash.clone(), run.run_id.clone())
    })
}

/// The stored result by the spec that asks for its run, or by that which it was judged by before.
#[must_use]
pub fn judge_packed(seen: &Seen, run: &Run, packed: &[u8], now: Timestamp) -> LoadTestStatus {
    let test = &seen.test;
    let judged = store::unpack(packed).map_err(|error| error.to_string()).and_then(|kept| {
        let (spec, generation) = if is_asked_for(seen, run) {
            (&test.spec, test.metadata.generation)
        } else {
            (&kept.spec, kept.facts.generation)
        };
        match &kept.told {
            None => Ok(kept.report(spec, generation).map_err(|faults| faulty(&faults))?.status),
            Some(told) if kept.is_judged_by(spec) => Ok(status::of_generation(generation, (**told).clone())),
            Some(_) => Err("what was measured isn't kept, so it can't be judged again".to_owned()),
        }
    });
    match judged {
        Ok(judged) => status::finished(test, judged),
        Err(error) => {
            let message = format!("{error}; name another spec.runId to run the test again");
            status::unjudged(test, test.metadata.generation, "ResultUnreadable", &message, now)
        }
    }
}

/// Nothing is stored, as of a run whose load never began: what was said of it stands, of this spec too. Where there
/// was something to judge, it is lost, and with it what opens a gate; so is a verdict that nobody has measured.
#[must_use]
pub fn without_result(test: &LoadTest, run: &Run, now: Timestamp) -> LoadTestStatus {
    let (never_began, is_told) = (run.started_at.is_none(), is_told(test));
    let stands = test.status.as_ref().is_some_and(|told| {
        let is_of_run = told.verdict.is_some() && is_without_figures(told);
        (is_of_run && (is_told || never_began)) || (is_failed(told) && is_told && !never_began)
    });
    let (reason, what) = match never_began {
        _ if stands => return status::still(test),
        true => ("NeverStarted", "the load of this run never began"),
        false if status::is_unstored(test) => {
            ("ResultLost", "the result of this run couldn't be stored, so it can't be judged again")
        }
        false => ("ResultLost", "the stored result of this run is gone, so it can't be judged again"),
    };
    let message = format!("{what}: name another spec.runId to run the test again");
    status::unjudged(test, test.metadata.generation, reason, &message, now)
}

fn faulty(faults: &[Fault]) -> String {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    format!("the run's spec can't be read: {}", lines.join("; "))
}
