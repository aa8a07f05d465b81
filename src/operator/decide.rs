//! Decides what comes next for a test. Pure: one match over what is seen, `now` is an argument.
//!
//! ```text
//! no run, or another is wanted ──▶ Begin ──▶ Gather ──all ready──▶ Start ──▶ Watch ──all finished──▶ Judge ──▶ Clear ──▶ Rest
//!                                              │                              │  ▲                     ▲
//!                                              └──start deadline, bad pods────┼──┼─────────────────────┤
//!                                                                  abort, run deadline ──▶ Abort ──────┘
//! the object is being deleted ──▶ Remove, from anywhere      a spec that can't run ──▶ Refuse
//! ```

use std::time::Duration;

use jiff::Timestamp;

use super::seen::{Child, PodState, Seen, SeenRun};
use crate::api::{LoadTest, Run};
use crate::ingest::leaving;
use crate::plan::{Deadlines, Fault, Plan};

/// How long an abort may take to reach all workers before the run is judged without them.
const ABORT_LIMIT: Duration = Duration::from_secs(30);

/// What comes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Nothing, until something changes.
    Rest,
    /// Say that no run starts, and why.
    Refuse(Refused),
    /// Number a new run.
    Begin,
    /// Make the children and wait for the workers; what keeps them.
    Gather(Option<String>),
    /// Write the record with these pods and let the first phase begin.
    Start(Vec<String>),
    /// Show how it goes.
    Watch,
    /// End the load, and go on watching until the workers are through.
    Abort(String),
    /// Judge what was measured.
    Judge(Ending),
    /// Take away what a judged run left.
    Clear,
    /// Judge the stored result by the changed spec.
    Rejudge,
    /// The object is going: end the load, take everything away, let it go.
    Remove,
}

/// Why no run starts.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused {
    /// The spec can't be run.
    Invalid(Vec<Fault>),
    /// `spec.abort` is set.
    Aborted,
}

/// How a run came to its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ending {
    /// Why the load never began, if it didn't: a CamelCase word and a line.
    pub not_started: Option<(&'static str, String)>,
    /// Why it was aborted, if it was.
    pub aborted: Option<String>,
}

impl Ending {
    fn not_started(word: &'static str, line: impl Into<String>) -> Self {
        Ending { not_started: Some((word, line.into())), aborted: None }
    }
}

/// What comes next.
#[must_use]
pub fn decide(seen: &Seen, now: Timestamp) -> Decision {
    if seen.test.metadata.deletion_timestamp.is_some() {
        return if has_finalizer(&seen.test) { Decision::Remove } else { Decision::Rest };
    }
    match (run_of(&seen.test), &seen.run) {
        (Some(run), Some(children)) if !is_complete(&seen.test) => under_way(seen, run, children, now),
        (Some(_), Some(children)) if leaves_something(seen, children) => Decision::Clear,
        (run, _) => at_rest(seen, run),
    }
}

/// A run that isn't judged yet.
fn under_way(seen: &Seen, run: &Run, children: &SeenRun, now: Timestamp) -> Decision {
    let SeenRun { spec, record, job, is_stored, pods: _, session: _ } = children;
    if *is_stored {
        return Decision::Rejudge;
    }
    let taken = [spec.foreign(), record.foreign(), job.foreign()].into_iter().flatten().next();
    if let Some(name) = taken {
        let line = format!("{name} exists and isn't of this run: delete or rename it");
        return Decision::Judge(Ending::not_started("NameTaken", line));
    }
    match (record, spec, job) {
        (Child::Ours(record), _, job) => begun(seen, children, record.started_at, job.ours().is_some(), now),
        // Nothing was made of it, and meanwhile the spec asks for another load.
        (_, Child::Absent, Child::Absent) if !is_asked_for(seen, run) => at_rest(seen, Some(run)),
        (_, Child::Absent, Child::Ours(_)) => Decision::Judge(Ending::not_started(
            "SpecLost",
            "the ConfigMap with the run's frozen spec was taken away before the load began",
        )),
        _ => gathering(seen, children, now),
    }
}

/// The load hasn't begun.
fn gathering(seen: &Seen, children: &SeenRun, now: Timestamp) -> Decision {
    if wants_abort(&seen.test) {
        return Decision::Judge(Ending { not_started: None, aborted: Some("spec.abort was set".to_owned()) });
    }
    if let Some((word, line)) = hopeless(children) {
        return Decision::Judge(Ending::not_started(word, line));
    }
    if let Some(owners) = children.session.as_ref().and_then(|session| session.gathered.clone()) {
        return Decision::Start(owners);
    }
    let deadline = deadlines(seen, children).start;
    let since = children.job.ours().and_then(|job| job.created_at);
    if since.is_some_and(|since| has_passed(since, deadline, now)) {
        let why = held_up(children).unwrap_or_else(|| "workers didn't report in time".to_owned());
        let line = format!("not all workers were ready within {} s: {why}", deadline.as_secs());
        return Decision::Judge(Ending::not_started("StartDeadlineExceeded", line));
    }
    Decision::Gather(held_up(children))
}

