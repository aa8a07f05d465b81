//! What single seconds say of a phase, worked out before they are put together.

use super::super::seen::Seen;
use super::{flow, slope};
use crate::metrics::Pace;
use crate::plan::Narrowed;
use crate::plan::metric::{Metric, SUSTAINED_SECONDS};

/// The pace of a phase: its slope is worked out over all of it, and over the windows that `parts` name.
pub(in crate::verdict) fn of<'a>(seen: &Seen<'_>, parts: impl Iterator<Item = &'a Narrowed>) -> Pace {
    let (from, to) = flow::whole_seconds(seen);
    let windows = parts.filter(|part| part.metric == Metric::LatencySlope).map(|part| part.window);
    let mut lines = Vec::new();
    for window in std::iter::once(None).chain(windows) {
        let stretch = slope::stretch(seen, window);
        if !lines.iter().any(|(known, _)| *known == stretch) {
            lines.push((stretch, slope::line_through(seen, stretch)));
        }
    }
    Pace {
        width: 1,
        sustained: seen.measured.least_in_window(SUSTAINED_SECONDS, from, to),
        peak: flow::peak_from(seen, from),
        lines,
    }
}
