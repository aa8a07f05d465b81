//! A secret in a header reaches the target and nothing else.

use k8s_openapi::ByteString;
use serde_json::{Value, json};

use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{constant_rate, counts};
use crate::support::pods::{NGINX, Nginx};

/// What nobody may read anywhere.
pub(crate) const VALUE: &str = "tr3asure-9f2c41d7";

pub(crate) fn a_secret_reaches_the_target_and_stands_nowhere_else(installation: &Installation) {
    let room = installation.room("secret");
    let nginx = Nginx::configured(&room.kubectl, "$http_authorization", "");
    let value = format!("Bearer {VALUE}");
    room.kubectl.run(&["create", "secret", "generic", "shop", &format!("--from-literal=header={value}")]);
    let mut test = constant_rate("secretive", NGINX, "10/s", "12s");
    let header =
        json!({"name": "Authorization", "valueFrom": {"secretKeyRef": {"name": "shop", "key": "header"}}});
    test["spec"]["target"]["headers"] = json!([header]);
    test["spec"]["target"]["preflight"] =
        json!([{"request": {"path": "/first"}, "checks": [{"status": [200]}]}]);
    room.kubectl.apply(&test);
    room.is_on("secretive");
    stands_nowhere(
        &room,
        &room.kubectl.run(&["logs", "--selector=loadgate.dev/role=workers", "--tail=-1"]),
        &[VALUE, &value],
    );
    stands_nowhere(&room, &everything(&room), &[VALUE, &value]);
    let status = room.completes("secretive");
    counts(&status, 120);
    stands_nowhere(&room, &everything(&room), &[VALUE, &value]);
    is_not_in_the_result(&room, &status, &value);
    let log = nginx.log();
    assert_eq!(log.len(), 121);
    assert!(log.iter().all(|line| line.agent == value), "{log:?}");
}

/// All that may be read of the run without a right to Secrets, and what the operator says.
fn everything(room: &Room) -> String {
    let kinds = "loadtests,configmaps,events,jobs,pods,leases";
    room.kubectl.run(&["get", kinds, "--all-namespaces", "--output=yaml"]) + &room.installation.log()
}

#[track_caller]
pub(crate) fn stands_nowhere(room: &Room, text: &str, values: &[&str]) {
    assert!(
        text.contains(room.kubectl.namespace()) || !text.contains("kind:"),
        "it was looked for where it could be"
    );
    for value in values {
        let encoded = serde_json::to_value(ByteString(value.as_bytes().to_vec())).unwrap();
        for form in [value, encoded.as_str().unwrap().trim_end_matches('=')] {
            let line = text.lines().find(|line| line.contains(form));
            assert_eq!(line, None);
        }
    }
}

/// It is packed, so its text says nothing.
fn is_not_in_the_result(room: &Room, status: &Value, value: &str) {
    let name = status["results"]["location"].as_str().unwrap().strip_prefix("configmap/").unwrap();
    let map = room.kubectl.get(&["configmap", name]);
    let packed: ByteString = serde_json::from_value(map["binaryData"]["result"].clone()).unwrap();
    let kept = loadgate::store::unpack(&packed.0).unwrap();
    let text = serde_json::to_string(&kept.spec).unwrap() + &serde_json::to_string(&kept.facts).unwrap();
    assert!(text.contains("secretKeyRef"));
    stands_nowhere(room, &text, &[VALUE, value]);
    stands_nowhere(room, &format!("{kept:?}"), &[VALUE, value]);
}
