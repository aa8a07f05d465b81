//! Tests of the events: each step of a run is told once.

use crate::api::{Generator, LoadTestStatus, Progress, Verdict, WorkerCounts};
use crate::operator::events::news;

fn at(phase: &str) -> LoadTestStatus {
    LoadTestStatus { phase: Some(phase.to_owned()), message: Some("why".to_owned()), ..Default::default() }
}

fn running(phase: &str) -> LoadTestStatus {
    in_phase(at("Running"), phase)
}

fn in_phase(status: LoadTestStatus, phase: &str) -> LoadTestStatus {
    let progress = Progress { phase: phase.to_owned(), ..Progress::default() };
    LoadTestStatus { progress: Some(progress), ..status }
}

fn with_lost(lost: u32, status: LoadTestStatus) -> LoadTestStatus {
    let workers = WorkerCounts { desired: 3, ready: 3, lost, clocks_off: 0 };
    LoadTestStatus { workers: Some(workers), ..status }
}

fn with_clocks_off(clocks_off: u32, status: LoadTestStatus) -> LoadTestStatus {
    let workers = WorkerCounts { desired: 3, ready: 3, lost: 0, clocks_off };
    LoadTestStatus { workers: Some(workers), ..status }
}

fn judged(verdict: Verdict, status: LoadTestStatus) -> LoadTestStatus {
    LoadTestStatus { verdict: Some(verdict), ..status }
}

#[test]
fn each_step_of_a_run_is_told_once() {
    let saturated = Generator { healthy: false, reasons: vec!["CPU".to_owned()], ..Generator::default() };
    let inconclusive = judged(Verdict::Inconclusive, at("Inconclusive"));
    for (before, after, told) in [
        (None, at("Pending"), &[][..]),
        (Some(at("Pending")), at("Starting"), &[]),
        (Some(at("Starting")), running("a"), &["Started", "PhaseStarted"]),
        (Some(running("a")), running("a"), &[]),
        (Some(running("a")), running("b"), &["PhaseCompleted", "PhaseStarted"]),
        (Some(running("a")), with_lost(1, running("a")), &["WorkerLost"]),
        (Some(with_lost(1, running("a"))), with_lost(1, running("a")), &[]),
        (Some(at("Starting")), with_clocks_off(1, at("Starting")), &["WorkerClockOff"]),
        (Some(with_clocks_off(1, at("Starting"))), with_clocks_off(1, at("Starting")), &[]),
        (Some(with_clocks_off(1, running("a"))), with_clocks_off(2, running("a")), &["WorkerClockOff"]),
        (Some(running("b")), in_phase(at("Judging"), "b"), &[]),
        (
            Some(in_phase(at("Judging"), "b")),
            judged(Verdict::Pass, at("Passed")),
            &["PhaseCompleted", "Passed"],
        ),
        (Some(at("Judging")), judged(Verdict::Fail, at("Failed")), &["Failed"]),
        (Some(in_phase(at("Judging"), "b")), inconclusive.clone(), &["Inconclusive"]),
        (Some(in_phase(at("Judging"), "b")), judged(Verdict::Inconclusive, at("Aborted")), &["Aborted"]),
        (
            Some(at("Judging")),
            LoadTestStatus { generator: Some(saturated), ..inconclusive },
            &["Inconclusive", "GeneratorSaturated"],
        ),
        (Some(judged(Verdict::Fail, at("Failed"))), judged(Verdict::Pass, at("Passed")), &["Passed"]),
        (Some(judged(Verdict::Pass, at("Passed"))), judged(Verdict::Pass, at("Passed")), &[]),
        (Some(judged(Verdict::Pass, at("Passed"))), at("Invalid"), &["Invalid"]),
    ] {
        let events = news(before.as_ref(), &after);
        let reasons: Vec<&str> = events.iter().map(|event| event.reason.as_str()).collect();
        assert_eq!(reasons, told, "{:?} to {:?}", before.map(|status| status.phase), after.phase);
    }
}

#[test]
fn a_note_is_cut_where_a_letter_ends_as_the_api_server_takes_so_much_only() {
    let long = LoadTestStatus { message: Some("ä".repeat(1000)), ..at("Failed") };
    let note = news(None, &long)[0].note.clone().unwrap();
    assert_eq!(note, "ä".repeat(500));
}
