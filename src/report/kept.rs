//! What is kept of a run after its pods are gone: enough to judge it again by other requirements.

use serde::{Deserialize, Serialize};

use super::{Report, RunFacts};
use crate::api::{LoadTestSpec, LoadTestStatus};
use crate::metrics::Aggregate;
use crate::plan::{Fault, Options, Plan};
use crate::verdict::{Observed, asked, judge_observed, observe, pace_of_phases};

/// The version of this form. In the first, nothing was ever left out.
const FORM: u32 = 2;
/// The first that this release still reads.
const OLDEST: u32 = 1;

/// What is kept of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptRun {
    form: u32,
    /// The object's name.
    pub name: String,
    /// The spec that it was judged by.
    pub spec: LoadTestSpec,
    /// What the figures don't tell.
    pub facts: RunFacts,
    /// What was measured.
    pub aggregate: Aggregate,
    /// What all of the figures showed, where some of them are left out.
    #[serde(default)]
    observed: Option<Observed>,
    /// What was told of it, where what was measured can't be kept.
    #[serde(default)]
    pub told: Option<Box<LoadTestStatus>>,
}

/// Bytes that aren't a kept run.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// They can't be read.
    #[error("the stored result can't be read: {0}")]
    Unreadable(#[from] rmp_serde::decode::Error),
    /// Another release wrote them.
    #[error("the stored result has form {0}, this release reads forms {OLDEST} to {FORM}")]
    OtherForm(u32),
}

impl KeptRun {
    /// What is to be kept of a run.
    #[must_use]
    pub fn new(name: &str, spec: &LoadTestSpec, facts: RunFacts, aggregate: Aggregate) -> Self {
        let (name, spec) = (name.to_owned(), spec.clone());
        KeptRun { form: FORM, name, spec, facts, aggregate, observed: None, told: None }
    }

    /// What is to be kept of a run of which nothing can be kept but what is told of it.
    #[must_use]
    pub fn told_only(name: &str, spec: &LoadTestSpec, facts: RunFacts, told: LoadTestStatus) -> Self {
        KeptRun { told: Some(Box::new(told)), ..KeptRun::new(name, spec, facts, Aggregate::default()) }
    }

    /// Whether `spec` judges it as the spec does that it was judged by.
    #[must_use]
    pub fn is_judged_by(&self, spec: &LoadTestSpec) -> bool {
        let judging = |spec: &LoadTestSpec| LoadTestSpec { abort: None, history: None, ..spec.clone() };
        judging(&self.spec) == judging(spec)
    }

    /// The same run, judged by `spec`, whose load must be the same.
    ///
    /// # Errors
    /// When the spec can't be read as a plan.
    pub fn report(&self, spec: &LoadTestSpec, generation: Option<i64>) -> Result<Report, Vec<Fault>> {
        let plan = Plan::from_spec(&self.name, spec, &Options::default())?;
        let facts = RunFacts { generation, ..self.facts.clone() };
        let observed = self.observed.clone().unwrap_or_else(|| observe(&plan, &self.aggregate));
        let judgement = judge_observed(&plan, &self.aggregate, &facts.circumstances, observed);
        Ok(Report::new(&self.name, spec, &plan, &self.aggregate, &judgement, &facts))
    }

    /// The same with less of what was measured. What its own rows are judged from stays, and so does what all of it
    /// showed; what goes is told in [`RunFacts::left_out`], once the run is thin enough.
    ///
    /// # Errors
    /// When the spec can't be read as a plan.
    pub fn thinned(mut self, by: Thinning) -> Result<Self, Vec<Fault>> {
        let plan = Plan::from_spec(&self.name, &self.spec, &Options::default())?;
        self.observed.get_or_insert_with(|| observe(&plan, &self.aggregate));
        match by {
            Thinning::Points(points) => {
                let paces = pace_of_phases(&plan, &self.aggregate);
                self.aggregate.merge_seconds(points, paces);
            }
            Thinning::Levels => self.aggregate.drop_levels(),
            Thinning::Times => {
                for (phase, asked) in self.aggregate.phases.iter_mut().zip(asked(&plan)) {
                    phase.drop_times(&asked.times);
                }
            }
            Thinning::Steps => {
                for (phase, asked) in self.aggregate.phases.iter_mut().zip(asked(&plan)) {
                    phase.merge_steps(&asked.steps);
                }
            }
        }
        self.facts.left_out = left_out(&self.aggregate);
        Ok(self)
    }

    /// Its bytes, in MessagePack.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match rmp_serde::to_vec_named(self) {
            Ok(bytes) => bytes,
            Err(_) => unreachable!("a kept run consists of numbers, texts, lists and maps"),
        }
    }

    /// Reads its bytes.
    ///
    /// # Errors
    /// When they aren't a kept run of this form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeptError> {
        let kept: KeptRun = rmp_serde::from_slice(bytes)?;
        if (OLDEST..=FORM).contains(&kept.form) { Ok(kept) } else { Err(KeptError::OtherForm(kept.form)) }
    }
}

/// What a run is made less of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thinning {
    /// Its series: to so many points.
    Points(u32),
    /// Single levels of searches.
    Levels,
    /// Times beside the response times that no row asks for.
    Times,
    /// Single steps that no row asks for.
    Steps,
}

/// A line for each kind of what was left out.
fn left_out(aggregate: &Aggregate) -> Vec<String> {
    let thinned = || aggregate.phases.iter().map(|phase| &phase.thinned);
    let width = thinned().filter_map(|thinned| thinned.pace.as_ref()).map(|pace| pace.width).max();
    let width = width.map(|width| format!("single seconds: {width} of them stand together"));
    let times = thinned().any(|thinned| !thinned.times.is_empty());
    let times = times.then(|| "times beside the response times that no row asks for".to_owned());
    let steps = thinned().any(|thinned| !thinned.steps.is_empty());
    let steps = steps.then(|| "figures of single steps that no row asks for".to_owned());
    let levels = thinned().any(|thinned| thinned.levels);
    let levels = levels.then(|| "figures of single levels of searches".to_owned());
    [levels, width, times, steps].into_iter().flatten().collect()
}
