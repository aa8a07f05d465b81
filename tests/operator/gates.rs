//! What gates read in objects that the operator has written: the same as in the golden ones.

use loadgate::api::LoadTest;
use serde_json::{Value, json};

use crate::support::gates::{TABLE, committed, conditions, health, kstatus};
use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{LIMIT, constant_rate};
use crate::support::pods::{NGINX, Nginx};

pub(crate) fn gates_read_what_the_operator_has_written(installation: &Installation) {
    let room = installation.room("gates");
    Nginx::start(&room.kubectl);
    what_is_not_run(&room);
    what_is_running_and_what_lost_its_workers(&room);
    what_was_too_long(&room);
    what_was_judged(&room);
}

/// Holds the object as it is now to the golden one of this state, and what gates read in it to the table.
#[track_caller]
pub(crate) fn is_read_as(room: &Room, name: &str, state: &str) {
    let object = room.kubectl.get(&["loadtest", name]);
    let test: LoadTest = serde_json::from_value(object.clone()).unwrap();
    let golden = committed(state);
    let phase = |test: &LoadTest| test.status.as_ref().and_then(|status| status.phase.clone());
    assert_eq!((phase(&test), conditions(&test)), (phase(&golden), conditions(&golden)), "{object:#}");
    let (_, current, healthy) = TABLE.iter().find(|(name, ..)| *name == state).unwrap();
    assert_eq!(health(&test).0, *healthy, "{object:#}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("object.yaml");
    std::fs::write(&file, serde_yaml::to_string(&object).unwrap()).unwrap();
    if let Some(said) = kstatus([file]) {
        assert_eq!(said, [*current], "{object:#}");
    }
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
    room.comes_to_rest("lost");
    is_read_as(room, "lost", "workers-lost");
}

fn what_was_too_long(room: &Room) {
    let mut test = constant_rate("long", NGINX, "20/s", "60s");
    test["spec"]["deadlines"] = json!({"run": "4s"});
    room.kubectl.apply(&test);
    room.comes_to_rest("long");
    is_read_as(room, "long", "run-deadline");
}

/// One run, judged by other requirements again and again.
fn what_was_judged(room: &Room) {
    room.kubectl.apply(&constant_rate("judged", NGINX, "20/s", "3s"));
    let status = room.comes_to_rest("judged");
    let is_sound = status["generator"]["healthy"] == json!(true);
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
    ] {
        if !patch.is_null() {
            room.kubectl.patch("judged", &patch);
            let generation = room.kubectl.get(&["loadtest", "judged"])["metadata"]["generation"].clone();
            let is_told = move |status: &Value| status["observedGeneration"] == generation;
            room.until("judged", LIMIT, "judged anew", is_told);
        }
        is_read_as(room, "judged", if is_sound { state } else { "inconclusive" });
    }
}
