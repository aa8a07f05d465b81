//! A metric of a row, and the phases, steps, outcomes and keys that it covers.

use crate::api::{LoadTestSpec, Phase, Scenario, Step, Where};
use crate::plan::fault::At;
use crate::plan::model::{PhaseIndex, StepIndex};
use crate::plan::near;
use crate::plan::objective::{Key, KeyOf, Narrowed};

use super::phase::is_idle;
use super::scenario::all_steps;
use super::{metric, window};

/// The word that stands for every key.
const EACH: &str = "each";

/// The metric `text` narrowed by `narrow`. An expectation's phase is `implied`.
pub(super) fn narrowed(
    text: &str,
    narrow: &Where,
    implied: Option<PhaseIndex>,
    spec: &LoadTestSpec,
    at: &At,
) -> Option<Narrowed> {
    let metric = metric::known(text, spec, &at.field("metric"));
    let place = at.field("where");
    let phases = match implied {
        Some(phase) => {
            let message = "an expectation is about its own phase; leave it out";
            place.field("phases").require(narrow.phases.is_empty(), message);
            Some(vec![phase])
        }
        None => phases(narrow, spec, &place.field("phases")),
    };
    let steps = steps(narrow, spec, &place.field("steps"));
    let key = key(narrow, spec, &place.field("group"));
    let window = window::read(narrow.window.as_ref(), &place.field("window"));
    let metric = metric?;
    metric::check_narrowing(&metric, text, narrow, &place);
    let (key, window) = (key?, window?);
    Some(Narrowed { metric, phases: phases?, steps: steps?, outcome: narrow.outcome, key, window })
}

/// What a side of a ratio leaves out comes from the row.
pub(super) fn completed(part: Where, row: &Where) -> Where {
    let or = |own: Vec<String>, rows: &Vec<String>| if own.is_empty() { rows.clone() } else { own };
    Where {
        phases: or(part.phases, &row.phases),
        steps: or(part.steps, &row.steps),
        outcome: part.outcome.or(row.outcome),
        group: if part.group.is_empty() { row.group.clone() } else { part.group },
        window: part.window.or_else(|| row.window.clone()),
    }
}

/// Whether a row that names no phases covers this one.
pub(super) fn is_judged(phase: &Phase) -> bool {
    phase.judge.unwrap_or(true) && !is_idle(phase)
}

/// The phases that `named` names: where it is empty, all that are judged.
pub(super) fn covered<'a>(
    named: &[String],
    spec: &'a LoadTestSpec,
) -> impl Iterator<Item = (PhaseIndex, &'a Phase)> {
    let is_covered =
        |phase: &Phase| if named.is_empty() { is_judged(phase) } else { named.contains(&phase.name) };
    spec.phases.iter().enumerate().filter(move |(_, phase)| is_covered(phase))
}

/// The phases named, or all that are judged.
fn phases(narrow: &Where, spec: &LoadTestSpec, at: &At) -> Option<Vec<PhaseIndex>> {
    let named = &narrow.phases;
    for (index, name) in named.iter().enumerate() {
        check_phase(name, spec, &at.item(index));
    }
    let covered: Vec<PhaseIndex> = covered(named, spec).map(|(index, _)| index).collect();
    let none_is_judged = covered.is_empty() && named.is_empty();
    at.require(!none_is_judged, "no phase is judged; name the phases that this is about");
    (!covered.is_empty()).then_some(covered)
}

fn check_phase(name: &str, spec: &LoadTestSpec, at: &At) {
    match spec.phases.iter().find(|phase| phase.name == name) {
        None => {
            let known = spec.phases.iter().map(|phase| phase.name.as_str());
            at.fault(near::unknown("phase", name, known));
        }
        Some(phase) => at.require(!is_idle(phase), "an idle phase sends nothing that could be measured"),
    }
}

/// The steps named, by `step` or `scenario.step`, or by the name of their block; none: all.
#[allow(clippy::option_option, reason = "faulty, not given and given are three things")]
fn steps(narrow: &Where, spec: &LoadTestSpec, at: &At) -> Option<Option<Vec<StepIndex>>> {
    if narrow.steps.is_empty() {
        return Some(None);
    }
    let in_scenario = |scenario| move |step| (scenario, step);
    let steps: Vec<(&Scenario, &Step)> =
        spec.scenarios.iter().flat_map(|scenario| all_steps(scenario).map(in_scenario(scenario))).collect();
    let known: Vec<String> = steps.iter().flat_map(|(scenario, step)| names_of(scenario, step)).collect();
    for (index, name) in narrow.steps.iter().enumerate() {
        let names = known.iter().map(String::as_str);
        at.item(index).require(known.contains(name), near::unknown("step", name, names));
    }
    let is_covered = |index: &StepIndex| {
        let (scenario, step) = steps[*index];
        narrow.steps.iter().any(|name| is_step_called(scenario, step, name))
    };
    let covered: Vec<StepIndex> = (0..steps.len()).filter(is_covered).collect();
    (!covered.is_empty()).then_some(Some(covered))
}

/// Whether `name` is what a row calls that step.
pub(super) fn is_step_called(scenario: &Scenario, step: &Step, name: &str) -> bool {
    names_of(scenario, step).any(|own| own == name)
}

/// What a row calls a step: by its own name or that of its block, and by both with the scenario's before it.
fn names_of<'s>(scenario: &'s Scenario, step: &'s Step) -> impl Iterator<Item = String> + 's {
    let short = [Some(&step.name), step.block.as_ref()].into_iter().flatten();
    short.flat_map(|name| [name.clone(), format!("{}.{name}", scenario.name)])
}

/// The key named, if one is. The outer none: it is faulty.
#[allow(clippy::option_option, reason = "faulty, not given and given are three things")]
fn key(narrow: &Where, spec: &LoadTestSpec, at: &At) -> Option<Option<KeyOf>> {
    let mut named = narrow.group.iter();
    let Some((group, key)) = named.next() else { return Some(None) };
    if named.next().is_some() {
        at.fault("names more than one group; keep one");
        return None;
    }
    let at = at.field(group);
    let place = metric::group(group, spec, &at);
    at.require(
        !key.chars().any(char::is_control),
        "has a control character, which no key has: they are replaced where keys are counted",
    );
    let key = if key == EACH { Key::Each } else { Key::One(key.clone()) };
    Some(Some(KeyOf { group: group.clone(), place: place?, key }))
}
