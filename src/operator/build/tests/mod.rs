//! Tests of what a run is made of.

mod jobs;
mod statuses;
