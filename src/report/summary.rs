//! The figures that people read first, as the status holds them.

use crate::api::{DropCount, ErrorCount, GroupCounts, KeyCount, Latency, Summary};
use crate::metrics::summary::{Names, ppm};
use crate::metrics::{Books, Cell, Dist, DropReason, PartState};

/// The most error classes told.
const MOST_CLASSES: usize = 8;
/// The most keys told of a group.
const MOST_GROUP_KEYS: usize = 16;

/// The figures of `part`. `micros` is how long it took: over several phases, the sum of theirs.
#[must_use]
pub fn summarise(part: &PartState, books: &Books, micros: u64, names: &Names<'_>) -> Summary {
    let pooled = part.pooled(None, None);
    let failed = pooled.errors.total();
    Summary {
        requests: pooled.requests,
        succeeded: pooled.requests - failed,
        failed,
        dropped: books.dropped,
        dropped_by: dropped_by(books),
        cut: books.cut_requests,
        iterations: books.completed,
        duration_millis: micros / 1000,
        requests_per_second: per_second(pooled.requests, micros),
        latency: latency(&pooled.latency),
        error_ppm: ppm(failed, pooled.requests),
        errors: errors(&pooled, names),
        cache_hit_ppm: cache_hit_ppm(&pooled),
        groups: groups(&pooled, names),
        bytes_sent: pooled.bytes_sent,
        bytes_received: pooled.bytes_received,
    }
}

fn dropped_by(books: &Books) -> Vec<DropCount> {
    let word = |reason| match reason {
        DropReason::NoFreeUser => "noFreeUser",
        DropReason::Late => "late",
        DropReason::NoTimer => "noTimer",
        DropReason::NoRow => "noRow",
    };
    let drops = books.drops().into_iter().filter(|(_, count)| *count > 0);
    drops.map(|(reason, count)| DropCount { reason: word(reason).to_owned(), count }).collect()
}

fn per_second(count: u64, micros: u64) -> u64 {
    let micros = u128::from(micros);
    let rounded = (u128::from(count) * 1_000_000 + micros / 2).checked_div(micros).unwrap_or(0);
    u64::try_from(rounded).unwrap_or(u64::MAX)
}

/// The times of `dist`; none where nothing was measured.
#[must_use]
pub fn latency(dist: &Dist) -> Option<Latency> {
    let dist = dist.unfolded();
    Some(Latency {
        p50_micros: dist.quantile(0.5)?,
        p90_micros: dist.quantile(0.9)?,
        p95_micros: dist.quantile(0.95)?,
        p99_micros: dist.quantile(0.99)?,
        max_micros: dist.greatest()?,
        mean_micros: dist.mean()?,
    })
}

fn errors(pooled: &Cell, names: &Names<'_>) -> Vec<ErrorCount> {
    let ranked = pooled.errors.ranked().into_iter();
    ranked.take(MOST_CLASSES).map(|(class, count)| ErrorCount { class: names.class(*class), count }).collect()
}

fn cache_hit_ppm(pooled: &Cell) -> Option<u32> {
    let told = pooled.cache.hits + pooled.cache.misses;
    (told > 0).then(|| ppm(pooled.cache.hits, told))
}

fn groups(pooled: &Cell, names: &Names<'_>) -> Vec<GroupCounts> {
    let told = names.groups.iter().zip(&pooled.groups);
    told.map(|(name, tally)| {
        let total = tally.total();
        let keys = tally.ranked().into_iter().take(MOST_GROUP_KEYS);
        let keys =
            keys.map(|(key, count)| KeyCount { key: key.clone(), count, share_ppm: ppm(count, total) });
        GroupCounts { name: name.clone(), keys: keys.collect() }
    })
    .collect()
}
