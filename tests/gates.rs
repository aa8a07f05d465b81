//! How gates read the status: a golden object for each state that a test can be in, read by kstatus (Flux, Helm) and by
//! the script for Argo CD, and compared with the table.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

#[path = "gates/states.rs"]
mod states;
mod support;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Command;

use loadgate::api::LoadTest;
use mlua::{Lua, LuaSerdeExt, Value};
use support::{is_as_committed, path, tools};

/// What each gate says of each state.
const TABLE: &[(&str, &str, &str)] = &[
    // state                 kstatus       Argo CD
    ("not-yet-seen", "InProgress", "Progressing"),
    ("pending", "InProgress", "Progressing"),
    ("starting", "InProgress", "Progressing"),
    ("held-up", "InProgress", "Progressing"),
    ("forbidden", "InProgress", "Progressing"),
    ("running", "InProgress", "Progressing"),
    ("judging", "InProgress", "Progressing"),
    ("passed", "Current", "Healthy"),
    ("warning", "Current", "Healthy"),
    ("warning-closes-the-gate", "Failed", "Degraded"),
    ("failed", "Failed", "Degraded"),
    ("inconclusive", "Failed", "Degraded"),
    ("aborted", "Failed", "Degraded"),
    ("abort-is-set", "Failed", "Degraded"),
    ("invalid", "Failed", "Degraded"),
    ("start-deadline", "Failed", "Degraded"),
    ("run-deadline", "Failed", "Degraded"),
    ("workers-lost", "Failed", "Degraded"),
    ("result-lost", "Failed", "Degraded"),
    // What is told is of another spec than the one that is there now.
    ("running-spec-changed", "InProgress", "Progressing"),
    ("passed-spec-changed", "InProgress", "Progressing"),
];

fn file(state: &str) -> String {
    format!("tests/golden/states/{state}.yaml")
}

#[test]
fn every_state_is_written_as_committed() {
    let states = states::all();
    let names: Vec<&str> = states.iter().map(|(name, _)| *name).collect();
    let expected: Vec<&str> = TABLE.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, expected, "a state without its row, or a row without its state");
    for (name, test) in states {
        is_as_committed(&file(name), &serde_yaml::to_string(&test).unwrap());
    }
}

#[test]
fn no_file_is_left_of_a_state_that_is_no_more() {
    let mut found: Vec<String> = std::fs::read_dir(path("tests/golden/states"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    found.sort();
    let mut expected: Vec<&str> = TABLE.iter().map(|(name, ..)| *name).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn kstatus_reads_each_state_as_the_table_says() {
    if Command::new("go").arg("version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "there is no Go");
        // Past the capture of the test harness, which would hide it.
        let _ = writeln!(std::io::stderr(), "\nSKIPPED: there is no Go to build kstatus with");
        return;
    }
    let files = TABLE.iter().map(|(name, ..)| path(&file(name)));
    let mut go = Command::new("go");
    go.args(["run", "."]).args(files).current_dir(path("tests/kstatus"));
    let said = tools::output(&mut go).unwrap_or_else(|error| panic!("kstatus: {error}"));
    let words: Vec<&str> = said.lines().filter_map(|line| line.split(' ').next()).collect();
    let read: Vec<_> = TABLE.iter().map(|(name, ..)| *name).zip(words).collect();
    let table: Vec<_> = TABLE.iter().map(|(name, kstatus, _)| (*name, *kstatus)).collect();
    assert_eq!(read, table);
}

#[test]
fn argo_cd_reads_each_state_as_the_table_says() {
    let read: Vec<_> = TABLE.iter().map(|(name, ..)| (*name, health(&committed(name)).0)).collect();
    let table: Vec<_> = TABLE.iter().map(|(name, _, argo)| (*name, (*argo).to_owned())).collect();
    assert_eq!(read, table);
}

#[test]
fn argo_cd_is_told_why_and_what_it_cannot_know_never_opens_the_gate() {
    assert_eq!(health(&committed("failed")).1, committed("failed").status.unwrap().message.unwrap());
    let mut bare = committed("passed");
    bare.status = None;
    assert_eq!(health(&bare).0, "Progressing", "no status at all");
    let mut suspended = committed("running");
    suspended.status.as_mut().unwrap().phase = Some("Suspended".to_owned());
    assert_eq!(health(&suspended).0, "Suspended");
    for type_ in ["Complete", "Ready"] {
        let mut test = committed("passed");
        test.status.as_mut().unwrap().conditions.retain(|condition| condition.type_ != type_);
        assert_eq!(health(&test).0, "Progressing", "without {type_}");
    }
}

/// The words of DESIGN's table, which gates that read conditions themselves rely on.
#[test]
fn conditions_are_those_of_the_table() {
    let under_way = "Complete=False Passed=Unknown Ready=False Reconciling=True";
    let open = "Complete=True Passed=True Ready=True";
    let closed = "Complete=True Passed=False Ready=False Stalled=True";
    for (name, kstatus, _) in TABLE {
        let status = committed(name).status.unwrap();
        let told: Vec<String> =
            status.conditions.iter().map(|c| format!("{}={}", c.type_, c.status)).collect();
        let want = match *kstatus {
            "Current" => open,
            "Failed" => closed,
            _ if *name == "not-yet-seen" => "",
            _ if *name == "passed-spec-changed" => open,
            _ => under_way,
        };
        assert_eq!(told.join(" "), want, "{name}");
        for condition in &status.conditions {
            assert_eq!(condition.observed_generation, status.observed_generation, "{name}");
            assert!(condition.reason.chars().all(|c| c.is_ascii_alphanumeric()), "{name}: {condition:?}");
        }
    }
}

fn committed(state: &str) -> LoadTest {
    serde_yaml::from_str(&std::fs::read_to_string(path(&file(state))).unwrap()).unwrap()
}

/// What the script for Argo CD says of an object: health and message.
fn health(test: &LoadTest) -> (String, String) {
    let lua = Lua::new();
    lua.globals().set("obj", lua.to_value(&serde_json::to_value(test).unwrap()).unwrap()).unwrap();
    let script = std::fs::read_to_string(path("docs/argocd-health.lua")).unwrap();
    let health: Value = lua.load(script).eval().unwrap();
    let mut health: BTreeMap<String, String> = lua.from_value(health).unwrap();
    (health.remove("status").unwrap(), health.remove("message").unwrap())
}
