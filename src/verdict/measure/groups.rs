//! Responses by key of a declared group.

use super::pool::Pool;
use super::{Measured, Unmeasured};
use crate::metrics::Tally;
use crate::plan::figure::{Dimension, Figure};

/// The responses of one group, and how many responses there were at all.
pub(super) struct Group {
    name: String,
    tally: Tally<String>,
    responses: u64,
}

impl Group {
    /// The group `name`. More keys than are told apart leave every one of its figures unknown.
    pub(super) fn of(pool: &Pool<'_>, name: &str) -> Result<Self, Unmeasured> {
        let place = pool.plan.classify.groups.iter().position(|group| group.name == name);
        let mut cell = pool.cell();
        let held = place.filter(|place| *place < cell.groups.len());
        let tally = held.map(|place| cell.groups.swap_remove(place)).unwrap_or_default();
        if tally.other() > 0 {
            return Err(Unmeasured::TooManyKeys(format!("keys of {name}")));
        }
        Ok(Group { name: name.to_owned(), tally, responses: pool.counted_by(cell.statuses.total()) })
    }

    /// How many responses had `key`. One never seen counts 0, if there was a response that could have had it.
    pub(super) fn count(&self, key: &str) -> Measured {
        Measured::of(Figure::count(self.tally.of(key)), self.responses)
    }

    /// Those with `key`, as a share of those with any.
    pub(super) fn share(&self, key: &str) -> Result<Measured, Unmeasured> {
        self.share_of(self.tally.of(key))
    }

    /// The greatest share.
    pub(super) fn greatest_share(&self) -> Result<Measured, Unmeasured> {
        self.share_of(self.tally.iter().map(|(_, count)| count).max().unwrap_or(0))
    }

    /// How many keys there are.
    pub(super) fn keys(&self) -> Result<Measured, Unmeasured> {
        let total = self.total()?;
        Ok(Measured::of(Figure::count(self.tally.keys() as u64), total))
    }

    /// The coefficient of variation of the keys' counts: their standard deviation by their mean.
    pub(super) fn spread(&self) -> Result<Measured, Unmeasured> {
        let total = self.total()?;
        let mean = total as f64 / self.tally.keys() as f64;
        let square = |count: u64| (count as f64 - mean).powi(2);
        let variance =
            self.tally.iter().map(|(_, count)| square(count)).sum::<f64>() / self.tally.keys() as f64;
        Measured::part_of(Figure::from_f64(variance.sqrt() / mean, Dimension::Number), total)
    }

    fn share_of(&self, count: u64) -> Result<Measured, Unmeasured> {
        let total = self.total()?;
        Measured::part_of(Figure::share(count, total), total)
    }

    fn total(&self) -> Result<u64, Unmeasured> {
        match self.tally.total() {
            0 => Err(Unmeasured::NotClassified(self.name.clone())),
            total => Ok(total),
        }
    }
}
