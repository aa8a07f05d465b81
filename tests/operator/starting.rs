//! Runs whose workers don't come, or come twice: what keeps them is told within 15 s, in the words of Kubernetes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::figures::{note, now};
use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{
    LIMIT, as_golden, conditions, constant_rate, counts, is_judged, message, reason,
};
use crate::support::pods::{NGINX, Nginx};
use crate::written::is_read_as;

/// What the test is called that can't start.
const HINDERED: &str = "quickstart-hindered";
/// So soon a reason is told.
const SOON: Duration = Duration::from_secs(15);

/// A test whose workers are to be ready soon, with more of `spec`.
fn test(more: &Value) -> Value {
    let mut test = as_golden(HINDERED, "http://nowhere:8080", "3s");
    test["spec"]["deadlines"] = json!({"start": "20s"});
    for (name, value) in more.as_object().unwrap() {
        test["spec"][name] = value.clone();
    }
    test
}

/// Tells one of `words` soon, and gives up at the deadline with the same words.
fn is_hindered(room: &Room, words: &[&str]) {
    let tells = |status: &Value| words.iter().any(|word| message(status).contains(word));
    let status =
        room.until(HINDERED, SOON, "told why", |status| status["phase"] == "Starting" && tells(status));
    assert_eq!(reason(&status), "WorkersHeldUp");
    assert_eq!(conditions(&status), "Complete=False Passed=Unknown Ready=False Reconciling=True");
    is_read_as(room, HINDERED, "held-up");
    let status = room.comes_to_rest(HINDERED);
    is_given_up(&status, "StartDeadlineExceeded");
    is_read_as(room, HINDERED, "start-deadline");
    assert!(tells(&status), "{status:#}");
    room.is_as_it_must_be(HINDERED, None);
}

#[track_caller]
fn is_given_up(status: &Value, word: &str) {
    assert_eq!(reason(status), word, "{status:#}");
    assert_eq!([&status["phase"], &status["verdict"]], ["Inconclusive", "Inconclusive"]);
    assert_eq!(conditions(status), "Complete=True Passed=False Ready=False Stalled=True");
}

pub(crate) fn what_keeps_workers_from_a_node_is_told(installation: &Installation) {
    let room = installation.room("unschedulable");
    room.kubectl
        .apply(&test(&json!({"workers": {"count": 2, "nodeSelector": {"loadgate.test/no": "node"}}})));
    is_hindered(&room, &["Unschedulable"]);
}

pub(crate) fn what_a_quota_refuses_is_told(installation: &Installation) {
    let room = installation.room("quota");
    room.kubectl.apply(&json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"},
        "spec": {"hard": {"pods": "0"}}}));
    room.kubectl.wait("jsonpath={.status.hard}", "resourcequota/none", LIMIT);
    room.kubectl.apply(&test(&json!({})));
    is_hindered(&room, &["exceeded quota: none"]);
}

pub(crate) fn a_worker_without_memory_is_told(installation: &Installation) {
    let room = installation.room("memory");
    let nginx = Nginx::start(&room.kubectl);
    let limits = json!({"limits": {"memory": "6Mi"}});
    let mut test = test(&json!({"workers": {"count": 2, "resources": limits}}));
    test["spec"]["target"]["baseUrl"] = json!(NGINX);
    room.kubectl.apply(&test);
    // Killed when it runs, or before: a container so small may not even be made.
    let words = ["OOMKilled", "failed to start"];
    let tells = |status: &Value| words.iter().any(|word| message(status).contains(word));
    room.until(HINDERED, SOON, "told why", tells);
    let status = room.comes_to_rest(HINDERED);
    assert!(tells(&status), "{status:#}");
    assert_eq!([&status["phase"], &status["verdict"]], ["Inconclusive", "Inconclusive"]);
    room.is_as_it_must_be(HINDERED, Some(&nginx));
    assert_eq!(nginx.load().len(), 0);
}

/// The operator gives workers its own image; here it is told of another, which no node has.
pub(crate) fn an_image_that_is_missing_is_told(installation: &Installation) {
    let restored = installation.with_argument("--worker-image", "loadgate.test/absent:1");
    let room = installation.room("image");
    let applied = now();
    room.kubectl.apply(&test(&json!({})));
    let words = ["ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff"];
    room.until(HINDERED, SOON, "told why", |status| words.iter().any(|word| message(status).contains(word)));
    let told = format!("{:.1} s", now() - applied);
    note("apply → a missing image is told", told, "never, for 325 s", "≤ 15 s");
    is_hindered(&room, &words);
    drop(restored);
}

/// A path that opens when there is a file.
const GATE: &str = "location = /gate { if (!-f /tmp/open) { return 503; } return 200; }";

pub(crate) fn a_worker_killed_before_the_start_is_replaced_and_the_run_is_valid(installation: &Installation) {
    let room = installation.room("replaced");
    let nginx = Nginx::configured(&room.kubectl, "$http_user_agent", GATE);
    // Worker 0 sends the preflight: until it is through, worker 1 waits for it.
    let preflight = json!([{"request": {"path": "/gate"}, "within": "60s", "checks": [{"status": [200]}]}]);
    let mut test = constant_rate("replaced", NGINX, "20/s", "4s");
    test["spec"]["target"]["preflight"] = preflight;
    room.kubectl.apply(&test);
    let one_is_ready = |status: &Value| status["workers"]["ready"] == 1;
    room.until("replaced", LIMIT, "one worker ready", one_is_ready);
    let killed = room.workers("replaced")[1]["metadata"]["name"].as_str().unwrap().to_owned();
    room.kubectl.run(&["delete", "pod", &killed, "--grace-period=1"]);
    let another = "--selector=loadgate.dev/loadtest=replaced,batch.kubernetes.io/job-completion-index=1";
    room.kubectl.run(&["wait", "--for=create", "pod", another, "--timeout=60s"]);
    let pods = room.workers("replaced");
    assert!(pods.iter().all(|pod| pod["metadata"]["name"] != killed.as_str()), "{killed} is gone");
    room.kubectl.run(&["exec", "nginx", "--", "touch", "/tmp/open"]);
    let status = room.completes("replaced");
    is_judged(&status, "Pass");
    counts(&status, 80);
    assert_eq!(status["workers"], json!({"desired": 2, "ready": 2, "lost": 0, "clocksOff": 0}));
    assert_eq!(nginx.load().len(), 80);
    room.is_as_it_must_be("replaced", Some(&nginx));
}
