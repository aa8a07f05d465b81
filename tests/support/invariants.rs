//! What must hold of every run once it is at rest, whatever happened on the way, as far as it can be read from outside.

use std::sync::LazyLock;

use loadgate::api::LoadTest;
use loadgate::operator::names;
use regex::Regex;
use serde_json::Value;

use super::gates::health;
use super::loadtests::{UNSTORED, conditions, is_sound};

/// So many seconds the load may go on after the run's end.
const AFTERWARDS: f64 = 10.0;

/// A test whose run has ended and whose workers are gone.
pub(crate) struct AtRest<'a> {
    pub(crate) test: &'a LoadTest,
    /// What there is of its runs: `ConfigMap quickstart-run-1-result-35c788f0`.
    pub(crate) children: Vec<String>,
    /// Which run of the object it is, from 1.
    pub(crate) number: u64,
    /// When the target served each request of the load, in seconds of the day's clock; none: it is still to be asked.
    pub(crate) load: Option<Vec<f64>>,
    /// What others may read of it: logs, events.
    pub(crate) told: String,
}

impl AtRest<'_> {
    #[track_caller]
    pub(crate) fn is_as_it_must_be(&self) {
        let status = serde_json::to_value(&self.test.status).unwrap();
        self.is_the_run(&status);
        self.is_told_by_the_table(&status);
        passes_only_with_all_data(&status);
        if let Some(load) = &self.load {
            is_counted(&status, load.len() as u64);
            ended_in_time(&status, load);
        }
        self.leaves_only_its_result(&status);
        self.tells_no_secret(&status);
    }

    /// No load is generated twice.
    #[track_caller]
    fn is_the_run(&self, status: &Value) {
        let object = self.test.metadata.uid.as_deref().unwrap();
        assert_eq!(status["run"]["number"], self.number, "{status:#}");
        assert_eq!(status["run"]["uid"], names::run_uid(object, self.number), "{status:#}");
        assert!(status["run"]["finishedAt"].is_string(), "it is over: {status:#}");
    }

    #[track_caller]
    fn is_told_by_the_table(&self, status: &Value) {
        let (told, healthy) = match status["phase"].as_str().unwrap() {
            "Passed" => ("Complete=True Passed=True Ready=True", "Healthy"),
            "Failed" | "Inconclusive" | "Aborted" => {
                ("Complete=True Passed=False Ready=False Stalled=True", "Degraded")
            }
            other => panic!("no run ends as {other}"),
        };
        assert_eq!(
            (conditions(status).replace(UNSTORED, "").as_str(), health(self.test).0.as_str()),
            (told, healthy),
            "{status:#}"
        );
        assert_eq!(status["observedGeneration"], self.test.metadata.generation.unwrap(), "{status:#}");
        let of_gates = |condition: &&Value| condition["type"] != "ResultsStored";
        for condition in status["conditions"].as_array().unwrap().iter().filter(of_gates) {
            assert_eq!(condition["observedGeneration"], status["observedGeneration"], "{status:#}");
            assert_eq!(condition["reason"], status["conditions"][0]["reason"], "{status:#}");
        }
    }

    /// The kept result, where the status names one.
    #[track_caller]
    fn leaves_only_its_result(&self, status: &Value) {
        let result = status["results"]["location"]
            .as_str()
            .map(|location| location.replacen("configmap/", "ConfigMap ", 1));
        assert_eq!(self.children, Vec::from_iter(result), "{status:#}");
    }

    #[track_caller]
    fn tells_no_secret(&self, status: &Value) {
        // A token of a ServiceAccount, and a key.
        static SECRET: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"eyJ[\w-]+\.eyJ[\w-]+\.|PRIVATE KEY").unwrap());
        for text in [&self.told, &status.to_string()] {
            let line = text.lines().find(|line| SECRET.is_match(line));
            assert_eq!(line, None);
        }
    }
}

/// A run that can't vouch for itself is no pass.
#[track_caller]
fn passes_only_with_all_data(status: &Value) {
    if !["Pass", "Warning"].map(Into::into).contains(&status["verdict"]) {
        return;
    }
    let workers = &status["workers"];
    assert!(is_sound(status) && workers["lost"] == 0 && workers["ready"] == workers["desired"], "{status:#}");
    assert_eq!(status["summary"]["cut"], 0, "{status:#}");
    let is_unstored = conditions(status).contains(UNSTORED);
    assert!(is_unstored || status["results"]["location"].is_string(), "{status:#}");
}

/// Request for request; what was cut off may have been served or not. What a lost worker measured last is lost.
#[track_caller]
fn is_counted(status: &Value, served: u64) {
    let told = ["requests", "cut"].map(|name| status["summary"][name].as_u64().unwrap());
    if status["workers"]["lost"] == 0 {
        assert!((told[0]..=told[0] + told[1]).contains(&served), "{served} were served: {status:#}");
    }
}

#[track_caller]
fn ended_in_time(status: &Value, load: &[f64]) {
    let finished: jiff::Timestamp = status["run"]["finishedAt"].as_str().unwrap().parse().unwrap();
    let latest = finished.as_duration().as_secs_f64() + AFTERWARDS;
    assert!(load.iter().all(|at| *at <= latest), "load after the end: {status:#}");
}
