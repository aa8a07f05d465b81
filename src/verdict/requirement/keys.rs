//! A figure for each key of a group, and all of them in one line.

use super::super::measure::{Unmeasured, keys, measure};
use super::over::Sight;
use super::{Candidate, Judged};
use crate::plan::metric::Metric;
use crate::plan::{Measure, Narrowed, PhaseIndex};

/// The most keys that a row lists.
const MOST_LISTED: usize = 16;

/// A figure for each key of `group` that a response had.
pub(super) fn candidates(
    sight: Sight<'_>,
    measure: &Measure,
    group: &str,
    phases: &[PhaseIndex],
) -> Result<Vec<Candidate>, Unmeasured> {
    let mut seen = std::collections::BTreeSet::new();
    for part in by_key(measure) {
        seen.extend(keys(sight.plan, sight.aggregate, part)?);
    }
    if seen.is_empty() {
        return Err(Unmeasured::NotClassified(group.to_owned()));
    }
    let mut candidates = Vec::new();
    for key in seen {
        let of_key = sight.of_key(&key);
        match of_key.of(measure) {
            Ok(measured) => candidates.push(Candidate { phases: phases.to_vec(), key: Some(key), measured }),
            // No request of this key was of the kind that is asked for: there is nothing that might be the worst.
            Err(_) if has_none(&of_key, measure) => {}
            Err(reason) => return Err(Unmeasured::OfKey(key, Box::new(reason))),
        }
    }
    if candidates.is_empty() { Err(Unmeasured::NoData) } else { Ok(candidates) }
}

fn by_key(measure: &Measure) -> impl Iterator<Item = &Narrowed> {
    measure.parts().filter(|part| part.each_of().is_some())
}

fn has_none(sight: &Sight<'_>, of: &Measure) -> bool {
    by_key(of).all(|part| {
        let requests = Narrowed { metric: Metric::Requests, ..part.clone() };
        let counted = measure(sight.plan, sight.aggregate, &requests, sight.key);
        counted.is_ok_and(|measured| measured.figure.numerator() == 0)
    })
}

/// `account: acc-2 112 ms, acc-1 80 ms`, in the order given.
pub(super) fn listed(
    group: &str,
    judged: &[(&Candidate, Judged)],
    phase: impl Fn(&Candidate) -> String,
) -> String {
    let one = |(candidate, _): &(&Candidate, Judged)| {
        let key = candidate.key.as_deref().unwrap_or_default();
        format!("{key}{} {}", phase(candidate), candidate.measured.figure)
    };
    let told: Vec<String> = judged.iter().take(MOST_LISTED).map(one).collect();
    let more = match judged.len().saturating_sub(MOST_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{group}: {}{more}", told.join(", "))
}
