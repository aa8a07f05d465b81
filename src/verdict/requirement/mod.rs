//! Judges one requirement against what was measured.

mod gap;
mod keys;
mod limits;
mod not_run;
mod over;
mod place;
mod worst;

use super::measure::Measured;
use crate::metrics::Aggregate;
use crate::plan::limit::Limit;
use crate::plan::tier::{self, Tiers};
use crate::plan::{Measure, PhaseIndex, Plan, Requirement};
use crate::verdict::{Effect, Row, Tier};
use place::Place;
use worst::worst;

/// A requirement or expectation that was judged.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    /// What the report shows.
    pub(super) row: Row,
    /// From 0 to 1, exact; none where it wasn't judged.
    pub(super) points: Option<f64>,
    /// Whether its points count in the score.
    pub(super) is_scored: bool,
    /// Whether a miss can fail the test: not where all its phases are uncritical.
    pub(super) is_critical: bool,
    /// The figure, and the limit that decided; or why it isn't known.
    pub(super) because: String,
}

impl Judged {
    pub(super) fn is_unknown(&self) -> bool {
        self.row.effect == Effect::Unknown
    }

    /// Its share in the score: 0 where it is only judged.
    pub(super) fn scored_weight(&self) -> u32 {
        if self.is_scored { self.row.weight } else { 0 }
    }
}

/// Judges `requirement`. Each outcome but a judged one says why.
pub(super) fn judge(plan: &Plan, aggregate: &Aggregate, requirement: &Requirement) -> Judged {
    if let Some(reason) = not_run::left_out(plan, requirement) {
        return not_judged(plan, requirement, Tier::NotRun, reason);
    }
    match over::candidates(plan, aggregate, requirement) {
        Ok(candidates) => worst(plan, requirement, &candidates),
        Err(reason) if requirement.tiers == Tiers::default() => {
            not_judged(plan, requirement, Tier::Shown, reason.to_string())
        }
        Err(reason) => match not_run::too_short(plan, requirement, &reason) {
            Some(told) => not_judged(plan, requirement, Tier::NotRun, told),
            None => not_judged(plan, requirement, Tier::Unknown, reason.to_string()),
        },
    }
}

/// One figure that a requirement is held against, with the phases it is of, and the key where each is judged.
struct Candidate {
    phases: Vec<PhaseIndex>,
    key: Option<String>,
    measured: Measured,
}

fn of_figure(plan: &Plan, requirement: &Requirement, candidate: &Candidate) -> Judged {
    let figure = &candidate.measured.figure;
    let judged = requirement.tiers.judge(figure);
    let tier = judged.map_or(Tier::Shown, |(tier, _)| reached(tier));
    let is_critical = candidate.phases.iter().any(|phase| plan.phases[*phase].critical);
    let shown = limits::shown(&requirement.tiers, figure);
    let metric = name(&requirement.measure);
    let place = Place::of(plan, requirement, candidate);
    let told = gap::told(requirement, tier, candidate, &place);
    Judged {
        points: judged.map(|(_, points)| points),
        is_scored: is_scored(plan, requirement),
        is_critical,
        because: limits::because(requirement, tier, figure, &place),
        row: Row {
            id: requirement.id.clone(),
            title: requirement.title.clone(),
            metric,
            measured: Some(shown.measured),
            target: shown.target,
            acceptable: shown.acceptable,
            critical: shown.critical,
            tier,
            effect: effect(requirement, tier, is_critical),
            points: judged.map(|(_, points)| whole_points(points)),
            weight: requirement.weight,
            must: requirement.must,
            gap: told,
        },
    }
}

fn not_judged(plan: &Plan, requirement: &Requirement, tier: Tier, reason: String) -> Judged {
    let text = |limit: Option<Limit>| limit.map(|limit| limit.to_string());
    let metric = name(&requirement.measure);
    Judged {
        points: None,
        is_scored: is_scored(plan, requirement),
        is_critical: true,
        because: format!("{metric} is unknown: {reason}"),
        row: Row {
            id: requirement.id.clone(),
            title: requirement.title.clone(),
            metric,
            measured: None,
            target: text(requirement.tiers.target),
            acceptable: text(requirement.tiers.acceptable),
            critical: text(requirement.tiers.critical),
            tier,
            effect: effect(requirement, tier, true),
            points: None,
            weight: requirement.weight,
            must: requirement.must,
            gap: Some(reason),
        },
    }
}

/// ```text
///            met   acceptable        missed                         critical   not measured
/// must       –     warns             fails                          fails      unknown
/// other      –     warns             fails with only a target,      fails      unknown
///                                    else warns
/// ```
/// In uncritical phases whatever fails only warns.
fn effect(requirement: &Requirement, tier: Tier, is_critical: bool) -> Effect {
    let fails = if is_critical { Effect::Fails } else { Effect::Warns };
    match tier {
        Tier::Target => Effect::Met,
        Tier::Critical => fails,
        Tier::Missed if requirement.must || has_only_a_target(requirement) => fails,
        Tier::Acceptable | Tier::Missed => Effect::Warns,
        Tier::Unknown => Effect::Unknown,
        Tier::Shown | Tier::NotRun => Effect::Outside,
    }
}

fn has_only_a_target(requirement: &Requirement) -> bool {
    requirement.tiers.acceptable.is_none() && requirement.tiers.critical.is_none()
}

/// Rows about phases that don't count in figures of the whole test don't count in its score either.
fn is_scored(plan: &Plan, requirement: &Requirement) -> bool {
    phases(&requirement.measure).any(|phase| plan.phases[phase].judge)
}

/// How a measure is called: `latency.p95`, or `cache.misses / requests`.
fn name(measure: &Measure) -> String {
    measure.parts().map(|part| part.metric.to_string()).collect::<Vec<_>>().join(" / ")
}

fn reached(tier: tier::Tier) -> Tier {
    match tier {
        tier::Tier::Target => Tier::Target,
        tier::Tier::Acceptable => Tier::Acceptable,
        tier::Tier::Missed => Tier::Missed,
        tier::Tier::Critical => Tier::Critical,
    }
}

/// All phases that a measure covers.
fn phases(measure: &Measure) -> impl Iterator<Item = PhaseIndex> {
    measure.parts().flat_map(|part| part.phases.iter().copied())
}

/// Rounded down, so that 100 means all of them.
fn whole_points(points: f64) -> u32 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "points are within 0 and 1")]
    let whole = (points * 100.0 + 1e-9).floor() as u32;
    whole
}
