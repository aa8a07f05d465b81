//! The full client of one user: HTTP/2, redirects, proxies, by a library. What it brings is read as the fast one's is.

mod class;
mod head;
mod line;
mod onward;
mod pattern;
mod request;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use reqwest::{Response, StatusCode};

use super::alarm::Alarm;
use super::compile::micros;
use super::compiled::{Cookies, Wants};
use super::connection::Exchange;
use super::cookies::OwnCookies;
use super::floor::Floor;
use super::response::{LONGEST_HEAD, Reader};
use crate::metrics::ErrorClass;
use crate::plan::StepIndex;
use head::Head;
use line::Line;
use onward::Onward;
pub(super) use pattern::{NoClient, Pattern};
pub(super) use request::Heads;

/// The full client of one user: no other one shares its connections.
pub(super) struct Client {
    library: reqwest::Client,
    pattern: Arc<Pattern>,
    line: Arc<Line>,
    reader: Reader,
    alarm: Alarm,
    /// What is to be sent, and its size.
    request: Option<(reqwest::Request, u64)>,
    /// Whether there should still be a connection from before: a new one is a reconnect then.
    is_kept: bool,
    /// Whether the response under way has a head already.
    is_answered: bool,
    /// When the request was sent, in microseconds since the phase began, where that was later than when it was begun: as soon
    /// as there was a connection.
    sent: Option<u64>,
}

impl Client {
    pub(super) fn sent(&self) -> Option<u64> {
        self.sent
    }

    /// What came last.
    pub(super) fn reader(&self) -> &Reader {
        &self.reader
    }

    pub(super) fn reader_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }

    /// Gives back all room that only an exchange needs.
    pub(super) fn put_away(&mut self) {
        self.reader = Reader::default();
        self.alarm = Alarm::default();
    }

    /// Takes a request of `step`, as HTTP/1.1 writes it, to be sent next.
    pub(super) fn take(&mut self, floor: &Floor, step: StepIndex, bytes: &[u8]) -> Result<(), ErrorClass> {
        let request = floor.heads.read(step, bytes, &self.pattern).ok_or(ErrorClass::Unsent)?;
        self.request = Some((request, bytes.len() as u64));
        Ok(())
    }

    /// Sends the request, `began` just now, and reads its response and those that it is led on to.
    pub(super) async fn receive(
        &mut self,
        floor: &Floor,
        wants: &Wants,
        cookies: &mut OwnCookies,
        began: Instant,
    ) -> Exchange {
        let line = Arc::clone(&self.line);
        line.begin(began);
        self.is_answered = false;
        self.sent = None;
        let mut seen = Exchange { first_byte: None, end: 0, bytes_sent: 0, bytes_received: 0, error: None };
        let mut alarm = std::mem::take(&mut self.alarm);
        let result = {
            let mut exchange = pin!(self.exchange(floor, wants, cookies, &mut seen));
            poll_fn(|context| match exchange.as_mut().poll(context) {
                Poll::Pending => {
                    let deadline = line.deadline(floor.timeout());
                    alarm.poll(context, deadline).map(|()| Err(ErrorClass::Timeout))
                }
                done @ Poll::Ready(_) => done,
            })
            .await
        };
        self.alarm = alarm;
        if let Err(error) = result {
            self.note_line(floor);
            seen.error = Some(error);
            seen.end = floor.now();
            // A response that comes too late ends its stream, and over HTTP/1.1 its connection.
            self.is_kept &= error == ErrorClass::Timeout && self.pattern.is_two();
        }
        seen
    }

    async fn exchange(
        &mut self,
        floor: &Floor,
        wants: &Wants,
        cookies: &mut OwnCookies,
        seen: &mut Exchange,
    ) -> Result<(), ErrorClass> {
        let Some((mut request, mut size)) = self.request.take() else {
            unreachable!("a request is taken before its response is received")
        };
        let mut left = self.pattern.redirects();
        loop {
            // In a place of its own: only who is led on needs it.
            let onward = (self.pattern.redirects() > 0).then(|| Box::new(Onward::of(&request)));
            seen.bytes_sent += size;
            let answer = self.library.execute(request).await;
            let mut response = answer.map_err(|error| self.class(floor, &error))?;
            self.line.answered();
            self.note_line(floor);
            let led_to = onward.and_then(|onward| onward.led_by(&response));
            self.read(floor, &mut response, wants, seen).await?;
            let Some(onward) = led_to else { return Ok(()) };
            left = left.checked_sub(1).ok_or(ErrorClass::Redirects)?;
            if wants.cookies != Cookies::Ignored {
                cookies.keep(&self.reader, floor.host());
            }
            request = onward.request(&self.pattern, wants.cookies, cookies).ok_or(ErrorClass::Redirects)?;
            size = request::size(&request);
        }
    }

    /// Reads a response to its end.
    async fn read(
        &mut self,
        floor: &Floor,
        response: &mut Response,
        wants: &Wants,
        seen: &mut Exchange,
    ) -> Result<(), ErrorClass> {
        self.is_answered = true;
        seen.first_byte = Some(floor.now());
        let status = response.status();
        let mut head = Head::new(response.version(), status);
        let headers = response.headers().iter().inspect(|(name, value)| head.note(name, value));
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_bytes()));
        self.reader.begin_with(status.as_u16(), headers, wants);
        seen.bytes_received += head.size();
        let is_odd = status == StatusCode::SWITCHING_PROTOCOLS || head.is_of_unknown_coding();
        if is_odd || head.size() > LONGEST_HEAD as u64 {
            return Err(ErrorClass::Protocol);
        }
        let is_kept = head.keeps(wants.head_only);
        while let Some(piece) = response.chunk().await.map_err(|error| self.class(floor, &error))? {
            seen.bytes_received += piece.len() as u64;
            self.reader.keep_piece(&piece, wants);
        }
        seen.end = floor.now();
        self.is_kept = is_kept;
        Ok(())
    }

    /// Counts the connections that were opened since this was asked last, and notes when the request was sent then.
    fn note_line(&mut self, floor: &Floor) {
        let (since, opened) = self.line.told();
        for opening in opened {
            self.sent = Some(micros(since.saturating_duration_since(floor.at(0))));
            floor.connected(&opening);
            if std::mem::take(&mut self.is_kept) {
                floor.recorder.borrow_mut().reconnected();
            }
        }
    }

    /// Why there is no response, or not all of it.
    fn class(&mut self, floor: &Floor, error: &reqwest::Error) -> ErrorClass {
        if let Some(failure) = self.line.failure() {
            if failure.class == ErrorClass::Tls {
                floor.tls_failed(&failure.cause);
            }
            return failure.class;
        }
        let is_stale = !self.is_answered && !self.line.is_new();
        class::of(error, if is_stale { ErrorClass::Stale } else { ErrorClass::Reset })
    }
}
