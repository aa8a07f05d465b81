//! Tests of what must hold of any Job. The whole of one is a golden file of tests/job.rs.

use k8s_openapi::api::batch::v1::Job;
use serde_json::{Value, json};

use crate::operator::build::job::{Setting, job};
use crate::operator::decide::run_of;
use crate::operator::tests::makers::{ATest, a_test};

fn setting() -> Setting {
    Setting {
        image: "loadgate:0.1.0".to_owned(),
        pull_policy: "IfNotPresent".to_owned(),
        pull_secrets: Vec::new(),
        ingest_url: "https://loadgate.loadgate-system.svc:8443".to_owned(),
        has_authority: true,
    }
}

fn of(test: ATest) -> Job {
    let test = test.with_run();
    job(test.object(), run_of(test.object()).unwrap(), &test.plan(), &setting())
}

fn pod(test: ATest) -> Value {
    json!(of(test).spec.unwrap().template.spec)
}

fn with_workers(workers: &Value) -> ATest {
    a_test().edited(|spec| spec.workers = Some(serde_json::from_value(workers.clone()).unwrap()))
}

/// A test that sends a secret.
fn with_secret() -> ATest {
    let header =
        json!({"name": "Authorization", "valueFrom": {"secretKeyRef": {"name": "shop", "key": "token"}}});
    a_test().edited(|spec| spec.target.headers = vec![serde_json::from_value(header).unwrap()])
}

/// What the standard "restricted" of Pod Security asks for.
#[test]
fn pods_are_restricted() {
    let pod = pod(a_test());
    let (shared, container) = (&pod["securityContext"], &pod["containers"][0]["securityContext"]);
    assert_eq!(shared["runAsNonRoot"], true);
    assert_eq!(shared["seccompProfile"]["type"], "RuntimeDefault");
    assert_eq!(container["allowPrivilegeEscalation"], false);
    assert_eq!(container["capabilities"], json!({"drop": ["ALL"]}));
    let kinds = ["configMap", "projected"];
    for volume in pod["volumes"].as_array().unwrap() {
        assert!(kinds.iter().any(|kind| volume.get(kind).is_some()), "{volume}");
    }
    assert_eq!(pod["automountServiceAccountToken"], false);
}

#[test]
fn what_is_asked_for_never_exceeds_what_may_be_used() {
    for (resources, asked) in [
        (json!({}), json!({"cpu": "100m", "memory": "64Mi"})),
        (json!({"limits": {"cpu": "50m"}}), json!({"cpu": "50m", "memory": "64Mi"})),
        (
            json!({"requests": {"cpu": "2"}, "limits": {"cpu": "4", "memory": "1Gi"}}),
            json!({"cpu": "2", "memory": "1Gi"}),
        ),
    ] {
        let pod = pod(with_workers(&json!({"count": 2, "resources": resources})));
        assert_eq!(pod["containers"][0]["resources"]["requests"], asked, "{resources}");
    }
}

#[test]
fn pods_go_where_they_are_told_and_apart_where_that_can_be() {
    let pod = pod(with_workers(&json!({
        "count": 2,
        "nodeSelector": {"pool": "load"},
        "tolerations": [{"key": "load", "operator": "Exists", "effect": "NoSchedule"}],
    })));
    assert_eq!(pod["nodeSelector"], json!({"pool": "load"}));
    assert_eq!(pod["tolerations"], json!([{"key": "load", "operator": "Exists", "effect": "NoSchedule"}]));
    let spread = &pod["topologySpreadConstraints"][0];
    assert_eq!(
        (&spread["topologyKey"], &spread["whenUnsatisfiable"]),
        (&json!("kubernetes.io/hostname"), &json!("ScheduleAnyway"))
    );
}

/// A secret is referred to and never read: the kubelet gives it to the worker.
#[test]
fn secrets_are_handed_on_by_reference() {
    let pod = pod(with_secret());
    let env = pod["containers"][0]["env"].as_array().unwrap();
    let secrets: Vec<&Value> = env.iter().filter_map(|one| one.pointer("/valueFrom/secretKeyRef")).collect();
    assert_eq!(secrets, [&json!({"name": "shop", "key": "token"})]);
}

#[test]
fn workers_that_another_attempt_would_not_help_get_none() {
    let rules = json!(of(a_test()).spec.unwrap().pod_failure_policy);
    let rules = rules["rules"].as_array().unwrap().iter();
    let told: Vec<_> =
        rules.map(|rule| (rule["action"].clone(), rule["onExitCodes"]["values"].clone())).collect();
    assert_eq!(told, [(json!("FailJob"), json!([3, 4])), (json!("FailIndex"), json!([10]))]);
}
