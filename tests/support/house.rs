//! A coordinator of the test's own: the ingest's routes on loopback, with a door that knows who it has let in.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::serve::Listener;
use loadgate::ingest::SharedSession;
use loadgate::ingest::client::{Address, RemoteCoordinator};
use loadgate::ingest::room::Room;
use loadgate::ingest::server::{Denial, Door, Visitor, router_within};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use url::Url;

/// The run that all of them are of.
pub(crate) const RUN: &str = "6d1f-run";
/// The name on the certificates, and the one that workers go by.
pub(crate) const NAME: &str = "localhost";

/// Who is let in, and what was answered.
#[derive(Default)]
pub(crate) struct House {
    sessions: Mutex<BTreeMap<String, SharedSession>>,
    tokens: Mutex<BTreeMap<String, (String, Visitor)>>,
    denial: Mutex<Option<Denial>>,
    noted: Mutex<Vec<u16>>,
}

impl House {
    /// A house in which `session` is that of the run.
    pub(crate) fn of(session: &SharedSession) -> Arc<Self> {
        let house = House::default();
        house.open(RUN, session);
        Arc::new(house)
    }

    /// From now on, `session` is that of `run`.
    pub(crate) fn open(&self, run: &str, session: &SharedSession) {
        self.sessions.lock().unwrap().insert(run.to_owned(), session.clone());
    }

    /// The token of a worker of `run`.
    pub(crate) fn token(&self, run: &str, worker: u32, process: &str) -> String {
        let token = format!("{run}.{worker}.{process}");
        let visitor = Visitor { worker, process: process.to_owned() };
        self.tokens.lock().unwrap().insert(token.clone(), (run.to_owned(), visitor));
        token
    }

    /// From now on, everybody is sent away so; or nobody any more.
    pub(crate) fn deny(&self, denial: Option<Denial>) {
        *self.denial.lock().unwrap() = denial;
    }

    /// The statuses of all answers so far.
    pub(crate) fn noted(&self) -> Vec<u16> {
        self.noted.lock().unwrap().clone()
    }
}

#[async_trait]
impl Door for House {
    async fn admit(&self, run: &str, token: &str) -> Result<(Visitor, SharedSession), Denial> {
        if let Some(denial) = self.denial.lock().unwrap().clone() {
            return Err(denial);
        }
        let (of_run, visitor) = self.tokens.lock().unwrap().get(token).cloned().ok_or(Denial::NoIdentity)?;
        let session = self.sessions.lock().unwrap().get(run).cloned();
        match session {
            Some(session) if of_run == run => Ok((visitor, session)),
            Some(_) | None => Err(Denial::NotOfThisRun),
        }
    }

    fn note(&self, _run: &str, status: u16) {
        self.noted.lock().unwrap().push(status);
    }

    fn taken(&self, _run: &str, _after: Duration) {}
}

/// An authority of the test's own, and what a server of its shows.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        // Two of them would differ in nothing else: the tests of one program share it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    /// Its certificate in PEM.
    pub(crate) fn pem(&self) -> Vec<u8> {
        self.issuer.pem().into_bytes()
    }

    fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config())
    }

    /// What a server of its shows who it is with.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth();
        Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap())
    }
}

/// The ingest on a socket.
pub(crate) struct Ingest {
    pub(crate) address: SocketAddr,
    shutdown: Option<oneshot::Sender<()>>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Ingest {
    /// Serves `house` on a free port; over TLS where there is an authority.
    pub(crate) async fn serve(house: &Arc<House>, authority: Option<&Authority>) -> Self {
        Self::serve_at(SocketAddr::from(([127, 0, 0, 1], 0)), house, authority).await
    }

    /// The same at an address.
    pub(crate) async fn serve_at(
        address: SocketAddr,
        house: &Arc<House>,
        authority: Option<&Authority>,
    ) -> Self {
        let routes = router_within(Arc::clone(house) as Arc<dyn Door>, Room::of_all());
        Self::serve_routes(address, routes, authority.map(Authority::acceptor)).await
    }

    /// Serves `house` on a free port with so many bytes of room.
    pub(crate) async fn serve_within(house: &Arc<House>, room: usize) -> Self {
        let routes = router_within(Arc::clone(house) as Arc<dyn Door>, Room::of(room));
        Self::serve_routes(SocketAddr::from(([127, 0, 0, 1], 0)), routes, None).await
    }

    async fn serve_routes(address: SocketAddr, routes: Router, acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, over) = oneshot::channel::<()>();
        let over = async move { drop(over.await) };
        let server = match acceptor {
            Some(acceptor) => {
                let listener = TlsListener { listener, acceptor };
                tokio::spawn(axum::serve(listener, routes).with_graceful_shutdown(over).into_future())
            }
            None => tokio::spawn(axum::serve(listener, routes).with_graceful_shutdown(over).into_future()),
        };
        Ingest { address, shutdown: Some(shutdown), server }
    }

    /// Ends it as a program does that was asked to: what is under way is answered.
    pub(crate) async fn end(mut self) {
        drop(self.shutdown.take());
        self.server.await.unwrap().unwrap();
    }
}

struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Files of workers: tokens and the authority.
pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Files(tempfile::tempdir().unwrap())
    }

    /// Writes a file; its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The client of a worker that shows `token`.
    pub(crate) fn client(
        &self,
        port: u16,
        token: &str,
        authority: Option<&Authority>,
    ) -> Arc<RemoteCoordinator> {
        let scheme = if authority.is_some() { "https" } else { "http" };
        // Clients of plain HTTP need a provider of TLS as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let address = Address {
            url: Url::parse(&format!("{scheme}://{NAME}:{port}")).unwrap(),
            run: RUN.to_owned(),
            token: self.write(token, format!("{token}\n")),
            authority: authority.map(Authority::pem),
        };
        Arc::new(RemoteCoordinator::new(address).unwrap())
    }
}
