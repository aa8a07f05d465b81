//! The operator: what makes a LoadTest in a cluster run, and judges it.
//!
//! A reconcile reads as its steps: observe, lead, decide, carry out, publish. Beside it stand the election of the one
//! that writes, the ingest that workers report to, and what the operator tells of itself.

pub mod api;
mod aside;
pub mod author;
pub mod build;
pub mod carry_out;
pub mod change;
pub mod context;
mod control;
pub mod decide;
pub mod door;
pub mod dropped;
pub mod ends;
pub mod events;
pub mod guard;
pub mod judging;
pub mod keeping;
pub mod known;
pub mod lead;
pub mod lease;
mod leaving;
pub mod names;
pub mod observe;
pub mod publish;
pub mod reading;
pub mod reconcile;
pub mod record;
pub mod runs;
pub mod seen;
pub mod serve;
mod stop;
pub mod storing;
mod supervise;
pub mod survey;
pub mod telemetry;
pub mod tls;
mod tokens;
mod watched;

pub use build::job::Setting;
pub use supervise::{Configuration, OperatorError, run};

#[cfg(test)]
mod fake_api;
#[cfg(test)]
mod tests;
