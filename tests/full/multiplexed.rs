//! A target that speaks HTTP/2, with what it saw.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    /// Over which connection it came.
    pub(crate) connection: usize,
    /// Who sent it, by its own word.
    pub(crate) user: String,
    /// Version, method, authority, path.
    pub(crate) line: String,
    /// Whether it has a header Host.
    pub(crate) has_host: bool,
    /// The value of Authorization.
    pub(crate) authorization: Option<String>,
    /// That of Proxy-Authorization, which is for others.
    pub(crate) to_a_proxy: Option<String>,
}

/// A target that speaks HTTP/2; it ends when it is dropped.
pub(crate) struct Multiplexed {
    address: SocketAddr,
    certificate: Option<String>,
    shared: Arc<Shared>,
    _runtime: Runtime,
}

struct Shared {
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    /// So many requests a connection.
    most: usize,
    /// So long it takes to begin with TLS.
    late: Duration,
}

impl Multiplexed {
    pub(crate) fn start(is_tls: bool) -> Self {
        Self::new(is_tls.then_some("h2"), usize::MAX, Duration::ZERO)
    }

    /// Over TLS, which begins as late as that.
    pub(crate) fn start_late(late: Duration) -> Self {
        Self::new(Some("h2"), usize::MAX, late)
    }

    /// Each of its connections ends after so many requests.
    pub(crate) fn start_ending_after(most: usize) -> Self {
        Self::new(None, most, Duration::ZERO)
    }

    /// Over TLS, and it speaks this only.
    pub(crate) fn start_speaking(protocol: &str) -> Self {
        Self::new(Some(protocol), usize::MAX, Duration::ZERO)
    }

    fn new(protocol: Option<&str>, most: usize, late: Duration) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let shared =
            Arc::new(Shared { seen: Mutex::default(), connections: AtomicUsize::new(0), most, late });
        let tls = protocol.map(tls);
        let certificate = tls.as_ref().map(|(_, certificate)| certificate.clone());
        runtime.spawn(accept(listener, tls.map(|(acceptor, _)| acceptor), Arc::clone(&shared)));
        Multiplexed { address, certificate, shared, _runtime: runtime }
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    pub(crate) fn authority(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }
}

fn tls(protocol: &str) -> (TlsAcceptor, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["shop.test".to_owned()]).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let mut config = builder.with_single_cert(vec![cert.der().clone()], key).unwrap();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    (TlsAcceptor::from(Arc::new(config)), cert.pem())
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            match tls {
                None => serve(stream, shared).await,
                // Who doesn't agree on TLS isn't served.
                Some(tls) => {
                    tokio::time::sleep(shared.late).await;
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, shared).await;
                    }
                }
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, shared: Arc<Shared>) {
    let connection = shared.connections.fetch_add(1, Ordering::SeqCst);
    let count = Arc::new(AtomicUsize::new(0));
    let (noted, counted) = (Arc::clone(&shared), Arc::clone(&count));
    let ending = Arc::new(tokio::sync::Notify::new());
    let ends = Arc::clone(&ending);
    let service = service_fn(move |request: Request<Incoming>| {
        noted.seen.lock().unwrap().push(seen(connection, &request));
        if counted.fetch_add(1, Ordering::SeqCst) + 1 >= noted.most {
            ends.notify_one();
        }
        let is_answered = request.uri().path() != "/never";
        let body = Full::new(Bytes::from_static(br#"{"a":"abcde"}"#));
        let long = match request.uri().path() {
            "/long" => 40_000,
            "/longer" => 80_000,
            _ => 0,
        };
        let response = Response::builder().header("x-kind", "odd").header("x-long", "x".repeat(long));
        let response = response.body(body).unwrap();
        async move {
            if !is_answered {
                std::future::pending::<()>().await;
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut serving = std::pin::pin!(
        http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service)
    );
    tokio::select! {
        // However it ends, what was seen counts.
        _ = serving.as_mut() => return,
        () = ending.notified() => serving.as_mut().graceful_shutdown(),
    }
    let _ = serving.await;
}

fn seen(connection: usize, request: &Request<Incoming>) -> Seen {
    let (uri, headers) = (request.uri(), request.headers());
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    let path = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let value = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    Seen {
        connection,
        user: value("x-asked").unwrap_or_default(),
        line: format!("{:?} {} {authority} {path}", request.version(), request.method()),
        has_host: headers.contains_key("host"),
        authorization: value("authorization"),
        to_a_proxy: value("proxy-authorization"),
    }
}
