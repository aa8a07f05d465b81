//! Windows of rows: read, and held against the phases that they are to cut.

use crate::api::{self, LoadTestSpec, Objective, Where};
use crate::plan::fault::{At, Faults};
use crate::plan::model::PhaseIndex;
use crate::plan::units::Moment;
use crate::plan::window::Window;
use crate::plan::written;

use super::load::executor;
use super::narrow::{completed, covered};

/// The window given, if one is. The outer none: it is faulty.
#[allow(clippy::option_option, reason = "faulty, not given and given are three things")]
pub(super) fn read(window: Option<&api::Window>, at: &At) -> Option<Option<Window>> {
    let Some(api::Window { from, to }) = window else { return Some(None) };
    at.require(from.is_some() || to.is_some(), "needs from or to");
    let moment = |text: &Option<String>, default, at: &At| {
        text.as_deref().map_or(Some(default), |text| at.read(Moment::parse(text)))
    };
    let from = moment(from, Moment::START, &at.field("from"));
    let to = moment(to, Moment::END, &at.field("to"));
    Some(Some(Window { from: from?, to: to? }))
}

/// Reports windows that don't fit the phases they are about. A quick run's phases aren't held against them: what
/// fits the test as it is written is no fault, and the row is told as not run.
pub(super) fn check_all(spec: &LoadTestSpec, at: &At) {
    for (index, row) in spec.requirements.iter().enumerate() {
        check_row(&row.objective, None, spec, &at.field("requirements").item(index));
    }
    for (phase, expecting) in spec.phases.iter().enumerate() {
        for (index, row) in expecting.expect.iter().enumerate() {
            let at = at.field("phases").item(phase).field("expect").item(index);
            check_row(row, Some(phase), spec, &at);
        }
    }
}

fn check_row(row: &Objective, implied: Option<PhaseIndex>, spec: &LoadTestSpec, at: &At) {
    let narrow = row.narrow.clone().unwrap_or_default();
    for (index, part) in row.ratio.iter().flatten().enumerate() {
        let narrow = completed(part.narrow.clone().unwrap_or_default(), &narrow);
        check(&narrow, implied, spec, &at.field("ratio").item(index).field("where"));
    }
    if row.ratio.is_none() {
        check(&narrow, implied, spec, &at.field("where"));
    }
}

fn check(narrow: &Where, implied: Option<PhaseIndex>, spec: &LoadTestSpec, at: &At) {
    let unreported = Faults::default();
    let Some(Some(window)) = read(narrow.window.as_ref(), &unreported.at("")) else { return };
    let phases: Vec<PhaseIndex> = match implied {
        Some(phase) => vec![phase],
        None => covered(&narrow.phases, spec).map(|(phase, _)| phase).collect(),
    };
    for phase in phases {
        check_phase(window, &spec.phases[phase], &at.field("window"));
    }
}

/// A load that is faulty itself is reported where it stands.
fn check_phase(window: Window, phase: &api::Phase, at: &At) {
    let (name, unreported) = (&phase.name, Faults::default());
    let Some(executor) = executor(&phase.load, &unreported.at("")) else { return };
    let Some(length) = executor.planned_length() else {
        let message = format!(
            "phase {name} has {}, whose length isn't known beforehand, so that no part of it can be cut out; name \
             phases with constantUsers or constantRate",
            executor.name()
        );
        return at.fault(message);
    };
    let [from, to, end, ramp_end] = [
        window.from.micros_of(length),
        window.to.micros_of(length),
        micros(length),
        micros(executor.ramp_end()),
    ];
    let told = written::duration(length);
    if to > end {
        at.field("to").fault(format!("lies behind the end of phase {name}, which is {told} long"));
    } else if from >= to {
        at.fault(format!(
            "in phase {name}, which is {told} long, it ends where it begins or earlier; choose a later end"
        ));
    } else if to <= ramp_end {
        let ramp = written::duration(executor.ramp_end());
        at.field("to").fault(format!(
            "lies in the ramp of phase {name} ({ramp}), which isn't judged; choose a later one, or set judgeRampUp"
        ));
    }
}

fn micros(length: std::time::Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}
