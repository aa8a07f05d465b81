//! One worker's exact part of a schedule: users and arrivals i ≡ k (mod W).
//!
//! ```text
//! i        0 1 2 3 4 5 6 7     of 2 workers:  0 takes 0 2 4 6     shard 1 of its 2: 2 6
//! worker   0 1 0 1 0 1 0 1                    1 takes 1 3 5 7
//! ```

/// A stride through a schedule: `index`, `index + of`, `index + 2·of`, …
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    index: u32,
    of: u32,
}

impl Share {
    /// All of it.
    pub const WHOLE: Share = Share { index: 0, of: 1 };

    /// The part of worker `index` (from 0) of `of`. None when there is no such worker.
    #[must_use]
    pub fn new(index: u32, of: u32) -> Option<Self> {
        (index < of).then_some(Self { index, of })
    }

    /// Which part it is, from 0.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many parts there are.
    #[must_use]
    pub fn of(self) -> u32 {
        self.of
    }

    /// How many of `total` things fall to this part; may be none.
    #[must_use]
    pub fn count(self, total: u64) -> u64 {
        let (index, of) = (u64::from(self.index), u64::from(self.of));
        if index < total { (total - index - 1) / of + 1 } else { 0 }
    }

    /// As [`Share::count`], for figures such as users.
    #[must_use]
    pub fn count_u32(self, total: u32) -> u32 {
        if self.index < total { (total - self.index - 1) / self.of + 1 } else { 0 }
    }

    /// The number in the whole schedule of this part's thing number `local`, both from 0.
    #[must_use]
    pub fn global(self, local: u64) -> u64 {
        u64::from(self.index) + local * u64::from(self.of)
    }

    /// Whether number `index` of the whole schedule falls to this part.
    #[must_use]
    pub fn holds(self, index: u64) -> bool {
        index % u64::from(self.of) == u64::from(self.index)
    }

    /// The same part where only `users` of the parts have a user to serve what falls to them: the whole is dealt to
    /// those. None for a part without a user.
    #[must_use]
    pub fn among(self, users: u32) -> Option<Self> {
        Self::new(self.index, self.of.min(users))
    }

    /// Shard `shard` of `shards` of this part; together they are this part. None when there is no such shard, or
    /// too many for their number to be written.
    #[must_use]
    pub fn nested(self, shard: u32, shards: u32) -> Option<Self> {
        let of = self.of.checked_mul(shards)?;
        (shard < shards).then(|| Self { index: self.index + self.of * shard, of })
    }

    /// Of things that are dealt to `users` in turn, the one that comes as number `local` (from 0) to users of this part. In each
    /// round they go by their numbers, so that each user's are as many as any other's. None: no user is of this part.
    #[must_use]
    pub fn dealt(self, local: u64, users: u32) -> Option<u64> {
        let own = self.count(users.into());
        let (round, place) = (local.checked_div(own)?, local.checked_rem(own)?);
        Some(round * u64::from(users) + self.global(place))
    }

    /// How many of `total` things that are dealt to `users` in turn fall to this part.
    #[must_use]
    pub fn count_dealt(self, total: u64, users: u32) -> u64 {
        let users = u64::from(users.max(1));
        total / users * self.count(users) + self.count(total % users)
    }

    /// The numbers in the whole schedule of all of this part's things.
    pub fn all(self, total: u64) -> impl Iterator<Item = u64> {
        (0..self.count(total)).map(move |local| self.global(local))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn workers(of: u32) -> impl Iterator<Item = Share> {
        (0..of).map(move |index| Share::new(index, of).expect("index < of"))
    }

    /// Each worker split over shards.
    fn shards(of: u32, shards: u32) -> impl Iterator<Item = Share> {
        workers(of)
            .flat_map(move |worker| (0..shards).map(move |j| worker.nested(j, shards).expect("j < shards")))
    }

    #[test]
    fn a_worker_that_does_not_exist_has_no_share() {
        assert_eq!(Share::new(2, 2), None);
        assert_eq!(Share::WHOLE.nested(3, 3), None);
        assert_eq!(Share::new(0, 1 << 20).and_then(|share| share.nested(0, 1 << 20)), None);
    }

    #[test]
    fn a_share_may_be_empty() {
        let last = Share::new(6, 7).expect("6 < 7");
        assert_eq!((last.count(3), last.count_u32(3)), (0, 0));
    }

    proptest! {
        #[test]
        fn shares_add_up_to_the_whole(total in 0..1_000_000_000_000_u64, of in 1..2000_u32) {
            prop_assert_eq!(workers(of).map(|share| share.count(total)).sum::<u64>(), total);
        }

        #[test]
        fn each_thing_is_held_by_the_part_that_lists_it(total in 0..500_u64, of in 1..50_u32, parts in 1..20_u32) {
            for share in shards(of, parts) {
                let held: Vec<u64> = (0..total).filter(|index| share.holds(*index)).collect();
                prop_assert_eq!(share.all(total).collect::<Vec<_>>(), held);
            }
        }

        #[test]
        fn users_are_divided_without_a_rest(total in 0..=u32::MAX, of in 1..50_u32, parts in 1..20_u32) {
            prop_assert_eq!(shards(of, parts).map(|share| u64::from(share.count_u32(total))).sum::<u64>(), u64::from(total));
        }

        #[test]
        fn what_is_dealt_to_users_in_turn_falls_to_one_part_and_in_its_order(
            total in 0..300_u64, users in 1..40_u32, of in 1..9_u32, parts in 1..5_u32,
        ) {
            let mut all = Vec::new();
            for share in shards(of, parts) {
                let dealt = (0..).map_while(|local| share.dealt(local, users).filter(|index| *index < total));
                let own: Vec<u64> = dealt.collect();
                prop_assert!(own.is_sorted());
                prop_assert_eq!(own.len() as u64, share.count_dealt(total, users));
                let most = total.div_ceil(users.into()) * share.count(users.into());
                prop_assert!(own.len() as u64 <= most, "no user has more than its turn");
                all.extend(own);
            }
            all.sort_unstable();
            prop_assert_eq!(all, (0..total).collect::<Vec<_>>());
        }

        #[test]
        fn what_is_dealt_among_users_is_whole_and_none_of_it_falls_to_a_part_without_one(
            total in 0..1_000_000_u64, of in 1..50_u32, users in 1..100_u32,
        ) {
            let parts: Vec<_> = workers(of).filter_map(|share| share.among(users)).collect();
            prop_assert_eq!(parts.iter().map(|share| share.count(total)).sum::<u64>(), total);
            prop_assert_eq!(parts.iter().map(|share| share.count_u32(users)).sum::<u32>(), users);
            prop_assert!(parts.iter().all(|share| share.count_u32(users) > 0));
        }
    }
}
