//! `spec.scenarios`: steps, numbered through, with what each of them knows.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::api::{self, LoadTestSpec};
use crate::plan::fault::At;
use crate::plan::model::{Block, Scenario, Step};
use crate::plan::template::{Extracts, Name, Scope, single_name};
use crate::plan::units::Share;

use super::block::blocks;
use super::check::checks;
use super::extract::extracts;
use super::length;
use super::phase::runs;
use super::request::request;

/// The parts of a scenario, in the order in which a user comes to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Setup,
    Steps,
    Teardown,
}

impl Part {
    /// The field that it is.
    pub(super) fn field(self) -> &'static str {
        match self {
            Part::Setup => "setup",
            Part::Steps => "steps",
            Part::Teardown => "teardown",
        }
    }
}

/// The steps of each part.
pub(super) fn parts(scenario: &api::Scenario) -> [(Part, &[api::Step]); 3] {
    let api::Scenario { setup, steps, teardown, .. } = scenario;
    [(Part::Setup, setup), (Part::Steps, steps), (Part::Teardown, teardown)]
}

/// All steps, in the order in which they are numbered.
pub(super) fn all_steps(scenario: &api::Scenario) -> impl Iterator<Item = &api::Step> {
    parts(scenario).into_iter().flat_map(|(_, steps)| steps)
}

/// All scenarios, and the steps of all of them.
pub(super) fn scenarios(spec: &LoadTestSpec, at: &At) -> Option<(Vec<Scenario>, Vec<Step>)> {
    let mut scenarios = Vec::new();
    let mut steps: Vec<Option<Step>> = Vec::new();
    for (index, scenario) in spec.scenarios.iter().enumerate() {
        let at = at.item(index);
        let first = steps.len();
        let ranges = parts(scenario).map(|(part, list)| {
            let begin = steps.len();
            let place = |number| Place { spec, scenario: index, part, index: number };
            let own = list.iter().enumerate();
            steps.extend(own.map(|(number, step)| {
                self::step(step, &place(number), &at.field(part.field()).item(number))
            }));
            begin..steps.len()
        });
        let blocks = blocks(
            scenario,
            ranges[1].start,
            |number| Place { spec, scenario: index, part: Part::Steps, index: number }.scope(),
            &at,
        );
        let guards = blocks.iter().flatten().filter_map(|block| block.when.as_ref());
        let feeders = feeders(steps[first..].iter().flatten().flat_map(Step::names).chain(guards));
        scenarios.push(one(scenario, ranges, blocks, feeders, &at));
    }
    let scenarios = scenarios.into_iter().collect::<Option<_>>()?;
    Some((scenarios, steps.into_iter().collect::<Option<_>>()?))
}

/// The feeders whose rows are named.
fn feeders<'s>(names: impl Iterator<Item = &'s Name>) -> Vec<usize> {
    let of = |name: &Name| if let Name::Data { feeder, .. } = name { Some(*feeder) } else { None };
    let feeders: BTreeSet<usize> = names.filter_map(of).collect();
    feeders.into_iter().collect()
}

fn one(
    scenario: &api::Scenario,
    [setup, steps, teardown]: [Range<usize>; 3],
    blocks: Option<Vec<Block>>,
    feeders: Vec<usize>,
    at: &At,
) -> Option<Scenario> {
    at.field("steps").require(!scenario.steps.is_empty(), "is empty; a scenario has at least one step");
    Some(Scenario {
        name: scenario.name.clone(),
        weight: scenario.weight.unwrap_or(1),
        pace: length::if_given(scenario.pace.as_ref(), &at.field("pace"))?,
        cookies: scenario.cookies.unwrap_or(false),
        setup,
        steps,
        blocks: blocks?,
        teardown,
        slots: slots(scenario),
        held: extracted(&scenario.setup).count(),
        feeders,
    })
}

/// What setup extracts, and behind it what the steps of an iteration do; a teardown takes their slots when none is left.
fn slots(scenario: &api::Scenario) -> Vec<String> {
    let of_steps = extracted(&scenario.steps).count();
    let left = extracted(&scenario.teardown).skip(of_steps);
    let all = extracted(&scenario.setup).chain(extracted(&scenario.steps)).chain(left);
    all.map(str::to_owned).collect()
}

/// The names that some steps extract.
fn extracted(steps: &[api::Step]) -> impl Iterator<Item = &str> {
    steps.iter().flat_map(|step| &step.extract).map(|extract| extract.name.as_str())
}

