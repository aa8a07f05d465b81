//! The steps of an iteration in stretches: each is taken once, or is a block and taken round by round.
//!
//! ```text
//! steps      find  view  cart  pay        view and cart: a block of 2 rounds
//! stretches  ├──┤  ├────────┤  ├─┤
//! taken      find  view cart view cart  pay
//! ```

use std::ops::Range;

use super::compiled::{CompiledScenario, CompiledStep, Guard};
use super::floor::Floor;
use super::iteration::{Failing, Turn, User};
use crate::plan;

/// Neighbouring steps of an iteration.
#[derive(Debug)]
pub(super) struct Stretch {
    /// Places in [`CompiledScenario::steps`].
    pub(super) steps: Range<usize>,
    pub(super) rounds: u32,
    /// What a block needs to be taken; none: it is none.
    pub(super) entry: Option<Entry>,
    /// The slots that its steps extract into.
    pub(super) slots: Range<usize>,
}

/// What a block needs to be taken.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) probability_ppm: u32,
    pub(super) when: Option<Guard>,
}

/// The stretches of a scenario. `guard`: what a block can't do without.
pub(super) fn stretches(
    scenario: &plan::Scenario,
    steps: &[plan::Step],
    guard: impl Fn(&plan::Block) -> Option<Guard>,
) -> Vec<Stretch> {
    let first = scenario.steps.start;
    let of = |range: Range<usize>, rounds: u32, entry: Option<Entry>| {
        let extracts = || steps[range.clone()].iter().flat_map(|step| &step.extract);
        let slots =
            extracts().map(|one| one.slot).min().map_or(0..0, |least| least..least + extracts().count());
        Stretch { steps: range.start - first..range.end - first, rounds, entry, slots }
    };
    let (mut stretches, mut reached) = (Vec::new(), first);
    for block in &scenario.blocks {
        if reached < block.steps.start {
            stretches.push(of(reached..block.steps.start, 1, None));
        }
        let entry = Entry { probability_ppm: block.probability_ppm, when: guard(block) };
        stretches.push(of(block.steps.clone(), block.repeat, Some(entry)));
        reached = block.steps.end;
    }
    if reached < scenario.steps.end {
        stretches.push(of(reached..scenario.steps.end, 1, None));
    }
    stretches
}

impl User {
    /// Takes the steps of an iteration.
    pub(super) async fn pass(
        &mut self,
        floor: &Floor,
        scenario: &CompiledScenario,
        turn: &mut Turn,
        intended: &mut Option<u64>,
    ) {
        for stretch in &scenario.stretches {
            let steps = &scenario.steps[stretch.steps.clone()];
            if let Some(entry) = &stretch.entry
                && !self.enters(floor, entry, steps, turn)
            {
                continue;
            }
            for round in 0..stretch.rounds {
                if round > 0 {
                    // It begins as the first one did: nothing of the one before is taken for its own.
                    self.slots[stretch.slots.clone()].fill(None);
                    // Users that are answered at once must not keep the others of their shard from their turn.
                    tokio::task::consume_budget().await;
                }
                turn.round = round;
                self.steps(floor, steps, turn, intended, Failing::GoesOn).await;
            }
        }
    }

    /// Whether it takes a block. Of one that lacks its value each step is told as skipped.
    fn enters(&self, floor: &Floor, entry: &Entry, steps: &[CompiledStep], turn: &mut Turn) -> bool {
        if !turn.draws.chance_ppm(entry.probability_ppm) {
            return false;
        }
        let is_missing = entry.when.is_some_and(|guard| self.is_missing(&floor.compiled.data, guard));
        if is_missing {
            for step in steps {
                floor.skipped(step.index);
            }
        }
        !is_missing
    }
}
