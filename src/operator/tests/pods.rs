//! Tests of what is seen of pods, and of whose token a worker has.

use k8s_openapi::api::authentication::v1::TokenReviewStatus;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use crate::operator::door::{PodIdentity, identity};
use crate::operator::observe::state;
use crate::operator::seen::PodState;

fn pod(phase: &str, container: &Value) -> Pod {
    let statuses = json!([
        {"name": "istio-proxy", "state": {"running": {}}},
        {"name": "worker", "state": container},
    ]);
    let statuses = if container.is_null() { Value::Null } else { statuses };
    from(json!({"phase": phase, "containerStatuses": statuses}))
}

fn from(status: Value) -> Pod {
    serde_json::from_value(json!({"metadata": {"name": "shop-run-1-0"}, "status": complete(status)})).unwrap()
}

/// The fields that every container's status has.
fn complete(mut status: Value) -> Value {
    for container in status["containerStatuses"].as_array_mut().into_iter().flatten() {
        for (name, value) in [
            ("image", json!("i")),
            ("imageID", json!("i")),
            ("ready", json!(false)),
            ("restartCount", json!(0)),
        ] {
            container[name] = value;
        }
    }
    status
}

fn ended(code: i32, message: &str) -> PodState {
    PodState::Ended { code: Some(code), message: message.to_owned() }
}

fn waiting(reason: &str) -> PodState {
    PodState::Waiting(Some(reason.to_owned()))
}

#[test]
fn pods_are_seen_as_they_say() {
    let unscheduled = json!({"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available"},
    ]});
    let evicted = json!({"phase": "Failed", "reason": "Evicted", "message": "low on memory"});
    for (pod, seen) in [
        (from(json!({})), PodState::Waiting(None)),
        (pod("Pending", &Value::Null), PodState::Waiting(None)),
        (from(unscheduled), waiting("Unschedulable: 0/1 nodes are available")),
        (pod("Pending", &json!({"waiting": {"reason": "ContainerCreating"}})), PodState::Waiting(None)),
        (
            pod("Pending", &json!({"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}})),
            waiting("ImagePullBackOff: no such image"),
        ),
        (
            pod("Pending", &json!({"waiting": {"reason": "CreateContainerConfigError", "message": ""}})),
            waiting("CreateContainerConfigError"),
        ),
        (pod("Running", &json!({"running": {}})), PodState::Running),
        (
            pod("Running", &json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}})),
            ended(137, "OOMKilled (exit code 137)"),
        ),
        (
            pod("Failed", &json!({"terminated": {"exitCode": 4, "reason": "Error", "message": "no way\n"}})),
            ended(4, "no way"),
        ),
        (from(evicted), PodState::Ended { code: None, message: "Evicted: low on memory".to_owned() }),
    ] {
        assert_eq!(state(&pod), seen, "{pod:#?}");
    }
}

/// Of a container without words Kubernetes gives the end of its log: the last line says why.
#[test]
fn last_words_are_one_line_of_bounded_length() {
    let said = |words: &str| {
        state(&pod("Failed", &json!({"terminated": {"exitCode": 1, "reason": "Error", "message": words}})))
    };
    assert_eq!(said("starting\nconnecting\nno such host\n\n"), ended(1, "no such host"));
    let PodState::Ended { message, .. } = said(&"ä".repeat(2048)) else { panic!("it has ended") };
    assert!(message.len() <= 512, "{} bytes", message.len());
}

fn review(change: impl FnOnce(&mut Value)) -> Option<PodIdentity> {
    let mut review = json!({
        "authenticated": true,
        "audiences": ["loadgate"],
        "user": {
            "username": "system:serviceaccount:shops:default",
            "extra": {
                "authentication.kubernetes.io/pod-name": ["shop-run-1-0-x7k2p"],
                "authentication.kubernetes.io/pod-uid": ["5a1d6a0c"],
            },
        },
    });
    change(&mut review);
    identity(&serde_json::from_value::<TokenReviewStatus>(review).unwrap())
}

#[test]
fn a_token_is_that_of_the_pod_that_it_is_bound_to() {
    let known = review(|_| ()).unwrap();
    assert_eq!((known.namespace.as_str(), known.name.as_str()), ("shops", "shop-run-1-0-x7k2p"));
    assert_eq!(known.uid, "5a1d6a0c");
}

#[test]
fn a_token_that_is_not_meant_for_us_or_bound_to_no_pod_is_nobodys() {
    let pod = "authentication.kubernetes.io/pod-uid";
    for (what, review) in [
        ("not authenticated", review(|review| review["authenticated"] = json!(false))),
        ("said nothing of it", review(|review| review["authenticated"] = Value::Null)),
        (
            "another audience",
            review(|review| review["audiences"] = json!(["https://kubernetes.default.svc"])),
        ),
        ("no audience", review(|review| review["audiences"] = json!([]))),
        ("audiences aren't known", review(|review| review["audiences"] = Value::Null)),
        ("a person", review(|review| review["user"]["username"] = json!("jane"))),
        ("nobody", review(|review| review["user"] = Value::Null)),
        ("no pod", review(|review| review["user"]["extra"] = json!({}))),
        ("no pod's UID", review(|review| review["user"]["extra"][pod] = json!([]))),
    ] {
        assert_eq!(review, None, "{what}");
    }
}
