//! What is done before the load and isn't measured: reaching the target, room for its users, a token, preflight.

mod body;
mod client;
mod preflight;
mod reach;
mod room;
mod token;

pub use preflight::{Filled, PreflightError, preflight};
pub use reach::{ReachError, reach};
pub use room::{NoRoom, room};
pub use token::{TokenError, Tokens, tokens};
