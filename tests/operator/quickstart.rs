//! The first test that anybody runs: what kubectl shows of it on the way and at the end, and that its counts are exact.

use serde_json::{Value, json};

use super::table::row;
use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{conditions, example, is_judged, reason};
use crate::support::pods::{NGINX, Nginx};

pub(crate) fn quickstart_is_told_as_it_goes_and_counted_exactly(installation: &Installation) {
    let room = installation.room("quickstart");
    let nginx = Nginx::start(&room.kubectl);
    let mut test = example("quickstart");
    test["spec"]["target"]["baseUrl"] = json!(NGINX);
    test["spec"]["workers"] = json!({"count": 2});
    room.kubectl.apply(&test);
    is_shown_in_mid_run(&room);
    let status = room.completes("quickstart");
    is_shown_at_the_end(&room, &status);
    is_counted_as_nginx_counts(&nginx, &status);
    is_judged(&status, "Pass");
    leaves_its_result_only(&room, &status);
    is_told_by_events(&room, &status);
}

fn is_shown_in_mid_run(room: &Room) {
    let status = room.is_on("quickstart");
    assert_eq!(conditions(&status), "Complete=False Passed=Unknown Ready=False Reconciling=True");
    assert_eq!(reason(&status), "LoadIsOn");
    assert_eq!(status["observedGeneration"], 1);
    let table = room.kubectl.run(&["get", "loadtests"]);
    let row = row(&table);
    let cell = |name: &str| row[name].as_str();
    assert_eq!(
        ["NAME", "PHASE", "VERDICT", "SCORE", "GRADE", "ERRORS", "WORKERS"].map(cell),
        ["quickstart", "Running", "", "", "", "0%", "2/2"]
    );
    assert!(cell("PROGRESS").starts_with("phase 1/1 steady ") && cell("PROGRESS").ends_with('%'), "{table}");
    assert!(
        cell("RPS").ends_with("/s") && cell("P95").ends_with('s') && cell("AGE").ends_with('s'),
        "{table}"
    );
}

fn is_shown_at_the_end(room: &Room, status: &Value) {
    let table = room.kubectl.run(&["get", "loadtests"]);
    let row = row(&table);
    assert_eq!(row["PHASE"], if status["verdict"] == "Pass" { "Passed" } else { "Inconclusive" });
    assert_eq!(row["VERDICT"], status["verdict"].as_str().unwrap());
    assert_eq!(row["SCORE"], status["compliance"]["score"].to_string());
    assert_eq!(row["GRADE"], status["compliance"]["grade"].as_str().unwrap());
    assert_eq!([&row["PROGRESS"], &row["ERRORS"], &row["WORKERS"]], ["1/1 phase", "0%", "2/2"]);
    assert!(row["RPS"].ends_with("/s") && row["P95"].ends_with('s'), "{table}");
}

/// 50/s for ten seconds, each of them once, whoever of the workers sent it.
fn is_counted_as_nginx_counts(nginx: &Nginx, status: &Value) {
    let (load, all) = (nginx.load(), nginx.log());
    assert!(load.iter().all(|line| line.seen == "GET /models 200"), "{load:?}");
    assert_eq!(load.len(), 500);
    assert_eq!(all.len(), load.len() + 1, "the preflight is sent once");
    let summary = &status["summary"];
    let counts =
        ["requests", "succeeded", "failed", "dropped", "cut", "iterations"].map(|name| &summary[name]);
    assert_eq!(counts, [500, 500, 0, 0, 0, 500]);
    assert_eq!(status["phases"][0]["summary"]["requests"], 500);
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
    if status["generator"]["healthy"] == json!(false) {
        expected.push("GeneratorSaturated");
    }
    assert_eq!(room.events("quickstart"), expected);
}
