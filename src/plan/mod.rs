//! From a spec to a checked plan: every fault with its field path, timelines, shares.
//!
//! Behind [`Plan::from_spec`] everything is known to be right: a rate is never zero, a name always resolves.

pub mod executor;
pub mod figure;
pub mod limit;
pub mod metric;
pub mod model;
pub mod objective;
pub mod template;
pub mod tier;
pub mod units;

pub use executor::Executor;
pub use model::*;
pub use objective::*;
