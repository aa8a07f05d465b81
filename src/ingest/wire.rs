//! How coordinator and workers talk over HTTP: paths, headers, statuses, bodies in MessagePack.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::coordinator::Refusal;
use crate::metrics::DEEPEST;

/// The media type of all bodies.
pub const MEDIA_TYPE: &str = "application/vnd.msgpack";
/// In an answer with status 421: the address (`ip:port`) of the one that leads.
pub const LEADER_HEADER: &str = "x-loadgate-leader";
/// How long an answer may be held back at most, whatever the worker asks for.
pub const LONGEST_PATIENCE: Duration = Duration::from_secs(30);
/// Whoever is told to come again comes after so long, where nothing else is said.
pub const COME_AGAIN: Duration = Duration::from_secs(1);
/// Nobody is told to come again after longer.
pub const LATEST_AGAIN: Duration = Duration::from_secs(10);
/// The largest body of a report that is read. A report tells of one phase and at most an hour of its seconds, which
/// comes to a megabyte each where there are hundreds of steps.
pub const LARGEST_REPORT: usize = 8 * 1024 * 1024;
/// The largest body of a registration that is read.
pub const LARGEST_REGISTRATION: usize = 16 * 1024;

/// `POST` here to register.
#[must_use]
pub fn register_path(run: &str) -> String {
    format!("/v1/runs/{run}/register")
}

/// `POST` here to report; `patience` is in milliseconds.
#[must_use]
pub fn report_path(run: &str, patience: Duration) -> String {
    format!("/v1/runs/{run}/report?patience={}", patience.as_millis())
}

/// The HTTP status of a refusal.
#[must_use]
pub fn status(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::Protocol { .. }
        | Refusal::Plan { .. }
        | Refusal::Data { .. }
        | Refusal::Taken { .. }
        | Refusal::TooLate => 409,
        Refusal::NoSuchShare { .. } | Refusal::Unknown { .. } => 404,
        Refusal::Unreadable(_) => 400,
    }
}

/// The body of a message.
#[must_use]
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    match rmp_serde::to_vec_named(message) {
        Ok(bytes) => bytes,
        Err(_) => unreachable!("messages consist of numbers, texts, bytes and lists only"),
    }
}

/// The message in a body.
///
/// # Errors
/// When the bytes are no such message, or what nobody asks for in it is too deep to be passed over.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, rmp_serde::decode::Error> {
    let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
    reader.set_max_depth(DEEPEST);
    T::deserialize(&mut reader)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::Admission;

    /// Threads of tests have as large a stack as those that read reports.
    #[test]
    fn what_is_too_deep_is_refused_before_the_stack_ends() {
        for depth in [DEEPEST + 1, 1_000, 1_000_000] {
            // A field that nobody knows.
            let deep = [&[0x81, 0xa1, b'x'][..], &vec![0x91; depth], &[0]].concat();
            let told = decode::<Admission>(&deep).expect_err("it is refused").to_string();
            assert!(told.contains("depth"), "{depth}: {told}");
        }
    }
}
