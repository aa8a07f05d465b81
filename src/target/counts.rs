//! What one thread served: counters by array index, written by that thread and read by anyone.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::answer::Status;
use super::cache::Layer;
use super::route::{Path, Route, Verb};

const STATUSES: usize = Status::ALL.len();
const PATHS: usize = Path::ALL.len();
const CELLS: usize = Verb::ALL.len() * PATHS * STATUSES;

/// One thread's counters; on cache lines of their own, so that threads don't slow each other.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Counts {
    served: [AtomicU64; CELLS],
    hits: [AtomicU64; 3],
    misses: [AtomicU64; 3],
    hung: AtomicU64,
    cut: AtomicU64,
}

impl Counts {
    pub(super) fn new() -> Self {
        Self {
            served: [const { AtomicU64::new(0) }; CELLS],
            hits: [const { AtomicU64::new(0) }; 3],
            misses: [const { AtomicU64::new(0) }; 3],
            hung: AtomicU64::new(0),
            cut: AtomicU64::new(0),
        }
    }

    /// An answer was handed over to be sent.
    pub(super) fn serve(&self, route: Route, status: Status) {
        self.served[cell(route, status)].fetch_add(1, Relaxed);
    }

    /// A look-up ended in this layer, or in none.
    pub(super) fn look_up(&self, found: Option<Layer>) {
        for layer in Layer::ALL {
            if found == Some(layer) {
                self.hits[layer as usize].fetch_add(1, Relaxed);
                return;
            }
            self.misses[layer as usize].fetch_add(1, Relaxed);
        }
    }

    /// A request was accepted that will never be answered.
    pub(super) fn hang(&self) {
        self.hung.fetch_add(1, Relaxed);
    }

    /// A response was begun that will break off.
    pub(super) fn cut(&self) {
        self.cut.fetch_add(1, Relaxed);
    }

    pub(super) fn served(&self, route: Route, status: Status) -> u64 {
        self.served[cell(route, status)].load(Relaxed)
    }

    pub(super) fn hits(&self, layer: Layer) -> u64 {
        self.hits[layer as usize].load(Relaxed)
    }

    pub(super) fn misses(&self, layer: Layer) -> u64 {
        self.misses[layer as usize].load(Relaxed)
    }

    pub(super) fn hung(&self) -> u64 {
        self.hung.load(Relaxed)
    }

    pub(super) fn cuts(&self) -> u64 {
        self.cut.load(Relaxed)
    }
}

const fn cell(route: Route, status: Status) -> usize {
    (route.verb as usize * PATHS + route.path as usize) * STATUSES + status as usize
}
