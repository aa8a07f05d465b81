//! `LoadTest`s in a namespace: made, waited for, read.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use kube::Api;
use kube::runtime::wait::await_condition;
use loadgate::api::LoadTest;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::runtime::Runtime;

use super::installation::Room;
use super::invariants::AtRest;
use super::pods::Nginx;

/// No run of these tests takes longer.
pub(crate) const LIMIT: Duration = Duration::from_mins(2);

/// A test of `GET /models` at a rate, over two workers.
pub(crate) fn constant_rate(name: &str, url: &str, rate: &str, duration: &str) -> Value {
    json!({
        "apiVersion": "loadgate.dev/v1alpha1",
        "kind": "LoadTest",
        "metadata": {"name": name},
        "spec": {
            "target": {"baseUrl": url},
            "scenarios": [{"name": "visit", "steps": [
                {"name": "models", "request": {"path": "/models"}, "checks": [{"status": [200]}]}]}],
            "phases": [{"name": "steady", "load": {"constantRate": {"rate": rate, "duration": duration}}}],
            "requirements": [{"id": "ERRORS", "metric": "error_rate", "target": "< 1%", "must": true}],
            "workers": {"count": 2},
        },
    })
}

/// The example of this name, as an object.
pub(crate) fn example(name: &str) -> Value {
    let text = std::fs::read_to_string(super::path(&format!("examples/{name}.yaml"))).unwrap();
    serde_yaml::from_str(&text).unwrap()
}

/// The test that the golden objects are of, with a load that a busy machine keeps and bounds that it reaches.
pub(crate) fn as_golden(name: &str, url: &str, duration: &str) -> Value {
    let mut test = example("quickstart");
    test["metadata"]["name"] = json!(name);
    let spec = &mut test["spec"];
    spec["target"]["baseUrl"] = json!(url);
    spec["workers"] = json!({"count": 2});
    spec["phases"][0]["load"] = json!({"constantRate": {"rate": "4/s", "duration": duration}});
    spec["requirements"][0] = latency(&reachable(), 1);
    test
}

/// Bounds that every machine reaches.
pub(crate) fn reachable() -> Value {
    json!({"target": "< 30s", "acceptable": "< 40s", "critical": "> 50s"})
}

/// The first requirement of that test, with other bounds and as many samples as it asks for.
pub(crate) fn latency(bounds: &Value, samples: u64) -> Value {
    let mut row = example("quickstart")["spec"]["requirements"][0].clone();
    row["minSamples"] = json!(samples);
    for (tier, bound) in bounds.as_object().unwrap() {
        row[tier] = bound.clone();
    }
    row
}

/// So often a run is repeated that wasn't sound, as on a machine that is busy with other things.
const TRIES: usize = 6;

/// Plays until a run was sound; none of a play: it wasn't. A play is told how often it was tried before.
#[track_caller]
pub(crate) fn soundly<T>(play: impl FnMut(usize) -> Option<T>) -> T {
    let played = (0..TRIES).find_map(play);
    played.unwrap_or_else(|| panic!("none of {TRIES} runs was sound: this machine is too busy"))
}

/// Whether the run can vouch for its figures.
pub(crate) fn is_sound(status: &Value) -> bool {
    status["generator"]["healthy"] == json!(true)
}

/// `GET /models 200` so many times, as the summary tells it.
#[track_caller]
pub(crate) fn counts(status: &Value, requests: usize) {
    let summary = &status["summary"];
    assert_eq!(summary["requests"], requests, "{status:#}");
    assert_eq!(
        ["succeeded", "failed", "cut"].map(|name| summary[name].as_u64().unwrap()),
        [requests as u64, 0, 0]
    );
}

/// What all tests await on.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

