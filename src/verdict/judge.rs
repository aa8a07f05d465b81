//! Judges a run: rows, score, grade, findings, verdict.

use serde::{Deserialize, Serialize};

use super::decide::{Grounds, closes_gate, phase_verdict, verdict};
use super::doubts::{Doubt, doubts};
use super::findings::findings;
use super::generator::{Unsound, generator};
use super::judgement::{Circumstances, Judgement, PhaseJudgement};
use super::phase_grade::phase_grade;
use super::requirement::{self, Judged};
use super::score::{grade, score};
use super::search::capacity;
use super::seen::seen_phase;
use crate::metrics::Aggregate;
use crate::plan::{Plan, Requirement};
use crate::verdict::{Finding, Generator, Row, Verdict};

const CLOSED_BY_GATE: &str = "; the gate is closed by spec.gate.failOn: Warning";

/// What the figures show whatever is required of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    generator: Generator,
    unsound: Vec<Unsound>,
    findings: Vec<Finding>,
}

/// What the figures show whatever is required of them.
#[must_use]
pub fn observe(plan: &Plan, aggregate: &Aggregate) -> Observed {
    let (generator, unsound) = generator(plan, aggregate);
    Observed { generator, unsound, findings: findings(plan, aggregate) }
}

/// Judges what was measured by the plan's requirements.
#[must_use]
pub fn judge(plan: &Plan, aggregate: &Aggregate, circumstances: &Circumstances) -> Judgement {
    judge_observed(plan, aggregate, circumstances, observe(plan, aggregate))
}

/// The same, where what the figures show was observed before some of them were left out.
#[must_use]
pub fn judge_observed(
    plan: &Plan,
    aggregate: &Aggregate,
    circumstances: &Circumstances,
    observed: Observed,
) -> Judgement {
    let Observed { generator, unsound, findings } = observed;
    let doubts = with_unsound(doubts(plan, aggregate, circumstances), unsound);
    let judge_all = |rows: &[Requirement]| -> Vec<Judged> {
        rows.iter().map(|row| requirement::judge(plan, aggregate, row)).collect()
    };
    let requirements = judge_all(&plan.requirements);
    let expectations: Vec<Vec<Judged>> = plan.phases.iter().map(|phase| judge_all(&phase.expect)).collect();

    let rows = rows(plan, &requirements, &expectations);
    let score = score(rows.iter().map(|(_, judged)| *judged));
    let (verdict, message) = verdict(&Grounds { doubts: &doubts, rows: &rows, scoring: &plan.scoring });
    let gate_closed = closes_gate(verdict, plan.fail_on);
    // A verdict that closes the gate by itself needs no word on it.
    let by_gate = if gate_closed && verdict == Verdict::Warning { CLOSED_BY_GATE } else { "" };
    Judgement {
        verdict,
        gate_closed,
        message: format!("{message}{by_gate}"),
        score,
        grade: score.and_then(|score| grade(score, &plan.scoring)),
        phases: phases(plan, aggregate, &doubts, &expectations),
        requirements: shown(&requirements),
        findings,
        generator,
    }
}

fn with_unsound(mut doubts: Vec<Doubt>, unsound: Vec<Unsound>) -> Vec<Doubt> {
    doubts.extend(unsound.into_iter().map(|Unsound { phase, reason }| Doubt {
        phase: Some(phase),
        reason: format!("the load generator was not sound in {reason}"),
    }));
    doubts
}

/// Requirements, then expectations with the names of their phases.
fn rows<'a>(
    plan: &'a Plan,
    requirements: &'a [Judged],
    expectations: &'a [Vec<Judged>],
) -> Vec<(Option<&'a str>, &'a Judged)> {
    let of_phases = plan
        .phases
        .iter()
        .zip(expectations)
        .flat_map(|(phase, rows)| rows.iter().map(move |row| (Some(phase.name.as_str()), row)));
    requirements.iter().map(|row| (None, row)).chain(of_phases).collect()
}

fn phases(
    plan: &Plan,
    aggregate: &Aggregate,
    doubts: &[Doubt],
    expectations: &[Vec<Judged>],
) -> Vec<PhaseJudgement> {
    expectations
        .iter()
        .enumerate()
        .map(|(index, rows)| {
            let seen = seen_phase(plan, aggregate, index);
            let is_doubtful = doubts.iter().any(|doubt| doubt.phase == Some(index));
            PhaseJudgement {
                verdict: phase_verdict(is_doubtful, rows).filter(|_| seen.is_some()),
                grade: phase_grade(plan, aggregate, index),
                capacity: seen.and_then(|seen| capacity(seen.phase, seen.measured)),
                expectations: shown(rows),
            }
        })
        .collect()
}

fn shown(rows: &[Judged]) -> Vec<Row> {
    rows.iter().map(|judged| judged.row.clone()).collect()
}
