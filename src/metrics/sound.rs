//! Whether a snapshot from outside is sound: it tells only of what the plan has, and no sum over workers overflows.

use std::collections::BTreeMap;

use super::books::Books;
use super::cell::{CacheCounts, Cell};
use super::dist::Dist;
use super::lapse::{LONGEST_WHY, Lapse};
use super::outcome::ErrorClass;
use super::phase::{PartState, PhaseState, Span};
use super::series::Second;
use super::slice::{Slice, SliceCell};
use super::snapshot::PhaseSnapshot;
use super::strain::{Strain, Tight};
use super::tally::{LONGEST_KEY, Tally};

/// The most that all counts of one phase at one worker come to, bytes included: 281 TB. A thousand workers with 32
/// such phases each still fit into 64 bits.
const MOST: u128 = 1 << 48;

/// The most cells that all slices of a phase have: 64 keys in each of the 256 that a plan has room for.
const MOST_SLICE_CELLS: usize = 64 * 256;
/// The longest name of a slice: a row's whole `where`, written out.
const LONGEST_SLICE_NAME: usize = 8192;

/// What a plan has: a snapshot of one of its workers tells of nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How many phases.
    pub phases: usize,
    /// How many steps, of all scenarios.
    pub steps: usize,
    /// How many declared classes of errors.
    pub errors: usize,
    /// How many declared groups.
    pub groups: usize,
    /// How many declared values.
    pub values: usize,
}

/// What is wrong with a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// It tells of something that the plan doesn't have.
    #[error("the snapshot tells of {what} {told}; the plan has {known}")]
    Unknown {
        /// Of what.
        what: &'static str,
        /// Its place.
        told: usize,
        /// How many there are.
        known: usize,
    },
    /// It counts more than can be.
    #[error("the snapshot counts {0}, which can't be")]
    Absurd(u128),
    /// Its times run backwards, or are far from any run.
    #[error("the snapshot tells of times that can't be")]
    Times,
    /// A key is longer than keys are, or steers terminals.
    #[error("the snapshot has a key that no worker makes")]
    Key,
    /// A reason is longer than reasons are, or steers terminals.
    #[error("the snapshot has a reason that no worker gives")]
    Reason,
}

impl Shape {
    /// Checks what a worker told of one phase.
    ///
    /// # Errors
    /// When it can't come from a worker that runs the plan.
    pub fn check(&self, snapshot: &PhaseSnapshot) -> Result<(), Unsound> {
        let PhaseSnapshot { phase, state, seconds } = snapshot;
        within("phase", *phase as usize, self.phases)?;
        let PhaseState { ramp_up, steady, slices, books, strain, lapse, end: _ } = state;
        let mut total = books_total(books) + strain_total(strain) + self.slices(slices)?;
        total += lapse.as_ref().map_or(Ok(0), lapse_total)?;
        for part in [ramp_up, steady] {
            total += self.part(part)?;
        }
        total += seconds.values().map(second_total).sum::<u128>();
        if total > MOST { Err(Unsound::Absurd(total)) } else { Ok(()) }
    }

    fn slices(&self, slices: &BTreeMap<String, Slice>) -> Result<u128, Unsound> {
        let cells = slices.values().map(|slice| slice.cells.len()).sum::<usize>();
        all_within("slice cell", cells.max(slices.len()), MOST_SLICE_CELLS)?;
        let mut total = 0;
        for (name, Slice { span, requests, responses, cells, other }) in slices {
            in_order(span.as_ref())?;
            if name.len() > LONGEST_SLICE_NAME || cells.keys().any(|key| !is_key(key)) {
                return Err(Unsound::Key);
            }
            total += sum(&[*requests, *responses, *other]);
            for SliceCell { digits: _, cell } in cells.values() {
                total += self.cell(cell)?;
            }
        }
        Ok(total)
    }

    fn part(&self, part: &PartState) -> Result<u128, Unsound> {
        let PartState { cells, lag, connect, tls, iterations, dropped, skipped } = part;
        let mut total = sum(&[*iterations, *dropped]) + dists_total(&[lag, connect, tls]);
        for (step, count) in skipped {
            within("step", *step as usize, self.steps)?;
            total += u128::from(*count);
        }
        for ((step, _), cell) in cells {
            within("step", *step as usize, self.steps)?;
            total += self.cell(cell)?;
        }
        Ok(total)
    }

