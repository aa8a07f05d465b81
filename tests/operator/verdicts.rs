//! The stages of a run and each verdict on it, as the operator has written them: the same as the golden ones, and read
//! alike by gates.

use loadgate::api::LoadTest;
use serde_json::{Value, json};

use crate::support::gates::is_as_the_golden_one;
use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{LIMIT, as_golden, is_sound, latency, soundly};
use crate::support::pods::{NGINX, Nginx};
use crate::written::{is_read_as, written};

/// Figures are told every five seconds: by the end of this they have been told once, also on a busy machine.
const LENGTH: &str = "9s";

pub(crate) fn stages_and_verdicts_are_written_as_committed(installation: &Installation) {
    let room = installation.room("verdicts");
    Nginx::slow(&room.kubectl);
    soundly(|attempt| {
        let name = &format!("quickstart-judged-{attempt}");
        let status = what_goes_by(&room, name)?;
        what_was_judged(&room, name, &status);
        what_was_lost(&room, name, &status);
        Some(())
    });
}

fn phase(test: &LoadTest) -> Option<&str> {
    test.status.as_ref()?.phase.as_deref()
}

/// Each stage of a run, also those that are over in a moment. None: its generator wasn't sound, or on a busy machine it was
/// over before any figure of it was told.
fn what_goes_by(room: &Room, name: &str) -> Option<Value> {
    let mut status = Value::Null;
    let written = written(room, name, || {
        room.kubectl.apply(&as_golden(name, NGINX, LENGTH));
        status = room.comes_to_rest(name);
    });
    if written.iter().any(|test| phase(test) == Some("Judging") && !is_told_with_figures(test)) {
        return None;
    }
    for (state, word) in [
        ("not-yet-seen", None),
        ("pending", Some("Pending")),
        ("starting", Some("Starting")),
        ("judging", Some("Judging")),
    ] {
        let test = written.iter().find(|test| phase(test) == word);
        is_as_the_golden_one(test.unwrap_or_else(|| panic!("it was never {state}")), state);
    }
    is_sound(&status).then_some(status)
}

fn is_told_with_figures(test: &LoadTest) -> bool {
    let summary = test.status.as_ref().and_then(|status| status.summary.as_ref());
    summary.is_some_and(|summary| summary.latency.is_some())
}

/// One run, judged by other requirements again and again: its p95 lies in the bounds as the golden ones' does.
fn what_was_judged(room: &Room, name: &str, status: &Value) {
    let p95 = status["summary"]["latency"]["p95Micros"].as_u64().unwrap();
    let part = |of: u64, measured: u64| format!("{}us", p95 * of / measured);
    let bounds = |measured: u64| {
        let [target, acceptable, critical] = [100, 200, 500].map(|bound| part(bound, measured));
        json!({"target": format!("< {target}"), "acceptable": format!("< {acceptable}"), "critical": format!("> {critical}")})
    };
    let errors = as_golden(name, NGINX, LENGTH)["spec"]["requirements"][1].clone();
    let gate = |fail_on: Option<&str>| json!({"failOn": fail_on});
    for (state, measured, samples, fail_on) in [
        ("warning", 147, 1, None),
        ("warning-closes-the-gate", 147, 1, Some("Warning")),
        ("failed", 600, 1, None),
        ("inconclusive", 20, 100_000, None),
        ("passed", 20, 1, None),
    ] {
        let rows = json!([latency(&bounds(measured), samples), errors]);
        is_judged_anew(room, name, &json!({"requirements": rows, "gate": gate(fail_on)}));
        is_read_as(room, name, state);
    }
}

/// Patches the spec, and waits until what is told is of that.
fn is_judged_anew(room: &Room, name: &str, spec: &Value) {
    room.kubectl.patch(name, &json!({"spec": spec}));
    let generation = room.kubectl.get(&["loadtest", name])["metadata"]["generation"].clone();
    let is_told = move |status: &Value| status["observedGeneration"] == generation;
    room.until(name, LIMIT, "judged anew", is_told);
}

/// The verdict stands for a moment beside a spec that it isn't of, and then there is nothing to judge that spec by.
fn what_was_lost(room: &Room, name: &str, status: &Value) {
    let result = status["results"]["location"].as_str().unwrap().strip_prefix("configmap/").unwrap();
    room.kubectl.run(&["delete", "configmap", result]);
    let row = json!({"requirements": [latency(&json!({"weight": 3}), 1)]});
    let written = written(room, name, || is_judged_anew(room, name, &row));
    let told = |test: &LoadTest| test.status.as_ref().and_then(|status| status.observed_generation);
    let is_old = |test: &&LoadTest| phase(test) == Some("Passed") && told(test) != test.metadata.generation;
    is_as_the_golden_one(written.iter().find(is_old).unwrap(), "passed-spec-changed");
    is_read_as(room, name, "result-lost");
}
