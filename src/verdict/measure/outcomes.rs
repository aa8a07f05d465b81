//! What became of requests: shares of failures, hits and misses.

use super::pool::Pool;
use super::{Measured, Unmeasured};
use crate::metrics::Cell;
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
    let (cell, told) = classified(pool)?;
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
    classified(pool).map(|(cell, told)| Measured::of(Figure::count(cell.cache.hits), told))
}

/// How many misses.
pub(super) fn misses(pool: &Pool<'_>) -> Result<Measured, Unmeasured> {
    classified(pool).map(|(cell, told)| Measured::of(Figure::count(cell.cache.misses), told))
}

/// With no response that said hit or miss, neither is known: not even that there was none.
fn classified(pool: &Pool<'_>) -> Result<(Cell, u64), Unmeasured> {
    let cell = pool.cell();
    let told = cell.cache.hits + cell.cache.misses;
    if told == 0 { Err(Unmeasured::NotClassified("hit or miss".to_owned())) } else { Ok((cell, told)) }
}
