//! What the kubelet brings to workers beside the spec is what the target gets: files of a ConfigMap as bodies and in forms, and who the
//! load says to be from a Secret.

use base64::prelude::{BASE64_STANDARD, Engine};
use k8s_openapi::ByteString;
use serde_json::{Value, json};

use crate::secrets::{VALUE, stands_nowhere};
use crate::support::installation::{Installation, Room};
use crate::support::loadtests::constant_rate;
use crate::support::pods::{NGINX, Nginx};

/// Keeps each body in a file of its own, and tells whose it was.
const KEEPING: &str = "
        location = /sent { client_body_in_file_only on; client_body_temp_path /tmp/sent; proxy_pass http://127.0.0.1:8080/; }";
/// No text.
const BINARY: &[u8] = b"\x89PNG\r\n\x1a\n\0\xff${uuid}\r\n--";
const USER: &str = "loader";
/// Two users, two iterations each, of two requests.
const SENT: usize = 8;

pub(crate) fn files_of_a_config_map_and_who_the_load_is_reach_the_target(installation: &Installation) {
    let room = installation.room("sent");
    let nginx =
        Nginx::configured(&room.kubectl, "$request_body_file|$content_type|$http_authorization", KEEPING);
    room.kubectl.apply(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop"},
        "binaryData": {"photo.png": ByteString(BINARY.to_vec())}}));
    let secret = format!("--from-literal=key={VALUE}");
    room.kubectl.run(&["create", "secret", "generic", "shop", &secret]);
    let key = json!({"valueFrom": {"secretKeyRef": {"name": "shop", "key": "key"}}});
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{USER}:{VALUE}")));
    let mut before = 0;
    for (tier, auth, told) in [
        ("fast", json!({"basic": {"username": USER, "password": key}}), basic),
        ("full", json!({"bearer": key}), format!("Bearer {VALUE}")),
    ] {
        room.kubectl.apply(&test(tier, &auth));
        let status = room.comes_to_rest(tier);
        assert_eq!(status["summary"]["requests"], SENT, "{status:#}");
        assert_eq!(status["summary"]["failed"], 0, "{status:#}");
        let log: Vec<Sent> =
            nginx.log().iter().filter_map(|line| sent(&room, &line.agent)).skip(before).collect();
        before += log.len();
        // And one of the preflight.
        assert_eq!(log.len(), SENT + 1, "{log:?}");
        assert!(log.iter().all(|sent| sent.authorization == told), "{log:?}");
        are_as_written(&log);
        let kinds = "loadtests,configmaps,events,jobs,pods,leases";
        stands_nowhere(&room, &room.kubectl.run(&["get", kinds, "--output=yaml"]), &[VALUE, &told]);
        stands_nowhere(&room, &installation.log(), &[VALUE, &told]);
    }
}

/// What nginx has kept of a request.
#[derive(Debug)]
struct Sent {
    body: Vec<u8>,
    content_type: String,
    authorization: String,
}

/// None: it had no body that was kept.
fn sent(room: &Room, logged: &str) -> Option<Sent> {
    let [file, content_type, authorization] = logged.splitn(3, '|').collect::<Vec<_>>()[..] else {
        return None;
    };
    if !file.starts_with('/') {
        return None;
    }
    let body = room.kubectl.run(&["exec", "nginx", "--", "busybox", "base64", "-w0", file]);
    let body = BASE64_STANDARD.decode(body.trim()).unwrap();
    Some(Sent { body, content_type: content_type.to_owned(), authorization: authorization.to_owned() })
}

fn are_as_written(log: &[Sent]) {
    let (files, forms): (Vec<_>, Vec<_>) = log.iter().partition(|sent| sent.content_type == "image/png");
    assert_eq!((files.len(), forms.len()), (SENT / 2 + 1, SENT / 2));
    assert!(files.iter().all(|sent| sent.body == BINARY), "{files:?}");
    let mut users = Vec::new();
    for form in &forms {
        let boundary = form.content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        let is_of = |user: &u32| {
            let part = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\n{user}\r\n--{boundary}\r\n"
            );
            let head = "Content-Disposition: form-data; name=\"a%22b\"; filename=\"photo.png\"\r\nContent-Type: image/png\r\n\r\n";
            form.body
                == [part.as_bytes(), head.as_bytes(), BINARY, format!("\r\n--{boundary}--\r\n").as_bytes()]
                    .concat()
        };
        users.push((0..2).find(is_of).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&form.body))));
    }
    users.sort_unstable();
    assert_eq!(users, [0, 0, 1, 1], "each worker has one of the users");
    let boundaries: std::collections::BTreeSet<_> = forms.iter().map(|form| &form.content_type).collect();
    assert_eq!(boundaries.len(), 1, "both workers draw the same one");
}

fn test(tier: &str, auth: &Value) -> Value {
    let file = json!({"configMapKeyRef": {"name": "shop", "key": "photo.png"}});
    let whole = json!({"method": "PUT", "path": "/sent", "file": file});
    let form = json!({"method": "POST", "path": "/sent",
        "multipart": [{"name": "user", "text": "${user}"}, {"name": "a\"b", "file": file}]});
    let mut test = constant_rate(tier, NGINX, "1/s", "1s");
    let spec = &mut test["spec"];
    spec["target"] =
        json!({"baseUrl": NGINX, "http": {"tier": tier}, "auth": auth, "preflight": [{"request": whole}]});
    spec["scenarios"][0]["steps"] =
        json!([{"name": "file", "request": whole}, {"name": "form", "request": form}]);
    spec["phases"][0]["load"] = json!({"iterations": {"users": 2, "perUser": 2}});
    test
}
