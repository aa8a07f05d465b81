//! The capacity that a search has found.

use super::super::search;
use super::pool::Pool;
use super::{Measured, Unmeasured};

/// Of several searches the least.
pub(super) fn of(pool: &Pool<'_>) -> Result<Measured, Unmeasured> {
    let each = pool.phases.iter().map(|seen| {
        let (figure, at_least) = search::figure(seen.phase, seen.measured)?;
        let found = search::capacity(seen.phase, seen.measured).unwrap_or_default();
        let note = match (found.stopped_at, found.stopped_by) {
            _ if at_least => "nothing stopped the search: at least that".to_owned(),
            (Some(at), Some(by)) => format!("{at} broke: {by}"),
            _ => String::new(),
        };
        Ok(Measured { notes: vec![note], ..Measured::of(figure, seen.measured.tried.len() as u64) })
    });
    let each = each.collect::<Result<Vec<_>, Unmeasured>>()?;
    let less = |least: Measured, next: Measured| if next.figure < least.figure { next } else { least };
    each.into_iter().reduce(less).ok_or(Unmeasured::NoPhase)
}
