//! A server on loopback whose handler may break the connection off instead of answering.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

/// The connection breaks off without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is broken off on purpose")]
pub(crate) struct Cut;

/// Serves until it is dropped, and then takes leave of nobody.
pub(crate) struct Road {
    pub(crate) address: SocketAddr,
    serving: AbortHandle,
}

impl Drop for Road {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Road {
    pub(crate) async fn open<H, F>(handle: H) -> Self
    where
        H: Fn(Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response, Cut>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Road { address, serving: tokio::spawn(serve(listener, handle)).abort_handle() }
    }
}

async fn serve<H, F>(listener: TcpListener, handle: H)
where
    H: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response, Cut>> + Send + 'static,
{
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted.unwrap();
                let handle = handle.clone();
                open.spawn(async move {
                    let service = service_fn(|request| handle(request.map(Body::new)));
                    // Whoever breaks it off needs no word of it.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
            Some(_) = open.join_next() => {}
        }
    }
}
