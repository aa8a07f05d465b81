//! What comes next once the load has begun.

use std::time::Duration;

use super::super::{Decision, Ending};
use super::check;
use crate::operator::seen::{Child, Lasted};
use crate::operator::tests::makers::{ATest, a_test, lasted, noon};
use crate::report::facts::rfc3339;

const DEADLINE: &str = "spec.deadlines.run: the load wasn't through after 120 s";

fn aborting(test: ATest, seconds: u64) -> ATest {
    test.but_session(|session| {
        session.view.aborted = Some("spec.abort was set".to_owned());
        session.aborted_for = Some(Duration::from_secs(seconds));
    })
}

fn unheard(test: ATest, seconds: u64) -> ATest {
    test.but_session(|session| session.view.unheard = Duration::from_secs(seconds))
}

fn on_for(test: ATest, load: Lasted) -> ATest {
    test.but_session(|session| session.load = load)
}

fn without_job(test: ATest) -> ATest {
    test.but(|run| run.job = Child::Absent)
}

fn broken(word: &'static str, line: &str) -> Decision {
    Decision::Judge(Ending::Broken(word, line.to_owned()))
}

#[test]
fn a_load_goes_on_until_all_workers_are_through() {
    for (what, test, next) in [
        ("it is on", a_test().begun(), Decision::Watch),
        ("it is through", a_test().through(), Decision::Judge(Ending::Planned)),
        ("other requirements have to wait", a_test().begun().with_other_requirements(), Decision::Watch),
        ("another load has to wait", a_test().begun().with_other_load(), Decision::Watch),
        ("so does an invalid spec", a_test().begun().with_invalid_spec(), Decision::Watch),
        (
            "its result is stored, but what it says wasn't told",
            a_test().through().but(|run| run.result = Child::Ours(())),
            Decision::Rejudge,
        ),
    ] {
        check(what, test, &next);
    }
}

#[test]
fn what_ends_the_load_early_is_told_to_the_workers_first() {
    let abort = |line: &str| Decision::Abort(line.to_owned());
    for (what, test, next) in [
        ("a person", a_test().begun().with_abort(), abort("spec.abort was set")),
        ("the deadline", on_for(a_test().begun(), lasted(120)), abort(DEADLINE)),
        ("a second before", on_for(a_test().begun(), lasted(119)), Decision::Watch),
        ("a lost Job", without_job(a_test().begun()), abort("the workers' Job was taken away")),
    ] {
        check(what, test, &next);
    }
}

#[test]
fn a_load_that_was_ended_is_judged_when_the_workers_are_through_or_too_slow() {
    let aborted = Decision::Judge(Ending::Aborted("spec.abort was set".to_owned()));
    for (what, test, next) in [
        ("on their way", aborting(a_test().begun().with_abort(), 29), Decision::Watch),
        ("too slow", aborting(a_test().begun().with_abort(), 30), aborted.clone()),
        ("heard since", unheard(aborting(a_test().begun().with_abort(), 6), 5), Decision::Watch),
        ("out of reach for now", unheard(aborting(a_test().begun().with_abort(), 5), 9), Decision::Watch),
        ("out of reach", unheard(aborting(a_test().begun().with_abort(), 6), 6), aborted.clone()),
        ("through", aborting(a_test().through().with_abort(), 1), aborted.clone()),
        ("abort is unset meanwhile", aborting(a_test().through(), 1), aborted),
        (
            "the deadline ended it",
            aborting(on_for(a_test().through(), lasted(121)), 1),
            broken("RunDeadlineExceeded", DEADLINE),
        ),
        (
            "its Job was taken away",
            aborting(without_job(a_test().through()), 1),
            broken("WorkersLost", "the workers' Job was taken away"),
        ),
        ("abort came after the end", a_test().through().with_abort(), Decision::Judge(Ending::Planned)),
        ("its Job went after the end", without_job(a_test().through()), Decision::Judge(Ending::Planned)),
        (
            "its workers went with its Job",
            without_job(a_test().through()).but_session(|session| session.view.lost = 2),
            broken("WorkersLost", "the workers' Job was taken away"),
        ),
    ] {
        check(what, test, &next);
    }
}

#[test]
fn an_operator_that_was_away_lets_workers_tell_before_it_ends_their_load() {
    let back_for = |seconds| Lasted { in_all: Duration::from_mins(9), here: Duration::from_secs(seconds) };
    check("just back", on_for(a_test().begun(), back_for(1)), &Decision::Watch);
    check("they had told", on_for(a_test().through(), back_for(1)), &Decision::Judge(Ending::Planned));
    check("they don't tell", on_for(a_test().begun(), back_for(30)), &Decision::Abort(DEADLINE.to_owned()));
}

#[test]
fn no_load_begins_twice_whatever_was_taken_away() {
    let lost = "its frozen spec or its record was taken away, and with it what its workers measured";
    let started = |test: ATest| {
        test.with_status(|test| {
            let mut status = test.status.clone().unwrap();
            status.run.as_mut().unwrap().started_at = Some(rfc3339(noon()));
            status
        })
    };
    for (what, test, next) in [
        (
            "the record, while it is led",
            a_test().begun().but(|run| run.record = Child::Absent),
            Decision::Watch,
        ),
        (
            "the record, while nobody led",
            started(a_test().starting()).without_session(),
            broken("RunLost", lost),
        ),
        (
            "the spec, while it is led",
            a_test().begun().but(|run| run.spec = Child::Foreign("ConfigMap a".to_owned())),
            Decision::Watch,
        ),
        (
            "the spec, while nobody led",
            a_test().begun().without_session().but(|run| run.spec = Child::Absent),
            broken("RunLost", lost),
        ),
        ("everything", started(a_test().with_run()), broken("RunLost", lost)),
    ] {
        check(what, test, &next);
    }
}
