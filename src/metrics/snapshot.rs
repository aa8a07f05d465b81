//! What a worker sends: the cumulative state of its phases, numbered, in MessagePack.

use serde::{Deserialize, Serialize};

use super::inflated;
use super::phase::{PhaseState, Seconds};

/// The cumulative state of one phase, and the seconds that changed since the last acknowledged snapshot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PhaseSnapshot {
    /// The phase's place among the phases.
    pub phase: u32,
    /// All but the seconds, from the phase's start.
    pub state: PhaseState,
    /// The seconds that changed; each replaces what was sent of it before.
    pub seconds: Seconds,
}

/// What changed at one worker since its last acknowledged snapshot. A lost, repeated or late one changes nothing:
/// it holds sums since the start, never differences.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Counts the worker's snapshots, from 1.
    pub number: u64,
    /// The phases that changed.
    pub phases: Vec<PhaseSnapshot>,
}

/// Bytes that aren't a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// They can't be read, or a histogram in them isn't what is said of it.
    #[error("the snapshot can't be read: {0}")]
    Unreadable(#[from] rmp_serde::decode::Error),
}

impl Snapshot {
    /// Its wire form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match rmp_serde::to_vec_named(self) {
            Ok(bytes) => bytes,
            Err(_) => unreachable!("a snapshot consists of numbers, texts and lists only"),
        }
    }

    /// Reads the wire form.
    ///
    /// # Errors
    /// When the bytes are not a snapshot, or a histogram in them doesn't hold what is said of it or is too large.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        inflated::check(bytes)?;
        Ok(rmp_serde::from_slice(bytes)?)
    }
}
