//! Decides what comes next for a test. Pure: one match over what is seen, time included.
//!
//! ```text
//! no run, or another is wanted ──▶ Begin ──▶ Gather ──all ready──▶ Start ──▶ Watch ──all finished──▶ Judge ──▶ Clear ──▶ Rest
//!                                              │                              │  ▲                     ▲
//!                                              └──start deadline, bad pods────┼──┼─────────────────────┤
//!                                                                  abort, run deadline ──▶ Abort ──────┘
//! the object is being deleted ──▶ Remove, from anywhere      a spec that can't run ──▶ Refuse
//! a status of another run than is stored, or of none ──▶ Recover, from anywhere
//! ```
//! A status that this process doesn't answer for is believed no word that opens a gate: what is stored says whether
//! the run is under way, which run it is, and how it ended.

mod begun;
mod claims;
mod ending;
mod gathering;
#[cfg(test)]
pub(super) mod tests;

use std::time::Duration;

use super::names::{self, FINALIZER};
use super::seen::{Author, Child, FrozenSpec, Seen, SeenRun, has_begun};
use crate::api::{LoadTest, Run};
use crate::plan::{Deadlines, Fault, Options, Plan};
pub use begun::{DELETED, word_to_end};
pub use claims::{is_failed, is_without_figures};
pub use ending::Ending;

/// A process that takes over a run late gives it so long to tell where it stands.
const PATIENCE: Duration = Duration::from_secs(30);

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
    /// Judge the stored result: by a changed spec, or as the status may say something else.
    Rejudge,
    /// Say which run is the latest, as the status doesn't; none: there was none that anything tells of.
    Recover(Option<Run>),
    /// The object is going: end the load, take everything away, let it go.
    Remove,
}

/// Why no run starts.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused {
    /// The spec can't be run.
    Invalid(Vec<Fault>),
    /// `spec.abort` is set. With it the digest of the load that is asked for.
    Aborted(String),
}

/// What comes next.
#[must_use]
pub fn decide(seen: &Seen) -> Decision {
    let is_going = seen.test.metadata.deletion_timestamp.is_some();
    if is_going && !has_finalizer(&seen.test) {
        return Decision::Rest;
    }
    if let Author::Anybody { latest, is_on, past: _ } = &seen.author
        && !tells_of(seen, latest.as_ref(), *is_on)
    {
        return Decision::Recover(latest.clone());
    }
    if is_going {
        return Decision::Remove;
    }
    match (run_of(&seen.test), &seen.run) {
        (Some(run), Some(children)) if is_under_way(&seen.test, &seen.author, children) => {
            under_way(seen, run, children)
        }
        (Some(_), Some(children)) if leaves_something(seen, children) => Decision::Clear,
        (run, _) => at_rest(seen, run),
    }
}

/// A run that isn't judged yet.
fn under_way(seen: &Seen, run: &Run, children: &SeenRun) -> Decision {
    let SeenRun { spec, record: _, job, result, waited: _, pods: _, session: _ } = children;
    if result.ours().is_some() || is_over(seen, run, children) {
        return Decision::Rejudge;
    }
    if has_begun(run, children) {
        return begun::begun(seen, children);
    }
    match (spec.ours(), job.ours()) {
        // Nothing was made of it, and meanwhile the spec asks for another load.
        (None, None) if !is_asked_for(seen, run) => at_rest(seen, Some(run)),
        (None, Some(_)) if *spec == Child::Absent => {
            let line = "the ConfigMap with the run's frozen spec was taken away before the load began";
            Decision::Judge(Ending::NotStarted("SpecLost", line.to_owned()))
        }
        (None | Some(_), None | Some(_)) => gathering::gathering(seen, children),
    }
}

/// Whether the run was over when its status was lost, and nothing is left of it: what this process has told of it says so.
fn is_over(seen: &Seen, run: &Run, children: &SeenRun) -> bool {
    let SeenRun { spec, record, job, result: _, waited: _, pods: _, session } = children;
    let is_left = spec.ours().is_some() || record.ours().is_some() || job.ours().is_some();
    seen.author == Author::Own && run.finished_at.is_some() && !is_left && session.is_none()
}

