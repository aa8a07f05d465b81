//! A server on loopback whose handler may break the connection off instead of answering, and what becomes of messages on
//! the way through it.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::net::SocketAddr;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

use super::weather::Fate;

/// No message is larger.
const LARGEST: usize = 16 << 20;

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

/// A message that was read in full.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
}

impl Message {
    pub(crate) async fn read(request: Request) -> Result<Self, Cut> {
        let (parts, body) = request.into_parts();
        Ok(Message { parts, body: to_bytes(body, LARGEST).await.map_err(|_| Cut)? })
    }

    pub(crate) fn path(&self) -> &str {
        self.parts.uri.path()
    }
}

/// Brings a message to `pass` as its fate has it; `refused` is what something that stands in the way answers.
pub(crate) async fn carried<P, F>(
    message: Message,
    fate: Fate,
    pass: P,
    refused: fn(u16) -> Response,
) -> Result<Response, Cut>
where
    P: Fn(Message) -> F,
    F: Future<Output = Result<Response, Cut>> + Send + 'static,
{
    match fate {
        Fate::Passed(late) => {
            sleep(late).await;
            pass(message).await
        }
        Fate::Lost(late) => {
            sleep(late).await;
            Err(Cut)
        }
        Fate::Unanswered => pass(message).await.and(Err(Cut)),
        Fate::Refused(status) => Ok(refused(status)),
        Fate::TimedOut => pass(message).await.map(|_| refused(504)),
        Fate::Twice(late) => {
            let again = pass(message.clone());
            tokio::spawn(async move {
                sleep(late).await;
                // Nobody waits for its answer.
                drop(again.await);
            });
            pass(message).await
        }
        Fate::Halved => {
            let body = message.body.slice(..message.body.len() / 2);
            pass(Message { body, ..message }).await
        }
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
