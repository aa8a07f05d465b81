//! A pod whose end nobody can see, as that of a node that is gone: a deletion tells what it waits for, and has an end.

use std::time::Duration;

use futures_util::TryStreamExt;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::runtime::conditions::is_deleted;
use kube::runtime::wait::await_condition;
use kube::runtime::{WatchStreamExt, watcher};
use loadgate::api::LoadTest;
use serde_json::json;

use crate::outcome::LASTING;
use crate::stage::{Stage, on_stage, phase};
use crate::support::loadtests::conditions;
use crate::{LIMIT, NAME, within};

/// Holds a pod, as the kubelet of a node does that is gone.
pub(crate) const HELD: &str = "loadgate.test/held";
/// Longer than a deletion waits.
const LONG: Duration = Duration::from_mins(3);

pub(crate) async fn a_deletion_names_the_pod_that_it_waits_for_and_does_not_wait_for_ever() {
    on_stage(|stage| async move {
        stage.apply_with(LASTING).await;
        stage.operator.start();
        let is_running = |test: &LoadTest| phase(test) == "Running";
        let uid = stage.until("running", is_running).await.uid().unwrap();
        let pod = hold_one(&stage).await;
        stage.api::<LoadTest>().delete(NAME, &DeleteParams::default()).await.unwrap();

        let waits = format!("waits, for 60 s at most, for pod {pod} on no node");
        let is_told = |test: &LoadTest| message(test).is_some_and(|message| message.contains(&waits));
        stage.until("told what it waits for", is_told).await;
        let status = stage.status().await;
        assert_eq!(conditions(&status), "Complete=False Passed=Unknown Ready=False Reconciling=True");

        let gone = Box::pin(await_condition(stage.api::<LoadTest>(), NAME, is_deleted(&uid)));
        within(LONG, "the test is let go", gone).await.unwrap();
        let of_pods = watcher::Config::default().fields("reason=PodsLeft");
        let mut events = Box::pin(watcher(stage.api::<Event>(), of_pods).applied_objects());
        let told = within(LIMIT, "an Event", events.try_next()).await.unwrap().unwrap();
        let told = told.message.unwrap();
        assert!(told.contains(&format!("pod {pod} on no node")), "{told}");

        let left = stage.api::<Pod>().list(&ListParams::default()).await.unwrap();
        let left: Vec<_> =
            left.iter().map(|pod| (pod.name_any(), pod.metadata.deletion_timestamp.is_some())).collect();
        assert_eq!(left, [(pod, true)], "it goes as soon as it may");
        let_go(&stage.api()).await;
        stage.is_without_pods().await;
    })
    .await;
}

async fn hold_one(stage: &Stage) -> String {
    let pods = stage.api::<Pod>();
    let pod = pods.list(&ListParams::default()).await.unwrap().items.remove(0);
    let mut finalizers = pod.finalizers().to_vec();
    finalizers.push(HELD.to_owned());
    let metadata = json!({"finalizers": finalizers, "resourceVersion": pod.resource_version()});
    let held = Patch::Merge(json!({"metadata": metadata}));
    pods.patch(&pod.name_any(), &PatchParams::default(), &held).await.unwrap().name_any()
}

/// Lets go of the pods that are held.
pub(crate) async fn let_go(pods: &kube::Api<Pod>) {
    for pod in pods.list(&ListParams::default()).await.unwrap() {
        if pod.finalizers().iter().any(|name| name == HELD) {
            let free = Patch::Merge(json!({"metadata": {"finalizers": null}}));
            drop(pods.patch(&pod.name_any(), &PatchParams::default(), &free).await);
        }
    }
}

fn message(test: &LoadTest) -> Option<&str> {
    test.status.as_ref()?.message.as_deref()
}