    fn cell(&self, cell: &Cell) -> Result<u128, Unsound> {
        let Cell {
            requests,
            span,
            latency,
            service,
            ttfb,
            bytes_sent,
            bytes_received,
            errors,
            statuses,
            cache: CacheCounts { hits, misses, layers },
            groups,
            values,
            unreadable_values,
        } = cell;
        for (class, _) in errors.iter() {
            if let ErrorClass::Declared(place) = class {
                within("error class", (*place).into(), self.errors)?;
            }
        }
        in_order(span.as_ref())?;
        all_within("group", groups.len(), self.groups)?;
        all_within("value", values.len(), self.values)?;
        for tally in groups.iter().chain([layers]) {
            keys(tally)?;
        }
        let counts = [*requests, *bytes_sent, *bytes_received, *hits, *misses, *unreadable_values];
        let tallies = tally_total(errors) + tally_total(statuses) + tally_total(layers);
        let groups: u128 = groups.iter().map(tally_total).sum();
        let values: u128 = values.iter().map(|dist| dists_total(&[dist])).sum();
        Ok(sum(&counts) + dists_total(&[latency, service, ttfb]) + tallies + groups + values)
    }
}

fn within(what: &'static str, told: usize, known: usize) -> Result<(), Unsound> {
    if told < known { Ok(()) } else { Err(Unsound::Unknown { what, told, known }) }
}

/// The same for the last of a list.
fn all_within(what: &'static str, count: usize, known: usize) -> Result<(), Unsound> {
    count.checked_sub(1).map_or(Ok(()), |last| within(what, last, known))
}

/// Times of a phase are subtracted and moved without being looked at again.
fn in_order(span: Option<&Span>) -> Result<(), Unsound> {
    let is_sound = span.is_none_or(|Span { first_sent, last_sent, last_end }| {
        first_sent <= last_sent && last_sent <= last_end && u128::from(*last_end) <= MOST
    });
    if is_sound { Ok(()) } else { Err(Unsound::Times) }
}

fn books_total(books: &Books) -> u128 {
    let Books {
        scheduled,
        started,
        completed,
        cut,
        dropped,
        dropped_late,
        dropped_untimed,
        without_row,
        cut_requests,
        reconnects,
        connections,
    } = *books;
    let iterations =
        [scheduled, started, completed, cut, dropped, dropped_late, dropped_untimed, without_row];
    sum(&iterations) + sum(&[cut_requests, reconnects, connections])
}

fn strain_total(strain: &Strain) -> u128 {
    let Strain { throttled, used, clock_step_millis } = strain;
    let total = |tight: &Tight| {
        let Tight { micros, of_micros, amount, whole, limit } = *tight;
        sum(&[micros, of_micros, amount, whole, limit.thousandths])
    };
    total(throttled) + total(used) + u128::from(clock_step_millis.unsigned_abs())
}

/// It is told as it is.
fn lapse_total(Lapse { micros, why }: &Lapse) -> Result<u128, Unsound> {
    let is_told = why.chars().count() <= LONGEST_WHY && !why.chars().any(char::is_control);
    if is_told { Ok(u128::from(*micros)) } else { Err(Unsound::Reason) }
}

fn second_total(second: &Second) -> u128 {
    let Second { requests, failed, iterations, users, in_flight, latency, begun, late } = second;
    sum(&[*requests, *failed, *iterations, *users, *in_flight, *begun]) + dists_total(&[latency, late])
}

fn keys(tally: &Tally<String>) -> Result<(), Unsound> {
    if tally.iter().all(|(key, _)| is_key(key)) { Ok(()) } else { Err(Unsound::Key) }
}

fn is_key(key: &str) -> bool {
    key.chars().count() <= LONGEST_KEY && !key.chars().any(char::is_control)
}

fn tally_total<K: Ord + Clone>(tally: &Tally<K>) -> u128 {
    tally.iter().map(|(_, count)| u128::from(count)).sum::<u128>() + u128::from(tally.other())
}

/// What stands beside a histogram was held against it when it was read.
fn dists_total(dists: &[&Dist]) -> u128 {
    dists.iter().map(|dist| u128::from(dist.count())).sum()
}

