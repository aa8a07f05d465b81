//! The operator: what makes a LoadTest in a cluster run, and judges it.

pub mod lease;
pub mod serve;
pub mod telemetry;
pub mod tls;

#[cfg(test)]
mod fake_api;
