//! What becomes of a watch on its way: it may end early, tell twice or late, or tell nothing any more.

use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::{Stream, StreamExt};
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use crate::weather::{Gossip, Weather};

type Events = Pin<Box<dyn Stream<Item = Result<Bytes, axum::Error>> + Send>>;

/// Brings the events of a watch as the weather lets it.
pub(crate) fn watched(answer: Response, weather: Arc<Weather>) -> Response {
    let ends = weather.watch_lasts().map(|lasts| Instant::now() + lasts);
    answer.map(|body| {
        let told: Events = Box::pin(body.into_data_stream());
        let told = Teller { told, line: Vec::new(), weather, is_over: false };
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
            let weather = Arc::clone(&self.weather);
            tokio::select! {
                more = self.told.next() => match more? {
                    Ok(more) => self.line.extend(more),
                    Err(error) => return Some((Err(error), self)),
                },
                () = weather.is_mute() => std::future::pending().await,
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
