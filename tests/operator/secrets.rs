//! Secrets reach whom they are for and nothing else: that of a header the target, that of a client its token endpoint.

use k8s_openapi::ByteString;
use serde_json::{Value, json};

use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{constant_rate, counts};
use crate::support::pods::{NGINX, Nginx};

/// What nobody may read anywhere.
pub(crate) const VALUE: &str = "tr3asure-9f2c41d7";
/// What the token endpoint gives for it, good for five seconds.
const TOKEN: &str = "t0ken-5ad0";

pub(crate) fn a_secret_reaches_the_target_and_stands_nowhere_else(installation: &Installation) {
    let room = installation.room("secret");
    let granted = json!({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 5});
    let endpoint = format!("location = /token {{ return 200 '{granted}'; }}");
    let nginx = Nginx::configured(&room.kubectl, "$http_x_shop|$http_authorization", &endpoint);
    let value = format!("Bearer {VALUE}");
    room.kubectl.run(&[
        "create",
        "secret",
        "generic",
        "shop",
        &format!("--from-literal=header={value}"),
        &format!("--from-literal=client={VALUE}"),
    ]);
    let mut test = constant_rate("secretive", NGINX, "10/s", "12s");
    let from = |key| json!({"secretKeyRef": {"name": "shop", "key": key}});
    let target = &mut test["spec"]["target"];
    target["headers"] = json!([{"name": "X-Shop", "valueFrom": from("header")}]);
    target["auth"] = json!({"oauth2": {"tokenUrl": format!("{NGINX}/token"), "clientId": "loader",
        "clientSecret": {"valueFrom": from("client")}}});
    target["preflight"] = json!([{"request": {"path": "/first"}, "checks": [{"status": [200]}]}]);
    room.kubectl.apply(&test);
    room.is_on("secretive");
    let client = format!("loader:{VALUE}");
    let secrets = [VALUE, &value, &client, TOKEN];
    // The configuration of the endpoint holds what it gives.
    let but_for_the_endpoint = [VALUE, &value, &client];
    let logs = room.kubectl.run(&["logs", "--selector=loadgate.dev/role=workers", "--tail=-1"]);
    stands_nowhere(&room, &logs, &secrets);
    stands_nowhere(&room, &everything(&room), &but_for_the_endpoint);
    let status = room.completes("secretive");
    counts(&status, 120);
    stands_nowhere(&room, &everything(&room), &but_for_the_endpoint);
    is_not_in_the_result(&room, &status, &secrets);
    let (asked, sent): (Vec<_>, Vec<_>) =
        nginx.log().into_iter().partition(|line| line.seen == "POST /token 200");
    assert_eq!(sent.len(), 121);
    assert!(sent.iter().all(|line| line.agent == format!("{value}|Bearer {TOKEN}")), "{sent:?}");
    // Before the load, and each time when four of its five seconds are over.
    assert!(asked.len() >= 3, "{asked:?}");
    let basic = format!("-|Basic {}", encoded(&client));
    assert!(asked.iter().all(|line| line.agent == basic), "{asked:?}");
}

fn encoded(text: &str) -> String {
    serde_json::to_value(ByteString(text.to_owned().into_bytes())).unwrap().as_str().unwrap().to_owned()
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
        for form in [value, encoded(value).trim_end_matches('=')] {
            let line = text.lines().find(|line| line.contains(form));
            assert_eq!(line, None);
        }
    }
}

/// It is packed, so its text says nothing.
fn is_not_in_the_result(room: &Room, status: &Value, values: &[&str]) {
    let name = status["results"]["location"].as_str().unwrap().strip_prefix("configmap/").unwrap();
    let map = room.kubectl.get(&["configmap", name]);
    let packed: ByteString = serde_json::from_value(map["binaryData"]["result"].clone()).unwrap();
    let kept = loadgate::store::unpack(&packed.0).unwrap();
    let text = serde_json::to_string(&kept.spec).unwrap() + &serde_json::to_string(&kept.facts).unwrap();
    assert!(text.contains("secretKeyRef"));
    stands_nowhere(room, &text, values);
    stands_nowhere(room, &format!("{kept:?}"), values);
}
