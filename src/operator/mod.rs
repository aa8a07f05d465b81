//! The operator: what makes a LoadTest in a cluster run, and judges it.

pub mod lease;

#[cfg(test)]
mod fake_api;
