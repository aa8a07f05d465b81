//! Responses by key of a declared group.

use super::pool::Pool;
use super::{Measured, Unmeasured};
use crate::metrics::{Cell, Tally};
use crate::plan::figure::{Dimension, Figure};

/// The responses of one group.
pub(super) struct Group {
    name: String,
    /// Those asked for.
    tally: Tally<String>,
    /// By how many responses a count is known: those with any key, whatever their outcome.
    classified: u64,
}

impl Group {
    /// The group `name`. More keys than are told apart leave every one of its figures unknown.
    pub(super) fn of(pool: &Pool<'_>, name: &str) -> Result<Self, Unmeasured> {
        let place = pool.plan.classify.groups.iter().position(|group| group.name == name);
        let tally = |mut cell: Cell| {
            let held = place.filter(|place| *place < cell.groups.len());
            held.map(|place| cell.groups.swap_remove(place)).unwrap_or_default()
        };
        let classified = tally(pool.both_outcomes()).total();
        let tally = tally(pool.cell());
        if tally.other() > 0 {
            return Err(Unmeasured::TooManyKeys(format!("keys of {name}")));
        }
        Ok(Group { name: name.to_owned(), tally, classified })
    }

    /// How many responses had `key`. One never seen counts 0 where any other was; where none was, it is the group
    /// that no response told, as with a header whose name is misspelt.
    pub(super) fn count(&self, key: &str) -> Result<Measured, Unmeasured> {
        match self.classified {
            0 => Err(Unmeasured::NotClassified(self.name.clone())),
            classified => Ok(Measured::of(Figure::count(self.tally.of(key)), classified)),
        }
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
