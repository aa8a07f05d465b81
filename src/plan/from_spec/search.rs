//! `load.steps` beyond its executor: what stops it, and its levels as loads of their own.

use crate::api::{self, LoadTestSpec, Where};
use crate::plan::executor::{self, Drive, Executor, Rung};
use crate::plan::fault::{At, Faults};
use crate::plan::figure::Figure;
use crate::plan::limit::{Direction, Limit};
use crate::plan::metric::Metric;
use crate::plan::model::{Phase, PhaseIndex, Stop};
use crate::plan::objective::Narrowed;
use crate::plan::tier::Tiers;

use super::cut_off::Timed;
use super::{metric, narrow};

/// What ends the search of phase number `phase`; nothing where it doesn't search.
pub(super) fn stops(phase: PhaseIndex, spec: &LoadTestSpec, at: &At) -> Option<Vec<Stop>> {
    let Some(search) = &spec.phases[phase].load.steps else { return Some(Vec::new()) };
    let at = at.field("steps").field("stopWhen");
    let all = search.stop_when.iter().enumerate();
    let all: Vec<_> = all.map(|(index, stop)| one(phase, stop, spec, &at.item(index))).collect();
    all.into_iter().collect()
}

fn one(phase: PhaseIndex, stop: &api::StopWhen, spec: &LoadTestSpec, at: &At) -> Option<Stop> {
    let measure = narrow::narrowed(&stop.metric, &Where::default(), Some(phase), spec, at)?;
    if measure.metric == Metric::Capacity {
        at.field("metric").fault("is what the search finds, and can't end it; give it a figure of a level");
        return None;
    }
    let limit = at.field("is").read(Limit::parse(&stop.is, metric::dimension(&measure, spec)))?;
    Some(Stop { measure, limit })
}

/// The levels of a phase that searches, each as a phase of its own.
pub(super) fn levels(phase: &Phase, timed: &Timed<'_>) -> Vec<Phase> {
    let Drive::Levels(rungs, _) = phase.executor.drive() else { return Vec::new() };
    let level = |rung: &Rung| Phase {
        deadline: timed.of_level(rung).deadline(),
        executor: rung.executor.clone(),
        level: Some(rung.clone()),
        ..phase.clone()
    };
    rungs.iter().map(level).collect()
}

/// What rows cut out of a phase is cut out of each of its levels.
pub(super) fn share_cuts(phases: &mut [Phase]) {
    for Phase { cuts, levels, .. } in phases {
        for level in levels {
            level.cuts.clone_from(cuts);
        }
    }
}

/// Reports a row on the capacity of phases that don't search for it, and limits that a search which is never stopped tells
/// nothing about: of that it is only known that it is at least the highest level.
pub(super) fn check_row(measure: &Narrowed, tiers: &Tiers, spec: &LoadTestSpec, at: &At) {
    let phases: Vec<&api::Phase> = measure.phases.iter().map(|phase| &spec.phases[*phase]).collect();
    if let Some(phase) = phases.iter().find(|phase| phase.load.steps.is_none()) {
        return at.field("metric").fault(format!(
            "is found by steps, and phase {} has none; name the phases that have them in where.phases",
            phase.name
        ));
    }
    let are_alike = phases.windows(2).all(|pair| kind(pair[0]) == kind(pair[1]));
    at.field("metric")
        .require(are_alike, "is a rate in one of these phases and a number in another; make a row of each");
    for phase in phases {
        let unreported = Faults::default();
        let executor = executor::read(&phase.load, &unreported.at(""));
        let Some(Executor::Steps(steps)) = executor else { continue };
        let Some(highest) = steps.levels.last() else { continue };
        for (field, limit) in
            [("target", tiers.target), ("acceptable", tiers.acceptable), ("critical", tiers.critical)]
        {
            let is_decided = limit.is_none_or(|limit| is_decided(&limit, &highest.figure));
            at.field(field).require(
                is_decided,
                format!(
                    "isn't decided where nothing stops the search, which then knows only that it is at least {}; \
                     require >= that or less, or raise steps' to",
                    highest.figure
                ),
            );
        }
    }
}

/// Whether what is at least `least` is surely on one side of the limit.
fn is_decided(limit: &Limit, least: &Figure) -> bool {
    match limit.direction() {
        Direction::LowerBound => limit.holds(least),
        Direction::UpperBound => !limit.holds(least),
        Direction::Exact | Direction::Range => false,
    }
}

/// Whether what goes up is a rate.
pub(super) fn kind(phase: &api::Phase) -> Option<bool> {
    phase.load.steps.as_ref().map(|steps| steps.rate.is_some())
}
