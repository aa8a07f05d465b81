//! The workers' Job, as the operator makes it: the whole of it as a golden file.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use loadgate::api::LoadTest;
use loadgate::operator::Setting;
use loadgate::operator::build::{job, status};
use loadgate::operator::decide::run_of;
use loadgate::plan::{Document, Options};
use serde_json::json;
use support::is_as_committed;

const TEST: &str = r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {name: shop}
spec:
  target:
    baseUrl: http://shop:8080
    headers:
    - {name: Authorization, valueFrom: {secretKeyRef: {name: shop, key: token}}}
  scenarios:
  - {name: look, steps: [{name: items, request: {path: /items}}]}
  phases:
  - {name: steady, load: {constantRate: {rate: 10/s, duration: 10s}}}
  requirements:
  - {id: FAST, title: Fast, metric: latency.p95, target: "< 100ms"}
  workers: {count: 2}
"#;

fn setting() -> Setting {
    Setting {
        image: "loadgate:0.1.0".to_owned(),
        pull_policy: "IfNotPresent".to_owned(),
        pull_secrets: vec!["registry".to_owned()],
        ingest_url: "https://loadgate.loadgate-system.svc:8443".to_owned(),
        has_authority: true,
    }
}

/// The Job of a run of this test.
fn made(text: &str) -> Job {
    let checked = Document::parse(text).and_then(|document| document.check(&Options::default())).unwrap();
    let mut object = LoadTest::new(&checked.name, checked.spec);
    object.metadata.namespace = Some("shops".to_owned());
    object.metadata.uid = Some("0b8f1d2e-3c4d-4e5f-8a9b-0c1d2e3f4a5b".to_owned());
    object.metadata.generation = Some(1);
    object.status = Some(status::begun(&object, &checked.plan, Timestamp::UNIX_EPOCH));
    job::job(&object, run_of(&object).unwrap(), &checked.plan, &setting())
}

#[test]
fn the_job_is_as_committed() {
    is_as_committed("tests/golden/job.yaml", &serde_yaml::to_string(&made(TEST)).unwrap());
}

/// The kubelet reads them, with its own rights; a worker that finds one missing can say so.
#[test]
fn what_config_maps_hold_of_the_data_is_mounted_each_key_once() {
    let data = "  data:
  - {name: b, csv: {configMapKeyRef: {name: shop, key: words}}}
  - {name: a, json: {configMapKeyRef: {name: people, key: all.json}}}
  - {name: c, csv: {configMapKeyRef: {name: shop, key: words}}, order: once}
  scenarios:";
    let job = serde_json::to_value(made(&TEST.replace("  scenarios:", data))).unwrap();
    let pod = &job["spec"]["template"]["spec"];
    let source = |name: &str, key: &str, path: &str| json!({"configMap": {"name": name, "items": [{"key": key, "path": path}], "optional": true}});
    assert_eq!(
        pod["volumes"][2],
        json!({"name": "data", "projected": {"sources": [source("people", "all.json", "0"), source("shop", "words", "1")]}})
    );
    let worker = &pod["containers"][0];
    assert_eq!(
        worker["volumeMounts"][2],
        json!({"name": "data", "mountPath": "/etc/loadgate-data", "readOnly": true})
    );
    assert!(worker["args"].as_array().unwrap().contains(&json!("--data=/etc/loadgate-data")));
}
