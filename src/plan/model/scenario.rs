//! What users do: scenarios and their steps.

use std::time::Duration;

use regex::bytes::Regex;
use serde_json_path::JsonPath;

use super::StepIndex;
use super::request::{Check, Request};
use crate::plan::template::Name;

/// A sequence of steps.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// How often it is drawn, relative to the others.
    pub weight: u32,
    /// The least time an iteration takes.
    pub pace: Option<Duration>,
    /// Its steps in [`Plan::steps`](super::Plan::steps).
    pub steps: std::ops::Range<StepIndex>,
    /// Names of the slots that its steps extract into, in the order of [`Extract::slot`].
    pub slots: Vec<String>,
    /// The feeders whose rows its steps name, in order: places in [`Plan::data`](super::Plan::data).
    pub feeders: Vec<usize>,
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
    /// The pause after it: least and most, equal where it is fixed.
    pub think: Option<(Duration, Duration)>,
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
