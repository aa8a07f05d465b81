//! Rows of values: read from the spec and from what stands beside it, and which of them an iteration has.

mod choose;
mod read;
mod table;

pub use read::{Data, config_maps, files};
pub use table::Table;
