//! The scenario language through the program and its workers, against a target in the test itself.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

#[path = "scenarios/blocks.rs"]
mod blocks;
#[path = "scenarios/bodies.rs"]
mod bodies;
#[path = "scenarios/cookies.rs"]
mod cookies;
#[path = "scenarios/data.rs"]
mod data;
#[path = "scenarios/extracts.rs"]
mod extracts;
#[path = "scenarios/failures.rs"]
mod failures;
#[path = "scenarios/multipart.rs"]
mod multipart;
#[path = "scenarios/once.rs"]
mod once;
#[path = "scenarios/play.rs"]
mod play;
