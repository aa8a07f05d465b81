//! How gates read a test: kstatus (Flux, Helm) and the script for Argo CD, and what the table says of each state.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use loadgate::api::LoadTest;
use mlua::{Lua, LuaSerdeExt, Value};

use super::shape::shape;
use super::{path, tools};

/// What each gate says of each state.
pub(crate) const TABLE: &[(&str, &str, &str)] = &[
    // state                 kstatus       Argo CD
    ("not-yet-seen", "InProgress", "Progressing"),
    ("pending", "InProgress", "Progressing"),
    ("starting", "InProgress", "Progressing"),
    ("held-up", "InProgress", "Progressing"),
    ("forbidden", "InProgress", "Progressing"),
    ("running", "InProgress", "Progressing"),
    ("judging", "InProgress", "Progressing"),
    ("passed", "Current", "Healthy"),
    ("passed-not-stored", "Current", "Healthy"),
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

/// The golden object of a state.
pub(crate) fn file(state: &str) -> String {
    format!("tests/golden/states/{state}.yaml")
}

pub(crate) fn committed(state: &str) -> LoadTest {
    serde_yaml::from_str(&std::fs::read_to_string(path(&file(state))).unwrap()).unwrap()
}

/// `Complete=True Passed=False …`, in the order that they stand in.
pub(crate) fn conditions(test: &LoadTest) -> String {
    let conditions = test.status.iter().flat_map(|status| &status.conditions);
    conditions.map(|told| format!("{}={}", told.type_, told.status)).collect::<Vec<_>>().join(" ")
}

/// What kstatus says of each file; none: there is no Go to build it with, which is said.
pub(crate) fn kstatus(files: impl IntoIterator<Item = PathBuf>) -> Option<Vec<String>> {
    if Command::new("go").arg("version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "there is no Go");
        // Past the capture of the test harness, which would hide it.
        let _ = writeln!(std::io::stderr(), "\nSKIPPED: there is no Go to build kstatus with");
        return None;
    }
    let mut go = Command::new("go");
    go.args(["run", "."]).args(files).current_dir(path("tests/kstatus"));
    let said = tools::output(&mut go).unwrap_or_else(|error| panic!("kstatus: {error}"));
    Some(said.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}

/// Holds an object that the operator has written to the golden one of this state, in all of its fields, and what gates
/// read in it to the table.
#[track_caller]
pub(crate) fn is_as_the_golden_one(test: &LoadTest, state: &str) {
    similar_asserts::assert_eq!(golden: shape(&committed(state)), written: shape(test), "{state}");
    is_read_as_the_table_says(test, state);
}

#[track_caller]
fn is_read_as_the_table_says(test: &LoadTest, state: &str) {
    let (_, current, healthy) = TABLE.iter().find(|(name, ..)| *name == state).unwrap();
    assert_eq!(health(test).0, *healthy, "{state}: {test:#?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("object.yaml");
    std::fs::write(&file, serde_yaml::to_string(test).unwrap()).unwrap();
    if let Some(said) = kstatus([file]) {
        assert_eq!(said, [*current], "{state}: {test:#?}");
    }
}

/// What the script for Argo CD says of an object: health and message.
pub(crate) fn health(test: &LoadTest) -> (String, String) {
    let lua = Lua::new();
    lua.globals().set("obj", lua.to_value(&serde_json::to_value(test).unwrap()).unwrap()).unwrap();
    let script = std::fs::read_to_string(path("docs/argocd-health.lua")).unwrap();
    let health: Value = lua.load(script).eval().unwrap();
    let mut health: BTreeMap<String, String> = lua.from_value(health).unwrap();
    (health.remove("status").unwrap(), health.remove("message").unwrap())
}
