//! The first test that anybody runs: what kubectl shows of it on the way and at the end, that its counts are exact, and
//! that its verdict is that of a run of the same file without a cluster.

use serde_json::{Value, json};

use super::local::{quickstart, without_a_cluster};
use super::table::{is_shown_at_the_end, is_shown_in_mid_run};
use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{conditions, is_judged, is_sound, reason, soundly};
use crate::support::pods::Nginx;

pub(crate) fn quickstart_is_told_as_it_goes_and_counted_exactly(installation: &Installation) {
    soundly(|attempt| {
        let room = installation.room(&format!("quickstart-{attempt}"));
        let nginx = Nginx::start(&room.kubectl);
        let mut test = quickstart(attempt);
        test["spec"]["target"]["baseUrl"] = json!(nginx.url_for_all());
        test["spec"]["workers"] = json!({"count": 2});
        let clustered = in_the_cluster(&room, &nginx, &test)?;
        let local = without_a_cluster(&test);
        (is_sound(&clustered) && is_sound(&local)).then(|| is_the_same(&clustered, &local))
    });
}

/// None: the load was over before anybody could look.
fn in_the_cluster(room: &Room, nginx: &Nginx, test: &Value) -> Option<Value> {
    room.kubectl.apply(test);
    is_told_in_mid_run(room);
    is_shown_in_mid_run(room, "quickstart", &["steady"], "2/2")?;
    let status = room.completes("quickstart");
    is_shown_at_the_end(room, &status, "1/1 phase");
    is_counted_as_nginx_counts(nginx, &status, requests(test));
    is_judged(&status, "Pass");
    leaves_its_result_only(room, &status);
    is_told_by_events(room, &status);
    Some(status)
}

fn is_the_same(clustered: &Value, local: &Value) {
    assert_eq!([&clustered["verdict"], &local["verdict"]], ["Pass", "Pass"]);
    let of = |status: &Value| {
        let rows = status["compliance"]["requirements"].as_array().unwrap().iter();
        let rows = rows.map(|row| ["id", "tier", "points"].map(|name| row[name].clone())).collect::<Vec<_>>();
        (
            ["phase", "verdict", "message"].map(|name| status[name].clone()),
            rows,
            status["run"]["runHash"].clone(),
        )
    };
    assert_eq!(of(clustered), of(local));
    for count in ["requests", "succeeded", "failed", "dropped", "cut", "iterations"] {
        assert_eq!(clustered["summary"][count], local["summary"][count], "{count}");
    }
}

fn is_told_in_mid_run(room: &Room) {
    let status = room.is_on("quickstart");
    assert_eq!(conditions(&status), "Complete=False Passed=Unknown Ready=False Reconciling=True");
    assert_eq!(reason(&status), "LoadIsOn");
    assert_eq!(status["observedGeneration"], 1);
}

/// Fifty a second for ten seconds, or fifty of each of two users.
fn requests(test: &Value) -> u64 {
    if test["spec"]["phases"][0]["load"]["constantRate"].is_object() { 500 } else { 100 }
}

/// Each of them once, whoever of the workers sent it.
fn is_counted_as_nginx_counts(nginx: &Nginx, status: &Value, requests: u64) {
    let (load, all) = (nginx.load(), nginx.log());
    assert!(load.iter().all(|line| line.seen == "GET /models 200"), "{load:?}");
    assert_eq!(load.len() as u64, requests);
    assert_eq!(all.len(), load.len() + 1, "the preflight is sent once");
    let summary = &status["summary"];
    let counts =
        ["requests", "succeeded", "failed", "dropped", "cut", "iterations"].map(|name| &summary[name]);
    assert_eq!(counts.map(|count| count.as_u64().unwrap()), [requests, requests, 0, 0, 0, requests]);
    assert_eq!(status["phases"][0]["summary"]["requests"], requests);
}

fn leaves_its_result_only(room: &Room, status: &Value) {
    room.comes_to_rest("quickstart");
    let location = status["results"]["location"].as_str().unwrap();
    let name = location.strip_prefix("configmap/").unwrap();
    room.is_cleared();
    assert_eq!(room.children(), [format!("ConfigMap {name}")]);
}

fn is_told_by_events(room: &Room, status: &Value) {
    let ending: &[&str] =
        if status["verdict"] == "Pass" { &["PhaseCompleted", "Passed"] } else { &["Inconclusive"] };
    let mut expected = [&["Started", "PhaseStarted"], ending].concat();
    if !is_sound(status) {
        expected.push("GeneratorSaturated");
    }
    assert_eq!(room.events("quickstart"), expected);
}
