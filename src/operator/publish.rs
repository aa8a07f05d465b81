//! Publishes: replaces the whole status, guarded by what was decided on. A forged one disappears by it.

use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt;

use super::api::CallError;
use super::build::history;
use super::change::Change;
use super::context::Context;
use super::dropped::missing;
use super::events;
use super::guard::guarded;
use super::seen::Author;
use super::telemetry::Live;
use crate::api::{LoadTest, LoadTestStatus, Run, Summary};

/// Replaces the status of `test`, unless it is the same already, and tells the events that this is worth. Gives the
/// object as it is then; this process answers for what it says, whoever wrote it: `author` is who wrote what is there.
pub async fn publish(
    context: &Context,
    author: &Author,
    test: &LoadTest,
    status: LoadTestStatus,
) -> Result<LoadTest, CallError> {
    let status = history::believed(author, test, status);
    if test.status.as_ref() == Some(&status) && context.known.is_own(test) {
        return Ok(test.clone());
    }
    let written = write(context, test, &status).await?;
    Ok(context.known.note(&status, written))
}

/// As [`publish`], where the status was made of one that may be anybody's: nobody answers for it.
pub async fn write(
    context: &Context,
    test: &LoadTest,
    status: &LoadTestStatus,
) -> Result<LoadTest, CallError> {
    if test.status.as_ref() == Some(status) {
        return Ok(test.clone());
    }
    let written = Box::pin(guarded(context, test, &Change::Status(status))).await?;
    log(test, status);
    log_loss(test, &written, status);
    events::publish(context, test, status).await;
    count(context, test, status);
    Ok(written)
}

/// What the API server dropped of the status, the definition that it has doesn't know.
fn log_loss(test: &LoadTest, written: &LoadTest, status: &LoadTestStatus) {
    let json = |status: Option<&LoadTestStatus>| serde_json::to_value(status).unwrap_or_default();
    let lost = missing(&json(Some(status)), &json(written.status.as_ref()), "status");
    if !lost.is_empty() && is_another_stage(test, status) {
        tracing::warn!(
            namespace = test.namespace(),
            test = test.name_any(),
            lost = lost.join(" "),
            "the definition of LoadTests in the cluster isn't this release's: a part of the status was dropped; apply \
             the definition of this release"
        );
    }
}

fn is_another_stage(test: &LoadTest, status: &LoadTestStatus) -> bool {
    test.status.as_ref().and_then(|before| before.phase.as_ref()) != status.phase.as_ref()
}

/// A line for each stage that a run reaches.
fn log(test: &LoadTest, status: &LoadTestStatus) {
    if is_another_stage(test, status) {
        tracing::info!(
            namespace = test.namespace(),
            test = test.name_any(),
            run = status.run.as_ref().map(|run| run.number),
            phase = status.phase,
            message = status.message,
            "the test has come to another stage"
        );
    }
}

/// Brings the metrics in line with what was published.
fn count(context: &Context, test: &LoadTest, status: &LoadTestStatus) {
    let (namespace, name) = (test.namespace().unwrap_or_default(), test.name_any());
    let finished_at = |status: &LoadTestStatus| status.run.as_ref().and_then(|run| run.finished_at.clone());
    if let Some(summary) = status.summary.as_ref().filter(|_| status.phase.as_deref() == Some("Running")) {
        context.telemetry.live(&namespace, &name, &live(status, summary));
        return;
    }
    context.telemetry.over(&namespace, &name);
    let was_finished = test.status.as_ref().and_then(finished_at).is_some();
    if let (false, Some(run)) = (was_finished, status.run.as_ref().filter(|run| run.finished_at.is_some())) {
        context.telemetry.run_finished(status.verdict, lasted(run).unwrap_or_default());
    }
}

fn live(status: &LoadTestStatus, summary: &Summary) -> Live {
    let progress = status.progress.clone().unwrap_or_default();
    let latency = summary.latency.as_ref();
    Live {
        requests_per_second: progress.requests_per_second as f64,
        p95: latency.map(|latency| Duration::from_micros(latency.p95_micros)),
        error_ratio: (summary.requests > 0).then(|| f64::from(summary.error_ppm) / 1e6),
        users: progress.users,
        workers_ready: status
            .workers
            .as_ref()
            .map_or(0, |workers| workers.ready.saturating_sub(workers.lost)),
    }
}

/// From the start of the first phase to the end.
fn lasted(run: &Run) -> Option<Duration> {
    let at = |text: &Option<String>| text.as_ref()?.parse::<Timestamp>().ok();
    Duration::try_from(at(&run.finished_at)?.duration_since(at(&run.started_at)?)).ok()
}
