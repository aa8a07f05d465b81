//! Runs a plan in this process: the workers of a cluster, with calls instead of messages.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::conduct::{self, PreflightError, ReachError};
use crate::engine::Setup;
use crate::ingest::{Coordinator, Session, SessionView, SharedSession};
use crate::metrics::Aggregate;
use crate::plan::secrets::Secrets;
use crate::plan::{Plan, Share};
use crate::worker::{self, WorkerError};

/// How often the run is looked at while it goes.
const GLANCE: Duration = Duration::from_millis(500);

/// Why no load was sent.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// The target can't be reached.
    #[error(transparent)]
    Unreachable(#[from] ReachError),
    /// A preflight request failed.
    #[error("{}", .0.in_full())]
    Preflight(#[from] PreflightError),
    /// It was aborted before it began.
    #[error("aborted before any load was sent")]
    Aborted,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// What was measured.
    pub aggregate: Aggregate,
    /// How the session ended.
    pub view: SessionView,
    /// What went wrong at workers.
    pub faults: Vec<WorkerError>,
}

/// What a run needs besides the plan.
#[derive(Clone, Debug, Default)]
pub struct Means {
    /// Identifies the run.
    pub run_uid: String,
    /// The values of Secrets.
    pub secrets: Secrets,
}

/// Runs `plan`; `observe` is called twice a second; `abort` ends it early, with what was measured so far.
///
/// # Errors
/// When no load was sent at all.
pub async fn run(
    plan: Arc<Plan>,
    means: &Means,
    abort: impl Future<Output = &'static str>,
    mut observe: impl FnMut(&SharedSession),
) -> Result<Outcome, NotStarted> {
    tokio::pin!(abort);
    let addresses = tokio::select! {
        addresses = make_ready(&plan, means) => addresses?,
        _ = &mut abort => return Err(NotStarted::Aborted),
    };
    let coordinator = SharedSession::new(Session::new(&plan, 1).without_record());
    let mut workers = start_workers(&plan, means, &addresses, &coordinator);
    let mut faults = Vec::new();
    let mut glances = tokio::time::interval(GLANCE);
    let mut aborted = false;
    loop {
        tokio::select! {
            ended = workers.join_next() => match ended {
                None => break,
                Some(Ok((_, Ok(())))) => {}
                Some(Ok((worker, Err(fault)))) => {
                    coordinator.lose(worker);
                    coordinator.abort(&format!("worker {worker} failed: {fault}"));
                    faults.push(fault);
                }
                Some(Err(panic)) => coordinator.abort(&format!("a worker failed: {panic}")),
            },
            _ = glances.tick() => observe(&coordinator),
            reason = &mut abort, if !aborted => {
                aborted = true;
                coordinator.abort(reason);
            }
        }
    }
    Ok(Outcome { aggregate: coordinator.aggregate(), view: coordinator.view(), faults })
}

/// Finds the target and sends the preflight requests.
async fn make_ready(plan: &Plan, means: &Means) -> Result<Arc<[SocketAddr]>, NotStarted> {
    let addresses = conduct::reach(&plan.target).await?;
    conduct::preflight(plan, &addresses, &means.secrets).await?;
    Ok(addresses)
}

fn start_workers(
    plan: &Arc<Plan>,
    means: &Means,
    addresses: &Arc<[SocketAddr]>,
    coordinator: &SharedSession,
) -> JoinSet<(u32, Result<(), WorkerError>)> {
    let mut workers = JoinSet::new();
    for worker in 0..plan.workers {
        let Some(share) = Share::new(worker, plan.workers) else {
            unreachable!("a worker's number is below the number of workers")
        };
        let setup = Setup {
            plan: Arc::clone(plan),
            share,
            addresses: Arc::clone(addresses),
            secrets: means.secrets.clone(),
            run_uid: means.run_uid.clone(),
            shards: shards(plan.workers),
        };
        let coordinator: Arc<dyn Coordinator> = Arc::new(coordinator.clone());
        let process = format!("local-{worker}");
        workers.spawn(async move { (worker, worker::run(setup, coordinator, process).await) });
    }
    workers
}

/// A thread for each processor that the workers of this process may use, at least one for each worker.
pub(super) fn shards(workers: u32) -> NonZeroU32 {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let each = u32::try_from(processors).unwrap_or(u32::MAX) / workers.max(1);
    NonZeroU32::new(each).unwrap_or(NonZeroU32::MIN)
}
