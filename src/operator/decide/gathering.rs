//! Decides before the load has begun: children are made, workers come, or something keeps them.

use super::{Decision, Ending, PATIENCE, deadlines, wants_abort};
use crate::ingest::leaving;
use crate::operator::seen::{PodState, Seen, SeenRun};

/// The load hasn't begun.
pub(super) fn gathering(seen: &Seen, children: &SeenRun) -> Decision {
    if wants_abort(&seen.test) {
        return Decision::Judge(Ending::Aborted("spec.abort was set".to_owned()));
    }
    if let Some((word, line)) = hopeless(children) {
        return Decision::Judge(Ending::NotStarted(word, line));
    }
    let taken = taken(children);
    let gathered = children.session.as_ref().and_then(|session| session.gathered.clone());
    if let Some(owners) = gathered.filter(|_| taken.is_none()) {
        return Decision::Start(owners);
    }
    let deadline = deadlines(seen, children).start;
    if !children.waited.is_beyond(deadline, PATIENCE) {
        return Decision::Gather(taken.or_else(|| held_up(children)));
    }
    if let Some(line) = taken {
        return Decision::Judge(Ending::NotStarted("NameTaken", line));
    }
    let why = held_up(children).or_else(|| refused(seen));
    let why = why.unwrap_or_else(|| "workers didn't report in time".to_owned());
    let line = format!("not all workers were ready within {} s: {why}", deadline.as_secs());
    Decision::Judge(Ending::NotStarted("StartDeadlineExceeded", line))
}

/// What the API server wouldn't have, as the last attempt told.
fn refused(seen: &Seen) -> Option<String> {
    let status = seen.test.status.as_ref()?;
    let is_refusal = |reason: &str| matches!(reason, "Forbidden" | "Refused");
    let told = status.conditions.iter().find(|condition| condition.type_ == "Reconciling")?;
    is_refusal(&told.reason).then(|| told.message.clone())
}

/// Something else has the name of a child. It may be on its way out, as what an object of the same name left is.
fn taken(children: &SeenRun) -> Option<String> {
    let SeenRun { spec, record, job, result, waited: _, pods: _, session: _ } = children;
    let names = [spec.foreign(), record.foreign(), job.foreign(), result.foreign()];
    let name = names.into_iter().flatten().next()?;
    Some(format!("{name} exists and isn't of this run: delete or rename it"))
}

/// Why the load can't begin at all, however long one waits.
fn hopeless(children: &SeenRun) -> Option<(&'static str, String)> {
    if let Some(line) = last_words(children, leaving::NOT_STARTED) {
        return Some(("TargetNotReady", line));
    }
    if let Some(line) = last_words(children, leaving::INVALID) {
        return Some(("WorkersRefused", line));
    }
    let failed = children.job.ours()?.failed.as_ref()?;
    let words = children.pods.iter().find_map(|pod| match &pod.state {
        PodState::Ended { message, .. } if !message.is_empty() => Some(message.clone()),
        PodState::Ended { .. } | PodState::Waiting(_) | PodState::Running => None,
    });
    Some(("WorkersFailed", words.map_or_else(|| failed.clone(), |words| format!("{failed}: {words}"))))
}

/// What a worker that ended with this code said last.
fn last_words(children: &SeenRun, wanted: u8) -> Option<String> {
    children.pods.iter().find_map(|pod| match &pod.state {
        PodState::Ended { code: Some(code), message } if *code == i32::from(wanted) => Some(message.clone()),
        PodState::Ended { .. } | PodState::Waiting(_) | PodState::Running => None,
    })
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
