//! A second node of the script's cluster, for as long as it is held: it is drained, or dies.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

use std::process::Command;

use serde_json::{Value, json};

use super::kubectl::Kubectl;
use super::node::Node;
use super::{image, path, tools};

/// It has the operator's and the workers' image. Dropped, it and what the cluster knows of its pods are taken away.
pub(crate) struct SecondNode {
    name: String,
}

impl SecondNode {
    /// None: the cluster is another's, which is said.
    pub(crate) fn up() -> Option<Self> {
        Node::of_the_script()?;
        let name = script(&["up"]).unwrap_or_else(|said| panic!("cluster node up: {said}"));
        let node = SecondNode { name: name.trim().to_owned() };
        image::load();
        Some(node)
    }

    /// Takes away what a hard end has left of one: its pods would keep their namespaces from going.
    pub(crate) fn sweep() {
        if Node::is_of_the_script() {
            script(&["down"]).unwrap_or_else(|said| panic!("cluster node down: {said}"));
        }
    }

    /// What pods that may be placed on it put up with; no other test's do.
    pub(crate) fn toleration(&self) -> Value {
        json!({"key": format!("loadgate.test/{}", self.name), "operator": "Exists", "effect": "NoSchedule"})
    }

    /// Whether this pod was placed on it.
    pub(crate) fn has(&self, pod: &Value) -> bool {
        pod["spec"]["nodeName"] == self.name.as_str()
    }

    /// As people do it; when it is done, none of these pods is left.
    #[track_caller]
    pub(crate) fn is_drained(&self, kubectl: &Kubectl) {
        let patience = "--timeout=60s";
        kubectl.run(&["drain", &self.name, "--ignore-daemonsets", "--delete-emptydir-data", patience]);
        let there = format!("--field-selector=spec.nodeName={}", self.name);
        assert_eq!(kubectl.list(&["pods", "--all-namespaces", &there]), Vec::<Value>::new());
        let processes = script(&["inside", "ctr", "-n", "k8s.io", "tasks", "ls", "--quiet"]).unwrap();
        assert_eq!(processes, "", "no container is left");
    }

    /// Pods may be placed on it again.
    #[track_caller]
    pub(crate) fn is_open_again(&self, kubectl: &Kubectl) {
        kubectl.run(&["uncordon", &self.name]);
    }

    /// Its power is cut: nobody hears of it or of its pods any more.
    #[track_caller]
    #[expect(clippy::unused_self, reason = "who has none can't")]
    pub(crate) fn dies(&self) {
        script(&["cut"]).unwrap_or_else(|said| panic!("cluster node cut: {said}"));
    }
}

impl Drop for SecondNode {
    fn drop(&mut self) {
        if let Err(said) = script(&["down"]) {
            eprintln!("cluster node down: {said}");
        }
    }
}

fn script(arguments: &[&str]) -> Result<String, String> {
    tools::output(Command::new(path("tests/cluster/cluster")).arg("node").args(arguments))
}
