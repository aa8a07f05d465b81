//! A real API server for tests: a cluster that is given, or the one that `tests/cluster/cluster` keeps.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, DeleteParams, PostParams};
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::json;

/// With this exit code the script says that no cluster can be had on this machine.
const CANNOT: i32 = 77;

/// A cluster that is up.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    kubeconfig: PathBuf,
}

/// A namespace that a test has for itself.
#[derive(Clone)]
pub(crate) struct Own {
    pub(crate) cluster: Cluster,
    pub(crate) client: Client,
    pub(crate) namespace: String,
}

impl Cluster {
    /// The cluster of `LOADGATE_TEST_KUBECONFIG`, or that of the script, which starts it if need be. None: this
    /// machine can't hold one; that is said loudly, and where `CI` is set the test fails.
    pub(crate) fn up() -> Option<Self> {
        static KUBECONFIG: OnceLock<Option<PathBuf>> = OnceLock::new();
        let kubeconfig = KUBECONFIG.get_or_init(|| match std::env::var_os("LOADGATE_TEST_KUBECONFIG") {
            Some(given) => Some(given.into()),
            None => started(),
        });
        if kubeconfig.is_none() {
            assert!(std::env::var_os("CI").is_none(), "this machine can't hold a cluster");
            // Past the test's captured output: who reads the log must see it.
            let told =
                "\nSKIPPED: this machine can't hold a cluster; LOADGATE_TEST_KUBECONFIG may name one\n";
            std::io::stderr().write_all(told.as_bytes()).unwrap();
        }
        kubeconfig.clone().map(Cluster::at)
    }

    /// The cluster that this file describes.
    pub(crate) fn at(kubeconfig: PathBuf) -> Self {
        Cluster { kubeconfig }
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A client that may do everything.
    pub(crate) async fn client(&self) -> Client {
        Client::try_from(self.config().await).unwrap()
    }

    /// A client of whoever has this token.
    pub(crate) async fn client_with_token(&self, token: &str) -> Client {
        let mut config = self.config().await;
        config.auth_info = AuthInfo { token: Some(token.to_owned().into()), ..AuthInfo::default() };
        Client::try_from(config).unwrap()
    }

    async fn config(&self) -> Config {
        // Only the first one counts.
        drop(rustls::crypto::ring::default_provider().install_default());
        let kubeconfig = Kubeconfig::read_from(&self.kubeconfig).unwrap();
        Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap()
    }
}

fn started() -> Option<PathBuf> {
    let mut script = Command::new(super::path("tests/cluster/cluster"));
    let output = script.arg("up").stderr(Stdio::inherit()).output().unwrap();
    if output.status.code() == Some(CANNOT) {
        return None;
    }
    assert!(output.status.success(), "tests/cluster/cluster up: {}", output.status);
    let told = String::from_utf8(output.stdout).unwrap();
    told.lines().last().map(PathBuf::from)
}

/// Has the script `stop` (by a kill) or `start` a part of its cluster: `apiserver`. False: the cluster is another's.
pub(crate) fn component(verb: &str, name: &str) -> bool {
    if std::env::var_os("LOADGATE_TEST_KUBECONFIG").is_some() {
        let told = format!("\nSKIPPED: {verb} {name}: the cluster is another's\n");
        std::io::stderr().write_all(told.as_bytes()).unwrap();
        return false;
    }
    let done = Command::new(super::path("tests/cluster/cluster")).args([verb, name]).status().unwrap();
    assert!(done.success(), "tests/cluster/cluster {verb} {name}: {done}");
    true
}

/// Runs a test in a namespace of its own, which is deleted afterwards, however the test ends.
pub(crate) async fn in_own_namespace<F>(test: impl FnOnce(Own) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let Some(cluster) = Cluster::up() else { return };
    let client = cluster.client().await;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace = format!("loadgate-test-{}", uuid::Uuid::new_v4().simple());
    let object = serde_json::from_value(json!({"metadata": {"name": namespace}})).unwrap();
    namespaces.create(&PostParams::default(), &object).await.unwrap();
    let ended = tokio::spawn(test(Own { cluster, client, namespace: namespace.clone() })).await;
    namespaces.delete(&namespace, &DeleteParams::default()).await.unwrap();
    if let Err(error) = ended {
        std::panic::resume_unwind(error.into_panic());
    }
}
