//! Carries out what was decided: writes children, moves the session. What it gives back is to be published.

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;

use super::api::{CallError, Objects};
use super::build::{config_maps, job, status};
use super::change::Change;
use super::context::Context;
use super::decide::{Decision, run_of};
use super::guard::guarded;
use super::judging::{self, JudgingError};
use super::keeping;
use super::leaving;
use super::names;
use super::publish::publish;
use super::record::Record;
use super::runs::LiveRun;
use super::seen::{Author, Child, Seen, SeenRun, has_begun};
use crate::api::{LoadTest, LoadTestStatus, Run, WorkerCounts};
use crate::ingest::SessionView;
use crate::report::live::Live;
use crate::report::progress::Moment;

/// How often the status is written while the load is on.
const SHOW: std::time::Duration = std::time::Duration::from_secs(5);

/// The object as it is after what was done, and the status that it is to get; none: the status stays.
pub type Told = (LoadTest, Option<LoadTestStatus>);

/// Does what was decided.
pub async fn carry_out(
    context: &Context,
    seen: &Seen,
    decision: &Decision,
    now: Timestamp,
) -> Result<Told, JudgingError> {
    let test = seen.test.clone();
    let none = SeenRun::default();
    let children = seen.run.as_ref().unwrap_or(&none);
    Ok(match decision {
        Decision::Rest => {
            let told = keeping::keep_later(context, &test).await?;
            (test, told)
        }
        Decision::Refuse(refused) => {
            let told = status::refused(&test, refused, now);
            (test, Some(told))
        }
        Decision::Begin => {
            let told = seen.plan.as_ref().ok().map(|plan| status::begun(&test, plan, now));
            (test, told)
        }
        Decision::Gather(held_up) => {
            let (test, told) = Box::pin(gather(context, test, children, held_up.as_deref(), now)).await?;
            let told = or_shut_out(&test, told, children, now);
            (test, told)
        }
        Decision::Start(owners) => {
            start(context, &test, owners, now).await?;
            (test, None)
        }
        Decision::Watch => {
            let told = or_shut_out(&test, watch(context, &test, children, now).await, children, now);
            (test, told)
        }
        Decision::Abort(reason) => {
            if let Some(run) = run_of(&test) {
                context.runs.abort(&run.uid, reason);
            }
            (test, None)
        }
        Decision::Judge(ending) => {
            let test = show_judging(context, &seen.author, test, children, now).await?;
            let told = judging::judge(context, &test, seen, ending, now).await?;
            (test, Some(told))
        }
        Decision::Rejudge => {
            let told = judging::judge_stored(context, seen, now).await?;
            (test, Some(told))
        }
        Decision::Recover(latest) => {
            let told = status::recovered(&test, latest.as_ref(), now);
            (test, Some(told))
        }
        Decision::Clear => (Box::pin(clear(context, test, children)).await?, None),
        Decision::Remove => Box::pin(leaving::remove(context, test, children, now)).await?,
    })
}

/// What is to be told; as long as no worker can be let in, that is what it says.
fn or_shut_out(
    test: &LoadTest,
    told: Option<LoadTestStatus>,
    children: &SeenRun,
    now: Timestamp,
) -> Option<LoadTestStatus> {
    let Some(error) = children.session.as_ref().and_then(|session| session.shut_out.clone()) else {
        return told;
    };
    let mut before = test.clone();
    before.status = told.or(before.status);
    Some(status::hindered(&before, "Forbidden", error, now))
}

/// To put together what a thousand workers measured takes its time: until then the status says so. Once: what keeps
/// the judgement is told in its place, and stays.
async fn show_judging(
    context: &Context,
    author: &Author,
    test: LoadTest,
    children: &SeenRun,
    now: Timestamp,
) -> Result<LoadTest, CallError> {
    let has_begun = run_of(&test).is_some_and(|run| has_begun(run, children));
    if !has_begun || is_judging(&test) {
        return Ok(test);
    }
    let told = status::judging(&test, children.record.ours().map(|record| record.started_at), now);
    publish(context, author, &test, told).await
}

/// Whether it was told that the load is over.
fn is_judging(test: &LoadTest) -> bool {
    test.status.as_ref().is_some_and(|status| status.phase.as_deref() == Some("Judging"))
}

fn live(context: &Context, test: &LoadTest) -> Option<LiveRun> {
    context.runs.get(&run_of(test)?.uid)
}

/// Makes what is missing: the finalizer first, so that nothing is left behind, and the Job last.
async fn gather(
    context: &Context,
    test: LoadTest,
    children: &SeenRun,
    held_up: Option<&str>,
    now: Timestamp,
) -> Result<Told, CallError> {
    let Some(run) = run_of(&test).cloned() else { return Ok((test, None)) };
    let test = with_finalizer(context, test).await?;
    let namespace = test.namespace().unwrap_or_default();
    let authority = (context.authority)();
    let frozen = match &children.spec {
        Child::Ours(frozen) => Some(frozen.clone()),
        // Workers that were told of no authority could trust nobody.
        Child::Absent if context.setting.has_authority && authority.is_none() => {
            let workers = workers(&test, children, None);
            let told = status::gathering(&test, workers, Some("the ingest has no certificate yet"), now);
            return Ok((test, Some(told)));
        }
        Child::Absent => {
            let map = config_maps::spec(&test, &run, authority.as_deref());
            let made = Objects::<ConfigMap>::new(&context.client, &namespace).create(&map).await?;
            config_maps::read_spec(&made)
        }
        // Nothing is made beside what isn't ours; what keeps the run is told until it is gone.
        Child::Foreign(_) => None,
    };
    let plan = frozen.and_then(|frozen| judging::plan(&test, &frozen.spec).ok());
    if let (Child::Absent, Some(plan)) = (&children.job, &plan) {
        let job = job::job(&test, &run, plan, &context.setting);
        Objects::<Job>::new(&context.client, &namespace).create(&job).await?;
    }
    let workers = workers(&test, children, plan.map(|plan| plan.workers));
    let told = status::gathering(&test, workers, held_up, now);
    Ok((test, Some(told)))
}

