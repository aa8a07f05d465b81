//! The chart as helm renders it: what it installs, what that may do, and that it fits Kubernetes.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

#[path = "chart/rights.rs"]
mod rights;
mod support;

use std::process::Command;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use loadgate::cli::Cli;
use serde_json::{Value, json};
use support::chart::{self, NAMESPACE, Rendering};
use support::{path, schemas, tools};

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().map_or(&[][..], Vec::as_slice).iter().map(|text| text.as_str().unwrap()).collect()
}

/// What a container runs, without the image and what the image starts.
fn arguments(rendering: &Rendering) -> Vec<&str> {
    texts(&rendering.the("Deployment")["spec"]["template"]["spec"]["containers"][0]["args"])
}

fn name_of_the_secret(rendering: &Rendering) -> &str {
    rendering.the("Secret")["metadata"]["name"].as_str().unwrap()
}

#[test]
fn helm_finds_nothing_to_complain_about() {
    let Some(helm) = tools::program("helm") else { return };
    for values in chart::value_sets() {
        let mut lint = Command::new(&helm);
        lint.args(["lint", "--strict", "--kube-version", chart::KUBERNETES]).arg(chart::folder());
        lint.args(values.iter().flat_map(|file| ["--values".as_ref(), file.as_os_str()]));
        tools::output(&mut lint).unwrap();
    }
}

#[test]
fn every_object_is_one_that_kubernetes_knows() {
    let Some(kubeconform) = tools::program("kubeconform") else { return };
    let Some(renderings) = chart::renderings() else { return };
    let folder = tempfile::tempdir().unwrap();
    schemas::write(folder.path());
    for rendering in renderings {
        let file = folder.path().join(format!("{}.yaml", rendering.values));
        std::fs::write(&file, &rendering.text).unwrap();
        let mut check = Command::new(&kubeconform);
        check.args(["-strict", "-summary", "-schema-location", &schemas::location(folder.path())]).arg(&file);
        let summary = tools::output(&mut check).unwrap();
        let all_valid = format!("Valid: {}, Invalid: 0, Errors: 0, Skipped: 0", rendering.objects.len());
        assert!(summary.contains(&all_valid), "{}: {summary}", rendering.values);
    }
}

/// A check that lets everything through would prove nothing.
#[test]
fn an_object_with_a_field_too_many_or_of_another_kind_of_value_is_found() {
    let Some(kubeconform) = tools::program("kubeconform") else { return };
    let folder = tempfile::tempdir().unwrap();
    schemas::write(folder.path());
    let pod = |extra: Value| {
        let mut container =
            json!({"name": "a", "image": "a", "resources": {"limits": {"cpu": 1, "memory": "1Gi"}}});
        container.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [container]}})
    };
    for (extra, fault) in [
        (json!({}), None),
        (json!({"livenessProbe": {"httpGet": {"port": "http"}}}), None),
        (json!({"livenessProbe": {"httpGet": {"port": 80}}}), None),
        (json!({"livenessProbes": {}}), Some("livenessProbes")),
        (json!({"args": "operator"}), Some("args")),
    ] {
        let file = folder.path().join("pod.yaml");
        std::fs::write(&file, pod(extra).to_string()).unwrap();
        let mut check = Command::new(&kubeconform);
        check.args(["-strict", "-schema-location", &schemas::location(folder.path())]).arg(&file);
        match (tools::output(&mut check), fault) {
            (Ok(_), None) => {}
            (Err(said), Some(fault)) if said.contains(fault) => {}
            (said, fault) => panic!("expected {fault:?}, kubeconform said {said:?}"),
        }
    }
}

/// That the chart's copy is what the types make, `tests/generated.rs` holds.
#[test]
fn the_definition_is_installed_as_it_is_and_kept() {
    let copy = std::fs::read_to_string(chart::folder().join("files/loadtests.loadgate.dev.yaml")).unwrap();
    let copy: CustomResourceDefinition = serde_yaml::from_str(&copy).unwrap();
    for rendering in chart::renderings().unwrap_or_default() {
        let kept = match rendering.values.as_str() {
            "bare" => {
                assert_eq!(rendering.of_kind("CustomResourceDefinition").len(), 0);
                continue;
            }
            "everything" => Value::Null,
            _ => json!("keep"),
        };
        let rendered = rendering.the("CustomResourceDefinition");
        assert_eq!(
            rendered["metadata"]["annotations"]["helm.sh/resource-policy"], kept,
            "{}",
            rendering.values
        );
        let mut definition: CustomResourceDefinition = serde_json::from_value(rendered.clone()).unwrap();
        (definition.metadata.annotations, definition.metadata.labels) = (None, None);
        assert_eq!(definition, copy, "{}", rendering.values);
    }
}

#[test]
fn the_operator_is_started_with_what_the_chart_made_for_it() {
    let Some(rendering) = chart::rendering("default") else { return };
    let (service, version) = (rendering.the("Service"), env!("CARGO_PKG_VERSION"));
    let service = service["metadata"]["name"].as_str().unwrap();
    assert_eq!(
        arguments(rendering),
        [
            "operator",
            "--ingest-listen=0.0.0.0:8443",
            "--http-listen=0.0.0.0:8080",
            &format!("--ingest-url=https://{service}.{NAMESPACE}.svc:8443"),
            &format!("--tls-secret={}", name_of_the_secret(rendering)),
            "--lease-name=loadgate",
            &format!("--namespace={NAMESPACE}"),
            &format!("--worker-image=loadgate:{version}"),
            "--worker-image-pull-policy=IfNotPresent",
            "--log-format=json",
        ]
    );
}

