//! What a status claims: a verdict on figures is worth what is stored of them, and an open gate needs one.

use crate::api::{LoadTestStatus, Verdict};
use crate::report::conditions::RESULTS_STORED;

/// Whether it only says, in all of its parts, that there is no verdict on figures: an end before the load, or a spec
/// that can't run. Nothing has to be stored of that.
#[must_use]
pub fn is_without_figures(status: &LoadTestStatus) -> bool {
    let is_final = matches!(status.phase.as_deref(), Some("Inconclusive" | "Aborted" | "Invalid"));
    is_final && matches!(status.verdict, None | Some(Verdict::Inconclusive)) && is_closed(status)
}

/// Whether it says, in all of its parts, that the run has failed.
#[must_use]
pub fn is_failed(status: &LoadTestStatus) -> bool {
    status.phase.as_deref() == Some("Failed") && status.verdict == Some(Verdict::Fail) && is_closed(status)
}

/// Whether no gate opens by its conditions, and none waits.
fn is_closed(status: &LoadTestStatus) -> bool {
    // Whether its result is stored is another matter.
    let of_gates = status.conditions.iter().filter(|told| told.type_ != RESULTS_STORED);
    let told: Vec<_> = of_gates.map(|told| (told.type_.as_str(), told.status.as_str())).collect();
    told == [("Complete", "True"), ("Passed", "False"), ("Ready", "False"), ("Stalled", "True")]
}
