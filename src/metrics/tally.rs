//! Counts by key, bounded: what finds no room is counted as other.

use std::borrow::{Borrow, Cow};

use serde::{Deserialize, Serialize};

/// The most keys that one recorder tells apart.
pub const MOST_KEYS: usize = 64;
/// The most characters of a key.
pub const LONGEST_KEY: usize = 64;

/// Counts by key. Few keys are expected, so that a walk over them beats hashing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tally<K> {
    counts: Vec<(K, u64)>,
    other: u64,
}

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Tally { counts: Vec::new(), other: 0 }
    }
}

impl<K: Ord + Clone> Tally<K> {
    /// Counts one more of `key`; makes it first by `own` when it wasn't seen before.
    pub fn count<Q: ?Sized + Eq>(&mut self, key: &Q, own: impl FnOnce(&Q) -> K)
    where
        K: Borrow<Q>,
    {
        if let Some((_, count)) = self.counts.iter_mut().find(|(known, _)| known.borrow() == key) {
            *count += 1;
        } else if self.counts.len() < MOST_KEYS {
            self.counts.push((own(key), 1));
        } else {
            self.other += 1;
        }
    }

    /// Adds all of `other`. The order of merging changes nothing: no key is dropped here.
    pub fn merge(&mut self, other: &Tally<K>) {
        for (key, count) in &other.counts {
            match self.counts.iter_mut().find(|(known, _)| known == key) {
                Some((_, ours)) => *ours += count,
                None => self.counts.push((key.clone(), *count)),
            }
        }
        self.other += other.other;
    }

    /// How often `key` was counted.
    #[must_use]
    pub fn of<Q: ?Sized + Eq>(&self, key: &Q) -> u64
    where
        K: Borrow<Q>,
    {
        self.counts.iter().find(|(known, _)| known.borrow() == key).map_or(0, |(_, count)| *count)
    }

    /// The keys and their counts, most frequent first, then by key.
    #[must_use]
    pub fn ranked(&self) -> Vec<(&K, u64)> {
        let mut ranked: Vec<_> = self.counts.iter().map(|(key, count)| (key, *count)).collect();
        ranked.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
        ranked
    }

    /// Each key with its count, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, u64)> {
        self.counts.iter().map(|(key, count)| (key, *count))
    }

    /// All that was counted, the other keys included.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count).sum::<u64>() + self.other
    }

    /// How many keys are told apart.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.counts.len()
    }

    /// What was counted after all places were taken: while it isn't 0, the count of a key is only its least.
    #[must_use]
    pub fn other(&self) -> u64 {
        self.other
    }
}

impl Tally<String> {
    /// Counts one more of a key that came from outside: control characters are replaced, its length is limited.
    pub fn count_text(&mut self, key: &str) {
        self.count(&*clean(key), str::to_owned);
    }
}

/// A key from outside with its control characters replaced and no longer than it may be. Most are so already, and
/// cost nothing.
pub(super) fn clean(key: &str) -> Cow<'_, str> {
    if key.len() <= LONGEST_KEY && !key.chars().any(char::is_control) {
        return Cow::Borrowed(key);
    }
    let printable = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    key.chars().take(LONGEST_KEY).map(printable).collect()
}

impl<K: Ord + Clone> PartialEq for Tally<K> {
    fn eq(&self, other: &Self) -> bool {
        self.other == other.other && self.ranked() == other.ranked()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_beyond_the_limit_are_counted_as_other() {
        let mut tally = Tally::default();
        for key in 0..MOST_KEYS + 6 {
            tally.count_text(&format!("key-{key}"));
        }
        assert_eq!((tally.keys(), tally.other(), tally.total()), (MOST_KEYS, 6, MOST_KEYS as u64 + 6));
    }

    #[test]
    fn a_key_from_outside_is_made_printable_and_short() {
        let mut tally = Tally::default();
        tally.count_text("a\u{1b}[31m\nb");
        tally.count_text(&"x".repeat(200));
        let keys: Vec<_> = tally.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a\u{fffd}[31m\u{fffd}b", &"x".repeat(64)]);
    }
}
