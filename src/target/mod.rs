//! The demonstration target: real services, in memory, that can be made ill on purpose.
//!
//! The service is velro: authentication, authorization and content behind a layered cache, a connection pool
//! and a circuit breaker. `POST /admin/ill` makes it ill, `POST /admin/reset` heals it. Every served request is
//! counted exactly, so that a load generator's own counts can be checked against the target's.
//!
//! Waits (latency, jitter, pool hold, stall) use tokio's timer: whole milliseconds, rounded up, so a wait is
//! never shorter than asked and less than two milliseconds longer.

mod admin;
mod answer;
mod backend;
mod cache;
mod circuit;
mod control;
mod counts;
mod exposition;
mod illness;
mod lock;
mod pool;
mod process;
mod route;
mod server;
mod service;
mod stats;
mod velro;

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::watch;

pub use circuit::CircuitState;
pub use stats::{CacheStats, ConnectionStats, Layers, PoolStats, Served, Stats};

use velro::Velro;

/// Where a target listens and on how many threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The address to listen on; port 0 takes a free one, see [`Target::address`].
    pub listen: SocketAddr,
    /// Listener threads, each with a runtime and an L1 cache of its own; 0 counts as 1.
    pub threads: usize,
}

/// Why a target could not start.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The address could not be listened on.
    #[error("cannot listen on {address}: {source}; choose a free port (0 takes any)")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A listener thread or its runtime could not be made.
    #[error("cannot start a listener thread: {0}")]
    Thread(#[source] io::Error),
}

/// A running target. Dropping it closes every connection and joins its threads.
#[derive(Debug)]
pub struct Target {
    address: SocketAddr,
    velro: Arc<Velro>,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

impl Target {
    /// Listens, warms the cache and serves; connections are accepted when this returns.
    pub fn start(options: &Options) -> Result<Self, TargetError> {
        let listen = |source| TargetError::Listen { address: options.listen, source };
        let listener = server::bind(options.listen).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let threads = options.threads.max(1);
        let (stop, stopped) = watch::channel(false);
        let velro = Arc::new(Velro::new(threads));
        let mut target = Self { address, velro, stop, threads: Vec::with_capacity(threads) };
        for index in 0..threads {
            let worker = service::Worker::new(Arc::clone(&target.velro), index);
            let thread = server::spawn(&listener, worker, stopped.clone()).map_err(TargetError::Thread)?;
            target.threads.push(thread);
        }
        Ok(target)
    }

    /// The address listened on, with the port that was taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was served up to now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::of(&self.velro)
    }
}

impl Drop for Target {
    /// No handler blocks its thread, so each sees the stop at its next turn and the joins are short.
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}
