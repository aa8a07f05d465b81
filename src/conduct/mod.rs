//! What is done before the load and isn't measured: reaching the target, room for its users, preflight.

mod body;
mod client;
mod preflight;
mod reach;
mod room;

pub use preflight::{PreflightError, preflight};
pub use reach::{ReachError, reach};
pub use room::{NoRoom, room};
