//! Dominant step: one step takes most of the time that an iteration waits for the target.

use super::loads;
use crate::metrics::{Aggregate, Dist};
use crate::plan::figure::Figure;
use crate::plan::{Plan, Scenario, StepIndex};
use crate::verdict::{Finding, Severity};

/// With this part of the time, halving the step makes the whole a third faster; of the rest, nothing does.
const DOMINANT: f64 = 0.6;
/// Of two steps one always has half: it has to be half more than even.
const TIMES_EVEN: f64 = 1.5;
/// Beside this the rest hardly counts.
const NEARLY_ALL: f64 = 0.8;
/// A step that answers faster than this is no bottleneck, whatever its part.
const SLOW_ENOUGH_MICROS: u64 = 10_000;
/// Below this a few outliers make the sum.
const FEWEST_REQUESTS: u64 = 100;

/// One finding a scenario.
pub(super) fn find(plan: &Plan, aggregate: &Aggregate) -> Vec<Finding> {
    plan.scenarios.iter().filter_map(|scenario| in_scenario(plan, aggregate, scenario)).collect()
}

fn in_scenario(plan: &Plan, aggregate: &Aggregate, scenario: &Scenario) -> Option<Finding> {
    let times: Vec<(StepIndex, Dist)> =
        scenario.steps.clone().map(|step| (step, time_of(plan, aggregate, step))).collect();
    let total: u128 = times.iter().map(|(_, time)| time.sum()).sum();
    let (step, slowest) = times.iter().max_by_key(|(_, time)| time.sum())?;
    let part = slowest.sum() as f64 / total.max(1) as f64;
    let dominant = DOMINANT.max(TIMES_EVEN / times.len() as f64);
    let mean = slowest.mean()?;
    if times.len() < 2 || part < dominant || mean < SLOW_ENOUGH_MICROS || slowest.count() < FEWEST_REQUESTS {
        return None;
    }
    let name = plan.step_label(*step);
    let percent = Figure::from_f64(part, crate::plan::figure::Dimension::Share)?;
    let p95 = slowest.quantile(0.95).map(Figure::micros)?;
    Some(Finding {
        rule: "dominant-step".to_owned(),
        severity: if part >= NEARLY_ALL { Severity::Medium } else { Severity::Low },
        issue: format!("Step {name} takes {percent} of the time that an iteration waits"),
        evidence: format!(
            "mean {}, p95 {p95} over {} requests; {} steps in all",
            Figure::micros(mean),
            slowest.count(),
            times.len()
        ),
        impact: "What users wait for is this step: making any other one faster is hardly felt.".to_owned(),
        recommendation:
            "Profile this step first: slow queries, calls made one after the other, work that could be \
                         cached or done later."
                .to_owned(),
    })
}

/// Response times of one step in all judged phases; from sending on, where waiting for a free user is told apart.
fn time_of(plan: &Plan, aggregate: &Aggregate, step: StepIndex) -> Dist {
    let mut pooled = Dist::default();
    for seen in loads(plan, aggregate).filter(|seen| seen.phase.judge) {
        let cell = seen.steady().pooled(Some(&[step]), None);
        pooled.merge(if seen.phase.executor.is_open_loop() { &cell.service } else { &cell.latency });
    }
    pooled
}
