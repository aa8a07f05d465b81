//! The operator goes while a run is under way, by a signal, by an upgrade and for want of memory: the next one goes on
//! with it, and nothing is lost. Nor is it by another token.

use std::time::Instant;

use futures_util::TryStreamExt;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::{Api, ResourceExt};
use serde_json::Value;

use crate::figures::{note, now};
use crate::support::cluster::component;
use crate::support::image::REPOSITORY;
use crate::support::installation::{Installation, NAMESPACE, Room};
use crate::support::loadtests::{LIMIT, constant_rate, counts, is_judged, runtime};
use crate::support::node::Node;
use crate::support::pods::{NGINX, Nginx};

/// What the next release is called.
const NEXT: &str = "next";

pub(crate) fn counts_are_exact_after_the_operator_was_stopped_upgraded_and_out_of_memory_in_mid_run(
    installation: &Installation,
) {
    let Some(node) = Node::of_the_script() else { return };
    let room = installation.room("takeover");
    let nginx = Nginx::start(&room.kubectl);
    room.kubectl.apply(&constant_rate("long", NGINX, "20/s", "60s"));
    room.is_on("long");

    renews_tokens(&room, node);
    room.goes_on("long");

    let operator = installation.operators().remove(0);
    gives_its_lease_back(installation, || node.signal(&operator, "TERM"));
    room.goes_on("long");

    let back = Upgraded::by(installation, node);
    let upgraded = installation.operators().into_iter().find(stays).unwrap();
    assert_ne!(upgraded["metadata"]["uid"], operator["metadata"]["uid"]);
    room.goes_on("long");

    node.exhausts_memory_of(&upgraded);
    let why = "jsonpath={.status.containerStatuses[0].lastState.terminated.reason}=OOMKilled";
    installation.kubectl.wait(why, &format!("pod/{}", upgraded["metadata"]["name"].as_str().unwrap()), LIMIT);
    room.goes_on("long");

    let status = room.comes_to_rest("long");
    assert_eq!(nginx.load().len(), 1200);
    counts(&status, 1200);
    assert_eq!(status["workers"]["lost"], 0);
    is_judged(&status, "Pass");
    room.is_as_it_must_be("long", Some(&nginx));
    drop(back);
}

/// A kubelet that was started anew gives each pod another token: for that it needs eight minutes otherwise. Who shows one
/// that isn't known yet has it looked at by the API server.
fn renews_tokens(room: &Room<'_>, node: Node) {
    let workers = room.workers("long");
    let digests =
        || workers.iter().map(|pod| node.digest(pod, "/var/run/loadgate/token")).collect::<Vec<_>>();
    let (before, looked_at) = (digests(), reviews(room));
    component("stop", "kubelet");
    component("start", "kubelet");
    let are_others = || digests().iter().zip(&before).all(|(now, before)| now != before);
    becomes("each worker has another token", are_others);
    becomes("each worker shows another token", || reviews(room) >= looked_at + 2.0);
}

/// Asks until it is so: nobody tells when it becomes so.
#[track_caller]
fn becomes(what: &str, is: impl Fn() -> bool) {
    let since = Instant::now();
    while !is() {
        assert!(since.elapsed() < LIMIT, "not after {LIMIT:?}: {what}");
    }
}

/// How many tokens the API server has looked at for others.
fn reviews(room: &Room<'_>) -> f64 {
    let told = room.kubectl.run(&["get", "--raw", "/metrics"]);
    let of_tokens =
        |line: &&str| line.starts_with("apiserver_request_total{") && line.contains("\"tokenreviews\"");
    let count = |line: &str| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap();
    told.lines().filter(of_tokens).map(count).sum()
}

/// The installed release is the next one, until this is dropped.
struct Upgraded<'a>(&'a Installation);

impl<'a> Upgraded<'a> {
    fn by(installation: &'a Installation, node: Node) -> Self {
        let next = format!("{REPOSITORY}:{NEXT}");
        node.run("ctr -n k8s.io images tag --force \"$1\" \"$2\"", &[&installation.image, &next]);
        let upgraded = Upgraded(installation);
        installation.types(&format!(
            "helm upgrade loadgate charts/loadgate --namespace {NAMESPACE} --wait --reuse-values --set image.tag={NEXT}"
        ));
        upgraded
    }
}

impl Drop for Upgraded<'_> {
    fn drop(&mut self) {
        self.0.types(&format!("helm rollback loadgate 1 --namespace {NAMESPACE} --wait"));
    }
}

/// Whether a pod isn't on its way out.
fn stays(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_null()
}

/// What is done makes the holder of the Lease give it back: nobody waits until it has run out.
fn gives_its_lease_back(installation: &Installation, this: impl FnOnce()) {
    let (holder, mut events) = runtime().block_on(async {
        let leases: Api<Lease> = Api::namespaced(installation.cluster.client().await, NAMESPACE);
        let lease = leases.list(&ListParams::default()).await.unwrap().items.remove(0);
        let parameters = WatchParams::default().fields(&format!("metadata.name={}", lease.name_any()));
        let events = leases.watch(&parameters, &lease.resource_version().unwrap()).await.unwrap();
        (holder(&lease), Box::pin(events))
    });
    let asked = now();
    this();
    let given_back = async {
        loop {
            let event = events.try_next().await.unwrap();
            if let Some(WatchEvent::Modified(lease)) = event.filter(|event| is_by_another(event, &holder)) {
                return lease;
            }
        }
    };
    // The next process of the same pod goes by the same name: its Lease needn't run out for it to hold it again.
    let next = runtime().block_on(async { tokio::time::timeout(LIMIT, given_back).await });
    let next = next.expect("the Lease is given back");
    assert_eq!(self::holder(&next), "", "it was left to run out");
    let at = next.spec.unwrap().renew_time.unwrap().0.as_duration().as_secs_f64();
    note("operator told to stop → its Lease is given back", format!("{:.2} s", at - asked), "–", "< 1 s");
}

fn is_by_another(event: &WatchEvent<Lease>, before: &str) -> bool {
    matches!(event, WatchEvent::Modified(lease) if holder(lease) != before)
}

fn holder(lease: &Lease) -> String {
    lease.spec.as_ref().and_then(|spec| spec.holder_identity.clone()).unwrap_or_default()
}
