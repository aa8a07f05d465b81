//! The chart, installed by helm without an operator, and two people who try what they may.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::support::cluster::Cluster;
use crate::support::{chart, tools};

/// Secrets that alice may get, and one that neither she nor bob may.
pub(crate) const MINE: &str = "mine";
pub(crate) const OURS: &str = "ours";
pub(crate) const OTHER: &str = "other";

/// So long it may take until policies are in effect, and between two looks.
const LIMIT: Duration = Duration::from_mins(2);
const BETWEEN: Duration = Duration::from_millis(500);

/// An installation for one namespace. Dropped, all of it is removed.
pub(crate) struct Installed {
    helm: PathBuf,
    kubectl: PathBuf,
    kubeconfig: PathBuf,
    /// Where the operator would be.
    namespace: String,
    /// Where the tests are.
    team: String,
}

impl Installed {
    /// None where this machine can't have a cluster.
    pub(crate) fn new() -> Option<Self> {
        // A name of its own: the cluster is shared, and an earlier end may have left something.
        let namespace = format!("loadgate-admission-{}", std::process::id());
        let installed = Installed {
            helm: tools::program("helm")?,
            kubectl: tools::program("kubectl")?,
            kubeconfig: Cluster::up()?.kubeconfig().to_owned(),
            team: format!("{namespace}-team"),
            namespace,
        };
        installed.install();
        installed.until_in_effect();
        Some(installed)
    }

    fn install(&self) {
        for namespace in [&self.namespace, &self.team] {
            self.kubectl(&["create", "namespace", namespace]).unwrap();
        }
        // Another test may have brought the definition. It isn't replaced under its tests, nor removed with them.
        let is_there = self.kubectl(&["get", "crd", "loadtests.loadgate.dev"]).is_ok();
        let values = [
            "replicas=0".to_owned(),
            format!("watchNamespaces={{{}}}", self.team),
            "crds.keep=false".to_owned(),
            format!("crds.install={}", !is_there),
        ];
        let mut helm = self.command(&self.helm);
        helm.args(["install", "loadgate"]).arg(chart::folder()).args(["--namespace", &self.namespace]);
        helm.args(values.iter().flat_map(|value| ["--set", value]));
        tools::output(&mut helm).unwrap();
        self.apply("admin", &self.rights(), &[]).unwrap();
    }

    /// Both may do everything with tests; alice may get two Secrets.
    fn rights(&self) -> Value {
        let role = |name: &str, rule: Value| {
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
                "metadata": {"name": name, "namespace": self.team}, "rules": [rule]})
        };
        let binding = |role: &str, user: &str| {
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": {"name": format!("{role}-{user}"), "namespace": self.team},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]})
        };
        let tests = json!({"apiGroups": ["loadgate.dev"], "resources": ["*"], "verbs": ["*"]});
        let secrets = json!({"apiGroups": [""], "resources": ["secrets"], "resourceNames": [MINE, OURS], "verbs": ["get"]});
        json!({"apiVersion": "v1", "kind": "List", "items": [
            role("tests", tests), binding("tests", "alice"), binding("tests", "bob"),
            role("secrets", secrets), binding("secrets", "alice"),
        ]})
    }

    /// The API server reads definitions, policies and roles from watches of its own, and tells nobody when they are in
    /// effect: it is asked until they are.
    fn until_in_effect(&self) {
        let test = json!({"apiVersion": "loadgate.dev/v1alpha1", "kind": "LoadTest", "metadata": {"name": "first"},
            "spec": {"target": {"baseUrl": "http://shop", "headers": [
                {"name": "X", "valueFrom": {"secretKeyRef": {"name": OTHER, "key": "token"}}}]},
                "scenarios": [{"name": "a", "steps": [{"name": "a", "request": {"path": "/"}}]}],
                "phases": [{"name": "a", "load": {"constantRate": {"rate": "1/s", "duration": "1s"}}}]}});
        let began = Instant::now();
        loop {
            let said = self.tries("bob", &test);
            if said.as_ref().is_err_and(|said| said.contains("ValidatingAdmissionPolicy")) {
                return;
            }
            assert!(began.elapsed() < LIMIT, "the policies aren't in effect after {LIMIT:?}: {said:?}");
            std::thread::sleep(BETWEEN);
        }
    }

    /// The operator, as the API server calls it.
    pub(crate) fn operator(&self) -> String {
        format!("system:serviceaccount:{}:loadgate", self.namespace)
    }

    /// As if it were applied, but nothing is stored.
    pub(crate) fn tries(&self, user: &str, object: &Value) -> Result<String, String> {
        self.apply(user, object, &["--dry-run=server"])
    }

    pub(crate) fn applies(&self, user: &str, object: &Value) -> Result<String, String> {
        self.apply(user, object, &[])
    }

    fn apply(&self, user: &str, object: &Value, options: &[&str]) -> Result<String, String> {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), object.to_string()).unwrap();
        let mut command = self.by(user);
        tools::output(command.arg("create").args(options).arg("--filename").arg(file.path()))
    }

    pub(crate) fn patches(&self, user: &str, name: &str, patch: &Value) -> Result<String, String> {
        let mut command = self.by(user);
        command.args(["patch", "loadtest", name, "--type=merge", "--patch", &patch.to_string()]);
        tools::output(&mut command)
    }

    /// Puts another status in the place of the one that is there, as the operator does: it may do no more.
    pub(crate) fn replaces_status(&self, user: &str, name: &str, status: &Value) -> Result<String, String> {
        let told = tools::output(self.by("admin").args(["get", "loadtest", name, "--output=json"])).unwrap();
        let mut object: Value = serde_json::from_str(&told).unwrap();
        object["status"] = status.clone();
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), object.to_string()).unwrap();
        let path = format!("/apis/loadgate.dev/v1alpha1/namespaces/{}/loadtests/{name}/status", self.team);
        tools::output(self.by(user).args(["replace", "--raw", &path, "--filename"]).arg(file.path()))
    }

    /// kubectl in the tests' namespace, by a user; `admin` is whose configuration it is.
    fn by(&self, user: &str) -> Command {
        let mut command = self.command(&self.kubectl);
        command.args(["--namespace", &self.team]);
        if user != "admin" {
            command.args(["--as", user]);
        }
        command
    }

    fn kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        tools::output(self.command(&self.kubectl).args(arguments))
    }

    fn command(&self, program: &PathBuf) -> Command {
        let mut command = Command::new(program);
        command.env("KUBECONFIG", &self.kubeconfig);
        command
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        // What is left of a failed test is told, not failed on: the first failure is the one to look at.
        let mut helm = self.command(&self.helm);
        let uninstalled = tools::output(helm.args(["uninstall", "loadgate", "--namespace", &self.namespace]));
        let removed = self.kubectl(&["delete", "namespace", &self.namespace, &self.team, "--wait=false"]);
        for said in [uninstalled, removed].into_iter().filter_map(Result::err) {
            eprintln!("not removed: {said}");
        }
    }
}
