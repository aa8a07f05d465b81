//! Measures one metric, narrowed to phases, steps, an outcome, a key and a window, over what all workers recorded.

mod capacity;
mod cut;
mod errors;
mod flow;
mod groups;
mod kept;
mod length;
mod outcomes;
pub(super) mod paces;
mod pool;
mod slope;
mod times;
mod unmeasured;
mod values;

use crate::metrics::Aggregate;
use crate::plan::figure::Figure;
use crate::plan::metric::Metric;
use crate::plan::{Narrowed, Plan};

pub(super) use cut::keys;
use groups::Group;
pub(super) use length::grows_with_length;
use pool::Pool;
use times::MICROS;
pub(super) use unmeasured::Unmeasured;

/// A figure, and what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measured {
    pub(super) figure: Figure,
    /// By how many samples.
    pub(super) samples: u64,
    /// What its reader must know.
    pub(super) notes: Vec<String>,
}

impl Measured {
    fn of(figure: Figure, samples: u64) -> Self {
        Measured { figure, samples, notes: Vec::new() }
    }

    /// None where the figure is a quotient of nothing.
    fn part_of(figure: Option<Figure>, samples: u64) -> Result<Self, Unmeasured> {
        figure.map(|figure| Self::of(figure, samples)).ok_or(Unmeasured::NoData)
    }
}

/// The figure of `narrowed`, or why there is none. `key`: which it is of, where each key has a figure of its own.
pub(super) fn measure(
    plan: &Plan,
    aggregate: &Aggregate,
    narrowed: &Narrowed,
    key: Option<&str>,
) -> Result<Measured, Unmeasured> {
    let pool = Pool::new(plan, aggregate, narrowed, key)?;
    kept::check_kept(&pool)?;
    cut::check_seen(&pool)?;
    cut::check_fine_enough(&pool)?;
    Ok(cut::with_precision(&pool, figure(&pool)?))
}

fn figure(pool: &Pool<'_>) -> Result<Measured, Unmeasured> {
    match &pool.narrowed.metric {
        Metric::Latency(statistic) => times::of(&pool.cell().latency, *statistic, MICROS),
        Metric::LatencySlope => slope::of_latency(pool),
        Metric::Service(statistic) => times::of(&times::service(pool), *statistic, MICROS),
        Metric::Ttfb(statistic) => times::of(&pool.cell().ttfb, *statistic, MICROS),
        Metric::Connect(statistic) => times::of(&pool.dist(|part| &part.connect), *statistic, MICROS),
        Metric::Tls(statistic) => times::of(&pool.dist(|part| &part.tls), *statistic, MICROS),
        Metric::Lag(statistic) => times::of(&pool.dist(|part| &part.lag), *statistic, MICROS),
        Metric::Value(name, statistic) => values::of(pool, name, *statistic),
        Metric::Duration => times::duration(pool),
        Metric::Requests => Ok(flow::requests(pool)),
        Metric::Iterations => Ok(flow::iterations(pool)),
        Metric::Rate => flow::rate(pool),
        Metric::RateIterations => flow::rate_of_iterations(pool),
        Metric::RateSustained => flow::sustained(pool),
        Metric::RatePeak => flow::peak(pool),
        Metric::UsersMax => Ok(flow::most(pool, |seen| seen.measured.most_users())),
        Metric::InflightMax => Ok(flow::most(pool, |seen| seen.measured.most_in_flight())),
        Metric::Dropped => Ok(flow::dropped(pool)),
        Metric::BytesSent => Ok(flow::bytes(pool, |cell| cell.bytes_sent)),
        Metric::BytesReceived => Ok(flow::bytes(pool, |cell| cell.bytes_received)),
        Metric::SuccessRate => outcomes::success_rate(pool),
        Metric::ErrorRate => outcomes::error_rate(pool),
        Metric::Errors(selector) => errors::failed(pool, selector),
        Metric::Status(pattern) => errors::answered(pool, *pattern),
        Metric::CacheHitRate(layer) => outcomes::hit_rate(pool, layer.as_deref()),
        Metric::CacheHits => outcomes::hits(pool),
        Metric::CacheMisses => outcomes::misses(pool),
        Metric::Count(group, key) => Group::of(pool, group)?.count(key),
        Metric::Share(group, key) => Group::of(pool, group)?.share(key),
        Metric::ShareMax(group) => Group::of(pool, group)?.greatest_share(),
        Metric::Keys(group) => Group::of(pool, group)?.keys(),
        Metric::Spread(group) => Group::of(pool, group)?.spread(),
        Metric::Capacity => capacity::of(pool),
    }
}
