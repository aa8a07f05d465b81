//! What becomes of a verdict whose result can't be stored, and of a result that is too large to be stored in full.

use loadgate::api::LoadTest;
use serde_json::{Value, json};

use crate::outcome::{REQUESTS, counts_are_exact, leaves_only_its_result, was_told_in_order};
use crate::rights::{give_back, take_away};
use crate::stage::{Stage, is_complete, on_stage, phase};
use crate::support::loadtests::{UNSTORED, conditions, is_judged};

/// The write that stores the result.
const STORED: &str = "POST configmaps shop-run-1-result";
/// So many steps that what is measured of each, one by one, is more than a `ConfigMap` is to hold.
const SCENARIOS: usize = 32;
const STEPS: usize = 28;
const LARGE_USERS: u64 = 8;
const LARGE_PER_USER: u64 = 24;

pub(crate) async fn a_verdict_does_not_wait_for_a_store_that_is_forbidden_and_the_result_comes_later() {
    on_stage(|stage| async move {
        // Until the right is gone, however fast the run is.
        stage.proxy.hold_back(Some(STORED));
        stage.apply().await;
        stage.operator.start();
        stage.until("judging", |test| phase(test) == "Judging").await;
        take_away(&stage.own, "create", "configmaps").await;
        stage.proxy.hold_back(None);
        let told = is_judged_without_result(&stage).await;
        assert_eq!(told["reason"], "Forbidden");
        let message = told["message"].as_str().unwrap();
        assert!(message.contains("cannot create resource \"configmaps\""), "{message}");
        give_back(&stage.own, "create", "configmaps").await;
        has_its_result_in_the_end(&stage).await;
        counts_are_exact(&stage.status().await, &stage.target.seen());
    })
    .await;
}

pub(crate) async fn a_verdict_does_not_wait_for_a_store_that_is_slow_and_the_result_comes_later() {
    on_stage(|stage| async move {
        stage.proxy.hold_back(Some(STORED));
        stage.apply().await;
        stage.operator.start();
        stage.until("judging", |test| phase(test) == "Judging").await;
        let told = is_judged_without_result(&stage).await;
        assert_eq!(told["reason"], "StoreFailed");
        let message = told["message"].as_str().unwrap();
        assert!(message.contains("no answer within"), "{message}");
        // What was held back arrives late, and finds its way.
        stage.proxy.hold_back(None);
        has_its_result_in_the_end(&stage).await;
        counts_are_exact(&stage.status().await, &stage.target.seen());
    })
    .await;
}

/// The verdict is there, nothing waits for the result, and it is told that there is none; that condition.
async fn is_judged_without_result(stage: &Stage) -> Value {
    stage.until("complete", is_complete).await;
    let mut status = stage.comes_to_rest().await;
    assert!(conditions(&status).ends_with(UNSTORED), "{}", conditions(&status));
    let told = status["conditions"].as_array_mut().unwrap().pop().unwrap();
    is_judged(&status, "Pass");
    assert_eq!((&status["results"], &status["summary"]["requests"]), (&Value::Null, &json!(REQUESTS)));
    told
}

async fn has_its_result_in_the_end(stage: &Stage) {
    let is_stored = |test: &LoadTest| test.status.as_ref().is_some_and(|status| status.results.is_some());
    stage.until("stored", is_stored).await;
    let status = stage.status().await;
    is_judged(&status, "Pass");
    assert!(!conditions(&status).contains(UNSTORED), "{}", conditions(&status));
    leaves_only_its_result(stage).await;
    was_told_in_order(&stage.proxy.so_far().writes);
}

pub(crate) async fn a_result_that_is_too_large_is_kept_with_less_and_can_be_judged_again() {
    on_stage(|stage| async move {
        let step = |number| json!({"name": format!("step-{number}"), "request": {"path": "/ok"}});
        let steps: Vec<Value> = (0..STEPS).map(step).collect();
        let scenario = |number| json!({"name": format!("scenario-{number}"), "steps": steps});
        let scenarios: Vec<Value> = (0..SCENARIOS).map(scenario).collect();
        stage.apply_scenarios(&json!(scenarios), LARGE_USERS, LARGE_PER_USER).await;
        stage.operator.start();
        let status = stage.comes_to_rest().await;
        is_judged(&status, "Pass");
        assert!(!conditions(&status).contains(UNSTORED), "{}", conditions(&status));
        let requests = 2 * LARGE_USERS * LARGE_PER_USER * STEPS as u64;
        assert_eq!(status["summary"]["requests"], requests);
        let left_out = status["results"]["leftOut"].as_array().unwrap();
        assert!(!left_out.is_empty(), "{:#}", status["results"]);
        leaves_only_its_result(&stage).await;

        let row = json!([{"id": "TIME", "metric": "latency.p99", "target": "< 1m"}]);
        stage.patch(json!({"spec": {"requirements": row}})).await;
        let is_told = |test: &LoadTest| {
            test.status.as_ref().and_then(|status| status.observed_generation) == test.metadata.generation
        };
        stage.until("judged again", is_told).await;
        let again = stage.status().await;
        is_judged(&again, "Pass");
        assert_eq!(again["compliance"]["requirements"][0]["id"], "TIME");
        for part in ["summary", "findings", "generator", "results"] {
            assert_eq!(again[part], status[part], "{part}");
        }
    })
    .await;
}
