//! Times and declared values: quantiles of the pooled histogram, the rest from what is counted exactly.

use super::pool::Pool;
use super::{Measured, Unmeasured};
use crate::metrics::{Cell, Dist};
use crate::plan::figure::{Dimension, Figure};
use crate::plan::metric::Statistic;

/// One unit of a distribution in base units of its dimension, as a fraction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) dimension: Dimension,
    pub(super) numerator: i128,
    pub(super) denominator: i128,
}

/// Distributions of times are in microseconds.
pub(super) const MICROS: Scale = Scale { dimension: Dimension::Time, numerator: 1, denominator: 1 };

/// `statistic` of `dist`.
pub(super) fn of(dist: &Dist, statistic: Statistic, scale: Scale) -> Result<Measured, Unmeasured> {
    let whole = |value: Option<u64>| value.map(|value| (i128::from(value), 1_u64));
    let (above, below) = match statistic {
        Statistic::Min => whole(dist.least()),
        Statistic::Max => whole(dist.greatest()),
        Statistic::Mean => exact_sum(dist)?.map(|sum| (sum, dist.count())),
        Statistic::Sum => exact_sum(dist)?.map(|sum| (sum, 1)),
        Statistic::P50 => whole(dist.quantile(0.5)),
        Statistic::P90 => whole(dist.quantile(0.9)),
        Statistic::P95 => whole(dist.quantile(0.95)),
        Statistic::P99 => whole(dist.quantile(0.99)),
        Statistic::P999 => whole(dist.quantile(0.999)),
    }
    .ok_or(Unmeasured::NoData)?;
    let above = above.checked_mul(scale.numerator).ok_or(Unmeasured::TooLarge)?;
    let figure = Figure::new(above, i128::from(below) * scale.denominator, scale.dimension);
    Measured::part_of(figure, dist.count())
}

/// None where there is nothing to add up.
fn exact_sum(dist: &Dist) -> Result<Option<i128>, Unmeasured> {
    let sum = i128::try_from(dist.sum()).map_err(|_| Unmeasured::TooLarge)?;
    Ok((dist.count() > 0).then_some(sum))
}

/// Service times. In closed loops they are the response times, which are kept once.
pub(super) fn service(pool: &Pool<'_>) -> Dist {
    let mut pooled = Dist::default();
    for seen in &pool.phases {
        let Cell { latency, service, .. } = pool.cell_of(seen);
        pooled.merge(if seen.phase.executor.is_open_loop() { &service } else { &latency });
    }
    pooled
}

/// From the first request sent to the last response; over several phases the sum of theirs.
pub(super) fn duration(pool: &Pool<'_>) -> Result<Measured, Unmeasured> {
    let samples = pool.cell().requests;
    if samples == 0 {
        Err(Unmeasured::NoData)
    } else {
        Ok(Measured::of(Figure::micros(pool.micros()), samples))
    }
}
