//! Aborts more often than once, and when there is nothing left to abort.

use std::time::{SystemTime, UNIX_EPOCH};

use loadgate::api::LoadTest;
use serde_json::{Value, json};

use crate::NAME;
use crate::courses::{Course, was_cut_short};
use crate::outcome::{
    PER_USER, counts_are_exact, labels, leaves_only, leaves_only_its_result, was_told_in_order,
};
use crate::rights::{give_back, take_away};
use crate::stage::{Stage, is_told, on_stage, phase};
use crate::support::loadtests::{conditions, is_judged, reason};

/// Each phase takes a minute: the load is far from its planned end.
const LONG: u64 = 300;
/// So many seconds the load may go on after the word.
const LOAD: f64 = 10.0;
/// What is true of the object's version, not of the run.
const OF_A_GENERATION: &str = "observedGeneration";

pub(crate) async fn a_second_abort_changes_nothing() {
    on_stage(|stage| async move {
        stage.apply_with(Course::Aborted.per_user()).await;
        stage.operator.start();
        Course::Aborted.take(&stage).await;
        let status = stage.comes_to_rest().await;
        assert_eq!([&status["phase"], &status["verdict"]], ["Aborted", "Inconclusive"]);
        assert_eq!(conditions(&status), "Complete=True Passed=False Ready=False Stalled=True");
        assert_eq!(reason(&status), "Aborted");
        leaves_only_its_result(&stage).await;

        writes(&stage, 0, &json!({"spec": {"abort": true}})).await;
        assert_eq!(stage.status().await, status, "the second abort");
        // Taken back, it is another spec of the same run: the status follows it, and nothing starts.
        writes(&stage, 1, &json!({"spec": {"abort": false}})).await;
        assert_eq!(of_the_run(&stage.status().await), of_the_run(&status), "the abort that was taken back");
        writes(&stage, 1, &json!({"spec": {"abort": true}})).await;
        assert_eq!(of_the_run(&stage.status().await), of_the_run(&status), "the third abort");

        was_cut_short(&status, stage.target.seen().len() as u64);
    })
    .await;
}

pub(crate) async fn an_abort_of_what_is_complete_changes_nothing() {
    on_stage(|stage| async move {
        stage.apply().await;
        stage.operator.start();
        let status = stage.comes_to_rest().await;
        is_judged(&status, "Pass");
        was_told_in_order(&stage.proxy.so_far().writes);
        for (abort, told) in [(true, 1), (true, 0), (false, 1)] {
            writes(&stage, told, &json!({"spec": {"abort": abort}})).await;
            assert_eq!(of_the_run(&stage.status().await), of_the_run(&status), "abort: {abort}");
        }
        leaves_only_its_result(&stage).await;
        counts_are_exact(&status, &stage.target.seen());
    })
    .await;
}

pub(crate) async fn an_abort_from_the_first_starts_nothing_also_when_it_is_unset() {
    on_stage(|stage| async move {
        stage.apply_but(PER_USER, |spec| spec["abort"] = json!(true)).await;
        stage.operator.start();
        let status = stage.comes_to_rest().await;
        assert_eq!([&status["phase"], &status["verdict"]], ["Aborted", "Inconclusive"]);
        assert_eq!(conditions(&status), "Complete=True Passed=False Ready=False Stalled=True");
        writes(&stage, 1, &json!({"spec": {"abort": false}})).await;
        assert_eq!(of_the_run(&stage.status().await), of_the_run(&status), "the abort that was taken back");

        stage.patch(json!({"spec": {"runId": "two"}})).await;
        let is_second = |test: &LoadTest| test.status.as_ref()?.run.as_ref()?.run_id.clone();
        stage.until("told of the run", |test| is_second(test).as_deref() == Some("two")).await;
        let status = stage.run_comes_to_rest(2).await;
        is_judged(&status, "Pass");
        assert_eq!(status["run"]["number"], 2);
        leaves_only(&stage, "-run-2-result-").await;
        counts_are_exact(&status, &stage.target.seen());
    })
    .await;
}

pub(crate) async fn an_abort_ends_the_load_although_its_pods_cannot_be_listed() {
    on_stage(|stage| async move {
        stage.apply_with(LONG).await;
        stage.operator.start();
        stage.until("running", |test| phase(test) == "Running").await;
        take_away(&stage.own, "list", "pods").await;
        stage.until("told what is missing", |test| reconciling(test) == "Forbidden").await;
        let asked = now();
        stage.patch(json!({"spec": {"abort": true}})).await;
        // The right stays away for as long as the load may go on.
        while now() - asked < LOAD {
            let seen = looks(&stage.proxy.so_far().reads);
            stage.proxy.heard("another look", |heard| looks(&heard.reads) > seen).await;
        }
        assert_eq!(reconciling(&stage.api::<LoadTest>().get(NAME).await.unwrap()), "Forbidden", "still told");
        give_back(&stage.own, "list", "pods").await;
        let status = stage.comes_to_rest().await;
        assert_eq!([&status["phase"], &status["verdict"]], ["Aborted", "Inconclusive"]);
        leaves_only_its_result(&stage).await;
        let last = stage.target.log().last().unwrap().at;
        assert!(last - asked < LOAD, "the load went on for {:.1} s", last - asked);
    })
    .await;
}

/// Why the run isn't over.
fn reconciling(test: &LoadTest) -> &str {
    let conditions = test.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    let told = conditions.iter().find(|condition| condition.type_ == "Reconciling");
    told.map(|told| told.reason.as_str()).unwrap_or_default()
}

/// Seconds since 1970, as in nginx's log.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// Patches the test: the operator then writes its status so many times, and nothing else.
async fn writes(stage: &Stage, count: usize, patch: &Value) {
    settles(stage).await;
    let before = stage.proxy.so_far().writes.len();
    stage.patch(patch.clone()).await;
    // Not touched before: a touch between a look and its write would have it written twice.
    stage.until("told of the change", is_told).await;
    settles(stage).await;
    let writes = stage.proxy.so_far().writes;
    let new = labels(&writes[before..]);
    assert_eq!(new.len(), count, "after {patch}: {new:?}");
    assert!(new.iter().all(|label| label.starts_with("PUT loadtests/status ")), "after {patch}: {new:?}");
}

/// Touches the object until each touch has been looked at. Of one object there is one look at a time, so that at the
/// third what the first has led to is done.
async fn settles(stage: &Stage) {
    for touch in 0..3 {
        let seen = looks(&stage.proxy.so_far().reads);
        let touched = format!("{touch}, behind look {seen}");
        stage.patch(json!({"metadata": {"annotations": {"loadgate.test/touched": touched}}})).await;
        stage.proxy.heard("the touch is looked at", |heard| looks(&heard.reads) > seen).await;
    }
}

fn looks(reads: &[String]) -> usize {
    reads.iter().filter(|path| path.ends_with(&format!("/loadtests/{NAME}"))).count()
}

fn of_the_run(status: &Value) -> Value {
    let mut status = status.clone();
    status.as_object_mut().unwrap().remove(OF_A_GENERATION);
    for condition in status["conditions"].as_array_mut().unwrap() {
        condition.as_object_mut().unwrap().remove(OF_A_GENERATION);
    }
    status
}
