//! `spec.phases`: stretches of load, with all that holds in them.

use std::sync::Arc;
use std::time::Duration;

use crate::api::{self, LoadTestSpec};
use crate::plan::executor::Executor;
use crate::plan::fault::At;
use crate::plan::model::Phase;
use crate::plan::units::{DurationRange, parse_duration};
use crate::plan::{near, written};

use super::length;
use super::load::executor;
use super::objective::expectations;
use super::target::longest_request;

/// What is under way at the planned end of a phase may take this much longer.
const GRACEFUL_STOP: Duration = Duration::from_secs(30);
/// A phase without a planned end is given no more than this.
const LONGEST: Duration = Duration::from_hours(1);

/// All phases.
pub(super) fn phases(spec: &LoadTestSpec, at: &At) -> Option<Vec<Phase>> {
    let at = at.field("phases");
    at.require(!spec.phases.is_empty(), "is empty; a test has at least one phase");
    let phases: Vec<Option<Phase>> =
        (0..spec.phases.len()).map(|index| one(index, spec, &at.item(index))).collect();
    phases.into_iter().collect()
}

/// Whether the phase sends nothing.
pub(super) fn is_idle(phase: &api::Phase) -> bool {
    phase.load.idle.is_some()
}

/// Whether the phase runs the scenario.
pub(super) fn runs(phase: &api::Phase, scenario: &str) -> bool {
    let is_chosen = phase.scenarios.is_empty() || phase.scenarios.iter().any(|name| name == scenario);
    is_chosen && !is_idle(phase)
}

fn one(index: usize, spec: &LoadTestSpec, at: &At) -> Option<Phase> {
    let phase = &spec.phases[index];
    let executor = executor(&phase.load, &at.field("load"));
    let scenarios = scenarios_of(phase, spec, at);
    let pace = length::if_given(phase.pace.as_ref(), &at.field("pace"));
    at.field("pace")
        .require(phase.pace.is_none() || !is_idle(phase), "an idle phase has no iterations; leave it out");
    let max_duration = length::if_given(phase.max_duration.as_ref(), &at.field("maxDuration"));
    let expect = expectations(index, spec, &at.field("expect"));
    let mut variables = spec.variables.clone();
    variables.extend(phase.variables.clone());

    let (executor, max_duration) = (executor?, max_duration?);
    check_max_duration(max_duration, &executor, &at.field("maxDuration"));
    Some(Phase {
        name: phase.name.clone(),
        title: phase.title.clone().unwrap_or_else(|| phase.name.clone()),
        deadline: max_duration.unwrap_or_else(|| deadline(&executor, phase, &scenarios, spec)),
        scenarios,
        variables: Arc::new(variables),
        pace: pace?,
        executor,
        has_max_duration: max_duration.is_some(),
        judge: phase.judge.unwrap_or(true),
        critical: phase.critical.unwrap_or(true),
        expect: expect?,
        // They are known when all rows are.
        cuts: Vec::new(),
    })
}

/// The scenarios of a phase, in the order of the spec.
fn scenarios_of(phase: &api::Phase, spec: &LoadTestSpec, at: &At) -> Vec<usize> {
    let at = at.field("scenarios");
    if is_idle(phase) {
        at.require(phase.scenarios.is_empty(), "an idle phase sends nothing; leave it out");
        return Vec::new();
    }
    let known = || spec.scenarios.iter().map(|scenario| scenario.name.as_str());
    for (index, name) in phase.scenarios.iter().enumerate() {
        let at = at.item(index);
        at.require(known().any(|other| other == name), near::unknown("scenario", name, known()));
        at.require(
            !phase.scenarios[..index].contains(name),
            "is listed twice; a scenario's weight says how often it runs",
        );
    }
    let chosen: Vec<usize> =
        (0..spec.scenarios.len()).filter(|index| runs(phase, &spec.scenarios[*index].name)).collect();
    at.require(!spec.scenarios.is_empty(), "there is none to run; give the test spec.scenarios");
    let weight: u64 = chosen.iter().map(|index| u64::from(spec.scenarios[*index].weight.unwrap_or(1))).sum();
    at.require(
        chosen.is_empty() || weight > 0,
        "the weights of its scenarios add up to 0; give one of them more",
    );
    chosen
}

fn check_max_duration(max_duration: Option<Duration>, executor: &Executor, at: &At) {
    if let (Some(most), Some(planned)) = (max_duration, executor.planned_length()) {
        let planned_text = written::duration(planned);
        at.require(most >= planned, format!("is shorter than the load itself; give at least {planned_text}"));
    }
}

/// When a phase without `maxDuration` is cut.
fn deadline(executor: &Executor, phase: &api::Phase, scenarios: &[usize], spec: &LoadTestSpec) -> Duration {
    let longest =
        || scenarios.iter().map(|index| longest_iteration(&spec.scenarios[*index], phase, spec)).max();
    let times = |n: u64| {
        let nanos = longest().unwrap_or_default().as_nanos().saturating_mul(u128::from(n));
        u64::try_from(nanos).map_or(LONGEST, Duration::from_nanos).min(LONGEST)
    };
    match executor {
        Executor::ConstantUsers { duration: length, .. } | Executor::ConstantRate { length, .. } => {
            *length + GRACEFUL_STOP
        }
        Executor::Idle { duration } => *duration,
        Executor::Iterations { per_user, .. } => times(*per_user),
        Executor::Burst { .. } => times(1),
    }
}

/// How long an iteration takes when every request takes all the time it may.
fn longest_iteration(scenario: &api::Scenario, phase: &api::Phase, spec: &LoadTestSpec) -> Duration {
    let length = |text: &str| parse_duration(text).unwrap_or_default();
    let think = |step: &api::Step| DurationRange::parse(step.think.as_deref()?).ok().map(|range| range.most);
    let request = longest_request(&spec.target);
    let steps: Duration = scenario.steps.iter().map(|step| request + think(step).unwrap_or_default()).sum();
    let pace = phase.pace.as_deref().or(scenario.pace.as_deref()).map(length);
    steps.max(pace.unwrap_or_default())
}
