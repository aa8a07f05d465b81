//! One `loadgate run` of a generated test, and what its report says.

use std::{collections::BTreeMap, fs, path::Path, process::Command, time::Duration};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{
    CLIENT_CORE,
    child::{Ended, pinned, run_measured},
};

/// How long a run may go on after its load: start, graceful stop and report.
const BESIDE_THE_LOAD: Duration = Duration::from_mins(1);

/// What one run did, by its own report and by the system's.
pub(crate) struct OurRun {
    pub(crate) requests: u64,
    /// From the first send to the last response.
    pub(crate) lasted: Duration,
    pub(crate) cpu: Duration,
    /// Of it, the user time.
    pub(crate) user: Duration,
    pub(crate) peak_rss_kib: u64,
    /// What the rows asked for measured, by their ids.
    pub(crate) rows: BTreeMap<String, String>,
}

/// One request to `/` whose status is checked.
const GET: &str = "{name: get, request: {method: GET, path: /}, checks: [{status: [200]}]}";

/// A load whose cache class and one group are recorded.
pub(crate) struct Test<'a> {
    pub(crate) base_url: &'a str,
    /// The executor: `constantUsers: {users: 64, duration: 10s}`.
    pub(crate) load: String,
    /// How long the load takes at most.
    pub(crate) most: Duration,
    /// What an iteration does.
    pub(crate) steps: &'a str,
    /// Further fields of the target, like `, http: {tier: full}`.
    pub(crate) target_extra: &'a str,
    /// Further fields of the scenario, like `pace: 10s, `.
    pub(crate) scenario_extra: &'a str,
    /// Metrics that are asked for beside the errors: an id, the metric, a target that holds.
    pub(crate) asked: &'a [(&'a str, &'a str, &'a str)],
}

impl<'a> Test<'a> {
    /// Of one request an iteration.
    pub(crate) fn of(base_url: &'a str, load: String, most: Duration) -> Self {
        Self { base_url, load, most, steps: GET, target_extra: "", scenario_extra: "", asked: &[] }
    }

    fn yaml(&self) -> String {
        let Self { base_url, load, steps, target_extra, scenario_extra, asked, most: _ } = self;
        let row = |(id, metric, target): &(&str, &str, &str)| {
            format!("\n  - {{id: {id}, metric: {metric}, target: \"{target}\"}}")
        };
        let asked: String = asked.iter().map(row).collect();
        format!(
            r#"apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: benchmark}}
spec:
  title: A target that answers at once
  target: {{baseUrl: "{base_url}"{target_extra}}}
  scenarios:
  - {{name: get, {scenario_extra}steps: [{steps}]}}
  classify:
    cache: {{header: X-Cache, hit: [HIT], miss: [MISS]}}
    groups: [{{name: account, header: X-Account}}]
  phases:
  - {{name: load, load: {{{load}}}}}
  requirements:
  - {{id: errors, title: No request fails, metric: error_rate, target: "< 0.1%"}}{asked}
"#
        )
    }

    /// Runs it on the client's core. The verdict doesn't matter here, a report does.
    pub(crate) fn run(&self) -> Result<OurRun> {
        self.run_by(pinned(CLIENT_CORE, env!("CARGO_BIN_EXE_loadgate")))
    }

    /// The same by a command that ends with the program's name.
    pub(crate) fn run_by(&self, mut command: Command) -> Result<OurRun> {
        let folder = tempfile::tempdir()?;
        let (file, results) = (folder.path().join("test.yaml"), folder.path().join("results"));
        fs::write(&file, self.yaml())?;
        command.arg("run").arg(&file).arg("--report").arg(&results);
        let ended = run_measured(&mut command, self.most + BESIDE_THE_LOAD)?;
        let report = read_report(&results.join("report.json")).with_context(|| told(&ended))?;
        let summary = |name: &str| {
            let figure = report["status"]["summary"][name].as_u64();
            figure.with_context(|| format!("status.summary.{name} is missing in report.json"))
        };
        let (requests, lasted) = (summary("requests")?, Duration::from_millis(summary("durationMillis")?));
        let Ended { cpu, user, peak_rss_kib, .. } = ended;
        Ok(OurRun { requests, lasted, cpu, user, peak_rss_kib, rows: rows(&report) })
    }
}

fn read_report(report: &Path) -> Result<Value> {
    let text = fs::read_to_string(report).with_context(|| format!("read {}", report.display()))?;
    Ok(serde_json::from_str(&text)?)
}

fn rows(report: &Value) -> BTreeMap<String, String> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or("-").to_owned();
    let rows = report["status"]["compliance"]["requirements"].as_array();
    rows.into_iter().flatten().map(|row| (text(row, "id"), text(row, "measured"))).collect()
}

fn told(ended: &Ended) -> String {
    let Ended { status, stdout, stderr, .. } = ended;
    format!("loadgate run ended with {status} and left no usable report\n{stdout}{stderr}")
}
