//! The pool of connections to the backend.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::lock::lock;

/// Connections of a fresh target.
pub(super) const SIZE: usize = 200;
/// The largest size that can be asked for.
pub(super) const MAX_SIZE: usize = 100_000;
/// How long a fresh target's request waits for a connection before it gives up.
pub(super) const WAIT: Duration = Duration::from_secs(1);

/// The pool: a size, who holds a connection, and for how long each holds it.
#[derive(Debug)]
pub(super) struct Pool {
    free: Semaphore,
    size: Mutex<usize>,
    /// Connections in use that are no longer part of the pool and go when they are given back.
    surplus: AtomicUsize,
    in_use: AtomicUsize,
    max_in_use: AtomicUsize,
    hold_micros: AtomicU64,
    wait_millis: AtomicU64,
}

/// A connection taken; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Connection<'a> {
    pool: &'a Pool,
    permit: Option<SemaphorePermit<'a>>,
}

impl Pool {
    pub(super) fn new() -> Self {
        Self {
            free: Semaphore::new(SIZE),
            size: Mutex::new(SIZE),
            surplus: AtomicUsize::new(0),
            in_use: AtomicUsize::new(0),
            max_in_use: AtomicUsize::new(0),
            hold_micros: AtomicU64::new(0),
            wait_millis: AtomicU64::new(millis(WAIT)),
        }
    }

    /// Takes a connection; `None` if none came free in time.
    pub(super) async fn take(&self) -> Option<Connection<'_>> {
        let wait = Duration::from_millis(self.wait_millis.load(Relaxed));
        let permit = match self.free.try_acquire() {
            Ok(permit) => permit,
            Err(_) => tokio::time::timeout(wait, self.free.acquire()).await.ok()?.ok()?,
        };
        let in_use = self.in_use.fetch_add(1, Relaxed) + 1;
        self.max_in_use.fetch_max(in_use, Relaxed);
        Some(Connection { pool: self, permit: Some(permit) })
    }

    /// Makes the pool larger or smaller at once; connections in use beyond a smaller size go when given back.
    pub(super) fn resize(&self, to: usize) {
        let mut size = lock(&self.size);
        if to > *size {
            let wanted = to - *size;
            let kept = self.keep_surplus(wanted);
            self.free.add_permits(wanted - kept);
        } else {
            let unwanted = *size - to;
            let gone = self.free.forget_permits(unwanted);
            self.surplus.fetch_add(unwanted - gone, Relaxed);
        }
        *size = to;
    }

    /// Takes back up to so many from the surplus; they are in use and belong to the pool again.
    fn keep_surplus(&self, up_to: usize) -> usize {
        let lessen = |surplus: usize| Some(surplus - surplus.min(up_to));
        self.surplus.fetch_update(Relaxed, Relaxed, lessen).map_or(0, |before| before.min(up_to))
    }

    pub(super) fn size(&self) -> usize {
        *lock(&self.size)
    }

    pub(super) fn in_use(&self) -> usize {
        self.in_use.load(Relaxed)
    }

    pub(super) fn max_in_use(&self) -> usize {
        self.max_in_use.load(Relaxed)
    }

    /// How long each request holds its connection.
    pub(super) fn hold(&self) -> Duration {
        Duration::from_micros(self.hold_micros.load(Relaxed))
    }

    pub(super) fn hold_for(&self, micros: u64) {
        self.hold_micros.store(micros, Relaxed);
    }

    pub(super) fn wait_for(&self, millis: u64) {
        self.wait_millis.store(millis, Relaxed);
    }

    pub(super) fn wait_millis(&self) -> u64 {
        self.wait_millis.load(Relaxed)
    }

    /// A fresh target's size and times.
    pub(super) fn heal(&self) {
        self.resize(SIZE);
        self.hold_for(0);
        self.wait_for(millis(WAIT));
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.pool.in_use.fetch_sub(1, Relaxed);
        let Some(permit) = self.permit.take() else { return };
        // The size's lock keeps a resize from counting this connection both as free and as surplus.
        let _size = lock(&self.pool.size);
        if self.pool.keep_surplus(1) == 1 {
            permit.forget();
        } else {
            drop(permit);
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pool_made_smaller_takes_back_what_is_in_use_beyond_it() {
        for (to, back_to) in [(1, 200), (2, 3), (0, 2), (3, 1), (500, 3)] {
            let pool = Pool::new();
            pool.wait_for(0);
            let held = [pool.take().await, pool.take().await, pool.take().await];
            pool.resize(to);
            assert_eq!(pool.free.available_permits(), to.saturating_sub(3), "200 to {to}");
            pool.resize(back_to);
            drop(held);
            assert_eq!(pool.free.available_permits(), back_to, "200 to {to} to {back_to}");
            assert_eq!((pool.in_use(), pool.max_in_use()), (0, 3));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_for_a_connection_and_then_gives_up() {
        let pool = Pool::new();
        pool.resize(1);
        let held = pool.take().await;
        assert!(held.is_some() && pool.take().await.is_none());
        drop(held);
        assert!(pool.take().await.is_some());
    }
}
