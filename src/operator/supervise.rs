//! Supervises the operator's parts: they start together, and the first that ends ends all.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};

use super::build::job::Setting;
use super::context::Context;
use super::control::control;
use super::door::WorkersDoor;
use super::known::Known;
use super::lease::{self, Election, Loss, Standing};
use super::runs::Runs;
use super::serve::{Limits, Site, Transport, serve};
use super::stop::stopped;
use super::storing::Storing;
use super::survey::Survey;
use super::telemetry::Telemetry;
use super::tls::{Keeper, Place, Tls, TlsError};
use crate::ingest::server::router;

/// After what time an API server that gave no answer is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// The longest that the first word of the API server may take.
const LIMIT: Duration = Duration::from_secs(10);
/// So many rings wait to be heard.
const RINGS: usize = 1024;

/// All that the operator is told at its start.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What its Jobs are made of.
    pub setting: Setting,
    /// Where workers' messages are taken.
    pub ingest_listen: SocketAddr,
    /// Where probes and metrics are served.
    pub http_listen: SocketAddr,
    /// Its own namespace.
    pub namespace: String,
    /// The name of its Lease.
    pub lease: String,
    /// The name of its pod, or of its machine.
    pub pod: String,
    /// The UID of its pod, where this process is the only one of it that can be an operator; see [`lease::identity`].
    pub pod_uid: Option<String>,
    /// Where other operators' workers reach this one: `ip:port`.
    pub address: String,
    /// The Secret that holds the ingest's certificates; none: they are kept in memory.
    pub tls_secret: Option<String>,
    /// The names that the ingest's certificate holds.
    pub ingest_names: Vec<String>,
    /// Whether workers' messages are taken over plain HTTP.
    pub is_plain: bool,
    /// The namespaces whose tests it runs; none: all.
    pub watched: Vec<String>,
}

/// What ends the operator before it is told to stop.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// There is no way to the API server.
    #[error("the API server can't be reached: {0}")]
    Client(#[from] kube::Error),
    /// An address can't be listened on.
    #[error("can't listen on {0}: {1}")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// There is no TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The counters can't be set up.
    #[error("the metrics can't be set up: {0}")]
    Telemetry(#[from] prometheus::Error),
    /// Another one leads now.
    #[error("{0}")]
    Lost(#[from] Loss),
}

/// Runs the operator until `stop` is true.
///
/// # Errors
/// When a part can't begin, or another process leads.
pub async fn run(
    client: Client,
    configuration: Configuration,
    stop: watch::Receiver<bool>,
) -> Result<(), OperatorError> {
    let telemetry = Telemetry::new()?;
    let bell = broadcast::Sender::new(RINGS);
    let runs = Runs::new(bell.clone());
    let (election, standing) = Election::new(client.clone(), settings(&configuration));
    let http = listen(configuration.http_listen).await?;
    let ingest = listen(configuration.ingest_listen).await?;
    let (tls, keeper) = certificates(&client, &configuration)?;
    let transport = tls.as_ref().map_or(Transport::Plain, |tls| Transport::Tls(tls.server_config()));
    let door = WorkersDoor::new(client.clone(), runs.clone(), standing.clone(), Arc::clone(&telemetry));
    let ingest_site = Site { router: router(Arc::new(door)), transport, limits: Limits::default() };
    let http_site = Site { router: telemetry.router(), transport: Transport::Plain, limits: Limits::few() };
    let context = Arc::new(Context {
        recorder: Context::recorder(&client, Some(configuration.pod.clone())),
        client,
        setting: configuration.setting.clone(),
        authority: authority(tls.clone()),
        runs,
        storing: Storing::default(),
        known: Known::default(),
        survey: Survey::default(),
        telemetry: Arc::clone(&telemetry),
        standing: standing.clone(),
    });
    tokio::spawn(tell_readiness(telemetry, context.client.clone(), tls, standing.clone()));
    let election = election.run(stop.clone());
    let work = async {
        tokio::join!(
            serve(http, http_site, stop.clone()),
            serve(ingest, ingest_site, stop.clone()),
            keep(keeper, stop.clone()),
            control(context, configuration.watched, bell, standing, stop.clone()),
        )
    };
    tokio::pin!(work, election);
    tokio::select! {
        ended = &mut election => {
            // Who has lost the Lease leaves at once; who was told to stop has given it back, and lets go of those
            // who are being served.
            ended?;
            work.await;
        }
        // The Lease is given back before the process ends: the next one needn't wait for it to run out.
        _ = &mut work => election.await?,
    }
    Ok(())
}

async fn keep(keeper: Option<Keeper>, mut stop: watch::Receiver<bool>) {
    match keeper {
        Some(keeper) => keeper.run(stop).await,
        None => stopped(&mut stop).await,
    }
}

fn settings(configuration: &Configuration) -> lease::Settings {
    lease::Settings {
        namespace: configuration.namespace.clone(),
        name: configuration.lease.clone(),
        identity: lease::identity(&configuration.pod, configuration.pod_uid.as_deref()),
        address: configuration.address.clone(),
        timing: lease::Timing::default(),
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, OperatorError> {
    TcpListener::bind(address).await.map_err(|error| OperatorError::Listen(address, error))
}

fn certificates(
    client: &Client,
    configuration: &Configuration,
) -> Result<(Option<Tls>, Option<Keeper>), OperatorError> {
    if configuration.is_plain {
        return Ok((None, None));
    }
    let place = match &configuration.tls_secret {
        Some(name) => Place::secret(client.clone(), &configuration.namespace, name),
        None => Place::memory(),
    };
    let (keeper, tls) = Keeper::new(place, configuration.ingest_names.clone())?;
    Ok((Some(tls), Some(keeper)))
}

fn authority(tls: Option<Tls>) -> Arc<dyn Fn() -> Option<String> + Send + Sync> {
    Arc::new(move || Some(tls.as_ref()?.trusted()?.to_string()))
}

async fn tell_readiness(telemetry: Arc<Telemetry>, client: Client, tls: Option<Tls>, mut standing: Standing) {
    while !matches!(tokio::time::timeout(LIMIT, client.apiserver_version()).await, Ok(Ok(_))) {
        tokio::time::sleep(AGAIN).await;
    }
    telemetry.api_is_reached();
    let is_ready = match tls {
        Some(mut tls) => tls.ready().await,
        None => true,
    };
    if is_ready {
        telemetry.tls_is_ready();
    }
    if standing.led().await.is_ok() {
        telemetry.leads(true);
    }
}
