//! From a spec to a checked plan: every fault with its field path, timelines, shares.

pub mod figure;
mod interval;
pub mod limit;
mod quantity;
pub mod text;
pub mod tier;
pub mod units;
