//! What a pod's template gives its process, and what is told of it in the pod's status.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::process::Stdio;

use k8s_openapi::api::core::v1::{EnvVar, Pod};
use kube::ResourceExt;
use loadgate::operator::names::INDEX_LABEL;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

/// The worker as its template says, with the folder of this machine that stands for the pod's.
pub(crate) fn command(pod: &Pod, folder: &TempDir, post: Option<SocketAddr>) -> Command {
    let container = &pod.spec.as_ref().unwrap().containers[0];
    let local = |argument: &String| {
        match post {
            Some(post) if argument.starts_with("--coordinator=") => {
                return Some(format!("--coordinator=http://{post}"));
            }
            Some(_) if argument.starts_with("--ca=") => return None,
            Some(_) | None => {}
        }
        let argument = argument.replace("/etc/loadgate/", "").replace("/var/run/loadgate/", "");
        assert!(!argument.contains("=/"), "{argument}: the kubelet of these tests doesn't know this place");
        Some(argument)
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgate"));
    command
        .args(container.args.iter().flatten().filter_map(local))
        .args(["--termination-log", "termination-log"]);
    command.env("RUST_LOG", "info");
    command.envs(container.env.iter().flatten().map(|variable| (&variable.name, value(pod, variable))));
    let log = OpenOptions::new().create(true).append(true).open(folder.path().join("log")).unwrap();
    command.current_dir(folder.path()).stdin(Stdio::null()).stderr(log).kill_on_drop(true);
    command
}

pub(crate) fn index(pod: &Pod) -> String {
    field(pod, &format!("metadata.labels['{INDEX_LABEL}']"))
}

fn value(pod: &Pod, variable: &EnvVar) -> String {
    let from = || Some(variable.value_from.as_ref()?.field_ref.as_ref()?.field_path.clone());
    variable.value.clone().unwrap_or_else(|| field(pod, &from().unwrap()))
}

/// A field of the pod as the downward API names it.
fn field(pod: &Pod, path: &str) -> String {
    let key = path.split('\'').nth(1);
    let found = match (path, key) {
        ("metadata.uid", _) => pod.metadata.uid.as_ref(),
        (_, Some(key)) if path.starts_with("metadata.labels[") => pod.labels().get(key),
        (_, Some(key)) => pod.annotations().get(key),
        (_, None) => None,
    };
    found.unwrap_or_else(|| panic!("{}: no {path}", pod.name_any())).clone()
}

pub(crate) fn running() -> Value {
    json!({"phase": "Running", "containerStatuses": [container(&json!({"running": {}}))]})
}

pub(crate) fn over(code: Option<i32>, message: &str) -> Value {
    let code = code.unwrap_or(137);
    let (phase, reason) = if code == 0 { ("Succeeded", "Completed") } else { ("Failed", "Error") };
    let state =
        json!({"running": null, "terminated": {"exitCode": code, "reason": reason, "message": message}});
    json!({"phase": phase, "containerStatuses": [container(&state)]})
}

fn container(state: &Value) -> Value {
    json!({"name": "worker", "image": "loadgate:none", "imageID": "", "ready": true, "restartCount": 0, "state": state})
}