impl Room<'_> {
    /// The status as soon as it is so, by a watch.
    #[track_caller]
    pub(crate) fn until(
        &self,
        name: &str,
        limit: Duration,
        what: &str,
        is: impl Fn(&Value) -> bool + Send + Sync,
    ) -> Value {
        let is = |test: &LoadTest| is(&serde_json::to_value(&test.status).unwrap());
        serde_json::to_value(self.object(name, limit, what, is).status).unwrap()
    }

    /// The object as soon as it is so, by a watch.
    #[track_caller]
    fn object(
        &self,
        name: &str,
        limit: Duration,
        what: &str,
        is: impl Fn(&LoadTest) -> bool + Send + Sync,
    ) -> LoadTest {
        let found = runtime().block_on(async {
            let tests: Api<LoadTest> =
                Api::namespaced(self.installation.cluster.client().await, self.kubectl.namespace());
            let so = |test: Option<&LoadTest>| test.is_some_and(&is);
            tokio::time::timeout(limit, await_condition(tests, name, so)).await
        });
        let Ok(test) = found else { panic!("{name}: not {what} after {limit:?}: {:#}", self.status(name)) };
        test.unwrap().unwrap()
    }

    /// The status when its run is complete, as people wait for it.
    #[track_caller]
    pub(crate) fn completes(&self, name: &str) -> Value {
        self.kubectl.wait("condition=Complete", &format!("loadtest/{name}"), LIMIT);
        self.status(name)
    }

    /// The status when nothing is left of its run but the result.
    #[track_caller]
    pub(crate) fn comes_to_rest(&self, name: &str) -> Value {
        self.completes(name);
        let is_free = |test: &LoadTest| test.metadata.finalizers.iter().flatten().next().is_none();
        let test = self.object(name, LIMIT, "free of its finalizer", is_free);
        serde_json::to_value(test.status).unwrap()
    }

    #[track_caller]
    pub(crate) fn status(&self, name: &str) -> Value {
        self.kubectl.get(&["loadtest", name])["status"].clone()
    }

    /// What events tell of it, in order: reasons.
    pub(crate) fn events(&self, name: &str) -> Vec<String> {
        let of = format!("--field-selector=involvedObject.kind=LoadTest,involvedObject.name={name}");
        let mut events = self.kubectl.list(&["events", &of]);
        events.sort_by_key(|event| event["eventTime"].as_str().unwrap_or_default().to_owned());
        events.iter().map(|event| event["reason"].as_str().unwrap().to_owned()).collect()
    }

    /// The status as soon as load is on and some of it is told.
    #[track_caller]
    pub(crate) fn is_on(&self, name: &str) -> Value {
        self.until(name, LIMIT, "running with figures", |status| {
            let requests = status["summary"]["requests"].as_u64();
            status["phase"] == "Running" && requests.is_some_and(|requests| requests > 0)
        })
    }

    /// More is told of a run that is on than there was, however late: after so long. On a slow machine its plan may come to
    /// its end before, and then that is told.
    #[track_caller]
    pub(crate) fn goes_on(&self, name: &str) -> Duration {
        let requests = |status: &Value| status["summary"]["requests"].as_u64().unwrap_or_default();
        let (before, since) = (requests(&self.status(name)), Instant::now());
        self.until(name, LIMIT, "told of more", |status| {
            requests(status) > before || status["verdict"].is_string()
        });
        since.elapsed()
    }

    /// The pods of its workers, by their index.
    pub(crate) fn workers(&self, name: &str) -> Vec<Value> {
        let of = format!("--selector=loadgate.dev/role=workers,loadgate.dev/loadtest={name}");
        let mut pods = self.kubectl.list(&["pods", &of]);
        pods.sort_by_key(|pod| {
            let index = &pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"];
            index.as_str().unwrap_or_default().to_owned()
        });
        pods
    }

    /// Evicts a pod, as a drain does.
    pub(crate) fn evict(&self, pod: &str) {
        let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}});
        let path = format!("/api/v1/namespaces/{}/pods/{pod}/eviction", self.kubectl.namespace());
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), eviction.to_string()).unwrap();
        self.kubectl.run(&["create", "--raw", &path, "--filename", &file.path().to_string_lossy()]);
    }

    /// Waits until a pod has logged this.
    #[track_caller]
    pub(crate) fn logs(&self, pod: &str, text: &str) {
        let mut following = self.kubectl.command();
        following.args(["logs", "--follow", pod]).stdout(Stdio::piped());
        let mut following = following.spawn().unwrap();
        let lines = BufReader::new(following.stdout.take().unwrap()).lines();
        let found = lines.map_while(Result::ok).any(|line| line.contains(text));
        following.kill().unwrap();
        following.wait().unwrap();
        assert!(found, "{pod} ended and never logged {text:?}");
    }

    /// Waits until no worker is left: pods take a moment to go after their Job has.
    #[track_caller]
    pub(crate) fn is_cleared(&self) {
        let workers = "--selector=loadgate.dev/role=workers";
        self.kubectl.run(&["wait", "--for=delete", "pods", workers, "--timeout=30s"]);
    }

    /// Waits until nothing goes on any more, and holds the only run of the room's only test to what must hold of every
    /// one. What the load was, `nginx` tells, where there is one.
    #[track_caller]
    pub(crate) fn is_as_it_must_be(&self, name: &str, nginx: Option<&Nginx>) {
        self.comes_to_rest(name);
        self.is_cleared();
        let test = serde_json::from_value(self.kubectl.get(&["loadtest", name])).unwrap();
        let events = self.kubectl.run(&["get", "events", "--output=yaml"]);
        let at_rest = AtRest {
            number: 1,
            test: &test,
            children: self.children(),
            load: nginx.map(|nginx| nginx.load().iter().map(|line| line.at).collect()),
            told: events + &self.installation.log(),
        };
        at_rest.is_as_it_must_be();
    }

    /// What there is of its runs: `ConfigMap quickstart-run-1-spec`.
    pub(crate) fn children(&self) -> Vec<String> {
        let ours = "--selector=app.kubernetes.io/managed-by=loadgate";
        let children = self.kubectl.list(&["jobs,pods,configmaps,secrets,services", ours]);
        let name = |child: &Value| {
            format!("{} {}", child["kind"].as_str().unwrap(), child["metadata"]["name"].as_str().unwrap())
        };
        children.iter().map(name).collect()
    }
}

/// Stands beside the conditions of a run whose result couldn't be stored.
pub(crate) const UNSTORED: &str = " ResultsStored=False";

/// `Complete=True Passed=False …`, in the order that they stand in.
pub(crate) fn conditions(status: &Value) -> String {
    let mut told = String::new();
    for condition in status["conditions"].as_array().into_iter().flatten() {
        let word = |field: &str| condition[field].as_str().unwrap();
        write!(told, " {}={}", word("type"), word("status")).unwrap();
    }
    told.trim_start().to_owned()
}

/// The reason that all conditions give.
pub(crate) fn reason(status: &Value) -> &str {
    status["conditions"][0]["reason"].as_str().unwrap_or_default()
}

/// The line that says why.
pub(crate) fn message(status: &Value) -> &str {
    status["message"].as_str().unwrap_or_default()
}

/// Holds the verdict and the conditions to `expected`; where the generator finds itself wanting, as on a machine that
/// is busy with other things, to Inconclusive.
#[track_caller]
pub(crate) fn is_judged(status: &Value, expected: &str) {
    let expected = if is_sound(status) { expected } else { "Inconclusive" };
    assert_eq!(status["verdict"], expected, "{status:#}");
    let told = match expected {
        "Pass" | "Warning" => "Complete=True Passed=True Ready=True",
        _ => "Complete=True Passed=False Ready=False Stalled=True",
    };
    assert_eq!(conditions(status), told);
}
