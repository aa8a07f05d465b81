//! Whether the workers had the CPU that they needed, and clocks that kept still.
//!
//! ```text
//! throttled   a worker's quota was used up in more than 1 % of its periods: it stood still, and so did its measuring
//! used        a worker used more than 90 % of the CPU that it may: nobody knows what it would have sent with more
//! unsound     either of them in ≥ 5 % of the phase
//! clock       the time of day was set by more than a second, or the machine slept: once is too often
//! ```

use super::seen::Seen;
use crate::metrics::Tight;
use crate::plan::figure::Figure;
use crate::plan::words::count;

/// One in so many parts of a phase may be so.
const ONE_IN_OF_PHASE: u64 = 20;
/// The most of its CPU that a worker may use, as it is told.
const MOST_USED: &str = "90%";

/// What the CPU of the worst worker was like, and what to do; none where it had enough. One that was throttled had used
/// all of it, which needn't be said twice.
pub(super) fn starved(seen: &Seen<'_>) -> Option<String> {
    let strain = &seen.measured.state.strain;
    throttled(&strain.throttled).or_else(|| used(&strain.used))
}

fn throttled(tight: &Tight) -> Option<String> {
    let part = Figure::share(tight.amount, tight.whole).filter(|_| is_often(tight))?;
    let [micros, of_micros] = times(tight);
    Some(format!(
        "a worker's CPU was throttled for {micros} of {of_micros}, in {part} of its periods, at its limit of {}: raise \
         workers.resources.limits.cpu or workers.count",
        cpus(tight)
    ))
}

fn used(tight: &Tight) -> Option<String> {
    let part = Figure::share(tight.amount, tight.whole).filter(|_| is_often(tight))?;
    let [micros, of_micros] = times(tight);
    let (limit, fix) = if tight.limit.is_quota {
        ("its limit of ", "raise workers.resources.limits.cpu or workers.count")
    } else {
        ("", "let workers run on more CPUs, raise workers.count or lower the load")
    };
    Some(format!(
        "a worker used {part} of {limit}{}, and more than {MOST_USED} of it for {micros} of {of_micros}: {fix}",
        cpus(tight)
    ))
}

fn is_often(tight: &Tight) -> bool {
    tight.micros > 0 && tight.micros.saturating_mul(ONE_IN_OF_PHASE) >= tight.of_micros
}

fn times(tight: &Tight) -> [Figure; 2] {
    [tight.micros, tight.of_micros].map(Figure::micros)
}

/// `0.5 CPUs`, `1 CPU`.
fn cpus(tight: &Tight) -> String {
    let thousandths = tight.limit.thousandths;
    let unit = if thousandths == 1_000 { "CPU" } else { "CPUs" };
    let (whole, part) = (count(thousandths / 1_000), thousandths % 1_000);
    let shown = if part == 0 { whole } else { format!("{whole}.{part:03}").trim_end_matches('0').to_owned() };
    format!("{shown} {unit}")
}

/// That the clock of a worker didn't keep still. The figures don't go by it; but when the machine slept, no clock has told.
pub(super) fn clock_set(seen: &Seen<'_>) -> Option<String> {
    let millis = seen.measured.state.strain.clock_step_millis;
    (millis != 0).then(|| {
        // To a tenth of a second: an hour is seldom one to the millisecond.
        let by = Figure::micros(((millis.unsigned_abs() + 50) / 100).saturating_mul(100_000));
        let way = if millis > 0 { "forward" } else { "back" };
        format!(
            "the time of day of a worker went {way} by {by} at once, as when its clock is set or its machine sleeps: keep \
             the clock in step, and the machine awake"
        )
    })
}
