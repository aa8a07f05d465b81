//! Events on the object: what `kubectl describe` tells of the way to the verdict. Published after the status.

use kube::Resource;
use kube::runtime::events::{Event, EventType};

use super::context::Context;
use crate::api::{LoadTest, LoadTestStatus};

/// Publishes what became new with `after`.
pub async fn publish(context: &Context, test: &LoadTest, after: &LoadTestStatus) {
    let reference = test.object_ref(&());
    for event in news(test.status.as_ref(), after) {
        // Events are a courtesy: a run doesn't depend on them.
        if let Err(error) = context.recorder.publish(&event, &reference).await {
            tracing::debug!(%error, reason = event.reason, "an event wasn't taken");
        }
    }
}

/// The events that the change from one status to the next is worth.
#[must_use]
pub fn news(before: Option<&LoadTestStatus>, after: &LoadTestStatus) -> Vec<Event> {
    let mut events = Vec::new();
    let phase = |status: Option<&LoadTestStatus>| status.and_then(|status| status.phase.clone());
    let message = after.message.clone().unwrap_or_default();
    let (old, new) = (phase(before), phase(Some(after)));
    let load_phase = |status: Option<&LoadTestStatus>| {
        status.and_then(|status| status.progress.as_ref()).map(|progress| progress.phase.clone())
    };
    let lost = |status: Option<&LoadTestStatus>| {
        status.and_then(|status| status.workers.as_ref()).map_or(0, |workers| workers.lost)
    };
    if lost(Some(after)) > lost(before) {
        events.push(event(EventType::Warning, "WorkerLost", &message));
    }
    if new.as_deref() == Some("Running") {
        if old.as_deref() != Some("Running") {
            events.push(event(EventType::Normal, "Started", "all workers are ready; the load begins"));
        }
        let (was, is) = (load_phase(before), load_phase(Some(after)));
        if let Some(was) = was.filter(|was| is.as_ref() != Some(was)) {
            events.push(event(EventType::Normal, "PhaseCompleted", &format!("phase {was} is over")));
        }
    }
    if old != new || before.and_then(|status| status.verdict) != after.verdict {
        events.extend(ending(new.as_deref(), &message));
        let unhealthy = after.generator.as_ref().filter(|generator| !generator.healthy);
        events.extend(
            unhealthy.map(|generator| {
                event(EventType::Warning, "GeneratorSaturated", &generator.reasons.join("; "))
            }),
        );
    }
    events
}

fn ending(phase: Option<&str>, message: &str) -> Option<Event> {
    match phase? {
        "Passed" => Some(event(EventType::Normal, "Passed", message)),
        word @ ("Failed" | "Inconclusive" | "Aborted" | "Invalid" | "Denied") => {
            Some(event(EventType::Warning, word, message))
        }
        _ => None,
    }
}

/// The API server takes notes of at most 1,024 bytes.
const LONGEST_NOTE: usize = 1000;

fn event(type_: EventType, reason: &str, note: &str) -> Event {
    let end = (0..=LONGEST_NOTE.min(note.len())).rev().find(|end| note.is_char_boundary(*end)).unwrap_or(0);
    Event {
        type_,
        reason: reason.to_owned(),
        note: Some(note[..end].to_owned()),
        action: "Run".to_owned(),
        secondary: None,
    }
}
