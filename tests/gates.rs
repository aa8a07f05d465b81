//! How gates read the status: a golden object for each state that a test can be in, read by kstatus (Flux, Helm) and by
//! the script for Argo CD, and compared with the table.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

#[path = "gates/states.rs"]
mod states;
mod support;

use support::gates::{TABLE, committed, conditions, file, health, kstatus};
use support::{is_as_committed, path};

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
    let Some(words) = kstatus(TABLE.iter().map(|(name, ..)| path(&file(name)))) else { return };
    let read: Vec<_> = TABLE.iter().map(|(name, ..)| *name).zip(words.iter().map(String::as_str)).collect();
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
    let not_stored = "Complete=True Passed=True Ready=True ResultsStored=False";
    let closed = "Complete=True Passed=False Ready=False Stalled=True";
    for (name, kstatus, _) in TABLE {
        let test = committed(name);
        let want = match *kstatus {
            "Current" if *name == "passed-not-stored" => not_stored,
            "Current" => open,
            "Failed" => closed,
            _ if *name == "not-yet-seen" => "",
            _ if *name == "passed-spec-changed" => open,
            _ => under_way,
        };
        assert_eq!(conditions(&test), want, "{name}");
        let status = test.status.unwrap();
        for condition in &status.conditions {
            assert_eq!(condition.observed_generation, status.observed_generation, "{name}");
            assert!(condition.reason.chars().all(|c| c.is_ascii_alphanumeric()), "{name}: {condition:?}");
        }
    }
}
