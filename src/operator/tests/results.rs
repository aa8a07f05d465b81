//! Tests of stored results: what they say when they are read again.

use std::time::Duration;

use serde_json::json;

use super::makers::{ATest, a_test, noon};
use crate::api::{LoadTestStatus, Verdict};
use crate::metrics::{Aggregate, PhaseAggregate, PhaseEnd};
use crate::operator::build::{config_maps, status};
use crate::operator::decide::tests::passed;
use crate::operator::decide::{Ending, run_of};
use crate::operator::judging::{
    case, is_result_of, is_to_be_kept, judge_packed, tell, told_of, without_result,
};
use crate::operator::seen::{Child, Seen};
use crate::operator::storing::NotStored;
use crate::report::conditions::{Told, ended};
use crate::report::kept::KeptRun;
use crate::store;

/// What two workers measured that ended well and sent nothing: enough to be told apart from lost data.
fn measured() -> Aggregate {
    let mut phase =
        PhaseAggregate { started_micros: Some(0), workers: 2, ended: 2, ..PhaseAggregate::default() };
    phase.state.end = Some(PhaseEnd::Completed);
    Aggregate { phases: vec![phase] }
}

fn judged(test: &ATest, ending: &Ending) -> (Seen, KeptRun, LoadTestStatus) {
    let seen = test.clone().seen();
    let case = case(&seen, run_of(&seen.test).unwrap(), ending, Some(measured()), noon()).unwrap();
    let status = tell(&seen.test, &case, ending, noon());
    (seen, case, status)
}

#[track_caller]
fn reason(status: &LoadTestStatus) -> &str {
    &status.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap().reason
}

#[test]
fn a_run_is_judged_by_what_asks_for_it_now_or_else_by_what_it_was_begun_with() {
    for (what, test, generation, target) in [
        ("nothing changed", a_test().through(), 1, "< 1%"),
        ("other requirements", a_test().through().with_other_requirements(), 2, "< 2%"),
        ("another load as well", a_test().through().with_other_requirements().with_other_load(), 1, "< 1%"),
        ("another run of the same load", a_test().through().with_run_id("again"), 1, "< 1%"),
        ("what can't run", a_test().through().with_invalid_spec(), 1, "< 1%"),
    ] {
        let (_, case, status) = judged(&test, &Ending::Planned);
        assert_eq!(status.observed_generation, Some(generation), "{what}");
        assert_eq!(case.spec.requirements[0].objective.target.as_deref(), Some(target), "{what}");
        assert_eq!(status.run.unwrap().run_hash, a_test().plan().hash, "{what}");
    }
}

#[test]
fn the_way_a_run_ended_is_told_by_its_word_and_closes_the_gate() {
    let line = || "why".to_owned();
    for (ending, phase, word) in [
        (Ending::Aborted(line()), "Aborted", "Aborted"),
        (Ending::NotStarted("NameTaken", line()), "Inconclusive", "NameTaken"),
        (Ending::Broken("WorkersLost", line()), "Inconclusive", "WorkersLost"),
        (Ending::Broken("RunDeadlineExceeded", line()), "Inconclusive", "RunDeadlineExceeded"),
    ] {
        let (seen, case, status) = judged(&a_test().through(), &ending);
        assert_eq!((status.phase.as_deref(), reason(&status)), (Some(phase), word), "{ending:?}");
        assert_eq!(status.verdict, Some(Verdict::Inconclusive), "{ending:?}");
        assert!(status.message.as_ref().unwrap().contains("why"), "{status:?}");
        let again =
            judge_packed(&seen, run_of(&seen.test).unwrap(), &store::pack(&case).unwrap().bytes, noon());
        assert_eq!(reason(&again), word, "read again");
    }
}

#[test]
fn a_run_whose_spec_is_lost_is_not_judged_by_that_of_another_load() {
    let test = a_test().through().with_other_load().but(|run| run.spec = Child::Absent);
    let seen = test.seen();
    assert_eq!(case(&seen, run_of(&seen.test).unwrap(), &Ending::Planned, None, noon()), None);
}

#[test]
fn only_loads_that_began_are_kept_and_nothing_foreign_is_overwritten() {
    for (what, test, kept) in [
        ("a load", a_test().through(), true),
        ("none", a_test().starting(), false),
        (
            "the name is taken",
            a_test().through().but(|run| run.result = Child::Foreign("a".to_owned())),
            false,
        ),
    ] {
        let seen = test.seen();
        assert_eq!(is_to_be_kept(&seen, run_of(&seen.test).unwrap()), kept, "{what}");
    }
}

#[test]
fn what_no_release_can_read_is_inconclusive_and_says_what_to_do() {
    let (seen, case, _) = judged(&a_test().through(), &Ending::Planned);
    let other_form = {
        let mut value = serde_json::to_value(&case).unwrap();
        value["form"] = json!(99);
        store::pack(&serde_json::from_value(value).unwrap()).unwrap().bytes
    };
    for (what, packed, told) in
        [("another release's", &other_form[..], "has form 99"), ("damaged", &[1, 2, 3], "can't be")]
    {
        let status = judge_packed(&seen, run_of(&seen.test).unwrap(), packed, noon());
        assert_eq!((status.verdict, reason(&status)), (Some(Verdict::Inconclusive), "ResultUnreadable"));
        let message = status.message.unwrap();
        assert!(message.contains(told) && message.contains("spec.runId"), "{what}: {message}");
        assert_eq!(status.observed_generation, Some(1), "{what}");
    }
}

