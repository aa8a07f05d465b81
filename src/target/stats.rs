//! What a target served, in numbers that add up.

use serde::Serialize;

use super::answer::Status;
use super::cache::Layer;
use super::circuit::CircuitState;
use super::counts::Counts;
use super::route::{Path, Route, Verb};
use super::velro::Velro;

/// What a target served since it started. Counts of load and of control are kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Load answered, by method, path and status; only counts above zero.
    pub served: Vec<Served>,
    /// Requests to `/admin`, `/cache`, `/metrics` and `/stats`, likewise.
    pub control: Vec<Served>,
    /// Load accepted that is never answered (`hang`).
    pub hung: u64,
    /// Load whose response broke off (`reset`); not among `served`.
    pub cut: u64,
    /// The cache's hits and misses.
    pub cache: CacheStats,
    /// The pool's connections.
    pub pool: PoolStats,
    /// The clients' connections.
    pub connections: ConnectionStats,
    /// The circuit breaker's state now.
    pub circuit: CircuitState,
}

/// How often a method on a path was answered with a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Served {
    /// `GET`, `POST`, ...; `other` for a method without a name here.
    pub method: &'static str,
    /// The path without its query; `other` for an unknown one, the first part for control.
    pub path: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// How often.
    pub count: u64,
}

/// Look-ups in the cache; a look-up misses each layer above the one it hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CacheStats {
    /// Look-ups that ended here.
    pub hits: Layers,
    /// Look-ups that went on; those that missed L3 went to the backend.
    pub misses: Layers,
}

/// A count by layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub struct Layers {
    /// Of the thread's own layer.
    pub l1: u64,
    /// Of the first shared layer.
    pub l2: u64,
    /// Of the second shared layer.
    pub l3: u64,
}

/// The pool's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolStats {
    /// How many there are.
    pub size: usize,
    /// How many are in use now.
    pub in_use: usize,
    /// The most that were in use at once.
    pub max_in_use: usize,
}

/// The clients' connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ConnectionStats {
    /// Open now.
    pub open: usize,
    /// The most that were open at once.
    pub max: usize,
}

impl Stats {
    /// How much of the load was answered.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.served.iter().map(|served| served.count).sum()
    }

    /// How often a method on a path was answered with a status, load or control.
    #[must_use]
    pub fn count(&self, method: &str, path: &str, status: u16) -> u64 {
        let all = self.served.iter().chain(&self.control);
        let asked = |it: &&Served| (it.method, it.path, it.status) == (method, path, status);
        all.filter(asked).map(|served| served.count).sum()
    }

    pub(super) fn of(velro: &Velro) -> Self {
        let (control, served) = cells(&velro.counts).into_iter().partition(|(path, _)| path.is_control());
        let plain = |cells: Vec<(Path, Served)>| cells.into_iter().map(|(_, served)| served).collect();
        Self {
            served: plain(served),
            control: plain(control),
            hung: velro.counts.iter().map(Counts::hung).sum(),
            cut: velro.counts.iter().map(Counts::cuts).sum(),
            cache: CacheStats::of(&velro.counts),
            pool: PoolStats {
                size: velro.pool.size(),
                in_use: velro.pool.in_use(),
                max_in_use: velro.pool.max_in_use(),
            },
            connections: ConnectionStats { open: velro.doors.open(), max: velro.doors.max() },
            circuit: velro.circuit(|circuit, _| circuit.state()),
        }
    }
}

impl CacheStats {
    fn of(counts: &[Counts]) -> Self {
        let sum = |of: fn(&Counts, Layer) -> u64| {
            let layer = |layer| counts.iter().map(|counts| of(counts, layer)).sum();
            Layers { l1: layer(Layer::L1), l2: layer(Layer::L2), l3: layer(Layer::L3) }
        };
        Self { hits: sum(Counts::hits), misses: sum(Counts::misses) }
    }
}

/// Every count above zero, summed over the threads.
fn cells(counts: &[Counts]) -> Vec<(Path, Served)> {
    let routes = Path::ALL.into_iter().flat_map(|path| Verb::ALL.map(|verb| Route { verb, path }));
    let all = routes.flat_map(|route| Status::ALL.map(|status| (route, status)));
    let summed = all.map(|(route, status)| {
        let count = counts.iter().map(|counts| counts.served(route, status)).sum();
        let (method, path) = (route.verb.name(), route.path.name());
        (route.path, Served { method, path, status: status.code().as_u16(), count })
    });
    summed.filter(|(_, served)| served.count > 0).collect()
}
