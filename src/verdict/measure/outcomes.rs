//! What became of requests: shares of failures, hits and misses.

use super::pool::Pool;
use super::{Measured, Unmeasured};
use crate::metrics::{CacheCounts, Cell};
use crate::plan::figure::Figure;

/// Requests without a failure, as a share of all.
pub(super) fn success_rate(pool: &Pool<'_>) -> Result<Measured, Unmeasured> {
    let cell = pool.cell();
    Measured::part_of(Figure::share(cell.requests - cell.errors.total(), cell.requests), cell.requests)
}

/// Requests that failed, as a share of all.
pub(super) fn error_rate(pool: &Pool<'_>) -> Result<Measured, Unmeasured> {
    let cell = pool.cell();
    Measured::part_of(Figure::share(cell.errors.total(), cell.requests), cell.requests)
}

/// Hits (of one layer) as a share of hits and misses.
pub(super) fn hit_rate(pool: &Pool<'_>, layer: Option<&str>) -> Result<Measured, Unmeasured> {
    let cell = pool.cell();
    let told = classified(&cell)?;
    let hits = match layer {
        None => cell.cache.hits,
        Some(_) if cell.cache.layers.other() > 0 => {
            return Err(Unmeasured::TooManyKeys("cache layers".to_owned()));
        }
        Some(layer) => cell.cache.layers.of(layer),
    };
    Measured::part_of(Figure::share(hits, told), told)
}

/// How many hits.
pub(super) fn hits(pool: &Pool<'_>) -> Result<Measured, Unmeasured> {
    counted(pool, |cache| cache.hits)
}

/// How many misses.
pub(super) fn misses(pool: &Pool<'_>) -> Result<Measured, Unmeasured> {
    counted(pool, |cache| cache.misses)
}

fn counted(pool: &Pool<'_>, of: impl Fn(&CacheCounts) -> u64) -> Result<Measured, Unmeasured> {
    let told = classified(&pool.both_outcomes())?;
    Ok(Measured::of(Figure::count(of(&pool.cell().cache)), told))
}

/// How many responses said hit or miss. Where none did, neither is known: not even that there was none.
fn classified(cell: &Cell) -> Result<u64, Unmeasured> {
    let told = cell.cache.hits + cell.cache.misses;
    if told == 0 { Err(Unmeasured::NotClassified("hit or miss".to_owned())) } else { Ok(told) }
}
