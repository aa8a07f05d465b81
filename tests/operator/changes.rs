//! A spec that is changed: what starts a run, what is judged anew, what waits; and what gates see meanwhile.

use serde_json::{Value, json};

use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{LIMIT, constant_rate, counts, is_judged};
use crate::support::pods::{NGINX, Nginx};

pub(crate) fn a_changed_requirement_is_judged_without_load_and_a_changed_load_waits_for_its_turn(
    installation: &Installation,
) {
    let room = installation.room("changes");
    let nginx = Nginx::start(&room.kubectl);
    room.kubectl.apply(&constant_rate("changed", NGINX, "20/s", "3s"));
    let status = room.comes_to_rest("changed");
    is_judged(&status, "Pass");
    assert_eq!(status["observedGeneration"], 1);
    assert_eq!(status["compliance"]["requirements"][0]["tier"], "Target");
    a_changed_requirement(&room, &nginx);
    a_changed_load(&room, &nginx);
    another_run_id(&room, &nginx);
}

fn a_changed_requirement(room: &Room, nginx: &Nginx) {
    let out_of_reach = json!([{"id": "MANY", "metric": "requests", "target": "> 1000", "critical": "< 500"}]);
    room.kubectl.patch("changed", &json!({"spec": {"requirements": out_of_reach}}));
    let status = room.until("changed", LIMIT, "judged anew", |status| status["observedGeneration"] == 2);
    let row = &status["compliance"]["requirements"][0];
    assert_eq!([&row["id"], &row["measured"], &row["tier"]], ["MANY", "60", "Critical"]);
    is_judged(&status, "Fail");
    assert_eq!(status["run"]["number"], 1);
    assert_eq!(nginx.load().len(), 60, "no load was sent again");
}

/// Changed at rest it runs at once; changed again meanwhile, that waits, and gates with it.
fn a_changed_load(room: &Room, nginx: &Nginx) {
    let rate = |rate: &str, duration: &str| json!({"spec": {"phases": [{"name": "steady", "load": {"constantRate": {"rate": rate, "duration": duration}}}]}});
    room.kubectl.patch("changed", &rate("10/s", "8s"));
    let status = room.is_on("changed");
    assert_eq!(told(&status), (2, 3));
    room.kubectl.patch("changed", &rate("20/s", "2s"));
    let goes_on =
        |status: &Value| status["summary"]["requests"].as_u64().is_some_and(|requests| requests > 50);
    let status = room.until("changed", LIMIT, "going on", goes_on);
    assert_eq!(told(&status), (2, 3), "the change waits");
    let is_through = |status: &Value| status["run"]["number"] == 3 && status["verdict"] == json!(null);
    let status = room.until("changed", LIMIT, "the next run", is_through);
    assert_eq!(told(&status), (3, 4));
    let status = room.until("changed", LIMIT, "judged", |status| !status["verdict"].is_null());
    assert_eq!(told(&status), (3, 4));
    counts(&status, 40);
    let history = status["history"].as_array().unwrap();
    assert_eq!(history.iter().map(|past| past["number"].as_u64().unwrap()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(nginx.load().len(), 60 + 80 + 40);
}

fn another_run_id(room: &Room, nginx: &Nginx) {
    room.kubectl.patch("changed", &json!({"spec": {"runId": "release-7"}}));
    let is_through = |status: &Value| status["run"]["number"] == 4 && !status["verdict"].is_null();
    let status = room.until("changed", LIMIT, "run once more", is_through);
    assert_eq!(told(&status), (4, 5));
    assert_eq!(status["run"]["runId"], "release-7");
    assert_eq!(nginx.load().len(), 60 + 80 + 40 + 40);
    // Neither a label nor the history is a reason to run.
    room.kubectl
        .patch("changed", &json!({"metadata": {"labels": {"team": "a"}}, "spec": {"history": {"keep": 2}}}));
    let status = room.until("changed", LIMIT, "told", |status| status["observedGeneration"] == 6);
    assert_eq!(told(&status), (4, 6));
}

/// The run's number, and the generation that all of the status speaks of.
#[track_caller]
fn told(status: &Value) -> (u64, u64) {
    let generation = status["observedGeneration"].as_u64().unwrap();
    for condition in status["conditions"].as_array().unwrap() {
        assert_eq!(condition["observedGeneration"], generation, "{status:#}");
    }
    (status["run"]["number"].as_u64().unwrap(), generation)
}
