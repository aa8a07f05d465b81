//! Tests of what is kept of past runs: which results stay, and what the history says.

use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::json;

use super::makers::{ATest, a_test};
use crate::api::{History, PastRun, Verdict};
use crate::operator::build::history::{believed, outdated, past_runs, stored_runs};
use crate::operator::names;
use crate::operator::seen::Author;

/// A stored result of the test's own run of this number, which was made in this second of a minute.
fn stored(number: u64, second: &str, verdict: &str) -> ConfigMap {
    let object = a_test().object().metadata.uid.clone().unwrap();
    serde_json::from_value(json!({"metadata": {
        "name": number.to_string(),
        "creationTimestamp": format!("2026-03-01T12:00:{second}Z"),
        "labels": {"loadgate.dev/run-uid": names::run_uid(&object, number)},
        "annotations": {"loadgate.dev/run-number": number.to_string(), "loadgate.dev/verdict": verdict},
    }}))
    .unwrap()
}

/// A test that keeps so many runs.
fn keeping(kept: usize) -> ATest {
    let keep = u32::try_from(kept).ok();
    a_test().edited(|spec| spec.history = Some(History { keep }))
}

/// The names of those that are kept no longer.
fn gone(test: &ATest, results: Vec<ConfigMap>) -> String {
    let names = outdated(test.object(), results).into_iter().map(|map| map.metadata.name.unwrap());
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_newest_results_stay_and_the_last_that_passed() {
    for (what, results, kept, want) in [
        ("few", vec![stored(1, "01", "Fail")], 2, ""),
        (
            "the oldest goes",
            vec![stored(1, "01", "Pass"), stored(2, "02", "Pass"), stored(3, "03", "Fail")],
            2,
            "1",
        ),
        (
            "the last pass stays",
            vec![stored(1, "01", "Pass"), stored(2, "02", "Fail"), stored(3, "03", "Fail")],
            1,
            "2",
        ),
        ("so does a warning", vec![stored(1, "01", "Warning"), stored(2, "02", "Fail")], 1, ""),
        ("numbers tell within a second", vec![stored(10, "01", "Fail"), stored(9, "01", "Fail")], 1, "9"),
        (
            "numbers begin anew with another object",
            vec![stored(9, "01", "Fail"), stored(1, "02", "Fail")],
            1,
            "9",
        ),
    ] {
        assert_eq!(gone(&keeping(kept), results), want, "{what}");
    }
}

/// The test's third run is judged as the last of these, those before it as the others, newest first.
fn told(kept: usize, latest: Verdict, past: &[(u64, Verdict)]) -> ATest {
    keeping(kept).with_run().finished().with_status(|test| {
        let mut status = test.status.clone().unwrap();
        status.verdict = Some(latest);
        status.run.as_mut().unwrap().number = 3;
        let past = past.iter().map(|(number, verdict)| PastRun {
            number: *number,
            verdict: Some(*verdict),
            ..PastRun::default()
        });
        status.history = past.collect();
        status
    })
}

#[test]
fn what_was_judged_again_since_it_was_stored_counts_by_what_is_said_of_it_now() {
    use Verdict::{Fail, Pass, Warning};
    let as_stored = |verdicts: [&str; 3]| {
        (1..).zip(verdicts).map(|(number, said)| stored(number, &format!("0{number}"), said)).collect()
    };
    for (what, latest, past, verdicts, want) in [
        ("nothing", Fail, vec![(2, Fail), (1, Pass)], ["Pass", "Fail", "Fail"], "2"),
        ("from fail to pass", Fail, vec![(2, Fail), (1, Pass)], ["Fail", "Fail", "Fail"], "2"),
        ("to a warning", Fail, vec![(2, Warning), (1, Fail)], ["Pass", "Fail", "Fail"], "1"),
        ("from pass to fail", Fail, vec![(2, Fail), (1, Pass)], ["Pass", "Pass", "Fail"], "2"),
        ("and none is left", Fail, vec![(2, Fail), (1, Fail)], ["Fail", "Pass", "Fail"], "1 2"),
        ("the latest, to pass", Pass, vec![(2, Fail), (1, Pass)], ["Pass", "Fail", "Fail"], "1 2"),
        ("the latest, to fail", Fail, vec![(2, Fail), (1, Pass)], ["Pass", "Fail", "Pass"], "2"),
        ("what nobody tells of any more", Fail, vec![], ["Fail", "Pass", "Fail"], "1"),
    ] {
        let mut gone: Vec<_> =
            gone(&told(1, latest, &past), as_stored(verdicts)).split(' ').map(str::to_owned).collect();
        gone.sort();
        assert_eq!(gone.join(" "), want, "{what}");
    }
}

#[test]
fn the_last_pass_stays_in_the_history_however_many_runs_have_come_since() {
    let pass = |number| (number, Verdict::Pass);
    let fail = |number| (number, Verdict::Fail);
    for (kept, latest, past, want) in [
        (2, Verdict::Fail, vec![fail(2), pass(1)], vec![3, 1]),
        (1, Verdict::Fail, vec![fail(2), pass(1)], vec![1]),
        (1, Verdict::Pass, vec![pass(1)], vec![3]),
        (3, Verdict::Fail, vec![pass(2), pass(1)], vec![3, 2]),
        (3, Verdict::Fail, vec![fail(2), fail(1)], vec![3, 2]),
    ] {
        let test = told(kept, latest, &past);
        let numbers: Vec<u64> = past_runs(test.object()).iter().map(|run| run.number).collect();
        assert_eq!(numbers, want, "keep {kept}, {latest:?}, {past:?}");
    }
}

#[test]
fn of_a_history_that_is_anybodys_only_that_stands_which_is_stored_or_opens_nothing() {
    use Verdict::{Fail, Inconclusive, Pass, Warning};
    let all = || vec![(1, "Pass"), (2, "Fail")];
    for (what, past, results, want) in [
        ("as it is stored", vec![(2, Fail), (1, Pass)], all(), vec![(2, Fail), (1, Pass)]),
        ("a pass of what has failed", vec![(2, Pass), (1, Pass)], all(), vec![(2, Fail), (1, Pass)]),
        ("a pass of nothing", vec![(2, Pass), (1, Pass)], vec![], vec![]),
        (
            "what opens nothing, of nothing",
            vec![(2, Inconclusive), (1, Fail)],
            vec![],
            vec![(2, Inconclusive), (1, Fail)],
        ),
        (
            "worse than stored, by a later judgement",
            vec![(2, Fail), (1, Fail)],
            all(),
            vec![(2, Fail), (1, Fail)],
        ),
        ("a warning for a pass", vec![(2, Fail), (1, Warning)], all(), vec![(2, Fail), (1, Warning)]),
        ("removed", vec![], all(), vec![(2, Fail), (1, Pass)]),
        ("one removed", vec![(1, Pass)], all(), vec![(2, Fail), (1, Pass)]),
        ("doubled", vec![(2, Fail), (2, Pass), (1, Pass)], all(), vec![(2, Fail), (1, Pass)]),
        ("of a run to come", vec![(7, Fail), (2, Fail), (1, Pass)], all(), vec![(2, Fail), (1, Pass)]),
    ] {
        let test = told(5, Fail, &past);
        let metadata: Vec<_> = results
            .into_iter()
            .map(|(number, verdict)| {
                let mut map = stored(number, "01", verdict);
                map.metadata.annotations.as_mut().unwrap().insert(names::RUN_HASH.to_owned(), "x".to_owned());
                map.metadata
            })
            .collect();
        let past = stored_runs(test.object(), &metadata);
        let status = test.object().status.clone().unwrap();
        let anybody = Author::Anybody { latest: None, is_on: false, past };
        let history = believed(&anybody, test.object(), status.clone()).history;
        let history: Vec<_> = history.into_iter().map(|run| (run.number, run.verdict.unwrap())).collect();
        assert_eq!(history, want, "{what}");
        assert_eq!(believed(&Author::Own, test.object(), status.clone()), status, "{what}");
    }
}
