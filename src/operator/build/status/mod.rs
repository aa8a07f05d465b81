//! The status in each stage of a run. What a stage doesn't change is taken from the status before.

mod refused;

use jiff::Timestamp;

use super::history::{past_runs, shortened};
use crate::api::{
    Condition, Display, LoadTest, LoadTestStatus, PastRun, Results, Run, Verdict, WorkerCounts,
};
use crate::operator::decide::is_complete;
use crate::operator::names;
use crate::operator::storing::NotStored;
use crate::plan::Plan;
use crate::report::conditions::{self, Told};
use crate::report::facts::rfc3339;
use crate::report::live::Live;
pub use refused::refused;

/// The generation of an object that nobody has looked at yet.
const NEVER_SEEN: i64 = -1;

/// A new run has its number, before anything of it is made. All of the status but the history goes.
#[must_use]
pub fn begun(test: &LoadTest, plan: &Plan, now: Timestamp) -> LoadTestStatus {
    let last = test.status.as_ref().and_then(|status| status.run.as_ref());
    let number = last.map_or(0, |run| run.number) + 1;
    let object = test.metadata.uid.as_deref().unwrap_or_default();
    let run = Run {
        number,
        uid: names::run_uid(object, number),
        run_hash: plan.hash.clone(),
        run_id: test.spec.run_id.clone(),
        started_at: None,
        finished_at: None,
    };
    let status = LoadTestStatus {
        phase: Some("Pending".to_owned()),
        observed_generation: test.metadata.generation,
        run: Some(run),
        history: past_runs(test),
        workers: Some(WorkerCounts::none_of(plan.workers)),
        display: Some(nothing_yet("pending", &WorkerCounts::none_of(plan.workers))),
        ..LoadTestStatus::default()
    };
    let message = format!("run {number} is to be started");
    under_way(test, status, "RunNumbered", message, now)
}

/// The status told of another run than the latest, or of none: what is stored of that is read next.
#[must_use]
pub fn recovered(test: &LoadTest, latest: Option<&Run>, now: Timestamp) -> LoadTestStatus {
    let status = LoadTestStatus {
        phase: Some("Pending".to_owned()),
        observed_generation: Some(NEVER_SEEN),
        run: latest.cloned(),
        history: before(test).history,
        ..LoadTestStatus::default()
    };
    let message = match latest {
        Some(run) => format!("what is stored of run {} is read: the status didn't tell of it", run.number),
        None => "the status told of a run of which nothing is known".to_owned(),
    };
    under_way(test, status, "StatusLost", message, now)
}

/// The workers are on their way.
#[must_use]
pub fn gathering(
    test: &LoadTest,
    workers: WorkerCounts,
    held_up: Option<&str>,
    now: Timestamp,
) -> LoadTestStatus {
    let ready = format!("{} of {} workers ready", workers.ready, workers.desired);
    let (reason, message) = match held_up {
        Some(reason) => ("WorkersHeldUp", format!("{ready}; {reason}")),
        None => ("WorkersStarting", ready),
    };
    let status = LoadTestStatus {
        phase: Some("Starting".to_owned()),
        display: Some(nothing_yet("starting", &workers)),
        workers: Some(workers),
        ..before(test)
    };
    under_way(test, status, reason, message, now)
}

/// The load is on.
#[must_use]
pub fn running(
    test: &LoadTest,
    live: Live,
    workers: WorkerCounts,
    lost_because: Option<&str>,
    started_at: Timestamp,
    now: Timestamp,
) -> LoadTestStatus {
    let phase = &live.progress.phase;
    let because = lost_because.map(|because| format!(" ({because})")).unwrap_or_default();
    let message = match workers.lost {
        0 => format!("phase {phase} is on"),
        lost => format!("phase {phase} is on; {lost} of {} workers are lost{because}", workers.desired),
    };
    let mut status = LoadTestStatus {
        phase: Some("Running".to_owned()),
        display: Some(live.display),
        progress: Some(live.progress),
        summary: Some(live.summary),
        workers: Some(workers),
        ..before(test)
    };
    if let Some(run) = &mut status.run {
        run.started_at = Some(rfc3339(started_at));
    }
    under_way(test, status, "LoadIsOn", message, now)
}

/// The load is over, its figures are being put together. `started_at`: as the record says, where there is one.
#[must_use]
pub fn judging(test: &LoadTest, started_at: Option<Timestamp>, now: Timestamp) -> LoadTestStatus {
    let mut status = LoadTestStatus { phase: Some("Judging".to_owned()), ..before(test) };
    if let Some(display) = &mut status.display {
        "judging".clone_into(&mut display.progress);
    }
    if let Some(run) = &mut status.run {
        run.started_at = run.started_at.take().or(started_at.map(rfc3339));
    }
    under_way(test, status, "Judging", "the load is over; the figures are being judged".to_owned(), now)
}

/// The object is being deleted, and something keeps it. What a judged run said stays.
#[must_use]
pub fn leaving(test: &LoadTest, message: String, now: Timestamp) -> LoadTestStatus {
    let status = before(test);
    if is_complete(test) {
        return LoadTestStatus { message: Some(message), ..status };
    }
    under_way(test, status, "PodsLeft", message, now)
}

