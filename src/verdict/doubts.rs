//! Why the figures of a run can't be trusted, whatever they say: lost data, aborts, loads that never began.

use super::judgement::Circumstances;
use super::search;
use super::seen::seen_phase;
use crate::metrics::{Aggregate, Books, Lapse, PhaseAggregate, PhaseEnd};
use crate::plan::figure::Figure;
use crate::plan::{OAuth2, Phase, PhaseIndex, Plan};

/// One reason.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Doubt {
    /// The phase whose figures it spoils; none: it is about the run, or the phase has no figures.
    pub(super) phase: Option<PhaseIndex>,
    /// What happened and what to do.
    pub(super) reason: String,
}

/// All reasons, the most telling first. A load that never began needs no other.
pub(super) fn doubts(plan: &Plan, aggregate: &Aggregate, circumstances: &Circumstances) -> Vec<Doubt> {
    let Circumstances { aborted, failed, workers_lost, lost_because, not_started } = circumstances;
    let of_run = |reason: String| Doubt { phase: None, reason };
    if let Some(reason) = not_started {
        return vec![of_run(format!("the load never began: {reason}"))];
    }
    let aborted = aborted.iter().map(|reason| of_run(format!("the run was aborted: {reason}")));
    let failed = failed.iter().map(|reason| of_run(format!("the run couldn't go on: {reason}")));
    let lost = (*workers_lost > 0).then(|| {
        let workers = plan.workers;
        let because = lost_because.as_ref().map(|because| format!(" ({because})")).unwrap_or_default();
        of_run(format!(
            "{workers_lost} of {workers} workers were lost, and with them what they measured last{because}"
        ))
    });
    let phases = plan.phases_to_run().filter_map(|(index, phase)| of_phase(plan, aggregate, index, phase));
    let lapses = plan.phases_to_run().filter_map(|(index, phase)| of_token(plan, aggregate, index, phase));
    aborted.chain(failed).chain(lost).chain(lapses).chain(phases).collect()
}

fn of_phase(plan: &Plan, aggregate: &Aggregate, index: PhaseIndex, phase: &Phase) -> Option<Doubt> {
    let name = &phase.name;
    let Some(seen) = seen_phase(plan, aggregate, index) else {
        return Some(Doubt { phase: None, reason: format!("phase {name} never ran") });
    };
    let what = unfinished(seen.measured, plan.workers).or_else(|| {
        if phase.levels.is_empty() {
            ended_badly(seen.measured, index, phase).or_else(|| unbalanced(seen.books()))
        } else {
            of_search(phase, seen.measured)
        }
    })?;
    Some(Doubt { phase: Some(index), reason: format!("phase {name} {what}") })
}

/// What was sent with a token that had expired says nothing of who has one.
fn of_token(plan: &Plan, aggregate: &Aggregate, index: PhaseIndex, phase: &Phase) -> Option<Doubt> {
    let Lapse { micros, why } = aggregate.phases.get(index)?.state.lapse.as_ref()?;
    if phase.scenarios.is_empty() {
        return None;
    }
    let url = plan.target.oauth2.as_ref().map(OAuth2::shown_url).unwrap_or_default();
    let reason = format!(
        "phase {} was sent for {} with an access token that had expired, as the token endpoint {url} of \
         spec.target.auth.oauth2 gave no other one: {why}",
        phase.name,
        Figure::micros(*micros)
    );
    Some(Doubt { phase: Some(index), reason })
}

/// What the target didn't get through at the level that broke is no doubt: that is what was looked for.
fn of_search(phase: &Phase, measured: &PhaseAggregate) -> Option<String> {
    match measured.state.end {
        Some(PhaseEnd::Aborted) => Some("was aborted".to_owned()),
        Some(PhaseEnd::Completed | PhaseEnd::Deadline) | None => search::doubt(phase, measured),
    }
}

/// What a worker hasn't told of may be anything.
fn unfinished(measured: &PhaseAggregate, workers: u32) -> Option<String> {
    let expected = workers.max(measured.workers);
    (measured.ended < expected)
        .then(|| format!("lost data: {} of {expected} workers told of its end", measured.ended))
}

fn ended_badly(measured: &PhaseAggregate, index: PhaseIndex, phase: &Phase) -> Option<String> {
    let books = &measured.state.books;
    match measured.state.end {
        Some(PhaseEnd::Aborted) => Some("was aborted".to_owned()),
        Some(PhaseEnd::Deadline) => {
            let planned = phase.executor.total_iterations().unwrap_or(0);
            let missing = planned.saturating_sub(books.completed + books.dropped);
            let open = missing.max(books.cut).max(books.cut_requests).max(books.pending());
            (open > 0).then(|| past_deadline(open, index, phase))
        }
        // Iterations that a planned end interrupts between two requests lose nothing that is counted.
        Some(PhaseEnd::Completed) => (books.cut_requests > 0)
            .then(|| format!("lost data: {} requests were cut off in flight", books.cut_requests)),
        None => None,
    }
}

fn past_deadline(open: u64, index: PhaseIndex, phase: &Phase) -> String {
    let seconds = phase.deadline.as_secs_f64();
    let fix = if phase.has_max_duration { "raise" } else { "set" };
    format!(
        "was cut off after {seconds} s with {open} iterations unfinished: {fix} spec.phases[{index}].maxDuration"
    )
}

/// What became of some iterations wasn't told.
pub(super) fn unbalanced(books: &Books) -> Option<String> {
    let Books {
        scheduled,
        started,
        completed,
        cut,
        dropped,
        dropped_late: _,
        dropped_untimed: _,
        without_row: _,
        cut_requests: _,
        reconnects: _,
        connections: _,
    } = *books;
    (!books.balance() || books.pending() > 0).then(|| {
        format!(
            "lost data: of {scheduled} iterations due, {started} were started, {dropped} dropped, \
             {completed} completed and {cut} cut, which doesn't add up"
        )
    })
}