#[test]
fn a_verdict_goes_with_the_result_that_it_rests_on() {
    let begun = |test: ATest, started_at: Option<&str>| {
        test.with_status(|test| {
            let mut status = test.status.clone().unwrap();
            status.run.as_mut().unwrap().started_at = started_at.map(str::to_owned);
            status
        })
    };
    let refused = |test: &crate::api::LoadTest| {
        status::refused(test, &crate::operator::decide::Refused::Invalid(Vec::new()), noon())
    };
    let passed = |test: ATest| test.with_status(passed);
    let at_noon = Some("2026-03-01T12:00:00Z");
    let (unbegun, on) = (|| a_test().complete(), || begun(a_test().complete(), at_noon));
    for (what, test, word) in [
        ("it never began", unbegun().with_other_requirements(), "Test"),
        ("it began", on().with_other_requirements(), "ResultLost"),
        (
            "it never began, and was refused since",
            unbegun().with_status(refused).with_other_requirements(),
            "NeverStarted",
        ),
        ("it never began, and nothing has changed", unbegun(), "Test"),
        ("it told nothing, and nothing has changed", on(), "Test"),
        ("it has passed, they say", passed(on()), "ResultLost"),
        ("it has passed without a load, they say", passed(unbegun()), "NeverStarted"),
        ("it has failed", on().with_status(failed), "RequirementsMissed"),
        (
            "it has failed by other requirements",
            on().with_status(failed).with_other_requirements(),
            "ResultLost",
        ),
    ] {
        let seen = test.seen();
        let status = without_result(&seen.test, run_of(&seen.test).unwrap(), noon());
        assert_eq!(reason(&status), word, "{what}");
        assert_eq!(status.observed_generation, seen.test.metadata.generation, "{what}");
        assert!(status.verdict >= Some(Verdict::Fail), "{what}: {status:#?}");
    }
}

fn failed(test: &crate::api::LoadTest) -> LoadTestStatus {
    let generation = test.metadata.generation;
    let told = Told { generation, since: noon(), reason: "RequirementsMissed", message: "why" };
    LoadTestStatus {
        phase: Some("Failed".to_owned()),
        verdict: Some(Verdict::Fail),
        conditions: ended(true, &told),
        ..test.status.clone().unwrap()
    }
}

#[test]
fn a_result_is_that_of_a_run_whose_load_and_name_it_has() {
    let run = |test: &ATest| run_of(test.object()).unwrap().clone();
    let test = a_test().with_run_id("a").with_run();
    let metadata = config_maps::result(test.object(), &run(&test), Verdict::Pass, vec![1]).metadata;
    for (what, other, is_its) in [
        ("itself", test.clone(), true),
        ("another name", a_test().with_run_id("b").with_run(), false),
        ("no name", a_test().with_run(), false),
        ("another load", a_test().with_run_id("a").with_other_load().with_run(), false),
        ("another number", test.with_run(), false),
    ] {
        assert_eq!(is_result_of(&metadata, &run(&other)), is_its, "{what}");
    }
}

#[test]
fn what_is_too_large_to_be_kept_leaves_what_was_told_of_it() {
    let (seen, _, status) = judged(&a_test().through(), &Ending::Planned);
    let why = NotStored { reason: NotStored::TOO_LARGE, message: "too large".to_owned() };
    let told = status::not_stored(&seen.test, status, &why, noon());
    let packed = store::pack(&told_of(&seen.test, run_of(&seen.test).unwrap(), &told)).unwrap().bytes;
    let read = |test: ATest| {
        let seen = test.seen();
        judge_packed(&seen, run_of(&seen.test).unwrap(), &packed, noon())
    };
    assert_eq!(read(a_test().through()), told);
    assert_eq!(read(a_test().through().with_abort()).verdict, told.verdict, "judged by the same");
    let by_others = read(a_test().through().with_other_requirements());
    assert_eq!((by_others.verdict, reason(&by_others)), (Some(Verdict::Inconclusive), "ResultUnreadable"));
    assert!(by_others.message.unwrap().contains("isn't kept"));
}

#[test]
fn what_stands_in_the_status_is_what_is_read_again() {
    let (seen, case, status) = judged(&a_test().through(), &Ending::Planned);
    let run = run_of(&seen.test).unwrap().clone();
    let over = a_test().through().with_status(|_| status.clone());
    let again =
        judge_packed(&over.seen(), &run, &store::pack(&case).unwrap().bytes, noon() + Duration::from_mins(9));
    similar_asserts::assert_eq!(again, status, "whoever looks writes nothing");
}

#[test]
fn a_stored_result_says_what_run_and_what_load_it_is_of() {
    let test = a_test().with_run();
    let run = run_of(test.object()).unwrap().clone();
    let map = config_maps::result(test.object(), &run, Verdict::Pass, vec![1, 2]);
    assert_eq!(config_maps::read_result(&map), Some(&[1, 2][..]));
    assert_eq!(map.metadata.owner_references, None, "it outlives the object");
    let annotations = map.metadata.annotations.unwrap();
    assert_eq!(annotations["loadgate.dev/run-hash"], run.run_hash);
}