/// The API server won't have what the operator asks of it.
#[must_use]
pub fn hindered(test: &LoadTest, reason: &'static str, error: String, now: Timestamp) -> LoadTestStatus {
    under_way(test, before(test), reason, error, now)
}

/// The verdict is there: `judged` is the report's status, to which only the history is added.
#[must_use]
pub fn finished(test: &LoadTest, judged: LoadTestStatus) -> LoadTestStatus {
    let history = others(test, judged.run.as_ref());
    LoadTestStatus { conditions: with_times(test, judged.conditions), history, ..judged }
}

/// `judged`, whose result isn't stored.
#[must_use]
pub fn not_stored(
    test: &LoadTest,
    mut judged: LoadTestStatus,
    why: &NotStored,
    now: Timestamp,
) -> LoadTestStatus {
    let NotStored { reason, message } = why;
    let told = Told { generation: judged.observed_generation, since: now, reason, message };
    judged.conditions.push(conditions::not_stored(&told));
    judged.results = None;
    LoadTestStatus { conditions: with_times(test, judged.conditions), ..judged }
}

/// The result that wasn't stored when it was judged is stored now.
#[must_use]
pub fn stored(test: &LoadTest, results: Results) -> LoadTestStatus {
    let mut status = before(test);
    status.conditions.retain(|condition| condition.type_ != conditions::RESULTS_STORED);
    status.results = Some(results);
    status
}

/// Whether it is told that the result isn't stored.
#[must_use]
pub fn is_unstored(test: &LoadTest) -> bool {
    let told = test.status.iter().flat_map(|status| &status.conditions);
    told.into_iter()
        .any(|condition| condition.type_ == conditions::RESULTS_STORED && condition.status == "False")
}

/// What was measured can't be judged, now or ever: a run that can't vouch for itself is inconclusive. `generation` is
/// that of the spec that this is said of.
#[must_use]
pub fn unjudged(
    test: &LoadTest,
    generation: Option<i64>,
    reason: &str,
    message: &str,
    now: Timestamp,
) -> LoadTestStatus {
    let told = Told { generation, since: now, reason, message };
    let LoadTestStatus { run, workers, display, .. } = before(test);
    let run = run.map(|run| Run { finished_at: run.finished_at.or(Some(rfc3339(now))), ..run });
    LoadTestStatus {
        phase: Some("Inconclusive".to_owned()),
        verdict: Some(Verdict::Inconclusive),
        message: Some(message.to_owned()),
        observed_generation: generation,
        conditions: with_times(test, conditions::ended(true, &told)),
        history: others(test, run.as_ref()),
        run,
        workers,
        display,
        ..LoadTestStatus::default()
    }
}

/// The generation of what was said before is another, and all of it still holds.
#[must_use]
pub fn still(test: &LoadTest) -> LoadTestStatus {
    of_generation(test.metadata.generation, before(test))
}

/// The same, said of the spec of another generation.
#[must_use]
pub fn of_generation(generation: Option<i64>, mut status: LoadTestStatus) -> LoadTestStatus {
    status.observed_generation = generation;
    for condition in &mut status.conditions {
        condition.observed_generation = generation;
    }
    status
}

/// The history without the run that the status tells of.
fn others(test: &LoadTest, run: Option<&Run>) -> Vec<PastRun> {
    let history = before(test).history;
    shortened(
        test,
        match run {
            Some(run) => without(history, run),
            None => history,
        }
        .into_iter(),
    )
}

fn without(mut history: Vec<PastRun>, run: &Run) -> Vec<PastRun> {
    history.retain(|past| past.number != run.number);
    history
}

fn before(test: &LoadTest) -> LoadTestStatus {
    test.status.clone().unwrap_or_default()
}

/// `status` with what it says and the conditions of a run under way. The generation that it speaks of stays that
/// with which the run began.
fn under_way(
    test: &LoadTest,
    status: LoadTestStatus,
    reason: &'static str,
    message: String,
    now: Timestamp,
) -> LoadTestStatus {
    let told = Told { generation: status.observed_generation, since: now, reason, message: &message };
    let conditions = with_times(test, conditions::under_way(&told));
    LoadTestStatus { conditions, verdict: None, message: Some(message), ..status }
}

/// A condition that says what it said before has been true since then.
fn with_times(test: &LoadTest, mut conditions: Vec<Condition>) -> Vec<Condition> {
    let known = test.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    for condition in &mut conditions {
        let same = known.iter().find(|old| old.type_ == condition.type_ && old.status == condition.status);
        if let Some(old) = same {
            condition.last_transition_time = old.last_transition_time.clone();
        }
    }
    conditions
}

/// The columns' texts before there is anything to show.
fn nothing_yet(progress: &str, workers: &WorkerCounts) -> Display {
    let nothing = || crate::report::progress::NOTHING.to_owned();
    Display {
        progress: progress.to_owned(),
        rps: nothing(),
        p95: nothing(),
        errors: nothing(),
        workers: crate::report::progress::of_workers(workers),
    }
}
