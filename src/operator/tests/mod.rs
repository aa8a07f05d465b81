//! Tests of the operator's pure parts, and what they are made with.

mod events;
mod guard;
pub(crate) mod makers;
mod pods;
mod results;
