//! What comes next before the load has begun.

use std::time::Duration;

use super::super::{Decision, Ending};
use super::check;
use crate::api::LoadTest;
use crate::operator::build::status;
use crate::operator::seen::{Child, Lasted, PodState};
use crate::operator::tests::makers::{ATest, PODS, a_test, noon};

fn not_started(word: &'static str, line: &str) -> Decision {
    Decision::Judge(Ending::NotStarted(word, line.to_owned()))
}

fn held_up(line: &str) -> Decision {
    Decision::Gather(Some(line.to_owned()))
}

fn ended(code: i32, message: &str) -> PodState {
    PodState::Ended { code: Some(code), message: message.to_owned() }
}

#[test]
fn children_are_made_and_the_load_begins_when_all_workers_are_ready() {
    let owners = PODS.map(str::to_owned).to_vec();
    for (what, test, next) in [
        ("nothing is made yet", a_test().with_run(), Decision::Gather(None)),
        ("workers are on their way", a_test().starting(), Decision::Gather(None)),
        ("all are ready", a_test().gathered(), Decision::Start(owners)),
        (
            "the Job was taken away before the load began",
            a_test().starting().but(|run| run.job = Child::Absent),
            Decision::Gather(None),
        ),
        (
            "other requirements meanwhile change nothing",
            a_test().starting().with_other_requirements(),
            Decision::Gather(None),
        ),
        (
            "another load meanwhile has to wait",
            a_test().gathered().with_other_load(),
            Decision::Start(PODS.map(str::to_owned).to_vec()),
        ),
    ] {
        check(what, test, &next);
    }
}

#[test]
fn what_keeps_the_workers_is_told_in_the_words_of_kubernetes() {
    let unschedulable = || PodState::Waiting(Some("Unschedulable: 0/1 nodes are available".to_owned()));
    let quota = "pods \"shop-run-1-0\" is forbidden: exceeded quota";
    for (what, test, next) in [
        ("ordinary steps", a_test().starting().with_pod(PodState::Waiting(None)), Decision::Gather(None)),
        (
            "no node",
            a_test().starting().with_pod(unschedulable()),
            held_up("worker 1: Unschedulable: 0/1 nodes are available"),
        ),
        (
            "a worker ended and is tried once more",
            a_test().starting().with_pod(ended(1, "no way to the coordinator")),
            held_up("worker 1 ended: no way to the coordinator"),
        ),
        ("no pod at all", a_test().starting().but(|run| hinder(run, quota)), held_up(quota)),
        (
            "too late",
            a_test().starting().with_pod(unschedulable()).after(60),
            not_started(
                "StartDeadlineExceeded",
                "not all workers were ready within 60 s: worker 1: Unschedulable: 0/1 nodes are available",
            ),
        ),
        ("just in time", a_test().starting().after(59), Decision::Gather(None)),
    ] {
        check(what, test, &next);
    }
}

fn hinder(run: &mut crate::operator::seen::SeenRun, quota: &str) {
    let Child::Ours(job) = &mut run.job else { panic!("there is no Job") };
    job.hindered = Some(quota.to_owned());
}

#[test]
fn what_no_waiting_can_mend_is_told_at_once() {
    let failed = |test: ATest, why: &str| {
        test.but(|run| {
            let Child::Ours(job) = &mut run.job else { panic!("there is no Job") };
            job.failed = Some(why.to_owned());
        })
    };
    for (what, test, next) in [
        (
            "the target isn't there",
            a_test().starting().with_pod(ended(4, "preflight: connection refused")),
            not_started("TargetNotReady", "preflight: connection refused"),
        ),
        (
            "another release",
            a_test().starting().with_pod(ended(3, "protocol 2")),
            not_started("WorkersRefused", "protocol 2"),
        ),
        (
            "both attempts of a worker failed",
            failed(a_test().starting().with_pod(ended(1, "no such host")), "MaxFailedIndexesExceeded"),
            not_started("WorkersFailed", "MaxFailedIndexesExceeded: no such host"),
        ),
        (
            "without a word",
            failed(a_test().starting(), "DeadlineExceeded"),
            not_started("WorkersFailed", "DeadlineExceeded"),
        ),
        (
            "the frozen spec is gone while workers need it",
            a_test().starting().but(|run| run.spec = Child::Absent),
            not_started(
                "SpecLost",
                "the ConfigMap with the run's frozen spec was taken away before the load began",
            ),
        ),
    ] {
        check(what, test, &next);
    }
}

#[test]
fn the_start_deadline_holds_although_no_job_could_be_made() {
    let late = "not all workers were ready within 60 s: workers didn't report in time";
    let next = not_started("StartDeadlineExceeded", late);
    check("nobody knows why", a_test().with_run().after(60), &next);
    let error = "can't create Job shop-run-1: jobs.batch is forbidden";
    let refused = |test: &LoadTest| status::hindered(test, "Forbidden", error.to_owned(), noon());
    let late = format!("not all workers were ready within 60 s: {error}");
    let next = not_started("StartDeadlineExceeded", &late);
    check("no right to make it", a_test().with_run().with_status(refused).after(60), &next);
}

#[test]
fn an_operator_that_was_away_is_patient_before_it_gives_up() {
    let away = |here| {
        let (in_all, here) = (Duration::from_mins(5), Duration::from_secs(here));
        a_test().starting().but(|run| run.waited = Lasted { in_all, here })
    };
    check("just back", away(1), &Decision::Gather(None));
    let late = "not all workers were ready within 60 s: workers didn't report in time";
    check("long enough", away(30), &not_started("StartDeadlineExceeded", late));
}

#[test]
fn a_name_that_is_taken_is_told_and_waited_for_as_what_has_it_may_be_on_its_way_out() {
    let line = "Job shop-run-1 exists and isn't of this run: delete or rename it";
    let taken = |test: ATest| test.but(|run| run.job = Child::Foreign("Job shop-run-1".to_owned()));
    check("at first", taken(a_test().with_run()), &held_up(line));
    check("in the end", taken(a_test().with_run()).after(60), &not_started("NameTaken", line));
    check(
        "with all ready",
        record_taken(a_test().gathered()),
        &held_up("ConfigMap shop-run-1-record exists and isn't of this run: delete or rename it"),
    );
    check(
        "another load is another run with other names",
        taken(a_test().with_run()).with_other_load(),
        &Decision::Begin,
    );
}

fn record_taken(test: ATest) -> ATest {
    test.but(|run| run.record = Child::Foreign("ConfigMap shop-run-1-record".to_owned()))
}

#[test]
fn an_abort_before_the_start_ends_the_run_at_once() {
    let aborted = Decision::Judge(Ending::Aborted("spec.abort was set".to_owned()));
    check("starting", a_test().starting().with_abort(), &aborted);
    check("all ready", a_test().gathered().with_abort(), &aborted);
    check("numbered only", a_test().with_run().with_abort(), &aborted);
}
