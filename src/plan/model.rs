//! The plan: what a spec means, checked once and derived alike by every process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use serde_json_path::JsonPath;

use super::cut::Cut;
use super::executor::Executor;
use super::limit::Limit;
use super::objective::{Expectations, Requirement, Scoring};
use super::template::{Body, Template};
pub use crate::api::{FailOn, Method, OutcomeFilter, Over, SecretKeyRef, ValueUnit};

/// A checked test: all that workers and the judge need to know.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is tested, in words; the object's name where the spec has no title.
    pub title: String,
    /// Where the load goes.
    pub target: Target,
    /// The test's variables, without those that phases override.
    pub variables: Arc<BTreeMap<String, Value>>,
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
    /// The longest a request may take.
    pub timeout: Duration,
    /// The longest that opening a connection may take.
    pub connect_timeout: Duration,
    /// Headers of every request.
    pub headers: Vec<Header>,
    /// Requests that must all succeed before any load is sent.
    pub preflight: Vec<Action>,
}

/// A header of a request.
#[derive(Clone, Debug)]
pub struct Header {
    /// A valid header name, as written.
    pub name: String,
    /// Its value.
    pub value: HeaderValue,
    /// The field path, for faults that show only at run time.
    pub path: String,
}

/// The value of a header.
#[derive(Clone, Debug)]
pub enum HeaderValue {
    /// Given in the spec.
    Template(Template),
    /// Read from a Secret where the run starts; never shown.
    Secret(SecretKeyRef),
}

/// A request beside the load.
#[derive(Clone, Debug)]
pub struct Action {
    /// The request.
    pub request: Request,
    /// What its response must satisfy; never empty: without checks, the status is below 400.
    pub checks: Vec<Check>,
    /// Repeat until the checks hold, at most this long.
    pub within: Option<Duration>,
    /// The field path: `spec.target.preflight[0]`.
    pub path: String,
}

/// A sequence of steps.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// How often it is drawn, relative to the others.
    pub weight: u32,
    /// The least time an iteration takes.
    pub pace: Option<Duration>,
    /// Its steps in [`Plan::steps`].
    pub steps: std::ops::Range<StepIndex>,
    /// Names of the slots that its steps extract into, in the order of [`Extract::slot`].
    pub slots: Vec<String>,
}

/// One request of a scenario.
#[derive(Clone, Debug)]
pub struct Step {
    /// The scenario it belongs to.
    pub scenario: usize,
    /// Its name, unique in its scenario.
    pub name: String,
    /// How likely it is taken, in parts per million.
    pub probability_ppm: u32,
    /// The request.
    pub request: Request,
    /// What the response must satisfy; never empty.
    pub checks: Vec<Check>,
    /// What is taken from the response.
    pub extract: Vec<Extract>,
    /// The pause after it: least and most, equal where it is fixed.
    pub think: Option<(Duration, Duration)>,
}

/// An HTTP request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query behind the base path, as written; beginning with `/`.
    pub path: String,
    /// The same as a template: path raw, query names and values percent-encoded.
    pub target: Template,
    /// Its own headers; a target's header of the same name is left out.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Option<Body>,
}

/// One condition on a response.
#[derive(Clone, Debug)]
pub enum Check {
    /// The status is one of these.
    Status(Vec<StatusPattern>),
    /// The status is below 400: what holds where a step has no checks.
    BelowFourHundred,
    /// What a JSON path finds.
    JsonPath(JsonPath, Condition),
    /// The value of a header (name in lower case).
    Header(String, Condition),
    /// The body contains this.
    BodyContains(Template),
    /// The request took this long, in microseconds.
    Latency(Limit),
}

/// A status or a family of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusPattern {
    /// `200`.
    Exact(u16),
    /// `2xx`: the hundreds.
    Family(u8),
}

/// What a value must be.
#[derive(Clone, Debug)]
pub enum Condition {
    /// It is there, or not.
    Exists(bool),
    /// It is exactly this, of the same type.
    Equals(Value),
    /// As [`Condition::Equals`], a text with names in it.
    EqualsText(Template),
    /// It matches.
    Matches(regex::Regex),
    /// It is a number that satisfies this.
    Is(Limit),
}

/// A value taken from a response.
#[derive(Clone, Debug)]
pub struct Extract {
    /// Where it goes: an index into [`Scenario::slots`].
    pub slot: usize,
    /// What is taken.
    pub json_path: JsonPath,
}

/// How responses are told apart.
#[derive(Clone, Debug, Default)]
pub struct Classify {
    /// Hits and misses.
    pub cache: Option<CacheRule>,
    /// Responses by key.
    pub groups: Vec<Named<Source>>,
    /// Error classes of one's own.
    pub errors: Vec<Named<(Source, Condition)>>,
    /// Numbers read from responses.
    pub values: Vec<Named<(Source, Option<ValueUnit>)>>,
}

/// Something with a name.
#[derive(Clone, Debug)]
pub struct Named<T> {
    /// The name.
    pub name: String,
    /// The thing.
    pub of: T,
}

/// Where in a response a value is.
#[derive(Clone, Debug)]
pub enum Source {
    /// In a header (name in lower case).
    Header(String),
    /// In the body.
    JsonPath(JsonPath),
}

/// Tells hits from misses.
#[derive(Clone, Debug)]
pub struct CacheRule {
    /// Where it is said.
    pub source: Source,
    /// The values that mean a hit.
    pub hit: Vec<Value>,
    /// The values that mean a miss.
    pub miss: Vec<Value>,
    /// The header (in lower case) that names the layer.
    pub layer_header: Option<String>,
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
