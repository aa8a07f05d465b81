//! Lets an object go that is being deleted: the load is ended, its means are taken away, and its pods are waited for.
//!
//! ```text
//! pods are left   for a while         nothing is said: it is how a deletion goes
//!                 for longer          the object says which pods and nodes it waits for
//!                 beyond the limit    it is let go, and an Event says that the end of these pods wasn't seen
//! ```
//! Nobody can confirm the end of a pod whose node is gone. It is deleted by the Job's own deletion, whenever its node
//! or the cluster's own cleaning gets to it; its workers stop by themselves when they find no coordinator.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

use super::api::{CallError, Objects};
use super::build::status;
use super::carry_out::{Told, delete_job, delete_maps, without_finalizer};
use super::context::Context;
use super::decide::{DELETED, run_of};
use super::events;
use super::names;
use super::seen::SeenRun;
use crate::api::LoadTest;

/// So long pods are waited for in silence: it is a little more than they have to end.
const IN_SILENCE: Duration = Duration::from_secs(15);
/// So long they are waited for in all: their own time to end, and as much again.
const LIMIT: Duration = Duration::from_mins(1);
/// A process that saw only the end of the wait is so patient: what it waits for may come at any moment.
const PATIENCE: Duration = Duration::from_secs(15);
/// So many pods are named.
const MOST_NAMED: usize = 3;

/// Ends the load, takes away its means, and lets the object go once no pod is left, or none can be waited for longer.
pub(super) async fn remove(
    context: &Context,
    test: LoadTest,
    children: &SeenRun,
    now: Timestamp,
) -> Result<Told, CallError> {
    let Some(run) = run_of(&test).cloned() else {
        return Ok((without_finalizer(context, test).await?, None));
    };
    context.runs.abort(&run.uid, DELETED);
    delete_job(context, &test, &run, children).await?;
    let pods = Objects::<Pod>::new(&context.client, &test.namespace().unwrap_or_default());
    let left = pods.list(&format!("{}={}", names::RUN_LABEL, run.uid)).await?;
    let lasted = context.runs.leaving(&run.uid, deleted_ago(&test, now));
    let is_over = lasted.is_beyond(LIMIT, PATIENCE);
    if !left.is_empty() && !is_over {
        let told = (lasted.here >= IN_SILENCE).then(|| status::leaving(&test, waits_for(&left), now));
        return Ok((test, told));
    }
    delete_maps(context, &test, &run).await?;
    let test = without_finalizer(context, test).await?;
    context.runs.close(&run.uid);
    if !left.is_empty() {
        let note = format!("let go after {} s; it wasn't seen to end: {}", LIMIT.as_secs(), named(&left));
        tracing::warn!(test = test.name_any(), namespace = test.namespace(), note, "pods are left");
        events::warn(context, &test, "PodsLeft", &note).await;
    }
    Ok((test, None))
}

fn deleted_ago(test: &LoadTest, now: Timestamp) -> Duration {
    let deleted = test.metadata.deletion_timestamp.as_ref();
    deleted.and_then(|at| Duration::try_from(now.duration_since(at.0)).ok()).unwrap_or_default()
}

fn waits_for(left: &[Pod]) -> String {
    format!("it is being deleted and waits, for {} s at most, for {}", LIMIT.as_secs(), named(left))
}

/// `pod shop-run-1-0-x7k2p on node n1, pod shop-run-1-1-8d9fw on no node`.
fn named(pods: &[Pod]) -> String {
    let node = |pod: &Pod| pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
    let place = |pod: &Pod| node(pod).map_or("no node".to_owned(), |node| format!("node {node}"));
    let one = |pod: &Pod| format!("pod {} on {}", pod.name_any(), place(pod));
    let mut told: Vec<String> = pods.iter().take(MOST_NAMED).map(one).collect();
    told.extend(pods.len().checked_sub(MOST_NAMED + 1).map(|more| format!("{} more", more + 1)));
    told.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pods_are_named_with_their_nodes_and_not_all_of_many() {
        let pod = |number: usize, node: Option<&str>| -> Pod {
            let spec = json!({"nodeName": node, "containers": []});
            serde_json::from_value(json!({"metadata": {"name": format!("shop-{number}")}, "spec": spec}))
                .unwrap()
        };
        assert_eq!(
            named(&[pod(0, Some("n1")), pod(1, None)]),
            "pod shop-0 on node n1, pod shop-1 on no node"
        );
        let many: Vec<Pod> = (0..5).map(|number| pod(number, Some("n"))).collect();
        assert!(named(&many[..3]).ends_with("pod shop-2 on node n"), "{}", named(&many[..3]));
        assert!(named(&many).ends_with("pod shop-2 on node n, 2 more"), "{}", named(&many));
    }
}
