//! Tables of what is seen and what comes next, and the laws that hold in whatever order things happen.

#![allow(clippy::large_stack_arrays, reason = "the rows of these tables are whole objects")]

mod begun;
mod forged;
mod gathering;
mod laws;
mod rest;
mod world;

pub(crate) use forged::passed;

use super::{Decision, decide};
use crate::operator::tests::makers::ATest;

#[track_caller]
fn check(what: &str, test: ATest, next: &Decision) {
    assert_eq!(decide(&test.seen()), *next, "{what}");
}
