//! What the operator has written: an object as it is now, and as it was time after time.

use std::sync::mpsc::channel;

use futures_util::TryStreamExt;
use kube::api::{WatchEvent, WatchParams};
use kube::{Api, ResourceExt};
use loadgate::api::LoadTest;

use crate::support::gates::is_as_the_golden_one;
use crate::support::installation::Room;
use crate::support::loadtests::{LIMIT, runtime};

/// Holds the object as it is now to the golden one of this state, and what gates read in it to the table.
#[track_caller]
pub(crate) fn is_read_as(room: &Room, name: &str, state: &str) {
    is_as_the_golden_one(&now(room, name), state);
}

fn now(room: &Room, name: &str) -> LoadTest {
    serde_json::from_value(room.kubectl.get(&["loadtest", name])).unwrap()
}

/// The object as it was written, time after time, while `this` was done.
pub(crate) fn written(room: &Room, name: &str, this: impl FnOnce()) -> Vec<LoadTest> {
    let (sender, receiver) = channel();
    let mut events = runtime().block_on(async {
        let tests: Api<LoadTest> =
            Api::namespaced(room.installation.cluster.client().await, room.kubectl.namespace());
        let parameters = WatchParams::default().fields(&format!("metadata.name={name}"));
        Box::pin(tests.watch(&parameters, "0").await.unwrap())
    });
    let watching = runtime().spawn(async move {
        while let Some(event) = events.try_next().await.unwrap() {
            if let WatchEvent::Added(test) | WatchEvent::Modified(test) = event {
                sender.send(test).unwrap();
            }
        }
    });
    this();
    let last = now(room, name).resource_version();
    let mut written: Vec<LoadTest> = Vec::new();
    while written.last().is_none_or(|test| test.resource_version() != last) {
        written.push(receiver.recv_timeout(LIMIT).unwrap());
    }
    watching.abort();
    written
}
