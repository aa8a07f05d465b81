//! kubectl as a person uses it, in one namespace.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::NamedTempFile;

use super::cluster::Cluster;
use super::tools;

/// kubectl in a namespace, by whom the kubeconfig names.
#[derive(Clone, Debug)]
pub(crate) struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
    namespace: String,
}

impl Kubectl {
    /// None where it can't be had.
    pub(crate) fn new(cluster: &Cluster, namespace: &str) -> Option<Self> {
        let program = tools::program("kubectl")?;
        Some(Kubectl {
            program,
            kubeconfig: cluster.kubeconfig().to_owned(),
            namespace: namespace.to_owned(),
        })
    }

    /// The same in another namespace.
    pub(crate) fn within(&self, namespace: &str) -> Self {
        Kubectl { namespace: namespace.to_owned(), ..self.clone() }
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env("KUBECONFIG", &self.kubeconfig).args(["--namespace", &self.namespace]);
        command
    }

    /// What it says, or why it failed.
    pub(crate) fn tries(&self, arguments: &[&str]) -> Result<String, String> {
        tools::output(self.command().args(arguments))
    }

    /// What it says.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        self.tries(arguments)
            .unwrap_or_else(|said| panic!("kubectl {} in {}: {said}", arguments.join(" "), self.namespace))
    }

    /// An object, or a list of them: `get loadtest quickstart`.
    #[track_caller]
    pub(crate) fn get(&self, what: &[&str]) -> Value {
        let arguments = [&["get"], what, &["--output=json"]].concat();
        serde_json::from_str(&self.run(&arguments)).unwrap()
    }

    /// The items of a list.
    #[track_caller]
    pub(crate) fn list(&self, what: &[&str]) -> Vec<Value> {
        self.get(what)["items"].as_array().cloned().unwrap()
    }

    #[track_caller]
    pub(crate) fn apply(&self, object: &Value) {
        if let Err(said) = self.tries_to("apply", object) {
            panic!("kubectl apply in {}: {said}", self.namespace);
        }
    }

    /// `apply` or `create`.
    pub(crate) fn tries_to(&self, verb: &str, object: &Value) -> Result<String, String> {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), object.to_string()).unwrap();
        self.tries(&[verb, "--filename", &file.path().to_string_lossy()])
    }

    /// Changes a `LoadTest` by a merge patch.
    #[track_caller]
    pub(crate) fn patch(&self, name: &str, patch: &Value) {
        self.run(&["patch", "loadtest", name, "--type=merge", "--patch", &patch.to_string()]);
    }

    /// Waits for `condition=Ready` or the like.
    #[track_caller]
    pub(crate) fn wait(&self, for_what: &str, object: &str, limit: Duration) {
        let (condition, limit) = (format!("--for={for_what}"), format!("--timeout={}s", limit.as_secs()));
        if let Err(said) = self.tries(&["wait", &condition, object, &limit]) {
            let (kind, name) = object.split_once('/').unwrap_or((object, ""));
            let is = self.tries(&["get", kind, name, "--output=yaml"]).unwrap_or_else(|said| said);
            panic!("{object} in {}: {said}\n{is}", self.namespace);
        }
    }
}
