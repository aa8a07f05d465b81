//! Two pods for one share: the second is fenced, and the counts are exact.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::ListParams;
use loadgate::ingest::leaving;
use loadgate::operator::names::INDEX_LABEL;

use crate::kubelet::Ended;
use crate::outcome::{LASTING, USERS, counts_are_exact, leaves_only_its_result};
use crate::stage::{Stage, on_stage, phase};
use crate::support::loadtests::is_judged;

/// The Job takes a superfluous pod away within a second or so: where it was faster than the worker, another one comes.
const TRIES: usize = 12;

pub(crate) async fn a_second_pod_for_a_share_is_fenced_and_the_counts_are_exact() {
    on_stage(|stage| async move {
        stage.apply_with(LASTING).await;
        stage.operator.start();
        stage.until("a worker is ready", |test| ready(test) > 0).await;
        is_fenced(&stage, 0).await;
        stage.until("running", |test| phase(test) == "Running").await;
        is_fenced(&stage, 1).await;
        let status = stage.comes_to_rest().await;
        is_judged(&status, "Pass");
        assert_eq!(status["workers"]["lost"], 0);
        assert_eq!(status["summary"]["requests"], 2 * USERS * LASTING);
        leaves_only_its_result(&stage).await;
        counts_are_exact(&status, &stage.target.seen());
    })
    .await;
}

fn ready(test: &loadgate::api::LoadTest) -> u32 {
    test.status.as_ref().and_then(|status| status.workers.as_ref()).map_or(0, |workers| workers.ready)
}

async fn is_fenced(stage: &Stage, index: usize) {
    let mut last = None;
    for attempt in 0..TRIES {
        let name = format!("second-{index}-{attempt}");
        second(stage, index, &name).await;
        let pods =
            stage.kubelet.sees("the second pod has ended", |pods| pods.ended.contains_key(&name)).await;
        let ended = &pods.ended[&name];
        if ended.code == Some(leaving::FENCED.into()) {
            return says_why(ended, index);
        }
        last = Some(ended.clone());
    }
    panic!("no second pod for share {index} was fenced: {last:?}");
}

fn says_why(ended: &Ended, index: usize) {
    let why = format!("share {index} is taken by another process");
    assert!(ended.log.contains(&why) || ended.log.contains("the load has begun"), "{}", ended.log);
}

/// A pod as the Job's own for the share, with a token and a UID of its own.
async fn second(stage: &Stage, index: usize, name: &str) {
    let of = ListParams::default().labels(&format!("{INDEX_LABEL}={index}"));
    let pods = stage.api::<Pod>().list(&of).await.unwrap().items;
    let first = pods.into_iter().next().unwrap_or_else(|| panic!("share {index} has no pod"));
    let mut second = Pod { status: None, ..first };
    let metadata = &mut second.metadata;
    metadata.name = Some(name.to_owned());
    (metadata.generate_name, metadata.uid, metadata.resource_version) = (None, None, None);
    (metadata.finalizers, metadata.creation_timestamp, metadata.managed_fields) = (None, None, None);
    let made = stage.make(&second).await;
    assert_eq!(made.name_any(), name);
}