#[test]
fn the_program_takes_all_that_the_chart_passes() {
    for rendering in chart::renderings().unwrap_or_default() {
        let line = ["loadgate"].into_iter().chain(arguments(rendering)).map(Into::into);
        assert!(Cli::read(line).is_ok(), "{}: {:?}", rendering.values, arguments(rendering));
    }
}

#[test]
fn workers_are_of_the_operators_image() {
    for rendering in chart::renderings().unwrap_or_default() {
        let container = &rendering.the("Deployment")["spec"]["template"]["spec"]["containers"][0];
        let image = format!("--worker-image={}", container["image"].as_str().unwrap());
        assert!(arguments(rendering).contains(&image.as_str()), "{}: {image}", rendering.values);
    }
}

#[test]
fn several_operators_stand_apart_and_leave_one_at_a_time() {
    for (values, expected) in [("default", false), ("high-availability", true)] {
        let Some(rendering) = chart::rendering(values) else { return };
        let pod = &rendering.the("Deployment")["spec"]["template"]["spec"];
        assert_eq!(pod["topologySpreadConstraints"].is_array(), expected, "{values}");
        assert_eq!(pod["affinity"]["podAntiAffinity"].is_object(), expected, "{values}");
        assert_eq!(rendering.of_kind("PodDisruptionBudget").len(), usize::from(expected), "{values}");
    }
}

#[test]
fn labels_that_select_are_those_of_the_pods() {
    for rendering in chart::renderings().unwrap_or_default() {
        let deployment = &rendering.the("Deployment")["spec"];
        let labels = deployment["template"]["metadata"]["labels"].as_object().unwrap();
        let selectors =
            [&deployment["selector"]["matchLabels"], &rendering.the("Service")["spec"]["selector"]];
        for (name, value) in selectors.into_iter().flat_map(|selector| selector.as_object().unwrap()) {
            assert_eq!(labels.get(name), Some(value), "{}: {name}", rendering.values);
        }
        for object in &rendering.objects {
            let labels = &object["metadata"]["labels"];
            assert_eq!(
                labels["app.kubernetes.io/part-of"], "loadgate",
                "{} {}",
                rendering.values, object["kind"]
            );
            assert_eq!(
                labels["app.kubernetes.io/managed-by"], "Helm",
                "{} {}",
                rendering.values, object["kind"]
            );
        }
    }
}

#[test]
fn a_value_that_makes_no_sense_is_refused_with_its_name() {
    let Some(helm) = tools::program("helm") else { return };
    let check = |value: &str, said: &str| {
        let error = tools::output(chart::template(&helm).args(["--set", value])).unwrap_err();
        assert!(error.contains(said), "{value}: {error}");
    };
    check("replica=3", "'replica' not allowed");
    check("replicas=three", "at '/replicas'");
    check("image.name=loadgate", "at '/image'");
    check("image.repository=", "at '/image/repository'");
    check("image.digest=latest", "at '/image/digest'");
    check("image.pullPolicy=Sometimes", "at '/image/pullPolicy'");
    check("watchNamespaces={a,a}", "at '/watchNamespaces'");
    check("watchNamespaces={*}", "at '/watchNamespaces/0'");
    check("crds.delete=true", "at '/crds'");
    check("logFormat=xml", "at '/logFormat'");
}

#[test]
fn each_value_says_what_it_is_for() {
    let values = std::fs::read_to_string(chart::folder().join("values.yaml")).unwrap();
    let mut told = false;
    // A value is a key that isn't the head of a group, and one of a default that is a group is told by its head.
    for line in values.lines().filter(|line| !line.starts_with("    ")) {
        let text = line.trim();
        let is_nested_default = line.starts_with("  ") && ["requests:", "limits:"].contains(&text);
        if text.starts_with("# -- ") || (told && text.starts_with('#')) || is_nested_default {
            told = true;
        } else if !text.is_empty() && !text.starts_with('#') {
            let is_group = text.ends_with(':') && !line.starts_with("  ");
            assert!(told || is_group, "values.yaml: {text}");
            told = false;
        }
    }
}

#[test]
fn the_chart_has_the_version_of_the_program() {
    let chart = std::fs::read_to_string(chart::folder().join("Chart.yaml")).unwrap();
    let chart: Value = serde_yaml::from_str(&chart).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!((&chart["version"], &chart["appVersion"]), (&json!(version), &json!(version)));
}

#[test]
fn the_image_is_built_with_the_toolchain_of_the_project() {
    let toolchain = std::fs::read_to_string(path("rust-toolchain.toml")).unwrap();
    let channel =
        toolchain.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap().trim_matches('"');
    let dockerfile = std::fs::read_to_string(path("Dockerfile")).unwrap();
    assert!(
        dockerfile.contains(&format!("ARG RUST={channel}\n")),
        "the Dockerfile doesn't name Rust {channel}"
    );
}
