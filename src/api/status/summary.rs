//! Figures of a phase, or of all of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Figures of a phase or of all of them. Percentiles come from merged histograms.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Requests that ended, well or badly.
    pub requests: u64,
    /// Those whose checks all held.
    pub succeeded: u64,
    /// Those that didn't end or had a failed check.
    pub failed: u64,
    /// Iterations that should have started but didn't.
    pub dropped: u64,
    /// The same by the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped_by: Vec<DropCount>,
    /// Requests cut off at the end of a phase or by an abort; they are not among `requests`.
    pub cut: u64,
    /// Iterations that ended.
    pub iterations: u64,
    /// From the first request sent to the last response.
    pub duration_millis: u64,
    /// Completed requests in a second, over the duration.
    pub requests_per_second: u64,
    /// Response times; absent where nothing was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// Failed requests, as a share of all.
    pub error_ppm: u32,
    /// Failed requests by class, most first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorCount>,
    /// Cache hits, as a share of hits and misses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_hit_ppm: Option<u32>,
    /// Responses by key, for each declared group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupCounts>,
    /// Bytes written to the target.
    pub bytes_sent: u64,
    /// Bytes read from the target.
    pub bytes_received: u64,
}

/// Response times in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "each name is its own documentation")]
pub struct Latency {
    pub p50_micros: u64,
    pub p90_micros: u64,
    pub p95_micros: u64,
    pub p99_micros: u64,
    pub max_micros: u64,
    pub mean_micros: u64,
}

/// How many requests failed in one way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorCount {
    /// A declared class, or connect, timeout, reset, stale, protocol, redirects, check, `body_limit` or a status.
    pub class: String,
    /// How many.
    pub count: u64,
}

/// How many iterations were never begun for one reason.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DropCount {
    /// `noFreeUser`: all users were busy when it was due; `late`: they were when the generator came to it late; `noTimer`;
    /// `noRow`: no row of its data was left.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// Responses by the keys of a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupCounts {
    /// The group.
    pub name: String,
    /// Its keys, most frequent first.
    pub keys: Vec<KeyCount>,
}

/// How often a key was seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyCount {
    /// The key.
    pub key: String,
    /// Responses that had it.
    pub count: u64,
    /// Their share of all that had a key.
    pub share_ppm: u32,
}
