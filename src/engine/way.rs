//! A user's way to the target: a connection of its own, or a client that speaks what that one doesn't.

use std::future::ready;
use std::time::Instant;

use futures_util::future::Either;

use super::compiled::Wants;
use super::connection::{Connection, Exchange};
use super::cookies::OwnCookies;
use super::floor::Floor;
use super::full::Client;
use super::response::Reader;
use crate::metrics::ErrorClass;
use crate::plan::StepIndex;

/// A user's way to the target.
#[allow(clippy::large_enum_variant, reason = "most users are of the large kind, and have it where they are")]
pub(super) enum Way {
    /// HTTP/1.1 over its own socket.
    Fast(Connection),
    /// What the plan needs beyond that.
    Full(Box<Client>),
}

impl Way {
    /// The way of `user`, with nothing opened yet.
    pub(super) fn new(floor: &Floor, user: u64) -> Self {
        match floor.full() {
            None => Way::Fast(Connection::default()),
            Some(pattern) => Way::Full(Box::new(pattern.client(floor.address(user)))),
        }
    }

    /// Makes sure that there is a connection, where it is opened ahead of what is sent: a client opens its own with that.
    // No `async fn`, nor the next one: each user would hold what they are called with twice.
    pub(super) fn ensure_open(
        &mut self,
        floor: &Floor,
        user: u64,
    ) -> impl Future<Output = Result<(), ErrorClass>> {
        match self {
            Way::Fast(connection) => Either::Left(connection.ensure_open(floor, user)),
            Way::Full(_) => Either::Right(ready(Ok(()))),
        }
    }

    /// Gives back all room that only an exchange needs. What came last is gone with it.
    pub(super) fn put_away(&mut self) {
        match self {
            Way::Fast(connection) => connection.put_away(),
            Way::Full(client) => client.put_away(),
        }
    }

    /// Begins to send a request of `step`.
    pub(super) fn write(&mut self, floor: &Floor, step: StepIndex, bytes: &[u8]) -> Result<(), ErrorClass> {
        match self {
            Way::Fast(connection) => connection.write(bytes),
            Way::Full(client) => client.take(floor, step, bytes),
        }
    }

    /// Goes on until there is a response, or none will come.
    pub(super) fn receive(
        &mut self,
        floor: &Floor,
        wants: &Wants,
        cookies: &mut OwnCookies,
        sent: Instant,
        size: usize,
    ) -> impl Future<Output = Exchange> {
        match self {
            Way::Fast(connection) => Either::Left(connection.receive(floor, wants, sent, size)),
            // In a place of its own: each user of the other kind would hold room for it all the time.
            Way::Full(client) => Either::Right(Box::pin(client.receive(floor, wants, cookies, sent))),
        }
    }

    /// When the last request was sent, where that was later than when it was begun: a client connects in between.
    pub(super) fn sent(&self) -> Option<u64> {
        match self {
            Way::Fast(_) => None,
            Way::Full(client) => client.sent(),
        }
    }

    /// What came last.
    pub(super) fn reader(&self) -> &Reader {
        match self {
            Way::Fast(connection) => &connection.reader,
            Way::Full(client) => client.reader(),
        }
    }

    pub(super) fn reader_mut(&mut self) -> &mut Reader {
        match self {
            Way::Fast(connection) => &mut connection.reader,
            Way::Full(client) => client.reader_mut(),
        }
    }
}