/// No run is under way.
fn at_rest(seen: &Seen, last: Option<&Run>) -> Decision {
    let is_told = seen.author == Author::Own && is_told(&seen.test);
    // A run that was numbered and never carried out says nothing of the load that it was to bring.
    let last = last.filter(|run| run.finished_at.is_some());
    match (&seen.plan, last) {
        (Err(_), _) if is_told => Decision::Rest,
        (Err(faults), _) => Decision::Refuse(Refused::Invalid(faults.clone())),
        (Ok(_), Some(last)) if is_asked_for(seen, last) && is_told => Decision::Rest,
        (Ok(_), Some(last)) if is_asked_for(seen, last) => Decision::Rejudge,
        (Ok(plan), _) if wants_abort(&seen.test) => Decision::Refuse(Refused::Aborted(plan.hash.clone())),
        (Ok(_), _) => Decision::Begin,
    }
}

/// The deadlines that the run was begun with.
fn deadlines(seen: &Seen, children: &SeenRun) -> Deadlines {
    let frozen = children.spec.ours().and_then(|frozen| plan_of(&seen.test, frozen));
    let plan = frozen.as_ref().or(seen.plan.as_ref().ok());
    plan.map_or(Deadlines { start: Duration::from_mins(2), run: Duration::from_hours(1) }, |plan| {
        plan.deadlines
    })
}

fn plan_of(test: &LoadTest, frozen: &FrozenSpec) -> Option<Plan> {
    let name = test.metadata.name.as_deref().unwrap_or_default();
    Plan::from_spec(name, &frozen.spec, &Options::default()).ok()
}

/// Whether the run is the one that the spec asks for: by what its load consists of, and by its name.
#[must_use]
pub fn is_asked_for(seen: &Seen, run: &Run) -> bool {
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

/// Whether the status speaks of the spec as it is now.
#[must_use]
pub fn is_told(test: &LoadTest) -> bool {
    test.status.as_ref().and_then(|status| status.observed_generation) == test.metadata.generation
}

/// Whether the status tells of the latest run, and of no earlier one, another or none; `is_on`: that one isn't over.
fn tells_of(seen: &Seen, latest: Option<&Run>, is_on: bool) -> bool {
    let test = &seen.test;
    match (run_of(test), latest) {
        (Some(told), Some(latest)) if told.number <= latest.number => is_same(told, latest),
        (Some(told), Some(latest)) => {
            !is_on && names::is_run_of(test, told) && leaves_nothing(seen, told, latest)
        }
        (Some(told), None) => names::is_run_of(test, told),
        (None, latest) => latest.is_none(),
    }
}

/// Whether it may be that nothing is stored of the run that is told of, behind the `latest` that something is stored of: it
/// has only its number yet, or has ended before its load began, which only another load than that one's can. Or its load
/// has begun, and what it came to was lost or couldn't be stored: to disbelieve that would be to begin it a second time.
/// Whoever forges it closes gates, and opens none.
fn leaves_nothing(seen: &Seen, told: &Run, latest: &Run) -> bool {
    let ended = seen.test.status.as_ref().is_some_and(is_without_figures) && !is_asked_for(seen, latest);
    told.started_at.is_some() || told.finished_at.is_none() || ended
}

fn is_same(told: &Run, latest: &Run) -> bool {
    let key = |run: &Run| (run.number, run.uid.clone(), run.run_hash.clone(), run.run_id.clone());
    key(told) == key(latest)
}

/// Whether the latest run isn't judged yet, or may not be: the status says so, or what there is of the run does.
#[must_use]
pub fn is_under_way(test: &LoadTest, author: &Author, children: &SeenRun) -> bool {
    if !is_complete(test) || *author == Author::Own {
        return !is_complete(test);
    }
    let SeenRun { spec, record, job, result, waited: _, pods: _, session } = children;
    // A load that has begun has a result before it has an end. One that hasn't can only have failed to.
    let is_there = spec.ours().is_some() || job.ours().is_some();
    session.is_some()
        || record.ours().is_some()
        || result.ours().is_some()
        || (is_there && !test.status.as_ref().is_some_and(is_without_figures))
}

fn leaves_something(seen: &Seen, children: &SeenRun) -> bool {
    has_finalizer(&seen.test)
        || children.session.is_some()
        || children.job.ours().is_some()
        || children.spec.ours().is_some()
        || children.record.ours().is_some()
}

fn has_finalizer(test: &LoadTest) -> bool {
    test.metadata.finalizers.iter().flatten().any(|name| name == FINALIZER)
}
