//! The metrics that rows name: one grammar everywhere.

mod catalogue;
mod engine_class;
mod parse;
mod show;

use super::figure::Dimension;
use super::model::StatusPattern;

pub use catalogue::{Entry, catalogue};
pub use engine_class::EngineClass;

/// The seconds that `rate.sustained` is the least over.
pub const SUSTAINED_SECONDS: u32 = 10;

/// A figure that can be judged. Its text form is that of the spec: `latency.p95`, `count(account=acc-1)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Response times, from the intended start.
    Latency(Statistic),
    /// How fast response times grow, by the means of the seconds.
    LatencySlope,
    /// Service times, from the moment of sending.
    Service(Statistic),
    /// From sending to the first byte of the response.
    Ttfb(Statistic),
    /// Opening connections.
    Connect(Statistic),
    /// Agreeing on TLS over them.
    Tls(Statistic),
    /// How late iterations began.
    Lag(Statistic),
    /// A declared number read from responses.
    Value(String, Statistic),
    /// From the first request sent to the last response.
    Duration,
    /// Requests that ended.
    Requests,
    /// Iterations that ended.
    Iterations,
    /// Completed requests per second.
    Rate,
    /// Completed iterations per second.
    RateIterations,
    /// The least completed requests per second over any 10 s.
    RateSustained,
    /// The most completed requests in one second.
    RatePeak,
    /// The most users at once.
    UsersMax,
    /// The most requests in flight at once.
    InflightMax,
    /// Iterations that found no free user.
    Dropped,
    /// Bytes written.
    BytesSent,
    /// Bytes read.
    BytesReceived,
    /// Succeeded requests of all.
    SuccessRate,
    /// Failed requests of all.
    ErrorRate,
    /// Requests that failed in one way.
    Errors(ErrorSelector),
    /// Responses with a status.
    Status(StatusPattern),
    /// Cache hits (of one layer) of all hits and misses.
    CacheHitRate(Option<String>),
    /// Cache hits.
    CacheHits,
    /// Cache misses.
    CacheMisses,
    /// Responses with a key of a group.
    Count(String, String),
    /// The same of all responses with a key.
    Share(String, String),
    /// The greatest share of a key.
    ShareMax(String),
    /// How many keys were seen.
    Keys(String),
    /// The coefficient of variation of the keys' counts.
    Spread(String),
    /// The highest level that held, of a phase that searches for it.
    Capacity,
}

/// What is made of many values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is its own documentation")]
pub enum Statistic {
    P50,
    P90,
    P95,
    P99,
    P999,
    Mean,
    Min,
    Max,
    Sum,
}

/// The errors that `errors(…)` counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorSelector {
    /// All that failed by their status, one or a family.
    Status(StatusPattern),
    /// A class of the engine's own.
    Class(EngineClass),
    /// A class that the spec declares.
    Declared(String),
}

/// What a metric names that the spec must declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declaration<'a> {
    /// An error class in `classify.errors`.
    Error(&'a str),
    /// A group in `classify.groups`.
    Group(&'a str),
    /// A value in `classify.values`.
    Value(&'a str),
    /// `classify.cache`, with a layerHeader where `layer` is true.
    Cache {
        /// Whether a layer is named.
        layer: bool,
    },
}

impl Metric {
    /// What it measures. A declared value has the dimension that its unit gives it, and a capacity that of what goes up, which
    /// only the spec knows: here they are a number and a count.
    #[must_use]
    pub fn dimension(&self) -> Dimension {
        match self {
            Metric::Latency(_)
            | Metric::Service(_)
            | Metric::Ttfb(_)
            | Metric::Connect(_)
            | Metric::Tls(_)
            | Metric::Lag(_)
            | Metric::Duration => Dimension::Time,
            Metric::Value(..) | Metric::Spread(_) => Dimension::Number,
            Metric::Requests
            | Metric::Iterations
            | Metric::UsersMax
            | Metric::InflightMax
            | Metric::Dropped
            | Metric::Errors(_)
            | Metric::Status(_)
            | Metric::CacheHits
            | Metric::CacheMisses
            | Metric::Count(..)
            | Metric::Keys(_)
            | Metric::Capacity => Dimension::Count,
            Metric::Rate | Metric::RateIterations | Metric::RateSustained | Metric::RatePeak => {
                Dimension::Rate
            }
            Metric::BytesSent | Metric::BytesReceived => Dimension::Bytes,
            Metric::LatencySlope => Dimension::TimeSlope,
            Metric::SuccessRate
            | Metric::ErrorRate
            | Metric::CacheHitRate(_)
            | Metric::Share(..)
            | Metric::ShareMax(_) => Dimension::Share,
        }
    }

    /// The fewest samples it can be judged by unless the row says otherwise: 10/(1−q) for a quantile q, ten seconds
    /// for a slope, else 1.
    #[must_use]
    pub fn min_samples(&self) -> u64 {
        if *self == Metric::LatencySlope {
            return 10;
        }
        match self.statistic() {
            Some(Statistic::P50) => 20,
            Some(Statistic::P90) => 100,
            Some(Statistic::P95) => 200,
            Some(Statistic::P99) => 1_000,
            Some(Statistic::P999) => 10_000,
            Some(Statistic::Mean | Statistic::Min | Statistic::Max | Statistic::Sum) | None => 1,
        }
    }

    fn statistic(&self) -> Option<Statistic> {
        match self {
            Metric::Latency(statistic)
            | Metric::Service(statistic)
            | Metric::Ttfb(statistic)
            | Metric::Connect(statistic)
            | Metric::Tls(statistic)
            | Metric::Lag(statistic)
            | Metric::Value(_, statistic) => Some(*statistic),
            _ => None,
        }
    }

    /// Whether it is a quantile.
    #[must_use]
    pub fn is_quantile(&self) -> bool {
        matches!(
            self.statistic(),
            Some(Statistic::P50 | Statistic::P90 | Statistic::P95 | Statistic::P99 | Statistic::P999)
        )
    }

    /// Whether `where.steps` and `where.outcome` can narrow it: what belongs to connections, iterations or users, or
    /// is counted by the second, belongs to no step.
    #[must_use]
    pub fn belongs_to_steps(&self) -> bool {
        !matches!(
            self,
            Metric::Connect(_)
                | Metric::Tls(_)
                | Metric::LatencySlope
                | Metric::Lag(_)
                | Metric::Duration
                | Metric::Iterations
                | Metric::RateIterations
                | Metric::RateSustained
                | Metric::RatePeak
                | Metric::UsersMax
                | Metric::InflightMax
                | Metric::Dropped
                | Metric::Capacity
        )
    }

    /// What it names that the spec must declare.
    #[must_use]
    pub fn declaration(&self) -> Option<Declaration<'_>> {
        match self {
            Metric::Errors(ErrorSelector::Declared(name)) => Some(Declaration::Error(name)),
            Metric::Count(group, _)
            | Metric::Share(group, _)
            | Metric::ShareMax(group)
            | Metric::Keys(group)
            | Metric::Spread(group) => Some(Declaration::Group(group)),
            Metric::Value(name, _) => Some(Declaration::Value(name)),
            Metric::CacheHitRate(layer) => Some(Declaration::Cache { layer: layer.is_some() }),
            Metric::CacheHits | Metric::CacheMisses => Some(Declaration::Cache { layer: false }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