fn sum(counts: &[u64]) -> u128 {
    counts.iter().map(|count| u128::from(*count)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Outcome;

    const SHAPE: Shape = Shape { phases: 2, steps: 3, errors: 1, groups: 1, values: 1 };

    /// What comes of checking a phase with one cell.
    fn check(step: u32, change: impl FnOnce(&mut Cell)) -> Result<(), Unsound> {
        let mut cell = Cell::default();
        change(&mut cell);
        let mut snapshot = PhaseSnapshot::default();
        snapshot.state.steady.cells.insert((step, Outcome::Succeeded), cell);
        SHAPE.check(&snapshot)
    }

    fn unknown(what: &'static str, told: usize, known: usize) -> Result<(), Unsound> {
        Err(Unsound::Unknown { what, told, known })
    }

    #[test]
    fn only_what_the_plan_has_is_told_of() {
        let of_phase = |phase| SHAPE.check(&PhaseSnapshot { phase, ..PhaseSnapshot::default() });
        assert_eq!((of_phase(1), of_phase(2)), (Ok(()), unknown("phase", 2, 2)));
        assert_eq!((check(2, |_| {}), check(3, |_| {})), (Ok(()), unknown("step", 3, 3)));
        let class = |place| check(0, |cell| cell.errors.count(&ErrorClass::Declared(place), |class| *class));
        assert_eq!((class(0), class(1)), (Ok(()), unknown("error class", 1, 1)));
        let groups = |count| check(0, |cell| cell.groups.resize(count, Tally::default()));
        assert_eq!((groups(1), groups(2)), (Ok(()), unknown("group", 1, 1)));
        let values = |count| check(0, |cell| cell.values.resize(count, Dist::default()));
        assert_eq!((values(1), values(2)), (Ok(()), unknown("value", 1, 1)));
    }

    #[test]
    fn counts_that_cannot_be_are_refused() {
        assert_eq!(check(0, |cell| cell.bytes_received = 1 << 48), Ok(()));
        let absurd = check(0, |cell| (cell.bytes_received, cell.bytes_sent) = (u64::MAX, u64::MAX));
        assert_eq!(absurd, Err(Unsound::Absurd(2 * u128::from(u64::MAX))));
        let mut snapshot = PhaseSnapshot::default();
        snapshot.seconds.insert(0, Second { users: u64::MAX, ..Second::default() });
        assert!(matches!(SHAPE.check(&snapshot), Err(Unsound::Absurd(_))));
        let mut snapshot = PhaseSnapshot::default();
        snapshot.state.strain.clock_step_millis = i64::MIN;
        assert!(matches!(SHAPE.check(&snapshot), Err(Unsound::Absurd(_))));
    }

    #[test]
    fn times_that_run_backwards_or_are_far_from_any_run_are_refused() {
        let span = |first_sent, last_sent, last_end| Some(Span { first_sent, last_sent, last_end });
        for (told, is_fine) in [
            (None, true),
            (span(3, 3, 3), true),
            (span(1, 2, 1 << 48), true),
            (span(2, 1, 3), false),
            (span(1, 3, 2), false),
            (span(1, 2, u64::MAX), false),
        ] {
            assert_eq!(check(0, |cell| cell.span = told), if is_fine { Ok(()) } else { Err(Unsound::Times) });
            let mut snapshot = PhaseSnapshot::default();
            snapshot.state.slices.insert("row".to_owned(), Slice { span: told, ..Slice::default() });
            assert_eq!(SHAPE.check(&snapshot).is_ok(), is_fine, "{told:?}");
        }
    }

    #[test]
    fn reasons_that_no_worker_gives_are_refused() {
        let why = |why: String| {
            let mut snapshot = PhaseSnapshot::default();
            snapshot.state.lapse = Some(Lapse { micros: 1, why });
            SHAPE.check(&snapshot)
        };
        assert_eq!(why("ä".repeat(LONGEST_WHY)), Ok(()));
        assert_eq!(why("x".repeat(LONGEST_WHY + 1)), Err(Unsound::Reason));
        assert_eq!(why("a\u{1b}[31m".to_owned()), Err(Unsound::Reason));
    }

    #[test]
    fn keys_that_no_worker_makes_are_refused() {
        let key = |key: &str| {
            let key = key.to_owned();
            check(0, |cell| {
                let mut tally = Tally::default();
                tally.count(&key, String::clone);
                cell.groups.push(tally);
            })
        };
        assert_eq!(key(&"ä".repeat(LONGEST_KEY)), Ok(()));
        assert_eq!(key(&"x".repeat(LONGEST_KEY + 1)), Err(Unsound::Key));
        assert_eq!(key("a\u{1b}[31m"), Err(Unsound::Key));
    }
}
