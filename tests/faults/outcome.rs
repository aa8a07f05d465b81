//! What a run came to, and what must hold of it whatever happened on the way.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::ResourceExt;
use kube::api::{Api, ListParams};
use serde_json::Value;

use crate::stage::Stage;
use crate::support::loadtests::{UNSTORED, conditions};
use crate::write::Write;

/// So many users each phase of the test has.
pub(crate) const USERS: u64 = 6;
/// So often each of them asks in a phase.
pub(crate) const PER_USER: u64 = 5;
/// So often where the load must still be on when something is done to it: each phase takes 15 s.
pub(crate) const LASTING: u64 = 75;
/// So often where it comes to its end in no case: each phase would take five minutes.
pub(crate) const ENDLESS: u64 = 1_500;
/// So many requests the test consists of.
pub(crate) const REQUESTS: u64 = 2 * USERS * PER_USER;

/// Fields that differ from run to run: times, identities, and what was measured of time and bytes.
const OWN_OF_EACH_RUN: [&str; 17] = [
    "lastTransitionTime",
    "startedAt",
    "finishedAt",
    "uid",
    "runHash",
    "location",
    "durationMillis",
    "requestsPerSecond",
    "latency",
    "bytesSent",
    "bytesReceived",
    "lagP99Micros",
    "rps",
    "p95",
    "findings",
    "measured",
    "gap",
];

/// What is the same of each run of the test.
pub(crate) fn essence(status: &Value) -> Value {
    match status {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !OWN_OF_EACH_RUN.contains(&name.as_str()));
            kept.map(|(name, value)| (name.clone(), essence(value))).collect()
        }
        Value::Array(items) => items.iter().map(essence).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => status.clone(),
    }
}

/// Only the latest result is left of the run.
pub(crate) async fn leaves_only_its_result(stage: &Stage) {
    leaves_only(stage, "-run-1-result-").await;
}

/// Nothing is left of a run but its result, if it came to one.
pub(crate) async fn leaves_at_most_a_result(stage: &Stage) {
    assert_eq!(names::<Job>(stage).await, Vec::<String>::new(), "Jobs are left");
    let maps = names::<ConfigMap>(stage).await;
    assert!(maps.is_empty() || maps.len() == 1 && maps[0].contains("-result-"), "left: {maps:?}");
}

/// Nothing is left of so many runs but their results.
pub(crate) async fn leaves_only_results(stage: &Stage, count: usize) {
    assert_eq!(names::<Job>(stage).await, Vec::<String>::new(), "Jobs are left");
    let maps = names::<ConfigMap>(stage).await;
    assert!(maps.len() == count && maps.iter().all(|name| name.contains("-result-")), "left: {maps:?}");
}

/// Nothing is left but one `ConfigMap` with such a name.
pub(crate) async fn leaves_only(stage: &Stage, kept: &str) {
    let children = children(stage).await;
    assert!(children.len() == 1 && children[0].contains(kept), "something is left, or missing: {children:?}");
}

/// What there is of the runs: `ConfigMap shop-run-1-result-35c788f0`.
pub(crate) async fn children(stage: &Stage) -> Vec<String> {
    [names::<Job>(stage).await, names::<Pod>(stage).await, names::<ConfigMap>(stage).await].concat()
}

async fn names<K>(stage: &Stage) -> Vec<String>
where
    K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + k8s_openapi::Resource
        + serde::de::DeserializeOwned,
{
    let api: Api<K> = stage.api();
    let all = api.list(&ListParams::default().labels("app.kubernetes.io/managed-by=loadgate")).await.unwrap();
    all.iter().map(|child| format!("{} {}", K::KIND, child.name_any())).collect()
}

/// What the target served is what the status says, request for request, and no more than the test asks for.
pub(crate) fn counts_are_exact(status: &Value, log: &[String]) {
    let load = log.iter().filter(|seen| *seen == "GET /ok 200").count() as u64;
    assert_eq!(log.len() as u64, load, "the target served something else: {log:?}");
    let summary = &status["summary"];
    let told = ["requests", "succeeded", "iterations", "failed", "dropped", "cut"];
    let told = told.map(|name| summary[name].as_u64().unwrap());
    assert_eq!(told, [load, load, load, 0, 0, 0], "the target served {load}: {status:#}");
}

/// What must be true of a run at rest, whatever befell it. Gives its verdict.
pub(crate) fn holds_whatever_came(status: &Value, log: &[String]) -> String {
    let load = log.len() as u64;
    assert!(log.iter().all(|seen| seen == "GET /ok 200"), "the target served something else: {log:?}");
    assert!(load <= REQUESTS, "load is doubled: {load} requests were served");
    let phase = status["phase"].as_str().unwrap();
    assert_eq!(conditions(status), conditions_of(phase), "{phase}");
    let verdict = status["verdict"].as_str().unwrap_or("none").to_owned();
    let count = |name: &str| status["summary"][name].as_u64().unwrap_or_default();
    let (told, cut) = (count("requests"), count("cut"));
    let lost = status["workers"]["lost"].as_u64().unwrap_or_default();
    // What a worker had not yet told when it was lost is not counted, nor is what was cut off counted as an answer.
    assert!(told <= load, "the target served {load}: {status:#}");
    if lost == 0 {
        assert!(load <= told + cut, "the target served {load}: {status:#}");
    }
    if verdict == "Pass" {
        let all = [told, count("succeeded"), load, REQUESTS];
        assert!(
            all.iter().all(|count| *count == REQUESTS) && cut == 0 && lost == 0,
            "a false pass: {status:#}"
        );
    }
    verdict
}

/// Each status that was written has the conditions of its stage, no stage goes back but to be told again, all are of
/// the first run, and behind the verdict nothing is written.
pub(crate) fn was_told_in_order(writes: &[Write]) {
    let done = writes.iter().filter(|write| write.is_done());
    let told: Vec<&Value> = done.filter_map(|write| write.status.as_ref()).collect();
    for status in &told {
        let phase = status["phase"].as_str().unwrap();
        assert_eq!(conditions(status).replace(UNSTORED, ""), conditions_of(phase), "{phase}");
        assert_eq!(status["run"]["number"], 1, "a second run: {status:#}");
    }
    let ranks: Vec<usize> = told.iter().map(|status| rank(status["phase"].as_str().unwrap())).collect();
    assert!(ranks.is_sorted(), "a stage went back: {:?}", labels(writes));
    // Where its result couldn't be stored in time, it is told twice: without it and with it.
    let is_told = |status: &&&Value| !conditions(status).contains(UNSTORED);
    let told = told.iter().filter(is_told).map(|status| rank(status["phase"].as_str().unwrap()));
    let verdicts = told.filter(|stage| *stage == rank("Passed")).count();
    assert_eq!(verdicts, 1, "the verdict is written once: {:?}", labels(writes));
}

pub(crate) fn labels(writes: &[Write]) -> Vec<&str> {
    writes.iter().map(|write| write.label.as_str()).collect()
}

/// The table of the stages.
fn conditions_of(phase: &str) -> &'static str {
    match phase {
        "Pending" | "Starting" | "Running" | "Judging" => {
            "Complete=False Passed=Unknown Ready=False Reconciling=True"
        }
        "Passed" => "Complete=True Passed=True Ready=True",
        "Failed" | "Inconclusive" | "Aborted" => "Complete=True Passed=False Ready=False Stalled=True",
        other => panic!("no run comes to {other}"),
    }
}

fn rank(phase: &str) -> usize {
    ["Pending", "Starting", "Running", "Judging"].iter().position(|stage| *stage == phase).unwrap_or(4)
}
