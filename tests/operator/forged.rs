//! What others write into a run: a status that isn't the operator's, and reports that aren't its workers'.

use std::net::SocketAddr;

use loadgate::ingest::{PROTOCOL, Registration, wire};
use serde_json::{Value, json};

use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{LIMIT, conditions, constant_rate, counts, is_judged, runtime};
use crate::support::pods::{NGINX, Nginx};

/// The name that the ingest's certificate holds.
const INGEST: &str = "loadgate.loadgate-system.svc";
/// The audience of workers' tokens.
const OURS: &str = "loadgate";

/// The ingest, as somebody in the cluster reaches it.
struct Ingest {
    client: reqwest::Client,
}

impl Ingest {
    /// Whoever reads the run's spec knows its authority.
    fn of(room: &Room, name: &str) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let spec = room.kubectl.get(&["configmap", &format!("{name}-run-1-spec")]);
        let authority = spec["data"]["ca.crt"].as_str().unwrap().as_bytes();
        let service = room.installation.kubectl.get(&["service", "loadgate"]);
        let address: SocketAddr =
            format!("{}:8443", service["spec"]["clusterIP"].as_str().unwrap()).parse().unwrap();
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only(reqwest::Certificate::from_pem_bundle(authority).unwrap())
            .resolve(INGEST, address);
        Ingest { client: client.build().unwrap() }
    }

    /// How it answers a registration.
    fn answers(&self, run: &str, token: Option<&str>, body: Vec<u8>) -> u16 {
        let request =
            self.client.post(format!("https://{INGEST}:8443{}", wire::register_path(run))).body(body);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        runtime().block_on(async { request.send().await.unwrap().status().as_u16() })
    }
}

/// A token of the namespace's default account, bound to a pod or to none.
fn token(room: &Room, audience: &str, pod: Option<&Value>) -> String {
    let mut arguments = vec!["create", "token", "default", "--audience", audience];
    if let Some(pod) = pod {
        arguments.extend(["--bound-object-kind", "Pod", "--bound-object-name"]);
        arguments.push(pod["metadata"]["name"].as_str().unwrap());
        arguments.extend(["--bound-object-uid", pod["metadata"]["uid"].as_str().unwrap()]);
    }
    room.kubectl.run(&arguments).trim().to_owned()
}

/// As worker `worker` says it, with the token of whichever pod.
fn registration(worker: u32, pod: &Value) -> Vec<u8> {
    wire::encode(&Registration {
        protocol: PROTOCOL,
        plan_hash: "forged".to_owned(),
        data_hash: String::new(),
        worker,
        process: pod["metadata"]["uid"].as_str().unwrap().to_owned(),
    })
}

pub(crate) fn a_report_by_anybody_but_the_runs_own_workers_is_refused(installation: &Installation) {
    let room = installation.room("pushes");
    let nginx = Nginx::start(&room.kubectl);
    let elsewhere = installation.room("pushes-elsewhere");
    Nginx::start(&elsewhere.kubectl);
    let stranger = elsewhere.kubectl.get(&["pod", "nginx"]);
    let gone = token(&elsewhere, OURS, Some(&stranger));
    for name in ["one", "other"] {
        room.kubectl.apply(&constant_rate(name, NGINX, "10/s", "20s"));
    }
    let run = room.is_on("one")["run"]["uid"].as_str().unwrap().to_owned();
    room.is_on("other");
    let (own, others) = (room.workers("one"), room.workers("other"));
    let ingest = Ingest::of(&room, "one");
    let server = room.kubectl.get(&["pod", "nginx"]);
    let message = || registration(1, &own[1]);
    // Who has a token of its own says so too: it is the token that is refused, and not only what is said with it.
    for (whose, token, body, status) in [
        ("nobody's", None, message(), 401),
        ("no token", Some("nonsense".to_owned()), message(), 401),
        ("meant for others", Some(token(&room, "others", Some(&own[1]))), message(), 401),
        ("of no pod", Some(token(&room, OURS, None)), message(), 401),
        (
            "of a pod that is no worker",
            Some(token(&room, OURS, Some(&server))),
            registration(1, &server),
            403,
        ),
        (
            "of another namespace's pod",
            Some(token(&elsewhere, OURS, Some(&stranger))),
            registration(1, &stranger),
            403,
        ),
        (
            "of another run's worker",
            Some(token(&room, OURS, Some(&others[1]))),
            registration(1, &others[1]),
            403,
        ),
        ("of another worker of the run", Some(token(&room, OURS, Some(&own[0]))), message(), 403),
        // The right one comes as far as the session, which knows another plan.
        ("its own", Some(token(&room, OURS, Some(&own[1]))), message(), 409),
    ] {
        assert_eq!(ingest.answers(&run, token.as_deref(), body), status, "{whose}");
    }
    elsewhere.kubectl.run(&["delete", "pod", "nginx", "--grace-period=1"]);
    // The API server may take a moment to know that its token holds no longer; then its pod isn't found.
    let refused = ingest.answers(&run, Some(&gone), registration(1, &stranger));
    assert!([401, 403].contains(&refused), "{refused}: of a pod that is gone");
    for name in ["one", "other"] {
        let status = room.completes(name);
        counts(&status, 200);
        assert_eq!(status["workers"], json!({"desired": 2, "ready": 2, "lost": 0, "clocksOff": 0}));
    }
    assert_eq!(nginx.load().len(), 400);
}

