//! Velro's requirements in small: what a cluster of three workers finds is what a run of the same file without one finds.
//!
//! Users, rates and lengths are a part of the example's, so that two busy cores can do it; each phase, step, probability
//! and row is there. Users on a pace draw alike wherever they run, so the counts are equal but for the last iterations
//! of a phase: who is to begin one in its last moment may come a moment too late.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::installation::{Installation, Room};
use crate::support::loadtests::example;
use crate::support::pods::target;
use crate::support::program::Run;

/// So many times fewer users, and rates.
const SMALLER: u64 = 50;
/// So many users at least, or a phase would be too short for its percentiles.
const FEWEST: u64 = 60;
/// The length of a phase, and of the ramp before it.
const LENGTH: &str = "3s";
/// That of the phase which must sustain something: ten seconds are the least.
const SUSTAINED: &str = "12s";
const RAMP: &str = "500ms";
/// Between two iterations of a user.
const PACE: &str = "1500ms";

fn in_small(url: &str) -> Value {
    let mut test = example("velro-prd");
    test["spec"]["target"]["baseUrl"] = json!(url);
    test["spec"]["workers"] = json!({"count": 3});
    test["spec"]["scenarios"][0]["pace"] = json!(PACE);
    for phase in test["spec"]["phases"].as_array_mut().unwrap() {
        phase.as_object_mut().unwrap().remove("pace");
        let length = if phase["name"] == "prd" { SUSTAINED } else { LENGTH };
        let load = &mut phase["load"]["constantUsers"];
        let users = (load["users"].as_u64().unwrap() / SMALLER).max(FEWEST);
        *load = json!({"users": users, "duration": length, "rampUp": RAMP});
        phase["expect"].as_array_mut().unwrap().iter_mut().for_each(smaller);
    }
    test["spec"]["requirements"].as_array_mut().unwrap().iter_mut().for_each(smaller);
    test
}

/// A row on users or rates asks for that part of what it asked for.
fn smaller(row: &mut Value) {
    let metric = row["metric"].as_str().unwrap();
    if !metric.starts_with("rate") && metric != "users.max" {
        return;
    }
    for limit in ["target", "critical"] {
        if let Some(text) = row[limit].as_str() {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            let part = digits.parse::<u64>().unwrap() / SMALLER;
            row[limit] = json!(text.replace(&digits, &part.to_string()));
        }
    }
}

/// What no luck is needed for: what failed, phase by phase, and what became of each row that isn't about time.
#[derive(Debug, PartialEq)]
struct Facts {
    phases: Vec<(String, u64)>,
    rows: Vec<(String, String)>,
}

fn facts(status: &Value) -> Facts {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let phases = phases(status).map(|phase| (text(&phase["name"]), count(phase, "failed")));
    let rows = status["compliance"]["requirements"].as_array().unwrap().iter();
    let timeless = rows.filter(|row| !text(&row["metric"]).starts_with("latency"));
    let rows = timeless.map(|row| (text(&row["id"]), text(&row["tier"])));
    Facts { phases: phases.collect(), rows: rows.collect() }
}

pub(crate) fn a_cluster_finds_what_a_run_without_one_finds(installation: &Installation) {
    let room = installation.room("velro");
    target(&room.kubectl, &installation.image);
    let address = room.kubectl.get(&["pod", "target"])["status"]["podIP"].clone();
    // The host reaches pods by their addresses, and not Services by their names.
    let test = in_small(&format!("http://{}:8080", address.as_str().unwrap()));
    // The first warms the target's cache, for both alike.
    let local = without_a_cluster(&test);
    let clustered = with_workers(&room, &test);
    assert_eq!(facts(&clustered), facts(&local));
    assert!(facts(&clustered).phases.iter().all(|(_, failed)| *failed == 0));
    assert_eq!(facts(&clustered).phases.len(), 6);
    for (one, other) in phases(&clustered).zip(phases(&local)) {
        let [one, other] = [one, other].map(|phase| count(phase, "requests"));
        assert!(one > 0 && one.abs_diff(other) <= one / 50, "{one} and {other} requests");
    }
    let is_sound = |status: &Value| status["generator"]["healthy"] == json!(true);
    println!("local {}: {}", local["verdict"], local["message"]);
    println!("in the cluster {}: {}", clustered["verdict"], clustered["message"]);
    if is_sound(&local) && is_sound(&clustered) {
        assert_eq!(clustered["verdict"], local["verdict"], "{}, {}", clustered["message"], local["message"]);
    }
}

fn phases(status: &Value) -> impl Iterator<Item = &Value> {
    status["phases"].as_array().unwrap().iter()
}

fn count(phase: &Value, name: &str) -> u64 {
    phase["summary"][name].as_u64().unwrap_or_default()
}

fn without_a_cluster(test: &Value) -> Value {
    let ended = Run::new(&test.to_string(), &[]).start().wait(Duration::from_mins(2));
    ended.report().0["status"].clone()
}

fn with_workers(room: &Room, test: &Value) -> Value {
    room.kubectl.apply(test);
    let status = room.completes("velro-prd");
    assert_eq!(status["workers"], json!({"desired": 3, "ready": 3, "lost": 0}));
    status
}
