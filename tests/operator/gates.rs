//! What gates read in objects that the operator has written: the same as in the golden ones.

use futures_util::TryStreamExt;
use kube::Api;
use kube::api::{WatchEvent, WatchParams};
use loadgate::api::LoadTest;
use serde_json::{Value, json};

use crate::support::gates::{TABLE, committed, conditions, health, kstatus, reasons};
use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{LIMIT, constant_rate, reason, runtime};
use crate::support::pods::{NGINX, Nginx};

pub(crate) fn gates_read_what_the_operator_has_written(installation: &Installation) {
    let room = installation.room("gates");
    Nginx::start(&room.kubectl);
    what_is_not_run(&room);
    what_is_running_and_what_lost_its_workers(&room);
    what_was_too_long(&room);
    what_goes_by(&room);
    what_was_judged(&room);
}

/// Holds the object as it is now to the golden one of this state, and what gates read in it to the table.
#[track_caller]
pub(crate) fn is_read_as(room: &Room, name: &str, state: &str) {
    is_as_the_golden_one(&serde_json::from_value(room.kubectl.get(&["loadtest", name])).unwrap(), state);
}

#[track_caller]
fn is_as_the_golden_one(test: &LoadTest, state: &str) {
    let golden = committed(state);
    assert_eq!((phase(test), conditions(test)), (phase(&golden), conditions(&golden)), "{state}: {test:#?}");
    assert_eq!(reasons(test), reasons(&golden), "{state}: {test:#?}");
    let (_, current, healthy) = TABLE.iter().find(|(name, ..)| *name == state).unwrap();
    assert_eq!(health(test).0, *healthy, "{state}: {test:#?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("object.yaml");
    std::fs::write(&file, serde_yaml::to_string(test).unwrap()).unwrap();
    if let Some(said) = kstatus([file]) {
        assert_eq!(said, [*current], "{state}: {test:#?}");
    }
}

fn phase(test: &LoadTest) -> Option<&str> {
    test.status.as_ref()?.phase.as_deref()
}

/// The object as it was written, time after time, while `this` was done.
fn written(room: &Room, name: &str, this: impl FnOnce()) -> Vec<LoadTest> {
    let (sender, receiver) = std::sync::mpsc::channel();
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
    watching.abort();
    // All of it was written before what was waited for; none is still on its way.
    receiver.try_iter().collect()
}

fn what_is_not_run(room: &Room) {
    let mut test = constant_rate("invalid", NGINX, "20/s", "3s");
    test["spec"]["requirements"][0]["metric"] = json!("latency.p9x");
    room.kubectl.apply(&test);
    room.until("invalid", LIMIT, "refused", |status| status["phase"] == "Invalid");
    is_read_as(room, "invalid", "invalid");

    let mut test = constant_rate("stopped", NGINX, "20/s", "3s");
    test["spec"]["abort"] = json!(true);
    room.kubectl.apply(&test);
    room.until("stopped", LIMIT, "aborted", |status| status["phase"] == "Aborted");
    is_read_as(room, "stopped", "abort-is-set");
}

fn what_is_running_and_what_lost_its_workers(room: &Room) {
    room.kubectl.apply(&constant_rate("lost", NGINX, "20/s", "60s"));
    room.is_on("lost");
    is_read_as(room, "lost", "running");
    room.kubectl.patch("lost", &json!({"spec": {"seed": 7}}));
    is_read_as(room, "lost", "running-spec-changed");
    // As it was, or another run would follow.
    room.kubectl.patch("lost", &json!({"spec": {"seed": null}}));
    room.kubectl.run(&["delete", "job", "lost-run-1"]);
    let status = room.comes_to_rest("lost");
    is_read_as(room, "lost", "workers-lost");
    assert_eq!(reason(&status), "WorkersLost", "{status:#}");
}

fn what_was_too_long(room: &Room) {
    let mut test = constant_rate("long", NGINX, "20/s", "60s");
    test["spec"]["deadlines"] = json!({"run": "4s"});
    room.kubectl.apply(&test);
    let status = room.comes_to_rest("long");
    is_read_as(room, "long", "run-deadline");
    assert_eq!(reason(&status), "RunDeadlineExceeded", "{status:#}");
}

/// Each stage of a run, also those that are over in a moment.
fn what_goes_by(room: &Room) {
    let run = || {
        room.kubectl.apply(&constant_rate("judged", NGINX, "20/s", "3s"));
        room.comes_to_rest("judged");
        // Another run, which takes the place of the verdict.
        room.kubectl.patch("judged", &json!({"spec": {"seed": 7}}));
        room.until("judged", LIMIT, "at the next run", |status| status["run"]["number"] == 2);
        room.comes_to_rest("judged");
    };
    let written = written(room, "judged", run);
    let first = |is: &dyn Fn(&LoadTest) -> bool| written.iter().find(|test| is(test));
    for (state, word) in [
        ("not-yet-seen", None),
        ("pending", Some("Pending")),
        ("starting", Some("Starting")),
        ("running", Some("Running")),
        ("judging", Some("Judging")),
    ] {
        let test = first(&|test| phase(test) == word).unwrap_or_else(|| panic!("it was never {state}"));
        is_as_the_golden_one(test, state);
    }
    let is_old = |test: &LoadTest| {
        let told = test.status.as_ref().and_then(|status| status.observed_generation);
        phase(test) == Some("Passed") && told != test.metadata.generation
    };
    if let Some(test) = first(&is_old) {
        is_as_the_golden_one(test, "passed-spec-changed");
    }
}

/// One run, judged by other requirements again and again.
fn what_was_judged(room: &Room) {
    let status = room.status("judged");
    let is_sound = status["generator"]["healthy"] == json!(true);
    let unsure = json!({"id": "FAST", "metric": "latency.p95", "target": "< 10s"});
    let some = json!({"id": "MANY", "metric": "requests", "target": "> 65", "acceptable": "> 50"});
    let none = json!({"id": "MANY", "metric": "requests", "target": "> 1000", "critical": "< 500"});
    let warned = json!({"spec": {"requirements": [some]}});
    let strict = json!({"spec": {"gate": {"failOn": "Warning"}}});
    let failed = json!({"spec": {"requirements": [none]}});
    for (state, patch) in [
        ("passed", Value::Null),
        ("warning", warned),
        ("warning-closes-the-gate", strict),
        ("failed", failed),
        ("inconclusive", json!({"spec": {"requirements": [unsure]}})),
    ] {
        if !patch.is_null() {
            room.kubectl.patch("judged", &patch);
            let generation = room.kubectl.get(&["loadtest", "judged"])["metadata"]["generation"].clone();
            let is_told = move |status: &Value| status["observedGeneration"] == generation;
            room.until("judged", LIMIT, "judged anew", is_told);
        }
        is_read_as(room, "judged", if is_sound { state } else { "inconclusive" });
    }
    let result = status["results"]["location"].as_str().unwrap().strip_prefix("configmap/").unwrap();
    room.kubectl.run(&["delete", "configmap", result]);
    room.kubectl.patch("judged", &json!({"spec": {"requirements": null}}));
    let generation = room.kubectl.get(&["loadtest", "judged"])["metadata"]["generation"].clone();
    let is_told = move |status: &Value| status["observedGeneration"] == generation;
    room.until("judged", LIMIT, "judged anew", is_told);
    is_read_as(room, "judged", "result-lost");
}
