//! Rows that no run could measure: of steps that are not run, or of phases that are too short.

use crate::api::{self, LoadTestSpec, Over};
use crate::plan::executor;
use crate::plan::fault::{At, Faults};
use crate::plan::metric::{Metric, SUSTAINED_SECONDS};

use super::narrow::is_step_called;
use super::phase::runs;
use super::rows::Measured;
use super::scenario::all_steps;

/// Reports such rows. A quick run is judged by the test as it is written: what it is too short for is told as not run.
pub(super) fn check_all(measured: &[Measured<'_>], spec: &LoadTestSpec) {
    for measured in measured {
        let Some(metric) = measured.metric else { continue };
        check_steps(measured, spec);
        if Metric::parse(metric) == Ok(Metric::RateSustained) {
            for phase in &measured.phases {
                check_length(phase, &measured.at.field("metric"));
            }
        }
    }
}

fn check_steps(measured: &Measured<'_>, spec: &LoadTestSpec) {
    let Measured { metric: _, narrow, over, phases, at } = measured;
    let at = at.field("where").field("steps");
    for (index, name) in narrow.steps.iter().enumerate() {
        let is_known = spec.scenarios.iter().any(|scenario| has_step(scenario, name));
        let is_run = phases.iter().any(|phase| runs_step(phase, name, spec));
        at.item(index).require(!is_known || is_run, not_run(phases));
    }
    if matches!(over, None | Some(Over::Pooled)) {
        return;
    }
    for phase in phases {
        let runs_one = narrow.steps.iter().any(|name| runs_step(phase, name, spec));
        at.require(
            narrow.steps.is_empty() || runs_one,
            format!("phase {}, which has a figure of its own here, runs none of them", phase.name),
        );
    }
}

fn not_run(phases: &[&api::Phase]) -> String {
    let place = match phases {
        [one] => format!("phase {}", one.name),
        _ => "any phase that this is about".to_owned(),
    };
    format!("isn't run in {place}: its scenario isn't among those of the phase, or has a weight of 0")
}

fn runs_step(phase: &api::Phase, name: &str, spec: &LoadTestSpec) -> bool {
    let is_run = |scenario: &&api::Scenario| scenario.weight != Some(0) && runs(phase, &scenario.name);
    spec.scenarios.iter().filter(is_run).any(|scenario| has_step(scenario, name))
}

fn has_step(scenario: &api::Scenario, name: &str) -> bool {
    all_steps(scenario).any(|step| is_step_called(scenario, step, name))
}

/// A load that is faulty itself is reported where it stands.
fn check_length(phase: &api::Phase, at: &At) {
    let unreported = Faults::default();
    let Some(executor) = executor::read(&phase.load, &unreported.at("")) else { return };
    let Some(seconds) = executor.whole_seconds() else { return };
    let count = seconds.end.saturating_sub(seconds.start);
    at.require(
        count >= u64::from(SUSTAINED_SECONDS),
        format!(
            "is the least over any {SUSTAINED_SECONDS} s, and of phase {} only {count} s are judged; make \
             it longer, or require rate or rate.peak",
            phase.name
        ),
    );
}
