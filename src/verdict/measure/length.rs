//! Which figures depend on how long a phase is.

use crate::plan::metric::{Metric, Statistic};

/// Whether the figure of a longer phase is greater by that alone.
pub(in crate::verdict) fn grows_with_length(metric: &Metric) -> bool {
    match metric {
        Metric::Value(_, Statistic::Sum)
        | Metric::Duration
        | Metric::Requests
        | Metric::Iterations
        | Metric::Dropped
        | Metric::BytesSent
        | Metric::BytesReceived
        | Metric::Errors(_)
        | Metric::Status(_)
        | Metric::CacheHits
        | Metric::CacheMisses
        | Metric::Count(..) => true,
        Metric::Latency(_)
        | Metric::LatencySlope
        | Metric::Service(_)
        | Metric::Ttfb(_)
        | Metric::Connect(_)
        | Metric::Tls(_)
        | Metric::Lag(_)
        | Metric::Value(..)
        | Metric::Rate
        | Metric::RateIterations
        | Metric::RateSustained
        | Metric::RatePeak
        | Metric::UsersMax
        | Metric::InflightMax
        | Metric::SuccessRate
        | Metric::ErrorRate
        | Metric::CacheHitRate(_)
        | Metric::Share(..)
        | Metric::ShareMax(_)
        | Metric::Keys(_)
        | Metric::Spread(_)
        | Metric::Capacity => false,
    }
}
