//! Candidates that are processes of their own: they can be stopped, continued and terminated.

use std::process::Stdio;
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, Patch, PatchParams};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::support::cluster::{Cluster, Own};
use crate::{Candidate, TIMING};

/// Names the kubeconfig and the namespace for a candidate that is a process of its own.
const CANDIDATE: [&str; 2] = ["LOADGATE_TEST_CANDIDATE_KUBECONFIG", "LOADGATE_TEST_CANDIDATE_NAMESPACE"];

/// Where this process is to take part.
pub(crate) struct Place {
    cluster: Cluster,
    namespace: String,
}

impl Place {
    /// None: it isn't a candidate.
    pub(crate) fn given() -> Option<Self> {
        let [Ok(kubeconfig), Ok(namespace)] = CANDIDATE.map(std::env::var) else { return None };
        Some(Place { cluster: Cluster::at(kubeconfig.into()), namespace })
    }
}

/// A process that can be stopped and continued. Dropped, it is killed.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn candidate(own: &Own) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(CANDIDATE[0], own.cluster.kubeconfig()).env(CANDIDATE[1], &own.namespace);
        command.kill_on_drop(true);
        Process(command.spawn().unwrap())
    }

    /// The operator itself, outside of the cluster.
    pub(crate) fn operator(own: &Own) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgate"));
        command.args(["operator", "--log-format", "json", "--worker-image", "loadgate:none"]);
        command.args(["--ingest-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]);
        command.args(["--ingest-url", "https://127.0.0.1:8443", "--lease-name", "operator"]);
        command.args(["--namespace", &own.namespace, "--watch-namespace", &own.namespace]);
        command.env("KUBECONFIG", own.cluster.kubeconfig()).env("RUST_LOG", "info").stderr(Stdio::piped());
        command.kill_on_drop(true);
        Process(command.spawn().unwrap())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        kill_process(id.expect("it hasn't ended"), signal).unwrap();
    }

    /// What it said until its end, where that is piped.
    pub(crate) async fn ended_within(mut self, limit: Duration) -> String {
        let mut said = String::new();
        let end = async {
            if let Some(mut pipe) = self.0.stderr.take() {
                pipe.read_to_string(&mut said).await.unwrap();
            }
            self.0.wait().await.unwrap();
        };
        timeout(limit, end).await.expect("it ends in time");
        said
    }
}

/// Leads, and writes again and again for as long as it may. Nothing but the guard keeps it from writing: the
/// object has no resourceVersion in what is sent.
pub(crate) async fn takes_part(Place { cluster, namespace }: Place) {
    let client = cluster.client().await;
    let marks: Api<ConfigMap> = Api::namespaced(client.clone(), &namespace);
    let mut candidate = Candidate::leading(&client, &namespace, "process", TIMING).await;
    let mark = Patch::Merge(json!({"data": {"written-by": "process"}}));
    let write = async {
        loop {
            marks.patch("mark", &PatchParams::default(), &mark).await.unwrap();
            let clear = Patch::Merge(json!({"data": {"written-by": null}}));
            marks.patch("mark", &PatchParams::default(), &clear).await.unwrap();
            // What was handed over to the client before a stop may still be sent: a stop hardly ever hits that.
            sleep(Duration::from_millis(100)).await;
        }
    };
    candidate.standing.guard::<()>(write).await.unwrap_err();
    (&mut candidate.running).await.unwrap().unwrap_err();
}
