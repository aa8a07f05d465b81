//! Windows of rows: read, and held against the phases that they are to cut.

use crate::api;
use crate::plan::executor;
use crate::plan::fault::{At, Faults};
use crate::plan::units::Moment;
use crate::plan::window::Window;
use crate::plan::written;

use super::rows::Measured;

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
pub(super) fn check_all(measured: &[Measured<'_>]) {
    for Measured { metric: _, narrow, over: _, phases, at } in measured {
        let unreported = Faults::default();
        let Some(Some(window)) = read(narrow.window.as_ref(), &unreported.at("")) else { continue };
        for phase in phases {
            check_phase(window, phase, &at.field("where").field("window"));
        }
    }
}

/// A load that is faulty itself is reported where it stands.
fn check_phase(window: Window, phase: &api::Phase, at: &At) {
    let (name, unreported) = (&phase.name, Faults::default());
    let Some(executor) = executor::read(&phase.load, &unreported.at("")) else { return };
    let Some(length) = executor.planned_length() else {
        let message = format!(
            "phase {name} has {}, whose length isn't known beforehand, so that no part of it can be cut out; name \
             phases whose executor has a length",
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
