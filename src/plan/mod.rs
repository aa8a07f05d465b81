//! From a spec to a checked plan: every fault with its field path, timelines, shares.
//!
//! Behind [`Plan::from_spec`] everything is known to be right: a rate is never zero, a name always resolves.

pub mod coding;
pub mod condition;
pub mod credential;
pub mod cut;
pub mod data;
pub mod document;
pub mod draw;
pub mod executor;
pub mod fault;
pub mod figure;
mod from_spec;
mod hash;
mod interval;
pub mod limit;
pub mod metric;
pub mod model;
mod near;
pub mod objective;
pub mod onward;
mod quantity;
pub mod quick;
pub mod secrets;
mod select;
pub mod share;
pub mod template;
pub mod text;
pub mod tier;
pub mod units;
pub mod window;
pub mod words;
mod written;

pub use cut::Cut;
pub use data::Data;
pub use document::{Checked, Document};
pub use draw::Draws;
pub use executor::Executor;
pub use fault::Fault;
pub use from_spec::Options;
pub use model::*;
pub use objective::*;
pub use onward::Onward;
pub use share::Share;
pub use window::Window;
