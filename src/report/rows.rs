//! What a row says of a run, beyond its tier.

use crate::api::{Row, Tier};

/// What a row does to the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is met.
    Met,
    /// It isn't met, or only as far as is acceptable, without failing the test.
    Warns,
    /// It fails the test.
    Fails,
    /// It couldn't be judged.
    Unknown,
    /// It was left out, or is only shown.
    Aside,
}

/// How `row` stands. Where its phase isn't `critical`, it can't fail the test.
#[must_use]
pub fn standing(row: &Row, critical: bool) -> Standing {
    match row.tier {
        Tier::Target => Standing::Met,
        Tier::Acceptable => Standing::Warns,
        Tier::Missed | Tier::Critical if !critical => Standing::Warns,
        Tier::Missed if !row.must && (row.acceptable.is_some() || row.critical.is_some()) => Standing::Warns,
        Tier::Missed | Tier::Critical => Standing::Fails,
        Tier::Unknown => Standing::Unknown,
        Tier::Shown | Tier::NotRun => Standing::Aside,
    }
}

/// The first `most` rows in order of weight — failing, then unknown, then must — told in the order they had.
#[must_use]
pub fn gravest(rows: &[Row], critical: bool, most: usize) -> Vec<Row> {
    let rank = |row: &Row| match standing(row, critical) {
        Standing::Fails => 0,
        Standing::Unknown => 1,
        Standing::Warns => 2,
        Standing::Met | Standing::Aside if row.must => 3,
        Standing::Met | Standing::Aside => 4,
    };
    let mut places: Vec<usize> = (0..rows.len()).collect();
    places.sort_by_key(|place| rank(&rows[*place]));
    places.truncate(most);
    places.sort_unstable();
    places.into_iter().map(|place| rows[place].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(tier: Tier, must: bool, acceptable: bool) -> Row {
        Row { tier, must, acceptable: acceptable.then(String::new), ..Row::default() }
    }

    #[test]
    fn a_row_fails_the_test_only_where_nothing_softens_it() {
        for (row, critical, want) in [
            (row(Tier::Target, false, false), true, Standing::Met),
            (row(Tier::Acceptable, true, true), true, Standing::Warns),
            (row(Tier::Missed, false, false), true, Standing::Fails),
            (row(Tier::Missed, false, true), true, Standing::Warns),
            (row(Tier::Missed, true, true), true, Standing::Fails),
            (row(Tier::Critical, false, true), true, Standing::Fails),
            (row(Tier::Critical, true, true), false, Standing::Warns),
            (row(Tier::Unknown, true, true), false, Standing::Unknown),
            (row(Tier::NotRun, true, true), true, Standing::Aside),
        ] {
            assert_eq!(standing(&row, critical), want, "{row:?}");
        }
    }

    #[test]
    fn failing_rows_are_kept_first_and_stay_in_order() {
        let rows =
            [Tier::Target, Tier::Missed, Tier::Target, Tier::Unknown].map(|tier| row(tier, false, false));
        let kept: Vec<_> = gravest(&rows, true, 3).iter().map(|row| row.tier).collect();
        assert_eq!(kept, [Tier::Target, Tier::Missed, Tier::Unknown]);
    }
}
