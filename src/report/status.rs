//! The status of a run that has ended: all that `kubectl get -o yaml` tells, bounded in size.

use super::conditions::{self, Told};
use super::facts::{RunFacts, rfc3339};
use super::figures::{micros, rate, share};
use super::phases::{self, PhaseReport};
use super::progress::{NOTHING, ended, of_workers};
use super::summary::summarise;
use super::told::Judgement;
use crate::api::{Compliance, Display, LoadTestStatus, Results, Run, Summary, Verdict};
use crate::metrics::summary::Names;
use crate::metrics::{Aggregate, Books, PartState};
use crate::plan::Plan;

/// The most findings in the status.
const MOST_FINDINGS: usize = 8;

/// The status. `phases` are those of the report, `wholes` what each of them measured, the ramp included.
pub(super) fn of_run(
    plan: &Plan,
    aggregate: &Aggregate,
    judgement: &Judgement,
    facts: &RunFacts,
    (phases, wholes): (&[PhaseReport], &[PartState]),
) -> LoadTestStatus {
    let summary = over_all(plan, aggregate, wholes);
    let aborted = facts.circumstances.aborted.is_some();
    LoadTestStatus {
        phase: Some(stage(judgement, aborted).to_owned()),
        verdict: Some(judgement.verdict),
        message: Some(judgement.message.clone()),
        observed_generation: facts.generation,
        conditions: conditions::ended(judgement.gate_closed, &told(judgement, aborted, facts)),
        display: Some(display(plan, aggregate, &summary, facts)),
        run: Some(run(plan, facts)),
        progress: None,
        workers: Some(facts.workers()),
        summary: Some(summary),
        phases: phases::in_status(phases),
        checklist: Vec::new(),
        restore: None,
        compliance: Some(compliance(judgement)),
        findings: judgement.findings.iter().take(MOST_FINDINGS).cloned().collect(),
        regression: None,
        generator: Some(judgement.generator.clone()),
        results: facts.results.clone().map(|location| Results { location, left_out: facts.left_out.clone() }),
        history: Vec::new(),
    }
}

/// The final word for `status.phase`. It says what the gate says.
fn stage(judgement: &Judgement, aborted: bool) -> &'static str {
    match judgement.verdict {
        _ if aborted => "Aborted",
        Verdict::Inconclusive => "Inconclusive",
        Verdict::Pass | Verdict::Warning | Verdict::Fail if judgement.gate_closed => "Failed",
        Verdict::Pass | Verdict::Warning | Verdict::Fail => "Passed",
    }
}

fn told<'a>(judgement: &'a Judgement, aborted: bool, facts: &'a RunFacts) -> Told<'a> {
    let by_verdict = || conditions::reason(judgement.verdict, judgement.gate_closed, aborted);
    Told {
        generation: facts.generation,
        since: facts.finished_at,
        reason: facts.word.as_deref().unwrap_or_else(by_verdict),
        message: &judgement.message,
    }
}

/// All phases together. Its time is the sum of theirs: what lies between them is no load.
pub(super) fn over_all(plan: &Plan, aggregate: &Aggregate, wholes: &[PartState]) -> Summary {
    let (mut all, mut books) = (PartState::default(), Books::default());
    for (phase, whole) in aggregate.phases.iter().zip(wholes) {
        all.merge(whole);
        books.merge(&phase.state.books);
    }
    let micros = wholes.iter().filter_map(PartState::span).map(|span| span.micros()).sum();
    let (errors, groups) = phases::declared(plan);
    summarise(&all, &books, micros, &Names { errors: &errors, groups: &groups })
}

fn display(plan: &Plan, aggregate: &Aggregate, summary: &Summary, facts: &RunFacts) -> Display {
    let measured = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
    Display {
        progress: ended(plan, aggregate),
        rps: rate(summary.requests_per_second),
        p95: measured(summary.latency.as_ref().map(|latency| micros(latency.p95_micros))),
        errors: measured((summary.requests > 0).then(|| share(summary.error_ppm))),
        workers: of_workers(&facts.workers()),
    }
}

fn run(plan: &Plan, facts: &RunFacts) -> Run {
    Run {
        number: facts.number,
        uid: facts.uid.clone(),
        run_hash: plan.hash.clone(),
        run_id: facts.run_id.clone(),
        started_at: facts.started_at.map(rfc3339),
        finished_at: Some(rfc3339(facts.finished_at)),
    }
}

fn compliance(judgement: &Judgement) -> Compliance {
    Compliance {
        score: judgement.score.map(whole_score),
        grade: judgement.grade.clone(),
        class: None,
        requirements: judgement.requirements.clone(),
    }
}

/// Rounded down, so that a score never looks like more than it is.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=100 just before")]
fn whole_score(score: f64) -> u32 {
    score.clamp(0.0, 100.0).floor() as u32
}
