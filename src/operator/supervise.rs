//! Supervises the operator's parts: they start together, and the first that ends ends all.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use k8s_openapi::api::batch::v1::Job;
use kube::runtime::controller::Controller;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher;
use kube::{Api, Client};
use tokio::net::TcpListener;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use super::build::job::Setting;
use super::context::Context;
use super::door::WorkersDoor;
use super::lease::{self, Election, Loss, Standing};
use super::reconcile::{after_failure, reconcile};
use super::runs::Runs;
use super::serve::{Limits, Site, Transport, serve};
use super::telemetry::Telemetry;
use super::tls::{Keeper, Place, Tls, TlsError};
use crate::api::LoadTest;
use crate::ingest::server::router;

/// After what time an API server that gave no answer is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// So long what is under way may take after the word to stop. Nothing more is written by then: the Lease is given back.
const PATIENCE: Duration = Duration::from_secs(5);

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

async fn keep(keeper: Option<Keeper>, stop: watch::Receiver<bool>) {
    match keeper {
        Some(keeper) => keeper.run(stop).await,
        None => wait_for(stop).await,
    }
}

fn settings(configuration: &Configuration) -> lease::Settings {
    lease::Settings {
        namespace: configuration.namespace.clone(),
        name: configuration.lease.clone(),
        identity: lease::identity(&configuration.pod),
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

/// Waits until `stop` is true, or nobody can say so any more.
async fn wait_for(mut stop: watch::Receiver<bool>) {
    // Gone is as good as true.
    drop(stop.wait_for(|stop| *stop).await);
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

/// Reconciles tests while this process leads: those of all namespaces, or of each that is watched.
async fn control(
    context: Arc<Context>,
    watched: Vec<String>,
    bell: broadcast::Sender<ObjectRef<LoadTest>>,
    mut standing: Standing,
    stop: watch::Receiver<bool>,
) {
    tokio::select! {
        led = standing.led() => if led.is_err() { return },
        () = wait_for(stop.clone()) => return,
    }
    let namespaces =
        if watched.is_empty() { vec![None] } else { watched.into_iter().map(Some).collect::<Vec<_>>() };
    let all = namespaces
        .into_iter()
        .map(|namespace| control_in(Arc::clone(&context), namespace, bell.subscribe(), stop.clone()));
    futures_util::future::join_all(all).await;
}

/// Reconciles the tests of one namespace; none: of all.
async fn control_in(
    context: Arc<Context>,
    namespace: Option<String>,
    rings: broadcast::Receiver<ObjectRef<LoadTest>>,
    stop: watch::Receiver<bool>,
) {
    let client = || context.client.clone();
    let (tests, jobs) = match &namespace {
        Some(namespace) => {
            (Api::<LoadTest>::namespaced(client(), namespace), Api::<Job>::namespaced(client(), namespace))
        }
        None => (Api::all(client()), Api::all(client())),
    };
    let ours = watcher::Config::default().labels("app.kubernetes.io/managed-by=loadgate");
    let control = Controller::new(tests, watcher::Config::default())
        .owns(jobs, ours)
        .reconcile_on(heard(rings, namespace))
        .graceful_shutdown_on(wait_for(stop.clone()))
        .run(reconcile, |test, error, _| after_failure(&test, error), context)
        .for_each(|_| std::future::ready(()));
    // It would wait for its first list, which never comes where the definition isn't installed.
    soon_over(control, stop).await;
}

/// Does `work` until it has come to its end, at the latest a while after the word to stop.
async fn soon_over(work: impl Future<Output = ()>, stop: watch::Receiver<bool>) {
    let late = async {
        wait_for(stop).await;
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        () = work => {}
        () = late => {}
    }
}

/// The rings for tests of one namespace; none: for all.
fn heard(
    rings: broadcast::Receiver<ObjectRef<LoadTest>>,
    namespace: Option<String>,
) -> impl Stream<Item = ObjectRef<LoadTest>> {
    futures_util::stream::unfold((rings, namespace), |(mut rings, namespace)| async {
        loop {
            match rings.recv().await {
                Ok(test) if namespace.is_none() || test.namespace == namespace => {
                    return Some((test, (rings, namespace)));
                }
                // Those that were missed are looked at soon anyway.
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, timeout};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_never_ends_is_left_a_while_after_the_word_to_stop() {
        let (stop, stopped) = watch::channel(false);
        let began = Instant::now();
        let mut work = Box::pin(soon_over(std::future::pending(), stopped));
        assert!(timeout(10 * PATIENCE, &mut work).await.is_err(), "nobody has said so");
        stop.send_replace(true);
        work.await;
        assert_eq!(began.elapsed(), 11 * PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_ends_is_not_waited_for() {
        let (_stop, stopped) = watch::channel(false);
        soon_over(std::future::ready(()), stopped).await;
    }
}
