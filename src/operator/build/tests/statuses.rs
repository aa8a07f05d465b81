//! Tests of the status: times of transition, the history, what a stage keeps and what it clears.

use std::time::Duration;

use crate::api::{Compliance, LoadTest, LoadTestStatus, Verdict, WorkerCounts};
use crate::operator::build::history::past_runs;
use crate::operator::build::status;
use crate::operator::decide::Refused;
use crate::operator::tests::makers::{ATest, a_test, noon};
use crate::report::facts::rfc3339;

fn later(seconds: u64) -> jiff::Timestamp {
    noon() + Duration::from_secs(seconds)
}

/// Since when each condition says what it says, in seconds since noon.
fn times(status: &LoadTestStatus) -> Vec<(&str, i64)> {
    let since = |time: jiff::Timestamp| time.duration_since(noon()).as_secs();
    status.conditions.iter().map(|c| (c.type_.as_str(), since(c.last_transition_time.0))).collect()
}

fn workers(ready: u32) -> WorkerCounts {
    WorkerCounts { ready, ..WorkerCounts::none_of(2) }
}

fn passed(test: ATest, score: u32) -> ATest {
    test.with_status(|test| {
        let mut status = test.status.clone().unwrap();
        (status.verdict, status.phase) = (Some(Verdict::Pass), Some("Passed".to_owned()));
        status.compliance = Some(Compliance { score: Some(score), ..Compliance::default() });
        status
    })
}

fn again(test: ATest, id: &str) -> ATest {
    test.with_run_id(id).with_run()
}

#[test]
fn a_condition_keeps_its_time_while_it_says_the_same() {
    let test = a_test().with_run().with_status(|test| status::gathering(test, workers(1), None, later(5)));
    let at_noon = [("Complete", 0), ("Passed", 0), ("Ready", 0), ("Reconciling", 0)];
    assert_eq!(times(test.object().status.as_ref().unwrap()), at_noon);

    let over = test.with_status(|test| status::unjudged(test, Some(1), "Test", "it is over", later(9)));
    let told = times(over.object().status.as_ref().unwrap());
    assert_eq!(told, [("Complete", 9), ("Passed", 9), ("Ready", 0), ("Stalled", 9)]);
}

#[test]
fn what_a_run_is_begun_with_is_clear_of_the_last_one() {
    let test = again(passed(a_test().complete(), 90), "two");
    let status = test.object().status.as_ref().unwrap();
    assert_eq!((status.verdict, status.compliance.as_ref()), (None, None));
    assert_eq!(status.phase.as_deref(), Some("Pending"));
    let run = status.run.as_ref().unwrap();
    assert_eq!((run.number, run.run_id.as_deref()), (2, Some("two")));
    assert_eq!(status.observed_generation, Some(2));
}

#[test]
fn a_status_under_way_speaks_of_the_generation_that_the_run_was_begun_with() {
    let told = |test: &LoadTest| status::gathering(test, workers(2), Some("no node"), later(1));
    let test = a_test().with_run().with_other_requirements().with_status(told);
    let status = test.object().status.as_ref().unwrap();
    assert_eq!(status.observed_generation, Some(1));
    assert_eq!(status.message.as_deref(), Some("2 of 2 workers ready; no node"));
    assert!(status.conditions.iter().all(|condition| condition.reason == "WorkersHeldUp"));
}

#[test]
fn judging_keeps_the_figures_and_tells_when_the_load_began() {
    let test = a_test().with_run().with_status(|test| status::judging(test, Some(later(3)), later(9)));
    let status = test.object().status.as_ref().unwrap();
    assert_eq!(status.phase.as_deref(), Some("Judging"));
    assert_eq!(status.run.as_ref().unwrap().started_at, Some(rfc3339(later(3))));
    assert_eq!(status.display.as_ref().unwrap().progress, "judging");
}

