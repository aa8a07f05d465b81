//! Leads: opens the session of a run under way, anew or where another process left it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt;
use kube::runtime::reflector::ObjectRef;
use uuid::Uuid;

use super::context::Context;
use super::decide::{is_complete, run_of};
use super::observe::seen_session;
use super::record::Record;
use super::runs::LiveRun;
use super::seen::{Seen, SeenRun};
use crate::ingest::{Session, SharedSession};
use crate::plan::{Options, Plan};

/// Opens the session of the run under way, if it isn't open and can be.
pub fn lead(context: &Context, seen: &mut Seen, now: Timestamp) {
    let Some(run) = run_of(&seen.test).cloned() else { return };
    let Some(children) = seen.run.as_mut().filter(|_| !is_complete(&seen.test)) else { return };
    let is_led = context.runs.get(&run.uid).is_some_and(|live| is_of_job(&live, children));
    if is_led || seen.test.metadata.deletion_timestamp.is_some() {
        return;
    }
    let Some(frozen) = children.spec.ours() else { return };
    let Ok(plan) = Plan::from_spec(&seen.test.name_any(), &frozen.spec, &Options::default()) else { return };
    let (session, started_at) = match (children.record.ours(), children.job.ours()) {
        (Some(record), _) => (resumed(&plan, record, now), Some(record.started_at)),
        (None, Some(_)) => (SharedSession::new(Session::new(&plan, epoch())), None),
        (None, None) => return,
    };
    let live = LiveRun {
        test: ObjectRef::from_obj(&seen.test),
        job_uid: children.job.ours().map(|job| job.uid.clone()).unwrap_or_default(),
        plan: Arc::new(plan),
        session,
        started_at,
    };
    children.session = Some(seen_session(&live));
    context.runs.open(&run.uid, live);
}

/// A Job that was made anew before the load began has other pods; afterwards only the session counts.
fn is_of_job(live: &LiveRun, children: &SeenRun) -> bool {
    live.started_at.is_some() || children.job.ours().is_none_or(|job| job.uid == live.job_uid)
}

fn resumed(plan: &Plan, record: &Record, now: Timestamp) -> SharedSession {
    let ago = Duration::try_from(now.duration_since(record.started_at)).unwrap_or_default();
    SharedSession::resume(plan, epoch(), &record.owners, ago)
}

/// Another number for each session of each process: whoever reports to one knows it from the others.
fn epoch() -> u64 {
    Uuid::new_v4().as_u64_pair().0
}
