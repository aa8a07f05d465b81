//! Events on the object: what `kubectl describe` tells of the way to the verdict. Published after the status.

use std::time::Duration;

use kube::Resource;
use kube::runtime::events::{Event, EventType};
use tokio::time::timeout;

use super::context::Context;
use crate::api::{Condition, LoadTest, LoadTestStatus, WorkerCounts};
use crate::report::conditions::RESULTS_STORED;

/// The longest that the run waits for its events to be taken.
const LIMIT: Duration = Duration::from_secs(5);

/// Publishes what became new with `after`. Events are a courtesy: a run doesn't depend on them.
pub async fn publish(context: &Context, test: &LoadTest, after: &LoadTestStatus) {
    let reference = test.object_ref(&());
    let told = async {
        for event in news(test.status.as_ref(), after) {
            if let Err(error) = context.recorder.publish(&event, &reference).await {
                tracing::debug!(%error, reason = event.reason, "an event wasn't taken");
            }
        }
    };
    if timeout(LIMIT, told).await.is_err() {
        tracing::debug!("events weren't taken in time");
    }
}

/// Publishes a warning that no status can tell any more.
pub async fn warn(context: &Context, test: &LoadTest, reason: &str, note: &str) {
    let warning = event(EventType::Warning, reason, note);
    if let Err(error) = context.recorder.publish(&warning, &test.object_ref(&())).await {
        tracing::debug!(%error, reason, "an event wasn't taken");
    }
}

/// The events that the change from one status to the next is worth.
#[must_use]
pub fn news(before: Option<&LoadTestStatus>, after: &LoadTestStatus) -> Vec<Event> {
    let none = LoadTestStatus::default();
    let before = before.unwrap_or(&none);
    let message = after.message.as_deref().unwrap_or_default();
    let mut events = Vec::new();
    if lost(after) > lost(before) {
        events.push(event(EventType::Warning, "WorkerLost", message));
    }
    if let Some(workers) = after.workers.as_ref().filter(|workers| workers.clocks_off > clocks_off(before)) {
        events.push(event(EventType::Warning, "WorkerClockOff", &of_clocks(workers)));
    }
    events.extend(of_phases(before, after));
    if let Some(told) = unstored(after).filter(|_| unstored(before).is_none()) {
        events.push(event(EventType::Warning, "ResultsNotStored", &told.message));
    }
    if before.phase != after.phase || before.verdict != after.verdict {
        events.extend(ending(after.phase.as_deref(), message));
        let unhealthy = after.generator.as_ref().filter(|generator| !generator.healthy);
        events.extend(
            unhealthy.map(|generator| {
                event(EventType::Warning, "GeneratorSaturated", &generator.reasons.join("; "))
            }),
        );
    }
    events
}

fn lost(status: &LoadTestStatus) -> u32 {
    status.workers.as_ref().map_or(0, |workers| workers.lost)
}

fn clocks_off(status: &LoadTestStatus) -> u32 {
    status.workers.as_ref().map_or(0, |workers| workers.clocks_off)
}

fn of_clocks(workers: &WorkerCounts) -> String {
    format!(
        "the clocks of {} of {} workers are 5 s or more from the operator's: what is measured doesn't go by them, the \
         times in their logs do; keep the time of their nodes in step (their logs say by how much it is off)",
        workers.clocks_off, workers.desired
    )
}

fn unstored(status: &LoadTestStatus) -> Option<&Condition> {
    status.conditions.iter().find(|told| told.type_ == RESULTS_STORED && told.status == "False")
}

/// The phases that began and ended between two statuses. What a load that was ended early left isn't completed.
fn of_phases(before: &LoadTestStatus, after: &LoadTestStatus) -> Vec<Event> {
    let was = load_phase(before);
    let is = load_phase(after).filter(|_| after.phase.as_deref() == Some("Running"));
    let is_over = matches!(after.phase.as_deref(), Some("Passed" | "Failed"));
    let mut events = Vec::new();
    if is.is_some() && before.phase.as_deref() != Some("Running") {
        events.push(event(EventType::Normal, "Started", "all workers are ready; the load begins"));
    }
    if let Some(was) = was.filter(|was| is_over || is.is_some_and(|is| is != *was)) {
        events.push(event(EventType::Normal, "PhaseCompleted", &format!("phase {was} is over")));
    }
    if let Some(is) = is.filter(|is| was != Some(is)) {
        events.push(event(EventType::Normal, "PhaseStarted", &format!("phase {is} has begun")));
    }
    events
}

fn load_phase(status: &LoadTestStatus) -> Option<&str> {
    status.progress.as_ref().map(|progress| progress.phase.as_str())
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
