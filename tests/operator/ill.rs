//! A target that is ill in a pod of its own: each request is counted in its class, the workers keep within their memory, and the
//! run ends.

use serde_json::{Value, json};

use crate::figures::now;
use crate::support::installation::Installation;
use crate::support::loadtests::{LIMIT, constant_rate};
use crate::support::node::Node;
use crate::support::pods::{NGINX, Nginx};

/// What nginx says to whom asks for what ails it: an error, a connection that it resets, a byte a second, ten gigabytes.
const LOCATIONS: &str = "
        location = /error { return 503; }
        location = /reset { reset_timedout_connection on; return 444; }
        location = /drip { limit_rate 1; return 200 'a response that nobody waits for'; }
        location = /huge { root /tmp; }";
/// What is asked for, and the class that all of it is counted in.
const ILLNESSES: [(&str, &str); 4] =
    [("error", "503"), ("reset", "reset"), ("drip", "timeout"), ("huge", "timeout")];
/// So many requests each of them gets.
const EACH: u64 = 10;
/// The ten gigabytes, or a part of them, would be far more.
const MEMORY: &str = "128Mi";

pub(crate) fn a_target_that_is_ill_is_counted_by_its_classes_and_workers_keep_their_memory(
    installation: &Installation,
) {
    let Some(node) = Node::of_the_script() else { return };
    let room = installation.room("ill");
    let nginx = Nginx::configured(&room.kubectl, "$http_user_agent", LOCATIONS);
    // It takes no room on the node.
    room.kubectl.run(&["exec", "nginx", "--", "busybox", "truncate", "-s", "10G", "/tmp/huge"]);
    room.kubectl.apply(&test());
    room.until("ill", LIMIT, "at the phase in which it dies", |status| status["progress"]["phase"] == "dies");
    while !nginx.load().iter().any(|line| line.seen.contains("/alive")) {}
    let killed = now();
    node.signal(&room.kubectl.get(&["pod", "nginx"]), "KILL");

    let status = room.comes_to_rest("ill");
    assert_eq!(status["workers"]["lost"], 0, "no worker ran out of memory: {status:#}");
    assert_ne!(status["verdict"], "Pass", "{status:#}");
    for (what, class) in ILLNESSES {
        let summary = summary(&status, what);
        assert_eq!(summary["errors"], json!([{"class": class, "count": EACH}]), "{what}: {status:#}");
        assert_eq!(summary["requests"], EACH, "{what}: {status:#}");
    }
    let died = summary(&status, "dies");
    let [requests, failed] = ["requests", "failed"].map(|field| died[field].as_u64().unwrap());
    assert!(0 < failed && failed < requests, "it was gone for a while: {status:#}");
    let alive: Vec<_> = nginx.load().into_iter().filter(|line| line.seen.contains("/alive")).collect();
    assert!(alive.iter().any(|line| line.at > killed + 0.5), "it came back: {alive:?}");
    let served = alive.len() as u64;
    assert!(requests - failed <= served, "{served} served, of {requests} {failed} failed");
}

fn summary<'a>(status: &'a Value, phase: &str) -> &'a Value {
    let phases = status["phases"].as_array().unwrap();
    &phases.iter().find(|one| one["name"] == phase).unwrap_or_else(|| panic!("{phase}: {status:#}"))["summary"]
}

/// A phase for each illness, and one in which the target dies and returns.
fn test() -> Value {
    let mut test = constant_rate("ill", NGINX, "5/s", "2s");
    let spec = &mut test["spec"];
    spec["target"]["timeout"] = json!("500ms");
    spec["workers"]["resources"] = json!({"limits": {"memory": MEMORY}});
    let all = ILLNESSES.map(|(what, _)| (what, format!("/{what}"), "2s"));
    let all = all.into_iter().chain([("dies", "/alive".to_owned(), "20s")]);
    let (mut scenarios, mut phases) = (Vec::new(), Vec::new());
    for (name, path, duration) in all {
        // A body that is asked for is kept to be looked into, as far as there is room for it.
        let checks = if name == "huge" { json!([{"bodyContains": "its end"}]) } else { json!([]) };
        let step = json!({"name": name, "request": {"path": path}, "checks": checks});
        scenarios.push(json!({"name": name, "steps": [step]}));
        let load = json!({"constantRate": {"rate": "5/s", "duration": duration}});
        phases.push(json!({"name": name, "scenarios": [name], "load": load}));
    }
    (spec["scenarios"], spec["phases"]) = (json!(scenarios), json!(phases));
    test
}