/// The workers before the load has begun: those of the session, or none yet.
fn workers(test: &LoadTest, children: &SeenRun, planned: Option<u32>) -> WorkerCounts {
    let told = test.status.as_ref().and_then(|status| status.workers.clone()).unwrap_or_default();
    let none_yet = WorkerCounts::none_of(planned.unwrap_or(told.desired));
    children.session.as_ref().map_or(none_yet, |session| counts(&session.view))
}

/// Writes down who takes part, and only then lets the first phase begin.
async fn start(
    context: &Context,
    test: &LoadTest,
    owners: &[String],
    now: Timestamp,
) -> Result<(), CallError> {
    let (Some(run), Some(live)) = (run_of(test), live(context, test)) else { return Ok(()) };
    let maps = Objects::<ConfigMap>::new(&context.client, &test.namespace().unwrap_or_default());
    let record = Record { started_at: now, owners: owners.to_vec() };
    let map = config_maps::record(test, run, &record);
    maps.create(&map).await?;
    if live.session.permit(owners) {
        context.runs.started(&run.uid, now);
        context.telemetry.run_started();
    } else {
        // Somebody was lost meanwhile: another takes the place and the record is written again.
        maps.delete(&map.name_any()).await?;
    }
    Ok(())
}

async fn watch(
    context: &Context,
    test: &LoadTest,
    children: &SeenRun,
    now: Timestamp,
) -> Option<LoadTestStatus> {
    let live = live(context, test)?;
    let view = live.session.view();
    let (phase, elapsed) = view.phase?;
    let workers = counts(&view);
    // Who takes over hears only by and by that all workers are through: that the load is over stays told.
    if is_judging(test) || !is_news(context, test, &live, &workers, phase) {
        return None;
    }
    let aggregate = live.session.aggregate_apart().await;
    let told = Live::new(&live.plan, &aggregate, Moment { phase, elapsed }, &workers);
    let (because, started_at) = (children.last_words(), live.started_at.unwrap_or(now));
    Some(status::running(test, told, workers, because.as_deref(), started_at, now))
}

/// Another phase and a lost worker are told at once, figures now and then.
fn is_news(context: &Context, test: &LoadTest, live: &LiveRun, workers: &WorkerCounts, phase: usize) -> bool {
    let told = test.status.as_ref();
    let told_phase = told.and_then(|status| status.progress.as_ref()).map(|progress| progress.phase_index);
    let told_workers = told.and_then(|status| status.workers.as_ref());
    let is_due = run_of(test).is_some_and(|run| context.runs.is_to_be_shown(&run.uid, SHOW));
    let is_running = told.is_some_and(|status| status.phase.as_deref() == Some("Running"));
    let is_same_phase = told_phase.is_some_and(|told| told as usize == phase) || live.plan.phases.is_empty();
    is_due || !is_running || !is_same_phase || told_workers != Some(workers)
}

/// The workers as the status counts them.
#[must_use]
pub fn counts(view: &SessionView) -> WorkerCounts {
    WorkerCounts { desired: view.desired, ready: view.admitted, lost: view.lost, clocks_off: view.clocks_off }
}

/// Takes away what a judged run left, and results that are kept no longer; the finalizer goes last.
async fn clear(context: &Context, test: LoadTest, children: &SeenRun) -> Result<LoadTest, CallError> {
    let Some(run) = run_of(&test).cloned() else { return without_finalizer(context, test).await };
    if let Some(live) = context.runs.get(&run.uid) {
        live.session.release();
    }
    delete_job(context, &test, &run, children).await?;
    delete_maps(context, &test, &run).await?;
    keeping::prune(context, &test).await?;
    context.runs.close(&run.uid);
    without_finalizer(context, test).await
}

pub(super) async fn delete_job(
    context: &Context,
    test: &LoadTest,
    run: &Run,
    children: &SeenRun,
) -> Result<(), CallError> {
    if children.job.ours().is_none() {
        return Ok(());
    }
    let jobs = Objects::<Job>::new(&context.client, &test.namespace().unwrap_or_default());
    jobs.delete(&names::job(&test.name_any(), run.number)).await
}

pub(super) async fn delete_maps(context: &Context, test: &LoadTest, run: &Run) -> Result<(), CallError> {
    let maps = Objects::<ConfigMap>::new(&context.client, &test.namespace().unwrap_or_default());
    let own = maps.list(&format!("{}={}", names::RUN_LABEL, run.uid)).await?;
    for map in
        own.iter().filter(|map| map.labels().get(names::ROLE_LABEL).is_some_and(|role| role != "result"))
    {
        maps.delete(&map.name_any()).await?;
    }
    Ok(())
}

async fn with_finalizer(context: &Context, test: LoadTest) -> Result<LoadTest, CallError> {
    hold(context, test, true).await
}

pub(super) async fn without_finalizer(context: &Context, test: LoadTest) -> Result<LoadTest, CallError> {
    hold(context, test, false).await
}

/// Holds the object, or lets it go. Whoever changed the finalizers meanwhile isn't overwritten.
async fn hold(context: &Context, test: LoadTest, is_to_hold: bool) -> Result<LoadTest, CallError> {
    if test.finalizers().iter().any(|name| name == names::FINALIZER) == is_to_hold {
        return Ok(test);
    }
    let change = Change::Finalizer { name: names::FINALIZER, is_to_hold };
    Ok(context.known.restored(Box::pin(guarded(context, &test, &change)).await?))
}
