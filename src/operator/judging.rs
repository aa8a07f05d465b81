//! Judges a run that is through, stores it, and tells the status; or judges a stored one by a changed spec.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;

use super::api::{CallError, Objects};
use super::build::{config_maps, history, status};
use super::carry_out::Told;
use super::context::Context;
use super::decide::{Ending, run_of};
use super::names;
use super::runs::LiveRun;
use super::seen::{Seen, SeenRun};
use crate::api::{LoadTest, LoadTestSpec, Run, Verdict};
use crate::metrics::Aggregate;
use crate::plan::{Fault, Options, Plan};
use crate::report::kept::KeptRun;
use crate::report::{Report, RunFacts};
use crate::store::{self, PackError};
use crate::verdict::{Circumstances, judge as judge_figures};

/// Why a run isn't judged.
#[derive(Debug, thiserror::Error)]
pub enum JudgingError {
    /// A call of the API server failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The stored result can't be read.
    #[error(transparent)]
    Result(#[from] PackError),
    /// The spec of a run under way can't be run any more.
    #[error("the run's spec can't be read: {0}")]
    Spec(String),
    /// There is no run to be judged.
    #[error("there is no {0} to judge")]
    Missing(&'static str),
}

/// The plan of `spec`.
pub fn plan(test: &LoadTest, spec: &LoadTestSpec) -> Result<Plan, JudgingError> {
    Plan::from_spec(&test.name_any(), spec, &Options::default()).map_err(|faults| faulty(&faults))
}

fn faulty(faults: &[Fault]) -> JudgingError {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    JudgingError::Spec(lines.join("; "))
}

/// Judges what was measured, stores it where there is something to store, and tells the status.
pub async fn judge(
    context: &Context,
    seen: &Seen,
    ending: &Ending,
    now: Timestamp,
) -> Result<Told, JudgingError> {
    let test = &seen.test;
    let run = run_of(test).ok_or(JudgingError::Missing("run"))?;
    let none = SeenRun::default();
    let children = seen.run.as_ref().unwrap_or(&none);
    let (spec, generation) = spec_to_judge_by(seen, run, children);
    let plan = plan(test, &spec)?;
    let live = context.runs.get(&run.uid);
    let aggregate =
        live.as_ref().map_or_else(|| Aggregate::new(plan.phases.len()), |live| live.session.aggregate());
    let mut facts = facts(run, generation, children, live.as_ref(), ending, now);
    facts.workers_desired = plan.workers;
    if children.record.ours().is_some() {
        let kept = KeptRun::new(&test.name_any(), &spec, facts.clone(), aggregate.clone());
        facts.results = keep(context, test, run, kept).await?;
    }
    let report = report(test, &spec, &plan, &aggregate, &facts);
    let mut told = status::finished(test, report.status);
    if let Some((word, _)) = &ending.not_started {
        told.conditions.iter_mut().for_each(|condition| (*word).clone_into(&mut condition.reason));
    }
    Ok((test.clone(), Some(told)))
}

/// The spec as it is now, where its load is that of the run: requirements may be changed while it is on. Else the
/// frozen one, and the generation stays behind, so that every gate keeps waiting.
fn spec_to_judge_by(seen: &Seen, run: &Run, children: &SeenRun) -> (LoadTestSpec, Option<i64>) {
    let is_same_load = seen.plan.as_ref().is_ok_and(|plan| plan.hash == run.run_hash);
    match children.spec.ours() {
        Some(frozen) if !is_same_load => (frozen.spec.clone(), frozen.generation),
        _ => (seen.test.spec.clone(), seen.test.metadata.generation),
    }
}

fn facts(
    run: &Run,
    generation: Option<i64>,
    children: &SeenRun,
    live: Option<&LiveRun>,
    ending: &Ending,
    now: Timestamp,
) -> RunFacts {
    let view = live.map(|live| live.session.view());
    RunFacts {
        number: run.number,
        uid: run.uid.clone(),
        run_id: run.run_id.clone(),
        generation,
        started_at: children.record.ours().map(|record| record.started_at),
        finished_at: now,
        workers_desired: 0,
        workers_ready: view.as_ref().map_or(0, |view| view.admitted),
        circumstances: Circumstances {
            aborted: ending.aborted.clone(),
            failed: None,
            workers_lost: view.as_ref().map_or(0, |view| view.lost),
            not_started: ending.not_started.as_ref().map(|(_, line)| line.clone()),
        },
        results: None,
    }
}

fn report(
    test: &LoadTest,
    spec: &LoadTestSpec,
    plan: &Plan,
    aggregate: &Aggregate,
    facts: &RunFacts,
) -> Report {
    let judgement = judge_figures(plan, aggregate, &facts.circumstances);
    Report::new(&test.name_any(), spec, plan, aggregate, &judgement, facts)
}

/// Stores the run and takes away older ones; where it is then. None: it is too large for a ConfigMap.
async fn keep(
    context: &Context,
    test: &LoadTest,
    run: &Run,
    mut kept: KeptRun,
) -> Result<Option<String>, JudgingError> {
    let name = names::result(&test.name_any(), run.number, &run.uid);
    let location = format!("configmap/{name}");
    kept.facts.results = Some(location.clone());
    let packed = match store::pack(&kept) {
        Ok(packed) => packed,
        Err(error) => {
            tracing::warn!(%error, run = run.uid, "the result isn't stored");
            return Ok(None);
        }
    };
    let verdict =
        kept.report(&kept.spec, kept.facts.generation).map_err(|faults| faulty(&faults))?.status.verdict;
    let maps = Objects::<ConfigMap>::new(&context.client, &test.namespace().unwrap_or_default());
    maps.create(&config_maps::result(test, run, verdict.unwrap_or(Verdict::Inconclusive), packed)).await?;
    prune(&maps, test).await?;
    Ok(Some(location))
}

/// Takes away all stored results but the newest few and the last that passed.
async fn prune(maps: &Objects<ConfigMap>, test: &LoadTest) -> Result<(), CallError> {
    let labels = format!(
        "{}={},{}=result",
        names::TEST_LABEL,
        names::label_value(&test.name_any()),
        names::ROLE_LABEL
    );
    let mut results = maps.list(&labels).await?;
    results.sort_by_key(|map| std::cmp::Reverse(map.creation_timestamp().map(|time| time.0)));
    let has_passed = |map: &&ConfigMap| {
        let verdict = map.annotations().get(names::VERDICT).map(String::as_str);
        matches!(verdict, Some("Pass" | "Warning"))
    };
    let last_pass = results.iter().find(has_passed).map(ResourceExt::name_any);
    for map in results.iter().skip(history::kept(test)).filter(|map| Some(map.name_any()) != last_pass) {
        maps.delete(&map.name_any()).await?;
    }
    Ok(())
}

/// Judges the stored result of the latest run by the spec as it is now.
pub async fn judge_stored(context: &Context, seen: &Seen) -> Result<Told, JudgingError> {
    let test = &seen.test;
    let run = run_of(test).ok_or(JudgingError::Missing("run"))?;
    let maps = Objects::<ConfigMap>::new(&context.client, &test.namespace().unwrap_or_default());
    let name = names::result(&test.name_any(), run.number, &run.uid);
    let map = maps.get(&name).await?;
    let Some(packed) = map.as_ref().and_then(config_maps::read_result) else {
        return Ok((test.clone(), Some(without_result(test))));
    };
    let kept = store::unpack(packed)?;
    let is_same_load = seen.plan.as_ref().is_ok_and(|plan| plan.hash == run.run_hash);
    let (spec, generation) = if is_same_load {
        (&test.spec, test.metadata.generation)
    } else {
        (&kept.spec, kept.facts.generation)
    };
    let report = kept.report(spec, generation).map_err(|faults| faulty(&faults))?;
    Ok((test.clone(), Some(status::finished(test, report.status))))
}

/// Nothing was stored, as of a run whose load never began: what was said of it stands, of this generation too.
fn without_result(test: &LoadTest) -> crate::api::LoadTestStatus {
    let mut status = test.status.clone().unwrap_or_default();
    status.observed_generation = test.metadata.generation;
    for condition in &mut status.conditions {
        condition.observed_generation = test.metadata.generation;
    }
    status
}
