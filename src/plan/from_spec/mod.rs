//! From a spec to a plan, or to everything that is wrong with the spec.

mod auth;
mod block;
mod body;
mod cells;
mod check;
mod classify;
mod cut_off;
mod data;
mod deadlines;
mod extract;
mod header;
mod http;
pub(super) mod length;
mod measurable;
mod metric;
mod names;
mod narrow;
mod objective;
mod phase;
mod request;
mod rows;
mod scenario;
mod scoring;
mod search;
mod target;
mod tls;
mod window;

use super::fault::{Fault, Faults};
use super::model::{Phase, Plan, Scenario, Step};
use super::objective::Requirement;
use super::{hash, quick, select};
use crate::api::LoadTestSpec;

/// What a command line adds to a spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Instead of `spec.workers.count`.
    pub workers: Option<u32>,
    /// Shorten the run by this factor (see [`quick::FACTOR`]).
    pub quick: Option<u32>,
    /// Run only phases whose names match this pattern, in which `*` stands for any characters.
    pub phases: Option<String>,
}

impl Plan {
    /// The plan of `spec`, the same in every process. `name` is the object's name.
    ///
    /// A quick plan is made from a shortened spec, so that all that follows knows one kind of plan; what is wrong
    /// is looked for in the spec as it was written.
    pub fn from_spec(name: &str, spec: &LoadTestSpec, options: &Options) -> Result<Plan, Vec<Fault>> {
        let plan = checked(name, spec, options, Form::Written)?;
        let Some(factor) = options.quick else {
            return Ok(plan);
        };
        let short = quick::shorten(spec, factor).map_err(|fault| vec![fault])?;
        let plan = checked(name, &short.spec, options, Form::Shortened)?;
        Ok(Plan { quick: Some(factor), shortened: short.phases, quick_changes: short.changes, ..plan })
    }
}

/// Whether a spec is as a person wrote it. What no longer fits a shortened one is no fault of that person.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Written,
    Shortened,
}

fn checked(name: &str, spec: &LoadTestSpec, options: &Options, form: Form) -> Result<Plan, Vec<Fault>> {
    let faults = Faults::default();
    let plan = build(name, spec, options, &faults);
    if form == Form::Written {
        let measured = rows::measured(spec, &faults.at("spec"));
        window::check_all(&measured);
        measurable::check_all(&measured, spec);
    }
    match (plan, faults.is_empty()) {
        (Some(plan), true) => Ok(plan),
        (None, true) => unreachable!("a part of a plan is only missing where a fault was reported"),
        (_, false) => Err(faults.into_list()),
    }
}

/// Every part is looked at before the first missing one ends it, so that all faults are found.
fn build(name: &str, spec: &LoadTestSpec, options: &Options, faults: &Faults) -> Option<Plan> {
    let at = faults.at("spec");
    names::check_all(spec, &at);
    let target = target::target(spec, &at.field("target"));
    let data = data::feeders(spec, &at.field("data"));
    let scenarios = scenario::scenarios(spec, &at.field("scenarios"));
    let classify = classify::classify(spec.classify.as_ref(), &at.field("classify"));
    let phases = phase::phases(spec, &at);
    let scoring = scoring::scoring(spec, &at.field("scoring"));
    let requirements = objective::requirements(spec, &at.field("requirements"));
    let workers = workers(spec, options, faults);
    let left_out =
        options.phases.as_deref().map(|pattern| select::left_out(pattern, spec, &faults.at("--phase")));

    let (scenarios, steps): (Vec<Scenario>, Vec<Step>) = scenarios?;
    let mut phases: Vec<Phase> = phases?;
    let deadlines = deadlines::deadlines(spec.deadlines.as_ref(), &phases, &at.field("deadlines"));
    let requirements: Vec<Requirement> = requirements?;
    cells::assign(&mut phases, &requirements, faults);
    search::share_cuts(&mut phases);
    let plan = Plan {
        title: spec.title.clone().unwrap_or_else(|| name.to_owned()),
        target: target?,
        variables: std::sync::Arc::new(spec.variables.clone()),
        data: data?,
        scenarios,
        steps,
        classify: classify?,
        phases,
        requirements,
        scoring: scoring?,
        fail_on: spec.gate.as_ref().and_then(|gate| gate.fail_on).unwrap_or_default(),
        workers: workers?,
        deadlines: deadlines?,
        seed: spec.seed.unwrap_or(0),
        hash: hash::of_load(spec, workers?),
        shortened: Vec::new(),
        quick: None,
        quick_changes: Vec::new(),
        left_out: left_out.unwrap_or_default(),
    };
    http::check_hosts(&plan, faults);
    Some(plan)
}

fn workers(spec: &LoadTestSpec, options: &Options, faults: &Faults) -> Option<u32> {
    let (workers, at) = match (options.workers, spec.workers.as_ref().and_then(|workers| workers.count)) {
        (Some(workers), _) => (workers, faults.at("--workers")),
        (None, Some(workers)) => (workers, faults.at("spec.workers.count")),
        (None, None) => return Some(1),
    };
    at.require(workers > 0, "must be at least 1");
    (workers > 0).then_some(workers)
}

#[cfg(test)]
mod tests;
