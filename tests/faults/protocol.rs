//! Workers that speak another version of the messages than the operator: what they are refused with is told, and they end.

use loadgate::api::LoadTest;
use loadgate::ingest::{PROTOCOL, leaving};

use crate::outcome::LASTING;
use crate::stage::{Stage, on_rough_stage};
use crate::support::loadtests::{message, reason};

/// That of a release to come.
const OTHER: u32 = PROTOCOL + 1;

pub(crate) async fn workers_of_another_release_are_refused_and_that_is_told() {
    on_rough_stage(|stage| async move {
        stage.post.as_ref().unwrap().says_in(OTHER);
        stage.apply().await;
        stage.operator.start();
        is_told(&stage, "WorkersRefused").await;
        assert_eq!(stage.target.seen().len(), 0);
    })
    .await;
}

pub(crate) async fn an_operator_of_another_release_refuses_the_workers_of_a_run_under_way_and_that_is_told() {
    on_rough_stage(|stage| async move {
        stage.runs(LASTING).await;
        stage.until("told of figures", |test| requests(test) > 0).await;
        stage.post.as_ref().unwrap().says_in(OTHER);
        is_told(&stage, "Inconclusive").await;
    })
    .await;
}

/// The run comes to its end, no worker hangs, and both they and the object say why.
async fn is_told(stage: &Stage, word: &str) {
    let status = stage.comes_to_rest().await;
    let why = format!("speaks protocol {PROTOCOL}, the worker {OTHER}: run both from the same release");
    assert_eq!([&status["phase"], &status["verdict"]], ["Inconclusive", "Inconclusive"]);
    assert_eq!(reason(&status), word, "{status:#}");
    assert!(message(&status).contains(&why), "{}", message(&status));
    let ended = stage.kubelet.so_far().ended;
    let refused: Vec<_> =
        ended.values().filter(|ended| ended.code == Some(leaving::INVALID.into())).collect();
    assert!(!refused.is_empty() && refused.iter().all(|ended| ended.log.contains(&why)), "{ended:?}");
}

fn requests(test: &LoadTest) -> u64 {
    let summary = test.status.as_ref().and_then(|status| status.summary.as_ref());
    summary.map_or(0, |summary| summary.requests)
}
