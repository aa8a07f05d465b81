//! Runs a plan in this process: the workers of a cluster, with calls instead of messages.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::workers::{Ending, Workers};
use crate::conduct::{self, Filled, NoRoom, PreflightError, ReachError, TokenError, Tokens};
use crate::engine::{Setup, Tls, TlsFault};
use crate::ingest::{Coordinator, Session, SessionView, SharedSession};
use crate::metrics::Aggregate;
use crate::plan::secrets::Secrets;
use crate::plan::{Data, Plan, Share};
use crate::worker;

/// Why no load was sent.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// TLS can't be spoken as it is asked for.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// The target can't be reached.
    #[error(transparent)]
    Unreachable(#[from] ReachError),
    /// The system doesn't grant what its users need.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// A preflight request failed.
    #[error(transparent)]
    Preflight(#[from] PreflightError),
    /// There is no access token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// It was aborted before it began.
    #[error("{0} before any load was sent")]
    Aborted(&'static str),
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// What was measured.
    pub aggregate: Aggregate,
    /// How the session ended.
    pub view: SessionView,
    /// Why it was aborted from outside, if it was.
    pub aborted: Option<&'static str>,
    /// Why it couldn't go on, if it couldn't.
    pub failed: Option<String>,
}

/// What a run needs besides the plan.
#[derive(Clone, Debug, Default)]
pub struct Means {
    /// Identifies the run.
    pub run_uid: String,
    /// The values of Secrets.
    pub secrets: Secrets,
    /// All rows that steps name.
    pub data: Data,
}

/// Runs `plan`; `observe` is called twice a second; `abort` ends it early, with what was measured so far.
///
/// # Errors
/// When no load was sent at all.
pub async fn run(
    plan: Arc<Plan>,
    means: &Means,
    abort: impl Future<Output = &'static str>,
    observe: impl FnMut(&SharedSession),
) -> Result<Outcome, NotStarted> {
    tokio::pin!(abort);
    let ready = tokio::select! {
        ready = make_ready(&plan, means) => ready?,
        reason = &mut abort => return Err(NotStarted::Aborted(reason)),
    };
    let session = SharedSession::new(Session::new(&plan, 1).without_record());
    let workers = start_workers(&plan, means, &ready, &session);
    let Ending { aborted, failed } = workers.ended(&session, abort, observe).await;
    Ok(Outcome { aggregate: session.aggregate(), view: session.view(), aborted, failed })
}

/// What was found out before the load; tokens are renewed for as long as it is held.
struct Ready {
    addresses: Arc<[SocketAddr]>,
    tls: Option<Tls>,
    tokens: Option<Tokens>,
}

/// Finds the target, makes sure that there is room for all users, fetches a token, and sends the preflight requests.
async fn make_ready(plan: &Plan, means: &Means) -> Result<Ready, NotStarted> {
    let Means { secrets, data, .. } = means;
    let tls = Tls::of(&plan.target, secrets)?;
    let to_endpoint = Tls::to_token_endpoint(&plan.target, secrets)?;
    let addresses = conduct::reach(&plan.target).await?;
    let threads =
        shards(plan.workers).saturating_mul(NonZeroU32::new(plan.workers).unwrap_or(NonZeroU32::MIN));
    // All workers are in this process.
    conduct::room(plan, Share::WHOLE, threads, &addresses)?;
    let tokens = conduct::tokens(&plan.target, secrets, to_endpoint).await?;
    let filled = Filled { secrets, data, tokens: tokens.as_ref() };
    conduct::preflight(plan, &addresses, &filled, tls.as_ref().map(Tls::config)).await?;
    Ok(Ready { addresses, tls, tokens })
}

fn start_workers(plan: &Arc<Plan>, means: &Means, ready: &Ready, coordinator: &SharedSession) -> Workers {
    let mut workers = Workers::default();
    for worker in 0..plan.workers {
        let Some(share) = Share::new(worker, plan.workers) else {
            unreachable!("a worker's number is below the number of workers")
        };
        let setup = Setup {
            plan: Arc::clone(plan),
            share,
            addresses: Arc::clone(&ready.addresses),
            tls: ready.tls.clone(),
            authorization: ready.tokens.as_ref().map(Tokens::authorization),
            secrets: means.secrets.clone(),
            data: means.data.clone(),
            run_uid: means.run_uid.clone(),
            shards: shards(plan.workers),
        };
        let coordinator: Arc<dyn Coordinator> = Arc::new(coordinator.clone());
        let process = format!("local-{worker}");
        workers.spawn(worker, worker::run(setup, coordinator, process));
    }
    workers
}

/// A thread for each processor that the workers of this process may use, at least one for each worker.
pub(super) fn shards(workers: u32) -> NonZeroU32 {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let each = u32::try_from(processors).unwrap_or(u32::MAX) / workers.max(1);
    NonZeroU32::new(each).unwrap_or(NonZeroU32::MIN)
}
