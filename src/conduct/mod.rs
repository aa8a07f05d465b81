//! What is done beside the load and isn't measured: reaching the target, preflight.

mod preflight;
mod reach;

pub use preflight::{PreflightError, preflight};
pub use reach::{ReachError, reach};
