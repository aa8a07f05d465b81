//! What was measured: samples, recorders, snapshots on the wire, aggregates of a run.
//!
//! Counts are exact everywhere; percentiles come only from histograms merged bucket by bucket.

pub mod aggregate;
pub mod books;
pub mod cell;
pub mod dist;
mod entry;
mod form;
mod inflated;
pub mod lapse;
pub mod outcome;
pub mod phase;
pub mod recorder;
pub mod sample;
pub mod series;
pub mod slice;
pub mod snapshot;
mod sound;
pub mod strain;
pub mod summary;
pub mod tally;
pub mod thinned;

pub use aggregate::{Aggregate, PhaseAggregate, Tried};
pub use books::{Books, DropReason, PhaseEnd};
pub use cell::{CacheCounts, Cell};
pub use dist::{Digits, Dist};
pub use inflated::DEEPEST;
pub use lapse::Lapse;
pub use outcome::{ErrorClass, Outcome, Part};
pub use phase::{PartState, PhaseState, Span};
pub use recorder::{Layout, Recorder};
pub use sample::{CacheHit, Sample, Timing};
pub use series::Second;
pub use slice::{Filter, Keys, Slice, SliceCell};
pub use snapshot::{PhaseSnapshot, Snapshot, WireError};
pub use sound::{Shape, Unsound};
pub use strain::{CpuLimit, Look, Strain, Tight};
pub use tally::Tally;
pub use thinned::{Line, Pace, Stretch, Thinned, Times};

#[cfg(test)]
mod tests;
