//! The cells that rows ask for by key or by window, phase by phase; too many are refused.

use crate::plan::cut::Cut;
use crate::plan::fault::Faults;
use crate::plan::model::{Phase, PhaseIndex};
use crate::plan::objective::Requirement;

/// The most cells that the rows of a phase may add. With all the histograms that a cell can have, as many take some
/// tens of megabytes of each thread that generates load.
const MOST_CELLS: usize = 256;

/// Gives each phase the cuts that its expectations and the requirements need.
pub(super) fn assign(phases: &mut [Phase], requirements: &[Requirement], faults: &Faults) {
    for (index, phase) in phases.iter_mut().enumerate() {
        phase.cuts = cuts(index, phase, requirements, faults);
    }
}

/// The cuts of one phase, each once.
fn cuts(index: PhaseIndex, phase: &Phase, requirements: &[Requirement], faults: &Faults) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = Vec::new();
    for row in phase.expect.iter().chain(requirements) {
        for cut in cuts_of(row, index, phase) {
            if !cuts.contains(&cut) {
                cuts.push(cut);
            }
        }
        let cells: usize = cuts.iter().map(Cut::cells).sum();
        if cells > MOST_CELLS {
            faults.at(&*row.path).field("where").fault(too_many(&phase.name, cells));
            break;
        }
    }
    cuts
}

fn cuts_of(row: &Requirement, index: PhaseIndex, phase: &Phase) -> impl Iterator<Item = Cut> {
    let parts = row.measure.parts().filter(move |part| part.phases.contains(&index));
    parts.filter_map(move |part| part.cut(phase))
}

fn too_many(phase: &str, cells: usize) -> String {
    format!(
        "with this row the keys and windows of phase {phase} need {cells} cells, and there is room for {MOST_CELLS}; \
         name single keys instead of each, or fewer phases"
    )
}
