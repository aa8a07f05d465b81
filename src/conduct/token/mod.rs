//! Access tokens by client credentials (RFC 6749, 4.4): one before the load, and others before it expires.

mod answer;
mod endpoint;
mod hidden;
mod renewal;

pub use endpoint::TokenError;
pub use renewal::{Tokens, tokens};
