//! All that the rows of a spec measure, whichever of them: requirements and expectations, metrics and sides of ratios.

use crate::api::{LoadTestSpec, Objective, Over, Phase, Where};
use crate::plan::fault::At;

use super::narrow::{completed, covered};

/// A metric of a row, with what narrows it.
pub(super) struct Measured<'a> {
    /// The metric; none: the row has neither one nor a ratio.
    pub(super) metric: Option<&'a str>,
    /// What narrows it: a side of a ratio takes what it leaves out from its row.
    pub(super) narrow: Where,
    /// How its row puts phases together.
    pub(super) over: Option<Over>,
    /// The phases that it is about.
    pub(super) phases: Vec<&'a Phase>,
    /// Where it stands.
    pub(super) at: At<'a>,
}

/// What the requirements measure, and then what the phases expect.
pub(super) fn measured<'a>(spec: &'a LoadTestSpec, at: &At<'a>) -> Vec<Measured<'a>> {
    let mut all = Vec::new();
    for (index, row) in spec.requirements.iter().enumerate() {
        add(&row.objective, None, spec, &at.field("requirements").item(index), &mut all);
    }
    for (index, phase) in spec.phases.iter().enumerate() {
        let at = at.field("phases").item(index).field("expect");
        for (index, row) in phase.expect.iter().enumerate() {
            add(row, Some(phase), spec, &at.item(index), &mut all);
        }
    }
    all
}

/// An expectation's own phase is `implied`.
fn add<'a>(
    row: &'a Objective,
    implied: Option<&'a Phase>,
    spec: &'a LoadTestSpec,
    at: &At<'a>,
    all: &mut Vec<Measured<'a>>,
) {
    let mut add = |metric, narrow: Where, at| {
        let phases = match implied {
            Some(phase) => vec![phase],
            None => covered(&narrow.phases, spec).map(|(_, phase)| phase).collect(),
        };
        all.push(Measured { metric, narrow, over: row.over, phases, at });
    };
    let narrow = row.narrow.clone().unwrap_or_default();
    for (index, part) in row.ratio.iter().flatten().enumerate() {
        let narrow = completed(part.narrow.clone().unwrap_or_default(), &narrow);
        add(Some(part.metric.as_str()), narrow, at.field("ratio").item(index));
    }
    if row.metric.is_some() || row.ratio.is_none() {
        add(row.metric.as_deref(), narrow, at.clone());
    }
}
