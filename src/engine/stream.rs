//! The way to the target: a socket, and TLS over it where the target speaks it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::floor::Floor;
use crate::metrics::ErrorClass;

/// The way to the target.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// How long it took to open one.
#[derive(Debug)]
pub(super) struct Opening {
    /// Until the socket was connected.
    pub(super) connect: Duration,
    /// From then on until TLS was agreed on.
    pub(super) tls: Option<Duration>,
}

impl Stream {
    pub(super) async fn open(floor: &Floor, user: u64) -> Result<(Self, Opening), ErrorClass> {
        let began = Instant::now();
        let socket = TcpStream::connect(floor.address(user)).await.map_err(|error| class(&error))?;
        // A socket that can't do without Nagle's delay still works.
        let _ = socket.set_nodelay(true);
        let connect = began.elapsed();
        let Some(tls) = floor.tls() else {
            return Ok((Stream::Plain(socket), Opening { connect, tls: None }));
        };
        let began = Instant::now();
        let connector = TlsConnector::from(tls.config.clone());
        match connector.connect(tls.name.clone(), socket).await {
            Ok(stream) => {
                Ok((Stream::Tls(Box::new(stream)), Opening { connect, tls: Some(began.elapsed()) }))
            }
            Err(error) => {
                floor.tls_failed(&error);
                Err(ErrorClass::Tls)
            }
        }
    }

    /// Whether the target has closed it, or said something unasked. Costs no system call unless it did.
    pub(super) fn is_closed(&mut self, scratch: &mut [u8]) -> bool {
        match self {
            Stream::Plain(socket) => match socket.try_read(&mut scratch[..1]) {
                Err(error) => error.kind() != io::ErrorKind::WouldBlock,
                Ok(_) => true,
            },
            // What a target says about the session itself, such as its tickets, is taken in by the way.
            Stream::Tls(stream) => {
                let mut buffer = ReadBuf::new(&mut scratch[..1]);
                Pin::new(stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer).is_ready()
            }
        }
    }

    /// Writes what the socket takes at once. Over TLS that is nothing: [`Stream::poll_write`] does it.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(socket) => socket.try_write(bytes),
            Stream::Tls(_) => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    pub(super) fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Stream::Plain(socket) => Pin::new(socket).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    /// Sends what TLS has taken and not yet sent.
    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Stream::Plain(_) => Poll::Ready(Ok(())),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    pub(super) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Stream::Plain(socket) => Pin::new(socket).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

/// Whether it was something on this side that was missing: nothing of it tells about the target.
pub(super) fn class(error: &io::Error) -> ErrorClass {
    let wants = [Errno::MFILE, Errno::NFILE, Errno::ADDRNOTAVAIL, Errno::AGAIN, Errno::NOBUFS, Errno::NOMEM];
    let is_want = Errno::from_io_error(error).is_some_and(|error| wants.contains(&error));
    if is_want { ErrorClass::Exhausted } else { ErrorClass::Connect }
}
