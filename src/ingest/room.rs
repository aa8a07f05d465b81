//! Room for what is being read: however many workers tell at once what they measured, only so much of it is in memory at a
//! time. Who finds no room waits a moment, unread, and is then told to come again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// All bodies that are read at once, in bytes: with what they are read into, a fifth of what the chart gives the operator.
const OF_ALL: usize = 32 * 1024 * 1024;
/// Those of one run: none takes the room of all others.
const OF_A_RUN: usize = OF_ALL / 2;
/// Room is given in pieces of so many bytes.
const PIECE: usize = 1024;
/// How long is waited for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Room for messages; clones share it.
#[derive(Clone, Debug)]
pub struct Room {
    pieces: Arc<Semaphore>,
    in_all: u32,
}

/// What a message takes of it until it is read. Dropped, it is given back.
#[derive(Debug)]
pub struct Place {
    _pieces: OwnedSemaphorePermit,
}

impl Room {
    /// The room of all runs together.
    #[must_use]
    pub fn of_all() -> Self {
        Room::of(OF_ALL)
    }

    /// The room of one run.
    #[must_use]
    pub fn of_a_run() -> Self {
        Room::of(OF_A_RUN)
    }

    /// Room for so many bytes.
    #[must_use]
    pub fn of(bytes: usize) -> Self {
        let in_all = pieces(bytes);
        Room { pieces: Arc::new(Semaphore::new(in_all as usize)), in_all }
    }

    /// Waits for a place for a message of so many bytes, in the order of asking; a message that is larger than the room
    /// takes all of it. None: there was none in time.
    pub async fn place(&self, bytes: usize) -> Option<Place> {
        let pieces = Arc::clone(&self.pieces).acquire_many_owned(pieces(bytes).min(self.in_all));
        let Ok(found) = timeout(PATIENCE, pieces).await.ok()? else {
            unreachable!("the room is never closed")
        };
        Some(Place { _pieces: found })
    }
}

fn pieces(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(PIECE)).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_read_at_once_never_comes_to_more_than_there_is_room_for() {
        let room = Room::of(10 * PIECE);
        let first = room.place(6 * PIECE).await;
        assert!(first.is_some());
        let (small, began) = (room.place(1).await, Instant::now());
        assert!(small.is_some() && room.place(4 * PIECE).await.is_none());
        assert_eq!(began.elapsed(), PATIENCE);
        drop(first);
        assert!(room.place(9 * PIECE).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_one_is_not_overtaken_and_takes_no_more_than_all() {
        let room = Room::of(10 * PIECE);
        let first = room.place(PIECE).await;
        let large = tokio::spawn({
            let room = room.clone();
            async move { room.place(usize::MAX).await }
        });
        tokio::task::yield_now().await;
        assert!(room.place(PIECE).await.is_none(), "it has come later");
        drop((first, large));
        assert!(room.place(PIECE).await.is_some());
    }
}
