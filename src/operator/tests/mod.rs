//! Tests of the operator's pure parts, and what they are made with.

#![allow(clippy::large_stack_arrays, reason = "the rows of these tables are whole objects")]

pub(crate) mod desk;
mod door;
mod events;
mod guard;
mod histories;
pub(crate) mod makers;
mod pods;
mod results;
mod takeover;
mod telling;
