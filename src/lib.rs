#![doc = include_str!("ARCHITECTURE.md")]

pub mod api;
pub mod cli;
pub mod conduct;
pub mod engine;
pub mod ingest;
pub mod metrics;
pub mod operator;
pub mod plan;
pub mod report;
pub mod store;
pub mod target;
pub mod telemetry;
pub mod verdict;
pub mod worker;
