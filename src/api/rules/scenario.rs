//! Rules of scenarios: their blocks, and the steps that name them.

use serde_json::{Value, json};

use super::rule_at;

/// The names of the blocks, in a list of one: made once for all steps.
const BLOCKS: &str = "[has(self.blocks) ? self.blocks.map(block, block.name) : []]";

/// The blocks of the steps, one after the other; none is an empty text.
const NAMED: &str = "[self.steps.map(step, has(step.block) ? step.block : '')]";

/// Between the first and the last step of a block there is none of another.
const IS_ONE_RUN: &str = "!(block.name in named) || named.lastIndexOf(block.name) - named.indexOf(block.name) + 1 == \
     named.filter(name, name == block.name).size()";

pub(in crate::api) fn scenario() -> Value {
    let outside = |part: &str| {
        rule_at(
            &format!(".{part}"),
            format!("!has(self.{part}) || self.{part}.all(step, !has(step.block))"),
            "a step names a block, and setup and teardown have none; leave it out",
        )
    };
    json!([
        outside("setup"),
        outside("teardown"),
        rule_at(
            ".steps",
            format!("{BLOCKS}.all(blocks, self.steps.all(step, !has(step.block) || step.block in blocks))"),
            "a step names a block that isn't there: there is no block of that name; declare it in the scenario's blocks"
        ),
        rule_at(
            ".blocks",
            format!("!has(self.blocks) || {NAMED}.all(named, self.blocks.all(block, block.name in named))"),
            "no step names the block; give one of the steps it, or leave it out"
        ),
        rule_at(
            ".steps",
            format!("!has(self.blocks) || {NAMED}.all(named, self.blocks.all(block, {IS_ONE_RUN}))"),
            "the steps of a block are neighbours; put them together, or give them another block"
        ),
        rule_at(
            ".blocks",
            "!has(self.blocks) || [self.steps.map(step, step.name)].all(steps, \
             self.blocks.all(block, !(block.name in steps)))",
            "a block has the name of a step; choose another, so that each name stands for one"
        ),
    ])
}
