//! Lengths of time in a spec: above 0, or not given.

use std::time::Duration;

use crate::plan::fault::At;
use crate::plan::units::{DurationRange, parse_duration};

/// A length that must be given.
pub(in crate::plan) fn required(text: &str, at: &At) -> Option<Duration> {
    at.read(parse_duration(text))
}

/// The length that the spec gives, else `default`.
pub(in crate::plan) fn or_default(text: Option<&String>, default: Duration, at: &At) -> Option<Duration> {
    text.map_or(Some(default), |text| required(text, at))
}

/// The length that the spec gives, if any. The outer none: it is faulty.
#[allow(clippy::option_option, reason = "faulty, not given and given are three things")]
pub(in crate::plan) fn if_given(text: Option<&String>, at: &At) -> Option<Option<Duration>> {
    match text {
        Some(text) => required(text, at).map(Some),
        None => Some(None),
    }
}

/// `1s..3s`, if given: the least and the most. The outer none: it is faulty.
#[allow(clippy::option_option, reason = "faulty, not given and given are three things")]
pub(in crate::plan) fn range_if_given(
    text: Option<&String>,
    at: &At,
) -> Option<Option<(Duration, Duration)>> {
    match text {
        Some(text) => at.read(DurationRange::parse(text)).map(|range| Some((range.least, range.most))),
        None => Some(None),
    }
}
