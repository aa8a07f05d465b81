//! Counts and rates: how much went through.

use super::super::seen::Seen;
use super::pool::Pool;
use super::{Measured, Unmeasured};
use crate::metrics::Cell;
use crate::plan::figure::Figure;
use crate::plan::metric::SUSTAINED_SECONDS;

pub(super) const MICROS_PER_SECOND: u64 = 1_000_000;

/// Requests that ended.
pub(super) fn requests(pool: &Pool<'_>) -> Measured {
    Measured::of(Figure::count(pool.cell().requests), pool.counted_by())
}

/// Iterations that ended.
pub(super) fn iterations(pool: &Pool<'_>) -> Measured {
    let iterations = pool.sum(|seen| seen.steady().iterations);
    Measured::of(Figure::count(iterations), iterations)
}

/// Iterations that found no free user. None of none due says nothing.
pub(super) fn dropped(pool: &Pool<'_>) -> Measured {
    let dropped = pool.sum(|seen| seen.steady().dropped);
    Measured::of(Figure::count(dropped), pool.sum(|seen| seen.books().scheduled))
}

/// Requests a second.
pub(super) fn rate(pool: &Pool<'_>) -> Result<Measured, Unmeasured> {
    a_second(pool, pool.cell().requests, pool.counted_by())
}

/// Iterations a second.
pub(super) fn rate_of_iterations(pool: &Pool<'_>) -> Result<Measured, Unmeasured> {
    let iterations = pool.sum(|seen| seen.steady().iterations);
    a_second(pool, iterations, iterations)
}

/// `count` by the time from the first request sent to the last response.
fn a_second(pool: &Pool<'_>, count: u64, samples: u64) -> Result<Measured, Unmeasured> {
    let micros = pool.micros();
    let figure = Figure::per_second(count, micros).filter(|_| samples > 0);
    let measured = Measured::part_of(figure, samples)?;
    Ok(Measured { notes: short_window(micros).into_iter().collect(), ..measured })
}

/// The least over ten whole seconds, in the phase where it is least.
pub(super) fn sustained(pool: &Pool<'_>) -> Result<Measured, Unmeasured> {
    let too_short = Unmeasured::TooShort { needed_seconds: SUSTAINED_SECONDS };
    let least = |seen: &Seen<'_>| {
        let (from, to) = whole_seconds(seen);
        let counted = || seen.measured.least_in_window(SUSTAINED_SECONDS, from, to);
        let pace = seen.measured.thinned.pace.as_ref();
        pace.map_or_else(counted, |pace| pace.sustained).ok_or_else(|| too_short.clone())
    };
    let least = pool.phases.iter().map(least).collect::<Result<Vec<u64>, _>>()?.into_iter().min();
    let window = u64::from(SUSTAINED_SECONDS) * MICROS_PER_SECOND;
    let figure = least.and_then(|least| Figure::per_second(least, window));
    Measured::part_of(figure, pool.cell().requests)
}

/// The most in one second.
pub(super) fn peak(pool: &Pool<'_>) -> Result<Measured, Unmeasured> {
    let peaks = pool.phases.iter().map(peak_of).collect::<Result<Vec<_>, _>>()?;
    let highest = |best: Measured, next: Measured| if next.figure > best.figure { next } else { best };
    let highest = peaks.into_iter().reduce(highest).ok_or(Unmeasured::NoPhase)?;
    Ok(Measured { samples: pool.cell().requests, ..highest })
}

/// A phase that is over within a second has no second that could be counted: its rate is that of the time it took.
fn peak_of(seen: &Seen<'_>) -> Result<Measured, Unmeasured> {
    let micros = seen.steady().span().ok_or(Unmeasured::NoData)?.micros();
    let requests = seen.steady().requests();
    let (most, over) = if micros < MICROS_PER_SECOND {
        (requests, micros)
    } else {
        let counted = || peak_from(seen, whole_seconds(seen).0);
        let pace = seen.measured.thinned.pace.as_ref();
        (pace.map_or_else(counted, |pace| pace.peak), MICROS_PER_SECOND)
    };
    let measured = Measured::part_of(Figure::per_second(most, over), requests)?;
    Ok(Measured { notes: short_window(micros).into_iter().collect(), ..measured })
}

/// The most requests in one second, from this one on.
pub(super) fn peak_from(seen: &Seen<'_>, from: u32) -> u64 {
    let seconds = seen.measured.seconds.range(from..);
    seconds.map(|(_, second)| second.requests).max().unwrap_or(0)
}

/// The whole seconds of the steady part: from the end of the ramp to the planned end, or to the last request sent.
pub(super) fn whole_seconds(seen: &Seen<'_>) -> (u32, u32) {
    let sent = || seen.steady().span().map_or(0, |span| span.last_sent / MICROS_PER_SECOND);
    let whole = seen.phase.executor.whole_seconds().unwrap_or_else(|| 0..sent());
    let second = |at: u64| u32::try_from(at).unwrap_or(u32::MAX);
    (second(whole.start), second(whole.end))
}

fn short_window(micros: u64) -> Option<String> {
    (micros < MICROS_PER_SECOND)
        .then(|| format!("over {}, which is shorter than a second", Figure::micros(micros)))
}

/// The greatest figure of the seconds of any phase.
pub(super) fn most(pool: &Pool<'_>, of: impl Fn(&Seen<'_>) -> u64) -> Measured {
    let most = pool.phases.iter().map(of).max().unwrap_or(0);
    Measured::of(Figure::count(most), pool.sum(|seen| seen.measured.seconds.len() as u64))
}

/// Bytes on the wire.
pub(super) fn bytes(pool: &Pool<'_>, of: impl Fn(&Cell) -> u64) -> Measured {
    Measured::of(Figure::bytes(of(&pool.cell())), pool.counted_by())
}
