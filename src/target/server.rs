//! Listener threads: each accepts from the shared queue and serves on a runtime of its own.

use std::io;
use std::net::SocketAddr;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::service::Worker;

/// Connections the system keeps waiting for an accept; a burst of users must not be refused.
const BACKLOG: i32 = 8_192;
/// How long a thread that cannot accept (no descriptors left) lets others close theirs.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Listens on the address.
pub(super) fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Starts a thread that serves until told to stop; then its connections close with its runtime.
pub(super) fn spawn(
    listener: &std::net::TcpListener,
    worker: Worker,
    stop: watch::Receiver<bool>,
) -> io::Result<JoinHandle<()>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let listener = register(&runtime, listener.try_clone()?)?;
    thread::Builder::new().name(worker.name()).spawn(move || runtime.block_on(serve(listener, worker, stop)))
}

fn register(runtime: &Runtime, listener: std::net::TcpListener) -> io::Result<TcpListener> {
    let _context = runtime.enter();
    TcpListener::from_std(listener)
}

async fn serve(listener: TcpListener, worker: Worker, mut stop: watch::Receiver<bool>) {
    tokio::select! {
        () = accept_all(&listener, &worker) => {}
        // An error means that the target is gone, which stops as well.
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

async fn accept_all(listener: &TcpListener, worker: &Worker) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(converse(stream, worker.clone()))),
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Serves one connection until either side closes it.
async fn converse(stream: TcpStream, worker: Worker) {
    let _open = worker.enter();
    // Without it answers are only slower; a client that is gone already shows in the conversation.
    drop(stream.set_nodelay(true));
    // Bodies are small: copying one behind its head is cheaper than a vectored write.
    let conversation =
        http1::Builder::new().writev(false).serve_connection(TokioIo::new(stream), worker.clone());
    // A client that breaks off is the client's affair; what was answered is counted.
    drop(conversation.await);
}
