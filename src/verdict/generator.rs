//! Whether the load generator was sound, so that the figures tell of the target and not of it.

use serde::{Deserialize, Serialize};

use super::lateness::{late, tolerable};
use super::search;
use super::seen::{Seen, seen};
use super::starved::{clock_set, starved};
use crate::metrics::series::LATE_MICROS;
use crate::metrics::summary::ppm;
use crate::metrics::{Aggregate, Dist, DropReason, ErrorClass, Span};
use crate::plan::executor::Drive;
use crate::plan::figure::Figure;
use crate::plan::{PhaseIndex, Plan};
use crate::verdict::Generator;

/// Less of the planned load than this is another load.
const LEAST_ACHIEVED_PPM: u32 = 990_000;
/// A burst that takes longer than this, from the first request to the last, is a slope.
const MOST_SPREAD_MICROS: u64 = 50_000;

/// What was wrong in one phase, and what to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Unsound {
    pub(super) phase: PhaseIndex,
    pub(super) reason: String,
}

/// How the generator did, with each phase in which it wasn't sound.
pub(super) fn generator(plan: &Plan, aggregate: &Aggregate) -> (Generator, Vec<Unsound>) {
    let parts: Vec<(Seen<'_>, bool)> = seen(plan, aggregate).flat_map(search::parts).collect();
    let unsound: Vec<Unsound> =
        parts.iter().flat_map(|(seen, is_held)| faults(plan, seen, *is_held)).collect();
    // Of a load that the target didn't hold some may have found no user: all of them waited for the target.
    let held = || parts.iter().filter(|(_, is_held)| *is_held).map(|(seen, _)| seen);
    let sum = |of: fn(&Seen<'_>) -> u64| held().map(of).sum();
    let generator = Generator {
        healthy: unsound.is_empty(),
        engine: plan.target.http.engine(),
        reasons: unsound.iter().map(|unsound| unsound.reason.clone()).collect(),
        lag_p99_micros: parts.iter().filter_map(|(seen, _)| lag_p99(seen)).max().unwrap_or(0),
        achieved_ppm: ppm(sum(|seen| seen.books().started), sum(|seen| seen.books().scheduled)),
    };
    (generator, unsound)
}

fn faults(plan: &Plan, seen: &Seen<'_>, is_held: bool) -> Vec<Unsound> {
    let pace = match seen.phase.executor.drive() {
        Drive::Arrivals(arrivals) => {
            let least = if arrivals.comes_in_batches() { MOST_SPREAD_MICROS } else { LATE_MICROS };
            [undelivered(seen).filter(|_| is_held), late(seen, least)]
        }
        // All of a burst is due at once, so that lag tells how long it is, not how late.
        Drive::Users(users) if users.connects_ahead() => [None, spread(plan, seen)],
        Drive::Users(_) => [None, late(seen, LATE_MICROS)],
        // Nothing is sent, and whatever happens to the generator happens to nobody. Levels are looked at one by one.
        Drive::Pause(_) | Drive::Levels(..) => return Vec::new(),
    };
    // Causes first: the message of the verdict has room for two.
    let faults =
        [exhausted(seen), out_of_rows(seen), starved(seen)].into_iter().chain(pace).chain([clock_set(seen)]);
    let level = seen.phase.level.as_ref().map(|level| format!(" at {}", level.name)).unwrap_or_default();
    let name = &seen.phase.name;
    let told = |what| Unsound { phase: seen.index, reason: format!("phase {name}{level}: {what}") };
    faults.flatten().map(told).collect()
}

/// One is too many: the target never heard of it, and whoever else asked for a connection may have had to wait.
fn exhausted(seen: &Seen<'_>) -> Option<String> {
    let count = seen.measured.state.whole().pooled(None, None).errors.of(&ErrorClass::Exhausted);
    (count > 0).then(|| {
        format!(
            "{count} requests found no descriptor, port or memory for a connection on the generator's side: raise its \
             limit of open files (ulimit -n) or workers.count"
        )
    })
}

/// Whatever came after that is another load than the one that was planned.
fn out_of_rows(seen: &Seen<'_>) -> Option<String> {
    let count = seen.books().without_row;
    (count > 0).then(|| {
        format!(
            "{count} iterations found no row left of data with `order: once`: give it more rows, or plan fewer iterations"
        )
    })
}

fn undelivered(seen: &Seen<'_>) -> Option<String> {
    let books = seen.books();
    let (started, scheduled) = (books.started, books.scheduled);
    if scheduled == 0 || ppm(started, scheduled) >= LEAST_ACHIEVED_PPM {
        return None;
    }
    let share = Figure::share(started, scheduled)?;
    let drops = books.drops().into_iter().filter(|(_, count)| *count > 0);
    // Where only rows were missing, that was told.
    if books.without_row > 0 && drops.clone().all(|(reason, _)| reason == DropReason::NoRow) {
        return None;
    }
    let why: Vec<_> = drops.clone().map(|(reason, count)| format!(", {count} {}", words(reason))).collect();
    // What most of them lacked.
    let fix = match drops.max_by_key(|(_, count)| *count).map(|(reason, _)| reason) {
        Some(DropReason::NoFreeUser) => "raise maxUsers or workers.count",
        Some(DropReason::Late) => "raise workers.count or give the workers more CPU",
        Some(DropReason::NoTimer) => "raise the limit of open files (ulimit -n) or workers.count",
        Some(DropReason::NoRow) => "give the data more rows",
        None => "raise workers.count or lower the rate",
    };
    Some(format!(
        "only {share} of the planned load was sent ({started} of {scheduled} iterations{}): {fix}",
        why.concat()
    ))
}

fn words(reason: DropReason) -> &'static str {
    match reason {
        DropReason::NoFreeUser => "found no free user",
        DropReason::Late => "were come to late, when no user was free any more",
        DropReason::NoTimer => "had no timer",
        DropReason::NoRow => "found no row left",
    }
}

/// By the first requests of the iterations: later ones are sent when the target has answered those before.
fn spread(plan: &Plan, seen: &Seen<'_>) -> Option<String> {
    let is_first = |step: u32| {
        seen.phase.scenarios.iter().any(|scenario| plan.scenarios[*scenario].first_step() == step as usize)
    };
    let first = seen.steady().cells.iter().filter(|((step, _), _)| is_first(*step));
    let span = first.fold(None, |all, (_, cell)| Span::union(all, cell.span))?;
    let (spread, most) = (span.last_sent - span.first_sent, tolerable(seen, MOST_SPREAD_MICROS));
    (spread > most).then(|| {
        let (spread, most) = Figure::micros(spread).show_beside(&Figure::micros(most));
        format!("the burst took {spread} from the first request to the last, {most} is tolerable: raise workers.count or make the burst smaller")
    })
}

fn lag_p99(seen: &Seen<'_>) -> Option<u64> {
    let (lag, executor): (&Dist, _) = (&seen.steady().lag, &seen.phase.executor);
    // Where all begin at once, lag tells how many they are.
    let begin_at_once = executor.connects_ahead() || executor.comes_in_batches();
    (!begin_at_once).then(|| lag.quantile(0.99))?
}
