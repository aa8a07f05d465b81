//! What is kept of requests that are alike: same phase, part, step and outcome.

use serde::{Deserialize, Serialize};

use super::dist::Dist;
use super::outcome::ErrorClass;
use super::phase::Span;
use super::tally::Tally;

/// Requests of one phase, part, step and outcome, or of several of these put together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// How many requests.
    pub requests: u64,
    /// From the first of them sent to the last response.
    pub span: Option<Span>,
    /// Response times in microseconds, from the intended start.
    pub latency: Dist,
    /// Service times in microseconds, from the moment of sending; empty in closed loops, where they are the response times.
    pub service: Dist,
    /// Microseconds from sending to the first byte of the response.
    pub ttfb: Dist,
    /// Bytes written.
    pub bytes_sent: u64,
    /// Bytes read.
    pub bytes_received: u64,
    /// Requests by the way they failed.
    pub errors: Tally<ErrorClass>,
    /// Responses by status.
    pub statuses: Tally<u16>,
    /// Hits and misses.
    pub cache: CacheCounts,
    /// Responses by key, one tally a declared group.
    pub groups: Vec<Tally<String>>,
    /// Declared values, in thousandths of their unit.
    pub values: Vec<Dist>,
    /// Responses in which a declared value couldn't be read.
    pub unreadable_values: u64,
}

/// Hits and misses of a cache.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CacheCounts {
    /// Responses that came from the cache.
    pub hits: u64,
    /// Responses that didn't.
    pub misses: u64,
    /// The hits by the layer that answered.
    pub layers: Tally<String>,
}

impl Cell {
    /// Adds all of `other`. The order of merging changes nothing.
    pub fn merge(&mut self, other: &Cell) {
        self.requests += other.requests;
        self.span = Span::union(self.span, other.span);
        self.latency.merge(&other.latency);
        self.service.merge(&other.service);
        self.ttfb.merge(&other.ttfb);
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        self.errors.merge(&other.errors);
        self.statuses.merge(&other.statuses);
        self.cache.hits += other.cache.hits;
        self.cache.misses += other.cache.misses;
        self.cache.layers.merge(&other.cache.layers);
        merge_each(&mut self.groups, &other.groups, Tally::merge);
        merge_each(&mut self.values, &other.values, Dist::merge);
        self.unreadable_values += other.unreadable_values;
    }

    /// Puts all histograms away in their wire form.
    pub fn pack(&mut self) {
        for dist in [&mut self.latency, &mut self.service, &mut self.ttfb].into_iter().chain(&mut self.values)
        {
            dist.pack();
        }
    }
}

/// Merges lists place by place; the shorter one is filled up.
pub(super) fn merge_each<T: Default + Clone>(ours: &mut Vec<T>, theirs: &[T], merge: impl Fn(&mut T, &T)) {
    if ours.len() < theirs.len() {
        ours.resize(theirs.len(), T::default());
    }
    for (our, their) in ours.iter_mut().zip(theirs) {
        merge(our, their);
    }
}
