//! Whether iterations began when they were due. A generator that is late measures itself.
//!
//! ```text
//! late        an iteration that began later than 5 ms, or 10 % of the usual response time, after it was due
//! late second one in which more than 1 % of the iterations were late: its 99th percentile is
//! unsound     ≥ 5 % of the seconds are late, or ≥ 5 % of all iterations: after a standstill many begin in one second
//! ```
//! A few iterations that were late in a phase of few are chance, and no figure hangs on them.

use super::seen::Seen;
use crate::metrics::Second;
use crate::plan::figure::Figure;

/// One in so many iterations of a second may be late.
const ONE_IN_OF_SECOND: u64 = 100;
/// One in so many seconds, or iterations of the phase, may be.
const ONE_IN_OF_PHASE: u64 = 20;
/// Fewer than these say nothing, unless they are half of all.
const FEWEST: u64 = 10;
/// What is late by less than this part of the usual response time changes no figure that is judged.
const HARMLESS_PART: u64 = 10;

/// What was late, and what to do; none where the phase began its iterations in time.
/// `least`: so late is never too late.
pub(super) fn late(seen: &Seen<'_>, least: u64) -> Option<String> {
    let most = tolerable(seen, least);
    let paced = |second: &&Second| second.begun > 0;
    let counted = |second: &Second| (second.begun, second.late.above(most));
    let seconds: Vec<(u64, u64)> = seen.measured.seconds.values().filter(paced).map(counted).collect();
    let late_seconds = seconds.iter().filter(|(begun, late)| late * ONE_IN_OF_SECOND > *begun).count();
    let begun: u64 = seconds.iter().map(|(begun, _)| begun).sum();
    let late: u64 = seconds.iter().map(|(_, late)| late).sum();

    let often = is_part(late_seconds as u64, seconds.len() as u64) || is_part(late, begun);
    let is_chance = late < FEWEST.min(begun.div_ceil(2));
    (late > 0 && often && !is_chance).then(|| {
        let [late, begun, seconds, late_seconds] =
            [late, begun, seconds.len() as u64, late_seconds as u64].map(Figure::count);
        let (most, worst) =
            (Figure::micros(most), Figure::micros(seen.steady().lag.greatest().unwrap_or_default()));
        format!(
            "{late} of {begun} iterations began more than {most} late, up to {worst}, in {late_seconds} of {seconds} \
             seconds: raise workers.count or give the workers more CPU"
        )
    })
}

fn is_part(late: u64, of: u64) -> bool {
    late * ONE_IN_OF_PHASE >= of
}

/// Where responses take long, the generator may be late by a small part of that.
pub(super) fn tolerable(seen: &Seen<'_>, least: u64) -> u64 {
    let usual = seen.steady().pooled(None, None).latency.quantile(0.5).unwrap_or(0);
    least.max(usual / HARMLESS_PART)
}