/// The load has begun, or may have.
fn begun(seen: &Seen, children: &SeenRun, started_at: Timestamp, has_job: bool, now: Timestamp) -> Decision {
    let Some(session) = &children.session else { return Decision::Watch };
    let aborted = session.view.aborted.clone();
    let deadline = deadlines(seen, children).run;
    let is_over = session.view.finished || has_passed(started_at, deadline + ABORT_LIMIT, now);
    match (is_over, aborted) {
        (true, aborted) => Decision::Judge(Ending { not_started: None, aborted }),
        (false, None) if wants_abort(&seen.test) => Decision::Abort("spec.abort was set".to_owned()),
        (false, None) if has_passed(started_at, deadline, now) => {
            let line = format!("spec.deadlines.run: the load wasn't through after {} s", deadline.as_secs());
            Decision::Abort(line)
        }
        (false, None) if !has_job => Decision::Abort("the workers' Job was taken away".to_owned()),
        (false, _) => Decision::Watch,
    }
}

/// No run is under way.
fn at_rest(seen: &Seen, last: Option<&Run>) -> Decision {
    let is_told = seen.test.status.as_ref().and_then(|status| status.observed_generation)
        == seen.test.metadata.generation;
    match (&seen.plan, last) {
        (Err(_), _) if is_told => Decision::Rest,
        (Err(faults), _) => Decision::Refuse(Refused::Invalid(faults.clone())),
        (Ok(_), Some(last)) if is_asked_for(seen, last) => {
            if is_told {
                Decision::Rest
            } else {
                Decision::Rejudge
            }
        }
        (Ok(_), _) if wants_abort(&seen.test) => {
            if is_told {
                Decision::Rest
            } else {
                Decision::Refuse(Refused::Aborted)
            }
        }
        (Ok(_), _) => Decision::Begin,
    }
}

/// Why the load can't begin at all, however long one waits.
fn hopeless(children: &SeenRun) -> Option<(&'static str, String)> {
    let last_words = |wanted: i32| {
        children.pods.iter().find_map(|pod| match &pod.state {
            PodState::Ended { code: Some(code), message } if *code == wanted => Some(message.clone()),
            PodState::Ended { .. } | PodState::Waiting(_) | PodState::Running => None,
        })
    };
    if let Some(line) = last_words(i32::from(leaving::NOT_STARTED)) {
        return Some(("TargetNotReady", line));
    }
    if let Some(line) = last_words(i32::from(leaving::INVALID)) {
        return Some(("WorkersRefused", line));
    }
    let job = children.job.ours()?;
    let failed = job.failed.as_ref()?;
    let words = children.pods.iter().find_map(|pod| match &pod.state {
        PodState::Ended { message, .. } if !message.is_empty() => Some(message.clone()),
        PodState::Ended { .. } | PodState::Waiting(_) | PodState::Running => None,
    });
    Some(("WorkersFailed", words.map_or_else(|| failed.clone(), |words| format!("{failed}: {words}"))))
}

/// What keeps the workers, in the words of Kubernetes.
fn held_up(children: &SeenRun) -> Option<String> {
    let hindered = children.job.ours().and_then(|job| job.hindered.clone());
    hindered.or_else(|| {
        children.pods.iter().find_map(|pod| match &pod.state {
            PodState::Waiting(Some(reason)) => Some(format!("worker {}: {reason}", pod.index)),
            PodState::Ended { message, .. } => Some(format!("worker {} ended: {message}", pod.index)),
            PodState::Waiting(None) | PodState::Running => None,
        })
    })
}

fn deadlines(seen: &Seen, children: &SeenRun) -> Deadlines {
    let frozen = children.spec.ours().and_then(|frozen| plan_of(&seen.test, frozen));
    let plan = frozen.as_ref().or(seen.plan.as_ref().ok());
    plan.map_or(Deadlines { start: Duration::from_mins(2), run: Duration::from_hours(1) }, |plan| {
        plan.deadlines
    })
}

fn plan_of(test: &LoadTest, frozen: &super::seen::FrozenSpec) -> Option<Plan> {
    let name = test.metadata.name.as_deref().unwrap_or_default();
    Plan::from_spec(name, &frozen.spec, &crate::plan::Options::default()).ok()
}

fn has_passed(since: Timestamp, limit: Duration, now: Timestamp) -> bool {
    since.checked_add(limit).is_ok_and(|deadline| now >= deadline)
}

/// Whether the run is the one that the spec asks for: by what its load consists of, and by its name.
fn is_asked_for(seen: &Seen, run: &Run) -> bool {
    seen.plan.as_ref().is_ok_and(|plan| plan.hash == run.run_hash) && seen.test.spec.run_id == run.run_id
}

fn wants_abort(test: &LoadTest) -> bool {
    test.spec.abort == Some(true)
}

/// The run that the status speaks of.
#[must_use]
pub fn run_of(test: &LoadTest) -> Option<&Run> {
    test.status.as_ref()?.run.as_ref()
}

/// Whether the latest run is judged.
#[must_use]
pub fn is_complete(test: &LoadTest) -> bool {
    let conditions = test.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Complete" && condition.status == "True")
}

fn leaves_something(seen: &Seen, children: &SeenRun) -> bool {
    has_finalizer(&seen.test)
        || children.session.is_some()
        || children.job.ours().is_some()
        || children.spec.ours().is_some()
        || children.record.ours().is_some()
}

fn has_finalizer(test: &LoadTest) -> bool {
    test.metadata.finalizers.iter().flatten().any(|name| name == super::names::FINALIZER)
}