/// A step's place in the spec.
struct Place<'s> {
    spec: &'s LoadTestSpec,
    scenario: usize,
    part: Part,
    index: usize,
}

fn step(step: &api::Step, place: &Place, at: &At) -> Option<Step> {
    let scope = place.scope();
    let probability = probability(step.probability.as_deref(), &at.field("probability"));
    let request = request(&step.request, &scope, &at.field("request"));
    let checks = checks(&step.checks, &scope, &at.field("checks"));
    let when = step.when.as_deref().map(|name| guard(name, &scope, &at.field("when")));
    let extract = extracts(&step.extract, place.earlier().len(), &at.field("extract"));
    let think = length::pause_if_given(step.think.as_ref(), &at.field("think"));
    Some(Step {
        scenario: place.scenario,
        name: step.name.clone(),
        probability_ppm: probability?,
        when: when.map_or(Some(None), |name| name.map(Some))?,
        request: request?,
        checks: checks?,
        extract: extract?,
        think: think?,
    })
}

pub(super) fn probability(text: Option<&str>, at: &At) -> Option<u32> {
    let Some(text) = text else {
        return Some(1_000_000);
    };
    let ppm = at.read(Share::parse(text))?.ppm();
    at.require(ppm > 0, "must be above 0%; leave out a step that is never taken");
    Some(ppm)
}

/// The name without whose value a step or a block is skipped.
pub(super) fn guard(text: &str, scope: &Scope, at: &At) -> Option<Name> {
    let Some(name) = single_name(text) else {
        at.fault("must be one name and nothing else, such as ${token}");
        return None;
    };
    let found = at.take(scope.resolve(name))?;
    let may_be_empty = matches!(found, Name::Variable(_) | Name::Data { .. } | Name::Extracted(_));
    at.require(
        may_be_empty,
        format!(
            "`${{{name}}}` always has a value; name a variable, a field of a row or what a step extracts"
        ),
    );
    Some(found)
}

impl<'s> Place<'s> {
    fn own(&self) -> &'s api::Scenario {
        &self.spec.scenarios[self.scenario]
    }

    /// The steps of its part.
    fn steps(&self) -> &'s [api::Step] {
        match self.part {
            Part::Setup => &self.own().setup,
            Part::Steps => &self.own().steps,
            Part::Teardown => &self.own().teardown,
        }
    }

    /// What has been extracted when the step begins, in the order of the slots.
    fn earlier(&self) -> Vec<&'s str> {
        let setup: &[api::Step] = if self.part == Part::Setup { &[] } else { &self.own().setup };
        extracted(setup).chain(extracted(&self.steps()[..self.index])).collect()
    }

    /// What the step can name: variables of the phases that run its scenario, rows, and what earlier steps extract.
    fn scope(&self) -> Scope<'s> {
        let spec = self.spec;
        let phases = spec.phases.iter().filter(|phase| runs(phase, &self.own().name));
        Scope {
            test: &spec.variables,
            phases: phases.map(|phase| (phase.name.as_str(), &phase.variables)).collect(),
            rows: super::data::names(spec),
            no_rows: None,
            once_a_user: self.part != Part::Steps,
            in_rounds: self.part == Part::Steps && self.steps()[self.index].block.is_some(),
            extracts: Some(self.extracts()),
            variables_only: None,
        }
    }

    fn extracts(&self) -> Extracts<'s> {
        let own = self.own();
        let of_steps = || own.steps.iter().flat_map(|step| named(step, &step.name));
        let later = self.steps()[self.index..].iter().flat_map(|step| named(step, &step.name));
        let others = self.spec.scenarios.iter().enumerate().filter(|(index, _)| *index != self.scenario);
        Extracts {
            earlier: self.earlier(),
            later: match self.part {
                Part::Setup => later.chain(of_steps()).collect(),
                Part::Steps | Part::Teardown => later.collect(),
            },
            in_iterations: if self.part == Part::Teardown { of_steps().collect() } else { Vec::new() },
            elsewhere: others
                .flat_map(|(_, other)| all_steps(other).flat_map(|step| named(step, &other.name)))
                .collect(),
        }
    }
}

fn named<'s>(step: &'s api::Step, of: &'s str) -> impl Iterator<Item = (&'s str, &'s str)> {
    step.extract.iter().map(move |extract| (extract.name.as_str(), of))
}
