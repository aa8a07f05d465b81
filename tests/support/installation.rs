//! The operator in the cluster, installed by the commands of README and taken away by them.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::kubectl::Kubectl;
use super::second_node::SecondNode;
use super::{image, path, readme, tools};

/// The namespace that README installs into.
pub(crate) const NAMESPACE: &str = "loadgate-system";
/// Marks the namespaces of these tests, so that what an earlier end has left is known.
const LABEL: &str = "loadgate.test/binary=operator";
/// How the names of its tests' namespaces begin.
const ROOM: &str = "loadgate-op-";
/// Deletions take no longer, unless something hangs.
const LIMIT: Duration = Duration::from_mins(1);

/// An installation for the whole cluster. Dropped, all of it is removed, and all namespaces of its tests.
pub(crate) struct Installation {
    pub(crate) cluster: Cluster,
    /// The operator's and the workers' image.
    pub(crate) image: String,
    tag: String,
    /// kubectl where the operator is.
    pub(crate) kubectl: Kubectl,
    blocks: Vec<String>,
}

/// A namespace that a test has for itself, in which Pod Security *restricted* is enforced. Dropped, it is deleted.
pub(crate) struct Room<'a> {
    pub(crate) installation: &'a Installation,
    pub(crate) kubectl: Kubectl,
}

/// Gives the operator its arguments back, and waits until it is ready.
pub(crate) struct Restored<'a> {
    installation: &'a Installation,
    arguments: Value,
}

impl Restored<'_> {
    fn set(&self, arguments: &Value) {
        let patch =
            json!([{"op": "replace", "path": "/spec/template/spec/containers/0/args", "value": arguments}]);
        let kubectl = &self.installation.kubectl;
        kubectl.run(&["patch", "deployment", "loadgate", "--type=json", "--patch", &patch.to_string()]);
        kubectl.run(&["rollout", "status", "deployment/loadgate", "--timeout=60s"]);
    }
}

impl Drop for Restored<'_> {
    fn drop(&mut self) {
        self.set(&self.arguments);
    }
}

/// Lets an operator be again, and waits until it is ready.
pub(crate) struct Away<'a>(&'a Installation);

impl Drop for Away<'_> {
    fn drop(&mut self) {
        self.0.kubectl.run(&["scale", "deployment/loadgate", "--replicas=1"]);
        self.0.kubectl.run(&["rollout", "status", "deployment/loadgate", "--timeout=60s"]);
    }
}

impl Installation {
    /// None where this machine can't have a cluster.
    pub(crate) fn new() -> Option<Self> {
        let cluster = Cluster::up()?;
        let kubectl = Kubectl::new(&cluster, NAMESPACE)?;
        let tag = image::load();
        let image = format!("{}:{tag}", image::REPOSITORY);
        let blocks = readme::commands("In a cluster");
        let installation = Installation { cluster, image, tag, kubectl, blocks };
        SecondNode::sweep();
        installation.sweep();
        installation.install();
        Some(installation)
    }

    fn install(&self) {
        self.is_as_found();
        self.namespace(NAMESPACE);
        self.types(&self.blocks[0]);
    }

