//! Serves a router over TCP or TLS: bounded in connections and time, and ended gracefully.
//!
//! The loop is our own, as `axum::serve` sets no limit to how long a client may take for a handshake or a head.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::stop::stopped;

/// How long an accept that failed (no descriptors left) lets others close theirs.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What is served, over what, and within which limits.
#[derive(Clone)]
pub struct Site {
    /// What answers. A handler may ask for the client's `ConnectInfo<SocketAddr>`.
    pub router: Router,
    /// Over what.
    pub transport: Transport,
    /// Within which limits.
    pub limits: Limits,
}

/// What HTTP is spoken over.
#[derive(Clone)]
pub enum Transport {
    /// TCP.
    Plain,
    /// TLS over TCP, such as [`crate::operator::tls::Tls::server_config`] describes.
    Tls(Arc<ServerConfig>),
}

/// What a client may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// So many are open at once; more wait to be accepted.
    pub connections: usize,
    /// For the TLS handshake.
    pub handshake: Duration,
    /// From a connection's beginning, or from an answer, until the whole head of the next request is there.
    pub head: Duration,
    /// From the head of a request until the handler has answered, the body included; then it gets 408.
    pub request: Duration,
    /// From the stop until the requests that are under way are cut off.
    pub drain: Duration,
}

impl Default for Limits {
    /// For the ingest: as many workers as a run may have, on connections of which each is used at least
    /// every 20 seconds.
    fn default() -> Self {
        Limits {
            connections: 4096,
            handshake: Duration::from_secs(10),
            head: Duration::from_mins(1),
            request: Duration::from_mins(1),
            drain: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// For probes and metrics, which few ask for.
    #[must_use]
    pub fn few() -> Self {
        Limits { connections: 64, ..Limits::default() }
    }
}

/// Serves until `stop` is true or gone; then what is idle is closed and what is under way is finished.
pub async fn serve(listener: TcpListener, site: Site, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(site.limits.connections));
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            client = accept(&listener, &places) => drop(open.spawn(converse(client, site.clone(), stop.clone()))),
            // Takes leave of those that have ended.
            Some(_) = open.join_next() => {}
        }
    }
    drop(listener);
    // Who isn't through in time is cut off with the set.
    drop(timeout(site.limits.drain, async { while open.join_next().await.is_some() {} }).await);
}

/// A client that was accepted, and its place among those that may be open.
struct Client {
    stream: TcpStream,
    address: SocketAddr,
    _place: OwnedSemaphorePermit,
}

/// The next client, once there is a place for it.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Client {
    let Ok(place) = Arc::clone(places).acquire_owned().await else {
        unreachable!("the places are never closed")
    };
    loop {
        match listener.accept().await {
            Ok((stream, address)) => return Client { stream, address, _place: place },
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn converse(client: Client, site: Site, mut stop: watch::Receiver<bool>) {
    let Client { stream, address, _place } = client;
    // Without it answers are only slower; a client that is gone already shows in the conversation.
    drop(stream.set_nodelay(true));
    match &site.transport {
        Transport::Plain => talk(stream, address, &site, stop).await,
        Transport::Tls(config) => {
            let handshake = TlsAcceptor::from(Arc::clone(config)).accept(stream);
            let shaken = tokio::select! {
                shaken = timeout(site.limits.handshake, handshake) => shaken,
                () = stopped(&mut stop) => return,
            };
            match shaken {
                Ok(Ok(stream)) => talk(stream, address, &site, stop).await,
                Ok(Err(error)) => tracing::debug!(%address, %error, "the TLS handshake failed"),
                Err(_) => tracing::debug!(%address, "the TLS handshake took too long"),
            }
        }
    }
}

async fn talk<S>(stream: S, address: SocketAddr, site: &Site, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = TowerToHyperService::new(site.router.clone());
    let limit = site.limits.request;
    let service = service_fn(|request| answer(&router, request, address, limit));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(site.limits.head);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%address, %error, "a connection broke off");
    }
}

async fn answer(
    router: &TowerToHyperService<Router>,
    mut request: Request<Incoming>,
    address: SocketAddr,
    limit: Duration,
) -> Result<Response, std::convert::Infallible> {
    request.extensions_mut().insert(ConnectInfo(address));
    let late = || Ok((StatusCode::REQUEST_TIMEOUT, "the request took too long\n").into_response());
    timeout(limit, router.call(request)).await.unwrap_or_else(|_| late())
}
