//! `spec.scenarios`: steps, numbered through, with what each of them knows.

use std::collections::BTreeSet;

use crate::api::{self, LoadTestSpec};
use crate::plan::fault::At;
use crate::plan::model::{Scenario, Step};
use crate::plan::template::{Extracts, Name, Scope, single_name};
use crate::plan::units::Share;

use super::check::checks;
use super::extract::extracts;
use super::length;
use super::phase::runs;
use super::request::request;

/// All scenarios, and the steps of all of them.
pub(super) fn scenarios(spec: &LoadTestSpec, at: &At) -> Option<(Vec<Scenario>, Vec<Step>)> {
    let mut scenarios = Vec::new();
    let mut steps = Vec::new();
    for (index, scenario) in spec.scenarios.iter().enumerate() {
        let at = at.item(index);
        let own: Vec<Option<Step>> = steps_of(index, spec, &at.field("steps"));
        let begin = steps.len();
        let feeders = feeders(own.iter().flatten());
        steps.extend(own);
        scenarios.push(one(scenario, begin..steps.len(), feeders, &at));
    }
    let scenarios = scenarios.into_iter().collect::<Option<_>>()?;
    Some((scenarios, steps.into_iter().collect::<Option<_>>()?))
}

/// The feeders whose rows some steps name.
fn feeders<'s>(steps: impl Iterator<Item = &'s Step>) -> Vec<usize> {
    let of = |name: &Name| if let Name::Data { feeder, .. } = name { Some(*feeder) } else { None };
    let named: BTreeSet<usize> = steps.flat_map(Step::names).filter_map(of).collect();
    named.into_iter().collect()
}

fn one(
    scenario: &api::Scenario,
    steps: std::ops::Range<usize>,
    feeders: Vec<usize>,
    at: &At,
) -> Option<Scenario> {
    at.field("steps").require(!scenario.steps.is_empty(), "is empty; a scenario has at least one step");
    let slots = scenario.steps.iter().flat_map(|step| &step.extract).map(|extract| extract.name.clone());
    Some(Scenario {
        name: scenario.name.clone(),
        weight: scenario.weight.unwrap_or(1),
        pace: length::if_given(scenario.pace.as_ref(), &at.field("pace"))?,
        steps,
        slots: slots.collect(),
        feeders,
    })
}

fn steps_of(scenario: usize, spec: &LoadTestSpec, at: &At) -> Vec<Option<Step>> {
    let steps = spec.scenarios[scenario].steps.iter().enumerate();
    steps.map(|(index, step)| self::step(scenario, index, step, spec, &at.item(index))).collect()
}

fn step(scenario: usize, index: usize, step: &api::Step, spec: &LoadTestSpec, at: &At) -> Option<Step> {
    let scope = scope(scenario, index, spec);
    let probability = probability(step.probability.as_deref(), &at.field("probability"));
    let request = request(&step.request, &scope, &at.field("request"));
    let checks = checks(&step.checks, &scope, &at.field("checks"));
    let when = step.when.as_deref().map(|name| guard(name, &scope, &at.field("when")));
    let extract = extracts(&step.extract, earlier(scenario, index, spec).count(), &at.field("extract"));
    let think = length::range_if_given(step.think.as_ref(), &at.field("think"));
    Some(Step {
        scenario,
        name: step.name.clone(),
        probability_ppm: probability?,
        when: when.map_or(Some(None), |name| name.map(Some))?,
        request: request?,
        checks: checks?,
        extract: extract?,
        think: think?,
    })
}

fn probability(text: Option<&str>, at: &At) -> Option<u32> {
    let Some(text) = text else {
        return Some(1_000_000);
    };
    let ppm = at.read(Share::parse(text))?.ppm();
    at.require(ppm > 0, "must be above 0%; leave out a step that is never taken");
    Some(ppm)
}

/// The name without whose value a step is skipped.
fn guard(text: &str, scope: &Scope, at: &At) -> Option<Name> {
    let Some(name) = single_name(text) else {
        at.fault("must be one name and nothing else, such as ${token}");
        return None;
    };
    let name_found = at.take(scope.resolve(name))?;
    let may_be_empty = matches!(name_found, Name::Variable(_) | Name::Data { .. } | Name::Extracted(_));
    at.require(
        may_be_empty,
        format!(
            "`${{{name}}}` always has a value; name a variable, a field of a row or what a step extracts"
        ),
    );
    Some(name_found)
}

/// What the step can name: variables of the phases that run its scenario, and what earlier steps extract.
fn scope(scenario: usize, step: usize, spec: &LoadTestSpec) -> Scope<'_> {
    let own = &spec.scenarios[scenario];
    let extracted = |step: &api::Step| step.extract.len();
    let later = own.steps[step..].iter().filter(|step| extracted(step) > 0);
    let others = spec.scenarios.iter().enumerate().filter(|(index, _)| *index != scenario);
    let extracts = Extracts {
        earlier: earlier(scenario, step, spec).collect(),
        later: later.flat_map(|step| named(step, &step.name)).collect(),
        elsewhere: others
            .flat_map(|(_, other)| other.steps.iter().flat_map(|step| named(step, &other.name)))
            .collect(),
    };
    let phases = spec.phases.iter().filter(|phase| runs(phase, &own.name));
    Scope {
        test: &spec.variables,
        phases: phases.map(|phase| (phase.name.as_str(), &phase.variables)).collect(),
        rows: super::data::names(spec),
        no_rows: None,
        extracts: Some(extracts),
        variables_only: None,
    }
}

fn earlier(scenario: usize, step: usize, spec: &LoadTestSpec) -> impl Iterator<Item = &str> {
    let steps = spec.scenarios[scenario].steps[..step].iter();
    steps.flat_map(|step| &step.extract).map(|extract| extract.name.as_str())
}

fn named<'s>(step: &'s api::Step, of: &'s str) -> impl Iterator<Item = (&'s str, &'s str)> {
    step.extract.iter().map(move |extract| (extract.name.as_str(), of))
}
