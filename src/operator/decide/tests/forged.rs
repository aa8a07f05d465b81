//! What comes next where the status may be anybody's: what is stored decides.

use super::super::{Decision, Ending, decide};
use super::check;
use crate::api::{LoadTest, LoadTestStatus, Verdict};
use crate::operator::build::status;
use crate::operator::names;
use crate::operator::seen::Child;
use crate::operator::tests::makers::{ATest, PODS, a_test, noon};
use crate::report::conditions::{Told, ended};

/// A pass that nobody has judged; which run it is of isn't touched.
pub(crate) fn passed(test: &LoadTest) -> LoadTestStatus {
    let generation = test.metadata.generation;
    let told = Told { generation, since: noon(), reason: "Passed", message: "forged" };
    LoadTestStatus {
        phase: Some("Passed".to_owned()),
        verdict: Some(Verdict::Pass),
        conditions: ended(false, &told),
        observed_generation: generation,
        ..test.status.clone().unwrap()
    }
}

fn inconclusive(test: &LoadTest) -> LoadTestStatus {
    status::unjudged(test, Some(1), "Test", "the load never began", noon())
}

fn without_run(test: &LoadTest) -> LoadTestStatus {
    LoadTestStatus { run: None, ..test.status.clone().unwrap() }
}

/// Its status is as it was made, and this process has only just begun to look.
fn found(test: ATest) -> ATest {
    let stored = test.clone();
    test.by_anybody(Some(&stored))
}

fn forged(test: ATest, tell: fn(&LoadTest) -> LoadTestStatus) -> ATest {
    found(test).with_status(tell)
}

#[test]
fn a_run_that_is_under_way_by_what_there_is_of_it_is_so_whatever_its_status_says() {
    let start = Decision::Start(PODS.map(str::to_owned).to_vec());
    let away = |test: ATest| test.without_session();
    for (what, test, next) in [
        ("the load is on", forged(a_test().begun(), passed), Decision::Watch),
        ("its end is forged", forged(a_test().begun(), inconclusive), Decision::Watch),
        ("workers are ready", forged(a_test().gathered(), passed), start),
        (
            "they are on their way, nobody led",
            forged(away(a_test().starting()), passed),
            Decision::Gather(None),
        ),
        (
            "it is judged: what is stored says how",
            forged(with_result(a_test().through()), passed),
            Decision::Rejudge,
        ),
        ("this process has judged it", with_result(a_test().through()).with_status(passed), Decision::Clear),
        ("a run that never began is over", forged(away(a_test().starting()), inconclusive), Decision::Clear),
    ] {
        check(what, test, &next);
    }
}

fn with_result(test: ATest) -> ATest {
    test.but(|run| run.result = Child::Ours(()))
}

#[test]
fn a_status_at_rest_is_made_anew_once_from_what_is_stored() {
    let invalid = || a_test().complete().with_invalid_spec();
    let refused = status_of(&invalid());
    for (what, test, next) in [
        ("a verdict", forged(a_test().complete(), passed), Decision::Rejudge),
        ("that of the operator before", found(a_test().complete()), Decision::Rejudge),
        ("its own", a_test().complete(), Decision::Rest),
        ("a verdict on what can't run", forged(invalid(), passed), refused),
        ("a run that is on", forged(with_result(a_test().complete().with_children()), on), Decision::Rejudge),
    ] {
        check(what, test, &next);
    }
}

fn on(test: &LoadTest) -> LoadTestStatus {
    status::hindered(test, "LoadIsOn", "forged".to_owned(), noon())
}

fn status_of(test: &ATest) -> Decision {
    let faults = test.clone().seen().plan.unwrap_err();
    Decision::Refuse(super::super::Refused::Invalid(faults))
}

/// Nobody can tell whether it was: nothing of it is begun again, and no gate opens.
#[test]
fn a_run_that_is_told_to_have_begun_is_lost_where_nothing_is_stored_of_it() {
    let second = || a_test().complete().with_run_id("two").with_run();
    let told = |test: ATest, finished_at: Option<String>| {
        let stored = test.clone();
        test.by_anybody(Some(&stored)).with_status(|test| {
            let mut status = if finished_at.is_some() { passed(test) } else { test.status.clone().unwrap() };
            let run = to_come(status.run.as_mut().unwrap());
            (run.started_at, run.finished_at) = (Some(a_moment()), finished_at);
            status
        })
    };
    check("it is over, they say", told(second().finished(), Some(a_moment())), &Decision::Rejudge);
    let seen = told(second(), None).seen();
    let Decision::Judge(Ending::Broken(word, _)) = decide(&seen) else { panic!("it isn't judged") };
    assert_eq!(word, "RunLost", "it is on, they say");
}

/// The third run, as anybody can name it.
fn to_come(run: &mut crate::api::Run) -> &mut crate::api::Run {
    let uid = a_test().object().metadata.uid.clone().unwrap();
    (run.number, run.uid) = (3, names::run_uid(&uid, 3));
    (run.started_at, run.finished_at) = (None, None);
    run
}

fn a_moment() -> String {
    "2026-03-01T12:00:00Z".to_owned()
}

#[test]
fn the_latest_run_is_the_one_that_something_is_stored_of() {
    let second = || a_test().complete().with_run_id("two").with_run();
    let latest = |test: &ATest| Decision::Recover(test.object().status.as_ref().unwrap().run.clone());
    let with = |change: fn(&mut crate::api::Run)| {
        let test = second();
        let stored = test.clone();
        test.by_anybody(Some(&stored)).with_status(|test| {
            let mut status = test.status.clone().unwrap();
            change(status.run.as_mut().unwrap());
            status
        })
    };
    for (what, test, next) in [
        ("the status was removed", forged(second(), |_| LoadTestStatus::default()), latest(&second())),
        ("its run was", forged(second(), without_run), latest(&second())),
        ("another number", with(|run| run.number = 1), latest(&second())),
        ("another UID", with(|run| run.uid.clear()), latest(&second())),
        ("another load", with(|run| run.run_hash.clear()), latest(&second())),
        ("another name", with(|run| run.run_id = None), latest(&second())),
        ("a run to come, which has another UID", with(|run| run.number = 7), latest(&second())),
        (
            "a run to come that is over",
            with(|run| to_come(run).finished_at = Some(a_moment())),
            latest(&second()),
        ),
        (
            "nothing is made of the next one yet",
            second().by_anybody(Some(&a_test().with_run())),
            Decision::Gather(None),
        ),
        ("nothing has run", a_test().by_anybody(None), Decision::Begin),
        (
            "nothing has run, and another is told of",
            a_test().with_run().by_anybody(None).with_status(|test| {
                let mut status = passed(test);
                status.run.as_mut().unwrap().uid.clear();
                status
            }),
            Decision::Recover(None),
        ),
        ("it is going", forged(second().with_finalizer().deleted(), without_run), latest(&second())),
        ("its own, whatever is stored", second(), Decision::Gather(None)),
    ] {
        check(what, test, &next);
    }
}
