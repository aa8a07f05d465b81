//! Clocks that are wrong, and that jump.

use std::path::Path;

use futures_util::StreamExt;
use k8s_openapi::api::core::v1::Event;
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::outcome::{LASTING, USERS, counts_are_exact, was_told_in_order};
use crate::stage::{Stage, on_stage, phase};
use crate::support::faketime::clock;
use crate::support::loadtests::is_judged;
use crate::{LIMIT, NAME, within};

/// Phases of 45 s: longer than who takes over waits before it goes by a deadline that has passed by its clock.
const LONG: u64 = 225;

pub(crate) async fn a_worker_whose_clock_is_off_by_five_minutes_is_told_and_changes_nothing() {
    for off in ["+300", "-300"] {
        let Some(clock) = clock(("FAKETIME", off)) else { return };
        on_stage(move |stage| async move {
            stage.kubelet.has_clock(1, clock);
            stage.runs(LASTING).await;
            stage.until("told of the clock", |test| clocks_off(test) == 1).await;
            warned_of_the_clock(&stage).await;
            let ended = ends_well(stage, LASTING).await;
            assert_eq!(ended["workers"]["clocksOff"], 1, "it is told no longer");
        })
        .await;
    }
}

pub(crate) async fn an_operators_clock_that_jumps_by_an_hour_changes_nothing() {
    let file = NamedTempFile::new().unwrap();
    let Some(clock) = clock(("FAKETIME_TIMESTAMP_FILE", file.path().to_str().unwrap())) else { return };
    on_stage(move |stage| async move {
        set(file.path(), "+0");
        stage.operator.has_clock(clock);
        stage.apply_but(LONG, |spec| spec["deadlines"] = json!({"run": "10m"})).await;
        stage.operator.start();
        stage.until("running", |test| phase(test) == "Running").await;
        set(file.path(), "+3600");
        // Figures are told every five seconds, and the Lease is renewed twice as often.
        let told = stage.until("told of figures", |test| requests(test) > 0).await;
        let told = stage.until("told of more", |test| requests(test) > requests(&told)).await;
        assert_eq!(stage.operator.has_given_up(), 0, "the Lease goes by the time of day");
        // The next one begins an hour before the one that wrote the record.
        stage.operator.kill().await;
        set(file.path(), "-3600");
        stage.start_another().await;
        stage.until("told of more", |test| requests(test) > requests(&told)).await;
        // And the one after that two hours behind.
        stage.operator.kill().await;
        set(file.path(), "+3600");
        stage.start_another().await;
        ends_well(stage, LONG).await;
    })
    .await;
}

fn set(clock: &Path, said: &str) {
    std::fs::write(clock, said).unwrap();
}

fn requests(test: &loadgate::api::LoadTest) -> u64 {
    let summary = test.status.as_ref().and_then(|status| status.summary.as_ref());
    summary.map_or(0, |summary| summary.requests)
}

fn clocks_off(test: &loadgate::api::LoadTest) -> u32 {
    let workers = test.status.as_ref().and_then(|status| status.workers.as_ref());
    workers.map_or(0, |workers| workers.clocks_off)
}

async fn warned_of_the_clock(stage: &Stage) {
    let such = watcher::Config::default().fields("reason=WorkerClockOff");
    let mut events = watcher(stage.api::<Event>(), such).applied_objects().boxed();
    let event = within(LIMIT, "the Event", events.next()).await.unwrap().unwrap();
    let note = event.message.unwrap();
    assert_eq!(event.involved_object.name.as_deref(), Some(NAME));
    assert!(note.starts_with("the clocks of 1 of 2 workers are 5 s or more from the operator's"), "{note}");
}

async fn ends_well(stage: Stage, per_user: u64) -> Value {
    let writes = stage.proxy.hearing();
    let status = stage.comes_to_rest().await;
    is_judged(&status, "Pass");
    assert_eq!(status["workers"]["lost"], 0);
    assert_eq!(status["summary"]["requests"], 2 * USERS * per_user);
    for phase in status["phases"].as_array().unwrap() {
        let millis = phase["summary"]["durationMillis"].as_u64().unwrap();
        assert!(
            (190..2000).contains(&(millis / per_user)),
            "{per_user} times 200 ms took {millis} ms: {phase:#}"
        );
    }
    was_told_in_order(&writes.borrow().writes);
    counts_are_exact(&status, &stage.target.seen());
    status
}
