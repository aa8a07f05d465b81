//! What a coordinator's response says to a worker.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;

use super::{root, silent};
use crate::ingest::coordinator::{Refusal, Unreachable};
use crate::ingest::wire;

/// The longest answer that is read.
const LONGEST_ANSWER: usize = 64 * 1024;
/// The most characters of an answer that isn't understood which are told.
const LONGEST_LINE: usize = 200;

/// An answer other than a message.
pub(super) enum Missed {
    /// Another process leads. Nothing was taken.
    Elsewhere(SocketAddr),
    /// What the worker is told.
    Told(Unreachable),
}

/// What a response says.
pub(super) async fn answer<A: DeserializeOwned>(response: Response) -> Result<A, Missed> {
    let (status, headers) = (response.status(), response.headers().clone());
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if status == StatusCode::MISDIRECTED_REQUEST
        && let Some(leader) = text(HeaderName::from_static(wire::LEADER_HEADER))
        && let Ok(leader) = leader.parse()
    {
        return Err(Missed::Elsewhere(leader));
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        let seconds = text(RETRY_AFTER).and_then(|seconds| seconds.parse().ok());
        let after = seconds.map_or(wire::COME_AGAIN, Duration::from_secs);
        return Err(Unreachable::Busy(after.min(wire::LATEST_AGAIN)).into());
    }
    let is_message = text(CONTENT_TYPE) == Some(wire::MEDIA_TYPE);
    let body = body(response).await?;
    if status.is_success() {
        return Ok(wire::decode(&body).map_err(silent)?);
    }
    if is_message && let Ok(refusal) = wire::decode::<Refusal>(&body) {
        return Err(Unreachable::from(refusal).into());
    }
    let said = format!("{status}: {}", first_line(&body));
    Err(Missed::Told(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PAYLOAD_TOO_LARGE => {
            Unreachable::TurnedAway(said)
        }
        _ => Unreachable::Silent(said),
    }))
}

/// The body, unless it is longer than any answer.
async fn body(mut response: Response) -> Result<Vec<u8>, Unreachable> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| silent(root(&error)))? {
        if body.len() + piece.len() > LONGEST_ANSWER {
            return Err(silent("the answer is too long"));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// As much of a text as belongs into a log.
fn first_line(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take_while(|c| !c.is_control()).take(LONGEST_LINE).collect()
}

impl From<Unreachable> for Missed {
    fn from(error: Unreachable) -> Self {
        Missed::Told(error)
    }
}
