//! `spec.scenarios[].blocks`: runs of steps that are taken together.

use crate::api;
use crate::plan::fault::At;
use crate::plan::model::{Block, StepIndex};
use crate::plan::near;
use crate::plan::template::Scope;

use super::scenario::{Part, guard, parts, probability};

/// The blocks of a scenario, in the order of its steps. `first`: the number of the first of these. `scope`: what the step at
/// a place among them can name.
pub(super) fn blocks<'s>(
    scenario: &api::Scenario,
    first: StepIndex,
    scope: impl Fn(usize) -> Scope<'s>,
    at: &At,
) -> Option<Vec<Block>> {
    check_named(scenario, at);
    let one = |(index, block)| one(block, scenario, first, &scope, at, &at.field("blocks").item(index));
    let blocks: Vec<Option<Block>> = scenario.blocks.iter().enumerate().map(one).collect();
    let mut blocks: Vec<Block> = blocks.into_iter().collect::<Option<_>>()?;
    blocks.sort_by_key(|block| block.steps.start);
    Some(blocks)
}

/// Reports steps that name what isn't there, or stand where there are no blocks.
fn check_named(scenario: &api::Scenario, at: &At) {
    let known = || scenario.blocks.iter().map(|block| block.name.as_str());
    for (part, steps) in parts(scenario) {
        for (index, step) in steps.iter().enumerate() {
            let Some(name) = &step.block else { continue };
            let at = at.field(part.field()).item(index).field("block");
            if part != Part::Steps {
                at.fault("setup and teardown have none; leave it out");
            } else if !known().any(|known| known == name) {
                at.fault(format!(
                    "{}; declare it in the scenario's blocks",
                    near::unknown("block", name, known())
                ));
            }
        }
    }
}

fn one<'s>(
    block: &api::Block,
    scenario: &api::Scenario,
    first: StepIndex,
    scope: impl Fn(usize) -> Scope<'s>,
    of_scenario: &At,
    at: &At,
) -> Option<Block> {
    let probability = probability(block.probability.as_deref(), &at.field("probability"));
    let repeat = block.repeat.unwrap_or(1);
    at.field("repeat").require(repeat > 0, "must be at least 1");
    let own = |step: &api::Step| step.block.as_ref() == Some(&block.name);
    let Some(begin) = scenario.steps.iter().position(own) else {
        at.field("name").fault("no step names the block; give one of the steps it, or leave it out");
        return None;
    };
    let length = scenario.steps[begin..].iter().take_while(|step| own(step)).count();
    let end = begin + length;
    if let Some(apart) = scenario.steps[end..].iter().position(own) {
        let at = of_scenario.field("steps").item(end + apart).field("block");
        at.fault("the steps of a block are neighbours; put them together, or give them another block");
    }
    let scope = Scope { in_rounds: false, ..scope(begin) };
    let when = block.when.as_deref().map(|name| guard(name, &scope, &at.field("when")));
    Some(Block {
        name: block.name.clone(),
        steps: first + begin..first + end,
        repeat,
        probability_ppm: probability?,
        when: when.map_or(Some(None), |name| name.map(Some))?,
    })
}
