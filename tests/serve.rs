//! Serves routers on real sockets: TLS that is renewed, limits that hold, ends that are graceful.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use loadgate::operator::serve::{Limits, Site, Transport, serve};
use loadgate::operator::tls::{Keeper, Place, Tls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

/// Longer than anything here takes, unless it hangs.
const LONG: Duration = Duration::from_mins(1);
/// A limit that a test waits for.
const SHORT: Duration = Duration::from_millis(200);

const LIMITS: Limits = Limits { connections: 10, handshake: LONG, head: LONG, request: LONG, drain: LONG };

struct Server {
    address: SocketAddr,
    /// How many have come for `/slow` and `/never`.
    came: watch::Receiver<u32>,
    /// Once true, `/slow` is answered.
    open: watch::Sender<bool>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Server {
    async fn start(transport: Transport, limits: Limits) -> Self {
        let ((came, seen), (open, opened)) = (watch::channel(0), watch::channel(false));
        let (slow, never) = (came.clone(), came);
        let router = Router::new()
            .route("/", get(|| async { "hello" }))
            .route("/who", get(|ConnectInfo(who): ConnectInfo<SocketAddr>| async move { who.to_string() }))
            .route(
                "/slow",
                get(|| async move {
                    slow.send_modify(|came| *came += 1);
                    opened.clone().wait_for(|open| *open).await.unwrap();
                    "slow"
                }),
            )
            .route(
                "/never",
                get(|| async move {
                    never.send_modify(|came| *came += 1);
                    std::future::pending::<()>().await;
                }),
            )
            .route("/echo", post(|body: Bytes| async { body }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let site = Site { router, transport, limits };
        let serving = tokio::spawn(serve(listener, site, stopped));
        Server { address, came: seen, open, stop, serving }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Waits until somebody has come for `/slow` or `/never`.
    async fn is_asked(&mut self) {
        timeout(LONG, self.came.wait_for(|came| *came > 0)).await.expect("somebody comes").unwrap();
    }

    /// Stops it, and tells how long it took to end.
    async fn stop(self) -> Duration {
        let began = Instant::now();
        self.stop.send_replace(true);
        timeout(LONG * 2, self.serving).await.expect("the server ends").unwrap();
        began.elapsed()
    }
}

/// Sends a request without a body and reads until the other side closes: the whole answer.
async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    until_closed(stream).await
}

async fn until_closed(mut stream: impl AsyncRead + Unpin) -> String {
    let mut text = Vec::new();
    timeout(LONG, stream.read_to_end(&mut text)).await.expect("it is closed").unwrap_or_default();
    String::from_utf8(text).unwrap()
}

/// Reads until `end` has come, and leaves the connection open.
async fn until(stream: &mut TcpStream, end: &str) {
    let mut text = String::new();
    while !text.ends_with(end) {
        let byte = timeout(LONG, stream.read_u8()).await.expect("an answer comes").unwrap();
        text.push(char::from(byte));
    }
}

async fn certificates(names: &[&str]) -> (Tls, watch::Sender<bool>) {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let (keeper, mut tls) = Keeper::new(Place::memory(), names).unwrap();
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(keeper.run(stopped));
    assert!(tls.ready().await);
    (tls, stop)
}

/// Asks over TLS, under this name, and trusts what workers are to trust.
async fn ask_over_tls(server: &Server, tls: &Tls, name: &'static str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(tls.trusted().unwrap().as_bytes()) {
        roots.add(authority.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from(name).unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, server.connect().await).await?;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    Ok(ask(stream, "/").await)
}

#[tokio::test]
async fn a_router_is_served_over_tcp_and_knows_who_asks() {
    let server = Server::start(Transport::Plain, LIMITS).await;
    assert!(ask(server.connect().await, "/").await.ends_with("\r\n\r\nhello"));
    let stream = server.connect().await;
    let local = stream.local_addr().unwrap();
    assert!(ask(stream, "/who").await.ends_with(&format!("\r\n\r\n{local}")));
}

#[tokio::test]
async fn over_tls_it_is_trusted_by_its_names_only() {
    let (tls, _keeper) = certificates(&["ingest.loadgate.svc", "127.0.0.1"]).await;
    let server = Server::start(Transport::Tls(tls.server_config()), LIMITS).await;
    for name in ["ingest.loadgate.svc", "127.0.0.1"] {
        assert!(ask_over_tls(&server, &tls, name).await.unwrap().ends_with("\r\n\r\nhello"), "{name}");
    }
    let refused = ask_over_tls(&server, &tls, "ingest.elsewhere.svc").await.unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
    let (other, _other_keeper) = certificates(&["ingest.loadgate.svc"]).await;
    let refused = ask_over_tls(&server, &other, "ingest.loadgate.svc").await.unwrap_err();
    assert!(refused.to_string().contains("UnknownIssuer"), "{refused}");
}

#[tokio::test]
async fn a_handshake_that_is_never_finished_holds_up_nobody_and_is_cut_off() {
    let (tls, _keeper) = certificates(&["localhost"]).await;
    let limits = Limits { handshake: SHORT, ..LIMITS };
    let server = Server::start(Transport::Tls(tls.server_config()), limits).await;
    let silent: Vec<_> = [server.connect().await, server.connect().await, server.connect().await].into();
    let began = Instant::now();
    assert!(ask_over_tls(&server, &tls, "localhost").await.unwrap().ends_with("hello"));
    for stream in silent {
        until_closed(stream).await;
    }
    assert!(began.elapsed() < LONG / 2);
}

#[tokio::test]
async fn a_client_that_is_slow_with_its_request_is_cut_off() {
    let (head, request) = (Limits { head: SHORT, ..LIMITS }, Limits { request: SHORT, ..LIMITS });
    for (limits, sent, want) in [
        (head, "", ""),
        (head, "GET / HTTP/1.1\r\nhost: ", ""),
        (request, "POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nhal", "HTTP/1.1 408 "),
        (request, "GET /never HTTP/1.1\r\nhost: test\r\n\r\n", "HTTP/1.1 408 "),
    ] {
        let server = Server::start(Transport::Plain, limits).await;
        let mut stream = server.connect().await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        if want.is_empty() {
            assert_eq!(until_closed(stream).await, "", "{sent:?}");
        } else {
            until(&mut stream, want).await;
        }
    }
}

#[tokio::test]
async fn no_more_connections_are_open_at_once_than_there_are_places() {
    let server = Server::start(Transport::Plain, Limits { connections: 1, ..LIMITS }).await;
    let mut first = server.connect().await;
    first.write_all(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    until(&mut first, "hello").await;
    // The first stays open: the second has to wait until it has gone.
    let mut second = tokio::spawn(ask(server.connect().await, "/"));
    assert!(timeout(SHORT, &mut second).await.is_err(), "it doesn't wait");
    drop(first);
    assert!(timeout(LONG, second).await.unwrap().unwrap().ends_with("hello"));
}

#[tokio::test]
async fn a_stop_finishes_what_is_under_way_and_closes_what_is_idle() {
    let mut server = Server::start(Transport::Plain, LIMITS).await;
    let (address, open) = (server.address, server.open.clone());
    let mut idle = server.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    until(&mut idle, "hello").await;
    let slow = tokio::spawn(ask(server.connect().await, "/slow"));
    server.is_asked().await;
    let stopping = tokio::spawn(server.stop());
    assert_eq!(until_closed(idle).await, "");
    open.send_replace(true);
    assert!(stopping.await.unwrap() < LONG / 2);
    assert!(slow.await.unwrap().ends_with("slow"));
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_stop_waits_no_longer_than_it_may() {
    let mut server = Server::start(Transport::Plain, Limits { drain: SHORT, ..LIMITS }).await;
    let hanging = tokio::spawn(ask(server.connect().await, "/never"));
    server.is_asked().await;
    let took = server.stop().await;
    assert!(took >= SHORT && took < LONG / 2, "{took:?}");
    assert_eq!(hanging.await.unwrap(), "");
}
