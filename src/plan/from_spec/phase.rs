//! `spec.phases`: stretches of load, with all that holds in them.

use std::sync::Arc;

use crate::api::{self, LoadTestSpec};
use crate::plan::executor;
use crate::plan::fault::At;
use crate::plan::model::Phase;
use crate::plan::near;

use super::cut_off::Timed;
use super::length;
use super::objective::expectations;
use super::search;

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
    let executor = executor::read(&phase.load, &at.field("load"));
    let scenarios = scenarios_of(phase, spec, at);
    let pace = length::if_given(phase.pace.as_ref(), &at.field("pace"));
    if let (Some(Some(_)), Some(why)) = (&pace, executor::no_pace(&phase.load)) {
        at.field("pace").fault(format!("{why}; leave it out"));
    }
    let max_duration = length::if_given(phase.max_duration.as_ref(), &at.field("maxDuration"));
    let expect = expectations(index, spec, &at.field("expect"));
    let stops = search::stops(index, spec, &at.field("load"));
    let mut variables = spec.variables.clone();
    variables.extend(phase.variables.clone());

    let (executor, max_duration) = (executor?, max_duration?);
    let run = scenarios.iter().map(|index| &spec.scenarios[*index]).collect();
    let timed = Timed { executor: &executor, phase, scenarios: run, spec };
    timed.check(max_duration, at);
    let mut planned = Phase {
        name: phase.name.clone(),
        title: phase.title.clone().unwrap_or_else(|| phase.name.clone()),
        deadline: max_duration.unwrap_or_else(|| timed.deadline()),
        scenarios,
        variables: Arc::new(variables),
        pace: pace?,
        executor: executor.clone(),
        has_max_duration: max_duration.is_some(),
        judge: phase.judge.unwrap_or(true),
        critical: phase.critical.unwrap_or(true),
        expect: expect?,
        // They are known when all rows are.
        cuts: Vec::new(),
        stops: stops?,
        levels: Vec::new(),
        level: None,
    };
    planned.levels = search::levels(&planned, &timed);
    Some(planned)
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
