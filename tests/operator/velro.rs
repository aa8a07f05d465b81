//! Velro's requirements in small: what a cluster of three workers finds is what a run of the same file without one finds.
//!
//! Users, rates and lengths are a part of the example's, so that two busy cores can do it; each phase, step, probability
//! and row is there. Users on a pace draw alike wherever they run, and none of them is due in the last moment of a phase,
//! so the counts are equal.

use serde_json::{Value, json};

use crate::local::without_a_cluster;
use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{example, is_sound, soundly};
use crate::support::pods::{target, url_of};
use crate::table::{is_shown_at_the_end, is_shown_in_mid_run};

/// So many times fewer users, and rates: at first, and where that wasn't held for sound twice.
const SMALLER: [u64; 2] = [500, 2500];
/// So many users at least.
const FEWEST: u64 = 4;
/// So many times as long it may take, on a machine that is busy with other things.
const SLOWER: u64 = 100;
/// The length of a phase, and of the ramp before it.
const LENGTH: &str = "3s";
/// That of the phase which must sustain something: ten seconds are the least.
const SUSTAINED: &str = "12s";
const RAMP: &str = "500ms";
/// Between two iterations of a user. The users begin in turn, over all of it.
const PACE: &str = "3s";
/// The phases in their order.
const PHASES: [&str; 6] = ["warm-up", "intermediate", "large-scale", "prd", "stress", "endurance"];

fn in_small(url: &str, smaller: u64) -> Value {
    let mut test = example("velro-prd");
    test["spec"]["target"]["baseUrl"] = json!(url);
    test["spec"]["workers"] = json!({"count": 3});
    test["spec"]["scenarios"][0]["pace"] = json!(PACE);
    for phase in test["spec"]["phases"].as_array_mut().unwrap() {
        phase.as_object_mut().unwrap().remove("pace");
        let length = if phase["name"] == "prd" { SUSTAINED } else { LENGTH };
        let load = &mut phase["load"]["constantUsers"];
        let users = (load["users"].as_u64().unwrap() / smaller).max(FEWEST);
        *load = json!({"users": users, "duration": length, "rampUp": RAMP});
        phase["expect"].as_array_mut().unwrap().iter_mut().for_each(|row| scale(row, smaller));
    }
    test["spec"]["requirements"].as_array_mut().unwrap().iter_mut().for_each(|row| scale(row, smaller));
    test
}

/// A row on users or rates asks for that part of what it asked for, one on time for less speed; none for many samples.
fn scale(row: &mut Value, smaller: u64) {
    let metric = row["metric"].as_str().unwrap().to_owned();
    let scaled = |bound: u64| match metric.as_str() {
        _ if metric.starts_with("rate") || metric == "users.max" => (bound / smaller).max(1),
        _ if metric.starts_with("latency") => bound * SLOWER,
        _ => bound,
    };
    for limit in ["target", "critical"] {
        if let Some(text) = row[limit].as_str() {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            row[limit] = json!(text.replace(&digits, &scaled(digits.parse().unwrap()).to_string()));
        }
    }
    row["minSamples"] = json!(1);
}

/// What no luck is needed for: the verdict, the requests of each phase, and what became of each row.
#[derive(Debug, PartialEq)]
struct Facts {
    verdict: [String; 3],
    phases: Vec<(String, String, u64, u64)>,
    rows: Vec<[String; 3]>,
}

fn facts(status: &Value) -> Facts {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let of_phase = |phase: &Value| {
        (text(&phase["name"]), text(&phase["verdict"]), count(phase, "requests"), count(phase, "failed"))
    };
    let rows = status["compliance"]["requirements"].as_array().unwrap().iter();
    Facts {
        verdict: ["phase", "verdict", "message"].map(|name| text(&status[name])),
        phases: phases(status).map(of_phase).collect(),
        rows: rows.map(|row| ["id", "tier", "points"].map(|name| text(&row[name]))).collect(),
    }
}

pub(crate) fn a_cluster_finds_what_a_run_without_one_finds(installation: &Installation) {
    soundly(|attempt| {
        let room = installation.room(&format!("velro-{attempt}"));
        target(&room.kubectl, &installation.image);
        let test = in_small(&url_of(&room.kubectl, "target"), SMALLER[usize::from(attempt >= 2)]);
        // The first warms the target's cache, for both alike.
        let local = without_a_cluster(&test);
        let clustered = with_workers(&room, &test)?;
        println!("local {}: {}", local["verdict"], local["message"]);
        println!("in the cluster {}: {}", clustered["verdict"], clustered["message"]);
        (is_sound(&local) && is_sound(&clustered)).then(|| is_the_same(&clustered, &local))
    });
}

fn is_the_same(clustered: &Value, local: &Value) {
    let (clustered, local) = (facts(clustered), facts(local));
    assert_eq!(clustered, local);
    assert_eq!(clustered.verdict[1], "Pass");
    let names: Vec<&str> = clustered.phases.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, PHASES);
    assert!(clustered.phases.iter().all(|(.., requests, failed)| *requests > 0 && *failed == 0));
}

fn phases(status: &Value) -> impl Iterator<Item = &Value> {
    status["phases"].as_array().unwrap().iter()
}

fn count(phase: &Value, name: &str) -> u64 {
    phase["summary"][name].as_u64().unwrap_or_default()
}

/// None: the load was over before anybody could look.
fn with_workers(room: &Room, test: &Value) -> Option<Value> {
    room.kubectl.apply(test);
    room.is_on("velro-prd");
    is_shown_in_mid_run(room, "velro-prd", &PHASES, "3/3")?;
    let status = room.completes("velro-prd");
    is_shown_at_the_end(room, &status, "6/6 phases");
    assert_eq!(status["workers"], json!({"desired": 3, "ready": 3, "lost": 0, "clocksOff": 0}));
    Some(status)
}
