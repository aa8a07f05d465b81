//! Loadgate turns a load test into an object and its product requirements into a verdict.

pub mod api;
pub mod metrics;
pub mod plan;
pub mod verdict;
