//! What a user does once: setup before its first iteration of a scenario, teardown when it leaves.
//!
//! ```text
//! user    ├─ setup ─ steps ─┤   ├─ steps ─┤   ├─ steps ─┤  teardown
//!            first iteration      second        last          left
//! ```

use std::rc::Rc;

use serde_json::Value;

use super::compiled::CompiledScenario;
use super::floor::Floor;
use super::iteration::{Failing, Turn, User};
use crate::plan::draw::Draws;

/// What a user did once, scenario by scenario. Empty where no scenario says anything of the kind.
#[derive(Debug, Default)]
pub(super) struct Once {
    /// What setup extracted, once it has succeeded.
    held: Vec<Option<Vec<Option<Value>>>>,
    /// How often any setup was begun.
    attempts: u64,
}

impl User {
    /// Whether the user is set up for the scenario: it is done now if it wasn't. The first request counts as the first of the
    /// iteration.
    pub(super) async fn is_set_up(
        &mut self,
        floor: &Floor,
        scenario: &CompiledScenario,
        turn: &mut Turn,
        intended: &mut Option<u64>,
    ) -> bool {
        let place = turn.scenario;
        if let Some(held) = self.once.held.get(place).and_then(Option::as_ref) {
            self.slots[..scenario.held].clone_from_slice(held);
            return true;
        }
        let own = Draws::setup(floor.seed(), floor.phase_index(), self.number, self.once.attempts);
        self.once.attempts += 1;
        let draws = std::mem::replace(&mut turn.draws, own);
        let succeeded = self.steps(floor, &scenario.setup, turn, intended, Failing::Ends).await;
        turn.draws = draws;
        if succeeded {
            let scenarios = floor.compiled.scenarios.len();
            self.once.held.resize(scenarios, None);
            self.once.held[place] = Some(self.slots[..scenario.held].to_vec());
        }
        succeeded
    }

    /// Takes the teardown of each scenario that it was set up for, unless the run is aborted.
    pub(super) async fn tear_down(&mut self) {
        let floor = Rc::clone(&self.floor);
        for (place, held) in std::mem::take(&mut self.once.held).into_iter().enumerate() {
            let scenario = &floor.compiled.scenarios[place];
            if let Some(held) = held.filter(|_| !floor.stop.aborted()) {
                self.leave(&floor, place, scenario, &held).await;
            }
        }
    }

    async fn leave(
        &mut self,
        floor: &Floor,
        place: usize,
        scenario: &CompiledScenario,
        held: &[Option<Value>],
    ) {
        let draws = Draws::teardown(floor.seed(), floor.phase_index(), self.number, self.once.attempts);
        let mut turn = Turn {
            iteration: 0,
            index: 0,
            round: 0,
            scenario: place,
            draws,
            due: None,
            counts_from_due: false,
        };
        self.slots.clear();
        self.slots.resize(scenario.slots, None);
        self.slots[..scenario.held].clone_from_slice(held);
        self.choose_rows(&scenario.feeders, &mut turn);
        self.steps(floor, &scenario.teardown, &mut turn, &mut None, Failing::GoesOn).await;
    }
}
