//! `loadgate worker`: runs one share of a run that a coordinator elsewhere leads.

mod failure;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use url::Url;

use super::exit::Refused;
use super::options::Changes;
use super::{data, descriptors, load, local, secrets, signals};
use crate::conduct::{self, Filled, Tokens};
use crate::engine::{Setup, Tls};
use crate::ingest::client::{Address, RemoteCoordinator};
use crate::ingest::leaving;
use crate::plan::secrets::Secrets;
use crate::plan::{Data, Plan, Share};
use crate::worker;
use failure::Failure;

/// The worker that does what is done once for all of them: the preflight.
const CONDUCTOR: u32 = 0;

/// The exit codes, for the help text. They are those of `ingest::leaving`.
const HELP: &str = "The value of the i-th Secret that the test refers to, in the order of name and key from 0, \
is taken from the environment variable LOADGATE_SECRET_<i>.\n\n\
Exit codes: 0 done, 1 broke off, 3 invalid options or file, 4 the target can't be reached, there is no access token, or the preflight failed, \
10 another process runs the share or the load has begun, 143 stopped by a signal.";

/// Runs one share of the load for a coordinator elsewhere. The operator starts it; nobody needs to type it.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Arguments {
    /// Where the coordinator is: https://, or http:// without a --ca.
    #[arg(long, value_name = "URL")]
    coordinator: Url,
    /// The UID of the run.
    #[arg(long, value_name = "UID")]
    run: String,
    /// Which share to run, from 0.
    #[arg(long, value_name = "N", env = "JOB_COMPLETION_INDEX", hide_env_values = true)]
    worker: u32,
    /// The UID of this process: that of its pod.
    #[arg(long, value_name = "UID", env = "POD_UID", hide_env_values = true)]
    process: String,
    /// The file with the LoadTest.
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,
    /// The authority that vouches for the coordinator, in PEM; no other one is trusted.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The token that shows who this worker is. It is read anew for each message.
    #[arg(long, value_name = "FILE")]
    token: PathBuf,
    /// The folder with what ConfigMaps hold of the test's data: a file for each, by its place in the order of name and key.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the reason goes, should it fail: a file that is there and can be written, or nowhere.
    #[arg(long, value_name = "FILE", default_value = "/dev/termination-log")]
    termination_log: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match serve(arguments) {
        Ok(()) => leaving::DONE,
        Err(failure) => {
            failure.tell(&arguments.termination_log);
            failure.code()
        }
    }
    .into()
}

fn serve(arguments: &Arguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        tokio::select! {
            // First of all: as the first process of a container, it is told nothing until it listens.
            biased;
            _ = signals::stopped() => Err(Failure::Stopped),
            ended = work(arguments) => ended,
        }
    });
    // A name that is being looked up can't be called off, and nobody waits for it any more.
    runtime.shutdown_background();
    ended
}

async fn work(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { run, worker, process, .. } = arguments;
    tracing::info!(run, worker, process, "started");
    let plan = Arc::new(plan(arguments)?);
    let workers = plan.workers;
    let share = Share::new(*worker, workers).ok_or_else(|| {
        Refused::one(format!("--worker {worker}: the shares are numbered from 0, and there are {workers}"))
    })?;
    let secrets = secrets::from_environment(&plan, |name| std::env::var(name).ok())?;
    let data = data::mounted(&plan, &arguments.spec, arguments.data.as_deref())?;
    let coordinator = coordinator(arguments)?;
    descriptors::raise_limit();
    let tls = Tls::of(&plan.target, &secrets)?;
    let shards = local::shards(1);
    let (addresses, tokens) = make_ready(&plan, share, shards, (&secrets, &data), tls.as_ref()).await?;
    let (run_uid, authorization) = (run.clone(), tokens.as_ref().map(Tokens::authorization));
    let setup = Setup { plan, share, addresses, tls, secrets, authorization, data, run_uid, shards };
    Ok(worker::run(setup, Arc::new(coordinator), process.clone()).await?)
}

/// Finds the target, makes sure that there is room for its users, and fetches a token; the conductor sends the preflight
/// requests. Tokens are renewed for as long as they are held.
async fn make_ready(
    plan: &Plan,
    share: Share,
    shards: NonZeroU32,
    (secrets, data): (&Secrets, &Data),
    tls: Option<&Tls>,
) -> Result<(Arc<[SocketAddr]>, Option<Tokens>), Failure> {
    let to_endpoint = Tls::to_token_endpoint(&plan.target, secrets)?;
    let addresses = conduct::reach(&plan.target).await?;
    conduct::room(plan, share, shards, &addresses)?;
    let tokens = conduct::tokens(&plan.target, secrets, to_endpoint).await?;
    if share.index() == CONDUCTOR {
        let filled = Filled { secrets, data, tokens: tokens.as_ref() };
        conduct::preflight(plan, &addresses, &filled, tls.map(Tls::config)).await?;
    }
    Ok((addresses, tokens))
}

fn plan(arguments: &Arguments) -> Result<Plan, Refused> {
    let text = load::read(&arguments.spec)?;
    let checked = load::check(&text, &Changes::default());
    Ok(checked.map_err(|faults| load::refused(&arguments.spec, &faults))?.plan)
}

fn coordinator(arguments: &Arguments) -> Result<RemoteCoordinator, Failure> {
    let address = Address {
        url: arguments.coordinator.clone(),
        run: arguments.run.clone(),
        token: arguments.token.clone(),
        authority: authority(arguments)?,
    };
    Ok(RemoteCoordinator::new(address)?)
}

fn authority(arguments: &Arguments) -> Result<Option<Vec<u8>>, Refused> {
    match (arguments.coordinator.scheme(), &arguments.ca) {
        ("https", Some(ca)) => match std::fs::read(ca) {
            Ok(pem) => Ok(Some(pem)),
            Err(error) => Err(Refused::one(format!("--ca {}: can't be read: {error}", ca.display()))),
        },
        ("http", None) => Ok(None),
        ("https", None) => Err(Refused::one("--ca: is missing; https:// needs the authority to trust")),
        ("http", Some(_)) => Err(Refused::one("--ca: makes no sense with http://")),
        _ => Err(Refused::one("--coordinator: write https://HOST:PORT or http://HOST:PORT")),
    }
}
