//! What was measured of a key or of a window: slices, their keys, and how fine they are.

use std::collections::BTreeSet;

use super::super::seen::Seen;
use super::pool::Pool;
use super::{Measured, Unmeasured};
use crate::metrics::{Aggregate, Cell, Digits, Slice, SliceCell};
use crate::plan::cut::TIMED_KEYS;
use crate::plan::metric::Metric;
use crate::plan::{Cut, Key, KeyOf, Narrowed, Plan};

/// The slice of a cut; none where nobody told of the phase.
pub(super) fn slice<'a>(seen: &Seen<'a>, cut: &Cut) -> Option<&'a Slice> {
    seen.measured.state.slices.get(&cut.to_string())
}

/// The cell of a cut, of `key` where each key has one; none where nothing came.
pub(super) fn cell<'a>(seen: &Seen<'a>, cut: &Cut, key: Option<&str>) -> Option<&'a SliceCell> {
    let named = cut.key.as_ref().map(|of| &of.key);
    let key = match named {
        Some(Key::One(key)) => key.as_str(),
        Some(Key::Each) => key?,
        None => "",
    };
    slice(seen, cut)?.cells.get(key)
}

/// The keys that responses had, where `narrowed` has a figure for each.
pub(in crate::verdict) fn keys(
    plan: &Plan,
    aggregate: &Aggregate,
    narrowed: &Narrowed,
) -> Result<BTreeSet<String>, Unmeasured> {
    let pool = Pool::new(plan, aggregate, narrowed, None)?;
    let cuts = pool.phases.iter().filter_map(|seen| slice(seen, &narrowed.cut(seen.phase)?));
    let mut keys = BTreeSet::new();
    for slice in cuts {
        if slice.other > 0 {
            let group = narrowed.each_of().map_or("a group", |of| of.group.as_str());
            return Err(Unmeasured::TooManyKeys(format!("keys of {group}")));
        }
        keys.extend(slice.cells.keys().cloned());
    }
    Ok(keys)
}

/// Refuses figures of one key where no response had any: then it is the group that is unknown, not the key that is
/// absent.
pub(super) fn check_seen(pool: &Pool<'_>) -> Result<(), Unmeasured> {
    let Some(KeyOf { group, place, key: Key::One(_) }) = &pool.narrowed.key else { return Ok(()) };
    let had_one = |cell: &Cell| cell.groups.get(*place).is_some_and(|tally| tally.total() > 0);
    let was_seen = pool.phases.iter().any(|seen| seen.steady().cells.values().any(had_one));
    if was_seen { Ok(()) } else { Err(Unmeasured::NotClassified(group.clone())) }
}

/// Refuses times and values of a key that was only counted in some place: they would be those of a part of it.
pub(super) fn check_fine_enough(pool: &Pool<'_>) -> Result<(), Unmeasured> {
    let is_only_counted = is_distributed(&pool.narrowed.metric)
        && pool.phases.iter().any(|seen| digits(pool, seen) == Some(None));
    match pool.narrowed.each_of().filter(|_| is_only_counted) {
        Some(of) => Err(Unmeasured::OnlyCounted { group: of.group.clone(), timed: TIMED_KEYS }),
        None => Ok(()),
    }
}

/// Tells how fine a quantile is where it is less so than others.
pub(super) fn with_precision(pool: &Pool<'_>, measured: Measured) -> Measured {
    let is_coarse = pool.phases.iter().any(|seen| digits(pool, seen) == Some(Some(Digits::Two)));
    let note = (is_coarse && pool.narrowed.metric.is_quantile())
        .then(|| "within 1%, as quantiles of keys are".to_owned());
    Measured { notes: measured.notes.into_iter().chain(note).collect(), ..measured }
}

/// How fine the cell of a phase is; the outer none: there is no cell of its own.
#[allow(clippy::option_option, reason = "no cell, and a cell without histograms, are two things")]
fn digits(pool: &Pool<'_>, seen: &Seen<'_>) -> Option<Option<Digits>> {
    let cut = pool.narrowed.cut(seen.phase)?;
    cell(seen, &cut, pool.key).map(|one| one.digits)
}

/// Whether it is read from a histogram or what stands beside it.
fn is_distributed(metric: &Metric) -> bool {
    matches!(metric, Metric::Latency(_) | Metric::Service(_) | Metric::Ttfb(_) | Metric::Value(..))
}
