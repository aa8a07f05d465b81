//! Lengths of time in a spec: above 0, or not given.

use std::time::Duration;

use crate::plan::fault::At;
use crate::plan::units::{Pause, parse_duration};

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

/// The pause that the spec gives, if any. The outer none: it is faulty.
#[allow(clippy::option_option, reason = "faulty, not given and given are three things")]
pub(in crate::plan) fn pause_if_given(text: Option<&String>, at: &At) -> Option<Option<Pause>> {
    match text {
        Some(text) => at.read(Pause::parse(text)).map(Some),
        None => Some(None),
    }
}
