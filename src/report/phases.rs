//! A phase in full, as the report has it, and as much of it as the status has room for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts::RunFacts;

use super::rows::gravest;
use super::summary::summarise;
use super::told::PhaseJudgement;
use crate::api::{Capacity, PhaseStatus, Row, Summary, Verdict};
use crate::metrics::summary::Names;
use crate::metrics::{PartState, PhaseAggregate, PhaseEnd};
use crate::plan::{Phase, Plan};

/// The most phases that the status tells in full.
const MOST_IN_FULL: usize = 8;
/// The most expectations of a phase in the status.
const MOST_EXPECTATIONS: usize = 4;

/// What became of a phase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhaseReport {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub title: String,
    /// Its executor.
    pub executor: String,
    /// The load in words: `500 users for 2m`.
    pub load: String,
    /// The HTTP client that sent its requests.
    pub tier: String,
    /// Whether it counts in figures of the whole test.
    pub judge: bool,
    /// Whether its misses can fail the test.
    pub critical: bool,
    /// Whether the run left it out.
    pub left_out: bool,
    /// How it ended: completed, deadline or aborted; absent where it never began or didn't end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// What its expectations say; absent where it has none or wasn't run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Its grade; absent where none is defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<String>,
    /// When it began (RFC 3339); absent where it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// Its figures, the ramp included; absent where it never began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// The most users under way at once.
    pub most_users: u64,
    /// Connections opened.
    pub connections: u64,
    /// Kept connections that the target had closed while idle, and that were opened anew: no error.
    pub reconnects: u64,
    /// What its search for the breaking point has found; absent where it doesn't search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// All of its expectations, in the order of the spec.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expectations: Vec<Row>,
}

/// A phase with all that is known of it.
pub(super) struct Seen<'a> {
    pub(super) planned: &'a Phase,
    pub(super) measured: &'a PhaseAggregate,
    pub(super) whole: &'a PartState,
    pub(super) judged: &'a PhaseJudgement,
    pub(super) left_out: bool,
}

impl PhaseReport {
    pub(super) fn new(seen: &Seen<'_>, engine: &str, facts: &RunFacts, names: &Names<'_>) -> Self {
        let Seen { planned, measured, whole, judged, left_out } = seen;
        let micros = whole.span().map_or(0, |span| span.micros());
        let began = measured.started_micros.is_some();
        PhaseReport {
            name: planned.name.clone(),
            title: planned.title.clone(),
            executor: planned.executor.name().to_owned(),
            load: planned.executor.in_words(),
            tier: engine.to_owned(),
            judge: planned.judge,
            critical: planned.critical,
            left_out: *left_out,
            end: measured.state.end.map(|end| word(end).to_owned()),
            verdict: judged.verdict,
            grade: judged.grade.clone(),
            started_at: measured.started_micros.and_then(|micros| facts.wall_clock(micros)),
            summary: began.then(|| summarise(whole, &measured.state.books, micros, names)),
            most_users: measured.most_users(),
            connections: measured.state.books.connections,
            reconnects: measured.state.books.reconnects,
            capacity: judged.capacity.clone(),
            expectations: judged.expectations.clone(),
        }
    }

    /// The part of it that the status has room for. `in_full`: whether it is among the phases told in full.
    fn to_status(&self, in_full: bool) -> PhaseStatus {
        PhaseStatus {
            name: self.name.clone(),
            executor: self.executor.clone(),
            tier: self.tier.clone(),
            verdict: self.verdict,
            grade: self.grade.clone(),
            started_at: self.started_at.clone(),
            summary: self.summary.clone().map(|summary| shortened(summary, in_full)),
            capacity: self.capacity.clone(),
            expectations: if in_full { gravest(&self.expectations, MOST_EXPECTATIONS) } else { Vec::new() },
        }
    }
}

/// Without groups, and without error classes where the phase isn't told in full: lists are what takes room.
fn shortened(summary: Summary, in_full: bool) -> Summary {
    let errors = if in_full { summary.errors } else { Vec::new() };
    Summary { groups: Vec::new(), errors, ..summary }
}

/// The phases as the status tells them, in their order; those that went worst are among the ones told in full.
pub(super) fn in_status(phases: &[PhaseReport]) -> Vec<PhaseStatus> {
    let mut by_gravity: Vec<usize> = (0..phases.len()).collect();
    by_gravity.sort_by_key(|place| std::cmp::Reverse(phases[*place].verdict));
    let in_full = &by_gravity[..by_gravity.len().min(MOST_IN_FULL)];
    phases.iter().enumerate().map(|(place, phase)| phase.to_status(in_full.contains(&place))).collect()
}

/// The names that the plan declares, for [`Names`].
pub(super) fn declared(plan: &Plan) -> (Vec<String>, Vec<String>) {
    let errors = plan.classify.errors.iter().map(|class| class.name.clone()).collect();
    let groups = plan.classify.groups.iter().map(|group| group.name.clone()).collect();
    (errors, groups)
}

fn word(end: PhaseEnd) -> &'static str {
    match end {
        PhaseEnd::Completed => "completed",
        PhaseEnd::Deadline => "deadline",
        PhaseEnd::Aborted => "aborted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(name: usize, verdict: Option<Verdict>) -> PhaseReport {
        let expectations = vec![Row::default(); 6];
        PhaseReport { name: name.to_string(), verdict, expectations, ..PhaseReport::default() }
    }

    #[test]
    fn beyond_eight_phases_the_worst_are_told_in_full_and_the_order_stays() {
        let phases: Vec<_> =
            (0..10).map(|n| phase(n, Some(if n == 9 { Verdict::Fail } else { Verdict::Pass }))).collect();
        let told = in_status(&phases);
        let names: Vec<_> = told.iter().map(|phase| phase.name.as_str()).collect();
        assert_eq!(names, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
        let rows: Vec<_> = told.iter().map(|phase| phase.expectations.len()).collect();
        assert_eq!(rows, [4, 4, 4, 4, 4, 4, 4, 0, 0, 4]);
    }
}
