//! What becomes of a watch on its way: it may end early, tell twice or late, or tell nothing any more.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::{Stream, StreamExt};
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use crate::weather::{Gossip, Weather};

type Events = Pin<Box<dyn Stream<Item = Result<Bytes, axum::Error>> + Send>>;

/// How often it has become silent so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Silences(Arc<AtomicUsize>);

impl Silences {
    pub(crate) fn begins(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn so_far(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Brings the events of a watch as the weather lets it; none any more from the next of the `silences` on.
pub(crate) fn watched(answer: Response, weather: Arc<Weather>, silences: Silences) -> Response {
    let ends = weather.watch_lasts().map(|lasts| Instant::now() + lasts);
    answer.map(|body| {
        let told: Events = Box::pin(body.into_data_stream());
        let before = silences.so_far();
        let told = Teller { told, line: Vec::new(), weather, silences, before, is_over: false };
        let events: Events = Box::pin(futures_util::stream::unfold(told, Teller::next));
        match ends {
            Some(ends) => Body::from_stream(events.take_until(sleep_until(ends))),
            None => Body::from_stream(events),
        }
    })
}

/// The first event of a watch that asks for what is forgotten.
pub(crate) fn gone() -> String {
    let told = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 410, "reason": "Expired",
        "message": "too old resource version"});
    json!({"type": "ERROR", "object": told}).to_string() + "\n"
}

struct Teller {
    told: Events,
    /// What has come of an event, or of several.
    line: Vec<u8>,
    weather: Arc<Weather>,
    silences: Silences,
    /// How many of those there had been when it began.
    before: usize,
    is_over: bool,
}

impl Teller {
    /// The next event; none: the watch has ended.
    async fn next(mut self) -> Option<(Result<Bytes, axum::Error>, Self)> {
        if self.is_over {
            return None;
        }
        loop {
            if let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
                let event: Bytes = self.line.drain(..=end).collect();
                return Some((Ok(self.tell(event).await), self));
            }
            let more = self.told.next().await;
            if self.silences.so_far() > self.before {
                // Nor does its end come through.
                std::future::pending::<()>().await;
            }
            match more? {
                Ok(more) => self.line.extend(more),
                Err(error) => return Some((Err(error), self)),
            }
        }
    }

    async fn tell(&mut self, event: Bytes) -> Bytes {
        match self.weather.gossip() {
            None => event,
            Some(Gossip::Twice) => Bytes::from([&event[..], &event[..]].concat()),
            Some(Gossip::Late(late)) => {
                sleep(late).await;
                event
            }
            Some(Gossip::Lost) => {
                self.is_over = true;
                gone().into()
            }
        }
    }
}
