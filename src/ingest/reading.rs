//! Reads what workers send within limits: the size of a body and its time, the room for all of them, and how many are made
//! out at once.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use http_body_util::LengthLimitError;
use tokio::sync::Semaphore;

use super::coordinator::Refusal;
use super::room::Room;

/// The longest that the body of a message may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);
/// What is larger than this many bytes takes milliseconds to make out: others are answered meanwhile.
const LARGE: usize = 64 * 1024;

/// Reads messages; clones share their room.
#[derive(Clone)]
pub(super) struct Reader {
    room: Room,
    /// For large ones: one for each processor.
    turns: Arc<Semaphore>,
}

/// Why a message isn't read.
pub(super) enum Unread {
    /// It has more than so many bytes.
    TooLarge(usize),
    /// Too many are read now.
    NoRoom,
    /// The body didn't come, or not in time.
    Broken,
    /// It is no such message.
    Refused(Refusal),
}

impl Reader {
    /// A reader of messages that share `room`.
    pub(super) fn new(room: Room) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Reader { room, turns: Arc::new(Semaphore::new(processors)) }
    }

    /// Reads a body of at most so many bytes and makes out what it says. It is in memory only while there is room for it,
    /// among those of its run and among all.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        body: Body,
        most: usize,
        of_run: &Room,
        understand: fn(&[u8]) -> Result<T, Refusal>,
    ) -> Result<T, Unread> {
        let size = size(&body, most)?;
        let _of_run = of_run.place(size).await.ok_or(Unread::NoRoom)?;
        let _of_all = self.room.place(size).await.ok_or(Unread::NoRoom)?;
        let bytes = bytes(body, most).await?;
        let made_out =
            if bytes.len() > LARGE { self.in_turn(bytes, understand).await } else { understand(&bytes) };
        made_out.map_err(Unread::Refused)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        bytes: Bytes,
        understand: fn(&[u8]) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let Ok(turn) = Arc::clone(&self.turns).acquire_owned().await else {
            unreachable!("the turns are never closed")
        };
        let making_out = tokio::task::spawn_blocking(move || {
            let made_out = understand(&bytes);
            // Also where nobody waits for it any more: not before.
            drop(turn);
            made_out
        });
        making_out.await.unwrap_or_else(|broken| Err(Refusal::Unreadable(broken.to_string())))
    }
}

/// How large the body is at most. One that says at once that it is too large isn't read at all.
fn size(body: &Body, most: usize) -> Result<usize, Unread> {
    let hint = body.size_hint();
    let bytes = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
    if bytes(hint.lower()) > most {
        return Err(Unread::TooLarge(most));
    }
    Ok(hint.upper().map_or(most, bytes).min(most))
}

async fn bytes(body: Body, most: usize) -> Result<Bytes, Unread> {
    let read = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, most)).await.map_err(|_| Unread::Broken)?;
    read.map_err(|error| match error.into_inner() {
        error if error.is::<LengthLimitError>() => Unread::TooLarge(most),
        _ => Unread::Broken,
    })
}
