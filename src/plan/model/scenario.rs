//! What users do: scenarios and their steps.

use std::ops::Range;
use std::time::Duration;

use regex::bytes::Regex;
use serde_json_path::JsonPath;

use super::StepIndex;
use super::request::{Check, Request};
use crate::plan::template::Name;
use crate::plan::units::Pause;

/// A sequence of steps.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// How often it is drawn, relative to the others.
    pub weight: u32,
    /// The least time an iteration takes.
    pub pace: Option<Duration>,
    /// Whether users keep cookies.
    pub cookies: bool,
    /// What a user does once, before its first iteration: places in [`Plan::steps`](super::Plan::steps), as all of these.
    pub setup: Range<StepIndex>,
    /// What it does in each iteration.
    pub steps: Range<StepIndex>,
    /// Runs of these steps that are taken together, in the order of the steps; none has a step of another.
    pub blocks: Vec<Block>,
    /// What it does once, when it leaves.
    pub teardown: Range<StepIndex>,
    /// Names of the slots that its steps extract into, in the order of [`Extract::slot`].
    pub slots: Vec<String>,
    /// So many of them, the first ones, are filled by `setup` and live as long as the user.
    pub held: usize,
    /// The feeders whose rows its steps name, in order: places in [`Plan::data`](super::Plan::data).
    pub feeders: Vec<usize>,
}

/// A run of steps that are taken together.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its name, unique among the scenario's blocks and steps.
    pub name: String,
    /// Its steps; never empty.
    pub steps: Range<StepIndex>,
    /// How often they are taken; at least once.
    pub repeat: u32,
    /// How likely an iteration takes it, in parts per million.
    pub probability_ppm: u32,
    /// It is skipped where this has no value.
    pub when: Option<Name>,
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
    /// It is skipped where this has no value.
    pub when: Option<Name>,
    /// The request.
    pub request: Request,
    /// What the response must satisfy; never empty.
    pub checks: Vec<Check>,
    /// What is taken from the response.
    pub extract: Vec<Extract>,
    /// The pause after it.
    pub think: Option<Pause>,
}

impl Scenario {
    /// The first request of a user.
    #[must_use]
    pub fn first_step(&self) -> StepIndex {
        if self.setup.is_empty() { self.steps.start } else { self.setup.start }
    }

    /// What a user does once.
    pub fn once(&self) -> impl Iterator<Item = StepIndex> {
        self.setup.clone().chain(self.teardown.clone())
    }

    /// How often an iteration is likely to come to `step`, in parts per million: by the probability and the rounds of its block.
    #[must_use]
    pub fn comes_to_ppm(&self, step: StepIndex) -> u64 {
        let block = self.blocks.iter().find(|block| block.steps.contains(&step));
        block.map_or(1_000_000, |block| u64::from(block.repeat) * u64::from(block.probability_ppm))
    }
}

impl Step {
    /// Each name in its templates.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        let checked = self.checks.iter().flat_map(Check::names);
        self.request.names().chain(checked).chain(&self.when)
    }
}

/// A value taken from a response.
#[derive(Clone, Debug)]
pub struct Extract {
    /// Where it goes: an index into [`Scenario::slots`].
    pub slot: usize,
    /// What is taken.
    pub from: Origin,
}

/// Where in a response a value is taken from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// The first match of this in the body; it keeps its type.
    JsonPath(JsonPath),
    /// The value of this header (name in lower case), or what is found in it, as in a body.
    Header(String, Option<Regex>),
    /// The first match of this in the body: its first group, or all of it where it has none.
    Regex(Regex),
}
