//! Whether what a figure is read from is still there: of a run that was kept, some may have been left out.

use super::super::asked::times_of;
use super::Unmeasured;
use super::pool::Pool;
use crate::metrics::Times;

/// Refuses a figure of something that was left out: it would be that of nothing, or of a part.
pub(super) fn check_kept(pool: &Pool<'_>) -> Result<(), Unmeasured> {
    let wanted = times_of(&pool.narrowed.metric);
    for seen in &pool.phases {
        let thinned = &seen.measured.thinned;
        let is_merged = |step: &usize| thinned.steps.iter().any(|merged| *merged as usize == *step);
        if pool.narrowed.steps.iter().flatten().any(is_merged) {
            return Err(Unmeasured::NotKept("the requests of single steps"));
        }
        // What has cells of its own has all of it.
        let has_cells = pool.narrowed.cut(seen.phase).is_some();
        if let Some(times) = wanted.filter(|times| !has_cells && thinned.times.contains(times)) {
            return Err(Unmeasured::NotKept(name(times)));
        }
    }
    Ok(())
}

fn name(times: Times) -> &'static str {
    match times {
        Times::Service => "service times",
        Times::FirstByte => "the times to the first byte",
        Times::Connect => "the times to connect",
        Times::Tls => "the times to agree on TLS",
        Times::Lag => "the iterations' lags",
        Times::Declared => "declared values",
    }
}
