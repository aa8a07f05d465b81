//! Which row an iteration has: told by its number alone, so that it is the same for any number of workers.

use crate::api::RowOrder;
use crate::plan::draw::Draws;

impl RowOrder {
    /// The row, of so many (above 0), that iteration `index` of the phase has, which is one of `user`; none: there is none
    /// left for it.
    pub fn row(self, rows: usize, user: u64, index: u64, draws: &mut Draws) -> Option<usize> {
        let rows = rows as u64;
        let row = match self {
            RowOrder::Shared => index % rows,
            RowOrder::PerUser => user % rows,
            RowOrder::Random => draws.index_below(rows),
            RowOrder::Once => index,
        };
        // There are never more rows than a process can address.
        (row < rows).then(|| usize::try_from(row).unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(order: RowOrder, want: [Option<usize>; 6]) {
        let mut draws = Draws::open(7, 0, 0);
        let rows: Vec<_> = (0..6).map(|index| order.row(4, index + 2, index, &mut draws)).collect();
        assert_eq!(rows, want, "{order:?}");
    }

    #[test]
    fn a_row_goes_by_the_number_of_the_iteration_the_user_or_a_draw() {
        check(RowOrder::Shared, [Some(0), Some(1), Some(2), Some(3), Some(0), Some(1)]);
        check(RowOrder::PerUser, [Some(2), Some(3), Some(0), Some(1), Some(2), Some(3)]);
        check(RowOrder::Once, [Some(0), Some(1), Some(2), Some(3), None, None]);
        let mut draws = Draws::open(7, 0, 0);
        let mut counts = [0_u32; 4];
        for _ in 0..40_000 {
            counts[RowOrder::Random.row(4, 0, 0, &mut draws).expect("there is always one")] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
    }
}
