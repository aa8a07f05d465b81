//! Metrics as the spec writes them.

use std::fmt;

use super::{ErrorSelector, Metric, Statistic};
use crate::plan::model::StatusPattern;

impl fmt::Display for Metric {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Metric::Latency(statistic) => write!(out, "latency.{statistic}"),
            Metric::LatencySlope => out.write_str("latency.slope"),
            Metric::Service(statistic) => write!(out, "service.{statistic}"),
            Metric::Ttfb(statistic) => write!(out, "ttfb.{statistic}"),
            Metric::Connect(statistic) => write!(out, "connect.{statistic}"),
            Metric::Tls(statistic) => write!(out, "tls.{statistic}"),
            Metric::Lag(statistic) => write!(out, "lag.{statistic}"),
            Metric::Value(name, statistic) => write!(out, "value({name}).{statistic}"),
            Metric::Duration => out.write_str("duration"),
            Metric::Requests => out.write_str("requests"),
            Metric::Iterations => out.write_str("iterations"),
            Metric::Rate => out.write_str("rate"),
            Metric::RateIterations => out.write_str("rate.iterations"),
            Metric::RateSustained => out.write_str("rate.sustained"),
            Metric::RatePeak => out.write_str("rate.peak"),
            Metric::UsersMax => out.write_str("users.max"),
            Metric::InflightMax => out.write_str("inflight.max"),
            Metric::Dropped => out.write_str("dropped"),
            Metric::BytesSent => out.write_str("bytes.sent"),
            Metric::BytesReceived => out.write_str("bytes.received"),
            Metric::SuccessRate => out.write_str("success_rate"),
            Metric::ErrorRate => out.write_str("error_rate"),
            Metric::Errors(selector) => write!(out, "errors({selector})"),
            Metric::Status(pattern) => write!(out, "status({pattern})"),
            Metric::CacheHitRate(Some(layer)) => write!(out, "cache.hit_rate(layer={layer})"),
            Metric::CacheHitRate(None) => out.write_str("cache.hit_rate"),
            Metric::CacheHits => out.write_str("cache.hits"),
            Metric::CacheMisses => out.write_str("cache.misses"),
            Metric::Count(group, key) => write!(out, "count({group}={key})"),
            Metric::Share(group, key) => write!(out, "share({group}={key})"),
            Metric::ShareMax(group) => write!(out, "share.max({group})"),
            Metric::Keys(group) => write!(out, "keys({group})"),
            Metric::Spread(group) => write!(out, "spread({group})"),
            Metric::Capacity => out.write_str("capacity"),
        }
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Statistic::P50 => "p50",
            Statistic::P90 => "p90",
            Statistic::P95 => "p95",
            Statistic::P99 => "p99",
            Statistic::P999 => "p999",
            Statistic::Mean => "mean",
            Statistic::Min => "min",
            Statistic::Max => "max",
            Statistic::Sum => "sum",
        })
    }
}

impl fmt::Display for ErrorSelector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorSelector::Status(pattern) => pattern.fmt(out),
            ErrorSelector::Class(class) => class.fmt(out),
            ErrorSelector::Declared(name) => out.write_str(name),
        }
    }
}

impl fmt::Display for StatusPattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StatusPattern::Exact(status) => write!(out, "{status}"),
            StatusPattern::Family(hundreds) => write!(out, "{hundreds}xx"),
        }
    }
}
