//! Which rows of many are told where there is room for few.

use crate::api::{Effect, Row};

/// The first `most` rows in order of weight — failing, then unknown, then must — told in the order they had.
#[must_use]
pub fn gravest(rows: &[Row], most: usize) -> Vec<Row> {
    let rank = |row: &Row| match row.effect {
        Effect::Fails => 0,
        Effect::Unknown => 1,
        Effect::Warns => 2,
        Effect::Met | Effect::Outside if row.must => 3,
        Effect::Met | Effect::Outside => 4,
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

    #[test]
    fn failing_rows_are_kept_first_and_stay_in_order() {
        let effects = [Effect::Met, Effect::Fails, Effect::Met, Effect::Unknown];
        let rows = effects.map(|effect| Row { effect, ..Row::default() });
        let kept: Vec<_> = gravest(&rows, 3).iter().map(|row| row.effect).collect();
        assert_eq!(kept, [Effect::Met, Effect::Fails, Effect::Unknown]);
    }
}