    /// A namespace with our mark.
    fn namespace(&self, name: &str) {
        let (label, value) = LABEL.split_once('=').unwrap();
        let labels = json!({label: value, "pod-security.kubernetes.io/enforce": "restricted"});
        self.kubectl.apply(&json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name, "labels": labels}}));
    }

    /// A namespace of its own, called after its test.
    pub(crate) fn room(&self, word: &str) -> Room<'_> {
        let name = format!("{ROOM}{word}");
        self.namespace(&name);
        let kubectl = self.kubectl.within(&name);
        // Pods are refused until it is there.
        kubectl.wait("create", "serviceaccount/default", LIMIT);
        Room { installation: self, kubectl }
    }

    /// The commands of README between installing and uninstalling.
    pub(crate) fn path_of_readme(&self) -> &[String] {
        &self.blocks[1..self.blocks.len() - 1]
    }

    /// Runs commands as a person would type them; what they said.
    pub(crate) fn types(&self, block: &str) -> String {
        self.tries_to_type(block).unwrap_or_else(|said| panic!("{block}\n{said}"))
    }

    fn tries_to_type(&self, block: &str) -> Result<String, String> {
        let helm = tools::program("helm").expect("what has kubectl has helm");
        let folders = [helm.parent(), self.kubectl.program().parent()].into_iter().flatten();
        let known = std::env::var_os("PATH").unwrap_or_default();
        let folders = folders.map(Into::into).chain(std::env::split_paths(&known));
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", block]).current_dir(path(""));
        bash.env("PATH", std::env::join_paths(folders).unwrap()).env("KUBECONFIG", self.kubectl.kubeconfig());
        bash.env("REPOSITORY", image::REPOSITORY).env("TAG", &self.tag);
        tools::output(&mut bash)
    }

    /// The operator's pods.
    pub(crate) fn operators(&self) -> Vec<Value> {
        self.kubectl.list(&["pods", "--selector=app.kubernetes.io/name=loadgate"])
    }

    /// Restarts the operator with another value of an argument, until what is given back is dropped.
    pub(crate) fn with_argument(&self, name: &str, value: &str) -> Restored<'_> {
        let deployment = self.kubectl.get(&["deployment", "loadgate"]);
        let arguments = deployment["spec"]["template"]["spec"]["containers"][0]["args"].clone();
        let mut others = arguments.clone();
        let is_named = |argument: &&mut Value| argument.as_str().unwrap().starts_with(&format!("{name}="));
        *others.as_array_mut().unwrap().iter_mut().find(is_named).unwrap() = json!(format!("{name}={value}"));
        let restored = Restored { installation: self, arguments };
        restored.set(&others);
        restored
    }

    /// Ends the operator, until what is given back is dropped.
    pub(crate) fn without_operator(&self) -> Away<'_> {
        let away = Away(self);
        self.kubectl.run(&["scale", "deployment/loadgate", "--replicas=0"]);
        let pods = "--selector=app.kubernetes.io/name=loadgate";
        self.kubectl.run(&["wait", "--for=delete", "pods", pods, "--timeout=60s"]);
        away
    }

    /// What the operator has logged so far.
    pub(crate) fn log(&self) -> String {
        self.kubectl.run(&["logs", "--selector=app.kubernetes.io/name=loadgate", "--tail=-1"])
    }

    /// Removes what an installation of these tests has left, this or an earlier one.
    fn sweep(&self) {
        let rooms = self.kubectl.list(&["namespaces", "--selector", LABEL]);
        if rooms.is_empty() {
            return;
        }
        for room in &rooms {
            remove_tests(&self.kubectl.within(room["metadata"]["name"].as_str().unwrap()));
        }
        let limit = format!("--timeout={}s", LIMIT.as_secs());
        let removed = [
            self.tries_to_type(self.blocks.last().map_or("", String::as_str)),
            self.kubectl.tries(&["delete", "namespaces", "--selector", LABEL, &limit]),
        ];
        // What has been half removed already is told and gone on with: the check is what counts.
        for said in removed.into_iter().filter_map(Result::err) {
            eprintln!("while cleaning up: {said}");
        }
    }

    fn is_as_found(&self) {
        let kinds = "crd,clusterroles,clusterrolebindings,validatingadmissionpolicies,\
            validatingadmissionpolicybindings,namespaces";
        let there = self.kubectl.run(&["get", kinds, "--output=name"]);
        let marks = [NAMESPACE, ROOM, "/loadtests."];
        let ours: Vec<&str> =
            there.lines().filter(|name| marks.iter().any(|mark| name.contains(mark))).collect();
        assert!(ours.is_empty(), "an operator, or what is left of one, is in this cluster: {ours:?}");
    }
}

/// The operator lets its tests go; where it can't any more, they are let go for it.
fn remove_tests(room: &Kubectl) {
    if room.tries(&["delete", "loadtests", "--all", "--timeout=20s"]).is_ok() {
        return;
    }
    let tests = room.tries(&["get", "loadtests", "--output=json"]);
    let tests: Value = tests.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
    for test in tests["items"].as_array().into_iter().flatten() {
        room.patch(test["metadata"]["name"].as_str().unwrap(), &json!({"metadata": {"finalizers": null}}));
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        self.sweep();
        if !std::thread::panicking() {
            self.is_as_found();
        }
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = self.kubectl.tries(&["get", "loadtests,pods,events"]);
            eprintln!(
                "{} when its test failed:\n{}",
                self.kubectl.namespace(),
                said.unwrap_or_else(|said| said)
            );
        }
        drop(self.kubectl.tries(&["delete", "namespace", self.kubectl.namespace(), "--wait=false"]));
    }
}
