//! Leads: opens the session of a run under way, anew or where another process left it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt;
use kube::runtime::reflector::ObjectRef;
use uuid::Uuid;

use super::context::Context;
use super::decide::{is_under_way, run_of};
use super::observe::seen_session;
use super::record::Record;
use super::runs::{Clock, LiveRun};
use super::seen::{Seen, SeenRun};
use crate::api::Run;
use crate::ingest::{Session, SharedSession};
use crate::plan::{Options, Plan};

/// Opens the session of the run under way, if it isn't open and can be.
pub fn lead(context: &Context, seen: &mut Seen, now: Timestamp) {
    let Some(run) = run_of(&seen.test).cloned() else { return };
    let (test, author) = (&seen.test, &seen.author);
    let Some(children) = seen.run.as_mut().filter(|run| is_under_way(test, author, run)) else { return };
    if seen.test.metadata.deletion_timestamp.is_some() {
        return;
    }
    let live = context.runs.get(&run.uid);
    let known = live.as_ref().map(|live| Led { job_uid: &live.job_uid, has_begun: live.session.has_begun() });
    let way = way_to_lead(&run, children, known.as_ref());
    let Some(frozen) = children.spec.ours() else { return };
    let Ok(plan) = Plan::from_spec(&seen.test.name_any(), &frozen.spec, &Options::default()) else { return };
    let (session, load, started_at) = match way {
        Lead::Stay => return,
        Lead::Anew => (SharedSession::new(Session::new(&plan, epoch())), None, None),
        Lead::Resume(record) => {
            let ago = Duration::try_from(now.duration_since(record.started_at)).unwrap_or_default();
            let session = SharedSession::resume(&plan, epoch(), &record.owners, ago);
            (session, Some(Clock::begun(ago)), Some(record.started_at))
        }
    };
    let live = LiveRun {
        test: ObjectRef::from_obj(&seen.test),
        job_uid: children.job.ours().map(|job| job.uid.clone()).unwrap_or_default(),
        plan: Arc::new(plan),
        session,
        started_at,
        load,
        aborted_at: None,
        shut_out: None,
    };
    children.session = Some(seen_session(&live));
    context.runs.open(&run.uid, live);
}

/// What this process leads already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Led<'a> {
    /// The Job whose pods it takes for workers.
    pub job_uid: &'a str,
    /// Whether the load has begun, or may have.
    pub has_begun: bool,
}

/// How a run comes to be led.
#[derive(Clone, Debug, PartialEq)]
pub enum Lead {
    /// As it is: it is led, or can't be.
    Stay,
    /// By a session in which nobody takes part yet.
    Anew,
    /// By one that goes on where the record says.
    Resume(Record),
}

/// How the run comes to be led: a session that has begun is never left. What the record says has been promised, also
/// where the answer to writing it was lost: a session that doesn't know of it gives way to one that does. Without a
/// record, a load that has begun is nobody's any more.
#[must_use]
pub fn way_to_lead(run: &Run, children: &SeenRun, led: Option<&Led<'_>>) -> Lead {
    if led.is_some_and(|led| led.has_begun) {
        return Lead::Stay;
    }
    if let Some(record) = children.record.ours() {
        return Lead::Resume(record.clone());
    }
    match (children.job.ours(), led) {
        _ if run.started_at.is_some() => Lead::Stay,
        // A Job that was made anew before the load began has other pods.
        (Some(job), Some(led)) if led.job_uid == job.uid => Lead::Stay,
        (Some(_), _) => Lead::Anew,
        (None, _) => Lead::Stay,
    }
}

/// Another number for each session of each process: whoever reports to one knows it from the others.
fn epoch() -> u64 {
    Uuid::new_v4().as_u64_pair().0
}
