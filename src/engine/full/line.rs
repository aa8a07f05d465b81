//! What happens on a user's line to the target: when it was dialled, when it was open, and why it wasn't.
//!
//! The library tells nothing of that, but lets others stand around what connects, and asks for a kept session when TLS
//! begins: that is when the socket was connected.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;
use tokio::time::timeout;
use tower_layer::Layer;
use tower_service::Service;

use super::class::causes;
use crate::engine::stream::{self, Opening};
use crate::metrics::ErrorClass;

/// What happens on a user's line.
#[derive(Debug)]
pub(super) struct Line(Mutex<Seen>);

#[derive(Debug)]
struct Seen {
    /// From when on a response is waited for.
    since: Instant,
    is_answered: bool,
    dialled: Option<Instant>,
    /// When the socket was connected and TLS began.
    secured: Option<Instant>,
    /// Whether any connection was opened in this exchange.
    is_new: bool,
    opened: Vec<Opening>,
    failure: Option<Failure>,
}

/// Why no connection came about.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) class: ErrorClass,
    pub(super) cause: String,
}

impl Line {
    pub(super) fn new() -> Self {
        Line(Mutex::new(Seen {
            since: Instant::now(),
            is_answered: false,
            dialled: None,
            secured: None,
            is_new: false,
            opened: Vec::new(),
            failure: None,
        }))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request is sent now.
    pub(super) fn begin(&self, now: Instant) {
        let mut seen = self.seen();
        let opened = std::mem::take(&mut seen.opened);
        *seen = Seen {
            since: now,
            is_answered: false,
            dialled: None,
            secured: None,
            is_new: false,
            opened,
            failure: None,
        };
    }

    /// Its response has begun.
    pub(super) fn answered(&self) {
        self.seen().is_answered = true;
    }

    /// Until when a response is waited for, where that takes `limit` at most.
    pub(super) fn deadline(&self, limit: Duration) -> Instant {
        let seen = self.seen();
        // Connecting has another limit, and this one begins after it. Who is led on and connects anew has the one for all.
        let is_first = seen.dialled.is_some() && !seen.is_answered;
        let since = if is_first { Instant::now() } else { seen.since };
        since + limit
    }

    /// Whether a connection was opened for this request.
    pub(super) fn is_new(&self) -> bool {
        self.seen().is_new
    }

    /// From when on a response is waited for: since the request was begun, or since there was a connection for it. And what
    /// was opened since this was asked last.
    pub(super) fn told(&self) -> (Instant, Vec<Opening>) {
        let mut seen = self.seen();
        (seen.since, std::mem::take(&mut seen.opened))
    }

    /// Why no connection came about, where one was tried.
    pub(super) fn failure(&self) -> Option<Failure> {
        self.seen().failure.clone()
    }

    fn dials(&self) {
        let mut seen = self.seen();
        seen.dialled = Some(Instant::now());
        seen.secured = None;
    }

    fn is_open(&self) {
        let (mut seen, now) = (self.seen(), Instant::now());
        // Who hung up meanwhile dials no more.
        let Some(dialled) = seen.dialled.take() else { return };
        let connected = seen.secured.unwrap_or(now);
        let tls = seen.secured.map(|secured| now - secured);
        seen.opened.push(Opening { connect: connected - dialled, tls });
        seen.is_new = true;
        if !seen.is_answered {
            seen.since = now;
        }
    }

    fn failed(&self, error: &(dyn Error + 'static)) {
        let mut seen = self.seen();
        seen.dialled = None;
        let class = match io_error(error).map(stream::class) {
            Some(ErrorClass::Exhausted) => ErrorClass::Exhausted,
            _ if error.is::<TooLong>() => ErrorClass::Timeout,
            _ if seen.secured.is_some() => ErrorClass::Tls,
            _ => ErrorClass::Connect,
        };
        seen.failure = Some(Failure { class, cause: innermost(error).to_string() });
    }
}

fn io_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    causes(error)
        .find_map(|error| error.downcast_ref::<io::Error>().filter(|error| error.raw_os_error().is_some()))
}

fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    causes(error).last().unwrap_or(error)
}

/// Nothing is kept: each user is somebody else, and so is each connection.
impl ClientSessionStore for Line {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        self.seen().secured.get_or_insert_with(Instant::now);
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}

/// Stands around what connects.
#[derive(Clone)]
pub(super) struct Watched {
    pub(super) line: Arc<Line>,
    /// The longest that connecting may take, TLS and the proxy's tunnel with it.
    pub(super) limit: Duration,
}

/// What connects, watched. The library clones it several times with each request: shared, that is cheap.
pub(super) struct Dialler<S>(Arc<(S, Watched)>);

impl<S> Clone for Dialler<S> {
    fn clone(&self) -> Self {
        Dialler(Arc::clone(&self.0))
    }
}

impl<S> Layer<S> for Watched {
    type Service = Dialler<S>;

    fn layer(&self, inner: S) -> Dialler<S> {
        Dialler(Arc::new((inner, self.clone())))
    }
}

/// It was given up.
#[derive(Debug, thiserror::Error)]
#[error("no connection after {0:?}")]
struct TooLong(Duration);

type Dialled<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

impl<S, To> Service<To> for Dialler<S>
where
    S: Service<To, Error = Box<dyn Error + Send + Sync>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    To: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Dialled<S::Response, S::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        // The one that is called is made then.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: To) -> Self::Future {
        let (inner, Watched { line, limit }) = &*self.0;
        let (mut inner, line, limit) = (inner.clone(), Arc::clone(line), *limit);
        line.dials();
        Box::pin(async move {
            let dialling = async {
                poll_fn(|context| inner.poll_ready(context)).await?;
                inner.call(to).await
            };
            let dialled = timeout(limit, dialling).await.unwrap_or_else(|_| Err(TooLong(limit).into()));
            match &dialled {
                Ok(_) => line.is_open(),
                Err(error) => line.failed(error.as_ref()),
            }
            dialled
        })
    }
}
