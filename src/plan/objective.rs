//! What is judged: requirements, expectations, the measures they name and the scale.

use super::limit::Limit;
use super::metric::Metric;
use super::model::{Phase, PhaseIndex, StepIndex};
use super::tier::Tiers;
use super::window::Window;
use crate::api::{OutcomeFilter, Over};

/// The expectations of one phase: requirements whose phase is implied.
pub type Expectations = Vec<Requirement>;

/// A line that is judged.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// Its id; expectations have none.
    pub id: Option<String>,
    /// What is required, in words; made from the measure where the spec has no title.
    pub title: String,
    /// The figure.
    pub measure: Measure,
    /// How the figures of several phases become one.
    pub over: Over,
    /// Its limits.
    pub tiers: Tiers,
    /// Its share in the score.
    pub weight: u32,
    /// Whether missing it fails the test.
    pub must: bool,
    /// The fewest samples it can be judged by, where the spec says so.
    pub min_samples: Option<u64>,
    /// The field path: `spec.requirements[2]`.
    pub path: String,
}

/// A figure, or one divided by another.
#[derive(Clone, Debug)]
pub enum Measure {
    /// One figure.
    Metric(Narrowed),
    /// The first divided by the second.
    Ratio(Narrowed, Narrowed),
}

/// A metric and what it is narrowed to.
#[derive(Clone, Debug)]
pub struct Narrowed {
    /// The metric.
    pub metric: Metric,
    /// The phases it covers, ascending, never empty: those named, or all that are judged.
    pub phases: Vec<PhaseIndex>,
    /// The steps it covers; none: all.
    pub steps: Option<Vec<StepIndex>>,
    /// The outcomes it covers; none: both.
    pub outcome: Option<OutcomeFilter>,
    /// The key it covers; none: all, and what has none.
    pub key: Option<KeyOf>,
    /// The part of each phase that it covers; none: all of it.
    pub window: Option<Window>,
}

/// A key of a declared group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOf {
    /// The group.
    pub group: String,
    /// Its place among the declared groups.
    pub place: usize,
    /// The key.
    pub key: Key,
}

/// One key, or each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// This one.
    One(String),
    /// Each has a figure of its own.
    Each,
}

/// The scale.
#[derive(Clone, Debug)]
pub struct Scoring {
    /// The score from which a test passes.
    pub pass: u32,
    /// The score below which it fails.
    pub warning: u32,
    /// Names of scores, from high to low; the last begins at 0.
    pub grades: Vec<(String, u32)>,
    /// Names of phases by a metric, best first.
    pub phase_grades: Option<(Metric, Vec<(String, Limit)>)>,
}

impl Narrowed {
    /// The group whose keys have figures of their own; none: there is one figure.
    #[must_use]
    pub fn each_of(&self) -> Option<&KeyOf> {
        self.key.as_ref().filter(|of| of.key == Key::Each)
    }

    /// The first of its phases that its window doesn't fit: in a plan that is as written there is none, but a quick
    /// run makes phases shorter and leaves times as they are.
    #[must_use]
    pub fn misfit(&self, phases: &[Phase]) -> Option<PhaseIndex> {
        let window = self.window?;
        self.phases.iter().copied().find(|phase| window.within(&phases[*phase].executor).is_none())
    }
}

impl Measure {
    /// The group whose keys it is worked out for one by one; none: it is one figure.
    #[must_use]
    pub fn each_of(&self) -> Option<&KeyOf> {
        self.parts().find_map(Narrowed::each_of)
    }

    /// The metrics in it: one, or numerator and denominator.
    pub fn parts(&self) -> impl Iterator<Item = &Narrowed> {
        let (first, second) = match self {
            Measure::Metric(one) => (one, None),
            Measure::Ratio(above, below) => (above, Some(below)),
        };
        std::iter::once(first).chain(second)
    }
}
