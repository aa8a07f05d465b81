//! The plan: what a spec means, checked once and derived alike by every process.

mod body;
mod classify;
mod data;
mod http;
mod leg;
mod multipart;
mod oauth2;
mod request;
mod scenario;
mod tls;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::cut::Cut;
use super::executor::{Executor, Rung};
use super::limit::Limit;
use super::objective::{Expectations, Narrowed, Requirement, Scoring};
pub use crate::api::{
    ClientAuth, FailOn, HttpVersion, Method, OutcomeFilter, Over, SecretKeyRef, Spread, ValueUnit,
};
pub use body::{Body, FileBody};
pub use classify::{CacheRule, Classify, Named, Source};
pub use data::{Feeder, Form, Place, RowOrder, Rows};
pub use http::{Http, Proxy, Tier};
pub use leg::{Leg, LegIndex};
pub use multipart::{Boundary, Multipart, Part, PartContent};
pub use oauth2::{Authorization, ClientSecret, Lapses, OAuth2, margin};
pub use request::{Action, Check, Condition, Header, HeaderValue, Request, Scheme, StatusPattern};
pub use scenario::{Block, Extract, Origin, Scenario, Step};
pub use tls::{ClientCertificate, Pem, PemText, Tls, certificates};

/// A checked test: all that workers and the judge need to know.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is tested, in words; the object's name where the spec has no title.
    pub title: String,
    /// Where the load goes.
    pub target: Target,
    /// The test's variables, without those that phases override.
    pub variables: Arc<BTreeMap<String, Value>>,
    /// Rows of values that steps name.
    pub data: Vec<Feeder>,
    /// What users do. Each scenario's steps are a run of [`Plan::steps`].
    pub scenarios: Vec<Scenario>,
    /// The steps of all scenarios, numbered through.
    pub steps: Vec<Step>,
    /// How responses are told apart.
    pub classify: Classify,
    /// The stretches of load, in order.
    pub phases: Vec<Phase>,
    /// The product's requirements.
    pub requirements: Vec<Requirement>,
    /// How rows become a score and a verdict.
    pub scoring: Scoring,
    /// The mildest verdict that closes the gate.
    pub fail_on: FailOn,
    /// How many processes share the load.
    pub workers: u32,
    /// How long a run in a cluster may take.
    pub deadlines: Deadlines,
    /// What every random choice is drawn from.
    pub seed: u64,
    /// Digest of all that the load consists of; processes whose plans differ refuse each other.
    pub hash: String,
    /// Names of the phases that a quick run shortened; empty in a full run.
    pub shortened: Vec<PhaseIndex>,
    /// The factor of a quick run.
    pub quick: Option<u32>,
    /// What the quick run changed, a line each: `prd: duration 10m → 10s`.
    pub quick_changes: Vec<String>,
    /// Names of the phases that `--phase` left out. Their load isn't run.
    pub left_out: Vec<PhaseIndex>,
}

/// How long a run in a cluster may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// Until all workers are ready.
    pub start: Duration,
    /// From the start of the first phase to the end of the last.
    pub run: Duration,
}

/// A phase's place among the phases, from 0.
pub type PhaseIndex = usize;
/// A step's place among the steps of all scenarios, from 0.
pub type StepIndex = usize;

/// The service under test.
#[derive(Clone, Debug)]
pub struct Target {
    /// Host name or address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The value of the Host header: the port only where it isn't the scheme's own.
    pub authority: String,
    /// What stands before each path: empty or `/prefix`, never ending in `/`.
    pub base_path: String,
    /// How TLS is spoken to it; none: it isn't.
    pub tls: Option<Tls>,
    /// What is spoken over it, and by which client.
    pub http: Http,
    /// The longest a request may take.
    pub timeout: Duration,
    /// The longest that opening a connection may take.
    pub connect_timeout: Duration,
    /// Headers of every request.
    pub headers: Vec<Header>,
    /// How the tokens are come by that one of them holds; none: none does.
    pub oauth2: Option<OAuth2>,
    /// Requests that must all succeed before any load is sent.
    pub preflight: Vec<Action>,
}

/// A stretch of load.
#[derive(Clone, Debug)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// What it is for; its name where the spec has no title.
    pub title: String,
    /// The scenarios drawn from, with weights that add up to more than 0; empty only when idle.
    pub scenarios: Vec<usize>,
    /// The test's variables and its own.
    pub variables: Arc<BTreeMap<String, Value>>,
    /// Overrides the pace of its scenarios.
    pub pace: Option<Duration>,
    /// The shape of its load.
    pub executor: Executor,
    /// When what is open is cut, counted from its start.
    pub deadline: Duration,
    /// Whether the spec itself set that deadline (`maxDuration`).
    pub has_max_duration: bool,
    /// Whether it counts in figures of the whole test.
    pub judge: bool,
    /// Whether its misses can fail the test.
    pub critical: bool,
    /// Requirements on this phase alone.
    pub expect: Expectations,
    /// What rows ask for by key or by window: each is measured in cells of its own.
    pub cuts: Vec<Cut>,
    /// What ends its search; empty where it doesn't search.
    pub stops: Vec<Stop>,
    /// Its levels as phases of their own; empty where it doesn't search.
    pub levels: Vec<Phase>,
    /// Which level it is; none: it is a whole phase.
    pub level: Option<Rung>,
}

/// A figure of a level that ends a search.
#[derive(Clone, Debug)]
pub struct Stop {
    /// The figure, in the phase that searches.
    pub measure: Narrowed,
    /// What it is when the target doesn't hold the level.
    pub limit: Limit,
}

impl Target {
    /// Its base URL.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{}", self.authority, self.base_path)
    }

    /// The name that a library must know it by: the one that its certificate holds.
    #[must_use]
    pub fn called(&self) -> &str {
        self.tls.as_ref().map_or(&self.host, |tls| &tls.server_name)
    }

    /// What stands before each path where a library is told of it: scheme, that name, port.
    #[must_use]
    pub fn origin(&self) -> String {
        let Target { host, port, authority, .. } = self;
        match &self.tls {
            None => format!("http://{authority}"),
            Some(tls) if tls.server_name == *host => format!("https://{authority}"),
            Some(tls) => format!("https://{}:{port}", tls.server_name),
        }
    }

    /// Where connections go, and the field that says so: to the proxy where there is one.
    #[must_use]
    pub fn reached_at(&self) -> (&str, u16, &'static str) {
        match &self.http.proxy {
            Some(proxy) => (&proxy.host, proxy.port, "spec.target.http.proxy.url"),
            None => (&self.host, self.port, "spec.target.baseUrl"),
        }
    }
}

impl Plan {
    /// Each phase with its index, without those that `--phase` left out.
    pub fn phases_to_run(&self) -> impl Iterator<Item = (PhaseIndex, &Phase)> {
        self.phases.iter().enumerate().filter(|(index, _)| !self.left_out.contains(index))
    }

    /// `scenario.step`: how a step is called where scenarios are mixed.
    #[must_use]
    pub fn step_label(&self, step: StepIndex) -> String {
        let step = &self.steps[step];
        format!("{}.{}", self.scenarios[step.scenario].name, step.name)
    }

    /// The least time an iteration of `scenario` takes in `phase`.
    #[must_use]
    pub fn pace(&self, phase: &Phase, scenario: usize) -> Option<Duration> {
        phase.pace.or(self.scenarios[scenario].pace)
    }
}
