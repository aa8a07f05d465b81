//! One user's connection: opened when needed, written to at once, read until a response is complete.

use std::io;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::ReadBuf;

use super::alarm::Alarm;
use super::compiled::Wants;
use super::floor::Floor;
use super::response::{Progress, Reader};
use super::stream::Stream;
use crate::metrics::ErrorClass;

/// One user's connection.
#[derive(Debug, Default)]
pub(super) struct Connection {
    stream: Option<Stream>,
    /// Whether a response came over it already: only then can it be stale.
    used: bool,
    pub(super) reader: Reader,
    /// What the socket didn't take at once, and how much of it is written.
    rest: Vec<u8>,
    written: usize,
    alarm: Alarm,
}

/// What became of an exchange.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exchange {
    /// Microseconds since the phase began.
    pub(super) first_byte: Option<u64>,
    pub(super) end: u64,
    pub(super) bytes_sent: u64,
    pub(super) bytes_received: u64,
    pub(super) error: Option<ErrorClass>,
}

impl Connection {
    /// Makes sure that there is a connection: opens one where there is none or the target has closed it meanwhile.
    pub(super) async fn ensure_open(&mut self, floor: &Floor, user: u64) -> Result<(), ErrorClass> {
        let is_closed = |stream: &mut Stream| stream.is_closed(&mut floor.scratch.borrow_mut());
        if self.stream.as_mut().is_some_and(is_closed) {
            self.stream = None;
            floor.recorder.borrow_mut().reconnected();
        }
        // In a place of its own: each user would hold room for it all the time.
        if self.stream.is_some() { Ok(()) } else { Box::pin(self.open(floor, user)).await }
    }

    async fn open(&mut self, floor: &Floor, user: u64) -> Result<(), ErrorClass> {
        let opened = tokio::time::timeout(floor.connect_timeout(), Stream::open(floor, user)).await;
        let (stream, opening) = opened.unwrap_or(Err(ErrorClass::Timeout))?;
        self.stream = Some(stream);
        self.used = false;
        floor.connected(&opening);
        Ok(())
    }

    /// Gives back all room that only an exchange needs.
    pub(super) fn put_away(&mut self) {
        self.reader = Reader::default();
        self.rest = Vec::new();
        self.alarm = Alarm::default();
    }

    /// Writes what the socket takes at once; the rest is kept for [`Connection::receive`].
    /// Fails only where not a single byte was written.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), ErrorClass> {
        self.rest.clear();
        self.written = 0;
        let Some(stream) = &self.stream else {
            unreachable!("a connection is opened before it is written to")
        };
        match stream.try_write(bytes) {
            Ok(count) => {
                self.rest.extend_from_slice(&bytes[count..]);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.rest.extend_from_slice(bytes);
                Ok(())
            }
            Err(_) => {
                self.stream = None;
                Err(self.lost(false))
            }
        }
    }

    /// Reads one response, for at most `timeout` from now on.
    pub(super) async fn receive(
        &mut self,
        floor: &Floor,
        wants: &Wants,
        sent: Instant,
        size: usize,
    ) -> Exchange {
        self.reader.begin();
        let deadline = sent + floor.timeout();
        let mut seen = Exchange { first_byte: None, end: 0, bytes_sent: 0, bytes_received: 0, error: None };
        let result =
            std::future::poll_fn(|context| self.poll(context, floor, wants, deadline, &mut seen)).await;
        let unsent = self.rest.len() - self.written;
        seen.bytes_sent = (size - unsent) as u64;
        seen.error = result.err();
        if seen.error.is_some() {
            seen.end = floor.now();
        }
        // Answered before it had read the request, the target would take the next one for the rest of this.
        if seen.error.is_some() || unsent > 0 || !self.reader.keep_alive() {
            self.stream = None;
        }
        self.used = true;
        seen
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
        floor: &Floor,
        wants: &Wants,
        deadline: Instant,
        seen: &mut Exchange,
    ) -> Poll<Result<(), ErrorClass>> {
        while self.written < self.rest.len() {
            let Some(stream) = &mut self.stream else { break };
            match stream.poll_write(context, &self.rest[self.written..]) {
                Poll::Ready(Ok(count)) => self.written += count,
                // The target may have answered already and closed its side: what can be read decides.
                Poll::Ready(Err(_)) | Poll::Pending => break,
            }
        }
        if let Some(stream) = self.stream.as_mut().filter(|_| !self.rest.is_empty()) {
            // As above; and who is asked again when the socket takes more, asks again for this.
            let _ = stream.poll_flush(context);
        }
        loop {
            match self.poll_read(context, floor, wants, seen) {
                Poll::Ready(Ok(true)) => return Poll::Ready(Ok(())),
                // While there is always more to be read, nobody looks at the alarm.
                Poll::Ready(Ok(false)) if floor.at(seen.end) < deadline => {}
                Poll::Ready(Ok(false)) => return Poll::Ready(Err(ErrorClass::Timeout)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    return self.alarm.poll(context, deadline).map(|()| Err(ErrorClass::Timeout));
                }
            }
        }
    }

    /// Reads once; tells whether the response is complete.
    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        floor: &Floor,
        wants: &Wants,
        seen: &mut Exchange,
    ) -> Poll<Result<bool, ErrorClass>> {
        let Some(stream) = &mut self.stream else {
            unreachable!("a connection is open while it is read from")
        };
        let mut scratch = floor.scratch.borrow_mut();
        let mut buffer = ReadBuf::new(&mut scratch[..]);
        let read = std::task::ready!(stream.poll_read(context, &mut buffer));
        let bytes = buffer.filled();
        let now = floor.now();
        seen.end = now;
        if read.is_err() || bytes.is_empty() {
            let complete = read.is_ok() && self.reader.closed();
            return Poll::Ready(if complete { Ok(true) } else { Err(self.lost(seen.first_byte.is_some())) });
        }
        seen.first_byte.get_or_insert(now);
        seen.bytes_received += bytes.len() as u64;
        Poll::Ready(match self.reader.feed(bytes, wants) {
            Ok(Progress::More) => Ok(false),
            Ok(Progress::Done { left_over: 0 }) => Ok(true),
            // Bytes that nobody asked for: the connection can't be trusted with another request.
            Ok(Progress::Done { .. }) => {
                self.reader.close();
                Ok(true)
            }
            Err(_) => Err(ErrorClass::Protocol),
        })
    }

    /// The class of a connection that ended before its time.
    fn lost(&self, answered: bool) -> ErrorClass {
        if self.used && !answered { ErrorClass::Stale } else { ErrorClass::Reset }
    }
}