#[test]
fn past_runs_are_told_newest_first_each_once_and_no_more_than_are_kept() {
    let three = again(passed(again(passed(a_test().complete(), 90), "two").finished(), 80), "three");
    let history = &three.object().status.as_ref().unwrap().history;
    let told: Vec<_> = history.iter().map(|run| (run.number, run.score)).collect();
    assert_eq!(told, [(2, Some(80)), (1, Some(90))]);

    let few = |keep| {
        let keep = Some(crate::api::History { keep: Some(keep) });
        past_runs(three.clone().finished().edited(|spec| spec.history = keep).object()).len()
    };
    // The last that passed is kept beside them.
    assert_eq!([few(1), few(2), few(9)], [1, 2, 3]);
}

#[test]
fn a_run_that_was_only_numbered_leaves_no_trace_in_the_history() {
    let twice = again(a_test().with_run(), "two");
    assert_eq!(twice.object().status.as_ref().unwrap().history, []);
    assert_eq!(twice.object().status.as_ref().unwrap().run.as_ref().unwrap().number, 2);
}

#[test]
fn a_refused_spec_keeps_what_the_last_run_said_in_the_history_and_only_there() {
    for (refusal, phase, verdict, next) in [
        (Refused::Invalid(Vec::new()), "Invalid", None, vec![Some(Verdict::Pass)]),
        (
            Refused::Aborted("hash".to_owned()),
            "Aborted",
            Some(Verdict::Inconclusive),
            vec![Some(Verdict::Inconclusive), Some(Verdict::Pass)],
        ),
    ] {
        let refused = |test: &LoadTest| status::refused(test, &refusal, later(1));
        let test =
            passed(a_test().complete(), 90).with_other_load().with_status(refused).with_status(refused);
        let told = test.object().status.clone().unwrap();
        assert_eq!((told.phase.as_deref(), told.verdict, told.compliance), (Some(phase), verdict, None));
        let past: Vec<_> = told.history.iter().map(|run| (run.number, run.verdict)).collect();
        assert_eq!(past, [(1, Some(Verdict::Pass))]);

        let after = again(test.clone(), "two");
        let past = &after.object().status.as_ref().unwrap().history;
        assert_eq!(past.iter().map(|run| run.verdict).collect::<Vec<_>>(), next, "of the next run");
    }
}

#[test]
fn a_run_that_is_judged_again_after_a_refusal_is_the_latest_again() {
    let refused = |test: &LoadTest| status::refused(test, &Refused::Invalid(Vec::new()), later(1));
    let mended = passed(a_test().complete(), 90).with_status(refused).with_status(|test| {
        let run = test.status.as_ref().and_then(|status| status.run.clone());
        status::finished(test, LoadTestStatus { run, ..LoadTestStatus::default() })
    });
    assert_eq!(mended.object().status.as_ref().unwrap().history, []);
}

#[test]
fn what_is_asked_for_while_abort_is_set_is_one_run_that_has_ended_before_it_began() {
    let refused = |hash: &'static str| {
        move |test: &LoadTest| status::refused(test, &Refused::Aborted(hash.to_owned()), later(1))
    };
    let run = |test: &ATest| test.object().status.as_ref().unwrap().run.clone().unwrap();
    let first = a_test().with_run_id("a").with_status(refused("one"));
    let told = run(&first);
    assert_eq!((told.number, told.run_hash.as_str(), told.run_id.as_deref()), (1, "one", Some("a")));
    assert_eq!((told.started_at, told.finished_at), (None, Some(rfc3339(later(1)))));
    let another = first.with_status(refused("two"));
    assert_eq!((run(&another).number, run(&another).run_hash.as_str()), (1, "two"), "nothing was made of it");
    assert_eq!(
        run(&a_test().with_run().with_status(refused("two"))).number,
        1,
        "nor of a run with a number only"
    );
    assert_eq!(run(&a_test().complete().with_status(refused("two"))).number, 2, "a run that has ended stays");
}

#[test]
fn many_faults_are_told_by_the_first_few() {
    let fault = |number: usize| crate::plan::Fault::new(format!("spec.phases[{number}]"), "must be above 0");
    let refused = Refused::Invalid((0..7).map(fault).collect());
    let message = status::refused(a_test().object(), &refused, noon()).message.unwrap();
    assert!(message.starts_with("spec.phases[0]: must be above 0; "), "{message}");
    assert!(message.ends_with("; and 2 more"), "{message}");
}
