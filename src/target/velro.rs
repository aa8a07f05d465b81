//! The service's shared state: what its threads read, count and change.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use super::cache::Cache;
use super::circuit::{Circuit, RECOVERY};
use super::counts::Counts;
use super::illness::Illness;
use super::lock::lock;
use super::pool::Pool;
use super::route::Path;

/// Everything the threads of one target share.
#[derive(Debug)]
pub(super) struct Velro {
    pub(super) cache: Cache,
    pub(super) pool: Pool,
    pub(super) illness: Illness,
    /// One a thread.
    pub(super) counts: Vec<Counts>,
    pub(super) doors: Doors,
    circuit: Mutex<Circuit>,
    backend_down: AtomicBool,
    last_generation: AtomicU64,
}

impl Velro {
    /// A healthy service with a warm cache.
    pub(super) fn new(threads: usize) -> Self {
        let cache = Cache::new(threads);
        cache.warm(content);
        Self {
            cache,
            pool: Pool::new(),
            illness: Illness::none(),
            counts: (0..threads).map(|_| Counts::new()).collect(),
            doors: Doors::default(),
            circuit: Mutex::new(Circuit::new()),
            backend_down: AtomicBool::new(false),
            last_generation: AtomicU64::new(0),
        }
    }

    /// Reads or changes the circuit, now.
    pub(super) fn circuit<T>(&self, with: impl FnOnce(&mut Circuit, Instant) -> T) -> T {
        with(&mut lock(&self.circuit), Instant::now())
    }

    pub(super) fn is_backend_down(&self) -> bool {
        self.backend_down.load(Relaxed)
    }

    pub(super) fn set_backend_down(&self, down: bool) {
        self.backend_down.store(down, Relaxed);
    }

    /// The number of a generation just accepted, from 1.
    pub(super) fn next_generation(&self) -> u64 {
        self.last_generation.fetch_add(1, Relaxed) + 1
    }

    /// Heals everything; counts stay.
    pub(super) fn heal(&self) {
        self.illness.heal();
        self.cache.switch_off(false);
        self.cache.limit_ttl(None);
        self.pool.heal();
        self.set_backend_down(false);
        self.circuit(|circuit, _| {
            circuit.recover_after(RECOVERY);
            circuit.close();
        });
    }
}

/// What the backend holds for a cached path.
pub(super) const fn content(path: Path) -> &'static str {
    match path {
        Path::Authz => r#"{"allowed":true,"role":"member","permissions":["read","generate"]}"#,
        Path::Generations => r#"{"generations":[{"id":"gen-1","model":"velro-xl","status":"completed"}]}"#,
        Path::Models => r#"{"models":[{"id":"velro-xl"},{"id":"velro-fast"}]}"#,
        Path::Media => r#"{"media":[{"id":"media-1","type":"image/png","bytes":48213}]}"#,
        Path::Health
        | Path::Auth
        | Path::Unknown
        | Path::Cache
        | Path::Metrics
        | Path::Stats
        | Path::Admin => "{}",
    }
}

/// Open connections of clients and the most there ever were.
#[derive(Debug, Default)]
pub(super) struct Doors {
    open: AtomicUsize,
    max: AtomicUsize,
}

/// An open connection; dropping it closes the count.
#[derive(Debug)]
pub(super) struct Open<'a>(&'a Doors);

impl Doors {
    pub(super) fn enter(&self) -> Open<'_> {
        let open = self.open.fetch_add(1, Relaxed) + 1;
        self.max.fetch_max(open, Relaxed);
        Open(self)
    }

    pub(super) fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    pub(super) fn max(&self) -> usize {
        self.max.load(Relaxed)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}