/// A pass that nobody has judged.
fn forgery() -> Value {
    let since = "2026-01-01T00:00:00Z";
    let condition = |of: &str| json!({"type": of, "status": "True", "reason": "Passed", "message": "forged", "lastTransitionTime": since});
    let conditions = ["Complete", "Passed", "Ready"].map(condition);
    json!({"status": {"phase": "Passed", "verdict": "Pass", "message": "forged", "conditions": conditions}})
}

fn forge(room: &Room) -> Result<String, String> {
    let patch = forgery().to_string();
    room.kubectl.tries(&[
        "patch",
        "loadtest",
        "judged",
        "--subresource=status",
        "--type=merge",
        "--patch",
        &patch,
    ])
}

pub(crate) fn a_forged_status_is_refused_and_without_the_policy_it_is_written_over(
    installation: &Installation,
) {
    let room = installation.room("status");
    Nginx::start(&room.kubectl);
    let mut test = constant_rate("judged", NGINX, "10/s", "20s");
    test["spec"]["requirements"] =
        json!([{"id": "MANY", "metric": "requests", "target": "> 1000", "must": true}]);
    room.kubectl.apply(&test);
    room.is_on("judged");
    assert!(forge(&room).is_err_and(|said| said.contains("writes the status of a LoadTest")));
    let policy = WithoutPolicy::of(installation);
    // The API server takes a moment to notice. It is tried whenever the operator has written.
    room.until("judged", LIMIT, "open to forgeries without the policy", |_| forge(&room).is_ok());
    let is_written_over = |status: &Value| status["verdict"].is_null() && status["phase"] == "Running";
    let status = room.until("judged", LIMIT, "written over", is_written_over);
    assert_eq!(conditions(&status), "Complete=False Passed=Unknown Ready=False Reconciling=True");
    drop(policy);
    room.until("judged", LIMIT, "judged", |status| status["verdict"].is_string());
    let status = room.comes_to_rest("judged");
    counts(&status, 200);
    is_judged(&status, "Fail");
}

/// The policy on statuses isn't bound until this is dropped.
struct WithoutPolicy<'a> {
    installation: &'a Installation,
    binding: Value,
}

impl<'a> WithoutPolicy<'a> {
    fn of(installation: &'a Installation) -> Self {
        let bindings = installation.kubectl.list(&["validatingadmissionpolicybindings"]);
        let name = |binding: &Value| binding["metadata"]["name"].as_str().unwrap().to_owned();
        let is_ours = |binding: &Value| name(binding).contains("status");
        let mut binding = bindings.into_iter().find(is_ours).unwrap();
        installation.kubectl.run(&["delete", "validatingadmissionpolicybinding", &name(&binding)]);
        for field in ["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"] {
            binding["metadata"].as_object_mut().unwrap().remove(field);
        }
        WithoutPolicy { installation, binding }
    }
}

impl Drop for WithoutPolicy<'_> {
    fn drop(&mut self) {
        self.installation.kubectl.apply(&self.binding);
    }
}
