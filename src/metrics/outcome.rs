//! How a request ended, and in which part of its phase it was sent.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a request failed. The order is that of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ErrorClass {
    /// A class that the spec declares, by its place in `classify.errors`.
    Declared(u8),
    /// No connection could be opened.
    Connect,
    /// No TLS came about over a connection that was opened.
    Tls,
    /// Nothing, or not all of it, came in time.
    Timeout,
    /// The connection ended amid the exchange.
    Reset,
    /// A kept connection was closed after the request was written and before the first byte of a response.
    Stale,
    /// What came isn't HTTP.
    Protocol,
    /// A redirect led out of the target, or was one too many.
    Redirects,
    /// The body was larger than what is kept of it for checks.
    BodyLimit,
    /// A status of 400 or more.
    Status(u16),
    /// A check didn't hold though the status was below 400.
    Check,
    /// No connection could be opened for want of a descriptor, a port or memory on this side: the generator's limit.
    Exhausted,
    /// A value that the request needs is missing, or would break out of its place: nothing was sent.
    Unsent,
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorClass::Declared(place) => write!(f, "declared {place}"),
            ErrorClass::Connect => f.write_str("connect"),
            ErrorClass::Tls => f.write_str("tls"),
            ErrorClass::Timeout => f.write_str("timeout"),
            ErrorClass::Reset => f.write_str("reset"),
            ErrorClass::Stale => f.write_str("stale"),
            ErrorClass::Protocol => f.write_str("protocol"),
            ErrorClass::Redirects => f.write_str("redirects"),
            ErrorClass::BodyLimit => f.write_str("body_limit"),
            ErrorClass::Status(code) => write!(f, "{code}"),
            ErrorClass::Check => f.write_str("check"),
            ErrorClass::Exhausted => f.write_str("exhausted"),
            ErrorClass::Unsent => f.write_str("unsent"),
        }
    }
}

/// Whether a request was what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// All its checks held.
    Succeeded,
    /// It didn't end, or a check didn't hold.
    Failed,
}

/// The part of a phase that a request was sent in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Part {
    /// While users were still starting: counted, not judged.
    RampUp,
    /// From then on.
    Steady,
}
