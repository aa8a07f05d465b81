//! One request as the engine saw it.

use super::outcome::{ErrorClass, Outcome, Part};

/// When things happened, in microseconds since the phase began, on the worker's monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// When it should have been sent.
    pub intended: u64,
    /// When its first byte was written (or, where no connection came about, when that was tried).
    pub sent: u64,
    /// When the first byte of the response was read; none where none was.
    pub first_byte: Option<u64>,
    /// When the last byte was read, or the request given up.
    pub end: u64,
}

impl Timing {
    /// The response time: from the intended start to the last byte.
    #[must_use]
    pub fn response_micros(&self) -> u64 {
        self.end.saturating_sub(self.intended)
    }
}

/// What the cache said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheHit<'a> {
    /// It had the answer, in the layer named, if one is.
    Hit(Option<&'a str>),
    /// It didn't.
    Miss,
}

/// One request that ended, well or badly.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// The step.
    pub step: usize,
    /// The part of the phase it was sent in.
    pub part: Part,
    /// When things happened.
    pub timing: Timing,
    /// The status, where a response came.
    pub status: Option<u16>,
    /// Why it failed; none: it succeeded.
    pub error: Option<ErrorClass>,
    /// What the cache said; none: outside the rate.
    pub cache: Option<CacheHit<'a>>,
    /// The key of each declared group; none where the response had none. Empty where no response came.
    pub groups: &'a [Option<&'a str>],
    /// Each declared value; none where it couldn't be read. Empty where no response came.
    pub values: &'a [Option<f64>],
    /// Bytes written.
    pub bytes_sent: u64,
    /// Bytes read.
    pub bytes_received: u64,
}

impl Sample<'_> {
    /// Whether it was what it should be.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if self.error.is_none() { Outcome::Succeeded } else { Outcome::Failed }
    }
}
